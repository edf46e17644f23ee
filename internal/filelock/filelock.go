// Package filelock keeps processes apart that work on the same files. The lock
// goes with the process that holds it, however it ends.
package filelock

import (
	"context"
	"errors"
	"os"
	"time"
)

// errBusy says that somebody else holds the lock.
var errBusy = errors.New("locked by another process")

// Pauses between two looks.
const (
	firstPause = time.Millisecond
	mostPause  = 50 * time.Millisecond
)

// Hold waits until nobody else holds the file, which is made when it is missing
// and stays. It ends with ctx. Two holds within a process exclude each other too.
func Hold(ctx context.Context, name string) (release func(), err error) {
	// readable for all: the server and the command line may be different users
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDONLY, 0o644)
	if err != nil {
		return nil, err
	}
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		err := try(f)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, errBusy) {
			_ = f.Close()
			return nil, err
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			_ = f.Close()
			return nil, ctx.Err()
		}
	}
}
