package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"edumfa/internal/application"
	"edumfa/internal/machine"
	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

func (a *API) application(name string) (application.Application, bool) {
	for _, x := range a.Applications {
		if x.Name() == name {
			return x, true
		}
	}
	return nil, false
}

// applicationList describes what tokens can be used for on machines.
func (a *API) applicationList(ctx context.Context, r *Request) (*Answer, error) {
	services, err := a.Store.ServiceIDs(ctx, "")
	if err != nil {
		return nil, err
	}
	names := []any{}
	for _, s := range services {
		names = append(names, s.Name)
	}
	out := map[string]any{}
	for _, x := range a.Applications {
		options := map[string]any{}
		for _, o := range x.Options() {
			d := map[string]any{"type": o.Type}
			if o.Help != "" {
				d["description"] = o.Help
			}
			if len(o.Values) > 0 {
				d["value"] = o.Values
			}
			if o.ServiceIDs {
				d["value"] = names
			}
			options[o.Name] = d
		}
		out[x.Name()] = map[string]any{"options": options}
	}
	r.Audit.Success = 1
	return ok(out), nil
}

// authItems are what a machine needs to let users in with the tokens that are
// attached to it.
func (a *API) authItems(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("hostname"); err != nil {
		return nil, err
	}
	challenge, given := r.Params.Text("challenge")
	name := r.Params.TextOr("application", "")
	filter := optionFilter(r, "hostname", "challenge", "application")
	list, _, err := a.findAttachments(ctx, r, machine.Attachments{Application: name}, filter)
	if err != nil {
		return nil, err
	}
	if list, err = a.withinRight(ctx, r, "fetch_authentication_items", list); err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, x := range list {
		item, err := a.authItem(ctx, r, x, challenge, given)
		if err != nil {
			return nil, err
		}
		if item == nil {
			continue
		}
		item["serial"] = nil
		items, _ := out[x.Application].([]any)
		out[x.Application] = append(items, item)
	}
	r.Audit.Success = 1
	r.Audit.Info = text("host: " + shownParam(r, "hostname") + ", application: " + shownParam(r, "application"))
	return ok(out), nil
}

// authItem is what one attachment gives, with its options; nil for nothing.
func (a *API) authItem(ctx context.Context, r *Request, x machine.Attachment, challenge string, given bool) (map[string]any, error) {
	app, known := a.application(x.Application)
	if !known {
		return nil, nil
	}
	call, err := a.applicationCall(ctx, r, x)
	if err != nil || call.Token == nil {
		return nil, err
	}
	call.Challenge, call.Given = challenge, given
	item, err := app.Item(ctx, call)
	if err != nil || item == nil {
		return nil, err
	}
	for k, v := range x.Options {
		item[k] = v
	}
	return item, nil
}

// applicationCall puts together what an application asks for an attachment.
// Without a token there is nothing to ask.
func (a *API) applicationCall(ctx context.Context, r *Request, x machine.Attachment) (application.Call, error) {
	list, err := a.Store.Tokens(ctx, token.Filter{Serial: x.Serial}, token.Whole)
	if err != nil || len(list) != 1 {
		return application.Call{}, err
	}
	t := list[0]
	typ, known := a.Types.Get(t.TypeKey())
	if !known {
		return application.Call{}, nil
	}
	owner := user.User{}
	if t.Owner != nil {
		// a user store that is down costs the name, not the item
		if u, err := r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID); err == nil {
			owner = u
		} else {
			a.Log.WarnContext(ctx, "the owner of a token cannot be found", "serial", t.Serial, "error", err)
		}
	}
	return application.Call{Env: a.env(ctx, r, t, owner), Token: t, Type: typ, Options: x.Options}, nil
}

// offlineName is the application whose items go along with a login.
const offlineName = "offline"

// offlineItems adds what a machine needs to let the user in while it is offline
// to the answer of a login that was right. That it cannot be made costs these
// items and not the login.
func (a *API) offlineItems(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		answer, err := next(ctx, r)
		if err != nil || !slices.Contains(r.Snap.Applications, offlineName) || answer.value() != true || answer.Status != http.StatusOK || answer.serial == "" || answer.usedType != "hotp" {
			return answer, err
		}
		list, err := a.Store.Attachments(ctx, machine.Attachments{Serial: answer.serial, Application: offlineName})
		if err != nil {
			return nil, err
		}
		items := []any{}
		for _, x := range list {
			item, err := a.authItem(ctx, r, x, r.Params.TextOr("pass", ""), true)
			switch e := mfaerr.Wrap(err); {
			case err != nil && (e.Kind == mfaerr.Database || e.Kind == mfaerr.Busy || ctx.Err() != nil):
				return nil, err
			case err != nil:
				a.Log.WarnContext(ctx, "no values for offline use", "serial", x.Serial, "error", err)
			case item != nil:
				item["serial"] = x.Serial
				items = append(items, item)
			}
		}
		if len(items) > 0 {
			answer.Body["auth_items"] = map[string]any{offlineName: items}
		}
		return answer, nil
	}
}

// offlineRefill gives a machine new values in the place of those it has used.
func (a *API) offlineRefill(ctx context.Context, r *Request) (*Answer, error) {
	need := map[string]string{}
	for _, name := range []string{"serial", "refilltoken", "pass"} {
		v, err := r.Params.Required(name)
		if err != nil {
			return nil, err
		}
		need[name] = v
	}
	missing := mfaerr.NewParameter("Token is not an offline token or refill token is incorrect")
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, mfaerr.NewParameter("The token does not exist")
	}
	list, err := a.Store.Attachments(ctx, machine.Attachments{Serial: t.Serial, Application: offlineName})
	if err != nil {
		return nil, err
	}
	app, _ := a.application(offlineName)
	refiller, can := app.(application.Refiller)
	if len(list) == 0 || !can {
		return nil, missing
	}
	call, err := a.applicationCall(ctx, r, list[0])
	if err != nil || call.Token == nil {
		return nil, cmp.Or(err, error(missing))
	}
	call.Challenge, call.Given = need["pass"], true
	item, err := refiller.Refill(ctx, call, need["refilltoken"])
	if err != nil {
		return nil, err
	}
	item["serial"] = t.Serial
	answer := ok(true)
	answer.Body["auth_items"] = map[string]any{offlineName: []any{item}}
	r.Audit.Success = 1
	return answer, nil
}
