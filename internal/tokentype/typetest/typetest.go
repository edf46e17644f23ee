// Package typetest gives token types in tests what a request gives them.
package typetest

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/settings"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Env is a request at a moment under settings, with parameters.
func Env(now time.Time, config, params map[string]string) *tokentype.Env {
	var list []settings.Entry
	for k, v := range config {
		list = append(list, settings.Entry{Key: k, Value: v})
	}
	return &tokentype.Env{Now: now, Local: time.UTC, Rand: rand.Reader, Keys: Keys{}, Settings: settings.New(list), Params: Params(params), Changes: &change.Set{}}
}

// Token is a new token with a key and tokeninfo.
func Token(kind, key string, digits int, info map[string]string) *token.Token {
	sealed, _ := Keys{}.Seal(key)
	t := &token.Token{ID: 1, Serial: "T1", Type: kind, Key: sealed, OTPLen: digits, CountWindow: 10, SyncWindow: 1000, MaxFail: 10, Active: true, Info: map[string]token.Info{}}
	for k, v := range info {
		t.Info[k] = token.Info{Value: v}
	}
	return t
}

// Params are parameters of an enrolment.
type Params map[string]string

func (p Params) Text(name string) (string, bool) {
	v, ok := p[name]
	return v, ok
}

func (p Params) Bool(name string) bool { return p[name] == "1" || strings.EqualFold(p[name], "true") }

func (p Params) Int(name string, def int) (int, error) {
	v, ok := p[name]
	if !ok {
		return def, nil
	}
	return strconv.Atoi(v)
}

func (p Params) Names() []string { return slices.Sorted(maps.Keys(p)) }

// Keys seals so that tests see that something is sealed, and not how.
type Keys struct{}

const mark = "sealed:"

func (Keys) Seal(text string) (token.Sealed, error) {
	return token.Sealed{Cipher: mark + base64.StdEncoding.EncodeToString([]byte(text)), IV: "iv"}, nil
}

func (k Keys) Open(s token.Sealed) (string, error) {
	if s == (token.Sealed{}) {
		return "", nil
	}
	return k.OpenPassword(s.Cipher)
}

func (k Keys) SealPassword(text string) (string, error) {
	s, err := k.Seal(text)
	return s.Cipher, err
}

func (Keys) OpenPassword(stored string) (string, error) {
	text, ok := strings.CutPrefix(stored, mark)
	if !ok {
		return "", errors.New("not sealed")
	}
	b, err := base64.StdEncoding.DecodeString(text)
	return string(b), err
}
