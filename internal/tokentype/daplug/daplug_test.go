package daplug

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"edumfa/internal/secret"
	"edumfa/internal/tokentype/typetest"
)

type vector struct{ OTP, Daplug string }

func vectors(t testing.TB) []vector {
	b, err := os.ReadFile("testdata/daplug.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ Values []vector }
	if err := json.Unmarshal(b, &v); err != nil || len(v.Values) == 0 {
		t.Fatal(err)
	}
	return v.Values
}

func TestDigits(t *testing.T) {
	for _, c := range vectors(t) {
		if got, ok := Digits(c.Daplug); !ok || got != c.OTP {
			t.Errorf("%s: %q %t, want %s", c.Daplug, got, ok, c.OTP)
		}
	}
	for _, wrong := range []string{"e", "755224", "EIEG", "eleb", "fbeb", "e\x00"} {
		if got, ok := Digits(wrong); ok {
			t.Errorf("%q: %q", wrong, got)
		}
	}
}

func FuzzDigits(f *testing.F) {
	for _, c := range vectors(f) {
		f.Add(c.Daplug)
	}
	f.Fuzz(func(t *testing.T, letters string) {
		if got, ok := Digits(letters); ok && 2*len(got) != len(letters) {
			t.Errorf("%q: %q", letters, got)
		}
	})
}

func TestVerify(t *testing.T) {
	// the first values of RFC 4226, Appendix D
	tok := typetest.Token("daplug", "3132333435363738393031323334353637383930", 6, nil)
	e := typetest.Env(time.Time{}, nil, nil)
	for _, c := range []struct {
		value string
		next  int64
	}{{"755224", 0}, {"eiegegededef", 1}, {"eiegegededef", 0}} {
		m, err := Type{}.Verify(t.Context(), e, tok, secret.New(c.value))
		if err != nil || m.OK != (c.next > 0) || m.Previous || m.OK && m.Next != c.next {
			t.Errorf("%s: %+v %v", c.value, m, err)
		}
		if m.OK {
			tok.Count = m.Next
		}
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		config       map[string]string
		pass         string
		pin, letters string
		ok           bool
	}{
		{nil, "päneiegegededef", "pän", "eiegegededef", true},
		{map[string]string{"PrependPin": "False"}, "eiegegededefpän", "pän", "eiegegededef", true},
		{nil, "eiegegededef", "", "eiegegededef", true},
		{nil, "iegegededef", "", "", false},
	} {
		pin, letters, ok := Type{}.Split(typetest.Env(time.Time{}, c.config, nil), typetest.Token("daplug", "", 6, nil), c.pass)
		if pin != c.pin || letters != c.letters || ok != c.ok {
			t.Errorf("%q: %q %q %t", c.pass, pin, letters, ok)
		}
	}
}
