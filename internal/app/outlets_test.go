package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"testing"
	"testing/synctest"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/mail"
	"edumfa/internal/mfaerr"
)

var errDial = fmt.Errorf("mail over a:25: %w", &net.OpError{Op: "dial", Err: errors.New("refused")})

func TestOutlets_DeadServersAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutlets(time.Now)
		asked := 0
		send := func(server string, err error) error {
			return o.try(t.Context(), server, func(context.Context) error { asked++; return err })
		}
		for range outletFailures {
			if err := send("mail a", errDial); !errors.Is(err, errDial) {
				t.Fatal(err)
			}
		}
		asked = 0
		if err := send("mail a", nil); !errors.Is(err, breaker.ErrOpen) || asked != 0 {
			t.Errorf("the dead server is asked: %v", err)
		}
		if err := send("mail b", nil); err != nil || asked != 1 {
			t.Errorf("another server is not asked: %v", err)
		}
		time.Sleep(outletPause)
		if err := send("mail a", nil); err != nil || asked != 2 {
			t.Errorf("the server is not asked again: %v", err)
		}
	})
}

// What a server answers, and what is wrong before it is asked, keeps it in use.
func TestOutlets_AnswersAreNoFailures(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		open bool
	}{
		"cannot be reached":  {t.Context(), errDial, true},
		"takes too long":     {t.Context(), fmt.Errorf("SMS: %w", context.DeadlineExceeded), true},
		"hangs up":           {t.Context(), fmt.Errorf("greeting: %w", io.EOF), true},
		"refuses recipients": {t.Context(), &mail.Refused{Err: &textproto.Error{Code: 550}}, false},
		"refuses the text":   {t.Context(), fmt.Errorf("text: %w", &textproto.Error{Code: 554}), false},
		"is not defined":     {t.Context(), mfaerr.NewConfig("no such server"), false},
		"says no":            {t.Context(), errors.New("the SMS gateway answers with status 500"), false},
		"the client is gone": {cancelled, errDial, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutlets(time.Now)
			for range 2 * outletFailures {
				_ = o.try(c.ctx, "x", func(context.Context) error { return c.err })
			}
			if got := o.breakers.Of("x").Open(); got != c.open {
				t.Errorf("left alone: %v, want %v", got, c.open)
			}
		})
	}
}
