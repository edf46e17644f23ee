package breaker

import (
	"context"
	"fmt"
	"time"
)

// Within runs f and returns what it returns, or the context's error once limit
// (zero: only that of ctx) is over, even if f does not heed its context. Such
// an f goes on in the background and its answer is thrown away, so it must own
// everything it writes to. A panic of f is returned as an error.
func Within[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	cancel := context.CancelFunc(func() {})
	if limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, limit)
	}
	type answer struct {
		v   T
		err error
	}
	done := make(chan answer, 1)
	go func() {
		defer cancel()
		var a answer
		defer func() {
			if r := recover(); r != nil {
				a = answer{err: fmt.Errorf("panic: %v", r)}
			}
			done <- a
		}()
		a.v, a.err = f(ctx)
	}()
	select {
	case a := <-done:
		return a.v, a.err
	case <-ctx.Done():
	}
	select { // both were ready: prefer the answer
	case a := <-done:
		return a.v, a.err
	default:
		var zero T
		return zero, ctx.Err()
	}
}
