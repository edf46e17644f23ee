package oath

import (
	"strconv"

	"edumfa/internal/change"
	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Tokeninfo of automatic resynchronisation: the first counter seen outside the
// window, and the Unix second until which the next one counts.
const (
	infoFirst = "otp1c"
	infoDue   = "dueDate"
)

// VerifyEvent looks for the value from the stored counter on (RFC 4226 §7.4), and,
// where the setting AutoResync allows, further ahead for two values in a row.
func VerifyEvent(e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	if !Digits(t, value) {
		return tokentype.Match{}, nil
	}
	key, h, err := Key(e, t)
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

// ResyncEvent finds two values in a row within the sync window.
func ResyncEvent(e *tokentype.Env, t *token.Token, otp1, otp2 secret.String) (tokentype.Match, error) {
	key, h, err := Key(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	c, ok := otp.ResyncHOTP(key, h, t.OTPLen, t.Count, t.SyncWindow, otp1.Reveal(), otp2.Reveal())
	return tokentype.Match{OK: ok, Next: c + 1}, nil
}

// FindEvent looks for the value among the next window counters.
func FindEvent(e *tokentype.Env, t *token.Token, value secret.String, window int) (tokentype.Match, error) {
	key, h, err := Key(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	c, ok := otp.FindHOTP(key, h, t.OTPLen, t.Count, window, value.Reveal())
	return tokentype.Match{OK: ok, Next: c + 1}, nil
}
