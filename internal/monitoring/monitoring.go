// Package monitoring owns the statistics: numbers over time under keys, which
// periodic tasks write and monitoring systems read.
package monitoring

import (
	"context"
	"time"
)

// Value is a number at a moment.
type Value struct {
	At     time.Time
	Number int64
}

// Window bounds moments, both ends included; the zero time is no bound.
type Window struct{ From, To time.Time }

// Store keeps the numbers.
type Store interface {
	StatsKeys(ctx context.Context) ([]string, error)
	// Stats are the values of a key, the oldest first.
	Stats(ctx context.Context, key string, w Window) ([]Value, error)
	// LastStats is the newest value; false without one.
	LastStats(ctx context.Context, key string) (Value, bool, error)
	DeleteStats(ctx context.Context, key string, w Window) (int64, error)
	// AddStats stores a value. One that the key has for the moment already stays.
	AddStats(ctx context.Context, key string, v Value) error
}
