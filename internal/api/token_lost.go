package api

import (
	"context"
	"strconv"
	"time"

	"edumfa/internal/api/params"
	"edumfa/internal/enrol"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/randtext"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

// Passwords that replace lost tokens, where no policy says otherwise.
const (
	lostLength   = 16
	lostContents = "8"
	lostDays     = 10
)

// lostAlphabet is what the letters of a rule for such passwords stand for.
func lostAlphabet(rule string) string {
	const (
		lower  = "abcdefghijklmnopqrstuvwxyz"
		upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		digits = "0123456789"
		signs  = "!#$%&()*+,-./:;<=>?@[]^_"
		base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	)
	if rule == "" {
		return lower + upper + digits
	}
	out := ""
	for _, c := range rule {
		switch c {
		case 'c':
			out += lower
		case 'C':
			out += upper
		case 'n':
			out += digits
		case 's':
			out += signs
		case '8':
			out += base58
		}
	}
	return out
}

// tokenLost replaces a lost token for some days by a password: its owner, realms
// and PIN are those of the lost token, which is disabled.
func (a *API) tokenLost(ctx context.Context, r *Request) (*Answer, error) {
	serial := r.Params.TextOr("serial", "")
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return nil, err
	}
	if r.namesUser() && !ownedBy(t, r.User) {
		return nil, mfaerr.NewTokenAdmin("The user %s does not own the token %s", userText(r.User), serial)
	}
	if t == nil {
		return nil, errNoToken()
	}
	owner := user.User{}
	if t.Owner != nil {
		if owner, err = r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID); err != nil {
			return nil, err
		}
	}
	if !owner.Exists() || owner.Login == "" {
		return nil, mfaerr.NewRequest(2012, "You can only define a lost token for an assigned token.")
	}
	password, days, err := a.lostPassword(ctx, r, owner)
	if err != nil {
		return nil, err
	}
	until := timespec.FormatMinutes(r.Now.In(a.Local).Add(time.Duration(days) * 24 * time.Hour))
	var replaced *token.Token
	disabled := 0
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		lost := t.Clone()
		p := params.New(map[string]any{"serial": "lost" + t.Serial, "type": "pw", "otpkey": password, "validity_period_end": until,
			"description": cut("temporary replacement for "+t.Serial, maxDescription)})
		// The owner is named, so that a token of that serial which is somebody
		// else's stays as it is.
		if replaced, _, err = a.Enrol.Init(ctx, a.env(ctx, r, nil, owner), enrol.Request{Params: p, User: owner, Realms: t.Realms}); err != nil {
			return err
		}
		if err := a.Tokens.CopyOwner(ctx, lost, replaced); err != nil {
			return err
		}
		if err := a.Tokens.CopyPIN(ctx, lost, replaced); err != nil {
			return err
		}
		changed, err := a.Tokens.Enable(ctx, lost, false)
		if disabled = 0; changed {
			disabled = 1
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r.forgetToken()
	r.Audit.Success = 1
	return ok(map[string]any{"serial": replaced.Serial, "init": true, "user": true, "pin": true, "valid_to": "xxxx",
		"password": password, "end_date": until, "disable": disabled}), nil
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if c := []rune(s); len(c) > n {
		return string(c[:n])
	}
	return s
}

// lostPassword makes the password that replaces a token of the user.
func (a *API) lostPassword(ctx context.Context, r *Request, u user.User) (password string, days int, err error) {
	number := func(action string, def int) (int, error) {
		v, given, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeEnrollment, action, u), policy.Words)
		if err != nil || !given {
			return def, err
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return 0, errMalformed()
		}
		return n, nil
	}
	length, err := number("losttoken_PW_length", lostLength)
	if err != nil {
		return "", 0, err
	}
	if days, err = number("losttoken_valid", lostDays); err != nil {
		return "", 0, err
	}
	rule, given, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeEnrollment, "losttoken_PW_contents", u), policy.Words)
	if err != nil {
		return "", 0, err
	}
	if !given {
		rule = lostContents
	}
	alphabet := lostAlphabet(rule)
	if alphabet == "" {
		return "", 0, mfaerr.NewPolicy("The rule for the passwords of lost tokens allows no character.")
	}
	password, err = randtext.Of(a.Rand, length, alphabet)
	return password, days, err
}

func errMalformed() error {
	return mfaerr.NewPolicy("A malformed policy blocks this action. Please contact your administrator.")
}
