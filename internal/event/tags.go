package event

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"edumfa/internal/useragent"
)

// tagNames are all tags that texts of handlers may contain.
func tagNames() []string {
	return []string{"admin", "realm", "action", "url", "serial", "tokentype", "description", "user", "surname", "username", "userrealm",
		"givenname", "recipient_givenname", "recipient_surname", "registrationcode", "googleurl_value", "pin", "time", "date", "client_ip",
		"ua_browser", "ua_string", "challenge", "result_value", "result_status", "request_value", "token_realms"}
}

// Tags are the values of the tags that texts of handlers may contain, for
// texttag.Format. Those that have no value in this call are empty; those that
// only one handler fills are, too.
func (c Call) Tags(ctx context.Context) (map[string]string, error) {
	tags := map[string]string{}
	for _, name := range tagNames() {
		tags[name] = ""
	}
	owner, err := c.Facts.Owner(ctx)
	if err != nil {
		return nil, fmt.Errorf("the owner of the token: %w", err)
	}
	about, err := c.Facts.Subject(ctx)
	if err != nil {
		return nil, err
	}
	caller, origin := c.Facts.Caller(), c.Facts.Origin()
	maps.Copy(tags, map[string]string{
		"admin": caller.Name, "realm": caller.Realm, "action": origin.Path, "url": origin.Root,
		"serial": strings.Join(about.Serials, ","), "tokentype": about.Type, "description": about.Description,
		"user": owner.GivenName, "surname": owner.Surname, "username": owner.Login, "userrealm": owner.Realm,
		"ua_browser": useragent.Name(origin.UserAgent), "ua_string": origin.UserAgent,
		"time": c.Now.Format("15:04:05"), "date": c.Now.Format("2006-01-02"),
	})
	if ip := c.Facts.ClientIP(); ip.IsValid() {
		tags["client_ip"] = ip.String()
	}
	if c.Params != nil {
		tags["request_value"], _ = c.Params.Text("value")
		tags["token_realms"], _ = c.Params.Text("realms")
	}
	return tags, nil
}
