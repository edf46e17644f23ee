package api

import (
	"context"
	"errors"
	"testing"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
)

// wasting counts how often time was spent on a password that nobody has.
type wasting struct {
	AdminPasswords
	times int
	err   error
}

func (w *wasting) Waste(context.Context, secret.String) error {
	w.times++
	return w.err
}

func TestRefusedEvenly(t *testing.T) {
	busy := errors.New("queue is full")
	for _, c := range []struct {
		name           string
		refusal, waste error
		times          int
		want           error
	}{
		{name: "a login", times: 0},
		{name: "wrong credentials", refusal: wrongCredentials(nil), times: 1},
		{name: "a policy says no to everybody", refusal: mfaerr.NewPolicy("no"), times: 0},
		{name: "no room for another hash", refusal: wrongCredentials(nil), waste: busy, times: 1, want: busy},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want == nil {
				c.want = c.refusal
			}
			w := &wasting{err: c.waste}
			a := &API{AdminPasswords: w}
			if err := a.refusedEvenly(t.Context(), secret.New("x"), c.refusal); err != c.want || w.times != c.times {
				t.Errorf("error %v after %d, want %v after %d", err, w.times, c.want, c.times)
			}
		})
	}
}
