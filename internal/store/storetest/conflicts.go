package storetest

import (
	"errors"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/store"
	"edumfa/internal/token"
)

// conflicts: every kind of change, where what it saw is no longer so. Either it
// is a conflict, and nothing of the transaction is stored, or somebody else is
// right and the rest goes on.
func (k *kit) conflicts() {
	const gone = 999999
	for _, c := range []struct {
		name     string
		change   func(t *token.Token) change.Change
		conflict bool
	}{
		{"use: counter moved", func(t *token.Token) change.Change { return change.UseToken{ID: t.ID, Seen: 4, Next: 6} }, true},
		{"use: token gone", func(*token.Token) change.Change { return change.UseToken{ID: gone, Seen: 5, Next: 6} }, true},
		{"move: counter moved", func(t *token.Token) change.Change { return change.MoveCounter{ID: t.ID, Seen: 4, Next: 6} }, true},
		{"move: token gone", func(*token.Token) change.Change { return change.MoveCounter{ID: gone, Seen: 5, Next: 6} }, true},
		{"fail: token gone", func(*token.Token) change.Change { return change.FailToken{ID: gone} }, true},
		{"reset: token gone", func(*token.Token) change.Change { return change.ResetFail{ID: gone} }, true},
		{"info: token gone", func(*token.Token) change.Change { return change.SetInfo{ID: gone, Key: "k", Value: "v"} }, true},
		{"no info: token gone", func(*token.Token) change.Change { return change.DeleteInfo{ID: gone, Key: "k"} }, true},
		{"no info: none there", func(t *token.Token) change.Change { return change.DeleteInfo{ID: t.ID, Key: "k"} }, false},
		{"take info: token gone", func(*token.Token) change.Change {
			return change.TakeInfo{ID: gone, Key: "tokenkind", Value: "software"}
		}, true},
		{"take info: another value", func(t *token.Token) change.Change { return change.TakeInfo{ID: t.ID, Key: "tokenkind", Value: "x"} }, true},
		{"remembered login: gone", func(*token.Token) change.Change { return change.UseRemembered{ID: gone, At: moment} }, true},
		{"count: token gone", func(*token.Token) change.Change { return change.CountInfo{ID: gone, Key: "k"} }, true},
		{"PIN: another one", func(t *token.Token) change.Change { return change.ReplacePIN{ID: t.ID, Old: "other", New: "new"} }, false},
		{"delete: token gone", func(*token.Token) change.Change { return change.DeleteToken{ID: gone, Serial: "T9"} }, true},
		{"set challenge: gone", func(*token.Token) change.Change {
			return change.SetChallenge{Challenge: challenge.Challenge{ID: gone}}
		}, true},
		{"confirm challenge: gone", func(*token.Token) change.Change { return change.ConfirmChallenge{ID: gone} }, true},
		{"decline challenge: gone", func(*token.Token) change.Change { return change.DeclineChallenge{ID: gone} }, true},
		{"use challenge: gone", func(*token.Token) change.Change { return change.UseChallenge{ID: gone} }, true},
		{"end transaction: none", func(*token.Token) change.Change { return change.EndTransaction{TransactionID: "9"} }, false},
		{"end challenge: none", func(*token.Token) change.Change { return change.EndChallenge{TransactionID: "9", Serial: "T9"} }, false},
		{"end challenges: none", func(*token.Token) change.Change { return change.EndChallenges{Serial: "T9"} }, false},
		{"answer: challenge gone", func(*token.Token) change.Change { return change.AnswerReceived{ID: gone} }, false},
		{"recovery code: gone", func(*token.Token) change.Change {
			return change.UseRecoveryCode{ID: gone, Login: "alice", Realm: "realm1"}
		}, true},
		{"administrator: another password", func(*token.Token) change.Change {
			return change.SetAdminPassword{Username: "nobody", Old: "a", New: "b"}
		}, false},
	} {
		k.empty()
		t := k.newToken("T1", func(t *token.Token) { t.Count, t.PINHash = 5, "pin" })
		mark := change.NewChallenge{Challenge: challenge.Challenge{TransactionID: "1", Serial: "mark"}}
		err := k.db.Apply(k.ctx, []change.Change{mark, c.change(t)}, entry("x"))
		stored := 1
		switch {
		case c.conflict:
			stored = 0
			if !errors.Is(err, store.ErrConflict) {
				k.t.Errorf("%s: error %v, want a conflict", c.name, err)
			}
		case err != nil:
			k.t.Errorf("%s: %v", c.name, err)
		}
		equal(k, c.name+": challenges", k.count("challenge"), stored)
		equal(k, c.name+": audit rows", k.count("mfa_audit"), stored)
		equal(k, c.name+": tokeninfo", k.count("tokeninfo"), 1)
		got := k.load("T1")
		equal(k, c.name+": counter", got.Count, int64(5))
		equal(k, c.name+": PIN", got.PINHash, "pin")
	}
}
