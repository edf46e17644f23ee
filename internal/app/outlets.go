package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"edumfa/internal/breaker"
)

// A mail server or SMS gateway that could not be reached so often in a row is not
// asked for the pause: logins do not wait for it one after the other.
const (
	outletFailures = 5
	outletPause    = 10 * time.Second
)

// outlets are the servers that mails and text messages leave through.
type outlets struct{ breakers *breaker.Group }

func newOutlets(now func() time.Time) outlets {
	return outlets{breaker.NewGroup(breaker.Settings{Failures: outletFailures, Pause: outletPause, Now: now})}
}

// try sends through a server, unless it could not be reached lately. Whatever a
// server answers, it can be reached.
func (o outlets) try(ctx context.Context, server string, send func(context.Context) error) error {
	t, err := o.breakers.Of(server).Allow()
	if err != nil {
		return fmt.Errorf("%s could not be reached lately: %w", server, err)
	}
	defer t.Drop()
	err = send(ctx)
	switch {
	case err == nil || !unreachable(err):
		t.Succeed()
	case !errors.Is(ctx.Err(), context.Canceled):
		t.Fail()
	}
	return err
}

// unreachable reports errors of connections, as opposed to answers.
func unreachable(err error) bool {
	return errors.As(err, new(net.Error)) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
