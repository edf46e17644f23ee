// Package totp is the time based one-time password token of RFC 6238.
package totp

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/oath"
)

// Keys of tokeninfo.
const (
	infoStep     = "timeStep"   // seconds
	infoWindow   = "timeWindow" // seconds
	infoShift    = "timeShift"  // seconds the token's clock is ahead
	infoUseShift = "useTimeShift"
	infoFirst    = "otp1c" // first counter seen outside the window
)

// Type is the token type totp.
type Type struct{}

var (
	_ tokentype.Type          = Type{}
	_ tokentype.LoginEnroller = Type{}
	_ tokentype.Resyncer      = Type{}
	_ tokentype.Finder        = Type{}
	_ tokentype.Defaults      = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "totp", Prefix: "TOTP", Title: "HMAC Time Token", Description: "TOTP: time based one time passwords.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, Verifiable: true, TwoStep: true,
		EnrollableBy:   []string{"admin", "user"},
		PublicSettings: []string{"totp.hashlib", "totp.timeStep", "totp.useTimeShift", "totp.timeWindow"},
	}
}

// EnrolAtLogin shows a key that is made here.
func (Type) EnrolAtLogin() tokentype.LoginEnrolment { return oath.EnrolAtLogin() }

// Defaults are hash, length, time step and the use of the drift by policy.
func (Type) Defaults(scope string, r tokentype.Rules, _ tokentype.EnrollParams) (map[string]string, error) {
	out, err := oath.Defaults("totp", scope, r)
	if err != nil {
		return nil, err
	}
	for action, parameter := range map[string]string{"totp_timestep": infoStep, "totp_timeshift": infoUseShift} {
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

// Enroll sets key, hash and the time parameters.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	// a token that is enrolled once more keeps what nobody names anew
	kept := func(key, def string) string { return cmp.Or(t.InfoText(key), def) }
	step, err := positive(p, infoStep, kept(infoStep, e.Settings.Text("totp.timeStep", "30")))
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	window, err := positive(p, infoWindow, kept(infoWindow, e.Settings.Text("totp.timeWindow", "180")))
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	shift, ok := p.Text(infoShift)
	if !ok || shift == "" {
		shift = kept(infoShift, "0")
	}
	if _, err := strconv.ParseFloat(shift, 64); err != nil {
		return tokentype.Enrolled{}, mfaerr.NewParameter("timeShift is no number of seconds: %q", shift)
	}
	out, err := oath.Enroll(e, t, p, e.Settings.Text("totp.hashlib", "sha1"))
	if err != nil {
		return out, err
	}
	for k, v := range map[string]string{infoStep: step, infoWindow: window, infoShift: shift} {
		t.Info[k] = token.Info{Value: v}
	}
	return out, oath.Describe(ctx, e, t, p, &out, step)
}

func positive(p tokentype.EnrollParams, name, def string) (string, error) {
	v, ok := p.Text(name)
	if !ok || v == "" {
		v = def
	}
	if n, err := strconv.Atoi(strings.TrimSpace(v)); err != nil || n < 1 {
		return "", mfaerr.NewParameter("%s is no number of seconds: %q", name, v)
	}
	return strings.TrimSpace(v), nil
}

// clock is how a token counts time.
type clock struct {
	steps    otp.Steps
	window   int // steps to each side
	useShift bool
}

func readClock(e *tokentype.Env, t *token.Token) clock {
	step := seconds(t.InfoText(infoStep), e.Settings.Int("totp.timeStep", 30))
	c := clock{steps: otp.Steps{Length: step}, useShift: e.Settings.Bool("totp.useTimeShift", true)}
	if v, ok := t.Info[infoUseShift]; ok {
		c.useShift = v.Value == "1" || strings.EqualFold(v.Value, "true")
	}
	if c.useShift {
		if f, err := strconv.ParseFloat(t.InfoText(infoShift), 64); err == nil {
			c.steps.Shift = time.Duration(f * float64(time.Second))
		}
	}
	c.window = c.steps.Window(seconds(t.InfoText(infoWindow), e.Settings.Int("totp.timeWindow", 180)))
	return c
}

func seconds(text string, def int) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	return time.Duration(max(def, 1)) * time.Second
}

// Verify looks for the value around now (RFC 6238 §5.2). A step that was used,
// or lies before one that was, is never accepted again.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	if !oath.Digits(t, value) {
		return tokentype.Match{}, nil
	}
	key, h, err := oath.Key(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	c := readClock(e, t)
	at, ok := otp.FindTOTP(key, h, t.OTPLen, c.steps.Counter(e.Now), c.window, value.Reveal())
	if ok {
		if t.Count != 0 && at <= t.Count {
			return tokentype.Match{Previous: at == t.Count}, nil
		}
		return accept(e, t, c, at), nil
	}
	m := tokentype.Match{Previous: t.Count > 0 && otp.Equal(otp.HOTP(key, h, t.Count, t.OTPLen), value.Reveal())}
	if !c.useShift || !e.Settings.Bool("AutoResync", false) {
		return m, nil
	}
	at, ok = otp.FindTOTP(key, h, t.OTPLen, c.steps.Counter(e.Now), t.SyncWindow, value.Reveal())
	if !ok {
		return m, nil
	}
	first, seen := t.Info[infoFirst]
	if !seen {
		m.Changes = append(m.Changes, change.SetInfo{ID: t.ID, Key: infoFirst, Value: strconv.FormatInt(at, 10)})
		return m, nil
	}
	m.Changes = append(m.Changes, change.DeleteInfo{ID: t.ID, Key: infoFirst})
	if n, err := strconv.ParseInt(first.Value, 10, 64); err == nil && n+1 == at && at > t.Count {
		right := accept(e, t, c, at)
		right.Changes = append(m.Changes, right.Changes...)
		return right, nil
	}
	return m, nil
}

// accept stores the step and how far the token's clock is off.
func accept(e *tokentype.Env, t *token.Token, c clock, at int64) tokentype.Match {
	m := tokentype.Match{OK: true, Next: at}
	if c.useShift {
		m.Changes = append(m.Changes, change.SetInfo{ID: t.ID, Key: infoShift, Value: strconv.FormatInt(c.steps.Drift(at, e.Now), 10)})
	}
	return m
}

// Resync finds two values in a row within the sync window and sets the drift to
// the middle of the second step.
func (Type) Resync(_ context.Context, e *tokentype.Env, t *token.Token, otp1, otp2 secret.String) (tokentype.Match, error) {
	key, h, err := oath.Key(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	c := readClock(e, t)
	at, ok := otp.ResyncTOTP(key, h, t.OTPLen, c.steps.Counter(e.Now), t.SyncWindow, otp1.Reveal(), otp2.Reveal())
	if !ok || at-1 < t.Count {
		return tokentype.Match{}, nil
	}
	step := c.steps.Length.Seconds()
	shift := (float64(at)+0.5)*step - float64(e.Now.UnixMicro())/1e6
	m := tokentype.Match{OK: true, Next: at + 1}
	m.Changes = append(m.Changes, change.SetInfo{ID: t.ID, Key: infoShift, Value: strconv.FormatFloat(shift, 'f', -1, 64)})
	return m, nil
}

// Find looks for the value within window steps around now.
func (Type) Find(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String, window int) (tokentype.Match, error) {
	key, h, err := oath.Key(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	c := readClock(e, t)
	at, ok := otp.FindTOTP(key, h, t.OTPLen, c.steps.Counter(e.Now), window, value.Reveal())
	if !ok || t.Count != 0 && at <= t.Count {
		return tokentype.Match{}, nil
	}
	return tokentype.Match{OK: true, Next: at}, nil
}
