// Package cleanup is the tasks that remove rows which are over: expired
// challenges, old entries of caches, jobs that were given up.
package cleanup

import (
	"context"
	"fmt"
	"time"

	"edumfa/internal/task"
)

// portion is how many rows one transaction removes: logins wait no longer for it
// than for one another.
const portion = 500

const optionAge = "age"

// Kind is one of these kinds.
type Kind struct {
	// Name is the name of the kind.
	Name string
	// Things are what is removed: "expired challenges".
	Things string
	// Unit is what the option age counts, Default how many of it.
	Unit     time.Duration
	UnitName string
	Default  int
	// Count tells how many rows were over before a moment; Delete removes some of
	// them.
	Count  func(ctx context.Context, before time.Time) (int64, error)
	Delete func(ctx context.Context, before time.Time, limit int) (int64, error)
	Now    func() time.Time
}

// Module is the name of the kind.
func (k Kind) Module() string { return k.Name }

// Options are the options of the kind.
func (k Kind) Options() []task.Option {
	return []task.Option{
		{Name: optionAge, Type: "str", Description: fmt.Sprintf("How long %s stay, in %s (%d).", k.Things, k.UnitName, k.Default)},
		task.DryRun(),
	}
}

// Run removes what is over.
func (k Kind) Run(ctx context.Context, o task.Values) (string, error) {
	age, err := o.Int(optionAge, k.Default)
	if err != nil {
		return "", err
	}
	before := k.Now().Add(-time.Duration(min(age, 1<<20)) * k.Unit)
	n := int64(0)
	if o.On(task.OptionDryRun) {
		if n, err = k.Count(ctx, before); err != nil {
			return "", err
		}
		return task.Did(o, n, k.Things, "deleted"), nil
	}
	for {
		some, err := k.Delete(ctx, before, portion)
		n += some
		if err != nil || some < portion {
			return task.Did(o, n, k.Things, "deleted"), err
		}
		if err := ctx.Err(); err != nil {
			return task.Did(o, n, k.Things, "deleted"), err
		}
	}
}
