package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/store"
)

func (k *kit) caConnectors() {
	d := ca.Definition{Name: "pki", Kind: "local", Options: []ca.Option{{Key: "cakey", Value: "/x", Type: "string", Description: "d"}, {Key: "pin", Value: "sealed", Type: "password"}}}
	before := k.stampOr(0)
	var err error
	d.ID, err = k.db.SaveCAConnector(k.ctx, d)
	k.must(err)
	if k.stamp() <= before {
		k.t.Error("the stamp does not move")
	}
	again, err := k.db.SaveCAConnector(k.ctx, ca.Definition{Name: "pki", Kind: "local", Options: []ca.Option{{Key: "cakey", Value: "/y"}, {Key: "cacert", Value: "/c", Type: "string"}}})
	k.must(err)
	equal(k, "id", again, d.ID)
	d.Options[0] = ca.Option{Key: "cakey", Value: "/y"}
	d.Options = append(d.Options, ca.Option{Key: "cacert", Value: "/c", Type: "string"})
	list, err := k.db.CAConnectors(k.ctx)
	k.must(err)
	equal(k, "connectors", list, []ca.Definition{d})

	other, err := k.db.SaveCAConnector(k.ctx, ca.Definition{Name: "PKI", Kind: "microsoft"})
	if k.product == "mariadb" || k.product == "mysql" {
		k.wantErr(err, store.ErrConflict) // there it is the same name
	} else {
		k.must(err)
		equal(k, "another connector", other != d.ID, true)
		gone, err := k.db.DeleteCAConnector(k.ctx, "PKI")
		k.must(err)
		equal(k, "deleted", gone, other)
	}
	_, err = k.db.DeleteCAConnector(k.ctx, "pKi")
	k.wantErr(err, store.ErrNotFound)
	id, err := k.db.DeleteCAConnector(k.ctx, "pki")
	k.must(err)
	equal(k, "deleted", id, d.ID)
	equal(k, "options", k.count("caconnectorconfig"), 0)
	_, err = k.db.DeleteCAConnector(k.ctx, "pki")
	k.wantErr(err, store.ErrNotFound)
}

// stampOr is the stamp, or what a database without one has.
func (k *kit) stampOr(none int64) int64 {
	if s, err := k.db.Timestamp(k.ctx); err != nil || s == "" {
		return none
	}
	return k.stamp()
}

// hold has two servers with several requests each want one lock.
func (k *kit) hold() {
	other := Open(k.t, k.uri, store.Options{Now: func() time.Time { return moment }})
	var mu sync.Mutex
	inside, most, done := 0, 0, 0
	work := func(context.Context) error {
		mu.Lock()
		inside++
		most = max(most, inside)
		mu.Unlock()
		_, err := other.Revision(k.ctx) // the database stays usable meanwhile
		mu.Lock()
		inside--
		done++
		mu.Unlock()
		return err
	}
	var wg sync.WaitGroup
	for range 15 {
		for _, db := range []*store.DB{k.db, other} {
			wg.Go(func() {
				if err := db.Hold(k.ctx, "a lock", work); err != nil {
					k.t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	equal(k, "at once", most, 1)
	equal(k, "done", done, 30)

	failed := errors.New("no")
	k.wantErr(k.db.Hold(k.ctx, "a lock", func(ctx context.Context) error {
		k.must(other.Hold(ctx, "another lock", func(context.Context) error { return nil }))
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		for _, db := range []*store.DB{k.db, other} {
			if err := db.Hold(short, "a lock", func(context.Context) error { return nil }); err == nil {
				k.t.Error("two have the lock")
			}
		}
		return failed
	}), failed)
	k.must(other.Hold(k.ctx, "a lock", func(context.Context) error { return nil }))
}
