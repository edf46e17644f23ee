package ldap

import (
	"container/list"
	"sync"
	"time"
)

const (
	// maxCached users are remembered, those used last.
	maxCached = 20_000
	// maxLogins of one user are remembered: spellings are chosen by clients.
	maxLogins = 8
	// staleTime is how long a user may be answered from memory while the
	// directory is down: a working day and the night before it.
	staleTime = 24 * time.Hour
)

// cache remembers users by id and by the login names they were found with.
type cache struct {
	now   func() time.Time
	fresh time.Duration // how long an answer is as good as the directory's

	mu      sync.Mutex
	users   *list.List // of *cached, the last used first
	byID    map[string]*list.Element
	byLogin map[string]*list.Element
	gen     uint64 // counts what made earlier answers of the directory worthless
}

type cached struct {
	id     string
	p      person
	at     time.Time
	logins map[string]time.Time
}

func newCache(fresh time.Duration, now func() time.Time) *cache {
	return &cache{now: now, fresh: fresh, users: list.New(), byID: map[string]*list.Element{}, byLogin: map[string]*list.Element{}}
}

// generation is handed to put by those who ask the directory in between.
func (c *cache) generation() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gen
}

// id returns the user with the id, if it is remembered for at most age.
func (c *cache) id(id string, age time.Duration) (person, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get(c.byID[id], age, time.Time{})
}

// login returns the user that was found with the login, at most age ago.
func (c *cache) login(login string, age time.Duration) (person, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byLogin[login]
	if e == nil {
		return person{}, false
	}
	return c.get(e, age, e.Value.(*cached).logins[login])
}

// get returns a user unless its data, or found if that is set, are older than
// age. Data of this very moment are older than an age of zero.
func (c *cache) get(e *list.Element, age time.Duration, found time.Time) (person, bool) {
	if e == nil {
		return person{}, false
	}
	u := e.Value.(*cached)
	now := c.now()
	if now.Sub(u.at) >= age || (!found.IsZero() && now.Sub(found) >= age) {
		return person{}, false
	}
	c.users.MoveToFront(e)
	return u.p, true
}

// put remembers what the directory answered for the id, and for the login unless
// that is empty. gen is the generation from before the directory was asked.
func (c *cache) put(id, login string, p person, gen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gen != c.gen {
		return
	}
	now := c.now()
	e := c.byID[id]
	if e == nil {
		e = c.users.PushFront(&cached{id: id, logins: map[string]time.Time{}})
		c.byID[id] = e
	}
	c.users.MoveToFront(e)
	u := e.Value.(*cached)
	u.p, u.at = p, now
	if login != "" {
		if old := c.byLogin[login]; old != nil && old != e {
			delete(old.Value.(*cached).logins, login)
		}
		if _, known := u.logins[login]; !known && len(u.logins) >= maxLogins {
			c.dropLogins(u)
		}
		u.logins[login] = now
		c.byLogin[login] = e
	}
	for c.users.Len() > maxCached {
		c.drop(c.users.Back())
	}
}

// changed forgets a user that was changed, and answers of the directory that are
// on their way and may be from before the change.
func (c *cache) changed(id string) {
	c.mu.Lock()
	c.gen++
	c.mu.Unlock()
	c.forgetID(id)
}

// forgetID forgets a user: there is no such id.
func (c *cache) forgetID(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[id]; e != nil {
		c.drop(e)
	}
}

// forgetLogin forgets that a user was found with the login.
func (c *cache) forgetLogin(login string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byLogin[login]; e != nil {
		delete(e.Value.(*cached).logins, login)
		delete(c.byLogin, login)
	}
}

func (c *cache) drop(e *list.Element) {
	u := c.users.Remove(e).(*cached)
	delete(c.byID, u.id)
	c.dropLogins(u)
}

func (c *cache) dropLogins(u *cached) {
	for l := range u.logins {
		delete(c.byLogin, l)
	}
	clear(u.logins)
}
