package otp

import (
	"math"
	"time"
)

// FindHOTP looks for otp among the counters from … from+window-1 (RFC 4226
// §7.4) and reports the lowest that fits. A window below one finds nothing.
func FindHOTP(key []byte, h Hash, digits int, from int64, window int, otp string) (int64, bool) {
	return newGenerator(key, h, digits).find(from, above(from, window), otp)
}

// FindTOTP looks for otp among the counters center-window … center+window-1
// (RFC 6238 §5.2 and §6) and reports the lowest that fits. The upper end is left
// out on purpose: with 180 seconds and steps of 30, values from six steps back
// to five steps ahead are taken, as clients know it.
func FindTOTP(key []byte, h Hash, digits int, center int64, window int, otp string) (int64, bool) {
	return newGenerator(key, h, digits).find(below(center, window), above(center, window), otp)
}

// ResyncHOTP looks for two values that follow each other, the first among
// from … from+window-1, and reports the counter of the second.
func ResyncHOTP(key []byte, h Hash, digits int, from int64, window int, otp1, otp2 string) (int64, bool) {
	return pair(key, h, digits, from, above(from, window), otp1, otp2)
}

// ResyncTOTP is [ResyncHOTP] for a window to both sides of center: the second
// value lies in center-window … center+window-1.
func ResyncTOTP(key []byte, h Hash, digits int, center int64, window int, otp1, otp2 string) (int64, bool) {
	return pair(key, h, digits, below(center, window)-1, above(center, window)-1, otp1, otp2)
}

func pair(key []byte, h Hash, digits int, first, end int64, otp1, otp2 string) (int64, bool) {
	g := newGenerator(key, h, digits)
	for {
		c, ok := g.find(first, end, otp1)
		if !ok {
			return 0, false
		}
		// The same value may appear twice in a wide window: the pair decides.
		if Equal(string(g.value(c+1)), otp2) {
			return c + 1, true
		}
		first = c + 1
	}
}

func above(from int64, window int) int64 {
	n := int64(min(max(window, 0), MaxWindow))
	if from > math.MaxInt64-n-1 {
		return math.MaxInt64 - 1
	}
	return from + n
}

func below(from int64, window int) int64 {
	return max(from, 0) - int64(min(max(window, 0), MaxWindow))
}

// Steps turns times into counters (RFC 6238 §4.2) with T0 at the Unix epoch.
type Steps struct {
	Length time.Duration // whole seconds; below one second counts as one
	Shift  time.Duration // added to the server's time: how far the token's clock is ahead
}

func (s Steps) seconds() int64 { return max(int64(s.Length/time.Second), 1) }

// Counter is the number of the step in which now lies, zero before the epoch.
func (s Steps) Counter(now time.Time) int64 {
	return max(now.Add(s.Shift).Unix()/s.seconds(), 0)
}

// Start is when the step with the counter begins by the server's clock without
// any shift.
func (s Steps) Start(counter int64) time.Time { return time.Unix(counter*s.seconds(), 0).UTC() }

// Window is how many whole steps fit into d, never less than zero.
func (s Steps) Window(d time.Duration) int {
	return int(min(max(int64(d/time.Second)/s.seconds(), 0), MaxWindow))
}

// Drift is how many seconds the step with the counter starts after now: what a
// token that just used it is ahead by. Negative means behind.
func (s Steps) Drift(counter int64, now time.Time) int64 {
	return counter*s.seconds() - now.Unix()
}
