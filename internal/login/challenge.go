package login

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// respond takes Pass as the answer to a challenge.
func (a *attempt) respond(ctx context.Context, list []*candidate) (bool, error) {
	var asked []*candidate
	rows := map[string][]challenge.Challenge{}
	for _, c := range a.Open {
		rows[c.Serial] = append(rows[c.Serial], c) // those that have expired, too: they were asked
	}
	var others []*candidate
	for _, k := range list {
		if len(rows[k.t.Serial]) > 0 {
			asked = append(asked, k)
		} else {
			others = append(others, k)
		}
	}
	if len(asked) == 0 {
		// a transaction that never was, or is over, counts like a wrong PIN
		a.reply.Message = msgWrongPIN
		if a.env.Settings.FailOnWrongPIN() {
			for _, k := range others {
				a.fail(k.t)
				a.count(k.t, false)
			}
		}
		return false, nil
	}
	for _, k := range asked {
		if k.t.Locked {
			return false, mfaerr.NewRequest(mfaerr.CodeTokenLocked, "This action is not possible, since the token is locked")
		}
		row, found, err := a.answer(ctx, k, rows[k.t.Serial])
		if err != nil {
			return false, err
		}
		if found {
			return a.answered(ctx, k, row, asked)
		}
	}
	for _, k := range asked {
		if !k.typ.Info().OutOfBand {
			a.fail(k.t)
		}
	}
	if len(asked) == 1 {
		t := asked[0].t
		a.reply.Serial, a.reply.Type, a.reply.Message = t.Serial, t.Type, msgNoMatch
	} else {
		a.reply.Message = sprintf(msgNoMatchN, len(asked))
	}
	return false, nil
}

// answer tries the open challenges of one token.
func (a *attempt) answer(ctx context.Context, k *candidate, rows []challenge.Challenge) (challenge.Challenge, bool, error) {
	for _, row := range rows {
		if !row.Open(a.env.Now.UTC()) {
			continue
		}
		var m tokentype.Match
		var err error
		if e, enrols := k.typ.(tokentype.EnrolAnswerer); enrols && row.Session == challenge.SessionEnrollment {
			if m.Changes, err = e.EnrolAnswer(ctx, a.env, k.t, a.Pass); err == nil {
				m.OK, m.Next = true, k.t.Count
			}
		} else if r, own := k.typ.(tokentype.Responder); own {
			m, err = r.Respond(ctx, a.env, k.t, row, a.Pass)
		} else {
			m, err = k.typ.Verify(ctx, a.env, k.t, a.Pass)
		}
		if err != nil {
			return row, false, err
		}
		a.out.Add(m.Changes...)
		if m.OK {
			k.match = m
			return row, true, nil
		}
		if m.Reason != "" {
			a.reply.Reason = m.Reason
		}
		if !k.typ.Info().OutOfBand {
			a.out.Add(change.AnswerReceived{ID: row.ID})
		}
	}
	return challenge.Challenge{}, false, nil
}

// answered records the right answer to a challenge.
func (a *attempt) answered(ctx context.Context, k *candidate, row challenge.Challenge, asked []*candidate) (bool, error) {
	a.reply.Serial, a.reply.Used = k.t.Serial, k.t.Type
	a.out.Add(change.UseChallenge{ID: row.ID})
	if reason := a.unfit(k.t, k.t.FailCount); reason != "" {
		a.reply.Message = msgUnfit + ". " + reason
		a.spend(k)
		for _, other := range asked {
			a.fail(other.t)
		}
		return false, nil
	}
	if _, enrols := k.typ.(tokentype.EnrolAnswerer); enrols && row.Session == challenge.SessionEnrollment {
		a.count(k.t, true)
		a.out.Add(change.EndTransaction{TransactionID: row.TransactionID})
		a.reply.Serial, a.reply.Used = "", ""
		return false, a.prompt(ctx, []*candidate{k})
	}
	a.reply.Message = msgChallenge
	a.changeDates(k.t, &a.reply.NextPINChange, &a.reply.PINChangeDue, &a.reply.NextPasswordChange, &a.reply.PasswordChangeDue)
	if further, err := a.further(ctx, k, row); further || err != nil {
		return false, err
	}
	if err := a.succeed(ctx, k); err != nil {
		return false, err
	}
	a.out.Add(change.EndTransaction{TransactionID: row.TransactionID})
	return true, nil
}

// further makes the next challenge of a token whose logins take several answers.
// The answered one is gone, so that no answer counts twice.
func (a *attempt) further(ctx context.Context, k *candidate, row challenge.Challenge) (bool, error) {
	by, can := k.typ.(tokentype.MoreChallenges)
	if !can {
		return false, nil
	}
	p, more, err := by.More(ctx, a.env, k.t, row, k.match)
	if err != nil || !more {
		return false, err
	}
	id, err := a.newTransaction()
	if err != nil {
		return false, err
	}
	a.count(k.t, true)
	a.out.Add(p.Then...)
	a.store(id, k, p)
	a.reply = Reply{Message: p.Message, Serial: k.t.Serial, Type: k.t.TypeKey(), Prompted: true, Messages: []string{p.Message}, Prompts: []Prompt{a.describe(id, k, p)}}
	return true, nil
}

// ask makes challenges for tokens that the PIN asked for.
func (a *attempt) ask(ctx context.Context, list []*candidate) error {
	active := slices.DeleteFunc(slices.Clone(list), func(k *candidate) bool { return !k.t.Active })
	if len(active) == 0 {
		a.reply.Message = msgNoActive
		return nil
	}
	return a.prompt(ctx, active)
}

// Trigger makes challenges for those of the tokens that can be asked, without a
// PIN. It returns how many came to be.
func (c *Checker) Trigger(ctx context.Context, env *tokentype.Env, tokens []*token.Token, failOnChallenge bool) (int, Reply, error) {
	a := &attempt{Attempt: &Attempt{Rules: Rules{FailOnChallenge: failOnChallenge}}, c: c, env: env, out: env.Changes}
	var list []*candidate
	for _, t := range tokens {
		if !t.Active || t.Revoked || t.Locked {
			continue
		}
		if typ, known := c.Types.Get(t.TypeKey()); known && typ.Info().Challenges && !typ.Info().Planned {
			list = append(list, &candidate{t: t, typ: typ})
		}
	}
	err := a.prompt(ctx, list)
	return len(a.reply.Prompts), a.reply, err
}

// prompt makes one challenge for each token that is fit, all in one transaction.
func (a *attempt) prompt(ctx context.Context, list []*candidate) error {
	a.reply.Prompted = true
	id, err := a.newTransaction()
	if err != nil {
		return err
	}
	a.env.Transaction = id
	var sends []func() error
	for _, k := range list {
		failing := a.clearByTime(k.t)
		if a.Rules.FailOnChallenge {
			a.fail(k.t)
			failing = min(failing+1, k.t.MaxFail)
		}
		if reason := a.unfit(k.t, failing); reason != "" {
			a.reply.Messages = append(a.reply.Messages, reason)
			continue
		}
		p, err := a.promptFor(ctx, k)
		if err != nil {
			return err
		}
		a.out.Add(p.Then...)
		if p.Failed {
			a.reply.Messages = append(a.reply.Messages, p.Message)
			continue
		}
		// the first challenge of a transaction comes before its id, in this member
		if state, has := p.Attributes["state"]; has && state == nil && len(a.reply.Prompts) > 0 {
			p.Attributes["state"] = id
		}
		a.store(id, k, p)
		a.reply.Messages = append(a.reply.Messages, p.Message)
		at := len(a.reply.Messages) - 1
		a.reply.Prompts = append(a.reply.Prompts, a.describe(id, k, p))
		if p.Send != nil {
			serial := k.t.Serial
			sends = append(sends, func() error { return a.send(ctx, p, at, id, serial) })
		}
	}
	if len(sends) > 0 {
		// what is sent cannot be taken back: the counter and the challenge first
		if err := a.env.Flush(ctx); err != nil {
			return err
		}
		for _, s := range sends {
			if err := s(); err != nil {
				return err
			}
		}
	}
	a.reply.Message = strings.Join(a.reply.Messages, ", ")
	if n := len(a.reply.Prompts); n > 0 {
		last := a.reply.Prompts[n-1]
		a.reply.Serial, a.reply.Type = last.Serial, last.Type
	}
	return nil
}

// send delivers a prompt. One that cannot be delivered is no challenge: it is
// taken out of the answer and its row ends.
func (a *attempt) send(ctx context.Context, p tokentype.Prompt, at int, id, serial string) error {
	message, err := p.Send(ctx)
	if err == nil {
		return nil
	}
	a.env.After(func(context.Context) error {
		return fmt.Errorf("what token %s asks could not be sent: %w", serial, err)
	})
	a.reply.Messages[at] = message
	if p.Stays {
		for i := range a.reply.Prompts {
			if a.reply.Prompts[i].Serial == serial {
				a.reply.Prompts[i].Message = message
			}
		}
		return nil
	}
	a.reply.Prompts = slices.DeleteFunc(a.reply.Prompts, func(x Prompt) bool { return x.Serial == serial })
	a.out.Add(change.EndChallenge{TransactionID: id, Serial: serial})
	return nil
}

func (a *attempt) promptFor(ctx context.Context, k *candidate) (tokentype.Prompt, error) {
	if k.opening != nil {
		return *k.opening, nil
	}
	if p, own := k.typ.(tokentype.Prompter); own {
		return p.Prompt(ctx, a.env, k.t)
	}
	text, ok, err := a.env.Rules.Text("authentication", "challenge_text")
	if err != nil {
		return tokentype.Prompt{}, err
	}
	if !ok || text == "" {
		text = defaultPrompt
	}
	return tokentype.Prompt{Message: text}, nil
}

func (a *attempt) store(id string, k *candidate, p tokentype.Prompt) {
	valid := p.Valid
	if valid == 0 {
		valid = a.env.Settings.ChallengeValidity(k.t.TypeKey())
	}
	now := a.env.Now.UTC()
	a.out.Add(change.NewChallenge{Challenge: challenge.Challenge{
		TransactionID: id, Serial: k.t.Serial, Challenge: p.Challenge, Data: p.Data, Session: p.Session, Timestamp: now, Expiration: now.Add(valid),
	}})
}

func (a *attempt) describe(id string, k *candidate, p tokentype.Prompt) Prompt {
	out := Prompt{TransactionID: id, Serial: k.t.Serial, Type: k.t.TypeKey(), ClientMode: k.typ.Info().ClientMode, Message: p.Message,
		HasAttributes: p.Attributes != nil, Attributes: p.Attributes, Image: p.Image, HasImage: p.HasImage}
	a.changeDates(k.t, &out.NextPINChange, &out.PINChangeDue, &out.NextPasswordChange, &out.PasswordChangeDue)
	return out
}

// OTPOnly checks a value without a PIN and without any of the token's limits
// that a PIN login obeys, as /validate/check does with otponly. A locked or
// revoked token is refused all the same.
func (c *Checker) OTPOnly(ctx context.Context, env *tokentype.Env, t *token.Token, otp secret.String) (bool, Reply, error) {
	typ, known := c.Types.Get(t.TypeKey())
	if !known || t.Locked || t.Revoked {
		return false, Reply{}, mfaerr.NewRequest(mfaerr.CodeTokenLocked, "This action is not possible, since the token is locked")
	}
	still := *env
	still.MayWait = false // without a PIN nobody is asked on his phone
	m, err := typ.Verify(ctx, &still, t, otp)
	if err != nil {
		return false, Reply{}, err
	}
	env.Changes.Add(m.Changes...)
	if !m.OK {
		return false, Reply{Message: MsgOTPOnlyWrong}, nil
	}
	if m.Next != t.Count {
		env.Changes.Add(change.MoveCounter{ID: t.ID, Seen: t.Count, Next: m.Next})
	}
	return true, Reply{}, nil
}
