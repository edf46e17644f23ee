package ldap

import (
	"context"
	"fmt"
	"sync"
)

// flights lets callers with the same question wait for one answer.
type flights struct {
	mu sync.Mutex
	m  map[string]*flight
}

type flight struct {
	done chan struct{} // closed when p and err are set
	p    person
	err  error
}

// do calls f unless the same question is under way, and waits for the answer or
// the end of ctx. f goes on without the caller: others may wait for it too. It
// must end by itself.
func (fs *flights) do(ctx context.Context, key string, f func(context.Context) (person, error)) (person, error) {
	fs.mu.Lock()
	fl := fs.m[key]
	if fl == nil {
		fl = &flight{done: make(chan struct{})}
		if fs.m == nil {
			fs.m = map[string]*flight{}
		}
		fs.m[key] = fl
		go fs.run(context.WithoutCancel(ctx), key, fl, f)
	}
	fs.mu.Unlock()
	select {
	case <-fl.done:
		return fl.p, fl.err
	case <-ctx.Done():
		return person{}, unavailable(ctx, ctx.Err())
	}
}

func (fs *flights) run(ctx context.Context, key string, fl *flight, f func(context.Context) (person, error)) {
	defer func() {
		if r := recover(); r != nil {
			fl.err = fmt.Errorf("panic: %v", r)
		}
		fs.mu.Lock()
		delete(fs.m, key)
		fs.mu.Unlock()
		close(fl.done)
	}()
	fl.p, fl.err = f(ctx)
}
