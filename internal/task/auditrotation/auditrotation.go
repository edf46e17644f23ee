// Package auditrotation is the task that deletes old rows of the audit log.
package auditrotation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/task"
)

const (
	optionAge   = "age"
	optionHigh  = "highwatermark"
	optionLow   = "lowwatermark"
	optionRules = "config"
	optionCheck = "check"
	// maxRules bounds the file with rules, in bytes.
	maxRules = 1 << 20
)

// Kind is the kind.
type Kind struct {
	Store audit.RotationStore
	// Rules reads the text of a file with rules.
	Rules func(text []byte) ([]audit.Rule, error)
	// Check reports whether a row is as it was written; nil cannot tell.
	Check func(audit.Row) bool
	// Announce is told of rows before they are deleted, Emptied afterwards; both may
	// be nil.
	Announce func(ctx context.Context, ids []int64) error
	Emptied  func(ctx context.Context) error
	Now      func() time.Time
}

// Module is the name of the kind.
func (Kind) Module() string { return "AuditRotation" }

// Options are the options of the kind; they are those of the command.
func (Kind) Options() []task.Option {
	return []task.Option{
		{Name: optionAge, Type: "str", Description: "Delete rows older than this number of days."},
		{Name: optionRules, Type: "str", Description: "Delete by the rules of this YAML file instead."},
		{Name: optionHigh, Type: "str", Description: "Delete when there are more rows than this instead."},
		{Name: optionLow, Type: "str", Description: "How many rows are kept then."},
		{Name: optionCheck, Type: "bool", Description: "Keep rows that are not as they were written."},
		task.DryRun(),
	}
}

// Run rotates.
func (k Kind) Run(ctx context.Context, o task.Values) (string, error) {
	r := audit.Rotation{DryRun: o.On(task.OptionDryRun)}
	var err error
	if r.High, err = o.Int(optionHigh, 0); err != nil {
		return "", err
	}
	if r.Low, err = o.Int(optionLow, 0); err != nil {
		return "", err
	}
	ways := 0
	if strings.TrimSpace(o.Text(optionAge)) != "" {
		age, err := o.Days(optionAge, 0)
		if err != nil {
			return "", err
		}
		r.Age, ways = &age, ways+1
	}
	if name := o.Text(optionRules); name != "" {
		if r.Rules, err = k.rules(name); err != nil {
			return "", err
		}
		ways++
	}
	if r.High > 0 {
		if r.Low <= 0 || r.Low > r.High {
			return "", fmt.Errorf("the option %s must be a number of rows below %s", optionLow, optionHigh)
		}
		ways++
	}
	if ways != 1 {
		return "", fmt.Errorf("one of the options %s, %s and %s is needed", optionAge, optionRules, optionHigh)
	}
	if o.On(optionCheck) {
		if k.Check == nil {
			return "", errors.New("rows cannot be checked: they are not signed")
		}
		r.Check = k.Check
	}
	if !r.DryRun {
		r.Announce = k.Announce
	}
	done, err := r.Run(ctx, k.Store, k.Now())
	if err == nil && !r.DryRun && k.Emptied != nil {
		err = k.Emptied(ctx)
	}
	report := task.Did(o, done.Deleted, "audit rows", "deleted")
	if len(done.Kept) > 0 {
		report += fmt.Sprintf(", %d kept that are not as they were written", len(done.Kept))
	}
	return report, err
}

func (k Kind) rules(name string) ([]audit.Rule, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxRules {
		return nil, fmt.Errorf("%s is too long", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	rules, err := k.Rules(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rules, nil
}
