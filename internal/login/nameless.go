package login

import (
	"context"

	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// MsgPasskey is told after a login by a token alone.
const MsgPasskey = "Passkey authentication worked!"

// Nameless decides a login in which the token says whose it is. The challenge is
// the caller's own and was not used before. others are all tokens of the owner.
// The limits of the token count as in every other login.
func (c *Checker) Nameless(ctx context.Context, env *tokentype.Env, t *token.Token, others []*token.Token, challenge []byte, rules Rules) (bool, Reply, error) {
	a := &attempt{Attempt: &Attempt{Tokens: others, Rules: rules}, c: c, env: env, out: env.Changes}
	a.reply = Reply{Serial: t.Serial, Type: t.Type}
	typ, known := c.Types.Get(t.TypeKey())
	by, can := typ.(tokentype.Nameless)
	if !known || !can {
		return false, a.reply, nil
	}
	if reason := a.unfit(t, a.clearByTime(t)); reason != "" {
		a.reply.Message = reason
		return false, a.reply, nil
	}
	m, err := by.RespondNameless(ctx, env, t, challenge)
	if err != nil {
		return false, a.reply, err
	}
	if !m.OK {
		a.reply.Reason = m.Reason
		a.fail(t)
		return false, a.reply, nil
	}
	a.out.Add(m.Changes...)
	a.reply.Message = MsgPasskey
	if err := a.succeed(ctx, &candidate{t: t, typ: typ, match: m}); err != nil {
		return false, a.reply, err
	}
	if rules.ResetAll {
		a.resetOthers()
	}
	return true, a.reply, nil
}
