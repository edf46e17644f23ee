package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/session"
)

// markers are in what belongs to others, and in no request of the tests.
const (
	markedDescription = "marked-description"
	markedAttribute   = "marked-attribute"
	markedMail        = "marked-mail"
	markedOption      = "marked-option"
	markedSerial      = "MARKED-1" // of a token that no request names
)

func markers() []string {
	return []string{markedDescription, markedAttribute, markedMail, markedOption, markedSerial}
}

// The foreign token and user are in realm2, whose users no other realm has.
const (
	foreignSerial = "FOREIGN"
	foreignUser   = "mallory"
	foreignRealm  = "realm2"
)

// Whom an endpoint is walked as.
type walker int

const (
	asUser  walker = 1 << iota // a user of another realm
	asAdmin                    // an administrator of another realm
	both    = asUser | asAdmin
)

// reach says of every endpoint, by the longest prefix of its path that is here,
// who walks it, or why nobody does. A new endpoint has to be put somewhere.
var reach = map[string]struct {
	as  walker
	why string
}{
	"/token/":                    {both, ""},
	"/user":                      {both, ""},
	"/audit/":                    {both, ""},
	"/auth/rights":               {both, ""},
	"/machine/":                  {both, ""},
	"/validate/triggerchallenge": {both, ""},
	"/application/":              {both, ""},
	"/client/":                   {asUser, "programs and their addresses belong to no realm"},
	"/tokengroup/":               {asUser, "groups are configuration and belong to no realm"},
	"/system/":                   {asUser, "settings belong to no realm"},
	"/smtpserver/":               {asUser, "servers belong to no realm"},
	"/smsgateway":                {asUser, "servers belong to no realm"},
	"/radiusserver/":             {asUser, "servers belong to no realm"},
	"/edumfaserver/":             {asUser, "servers belong to no realm"},
	"/caconnector/":              {asUser, "authorities belong to no realm"},
	"/serviceid/":                {asUser, "services belong to no realm"},
	"/resolver/":                 {asUser, "user stores are configuration: who may write them may read all users"},
	"/realm/":                    {asUser, "realms are configuration"},
	"/defaultrealm":              {asUser, "realms are configuration"},
	"/policy/":                   {asUser, "policies are configuration: who may write them gives himself every right"},
	"/event":                     {asUser, "events are configuration"},
	"/machineresolver/":          {asUser, "machine stores belong to no realm"},
	"/periodictask/":             {asUser, "tasks belong to no realm"},
	"/monitoring/":               {asUser, "statistics count all realms"},
	"/stats/":                    {asUser, "statistics count all realms"},
	"/auth":                      {0, "for everybody: who logs in knows a password"},
	"/validate/":                 {0, "for everybody: who asks knows a PIN, or learns nothing"},
	"/ttype/":                    {0, "for everybody: devices prove themselves by their keys"},
	"/recover":                   {0, "for everybody: account_test.go shows that it tells nothing"},
	"/register":                  {0, "for everybody: makes new users only"},
	"/certificate":               {0, "for everybody: public certificates, and revocation lists"},
}

func reachOf(path string) (walker, bool) {
	best, found := "", false
	for prefix := range reach {
		if strings.HasPrefix(path, prefix) && len(prefix) > len(best) {
			best, found = prefix, true
		}
	}
	return reach[best].as, found
}

// named are the foreign token and user by every parameter that can name them:
// itself, beside an own one, as a pattern, in a list, in a file.
func named() []apptest.P {
	const csv = foreignSerial + ", 3132333435363738393031323334353637383930, hotp, 6, 0\n"
	all := apptest.P{"username": foreignUser, "user": foreignUser, "realm": foreignRealm, "resolver": "reso2", "serial": foreignSerial,
		"from": foreignSerial, "to": foreignSerial, "key": "mark", "value": "x", "otppin": "x", "pin": "x", "description": "x", "type": "hotp",
		"genkey": "1", "realms": "", "hostname": "alpha", "application": "ssh", "mtid": "1"}
	return []apptest.P{
		nil,
		{"serial": foreignSerial},
		{"serial": strings.ToLower(foreignSerial)},
		{"serial": foreignSerial, "user": foreignUser, "realm": foreignRealm},
		{"serial": foreignSerial, "user": "alice", "realm": "realm1"},
		{"user": foreignUser, "realm": foreignRealm},
		{"user": foreignUser + "@" + foreignRealm},
		{"user": foreignUser, "resolver": "reso2"},
		{"user": foreignUser, "realm": "realm1"},
		{"user": foreignUser, "realm": "realm1", "resolver": "reso2"},
		{"username": foreignUser},
		{"username": "*", "realm": foreignRealm},
		{"username": "*", "resolver": "reso2"},
		{"realm": foreignRealm},
		{"realm": "*"},
		{"tokenrealm": foreignRealm},
		{"tokenrealm": "*2"},
		{"serial": "FOR*"},
		{"serial": "*"},
		{"serial": "*", "outform": "csv"},
		{"outform": "csv", "realm": foreignRealm},
		{"description": "*"},
		{"userid": "2001", "resolver": "reso2"},
		{"user_id": "2001"},
		{"infokey": "mark", "infovalue": "x"},
		{"administrator": "*", "user": "*"},
		{"info": "*marked*"},
		{"mtid": "1", "user": "x"},
		{"hostname": "alpha", "application": "ssh"},
		{"serial": []any{foreignSerial}},
		{"serial": foreignSerial, "realms": []any{"realm1"}},
		{"user": []any{foreignUser}, "realm": []any{foreignRealm}},
		{"type": "oathcsv", "file": csv},
		{"type": "oathcsv", "file": csv, "tokenrealms": foreignRealm},
		{"type": "oathcsv", "file": strings.Replace(csv, foreignSerial, "NEW1", 1), "tokenrealms": foreignRealm},
		all,
	}
}

// walk calls every endpoint with all of that, and fails where an answer shows
// something that belongs to the others or where something of theirs is another
// afterwards.
func walk(t *testing.T, n *apptest.Node, who walker, as apptest.Option) {
	t.Helper()
	state := func() string {
		tokens := n.Admin("GET /token/", apptest.P{"tokenrealm": foreignRealm})
		attributes := n.Admin("GET /user/attribute", apptest.P{"user": foreignUser, "realm": foreignRealm})
		users := n.Admin("GET /user/", apptest.P{"realm": foreignRealm})
		attached := n.Admin("GET /machine/token", apptest.P{"serial": foreignSerial})
		return fmt.Sprint(tokens.At("result.value.tokens"), attributes.Value(), users.Value(), attached.Value())
	}
	before := state()
	for _, m := range markers() {
		if !strings.Contains(before, m) {
			t.Fatalf("set-up: %s is missing in %s", m, before)
		}
	}
	fill := strings.NewReplacer("{serial}", foreignSerial, "{username}", foreignUser, "{realm}", foreignRealm, "{resolvername}", "reso2",
		"{resolver}", "lab", "{machineid}", "10.1.0.1", "{application}", "ssh", "{mtid}", "1", "{attrkey}", "mark", "{otp}", hotpValue(0),
		"{groupname}", "g", "{key}", "k", "{filename}", "f", "{csvfile}", "audit.csv")
	for _, e := range n.App.Endpoints() {
		if whom, known := reachOf(e.Path); !known || whom&who == 0 {
			continue
		}
		path := fill.Replace(e.Path)
		for strings.Contains(path, "{") { // what names nothing of anybody
			from, to := strings.Index(path, "{"), strings.Index(path, "}")
			path = path[:from] + "1" + path[to+1:]
		}
		for _, p := range named() {
			if list, isList := p["serial"].([]any); isList && (e.Method == "GET" || e.Method == "DELETE") {
				p = apptest.P{"serial": fmt.Sprint(list[0])}
			}
			r := n.Call(e.Method+" "+path, p, as)
			if r.Status >= 500 {
				t.Errorf("%s %s %v: %d %s", e.Method, path, p, r.Status, r.Raw)
			}
			for _, m := range markers() {
				if strings.Contains(string(r.Raw), m) {
					t.Errorf("%s %s %v shows %s: %d %.300s", e.Method, path, p, m, r.Status, r.Raw)
				}
			}
		}
		if after := state(); after != before {
			t.Fatalf("%s %s changed\n%s\n%s", e.Method, path, before, after)
		}
	}
}

// others makes the token and the user that nobody else may reach.
func others(t *testing.T) *apptest.Node {
	t.Helper()
	n := lab(t, apptest.Options{})
	file := filepath.Join(filepath.Dir(n.App.Config.File), "passwd2")
	line := foreignUser + ":$5$rounds=1000$apptest$vLII5CTzSRqg6khna7jvnKGp4REVrJB1ahOhJTuOwl5:2001:100:Mal Lory,,,," + markedMail + "@example.org:/home/m:/bin/sh\n"
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	n.Must("POST /resolver/reso2", apptest.P{"type": "passwdresolver", "fileName": file})
	n.Must("POST /realm/"+foreignRealm, apptest.P{"resolvers": "reso2"})
	n.Must("POST /token/init", apptest.P{"user": foreignUser, "realm": foreignRealm, "serial": foreignSerial, "type": "hotp", "otpkey": parallelKey, "pin": "p", "description": markedDescription})
	n.Must("POST /machine/token", apptest.P{"serial": foreignSerial, "application": "ssh", "hostname": "alpha", "remark": markedOption})
	n.Must("POST /policy/root", apptest.P{"scope": "admin", "action": "*, set_custom_user_attributes=:*: *", "adminuser": "admin", "realm": ""})
	n.Must("POST /user/attribute", apptest.P{"user": foreignUser, "realm": foreignRealm, "key": "mark", "value": markedAttribute})
	n.Must("POST /token/init", apptest.P{"user": foreignUser, "realm": foreignRealm, "serial": markedSerial, "type": "spass", "pin": "right"})
	// rows of the audit log that are about them
	n.Call("POST /validate/check", apptest.P{"user": foreignUser, "realm": foreignRealm, "pass": "right"})
	n.Must("POST /token/description", apptest.P{"serial": markedSerial, "user": foreignUser, "realm": foreignRealm, "description": "x"})
	return n
}

func TestEndpointsAreWalked(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	used := map[string]bool{}
	for _, e := range n.App.Endpoints() {
		if _, known := reachOf(e.Path); !known {
			t.Errorf("%s %s: say in the table who walks it", e.Method, e.Path)
		}
		for prefix := range reach {
			used[prefix] = used[prefix] || strings.HasPrefix(e.Path, prefix)
		}
	}
	for prefix, x := range reach {
		if x.as != both && x.why == "" {
			t.Errorf("%s: say why it is left out", prefix)
		}
	}
}

func TestEndpointsShowUsersNothingOfOthers(t *testing.T) {
	n := others(t)
	walk(t, n, asUser, apptest.As(n.JWT("alice", "realm1", session.RoleUser)))
}

func TestEndpointsShowAdministratorsNothingOfOtherRealms(t *testing.T) {
	n := others(t)
	n.Must("POST /policy/desk", apptest.P{"scope": "admin", "action": "*, otp_pin_set_random=8, set_custom_user_attributes=:*: *, delete_custom_user_attributes=*", "adminrealm": "super", "realm": "realm1"})
	walk(t, n, asAdmin, apptest.As(n.JWT("hanna", "super", session.RoleAdmin)))
}

// Who administers one user store reaches no other either.
func TestEndpointsShowAdministratorsNothingOfOtherResolvers(t *testing.T) {
	n := others(t)
	n.Must("POST /policy/desk", apptest.P{"scope": "admin", "action": "*, otp_pin_set_random=8, set_custom_user_attributes=:*: *, delete_custom_user_attributes=*", "adminrealm": "super", "realm": "", "resolver": "reso"})
	walk(t, n, asAdmin, apptest.As(n.JWT("hanna", "super", session.RoleAdmin)))
}
