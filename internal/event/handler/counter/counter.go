// Package counter is the event handler that counts: in the database, by names
// that administrators choose.
package counter

import (
	"context"
	"fmt"
	"strings"

	"edumfa/internal/event"
)

// maxName is how many characters the column holds.
const maxName = 80

// Store keeps counters. A counter has a part for each node; its value is their
// sum.
type Store interface {
	IncreaseCounter(ctx context.Context, name, node string) error
	// DecreaseCounter sets a counter that is not above 0 to 0, unless negative
	// values are allowed.
	DecreaseCounter(ctx context.Context, name, node string, negative bool) error
	ResetCounter(ctx context.Context, name, node string) error
}

// Handler counts.
type Handler struct{ Store Store }

var _ event.Handler = Handler{}

// Info describes the handler.
func (Handler) Info() event.Info {
	return event.Info{Name: "Counter", Positions: []event.Position{event.Post, event.Pre}}
}

// Do counts up or down, or sets to 0.
func (h Handler) Do(ctx context.Context, c event.Call) error {
	name, _ := c.Option("counter_name")
	node := c.Facts.Origin().Node
	do, known := map[string]func() error{
		"increase_counter": func() error { return h.Store.IncreaseCounter(ctx, name, node) },
		"decrease_counter": func() error { return h.Store.DecreaseCounter(ctx, name, node, c.Flag("allow_negative_values")) },
		"reset_counter":    func() error { return h.Store.ResetCounter(ctx, name, node) },
	}[c.Definition.Action]
	if !known {
		return nil
	}
	// conditions read names without blanks around them
	if name = strings.TrimSpace(name); name == "" || len([]rune(name)) > maxName {
		return fmt.Errorf("the name of a counter has not 1 to %d characters", maxName)
	}
	return do()
}
