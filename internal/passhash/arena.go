package passhash

import (
	"sync"

	"edumfa/internal/passhash/argon2"
)

// keepBytes is the size up to which working memory is kept for the next hash.
// Larger memory goes back to the system at once: asking for it again costs
// little beside the hash it is for, and an idle server stays small.
const keepBytes = 32 << 20

// arena is working memory for Argon2.
type arena struct {
	blocks []argon2.Block
	free   func()
}

// arenas hands out working memory outside the garbage-collected heap. On the
// heap, a few hashes of 100 MiB would let the collector grow the process to
// twice their size, and keep it there.
type arenas struct {
	keep int // how many arenas of at most keepBytes are kept

	mu   sync.Mutex
	idle []arena
}

func (a *arenas) get(blocks int) arena {
	a.mu.Lock()
	for i, have := range a.idle {
		if len(have.blocks) >= blocks && len(have.blocks) <= 4*blocks {
			a.idle = append(a.idle[:i], a.idle[i+1:]...)
			a.mu.Unlock()
			return have
		}
	}
	a.mu.Unlock()
	return newArena(blocks)
}

func (a *arenas) put(m arena) {
	if len(m.blocks)*argon2.BlockBytes <= keepBytes {
		a.mu.Lock()
		if len(a.idle) < a.keep {
			a.idle = append(a.idle, m)
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
	}
	m.free()
}

func heapArena(blocks int) arena {
	return arena{blocks: make([]argon2.Block, blocks), free: func() {}}
}
