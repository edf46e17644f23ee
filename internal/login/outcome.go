package login

import (
	"context"
	"strings"

	"edumfa/internal/change"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// accept takes tokens whose value and PIN are right.
func (a *attempt) accept(ctx context.Context, valid []*candidate) (bool, error) {
	ok := false
	messages := []string{sprintf(msgMatching, len(valid))}
	for _, k := range valid {
		a.out.Add(k.match.Changes...)
		failing := a.clearByTime(k.t)
		if reason := a.unfit(k.t, failing); reason != "" {
			messages = append(messages, reason)
			a.spend(k)
			continue
		}
		ok = true
		switch a.reply.Type {
		case "", k.t.Type:
			a.reply.Type = k.t.Type
		default:
			a.reply.Type = "undetermined"
		}
		if err := a.succeed(ctx, k); err != nil {
			return false, err
		}
	}
	if len(valid) == 1 {
		t := valid[0].t
		a.reply.Serial, a.reply.Type, a.reply.OTPLen = t.Serial, t.Type, t.OTPLen
		a.changeDates(t, &a.reply.NextPINChange, &a.reply.PINChangeDue, &a.reply.NextPasswordChange, &a.reply.PasswordChangeDue)
	}
	a.reply.Message = strings.Join(messages, ", ")
	return ok, nil
}

// succeed records the use of a token.
func (a *attempt) succeed(ctx context.Context, k *candidate) error {
	// first of all what can only be done once: who comes second changes nothing
	a.out.Add(change.UseToken{ID: k.t.ID, Seen: k.t.Count, Next: k.match.Next})
	a.count(k.t, true)
	a.out.Add(change.SetInfo{ID: k.t.ID, Key: token.InfoLastAuth, Value: timespec.FormatMicros(a.env.Now.In(a.env.Local))})
	if s, has := k.typ.(tokentype.AfterSuccess); has {
		a.out.Add(s.AfterSuccess(k.t)...)
		return nil
	}
	if f, has := k.typ.(tokentype.Follower); has {
		after, err := f.Follow(ctx, a.env, k.t, k.match)
		if err != nil {
			return err
		}
		if after != nil {
			a.env.After(after)
		}
	}
	if a.Rules.PINMode != TokenPIN || k.pin == "" {
		return nil
	}
	renewed, err := a.c.PINs.Renew(ctx, k.t.PINHash, secret.New(k.pin))
	if err != nil || renewed == "" {
		return err
	}
	a.out.Add(change.ReplacePIN{ID: k.t.ID, Old: k.t.PINHash, New: renewed})
	return nil
}

// spend makes a right value useless although the token may not be used.
func (a *attempt) spend(k *candidate) {
	if k.match.Next != k.t.Count {
		a.out.Add(change.MoveCounter{ID: k.t.ID, Seen: k.t.Count, Next: k.match.Next})
	}
}

// pinOnly refuses tokens whose PIN was right and whose value was wrong.
func (a *attempt) pinOnly(list []*candidate) {
	a.reply.Message = msgWrongOTP
	for _, k := range list {
		a.out.Add(k.match.Changes...)
		a.fail(k.t)
		if a.env.Settings.Bool("ResetFailcounterOnPIN", false) {
			a.clearByTime(k.t)
		}
		a.count(k.t, false)
	}
	if len(list) == 1 {
		t := list[0].t
		if list[0].match.Previous {
			a.reply.Message += msgPrevious
		}
		a.reply.Serial, a.reply.Type, a.reply.OTPLen = t.Serial, t.Type, t.OTPLen
		a.reply.Detail = list[0].match.Detail
	}
}

func (a *attempt) fail(t *token.Token) {
	a.out.Add(change.FailToken{ID: t.ID, At: timespec.FormatMinutes(a.env.Now.In(a.env.Local))})
}

// count keeps how often a token was used.
func (a *attempt) count(t *token.Token, success bool) {
	if a.env.Settings.Bool("no_auth_counter", false) {
		return
	}
	if success {
		a.out.Add(change.CountInfo{ID: t.ID, Key: token.InfoCountSuccess})
	}
	a.out.Add(change.CountInfo{ID: t.ID, Key: token.InfoCount})
}

// clearByTime resets a fail counter at its limit when the configured time has
// passed. It returns the fail counter that then counts.
func (a *attempt) clearByTime(t *token.Token) int {
	failing := a.env.Failing(t)
	if failing != t.FailCount {
		a.out.Add(change.ResetFail{ID: t.ID})
	}
	return failing
}

// unfit says why a token may not be used now, "" when it may.
func (a *attempt) unfit(t *token.Token, failing int) string {
	return t.Unfit(a.env.Now, a.env.Local, failing)
}

func (a *attempt) changeDates(t *token.Token, pin *string, pinDue *bool, pw *string, pwDue *bool) {
	due := func(key string) (string, bool) {
		text := t.InfoText(key)
		at := t.InfoTime(key, a.env.Local)
		return text, !at.IsZero() && a.env.Now.After(at)
	}
	*pin, *pinDue = due(token.InfoNextPINChange)
	*pw, *pwDue = due(token.InfoNextPWChange)
}

func (a *attempt) resetOthers() {
	for _, t := range a.Tokens {
		if t.FailCount > 0 && t.TypeKey() != "registration" {
			a.out.Add(change.ResetFail{ID: t.ID})
		}
	}
}

// newTransaction makes the id of a transaction.
func (a *attempt) newTransaction() (string, error) { return randtext.TransactionID(a.env.Rand) }
