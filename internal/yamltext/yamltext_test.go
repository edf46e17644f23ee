package yamltext

import (
	"strings"
	"testing"

	"edumfa/internal/pyliteral"
)

func TestFormatIsReadBack(t *testing.T) {
	v := pyliteral.NewDict(
		pyliteral.Pair{Key: "policy", Value: pyliteral.List{
			pyliteral.NewDict(pyliteral.Pair{Key: "name", Value: "B\u00fcro 'x' \\ \"y\"\n"}, pyliteral.Pair{Key: "active", Value: true},
				pyliteral.Pair{Key: "empty", Value: pyliteral.List{}}, pyliteral.Pair{Key: "none", Value: nil}, pyliteral.Pair{Key: "n", Value: int64(-3)},
				pyliteral.Pair{Key: "lists", Value: pyliteral.List{pyliteral.List{"a", "b"}, pyliteral.NewDict()}}),
			"yes", "123", "1.5", " blank ", "a: b", "- x", "#", "", "tokenlist, x=<u>", "null", "~", "2020-01-01", "0x1F", "1_000",
		}},
		pyliteral.Pair{Key: "a", Value: pyliteral.NewDict()},
	)
	text := Format(v)
	got, err := Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	sorted := func(v any) string { return pyliteral.PPrint(v, 1, 80) }
	if sorted(got) != sorted(v) {
		t.Errorf("written as\n%s\nread as\n%s", text, sorted(got))
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
		t.Error("not in ASCII")
	}
}

func TestParseRefuses(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ",") + "]\n"
	}
	for name, src := range map[string]string{
		"aliases that grow":   bomb,
		"an alias to itself":  "a: &a [*a]\n",
		"unfinished":          "a: [",
		"a list as a key":     "? [a]\n: b\n",
		"deep":                strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"tab as indentation ": "a:\n\t- b\n",
	} {
		t.Run(name, func(t *testing.T) {
			if v, err := Parse(src); err == nil {
				t.Errorf("read as %v", v)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "a: 1", "- x\n- y: [1, 2.5, true, ~]\n", "&a [*a]", "a: &b {c: d}\ne: *b\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		v, err := Parse(src)
		if err == nil {
			_ = Format(v)
		}
	})
}
