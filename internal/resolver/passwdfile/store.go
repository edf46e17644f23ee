package passwdfile

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
)

// settleTime is how old a file's last change must be before an equal time and
// size mean an equal file: clocks of file systems may tick slowly.
const settleTime = 2 * time.Second

// store is one file. It is read when it is first needed and again when it has
// changed.
type store struct {
	name, file string
	passwords  Passwords
	now        func() time.Time
	log        *slog.Logger

	mu      sync.Mutex
	read    *content
	state   os.FileInfo // of the file when it was read
	settled bool
}

var (
	_ resolver.Resolver  = (*store)(nil)
	_ resolver.BatchByID = (*store)(nil)
)

func open(name string, v field.Values, p Passwords, d resolver.Deps) *store {
	now := d.Now
	if now == nil {
		now = func() time.Time { return time.Time{} }
	}
	return &store{name: name, file: fileOf(v, d.Dir), passwords: p, now: now, log: cmp.Or(d.Log, slog.New(slog.DiscardHandler))}
}

// Close does nothing: the file is not held open.
func (s *store) Close() error { return nil }

// current returns the content of the file as it is now.
func (s *store) current(ctx context.Context) (*content, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", resolver.ErrUnavailable, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state, err := os.Stat(s.file)
	if err == nil && s.read != nil && s.settled && same(state, s.state) {
		return s.read, nil
	}
	if err == nil {
		err = s.load(ctx)
	}
	if err != nil {
		s.read = nil
		return nil, fmt.Errorf("%w: %w", resolver.ErrUnavailable, err)
	}
	return s.read, nil
}

func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

func (s *store) load(ctx context.Context) error {
	f, err := os.Open(s.file)
	if err != nil {
		return err
	}
	defer f.Close()
	state, err := f.Stat()
	if err != nil {
		return err
	}
	if !state.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", s.file)
	}
	age := s.now().Sub(state.ModTime())
	c, err := parse(f)
	if err != nil {
		return fmt.Errorf("%s: %w", s.file, err)
	}
	if c.broken > 0 && (s.read == nil || s.read.broken != c.broken) {
		s.log.WarnContext(ctx, "lines of the user file have fewer than five fields and are left out",
			"resolver", s.name, "file", s.file, "lines", c.broken)
	}
	s.read, s.state = c, state
	s.settled = age < 0 || age > settleTime
	return nil
}

// ByLogin finds the user; case matters.
func (s *store) ByLogin(ctx context.Context, login string) (resolver.User, error) {
	c, err := s.current(ctx)
	if err != nil {
		return resolver.User{}, err
	}
	id, ok := c.byLogin[login]
	if !ok {
		return resolver.User{}, resolver.ErrNoUser
	}
	return c.entries[c.byID[id]].user(), nil
}

// ByID finds the user with the third field.
func (s *store) ByID(ctx context.Context, id string) (resolver.User, error) {
	e, err := s.entry(ctx, id)
	if err != nil {
		return resolver.User{}, err
	}
	return e.user(), nil
}

// ManyByID finds users by their ids.
func (s *store) ManyByID(ctx context.Context, ids []string) (map[string]resolver.User, error) {
	c, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]resolver.User{}
	for _, id := range ids {
		if i, ok := c.byID[id]; ok {
			found[id] = c.entries[i].user()
		}
	}
	return found, nil
}

// Search lists users in the order of the file.
func (s *store) Search(ctx context.Context, q resolver.Query) ([]resolver.User, error) {
	c, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	var users []resolver.User
	for i := range c.entries {
		if e := &c.entries[i]; e.fits(q) {
			users = append(users, e.user())
		}
	}
	return users, nil
}

// CheckPassword compares with the second field. Where that says that the hash
// is kept elsewhere, as x and * do, no password is right.
func (s *store) CheckPassword(ctx context.Context, id string, password secret.String) (bool, error) {
	e, err := s.entry(ctx, id)
	if err != nil {
		return false, err
	}
	switch {
	case password.Empty():
		return false, nil
	case e.hash == "x" || e.hash == "*" || e.hash == "":
		s.log.WarnContext(ctx, "the user file has no password for the user", "resolver", s.name, "userid", id)
		return false, nil
	}
	return s.passwords.Verify(e.hash, password.Reveal()), nil
}

func (s *store) entry(ctx context.Context, id string) (*entry, error) {
	c, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	i, ok := c.byID[id]
	if !ok {
		return nil, resolver.ErrNoUser
	}
	return &c.entries[i], nil
}

// user has all attributes, also empty ones.
func (e *entry) user() resolver.User {
	return resolver.User{ID: e.id, Login: e.login, Attributes: resolver.Attributes{
		"username": e.login, "userid": e.id, "description": e.comment, "givenname": e.givenname, "surname": e.surname,
		"phone": e.phone, "mobile": e.mobile, "email": e.mail,
	}}
}
