package api

import (
	"context"
	"strings"

	"edumfa/internal/settings"
)

// systemSet writes settings: every parameter that is no type or description is
// one.
func (a *API) systemSet(ctx context.Context, r *Request) (*Answer, error) {
	done := map[string]any{}
	var names []string
	for _, name := range r.Params.Names() {
		if strings.HasSuffix(name, ".type") || strings.HasSuffix(name, ".desc") {
			continue
		}
		e, err := a.settingEntry(r, name)
		if err != nil {
			return nil, err
		}
		inserted, err := a.Store.SetSetting(ctx, e)
		if err != nil {
			return nil, err
		}
		done[name] = "update"
		if inserted {
			done[name] = "insert"
		}
		shown := e.Value
		if e.Type == settings.TypePassword {
			shown = "***"
		}
		names = append(names, name+"="+shown)
	}
	r.Audit.Success = 1
	r.Audit.Info = text(strings.Join(names, ", "))
	return ok(done), nil
}

// settingEntry reads one setting of the request. Without a type in the request
// the stored one counts, then the token type's.
func (a *API) settingEntry(r *Request, name string) (settings.Entry, error) {
	e := settings.Entry{Key: name, Value: r.Params.TextOr(name, ""), Type: r.Params.TextOr(name+".type", ""), Description: r.Params.TextOr(name+".desc", "")}
	if old, known := r.Snap.Settings.Entry(name); e.Type == "" && known {
		e.Type = old.Type
	}
	if e.Type == "" && a.publicSetting(name) {
		e.Type = settings.TypePublic
	}
	if e.Type != settings.TypePassword {
		return e, nil
	}
	var err error
	e.Value, err = a.Keys.SealPassword(e.Value)
	return e, err
}

func (a *API) publicSetting(name string) bool {
	for _, t := range a.Types.All() {
		for _, s := range t.Info().PublicSettings {
			if s == name {
				return true
			}
		}
	}
	return false
}

// systemGet reads all settings or one. Users see the public ones.
func (a *API) systemGet(_ context.Context, r *Request) (*Answer, error) {
	r.Audit.Success = 1
	visible := func(e settings.Entry) bool { return r.Admin() || e.Type == settings.TypePublic }
	if key, one := r.Params.Text("key"); one {
		r.Audit.Info = text(key)
		if e, known := r.Snap.Settings.Entry(key); known && visible(e) {
			return ok(shownSetting(e)), nil
		}
		return ok(nil), nil
	}
	out := map[string]any{}
	for k, e := range r.Snap.Settings.All() {
		if visible(e) {
			out[k] = shownSetting(e)
		}
	}
	return ok(out), nil
}

// shownSetting never shows a secret.
func shownSetting(e settings.Entry) any {
	if e.Type == settings.TypePassword {
		return "__CENSORED__"
	}
	return e.Value
}

// systemDelete removes a setting.
func (a *API) systemDelete(ctx context.Context, r *Request) (*Answer, error) {
	key := r.Params.TextOr("key", "")
	found, err := a.Store.DeleteSetting(ctx, key)
	if err != nil {
		return nil, err
	}
	r.Audit.Info = text(key)
	if found {
		r.Audit.Success = 1
		return ok(key), nil
	}
	return ok(nil), nil
}
