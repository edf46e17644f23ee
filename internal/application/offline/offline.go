// Package offline lets machines log users in while they are not connected: they
// are given hashes of the next one-time passwords of an HOTP token together with
// its PIN. The token's counter moves past these values, so that online they are
// used up.
package offline

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"edumfa/internal/application"
	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/oath"
)

const (
	defaultCount  = 100
	defaultRounds = 6549
	maxCount      = 1000
	// maxWork bounds values times rounds: about ten seconds of one processor.
	maxWork = 8_000_000
	// refillSize is that of refill tokens, in bytes.
	refillSize = 40
)

// Application is the application offline.
type Application struct {
	// Hash makes PBKDF2-SHA512 strings of passwords.
	Hash func(ctx context.Context, values []secret.String, rounds int) ([]string, error)
}

var (
	_ application.Application = Application{}
	_ application.Refiller    = Application{}
)

// Name is offline.
func (Application) Name() string { return "offline" }

// Options are how many values a machine has, and the rounds of their hashes.
func (Application) Options() []application.Option {
	return []application.Option{{Name: "count", Type: "str"}, {Name: "rounds", Type: "str"}}
}

// Check wants numbers that can be worked with.
func (Application) Check(options map[string]string) error {
	_, _, err := numbers(options)
	return err
}

func numbers(options map[string]string) (count, rounds int, err error) {
	read := func(name string, def int) int {
		text := strings.TrimSpace(options[name])
		if text == "" {
			return def
		}
		n, e := strconv.Atoi(text)
		if (e != nil || n < 1) && err == nil {
			err = mfaerr.NewParameter("The option '%s' must be a number above 0.", name)
		}
		return n
	}
	count, rounds = read("count", defaultCount), read("rounds", defaultRounds)
	switch {
	case err != nil:
	case count > maxCount:
		err = mfaerr.NewParameter("The option 'count' must be at most %d.", maxCount)
	case rounds > maxWork/count:
		err = mfaerr.NewParameter("With %d values the option 'rounds' must be at most %d.", count, maxWork/count)
	}
	return count, rounds, err
}

// Item are the next values for a machine, and what it refills them with. The
// challenge is the password that was typed.
func (a Application) Item(ctx context.Context, c application.Call) (map[string]any, error) {
	if c.Token.TypeKey() != "hotp" || !usable(c.Token) {
		return nil, nil
	}
	count, rounds, err := numbers(c.Options)
	if err != nil {
		return nil, err
	}
	pin := ""
	if c.Challenge != "" {
		if pin, _, err = split(c, c.Challenge); err != nil {
			return nil, err
		}
	}
	item := map[string]any{}
	if item["response"], err = a.handOut(ctx, c, pin, counter(c), count, rounds); err != nil {
		return nil, err
	}
	if item["refilltoken"], err = newRefillToken(c); err != nil {
		return nil, err
	}
	if c.Env.OwnerLogin != "" {
		item["user"], item["username"] = c.Env.OwnerLogin, c.Env.OwnerLogin
	}
	return item, nil
}

func usable(t *token.Token) bool { return t.Active && !t.Revoked && !t.Locked }

// counter is the token's counter behind what the request has used already.
func counter(c application.Call) int64 {
	n := c.Token.Count
	for _, x := range c.Env.Changes.All() {
		switch x := x.(type) {
		case change.UseToken:
			if x.ID == c.Token.ID {
				n = x.Next
			}
		case change.MoveCounter:
			if x.ID == c.Token.ID {
				n = x.Next
			}
		}
	}
	return n
}

func split(c application.Call, pass string) (pin, value string, err error) {
	pin, value, ok := tokentype.SplitPass(pass, c.Token.OTPLen, c.Env.Settings.PrependPIN())
	if !ok {
		return "", "", mfaerr.NewParameter("Could not split password")
	}
	return pin, value, nil
}

// handOut hashes the values of n counters from a first one on, and moves the
// token's counter past them.
func (a Application) handOut(ctx context.Context, c application.Call, pin string, from int64, n, rounds int) (map[string]any, error) {
	key, h, err := oath.Key(c.Env, c.Token)
	if err != nil {
		return nil, err
	}
	values := make([]secret.String, n)
	for i := range values {
		value := otp.HOTP(key, h, from+int64(i), c.Token.OTPLen)
		if c.Env.Settings.PrependPIN() {
			values[i] = secret.New(pin + value)
		} else {
			values[i] = secret.New(value + pin)
		}
	}
	hashes, err := a.Hash(ctx, values, rounds)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, n)
	for i, hash := range hashes {
		out[strconv.FormatInt(from+int64(i), 10)] = hash
	}
	c.Env.Changes.Add(change.MoveCounter{ID: c.Token.ID, Seen: from, Next: from + int64(n)})
	return out, nil
}

// newRefillToken makes what the next values are asked for with.
func newRefillToken(c application.Call) (string, error) {
	b := make([]byte, refillSize)
	if _, err := io.ReadFull(c.Env.Rand, b); err != nil {
		return "", fmt.Errorf("random bytes for a refill token: %w", err)
	}
	text := hex.EncodeToString(b)
	c.Env.Changes.Add(change.SetInfo{ID: c.Token.ID, Key: token.InfoRefill, Value: text})
	return text, nil
}

// errNotOffline says that there is nothing to refill. Clients then forget what
// they have of the token.
func errNotOffline() error {
	return mfaerr.NewParameter("Token is not an offline token or refill token is incorrect")
}

// Refill hands out as many values as the machine has used up: those before and
// including the one that it sends. The refill token is used up by whoever comes
// first, and a wrong value raises the fail counter: guessing must not pay.
func (a Application) Refill(ctx context.Context, c application.Call, refillToken string) (map[string]any, error) {
	t := c.Token
	stored := t.InfoText(token.InfoRefill)
	if t.TypeKey() != "hotp" || !usable(t) || t.Exhausted() || stored == "" || !otp.Equal(stored, refillToken) {
		return nil, errNotOffline()
	}
	count, rounds, err := numbers(c.Options)
	if err != nil {
		return nil, err
	}
	pin, value, err := split(c, c.Challenge)
	if err != nil {
		return nil, err
	}
	key, h, err := oath.Key(c.Env, t)
	if err != nil {
		return nil, err
	}
	first := max(t.Count-int64(count), 0)
	used, found := otp.FindHOTP(key, h, t.OTPLen, first, int(t.Count-first), value)
	if !found {
		c.Env.Changes.Add(change.FailToken{ID: t.ID, At: timespec.FormatMinutes(c.Env.Now.In(c.Env.Local))})
		return nil, mfaerr.NewRequest(mfaerr.CodeValidate, "You provided a wrong OTP value.")
	}
	item := map[string]any{}
	if item["response"], err = a.handOut(ctx, c, pin, t.Count, int(used-first)+1, rounds); err != nil {
		return nil, err
	}
	c.Env.Changes.Add(change.TakeInfo{ID: t.ID, Key: token.InfoRefill, Value: stored})
	if item["refilltoken"], err = newRefillToken(c); err != nil {
		return nil, err
	}
	c.Env.Changes.Add(change.SetInfo{ID: t.ID, Key: token.InfoOffline, Value: strconv.Itoa(count)})
	return item, nil
}
