package api

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"

	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
	"edumfa/internal/settings"
	"edumfa/internal/tokentype"
)

// settingStore keeps the settings.
type settingStore interface {
	SetSetting(ctx context.Context, e settings.Entry) (inserted bool, err error)
	DeleteSetting(ctx context.Context, key string) (found bool, err error)
}

// systemSet writes settings: every parameter that is no type or description is
// one.
func (a *API) systemSet(ctx context.Context, r *Request) (*Answer, error) {
	done := map[string]any{}
	for _, name := range r.Params.Names() {
		if strings.HasSuffix(name, ".type") || strings.HasSuffix(name, ".desc") || name == "type" || name == "desc" {
			continue
		}
		word, err := a.saveSetting(ctx, r, name, name)
		if err != nil {
			return nil, err
		}
		done[name] = word
	}
	r.Audit.Success = 1
	return ok(done), nil
}

// defaultSettings are what setDefault sets.
func defaultSettings() []string {
	return []string{"DefaultMaxFailCount", "DefaultSyncWindow", "DefaultCountWindow", "DefaultOtpLen", "DefaultResetFailCount"}
}

// systemSetDefault writes the settings that new tokens begin with. The letter
// case of their names does not count.
func (a *API) systemSetDefault(ctx context.Context, r *Request) (*Answer, error) {
	done := map[string]any{}
	for _, sent := range r.Params.Names() {
		for _, name := range defaultSettings() {
			if !strings.EqualFold(sent, name) {
				continue
			}
			word, err := a.saveSetting(ctx, r, name, sent)
			if err != nil {
				return nil, err
			}
			done[name] = word
		}
	}
	if len(done) == 0 {
		return nil, mfaerr.NewRequest(77, "Usage: parameters are: %s", strings.Join(defaultSettings(), ", "))
	}
	r.Audit.Success = 1
	return ok(done), nil
}

// saveSetting stores the parameter sent as the setting name and notes it in the
// audit, secrets as stars. A secret that comes back as it was shown stays.
func (a *API) saveSetting(ctx context.Context, r *Request, name, sent string) (string, error) {
	e, err := a.settingEntry(r, name, sent)
	if err != nil {
		return "", err
	}
	shown := r.Params.TextOr(sent, "None")
	if e.Type == settings.TypePassword {
		shown = "***"
	}
	before := ""
	if r.Audit.Info != nil {
		before = *r.Audit.Info
	}
	r.Audit.Info = text(before + name + "=" + shown + ", ")
	if e.Type == settings.TypePassword && r.Params.TextOr(sent, "") == field.Censored {
		return "update", nil
	}
	inserted, err := a.Store.SetSetting(ctx, e)
	if inserted {
		return "insert", err
	}
	return "update", err
}

// settingEntry reads one setting of the request. Without a type in the request
// the stored one counts, then the token type's.
func (a *API) settingEntry(r *Request, name, sent string) (settings.Entry, error) {
	e := settings.Entry{Key: name, Value: r.Params.TextOr(sent, ""), Type: r.Params.TextOr(sent+".type", ""), Description: r.Params.TextOr(sent+".desc", "")}
	old, known := r.Snap.Settings.Entry(name)
	if e.Type == "" && known {
		e.Type = old.Type
	}
	if e.Type == "" && a.publicSetting(name) {
		e.Type = settings.TypePublic
	}
	if e.Type != settings.TypePassword || known && old.Type == settings.TypePassword && e.Value == field.Censored {
		return e, nil
	}
	var err error
	e.Value, err = a.Keys.SealPassword(e.Value)
	return e, err
}

// publicSetting reports whether a token type says that users may read a setting.
func (a *API) publicSetting(name string) bool {
	for _, t := range a.Types.All() {
		for _, s := range t.Info().PublicSettings {
			if s == name || strings.HasSuffix(s, ".") && strings.HasPrefix(name, s) {
				return true
			}
		}
	}
	return false
}

// shownAsTrue are settings that are shown as True when nobody has set them,
// because that is how they count.
func shownAsTrue() []string {
	return []string{"PrependPin", "splitAtSign", "IncFailCountOnFalsePin", "ReturnSamlAttributes"}
}

// systemGet reads all settings or one. Users see the public ones.
func (a *API) systemGet(_ context.Context, r *Request) (*Answer, error) {
	out := map[string]any{}
	for k, e := range r.Snap.Settings.All() {
		if r.Admin() || e.Type == settings.TypePublic {
			out[k] = shownSetting(e)
		}
	}
	for _, k := range shownAsTrue() {
		if _, set := out[k]; !set {
			out[k] = "True"
		}
	}
	if e, known := r.Snap.Settings.Entry(settings.TimestampKey); known && r.Admin() {
		out[e.Key] = e.Value
	}
	r.Audit.Success = 1
	if key, one := r.Params.Text("key"); one {
		r.Audit.Info = text(key)
		return ok(out[key]), nil
	}
	return ok(out), nil
}

// shownSetting never shows a secret.
func shownSetting(e settings.Entry) any {
	if e.Type == settings.TypePassword {
		return field.Censored
	}
	return e.Value
}

// systemDelete removes a setting.
func (a *API) systemDelete(ctx context.Context, r *Request) (*Answer, error) {
	key := r.Params.TextOr("key", "")
	r.Audit.Info = text(key)
	found, err := a.Store.DeleteSetting(ctx, key)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, mfaerr.NewNotFound("The requested setting could not be found.")
	}
	r.Audit.Success = 1
	return ok(true), nil
}

// mostRandom bounds how many random bytes one call gives.
const mostRandom = 1 << 16

// systemRandom gives random bytes as text.
func (a *API) systemRandom(_ context.Context, r *Request) (*Answer, error) {
	n, err := r.Params.Int("len", 20)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > mostRandom {
		return nil, mfaerr.NewParameter("Parameter 'len' must be between 0 and %d", mostRandom)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(a.Rand, b); err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	if r.Params.TextOr("encode", "") == "b64" {
		return ok(base64.StdEncoding.EncodeToString(b)), nil
	}
	return ok(hex.EncodeToString(b)), nil
}

// hsmGet tells whether the keys can be used.
func (a *API) hsmGet(_ context.Context, r *Request) (*Answer, error) {
	r.Audit.Success = 1
	return ok(map[string]any{"is_ready": !a.Keys.Locked()}), nil
}

// hsmUnlock opens the encrypted key file.
func (a *API) hsmUnlock(_ context.Context, r *Request) (*Answer, error) {
	password, err := r.Params.Required("password")
	if err != nil {
		return nil, err
	}
	if !a.Keys.Wrapped() {
		return nil, mfaerr.NewRequest(mfaerr.CodeHSM, "the encryption keys need no password")
	}
	if err := a.Keys.Unlock(password); err != nil {
		return nil, err
	}
	a.Snapshots.Invalidate() // its secrets could not be opened
	r.Audit.Success = 1
	return ok(map[string]any{"is_ready": !a.Keys.Locked()}), nil
}

// gpgKeys are the public keys for encrypted token files.
func (a *API) gpgKeys(ctx context.Context, r *Request) (*Answer, error) {
	keys := map[string]any{}
	if a.PGPKeys != nil {
		list, err := a.PGPKeys(ctx)
		if err != nil {
			return nil, err
		}
		for id, k := range list {
			keys[id] = map[string]any{"armor": k.Armor, "fingerprint": k.Fingerprint}
		}
	}
	r.Audit.Success = 1
	return ok(keys), nil
}

// systemTest tries the settings of a token type that can be tried.
func (a *API) systemTest(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("tokentype", "")
	t, known := a.Types.Get(name)
	if !known {
		return nil, mfaerr.NewNotFound("There is no token type '%s'.", name)
	}
	r.Audit.Success, r.Audit.TokenType = 1, text(name)
	tester, can := t.(tokentype.Tester)
	if !can {
		return okDetail(false, map[string]any{"message": "Not implemented"}), nil
	}
	right, message, err := tester.Test(ctx, a.env(ctx, r, nil, r.User), r.Params)
	if err != nil {
		r.Audit.Success = 0
		return nil, err
	}
	return okDetail(right, map[string]any{"message": message}), nil
}

// systemNames lists the names of a kind of servers for enrolment forms.
func (a *API) systemNames(table string) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		names, err := a.Store.ServerNames(ctx, table)
		if err != nil {
			return nil, err
		}
		r.Audit.Success = 1
		return ok(texts(names)), nil
	}
}
