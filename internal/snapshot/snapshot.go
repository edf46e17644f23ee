// Package snapshot keeps the configuration that administrators change at run
// time as one immutable picture in memory: settings, realms, policies, events,
// connectors to certificate authorities.
// It is replaced as a whole when the database's timestamp has moved, so that a
// request works with one state from beginning to end and reads none of it from
// the database.
package snapshot

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/clientip"
	"edumfa/internal/event"
	"edumfa/internal/policy"
	"edumfa/internal/realm"
	"edumfa/internal/resolver"
	"edumfa/internal/settings"
)

// Snapshot is one state of the configuration.
type Snapshot struct {
	Settings settings.Settings
	Realms   *realm.Directory
	Policies *policy.Set
	Events   *event.Snapshot
	CAs      *ca.Directory
	// Proxies maps forwarded client addresses (setting OverrideAuthorizationClient).
	Proxies clientip.Mapping
	// Applications are those that tokens are attached to: a login asks for the
	// attachments of a token only if there are such at all.
	Applications []string

	stamp  string // the row it was loaded at
	second int64  // when it was loaded, Unix seconds
}

// Store reads the rows.
type Store interface {
	Timestamp(ctx context.Context) (string, error)
	Settings(ctx context.Context) ([]settings.Entry, error)
	Realms(ctx context.Context) ([]realm.Row, error)
	Resolvers(ctx context.Context) ([]resolver.Stored, error)
	Policies(ctx context.Context) ([]policy.Row, error)
	Events(ctx context.Context) ([]event.Row, error)
	CAConnectors(ctx context.Context) ([]ca.Definition, error)
	AttachedApplications(ctx context.Context) ([]string, error)
}

// Holder hands out the current snapshot.
type Holder struct {
	store   Store
	stamps  stamps
	opener  *realm.Opener
	cas     *ca.Opener
	decrypt func(string) string
	now     func() time.Time
	// every is how long a snapshot is used before the timestamp is looked at;
	// zero looks at every request.
	every time.Duration
	// grace is how long replaced resolvers and connectors stay open for requests under way.
	grace time.Duration

	loaded func(error)

	current atomic.Pointer[Snapshot]
	looked  atomic.Int64 // Unix nanoseconds of the last look
	loading sync.Mutex

	retiring sync.Mutex
	retired  map[*time.Timer]func()
	closed   bool
}

// grace is more than the longest request: what it uses is not closed under it.
const grace = 3 * time.Minute

// Options of New.
type Options struct {
	Store   Store
	Opener  *realm.Opener
	CAs     *ca.Opener
	Decrypt func(stored string) string // values of settings of type password
	Now     func() time.Time
	Every   time.Duration
	// Loaded is told of every load and its error; nil tells nobody.
	Loaded func(error)
}

// New makes a holder; the first Current loads.
func New(o Options) *Holder {
	return &Holder{store: o.Store, stamps: stamps{ask: o.Store.Timestamp}, opener: o.Opener, cas: o.CAs, decrypt: o.Decrypt, now: o.Now, every: o.Every, grace: grace, loaded: o.Loaded}
}

// Current returns the configuration as the database has it now.
func (h *Holder) Current(ctx context.Context) (*Snapshot, error) {
	s := h.current.Load()
	if s != nil && h.every > 0 && h.now().UnixNano()-h.looked.Load() < int64(h.every) {
		return s, nil
	}
	stamp, err := h.stamps.read(ctx)
	if err != nil {
		return nil, err
	}
	h.looked.Store(h.now().UnixNano())
	if s != nil && h.fresh(s, stamp) {
		return s, nil
	}
	h.loading.Lock()
	defer h.loading.Unlock()
	if now := h.current.Load(); now != nil && now != s {
		// Somebody else loaded meanwhile, perhaps more than we know of.
		if stamp, err = h.store.Timestamp(ctx); err != nil {
			return nil, err
		}
		if h.fresh(now, stamp) {
			return now, nil
		}
	}
	s, err = h.load(ctx)
	if h.loaded != nil {
		h.loaded(err)
	}
	return s, err
}

// fresh reports whether s still is the configuration. Programs that write whole
// seconds can change it twice in one, so a snapshot that is not younger than the
// stamp's second is loaded once more when that second is over.
func (h *Holder) fresh(s *Snapshot, stamp string) bool {
	if s.stamp != stamp || stamp == "" {
		return false
	}
	second := stampSeconds(stamp)
	return second < s.second || h.now().Unix() <= second
}

func stampSeconds(stamp string) int64 {
	var n int64
	for _, c := range stamp {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// Invalidate makes the next Current load, whatever the timestamp says.
func (h *Holder) Invalidate() { h.current.Store(nil) }

// retire closes a replaced resolver or connector when no request can use it any more.
func (h *Holder) retire(closeIt func()) {
	h.retiring.Lock()
	defer h.retiring.Unlock()
	if h.closed {
		closeIt()
		return
	}
	var t *time.Timer
	t = time.AfterFunc(h.grace, func() {
		h.retiring.Lock()
		delete(h.retired, t)
		h.retiring.Unlock()
		closeIt()
	})
	if h.retired == nil {
		h.retired = map[*time.Timer]func(){}
	}
	h.retired[t] = closeIt
}

// Close closes all resolvers and connectors. No request may be under way.
func (h *Holder) Close() {
	h.retiring.Lock()
	for t, closeIt := range h.retired {
		if t.Stop() {
			closeIt()
		}
	}
	h.retired, h.closed = nil, true
	h.retiring.Unlock()
	h.opener.Close()
	h.cas.Close()
}

func (h *Holder) load(ctx context.Context) (*Snapshot, error) {
	s := &Snapshot{second: h.now().Unix()}
	var err error
	// the stamp first: a change while we read makes it old at once
	if s.stamp, err = h.store.Timestamp(ctx); err != nil {
		return nil, err
	}
	entries, err := h.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	for i, e := range entries {
		if e.Type == settings.TypePassword {
			entries[i].Value = h.decrypt(e.Value)
		}
	}
	s.Settings = settings.New(entries)
	realms, err := h.store.Realms(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := h.store.Resolvers(ctx)
	if err != nil {
		return nil, err
	}
	policies, err := h.store.Policies(ctx)
	if err != nil {
		return nil, err
	}
	events, err := h.store.Events(ctx)
	if err != nil {
		return nil, err
	}
	connectors, err := h.store.CAConnectors(ctx)
	if err != nil {
		return nil, err
	}
	if s.Applications, err = h.store.AttachedApplications(ctx); err != nil {
		return nil, err
	}
	s.CAs = h.cas.Picture(connectors, h.retire)
	s.Policies = policy.NewSet(policies, h.now)
	definitions := make([]event.Definition, len(events))
	for i, e := range events {
		definitions[i] = event.FromRow(e)
	}
	s.Events = event.NewSnapshot(definitions)
	// A mapping that cannot be read trusts no proxy.
	s.Proxies, _ = clientip.ParseMapping(s.Settings.Text("OverrideAuthorizationClient", ""))
	s.Realms = h.opener.Open(ctx, realms, stored, h.retire)
	h.current.Store(s)
	return s, nil
}
