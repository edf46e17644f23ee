package snapshot

import (
	"context"
	"sync/atomic"
	"time"

	"edumfa/internal/smsprovider"
	"edumfa/internal/smtpserver"
)

// outletAge bounds how long lists of outlets are used: other programs on the
// database change them without moving its timestamp.
const outletAge = 5 * time.Second

// OutletStore reads the rows of outlets.
type OutletStore interface {
	SMSGateways(ctx context.Context) ([]smsprovider.Gateway, error)
	SMTPServers(ctx context.Context) ([]smtpserver.Server, error)
}

// Outlets keeps the SMS gateways and mail servers with the snapshot they were
// read under, so that messages to users cost no question to the database each.
// What it gives must not be changed.
type Outlets struct {
	holder   *Holder
	store    OutletStore
	gateways kept[smsprovider.Gateway]
	servers  kept[smtpserver.Server]
}

// NewOutlets keeps what store has until h has another snapshot. Without a holder
// nothing is kept.
func NewOutlets(h *Holder, store OutletStore) *Outlets { return &Outlets{holder: h, store: store} }

// SMSGateway finds a gateway by its name.
func (o *Outlets) SMSGateway(ctx context.Context, name string) (g smsprovider.Gateway, found bool, err error) {
	return o.gateways.find(ctx, o.holder, o.store.SMSGateways, func(g smsprovider.Gateway) bool { return g.Name == name })
}

// SMTPServer finds a mail server by its identifier.
func (o *Outlets) SMTPServer(ctx context.Context, identifier string) (s smtpserver.Server, found bool, err error) {
	return o.servers.find(ctx, o.holder, o.store.SMTPServers, func(s smtpserver.Server) bool { return s.Identifier == identifier })
}

type kept[T any] struct {
	now atomic.Pointer[reading[T]]
}

type reading[T any] struct {
	under *Snapshot
	at    time.Time
	list  []T
}

// find reads once more before it says that there is none: it may be new.
func (k *kept[T]) find(ctx context.Context, h *Holder, read func(context.Context) ([]T, error), is func(T) bool) (x T, found bool, err error) {
	for _, x := range k.known(h) {
		if is(x) {
			return x, true, nil
		}
	}
	// the snapshot first: a change while we read makes the list old at once
	next := &reading[T]{}
	if h != nil {
		next.under, next.at = h.current.Load(), h.now()
	}
	if next.list, err = read(ctx); err != nil {
		return x, false, err
	}
	k.now.Store(next)
	for _, x := range next.list {
		if is(x) {
			return x, true, nil
		}
	}
	return x, false, nil
}

// known is the list that was read under the latest snapshot and is not old. Who
// finds none reads, and never waits for another request to read: that one might
// wait for the connection that this one's transaction has.
func (k *kept[T]) known(h *Holder) []T {
	had := k.now.Load()
	if h == nil || had == nil || had.under == nil || had.under != h.current.Load() {
		return nil
	}
	if age := h.now().Sub(had.at); age < 0 || age >= outletAge {
		return nil
	}
	return had.list
}
