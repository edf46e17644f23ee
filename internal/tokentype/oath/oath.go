// Package oath holds what the token types that calculate RFC 4226 values have
// in common: their key, hash and the URLs phones enrol by.
package oath

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"strconv"

	"edumfa/internal/enrolurl"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/qr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Defaults of two-step enrolment.
const (
	defaultClientSize = 8     // bytes
	defaultDifficulty = 10000 // PBKDF2 iterations
)

// ErrKey says that a token's key is no OTP key.
func errKey(t *token.Token, cause error) error {
	return mfaerr.NewTokenAdmin("The OTP key of the token %s is damaged.", t.Serial).WithCause(cause)
}

// Key opens a token's OTP key.
func Key(e *tokentype.Env, t *token.Token) ([]byte, otp.Hash, error) {
	text, err := e.Keys.Open(t.Key)
	if err != nil {
		return nil, "", err
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, "", errKey(t, err)
	}
	h, err := otp.ParseHash(t.InfoText(token.InfoHash))
	if err != nil {
		h = otp.SHA1
	}
	return key, h, nil
}

// Enroll sets the key, the hash and what two-step enrolment remembers. hash is
// the type's default.
func Enroll(e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, fallback string) (tokentype.Enrolled, error) {
	name, ok := p.Text("hashlib")
	if !ok || name == "" {
		if name = t.InfoText(token.InfoHash); name == "" {
			name = fallback
		}
	}
	hash, err := otp.ParseHash(name)
	if err != nil {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Unknown hash function: %q", name)
	}
	size, err := p.Int("keysize", hash.KeySize())
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	if size < 10 || size > 512 {
		return tokentype.Enrolled{}, mfaerr.NewParameter("The key size %d is not possible.", size)
	}
	if p.Bool("2stepinit") {
		if size, err = p.Int("2step_serversize", size); err != nil {
			return tokentype.Enrolled{}, err
		}
		if err := rememberTwoStep(t, p); err != nil {
			return tokentype.Enrolled{}, err
		}
	}
	if err := checkLength(p); err != nil {
		return tokentype.Enrolled{}, err
	}
	out, err := e.TakeKey(t, p, tokentype.KeyRules{Size: size, Required: true, PreferGenerated: true, Combine: combiner(t, hash)})
	if err != nil {
		return out, err
	}
	t.Info[token.InfoHash] = token.Info{Value: string(hash)}
	if len(t.Serial) > 1 && t.Serial[:2] == "UB" {
		t.Info[token.InfoKind] = token.Info{Value: token.KindHardware}
	}
	return out, nil
}

// checkLength refuses values that no RFC 4226 value can have: truncation gives
// ten digits at most.
func checkLength(p tokentype.EnrollParams) error {
	n, err := p.Int("otplen", 6)
	if err != nil {
		return err
	}
	if n < 4 || n > 10 {
		return mfaerr.NewParameter("An OTP of %d digits is not possible.", n)
	}
	return nil
}

func rememberTwoStep(t *token.Token, p tokentype.EnrollParams) error {
	for _, x := range []struct {
		key string
		def int
	}{{token.InfoTwoStepDifficulty, defaultDifficulty}, {token.InfoTwoStepClientSize, defaultClientSize}} {
		n, err := p.Int(x.key, x.def)
		if err != nil {
			return err
		}
		t.Info[x.key] = token.Info{Value: strconv.Itoa(n)}
	}
	return nil
}

func number(t *token.Token, key string, def int) int {
	n, err := strconv.Atoi(t.InfoText(key))
	if err != nil {
		return def
	}
	return n
}

func combiner(t *token.Token, h otp.Hash) func(server, client string) (string, error) {
	return func(server, client string) (string, error) {
		part, err := hex.DecodeString(client)
		if err != nil {
			return "", mfaerr.NewParameter("The client's part of the key is no hex text.")
		}
		key, err := otp.CombineTwoStep(h, server, part, number(t, token.InfoTwoStepClientSize, defaultClientSize), number(t, token.InfoTwoStepDifficulty, defaultDifficulty))
		if err != nil {
			return "", err
		}
		return hex.EncodeToString(key), nil
	}
}

// Describe adds to an enrolment what phones read: the URLs and their pictures.
func Describe(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, out *tokentype.Enrolled, period string) error {
	out.Detail["rollout_state"] = t.State
	if !out.HasKey {
		return nil
	}
	key, err := hex.DecodeString(out.Key)
	if err != nil {
		return nil // a key that is no hex cannot be shown to a phone
	}
	hash, _ := otp.ParseHash(t.InfoText(token.InfoHash))
	u := enrolurl.Token{Names: enrolurl.Names{Serial: t.Serial, User: e.OwnerLogin, Realm: e.OwnerRealm},
		Type: t.Type, Key: key, Hash: hash, Digits: t.OTPLen, Period: period}
	u.Label, _ = p.Text("tokenlabel")
	u.Issuer, _ = p.Text("tokenissuer")
	if e.Owner != nil {
		a, err := e.Owner(ctx, t)
		if err != nil {
			return err
		}
		u.GivenName, u.Surname = a.Text("givenname"), a.Text("surname")
	}
	u.Extra = extra(t, p)
	google, err := enrolurl.OTPAuth(u)
	if err != nil {
		return err
	}
	for _, m := range []struct{ name, text, url string }{
		{"googleurl", "URL for google Authenticator", google}, {"oathurl", "URL for OATH token", enrolurl.OATHToken(u)},
	} {
		img, err := qr.DataURI(m.url)
		if err != nil {
			return err
		}
		out.Detail[m.name] = map[string]any{"description": m.text, "value": m.url, "img": img}
	}
	out.Detail["otpkey"] = map[string]any{"value_b32": base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)}
	if t.State == token.StateClientWait {
		describeTwoStep(t, hash, out)
	}
	return nil
}

func describeTwoStep(t *token.Token, h otp.Hash, out *tokentype.Enrolled) {
	out.Detail["2step_salt"] = number(t, token.InfoTwoStepClientSize, defaultClientSize)
	out.Detail["2step_output"] = h.KeySize()
	out.Detail["2step_difficulty"] = number(t, token.InfoTwoStepDifficulty, defaultDifficulty)
}

// extra are the additional parameters of the URLs that policies ask for.
func extra(t *token.Token, p tokentype.EnrollParams) []enrolurl.Param {
	var out []enrolurl.Param
	if t.State == token.StateClientWait {
		h, _ := otp.ParseHash(t.InfoText(token.InfoHash))
		out = append(out, enrolurl.Param{Name: "2step_salt", Value: t.InfoText(token.InfoTwoStepClientSize)},
			enrolurl.Param{Name: "2step_output", Value: strconv.Itoa(h.KeySize())},
			enrolurl.Param{Name: "2step_difficulty", Value: t.InfoText(token.InfoTwoStepDifficulty)})
	}
	if v, ok := p.Text("appimageurl"); ok && v != "" {
		out = append(out, enrolurl.Param{Name: "image", Value: v})
	}
	if p.Bool("force_app_pin") {
		out = append(out, enrolurl.Param{Name: "pin", Value: "True"})
	}
	return out
}

// Digits reports whether a text can be a value of the token: decimal digits of
// the right number.
func Digits(t *token.Token, s secret.String) bool {
	v := s.Reveal()
	if len(v) != t.OTPLen {
		return false
	}
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
	}
	return true
}

// Defaults are hash and length that policies of the scope prescribe for a type.
func Defaults(tokenType, scope string, r tokentype.Rules) (map[string]string, error) {
	out := map[string]string{}
	for action, parameter := range map[string]string{tokenType + "_hashlib": "hashlib", tokenType + "_otplen": "otplen"} {
		v, given, err := r.Text(scope, action)
		if err != nil {
			return nil, err
		}
		if given {
			out[parameter] = v
		}
	}
	return out, nil
}
