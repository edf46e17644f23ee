package randtext

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"edumfa/internal/mfaerr"
)

type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

func TestTransactionID(t *testing.T) {
	for in, want := range map[string]string{
		"\x00\x00\x00\x00\x00\x00\x00\x07": "00000000000000000007",
		"\xff\xff\xff\xff\xff\xff\xff\xff": "18446744073709551615",
	} {
		if got, err := TransactionID(strings.NewReader(in)); err != nil || got != want {
			t.Errorf("%s %v, want %s", got, err, want)
		}
	}
	if _, err := TransactionID(strings.NewReader("short")); err == nil {
		t.Error("an id of too few random bytes")
	}
}

func TestOf_IsUniform(t *testing.T) {
	seen := map[rune]int{}
	text, err := Of(rand.Reader, 4000, "abcdö")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range text {
		seen[r]++
	}
	for _, r := range "abcdö" {
		if seen[r] < 600 || seen[r] > 1000 { // expected 800, six times the deviation
			t.Errorf("%c comes %d times of 4000", r, seen[r])
		}
	}
}

func TestOf_Refuses(t *testing.T) {
	if _, err := Of(constant(0xff), 5, "abc"); err == nil {
		t.Error("a source that never gives a usable number")
	}
	if _, err := Of(bytes.NewReader(nil), 5, "abc"); err == nil {
		t.Error("an empty source")
	}
	for _, n := range []int{-1, maxLength + 1} {
		if _, err := Of(rand.Reader, n, "abc"); err == nil {
			t.Errorf("length %d", n)
		}
	}
	if _, err := Of(rand.Reader, 1, ""); err == nil {
		t.Error("an empty alphabet")
	}
}

func TestContents_Check(t *testing.T) {
	const bad, noDigit, noLetter = "Not allowed character in PIN!", "Missing character in PIN: " + Digits, "Missing character in PIN: " + Letters
	for _, c := range []struct{ rule, pin, want string }{
		{"cn", "a1", ""},
		{"cn", "a1!", ""},
		{"cn", "a", noDigit},
		{"cn", "1", noLetter},
		{"cn", "", noLetter + "," + noDigit},
		{"cn", "ä1", bad + "," + noLetter},
		{"cns", "a1%", ""},
		{"s", "a1", "Missing character in PIN: " + Punctuation},
		{"+cn", "a", ""},
		{"+cn", "1", ""},
		{"+cn", "!", "Missing character in PIN: " + Letters + Digits},
		{"-s", "a1", ""},
		{"-s", "a1!", bad},
		{"-cn", "!", ""},
		{"-cns", "", ""},
		{"-cns", "a", bad},
		{"[abc]", "abcabc", ""},
		{"[abc]", "abcd", bad},
		{"[äö]", "ä", ""},
		{"[]", "a", bad},
		{"[]]", "]", ""},
	} {
		rule, err := ParseContents(c.rule)
		if err != nil {
			t.Fatalf("%s: %v", c.rule, err)
		}
		got := ""
		if err := rule.Check(c.pin); err != nil {
			e, ok := errors.AsType[*mfaerr.Error](err)
			if !ok || e.Kind != mfaerr.Policy {
				t.Errorf("%v", err)
			}
			got = e.Message()
		}
		if got != c.want {
			t.Errorf("%s %q: %q, want %q", c.rule, c.pin, got, c.want)
		}
	}
}

func TestParseContents_Refuses(t *testing.T) {
	for _, rule := range []string{"", "x", "cnx", "+", "-", "c n", "[abc", "abc]", "[", "ä"} {
		_, err := ParseContents(rule)
		if e, ok := errors.AsType[*mfaerr.Error](err); !ok || e.Message() != "Unknown character specifier in PIN policy." {
			t.Errorf("%q: %v", rule, err)
		}
	}
}

func TestGenerate_ObeysItsRule(t *testing.T) {
	for _, rule := range []string{"cn", "cns", "+cn", "+s", "-s", "-n", "[abc]", "[äö€]", "c", "cnc"} {
		c, err := ParseContents(rule)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{3, 6, 31} {
			pin, err := c.Generate(rand.Reader, n)
			if err != nil || utf8.RuneCountInString(pin) != n || c.Check(pin) != nil {
				t.Errorf("%s %d: %q %v %v", rule, n, pin, err, c.Check(pin))
			}
		}
	}
	if pin, err := Password(rand.Reader, 1, "cns"); err != nil || len(pin) != 3 {
		t.Errorf("the rule decides the length: %q %v", pin, err)
	}
	if pin, err := Password(rand.Reader, RegistrationLength, ""); err != nil || len(pin) != 24 || strings.ContainsAny(pin, Punctuation) {
		t.Errorf("%q %v", pin, err)
	}
	for _, rule := range []string{"-cns", "[]", "?"} {
		if pin, err := Password(rand.Reader, 6, rule); err == nil {
			t.Errorf("%s: %q", rule, pin)
		}
	}
	for _, n := range []int{0, -1, 1 << 30} {
		if _, err := Password(rand.Reader, n, "cn"); err == nil {
			t.Errorf("length %d", n)
		}
	}
}

func FuzzContents(f *testing.F) {
	for _, s := range []string{"cn", "+cn", "-s", "[abc]", "[]", "+-c", "\xff"} {
		f.Add(s, "a1")
	}
	f.Fuzz(func(t *testing.T, rule, pin string) {
		c, err := ParseContents(rule)
		if err != nil {
			return
		}
		_ = c.Check(pin)
		if made, err := c.Generate(rand.Reader, 8); err == nil && utf8.ValidString(rule) && c.Check(made) != nil {
			t.Errorf("%q made %q", rule, made)
		}
	})
}
