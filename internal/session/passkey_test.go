package session

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"edumfa/internal/secret"
)

func TestPasskeyChallenge(t *testing.T) {
	s, err := New(secret.New("a key of this server"), rand.Reader, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := New(secret.New("a key of another server"), rand.Reader, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	text, err := s.IssuePasskey("01234567890123456789", now, now.Add(2*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.CheckPasskey(text, now.Add(time.Minute))
	if err != nil || c.TransactionID != "01234567890123456789" || len(c.Nonce) != 43 || !c.Expires.Equal(now.Add(2*time.Minute)) {
		t.Fatal(c, err)
	}
	session, err := s.Issue(Claims{Username: "admin", Role: RoleAdmin, AuthType: AuthPassword, Expires: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(text, ".")
	for name, c := range map[string]struct {
		s    *Sessions
		text string
		at   time.Time
		want error
	}{
		"too late":            {s, text, now.Add(3 * time.Minute), ErrPasskeyExpired},
		"of another server":   {other, text, now, ErrPasskeyForeign},
		"a session":           {s, session, now, ErrPasskeyOther},
		"without a signature": {s, parts[0] + "." + parts[1] + ".", now, ErrPasskeyForeign},
		"by no algorithm":     {s, "eyJhbGciOiJub25lIn0." + parts[1] + ".", now, ErrPasskeyForeign},
		"no token":            {s, "no challenge of this server at all", now, ErrPasskeyForeign},
		"of the future":       {s, text, now.Add(-time.Hour), ErrPasskeyForeign},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.s.CheckPasskey(c.text, c.at); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := s.Check(text, now, RoleAdmin, RoleUser); err == nil {
		t.Fatal("a challenge is taken for a session")
	}
}

func FuzzCheckPasskey(f *testing.F) {
	s, err := New(secret.New("a key of this server"), bytes.NewReader(make([]byte, 64)), nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	text, err := s.IssuePasskey("01234567890123456789", now, now.Add(time.Minute))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, other string) {
		// the last character of a signature has bits that mean nothing
		same := len(other) == len(text) && other[:len(text)-1] == text[:len(text)-1]
		if c, err := s.CheckPasskey(other, now); err == nil && !same || err != nil && (other == text || c != PasskeyChallenge{}) {
			t.Fatalf("%q: %v, %v", other, c, err)
		}
	})
}
