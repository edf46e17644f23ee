package apptest

import (
	"log/slog"
	"testing"
	"time"
)

// Adopt serves an installation that is there already: dir has its edumfa.cfg.
// Of the options only Now and Log count.
func Adopt(t testing.TB, dir string, o Options) *Installation {
	t.Helper()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	}
	in := &Installation{Dir: dir, options: o, t: t}
	in.AnotherNode()
	return in
}
