// Package simplestats is the task that counts tokens and users for the statistics.
package simplestats

import (
	"context"
	"fmt"
	"strings"
	"time"

	"edumfa/internal/monitoring"
	"edumfa/internal/task"
	"edumfa/internal/token"
)

// Tokens counts.
type Tokens interface {
	CountTokens(ctx context.Context, f token.Filter) (int, error)
	CountUsersWithTokens(ctx context.Context, f token.Filter) (int, error)
}

// Kind is the kind.
type Kind struct {
	Tokens Tokens
	Stats  monitoring.Store
	Now    func() time.Time
}

// Module is the name of the kind.
func (Kind) Module() string { return "SimpleStats" }

// count is one number; its key in the statistics is the name of its option.
type count struct {
	name, help string
	users      bool
	filter     token.Filter
}

func counts() []count {
	yes, no := true, false
	hardware := token.Filter{InfoKey: token.InfoKind, InfoVal: token.KindHardware}
	unassigned := hardware
	unassigned.Assigned = &no
	return []count{
		{"total_tokens", "Total number of tokens", false, token.Filter{}},
		{"hardware_tokens", "Total number of hardware tokens", false, hardware},
		{"software_tokens", "Total number of software tokens", false, token.Filter{InfoKey: token.InfoKind, InfoVal: token.KindSoftware}},
		{"unassigned_hardware_tokens", "Number of hardware tokens not assigned to a user", false, unassigned},
		{"assigned_tokens", "Number of tokens assigned to users", false, token.Filter{Assigned: &yes}},
		{"user_with_token", "Number of users with tokens assigned", true, token.Filter{Active: &yes}},
	}
}

// Options are the options of the kind.
func (Kind) Options() []task.Option {
	var list []task.Option
	for _, c := range counts() {
		list = append(list, task.Option{Name: c.name, Type: "bool", Description: c.help})
	}
	return list
}

// Run writes the numbers that are asked for.
func (k Kind) Run(ctx context.Context, o task.Values) (string, error) {
	var report []string
	for _, c := range counts() {
		if !o.On(c.name) {
			continue
		}
		count := k.Tokens.CountTokens
		if c.users {
			count = k.Tokens.CountUsersWithTokens
		}
		n, err := count(ctx, c.filter)
		if err != nil {
			return strings.Join(report, ", "), err
		}
		if err := k.Stats.AddStats(ctx, c.name, monitoring.Value{At: k.Now(), Number: int64(n)}); err != nil {
			return strings.Join(report, ", "), err
		}
		report = append(report, fmt.Sprintf("%s is %d", c.name, n))
	}
	return strings.Join(report, ", "), nil
}
