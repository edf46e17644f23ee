// Package serial makes and checks the serials of tokens.
package serial

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"edumfa/internal/mfaerr"
)

// MaxLength is how many characters the database keeps of a serial.
const MaxLength = 40

// DefaultLength is how many characters follow the prefix where the setting
// SerialLength says nothing.
const DefaultLength = 8

// attempts are far more than two servers that enrol at once ever need.
const attempts = 1000

// Check reports whether a new token may have the serial: 1 to 40 ASCII letters,
// digits, "-" and "_". Imported tokens need not obey. Errors: 905.
func Check(serial string) error {
	if serial == "" || strings.ContainsFunc(serial, func(r rune) bool { return !allowed(r) }) {
		return mfaerr.NewParameter("%s", `Invalid serial number. Must comply to ^[0-9a-zA-Z\-_]+$.`)
	}
	if len(serial) > MaxLength {
		return mfaerr.NewParameter("Invalid serial number. It is longer than %d characters.", MaxLength)
	}
	return nil
}

func allowed(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_'
}

// Generator makes serials that no token has yet.
type Generator struct {
	Rand io.Reader
	// Length is how many characters follow the prefix; zero means
	// [DefaultLength].
	Length int
	// Exists reports whether a token has the serial.
	Exists func(ctx context.Context, serial string) (bool, error)
}

// New makes a serial of a prefix, the number of tokens that there are of the
// type (at least four digits) and upper-case hex digits up to the length. If it
// is taken, the number is raised. Two servers may make the same serial at the
// same time: the unique column decides, and the caller tries again.
func (g Generator) New(ctx context.Context, prefix string, count int) (string, error) {
	for n := range attempts {
		s, err := g.build(prefix, max(count, 0)+n)
		if err != nil {
			return "", err
		}
		taken, err := g.Exists(ctx, s)
		if err != nil {
			return "", fmt.Errorf("whether serial %s is taken: %w", s, err)
		}
		if !taken {
			return s, nil
		}
	}
	return "", fmt.Errorf("no free serial with the prefix %s", prefix)
}

func (g Generator) build(prefix string, number int) (string, error) {
	length := g.Length
	if length <= 0 {
		length = DefaultLength
	}
	s := fmt.Sprintf("%s%04d", prefix, number)
	missing := min(len(prefix)+length, MaxLength) - len(s)
	if missing <= 0 {
		return s, nil
	}
	random := make([]byte, (missing+1)/2)
	if _, err := io.ReadFull(g.Rand, random); err != nil {
		return "", fmt.Errorf("random bytes for a serial: %w", err)
	}
	return s + strings.ToUpper(hex.EncodeToString(random))[:missing], nil
}

// Prefix is what serials of a token type begin with: for unknown types the type
// in upper case, for none "PIUN".
func Prefix(tokenType string) string {
	t := strings.ToLower(tokenType)
	if p, ok := prefixes()[t]; ok {
		return p
	}
	return strings.ToUpper(t)
}

func prefixes() map[string]string {
	return map[string]string{
		"":              "PIUN",
		"4eyes":         "PI4E",
		"applspec":      "ASPW",
		"certificate":   "CRT",
		"daplug":        "DPLG",
		"daypassword":   "DYPW",
		"edupush":       "EDUP",
		"email":         "PIEM",
		"hotp":          "OATH",
		"indexedsecret": "PIIX",
		"motp":          "PIMO",
		"ocra":          "OCRA",
		"paper":         "PPR",
		"push":          "PIPU",
		"pw":            "PW",
		"question":      "QUST",
		"radius":        "PIRA",
		"registration":  "REG",
		"remote":        "PIRE",
		"sms":           "PISM",
		"spass":         "PISP",
		"sshkey":        "SSHK",
		"tan":           "PITN",
		"tiqr":          "TiQR",
		"totp":          "TOTP",
		"u2f":           "U2F",
		"vasco":         "VASC",
		"webauthn":      "WAN",
		"yubico":        "UBCM",
		"yubikey":       "UBAM",
	}
}
