// Package luks opens LUKS disks by Yubikeys in challenge-response mode: what the
// key would answer is the passphrase of a slot.
package luks

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"edumfa/internal/application"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/tokentype/oath"
)

const (
	// prefix begins the serials of keys in challenge-response mode.
	prefix = "UBOM"
	// challengeSize is that of challenges made here, in bytes. Yubikeys take up to
	// 64, but answer a full block otherwise than HMAC does.
	challengeSize = 32
	maxChallenge  = 64
)

// Application is the application luks.
type Application struct{}

var _ application.Application = Application{}

// Name is luks.
func (Application) Name() string { return "luks" }

// Options are the slot and the partition.
func (Application) Options() []application.Option {
	slots := make([]any, 8)
	for i := range slots {
		slots[i] = i
	}
	return []application.Option{{Name: "partition", Type: "str"}, {Name: "slot", Type: "int", Values: slots}}
}

// Check wants a slot from 0 to 7.
func (Application) Check(options map[string]string) error {
	if slot, given := options["slot"]; given && (len(slot) != 1 || slot[0] < '0' || slot[0] > '7') {
		return mfaerr.NewParameter("The slot must be a number from 0 to 7.")
	}
	return nil
}

// Item is a challenge and the answer to it: an HMAC that is not truncated.
func (Application) Item(_ context.Context, c application.Call) (map[string]any, error) {
	t := c.Token
	if t.TypeKey() != "totp" || !strings.HasPrefix(t.Serial, prefix) || !t.Active || t.Revoked || t.Locked {
		return nil, nil
	}
	challenge := make([]byte, challengeSize)
	if c.Given {
		var err error
		if challenge, err = hex.DecodeString(c.Challenge); err != nil || len(challenge) == 0 || len(challenge) > maxChallenge {
			return nil, mfaerr.NewParameter("The challenge must be 1 to %d bytes in hex digits.", maxChallenge)
		}
	} else if _, err := io.ReadFull(c.Env.Rand, challenge); err != nil {
		return nil, fmt.Errorf("random bytes for a challenge: %w", err)
	}
	key, hash, err := oath.Key(c.Env, t)
	if err != nil {
		return nil, err
	}
	shown := c.Challenge
	if !c.Given {
		shown = hex.EncodeToString(challenge)
	}
	return map[string]any{"challenge": shown, "response": hex.EncodeToString(otp.Sum(key, hash, challenge))}, nil
}
