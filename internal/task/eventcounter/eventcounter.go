// Package eventcounter is the task that writes the value of an event counter to
// the statistics.
package eventcounter

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"edumfa/internal/monitoring"
	"edumfa/internal/task"
)

const (
	optionCounter = "event_counter"
	optionKey     = "stats_key"
	optionReset   = "reset_event_counter"
)

// Counters are the event counters.
type Counters interface {
	// CounterRows is the value of a counter on each node, by the id of its row;
	// empty when there is none.
	CounterRows(ctx context.Context, name string) (map[int64]int64, error)
	// LowerCounter takes from each row what was read of it: what was counted
	// meanwhile stays.
	LowerCounter(ctx context.Context, read map[int64]int64) error
}

// Kind is the kind.
type Kind struct {
	Counters Counters
	Stats    monitoring.Store
	Now      func() time.Time
	Log      *slog.Logger
}

// Module is the name of the kind.
func (Kind) Module() string { return "EventCounter" }

// Options are the options of the kind.
func (Kind) Options() []task.Option {
	return []task.Option{
		{Name: optionCounter, Type: "str", Required: true, Description: "The name of the event counter to read."},
		{Name: optionKey, Type: "str", Required: true, Description: "The name of the stats key to write to the MonitoringStats table."},
		{Name: optionReset, Type: "bool", Description: "Whether to reset the event_counter, if it is read and written to the MonitoringStats table."},
	}
}

// Run writes the value. A counter that is not there is none: nothing is written.
func (k Kind) Run(ctx context.Context, o task.Values) (string, error) {
	name, key := o.Text(optionCounter), o.Text(optionKey)
	if name == "" || key == "" {
		return "", fmt.Errorf("the options %s and %s are needed", optionCounter, optionKey)
	}
	rows, err := k.Counters.CounterRows(ctx, name)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		k.Log.WarnContext(ctx, "the event counter of a task does not exist", "counter", name)
		return "there is no such counter", nil
	}
	sum := int64(0)
	for _, n := range rows {
		sum += n
	}
	if err := k.Stats.AddStats(ctx, key, monitoring.Value{At: k.Now(), Number: sum}); err != nil {
		return "", err
	}
	if o.On(optionReset) && sum != 0 {
		if err := k.Counters.LowerCounter(ctx, rows); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s is %d", key, sum), nil
}
