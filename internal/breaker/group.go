package breaker

import "sync"

// Group keeps a breaker for each of several servers. It is safe for concurrent
// use.
type Group struct {
	set Settings

	mu     sync.Mutex
	byName map[string]*Breaker
}

// NewGroup makes a group whose breakers all have the settings.
func NewGroup(s Settings) *Group { return &Group{set: s, byName: map[string]*Breaker{}} }

// Of is the breaker of a server. It is kept for good: names come from what
// administrators define.
func (g *Group) Of(server string) *Breaker {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, known := g.byName[server]
	if !known {
		b = New(g.set)
		g.byName[server] = b
	}
	return b
}
