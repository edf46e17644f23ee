// Package hotp is the event based one-time password token of RFC 4226.
package hotp

import (
	"context"
	"strconv"

	"edumfa/internal/change"
	"edumfa/internal/otp"
	"edumfa/internal/policy/action"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/oath"
)

// Tokeninfo of automatic resynchronisation: the first counter seen outside the
// window, and the Unix second until which the next one counts.
const (
	infoFirst = "otp1c"
	infoDue   = "dueDate"
)

// Type is the token type hotp.
type Type struct{}

var (
	_ tokentype.Type     = Type{}
	_ tokentype.Resyncer = Type{}
	_ tokentype.Finder   = Type{}
	_ tokentype.Defaults = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "hotp", Prefix: "OATH", Title: "HMAC Event Token", Description: "HOTP: event based one time passwords.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, Verifiable: true, TwoStep: true,
		EnrollableBy: []string{"admin", "user"}, PublicSettings: []string{"hotp.hashlib"},
	}
}

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition { return action.HOTP() }

// Defaults are hash and length by policy.
func (Type) Defaults(scope string, r tokentype.Rules, _ tokentype.EnrollParams) (map[string]string, error) {
	return oath.Defaults("hotp", scope, r)
}

// Enroll sets key and hash.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	out, err := oath.Enroll(e, t, p, e.Settings.Text("hotp.hashlib", "sha1"))
	if err != nil {
		return out, err
	}
	return out, oath.Describe(ctx, e, t, p, &out, "")
}

// Verify looks for the value from the stored counter on (RFC 4226 §7.4), and,
// where the setting AutoResync allows, further ahead for two values in a row.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	if !oath.Digits(t, value) {
		return tokentype.Match{}, nil
	}
	key, h, err := oath.Key(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	if c, ok := otp.FindHOTP(key, h, t.OTPLen, t.Count, t.CountWindow, value.Reveal()); ok {
		return tokentype.Match{OK: true, Next: c + 1}, nil
	}
	m := tokentype.Match{Previous: t.Count > 0 && otp.Equal(otp.HOTP(key, h, t.Count-1, t.OTPLen), value.Reveal())}
	if e.Settings.Bool("AutoResync", false) {
		if c, ok := otp.FindHOTP(key, h, t.OTPLen, t.Count, t.SyncWindow, value.Reveal()); ok {
			return autoResync(e, t, m, c), nil
		}
	}
	return m, nil
}

// autoResync takes the second of two values in a row outside the window.
func autoResync(e *tokentype.Env, t *token.Token, m tokentype.Match, counter int64) tokentype.Match {
	first, seen := t.Info[infoFirst]
	if !seen {
		wait := e.Settings.Int("AutoResyncTimeout", 300)
		m.Changes = append(m.Changes,
			change.SetInfo{ID: t.ID, Key: infoFirst, Value: strconv.FormatInt(counter, 10)},
			change.SetInfo{ID: t.ID, Key: infoDue, Value: strconv.FormatInt(e.Now.Unix()+int64(wait), 10)})
		return m
	}
	m.Changes = append(m.Changes, change.DeleteInfo{ID: t.ID, Key: infoFirst}, change.DeleteInfo{ID: t.ID, Key: infoDue})
	c, _ := strconv.ParseInt(first.Value, 10, 64)
	due, err := strconv.ParseInt(t.InfoText(infoDue), 10, 64)
	if err == nil && e.Now.Unix() < due && c+1 == counter {
		m.OK, m.Next = true, counter+1
	}
	return m
}

// Resync finds two values in a row within the sync window.
func (Type) Resync(_ context.Context, e *tokentype.Env, t *token.Token, otp1, otp2 secret.String) (tokentype.Match, error) {
	key, h, err := oath.Key(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	c, ok := otp.ResyncHOTP(key, h, t.OTPLen, t.Count, t.SyncWindow, otp1.Reveal(), otp2.Reveal())
	return tokentype.Match{OK: ok, Next: c + 1}, nil
}

// Find looks for the value among the next window counters.
func (Type) Find(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String, window int) (tokentype.Match, error) {
	key, h, err := oath.Key(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	c, ok := otp.FindHOTP(key, h, t.OTPLen, t.Count, window, value.Reveal())
	return tokentype.Match{OK: ok, Next: c + 1}, nil
}
