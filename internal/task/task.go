// Package task owns the periodic tasks: what administrators define, when it is
// due, and who runs it. The kinds of tasks are folders below, one line each in
// app/builtin.go.
package task

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/cron"
	"edumfa/internal/mfaerr"
)

// Task is one definition.
type Task struct {
	ID     int64
	Name   string
	Active bool
	// Retry: a run that failed is tried again before its next time.
	Retry    bool
	Interval string // cron expression in local time
	Nodes    []string
	Module   string
	Ordering int
	Options  map[string]string
	// LastUpdate is when it was saved or switched; the first run is counted from
	// there.
	LastUpdate time.Time
	// LastRuns are the last runs by node.
	LastRuns map[string]time.Time
}

// Option describes an option of a kind.
type Option struct {
	Name        string
	Type        string // "str" or "bool"
	Required    bool
	Description string
}

// Kind is one sort of tasks.
type Kind interface {
	// Module is the name that definitions have for it.
	Module() string
	Options() []Option
	// Run does the work and says in a line what it did. It may be stopped at any
	// time and run again from the beginning.
	Run(ctx context.Context, o Values) (report string, err error)
}

// PerNode is an ability of kinds whose work is about the node they run on: then
// each of the nodes of a definition runs it.
type PerNode interface {
	PerNode() bool
}

// Check returns an error 905 for a definition that cannot be stored.
func (t Task) Check(known []Kind) error {
	if !slices.ContainsFunc(known, func(k Kind) bool { return k.Module() == t.Module }) {
		return ErrModule(t.Module)
	}
	if _, err := cron.Parse(t.Interval); err != nil {
		return mfaerr.NewParameter("Invalid interval: %s", err.Error())
	}
	if t.Ordering < 0 {
		return mfaerr.NewParameter("Invalid ordering: %d", t.Ordering)
	}
	return nil
}

// ErrModule says that there is no such kind.
func ErrModule(name string) error { return mfaerr.NewParameter("Unknown task module: '%s'", name) }

// after is the first time after a moment at which the task is to be run; false
// when there is none.
func (t Task) after(at time.Time, local *time.Location) (time.Time, bool) {
	spec, err := cron.Parse(t.Interval)
	if err != nil {
		return time.Time{}, false
	}
	return spec.Next(at.In(local))
}

// DueOn reports whether a node that is asked alone has to run the task now.
func (t Task) DueOn(node string, now time.Time, local *time.Location) bool {
	last, ran := t.LastRuns[node]
	if !ran {
		last = t.LastUpdate
	}
	next, ok := t.after(last, local)
	return t.On(node) && ok && !next.After(now)
}

// Due reports whether one of the task's nodes has to run it now: none has since
// it was due.
func (t Task) Due(now time.Time, local *time.Location) bool {
	last := t.LastUpdate
	for node, at := range t.LastRuns {
		if t.has(node) && at.After(last) {
			last = at
		}
	}
	next, ok := t.after(last, local)
	return t.Active && ok && !next.After(now)
}

// On reports whether the task is active on a node.
func (t Task) On(node string) bool { return t.Active && t.has(node) }

func (t Task) has(node string) bool { return slices.Contains(t.Nodes, node) }

// Values are the options of a definition.
type Values map[string]string

// Text is the value of an option, "" without one.
func (v Values) Text(name string) string { return v[name] }

// On reports whether a yes-or-no option is set.
func (v Values) On(name string) bool {
	return v[name] == "1" || strings.EqualFold(v[name], "true")
}

// Int reads a whole number that is not negative; def without one.
func (v Values) Int(name string, def int) (int, error) {
	s := strings.TrimSpace(v[name])
	if s == "" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("the option %s is no number: %q", name, s)
	}
	return n, nil
}

// maxDays is about a century.
const maxDays = 36500

// Days reads a number of days; required says that there must be one.
func (v Values) Days(name string, def int) (time.Duration, error) {
	n, err := v.Int(name, def)
	if err != nil {
		return 0, err
	}
	if n > maxDays {
		return 0, fmt.Errorf("the option %s is too large: %d", name, n)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

// DryRun is the option of kinds that delete or change something: only say what
// would be done.
func DryRun() Option {
	return Option{Name: OptionDryRun, Type: "bool", Description: "Only say in the log what would be done."}
}

// OptionDryRun is the name of that option.
const OptionDryRun = "dry_run"

// Did is a line of a report: "12 rows deleted", or what would be.
func Did(o Values, n int64, things, done string) string {
	if o.On(OptionDryRun) {
		return fmt.Sprintf("%d %s would be %s", n, things, done)
	}
	return fmt.Sprintf("%d %s %s", n, things, done)
}
