package api

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/api/params"
	"edumfa/internal/enrol"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/pyliteral"
	"edumfa/internal/token"
)

// maxDescription is how many characters the column holds.
const maxDescription = 80

// tokenDescribe sets the description of a token.
func (a *API) tokenDescribe(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("serial"); err != nil {
		return nil, err
	}
	description, err := r.Params.Required("description")
	if err != nil {
		return nil, err
	}
	r.Audit.addDetail("description=" + pyliteral.Repr(description))
	return a.each(always(func(ctx context.Context, t *token.Token) error {
		return a.Tokens.Change(ctx, t, func(n *token.Token) error { return setDescription(n, description) })
	}))(ctx, r)
}

func setDescription(t *token.Token, v string) error {
	if len([]rune(v)) > maxDescription {
		return mfaerr.NewParameter("The description is longer than %d characters.", maxDescription)
	}
	t.Description = v
	return nil
}

// attribute is something that POST /token/set can change.
type attribute struct {
	name string
	set  func(t *token.Token, v string) error
	// uncounted attributes do not count in the answer.
	uncounted bool
}

// attributes are in the order in which they are set.
func (a *API) attributes(r *Request) []attribute {
	now := r.Now.In(a.Local)
	column := func(name string, to func(t *token.Token) *int) func(*token.Token, string) error {
		return func(t *token.Token, v string) (err error) {
			*to(t), err = wholeNumber(name, v)
			return err
		}
	}
	info := func(name, key string) func(*token.Token, string) error {
		return func(t *token.Token, v string) error {
			n, err := wholeNumber(name, v)
			if err == nil {
				t.Info[key] = token.Info{Value: strconv.Itoa(n)}
			}
			return err
		}
	}
	return []attribute{
		{name: "description", set: setDescription},
		{name: "count_window", set: column("count_window", func(t *token.Token) *int { return &t.CountWindow })},
		{name: "sync_window", set: column("sync_window", func(t *token.Token) *int { return &t.SyncWindow })},
		{name: "hashlib", set: setHash},
		{name: "max_failcount", set: column("max_failcount", func(t *token.Token) *int { return &t.MaxFail })},
		{name: "count_auth_max", set: info("count_auth_max", token.InfoCountMax)},
		{name: "count_auth_success_max", set: info("count_auth_success_max", token.InfoCountSuccessMax)},
		{name: "validity_period_end", set: func(t *token.Token, v string) error { return enrol.SetValidity(t, token.InfoValidTo, v, now) }},
		{name: "validity_period_start", set: func(t *token.Token, v string) error { return enrol.SetValidity(t, token.InfoValidFrom, v, now) }},
		{name: "use_timeshift", uncounted: true, set: func(t *token.Token, v string) error {
			if v == "default" {
				delete(t.Info, "useTimeShift")
				return nil
			}
			t.Info["useTimeShift"] = token.Info{Value: v}
			return nil
		}},
	}
}

func wholeNumber(name, v string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < 0 || n > 1<<31-1 {
		return 0, mfaerr.NewParameter("%s is no whole number: %q", name, v)
	}
	return n, nil
}

func setHash(t *token.Token, v string) error {
	h, err := otp.ParseHash(v)
	if err == nil {
		t.Info[token.InfoHash] = token.Info{Value: string(h)}
	}
	return err
}

// tokenSet changes several attributes of a token and answers how many.
func (a *API) tokenSet(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("serial"); err != nil {
		return nil, err
	}
	t, err := a.ownToken(ctx, r)
	if err != nil {
		return nil, err
	}
	n, some := 0, false
	next := func(t *token.Token) error {
		n, r.Audit.Detail = 0, nil
		for _, attr := range a.attributes(r) {
			v, given := r.Params.Text(attr.name)
			if !given {
				continue
			}
			r.Audit.addDetail(attr.name + "=" + pyliteral.Repr(r.Params.Raw(attr.name)) + ", ")
			if err := attr.set(t, v); err != nil {
				return err
			}
			if some = true; !attr.uncounted {
				n++
			}
		}
		return nil
	}
	if err := next(t.Clone()); err != nil { // what cannot be read is told first
		if !t.Locked {
			return nil, err
		}
		return nil, token.ErrLocked()
	}
	if some {
		if err := a.Tokens.Change(ctx, t.Clone(), next); err != nil {
			return nil, err
		}
	}
	r.forgetToken()
	r.Audit.Success = 1
	return ok(n), nil
}

// tokenRealms puts a token into just the realms of the request; its owner stays.
func (a *API) tokenRealms(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("realms"); err != nil {
		return nil, err
	}
	t, err := a.ownToken(ctx, r)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, name := range r.Params.List("realms") {
		if realm, is := r.Snap.Realms.Realm(strings.ToLower(name)); is {
			known = append(known, realm.Name)
		}
	}
	if err := a.Tokens.SetRealms(ctx, t.Clone(), known); err != nil {
		return nil, err
	}
	r.forgetToken()
	r.Audit.Success = 1
	return ok(true), nil
}

// tokenInfoSet writes one value of tokeninfo.
func (a *API) tokenInfoSet(ctx context.Context, r *Request) (*Answer, error) {
	v, err := r.Params.Required("value")
	if err != nil {
		return nil, err
	}
	key := r.Params.TextOr("key", "")
	r.Audit.Detail = text("key=" + key + ", value=" + v)
	return a.changeInfo(ctx, r, map[string]*string{key: &v})
}

// tokenInfoDelete removes one value of tokeninfo; one that is not there is
// removed already.
func (a *API) tokenInfoDelete(ctx context.Context, r *Request) (*Answer, error) {
	return a.changeInfo(ctx, r, map[string]*string{r.Params.TextOr("key", ""): nil})
}

// tokenInfoChange writes and, by null, removes several values of tokeninfo.
func (a *API) tokenInfoChange(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.RequiredNonEmpty("info"); err != nil {
		return nil, err
	}
	raw := r.Params.Raw("info")
	if s, isText := raw.(string); isText {
		raw = nil
		if err := json.Unmarshal([]byte(s), &raw); err != nil {
			return nil, mfaerr.NewParameter("The parameter info is no JSON.")
		}
	}
	m, isObject := raw.(map[string]any)
	if !isObject {
		return nil, mfaerr.NewParameter("The parameter info is no object of names and values.")
	}
	info := make(map[string]*string, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		said := "None"
		if m[k] != nil {
			v := params.AsText(m[k])
			info[k], said = &v, v
		} else {
			info[k] = nil
		}
		r.Audit.addDetail("'" + k + "':'" + said + "', ")
	}
	return a.changeInfo(ctx, r, info)
}

func (a *API) changeInfo(ctx context.Context, r *Request, info map[string]*string) (*Answer, error) {
	for k := range info {
		if k == "" || len([]rune(k)) > 255 {
			return nil, mfaerr.NewParameter("A name of tokeninfo has 1 to 255 characters.")
		}
	}
	t, err := a.ownToken(ctx, r)
	if err != nil {
		return nil, err
	}
	if len(info) == 0 {
		return ok(false), nil
	}
	if err := a.Tokens.SetInfo(ctx, t.Clone(), info); err != nil {
		return nil, err
	}
	r.forgetToken()
	r.Audit.Success = 1
	return ok(true), nil
}
