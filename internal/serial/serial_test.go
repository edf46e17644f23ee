package serial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"edumfa/internal/mfaerr"
)

type vectors struct {
	Prefixes map[string]string `json:"serial_prefixes"`
	Examples map[string]string `json:"serial_examples"`
	Check    []struct {
		Serial  string
		Result  bool
		Message string
	} `json:"check_serial"`
}

func load(t testing.TB) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/serials.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func free(context.Context, string) (bool, error) { return false, nil }

func TestNew(t *testing.T) {
	random := func() *bytes.Reader { return bytes.NewReader(bytes.Repeat([]byte{0x5c, 0x5d}, 50)) }
	for _, c := range []struct {
		name, prefix  string
		count, length int
		want          string
	}{
		{"as recorded", "OATH", 18, 0, "OATH00185C5D"},
		{"other length", "OATH", 18, 7, "OATH00185C5"},
		{"long number", "OATH", 1234567, 8, "OATH12345675"},
		{"number fills the length", "OATH", 12345678, 8, "OATH12345678"},
		{"number beyond the length", "OATH", 123456789, 8, "OATH123456789"},
		{"short length", "OATH", 1, 2, "OATH0001"},
		{"no longer than the column", "OATH", 1, 100, "OATH0001" + strings.Repeat("5C5D", 8)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Generator{Rand: random(), Length: c.length, Exists: free}.New(t.Context(), c.prefix, c.count)
			if err != nil || got != c.want || Check(got) != nil {
				t.Errorf("%s %v, want %s", got, err, c.want)
			}
		})
	}
	for kind, example := range load(t).Examples {
		shape := regexp.MustCompile("^" + Prefix(kind) + `\d{4}[0-9A-F]{4}$`)
		if !shape.MatchString(example) {
			t.Errorf("%s does not look like %s", example, shape)
		}
	}
}

func TestNew_RaisesTheNumberOfATakenSerial(t *testing.T) {
	asked := 0
	g := Generator{Rand: bytes.NewReader(make([]byte, 5000)), Exists: func(_ context.Context, s string) (bool, error) {
		asked++
		return asked <= 2, nil
	}}
	if got, err := g.New(t.Context(), "PW", 7); err != nil || got != "PW00090000" {
		t.Errorf("%s %v", got, err)
	}
	g.Exists = func(context.Context, string) (bool, error) { return true, nil }
	if got, err := g.New(t.Context(), "PW", 7); err == nil {
		t.Errorf("%s although all are taken", got)
	}
	broken := errors.New("broken")
	g.Exists = func(context.Context, string) (bool, error) { return false, broken }
	if _, err := g.New(t.Context(), "PW", 7); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestPrefix(t *testing.T) {
	v := load(t)
	for kind, want := range v.Prefixes {
		if got := Prefix(kind); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
	if len(prefixes()) != len(v.Prefixes)+1 {
		t.Error("a prefix that is not recorded")
	}
	if Prefix("new") != "NEW" || Prefix("HOTP") != "OATH" || Prefix("") != "PIUN" {
		t.Error("types beyond the list")
	}
}

func TestCheck(t *testing.T) {
	for _, c := range load(t).Check {
		err := Check(c.Serial)
		if c.Result {
			// One recorded serial has 41 characters and would not fit the column.
			if (err == nil) != (len(c.Serial) <= MaxLength) {
				t.Errorf("%s: %v", c.Serial, err)
			}
			continue
		}
		if e, ok := errors.AsType[*mfaerr.Error](err); !ok || e.Message() != c.Message {
			t.Errorf("%q: %v, want %s", c.Serial, err, c.Message)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, c := range load(f).Check {
		f.Add(c.Serial)
	}
	plain := regexp.MustCompile(`^[0-9a-zA-Z\-_]{1,40}$`)
	f.Fuzz(func(t *testing.T, s string) {
		if (Check(s) == nil) != plain.MatchString(s) {
			t.Errorf("%q", s)
		}
	})
}
