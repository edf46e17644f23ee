package login

import (
	"context"

	"edumfa/internal/change"
	"edumfa/internal/secret"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Help checks PIN and value against tokens whose owners help somebody else to
// log in. It is right when exactly one token fits, which is then used like in a
// login of its own. Nothing is sent, asked or counted for the others: whoever
// may try here must not be able to lock the tokens of a whole realm. What is
// tried is counted with the token that asks for help.
func (c *Checker) Help(ctx context.Context, env *tokentype.Env, tokens []*token.Token, pass secret.String) (tokentype.Helper, bool, error) {
	var changes change.Set
	own := *env
	own.Changes, own.MayWait = &changes, false
	a := &attempt{Attempt: &Attempt{Tokens: tokens, Pass: pass, Checked: PINMemory{}}, c: c, env: &own, out: &changes}
	var found []*candidate
	for _, t := range tokens {
		typ, known := c.Types.Get(t.TypeKey())
		if !known || typ.Info().Planned || !typ.Info().Authenticates || !own.Usable(t) {
			continue
		}
		k := &candidate{t: t, typ: typ}
		if k.pin, k.otp, k.split = a.split(k); !k.split {
			continue
		}
		var err error
		if f := k.forwarder(); f != nil { // what helps is not shown to servers for trial
			if !f.PINHere(t) {
				continue
			}
			right, err := a.pinRight(ctx, t, k.pin)
			if err != nil {
				return tokentype.Helper{}, false, err
			}
			if !right {
				continue
			}
		}
		if k.match, err = typ.Verify(ctx, &own, t, secret.New(k.otp)); err != nil {
			return tokentype.Helper{}, false, err
		}
		if !k.match.OK {
			continue
		}
		right, err := a.pinOf(ctx, k)
		if err != nil {
			return tokentype.Helper{}, false, err
		}
		if right {
			found = append(found, k)
		}
	}
	if len(found) != 1 {
		return tokentype.Helper{}, false, nil
	}
	k := found[0]
	a.out.Add(k.match.Changes...)
	a.out.Add(change.UseToken{ID: k.t.ID, Seen: k.t.Count, Next: k.match.Next})
	a.count(k.t, true)
	a.out.Add(change.SetInfo{ID: k.t.ID, Key: token.InfoLastAuth, Value: timespec.FormatMicros(own.Now.In(own.Local))})
	if s, has := k.typ.(tokentype.AfterSuccess); has {
		a.out.Add(s.AfterSuccess(k.t)...)
	}
	h := tokentype.Helper{Serial: k.t.Serial, Changes: changes.All()}
	if k.match.Next != k.t.Count {
		h.Spent = []change.Change{change.MoveCounter{ID: k.t.ID, Seen: k.t.Count, Next: k.match.Next}}
	}
	return h, true, nil
}
