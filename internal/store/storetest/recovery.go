package storetest

import (
	"time"

	"edumfa/internal/change"
	"edumfa/internal/recovery"
	"edumfa/internal/store"
)

func (k *kit) recoveryCodes() {
	code := func(hash, login string, made time.Time) recovery.Code {
		c := recovery.Code{Hash: hash, Login: login, Realm: "realm1", Made: made, Expires: made.Add(recovery.Lifetime)}
		var err error
		c.ID, err = k.db.AddRecoveryCode(k.ctx, c)
		k.must(err)
		return c
	}
	code("old", "alice", moment.Add(-61*time.Minute))
	first := code("first", "alice", moment.Add(-59*time.Minute))
	second := code("second", "alice", moment)
	other := code("other", "bob", moment)
	// the field's programs write local times
	equal(k, "time in the row", k.one("SELECT COUNT(*) FROM passwordreset WHERE recoverycode = 'second' AND expiration = ?", "2027-07-04 13:20:30.123456"), any(int64(1)))

	of := func(login string, want ...recovery.Code) {
		k.t.Helper()
		list, err := k.db.RecoveryCodes(k.ctx, login, "realm1", moment)
		k.must(err)
		equal(k, "codes of "+login, len(list), len(want))
		for i := range min(len(list), len(want)) {
			equal(k, "code", list[i].Hash, want[i].Hash)
			equal(k, "made", list[i].Made.Equal(want[i].Made), true)
			equal(k, "expires", list[i].Expires.Equal(want[i].Expires), true)
		}
	}
	of("alice", second, first)
	of("bob", other)

	n, err := k.db.DeleteExpiredRecoveryCodes(k.ctx, moment)
	k.must(err)
	equal(k, "expired", n, int64(1))

	use := change.UseRecoveryCode{ID: first.ID, Login: "alice", Realm: "realm1"}
	k.must(k.db.Apply(k.ctx, []change.Change{use}, nil))
	of("alice")
	of("bob", other)
	k.wantErr(k.db.Apply(k.ctx, []change.Change{use}, nil), store.ErrConflict)

	k.must(k.db.DeleteRecoveryCode(k.ctx, other.ID))
	equal(k, "left", k.count("passwordreset"), 0)
}
