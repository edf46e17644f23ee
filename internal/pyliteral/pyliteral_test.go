package pyliteral

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func load(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// evaluated is a text and what repr(ast.literal_eval(text)) is in Python 3.11;
// nil where it fails.
type evaluated struct {
	Src  string
	Repr *string
}

// stricter are texts that Python reads and we refuse on purpose.
func stricter(src string) bool {
	return strings.Contains(src, `\ud800`) || strings.Contains(src, `\N{`)
}

func TestParse_AgreesWithLiteralEval(t *testing.T) {
	var cases []evaluated
	load(t, "literal_eval.json", &cases)
	for _, c := range cases {
		v, err := Parse(c.Src)
		switch {
		case c.Repr == nil || stricter(c.Src):
			var where *Error
			if err == nil {
				t.Errorf("Parse(%.60q) = %.60s, want an error", c.Src, Repr(v))
			} else if !errors.As(err, &where) || where.Pos.Line < 1 || v != nil {
				t.Errorf("Parse(%.60q) = %v, %v: want nil and an *Error", c.Src, v, err)
			}
		case err != nil:
			t.Errorf("Parse(%.60q): %v, want %.60s", c.Src, err, *c.Repr)
		case Repr(v) != *c.Repr:
			t.Errorf("Parse(%.60q) = %.60s, want %.60s", c.Src, Repr(v), *c.Repr)
		}
	}
}

func TestRepr_And_PPrint_AgreeWithPython(t *testing.T) {
	var cases []struct {
		Repr string
		P480 string `json:"pprint_4_80"`
		P140 string `json:"pprint_1_40"`
		P08  string `json:"pprint_0_8"`
	}
	load(t, "written.json", &cases)
	for _, c := range cases {
		v, err := Parse(c.Repr)
		if err != nil {
			t.Errorf("Parse(%.80q): %v", c.Repr, err)
			continue
		}
		if got := Repr(v); got != c.Repr {
			t.Errorf("Repr = %s\nwant   %s", got, c.Repr)
		}
		for _, f := range []struct {
			indent, width int
			want          string
		}{{4, 80, c.P480}, {1, 40, c.P140}, {0, 8, c.P08}} {
			if diff := cmp.Diff(f.want, PPrint(v, f.indent, f.width)); diff != "" {
				t.Errorf("PPrint(%d, %d) of %s:\n%s", f.indent, f.width, c.Repr, diff)
			}
		}
	}
}

func TestExports_AreWrittenAsRecorded(t *testing.T) {
	var cases []struct{ Command, Form, Stdout string }
	load(t, "exports.json", &cases)
	if len(cases) < 10 {
		t.Fatalf("only %d recorded exports", len(cases))
	}
	for _, c := range cases {
		v, err := Parse(c.Stdout)
		if err != nil {
			t.Errorf("%s: %v", c.Command, err)
			continue
		}
		got := Repr(v)
		if c.Form == "pprint" {
			got = PPrint(v, 4, 80)
		}
		if diff := cmp.Diff(strings.TrimSuffix(c.Stdout, "\n"), got); diff != "" {
			t.Errorf("%s:\n%s", c.Command, diff)
		}
	}
}

func TestParse_SaysWhere(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"name", "[1,\n  foo]", "line 2, column 3: the name 'foo' is no literal"},
		{"operator", "1 + 2", "line 1, column 3: unexpected '+'"},
		{"columns count characters", "{'é': x}", "line 1, column 7: the name 'x' is no literal"},
		{"open bracket", "[1,\n", "line 2, column 1: '[' is never closed"},
		{"wrong bracket", "(1]", "line 1, column 3: ']' does not close '('"},
		{"lines inside long strings", "'''a\nb''' 'c", "line 2, column 6: the string is never closed"},
		{"formatted", "f'x'", "line 1, column 1: formatted strings (f'…') are not supported"},
		{"complex", "1j", "line 1, column 1: complex numbers are not supported"},
		{"key", "{\n[]: 1}", "line 2, column 1: a list, dict or set cannot be a key or an element of a set"},
		{"nothing", "", "line 1, column 1: unexpected end of text"},
		{"not UTF-8", "'\xff'", "line 1, column 1: the text is not valid UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(c.src)
			if err == nil || err.Error() != c.want {
				t.Errorf("Parse(%q) = %v, want %s", c.src, err, c.want)
			}
		})
	}
}

func TestParse_TellsTypesApart(t *testing.T) {
	v, err := Parse("[(1,), [1], {1}, {1: 2}, b'x', 'x', 1.0, True, None, 18446744073709551616]")
	if err != nil {
		t.Fatal(err)
	}
	huge, _ := new(big.Int).SetString("18446744073709551616", 10)
	want := List{Tuple{int64(1)}, List{int64(1)}, Set{int64(1)}, NewDict(Pair{int64(1), int64(2)}), []byte("x"), "x", 1.0, true, nil, huge}
	if !equal(v, want) {
		t.Errorf("got %#v", v)
	}
}

func TestParse_RefusesTooMuch(t *testing.T) {
	for name, src := range map[string]string{
		"depth": strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
		"size":  strings.Repeat(" ", MaxSource) + "1",
	} {
		if _, err := Parse(src); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParse_ReadsOneLongLine(t *testing.T) {
	v, err := Parse("[" + strings.Repeat("'é', 1, ", 300_000) + "]")
	if err != nil || len(v.(List)) != 600_000 {
		t.Fatal(err)
	}
}

func TestDict(t *testing.T) {
	d := NewDict(Pair{"b", int64(1)}, Pair{"a", int64(2)}, Pair{"b", int64(3)})
	if got := Repr(d); got != "{'b': 3, 'a': 2}" {
		t.Errorf("Repr = %s", got)
	}
	if v, ok := d.Get("a"); !ok || v != int64(2) || d.Len() != 2 {
		t.Errorf("Get = %v, %v; Len = %d", v, ok, d.Len())
	}
	var none *Dict
	if _, ok := none.Get("a"); ok || none.Len() != 0 {
		t.Error("a nil dict is not empty")
	}
}

func TestStr(t *testing.T) {
	if got := Str("it's"); got != "it's" {
		t.Errorf("Str = %s", got)
	}
	if got := Str(List{"it's", 1}); got != `["it's", 1]` {
		t.Errorf("Str = %s", got)
	}
	if got := Repr("\x80é"); got != `'\udc80é'` {
		t.Errorf("Repr = %s", got)
	}
}

// equal compares type and value; NaN equals NaN.
func equal(a, b any) bool {
	switch a := a.(type) {
	case List:
		b, ok := b.(List)
		return ok && equalAll(a, b)
	case Tuple:
		b, ok := b.(Tuple)
		return ok && equalAll(a, b)
	case Set:
		b, ok := b.(Set)
		return ok && equalAll(a, b)
	case *Dict:
		b, ok := b.(*Dict)
		return ok && equalAll(a.keys, b.keys) && equalAll(a.values, b.values)
	case []byte:
		b, ok := b.([]byte)
		return ok && string(a) == string(b)
	case *big.Int:
		b, ok := b.(*big.Int)
		return ok && a.Cmp(b) == 0
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	}
	return a == b
}

func equalAll(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func seed(f *testing.F) {
	var cases []evaluated
	load(f, "literal_eval.json", &cases)
	for _, c := range cases {
		f.Add(c.Src)
	}
	var exports []struct{ Stdout string }
	load(f, "exports.json", &exports)
	for _, c := range exports {
		f.Add(c.Stdout)
	}
}

// FuzzParse: no panic, an error means no value, and what is read and written
// again is read as the same value.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src string) {
		v, err := Parse(src)
		if err != nil {
			if v != nil {
				t.Fatalf("%v with an error", v)
			}
			return
		}
		text := Repr(v)
		if strings.Contains(text, "inf") {
			return // 1e999 is read, but has no literal
		}
		again, err := Parse(text)
		if err != nil || !equal(v, again) {
			t.Fatalf("%q → %s → %v, %v", src, text, again, err)
		}
	})
}

// FuzzPPrint: what is printed on many lines is the same value, sorted.
func FuzzPPrint(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src string) {
		v, err := Parse(src)
		if err != nil || strings.Contains(Repr(v), "inf") {
			return
		}
		text := PPrint(v, 4, 80)
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%q → %s: %v", src, text, err)
		}
		if PPrint(again, 4, 80) != text {
			t.Fatalf("%q → %s → %s", src, text, PPrint(again, 4, 80))
		}
	})
}

// FuzzReprString: every text is written so that it is read back.
func FuzzReprString(f *testing.F) {
	f.Add("it's \"x\"\n\\\x00\u2028é")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			_ = Repr(s)
			return
		}
		for _, v := range []any{s, []byte(s)} {
			again, err := Parse(Repr(v))
			if err != nil || !equal(v, again) {
				t.Fatalf("%q → %s → %v, %v", s, Repr(v), again, err)
			}
		}
	})
}
