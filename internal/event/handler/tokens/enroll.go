package tokens

import (
	"context"
	"errors"
	"fmt"

	"edumfa/internal/event"
	"edumfa/internal/pyliteral"
	"edumfa/internal/yamltext"
)

// enroll makes a token, with the option user for the user that the request is
// about, or else the owner of its token.
func enroll(ctx context.Context, c event.Call) error {
	kind, _ := c.Option("tokentype")
	params := map[string]any{"type": kind, "genkey": "1"}
	if realm, _ := c.Option("realm"); realm != "" {
		params["realm"] = realm
	}
	if err := additional(c, params); err != nil {
		return err
	}
	forOwner := c.Flag("user")
	if err := ofType(ctx, c, kind, forOwner, params); err != nil {
		return err
	}
	serial, err := c.Actor.Enroll(ctx, event.Enrolment{Params: params, ForOwner: forOwner})
	if err != nil {
		return err
	}
	c.Log.InfoContext(ctx, "token enrolled", "serial", serial, "type", kind)
	return nil
}

// additional reads the option with parameters in YAML. What is no mapping is
// left out.
func additional(c event.Call, params map[string]any) error {
	text, _ := c.Option("additional_params")
	v, err := yamltext.Parse(text)
	if err != nil {
		return fmt.Errorf("the additional parameters are no YAML: %w", err)
	}
	d, isMapping := v.(*pyliteral.Dict)
	if !isMapping {
		return nil
	}
	for k, v := range d.All() {
		name, isText := k.(string)
		if !isText {
			return fmt.Errorf("the additional parameter %v has no name", k)
		}
		if params[name], err = plain(v); err != nil {
			return fmt.Errorf("the additional parameter %q: %w", name, err)
		}
	}
	return nil
}

// plain is a value as a request in JSON would have it.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64, string:
		return v, nil
	case pyliteral.List:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = plain(v[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *pyliteral.Dict:
		out := map[string]any{}
		for k, x := range v.All() {
			name, isText := k.(string)
			if !isText {
				return nil, errors.New("a member has no name")
			}
			var err error
			if out[name], err = plain(x); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("a value of the type %T", v)
}

// ofType adds what the options say for one token type.
func ofType(ctx context.Context, c event.Call, kind string, forOwner bool, params map[string]any) error {
	switch kind {
	case "sms":
		if id, _ := c.Option("sms_identifier"); id != "" {
			params["sms.identifier"] = id
		}
		return reachable(ctx, c, forOwner, params, "dynamic_phone", "phone", func(p event.Person) string { return p.Mobile })
	case "email":
		if id, _ := c.Option("smtp_identifier"); id != "" {
			params["email.identifier"] = id
		}
		return reachable(ctx, c, forOwner, params, "dynamic_email", "email", func(p event.Person) string { return p.Mail })
	case "motp":
		if pin, given := c.Option("motppin"); given {
			params["motppin"] = pin
		}
	}
	return nil
}

// reachable says where the token's messages go: to what the owner's store says
// when one is sent, or to what it says now.
func reachable(ctx context.Context, c event.Call, forOwner bool, params map[string]any, dynamic, fixed string, of func(event.Person) string) error {
	if c.Flag(dynamic) {
		params[dynamic] = "1"
		return nil
	}
	if _, given := params[fixed]; given {
		return nil
	}
	params[fixed] = ""
	if !forOwner {
		return nil
	}
	owner, err := c.Facts.Owner(ctx)
	if err != nil {
		return err
	}
	if params[fixed] = of(owner); params[fixed] == "" {
		c.Log.WarnContext(ctx, "the owner of the new token cannot be reached", "missing", fixed)
	}
	return nil
}
