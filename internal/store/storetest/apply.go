package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/store"
	"edumfa/internal/token"
)

func (k *kit) apply(c ...change.Change) error { return k.db.Apply(k.ctx, c, nil) }

func (k *kit) useToken() {
	t := k.newToken("T1", func(t *token.Token) {
		t.Count, t.FailCount = 5, 2
		t.Info[token.InfoFailExceeded] = token.Info{Value: "then"}
	})
	k.must(k.apply(change.UseToken{ID: t.ID, Seen: 5, Next: 8}))
	got := k.load("T1")
	equal(k, "count", got.Count, int64(8))
	equal(k, "failcount", got.FailCount, 0)
	_, exceeded := got.Info[token.InfoFailExceeded]
	equal(k, "mark of the fail counter", exceeded, false)
	k.wantErr(k.apply(change.UseToken{ID: t.ID, Seen: 5, Next: 8}), store.ErrConflict)
	// types without a counter use the token at the count it has
	k.must(k.apply(change.UseToken{ID: t.ID, Seen: 8, Next: 8}))
	k.must(k.apply(change.MoveCounter{ID: t.ID, Seen: 8, Next: 20}))
	k.wantErr(k.apply(change.MoveCounter{ID: t.ID, Seen: 8, Next: 20}), store.ErrConflict)
	for _, c := range []struct{ column, value, back string }{
		{"active", "FALSE", "TRUE"}, {"locked", "TRUE", "FALSE"}, {"revoked", "TRUE", "FALSE"}, {"failcount", "3", "1"},
	} {
		k.exec("UPDATE token SET " + c.column + " = " + c.value)
		k.wantErr(k.apply(change.UseToken{ID: t.ID, Seen: 20, Next: 21}), store.ErrConflict)
		k.exec("UPDATE token SET " + c.column + " = " + c.back)
	}
	k.must(k.apply(change.UseToken{ID: t.ID, Seen: 20, Next: 21, KeepFail: true}))
	equal(k, "failcount", k.load("T1").FailCount, 1)
	k.exec("UPDATE token SET locked = NULL, revoked = NULL")
	k.must(k.apply(change.UseToken{ID: t.ID, Seen: 21, Next: 22}))
}

func (k *kit) failCounter() {
	t := k.newToken("T1", nil) // maxfail is 3
	for range 2 {
		k.must(k.apply(change.FailToken{ID: t.ID, At: "first"}))
	}
	_, marked := k.load("T1").Info[token.InfoFailExceeded]
	equal(k, "mark before the limit", marked, false)
	k.must(k.apply(change.FailToken{ID: t.ID, At: "limit"}))
	k.must(k.apply(change.FailToken{ID: t.ID, At: "later"}))
	got := k.load("T1")
	equal(k, "failcount", got.FailCount, 3)
	equal(k, "mark", got.Info[token.InfoFailExceeded].Value, "limit")
	k.must(k.apply(change.ResetFail{ID: t.ID}))
	got = k.load("T1")
	_, marked = got.Info[token.InfoFailExceeded]
	equal(k, "mark after the reset", marked, false)
	equal(k, "failcount", got.FailCount, 0)
}

func (k *kit) countInfo() {
	t := k.newToken("T1", nil)
	for range 3 {
		k.must(k.apply(change.CountInfo{ID: t.ID, Key: "n"}))
	}
	equal(k, "counted", k.load("T1").Info["n"].Value, "3")
	// what is no number counts as none, and the login goes on
	for _, odd := range []string{"", "many", " 7 ", "1.5", "99999999999999999999"} {
		k.must(k.apply(change.SetInfo{ID: t.ID, Key: "n", Value: odd}))
		if err := k.apply(change.CountInfo{ID: t.ID, Key: "n"}); err != nil {
			k.t.Errorf("count after %q: %v", odd, errors.Unwrap(err))
		}
	}
	k.must(k.apply(change.SetInfo{ID: t.ID, Key: "a", Value: "1", Type: "x"}, change.SetInfo{ID: t.ID, Key: "a", Value: "1", Type: "x"}, change.DeleteInfo{ID: t.ID, Key: "n"}))
	got := k.load("T1").Info
	equal(k, "set", got["a"], token.Info{Value: "1", Type: "x"})
	if _, ok := got["n"]; ok {
		k.t.Error("deleted value is there")
	}
	equal(k, "rows", k.count("tokeninfo"), 2)
	take := change.TakeInfo{ID: t.ID, Key: "a", Value: "other"}
	k.wantErr(k.apply(take), store.ErrConflict)
	take.Value = "1"
	k.must(k.apply(take))
	k.wantErr(k.apply(take), store.ErrConflict)
	k.exec("UPDATE token SET pin_hash = 'old', pin_seed = 'aa'")
	k.must(k.apply(change.ReplacePIN{ID: t.ID, Old: "other", New: "no"}))
	equal(k, "pin", k.load("T1").PINHash, "old")
	k.must(k.apply(change.ReplacePIN{ID: t.ID, Old: "old", New: "new"}))
	equal(k, "pin", k.load("T1").PINHash+k.load("T1").PINSeed, "new")
}

func entry(user string) *audit.Entry {
	at := moment
	return &audit.Entry{Row: audit.Row{Date: &at, User: &user}, Sign: func(r *audit.Row) error {
		s := fmt.Sprintf("signature of %d", r.ID)
		r.Signature = &s
		return nil
	}}
}

func (k *kit) allOrNothing() {
	t := k.newToken("T1", nil)
	err := k.db.Apply(k.ctx, []change.Change{
		change.SetInfo{ID: t.ID, Key: "k", Value: "v"},
		change.NewChallenge{Challenge: challenge.Challenge{TransactionID: "1", Serial: "T1"}},
		change.UseToken{ID: t.ID, Seen: 99, Next: 100},
	}, entry("x"))
	k.wantErr(err, store.ErrConflict)
	equal(k, "info", len(k.load("T1").Info), 1)
	equal(k, "challenges", k.count("challenge"), 0)
	equal(k, "audit rows", k.count("mfa_audit"), 0)
	boom := errors.New("boom")
	k.wantErr(k.db.Apply(k.ctx, nil, &audit.Entry{Sign: func(*audit.Row) error { return boom }}), boom)
	err = k.db.InTx(k.ctx, func(ctx context.Context) error {
		if _, err := k.db.SetSetting(ctx, setting("k", "v")); err != nil {
			return err
		}
		return boom
	})
	if err == nil {
		k.t.Error("no error")
	}
	equal(k, "settings", k.count("config"), 0)
	// an unusable transaction does not spoil the next
	_ = k.db.InTx(k.ctx, func(ctx context.Context) error {
		_ = k.db.InsertToken(ctx, &token.Token{Serial: "T1", Type: "hotp"})
		return boom
	})
	k.newToken("T2", nil)
}

// Many requests bring the same value: one of them wins.
func (k *kit) contention() {
	t := k.newToken("T1", nil)
	k.must(k.apply(change.NewChallenge{Challenge: challenge.Challenge{TransactionID: "1", Serial: "T1"}}))
	open, err := k.db.Challenges(k.ctx, "1")
	k.must(err)
	second := Open(k.t, k.uri, store.Options{Now: func() time.Time { return moment }, Local: k.local})
	race := func(c change.Change) (won, lost int) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				db := k.db
				if i%2 == 1 {
					db = second
				}
				err := db.Apply(k.ctx, []change.Change{c}, entry(fmt.Sprint(i)))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case errors.Is(err, store.ErrConflict):
					lost++
				default:
					k.t.Errorf("%v: %v", err, errors.Unwrap(err))
				}
			})
		}
		wg.Wait()
		return won, lost
	}
	won, lost := race(change.UseToken{ID: t.ID, Seen: 0, Next: 1})
	equal(k, "counter: won", won, 1)
	equal(k, "counter: lost", lost, 23)
	won, lost = race(change.UseChallenge{ID: open[0].ID})
	equal(k, "challenge: won", won, 1)
	equal(k, "challenge: lost", lost, 23)
	won, _ = race(change.CountInfo{ID: t.ID, Key: "n"})
	equal(k, "counted requests", won, 24)
	if k.product == "sqlite" || k.load("T1").Info["n"].Value == "24" {
		equal(k, "counts", k.load("T1").Info["n"].Value, "24")
	} else if n := len(k.load("T1").Info); n != 2 {
		k.t.Errorf("%d kinds of tokeninfo", n)
	}
	equal(k, "audit rows", k.count("mfa_audit"), 1+1+24)
}

// Writers that share a commit fail alone.
func (k *kit) groupFailure() {
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			ctx := k.ctx
			if i%10 == 9 {
				gone, cancel := context.WithCancel(ctx)
				cancel()
				ctx = gone
			}
			err := k.db.InTx(ctx, func(ctx context.Context) error {
				t := &token.Token{Serial: fmt.Sprintf("T%02d", i), Type: "hotp"}
				if err := k.db.InsertToken(ctx, t); err != nil {
					return err
				}
				switch i % 10 {
				case 3:
					return errors.New("boom")
				case 5: // a statement that fails
					return k.db.InsertToken(ctx, &token.Token{Serial: t.Serial, Type: "hotp"})
				case 7:
					if k.product == "sqlite" {
						panic("boom")
					}
					return errors.New("boom")
				}
				return nil
			})
			if good := i%10 != 3 && i%10 != 5 && i%10 != 7 && i%10 != 9; good != (err == nil) {
				k.t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	equal(k, "tokens", k.count("token"), 24)
}

func (k *kit) challenges() {
	want := challenge.Challenge{TransactionID: "01234567890123456789", Serial: "T1", Challenge: "cc", Data: "dd", Session: challenge.SessionEnrollment,
		Timestamp: moment, Expiration: moment.Add(2 * time.Minute), Received: 1}
	k.must(k.apply(change.NewChallenge{Challenge: want}, change.NewChallenge{Challenge: challenge.Challenge{TransactionID: want.TransactionID, Serial: "T2", Timestamp: moment, Expiration: moment}}))
	list, err := k.db.Challenges(k.ctx, want.TransactionID)
	k.must(err)
	equal(k, "challenges", len(list), 2)
	want.ID = list[0].ID
	equal(k, "challenge", list[0], want)
	// the column is in UTC whatever the zone is
	equal(k, "timestamp", k.text("timestamp", "challenge", want.ID), "2027-07-04 10:20:30.123456")
	want.Valid, want.Received, want.Session, want.Data = true, 2, challenge.Declined, "x"
	k.must(k.apply(change.SetChallenge{Challenge: want}, change.AnswerReceived{ID: want.ID}))
	list, err = k.db.Challenges(k.ctx, want.TransactionID)
	k.must(err)
	want.Received = 3
	equal(k, "challenge", list[0], want)
	page, total, err := k.db.ChallengePage(k.ctx, challenge.Filter{Serial: "T*", TransactionID: want.TransactionID}, challenge.Order{By: "serial", Desc: true}, 0, 1)
	k.must(err)
	equal(k, "total", total, 2)
	equal(k, "page", page[0].Serial, "T2")
	_, total, err = k.db.ChallengePage(k.ctx, challenge.Filter{Serial: "T%"}, challenge.Order{}, 0, 10)
	k.must(err)
	equal(k, "total", total, 0)
	_, total, err = k.db.ChallengePage(k.ctx, challenge.Filter{OpenAt: want.Expiration}, challenge.Order{}, 0, 10)
	k.must(err)
	equal(k, "open at the end", total, 0)
	_, total, err = k.db.ChallengePage(k.ctx, challenge.Filter{Realms: []string{"nowhere"}}, challenge.Order{}, 0, 10)
	k.must(err)
	equal(k, "in realms", total, 0)
	k.must(k.apply(change.EndChallenge{TransactionID: want.TransactionID, Serial: "T2"}))
	k.must(k.apply(change.UseChallenge{ID: want.ID}))
	k.wantErr(k.apply(change.UseChallenge{ID: want.ID}), store.ErrConflict)
	k.wantErr(k.apply(change.SetChallenge{Challenge: want}), store.ErrConflict)
	k.must(k.apply(change.NewChallenge{Challenge: want}, change.EndTransaction{TransactionID: want.TransactionID}))
	equal(k, "left", k.count("challenge"), 0)
}

// text reads a date column of a row as the text every product agrees on.
func (k *kit) text(column, table string, id int64) string {
	k.t.Helper()
	expr := column
	switch k.product {
	case "postgres":
		expr = "TO_CHAR(" + column + ", 'YYYY-MM-DD HH24:MI:SS.US')"
	case "mariadb":
		expr = "CAST(" + column + " AS CHAR)"
	default:
		expr = "CAST(" + column + " AS TEXT)"
	}
	s, _ := k.one("SELECT "+expr+" FROM "+table+" WHERE id = ?", id).(string)
	return s
}

func (k *kit) expiredChallenges() {
	for i := range 25 {
		at := moment.Add(-time.Hour)
		if i >= 20 {
			at = moment.Add(time.Hour)
		}
		k.must(k.apply(change.NewChallenge{Challenge: challenge.Challenge{TransactionID: fmt.Sprint(i), Timestamp: at.Add(-time.Minute), Expiration: at}}))
	}
	for i, want := range []int64{8, 8, 4, 0} {
		n, err := k.db.DeleteExpiredChallenges(k.ctx, moment, 8)
		k.must(err)
		equal(k, fmt.Sprint("portion ", i), n, want)
	}
	equal(k, "open challenges", k.count("challenge"), 5)
}

// useNonce: a nonce is used once, by one request alone.
func (k *kit) useNonce() {
	c := change.UseNonce{Nonce: "a nonce", Expires: moment.Add(time.Minute)}
	used, err := k.db.NonceUsed(k.ctx, c.Nonce)
	k.must(err)
	equal(k, "used before", used, false)
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() { results[i] = k.apply(c) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
			continue
		}
		k.wantErr(err, store.ErrConflict)
	}
	equal(k, "requests that used it", won, 1)
	used, err = k.db.NonceUsed(k.ctx, c.Nonce)
	k.must(err)
	equal(k, "used", used, true)
	n, err := k.db.DeleteExpiredNonces(k.ctx, moment, 10)
	k.must(err)
	equal(k, "forgotten in time", n, int64(0))
	n, err = k.db.DeleteExpiredNonces(k.ctx, moment.Add(2*time.Minute), 10)
	k.must(err)
	equal(k, "forgotten afterwards", n, int64(1))
}
