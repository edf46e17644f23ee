package pyjson

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

type responseVectors struct {
	Responses []struct {
		Note   string `json:"note"`
		Body   string `json:"body"`
		Signed string `json:"signed_string"`
	} `json:"responses"`
	Synthetic []struct {
		Body   string `json:"body"`
		Signed string `json:"signed_string"`
	} `json:"synthetic"`
}

func loadVectors(t testing.TB) responseVectors {
	t.Helper()
	data, err := os.ReadFile("testdata/response_signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var v responseVectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// A verifier takes the body, removes the signature and sorts: that must give
// the signed text. And the body itself must be reproduced as it was.
func TestRecordedReplies(t *testing.T) {
	v := loadVectors(t)
	check := func(name, body, signed string) {
		decoded, err := Unmarshal([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := Marshal(decoded)
		if err != nil || string(again) != strings.TrimSuffix(body, "\n") {
			t.Errorf("%s: body\n%s\nbecame\n%s (%v)", name, body, again, err)
		}
		if signed == "" {
			return
		}
		sorted, err := MarshalSorted(decoded.(Object).Delete("signature"))
		if err != nil || string(sorted) != signed {
			t.Errorf("%s: signed text\n%s\nbecame\n%s (%v)", name, signed, sorted, err)
		}
	}
	for _, r := range v.Responses {
		if strings.HasPrefix(r.Body, "{") {
			check(r.Note, r.Body, r.Signed)
		}
	}
	for _, r := range v.Synthetic {
		check(r.Signed, r.Body, r.Signed)
	}
}

type named string

func TestMarshal(t *testing.T) {
	number := int32(7)
	cases := []struct {
		name string
		in   any
		want string
	}{
		{"null", nil, `null`},
		{"object keeps order", Object{{"b", 1}, {"a", int64(2)}}, `{"b": 1, "a": 2}`},
		{"map is sorted", map[string]any{"b": 1, "a": true, "ä": nil, "Z": "x"}, `{"Z": "x", "a": true, "b": 1, "\u00e4": null}`},
		{"nil map", map[string]any(nil), `{}`},
		{"nil list", []any(nil), `[]`},
		{"strings", []string{"a", "<&>/"}, `["a", "<&>/"]`},
		{"escapes", "\x00\x1f\"\\\b\f\n\r\t\x7f\u0080é✓😀", `"\u0000\u001f\"\\\b\f\n\r\t\u007f\u0080\u00e9\u2713\ud83d\ude00"`},
		{"bad UTF-8", "a\xffb", `"a\ufffdb"`},
		{"integer sizes", []any{int8(-1), uint64(math.MaxUint64), &number, named("n")}, `[-1, 18446744073709551615, 7, "n"]`},
		{"typed slices", []any{[]int{1, 2}, []bool{true}, map[string]string{"k": "v"}, []Object{{}}}, `[[1, 2], [true], {"k": "v"}, [{}]]`},
		{"json numbers", []any{json.Number("-0"), json.Number("1e2"), json.Number("123456789012345678901234567890"), json.Number("1.50")}, `[0, 100.0, 123456789012345678901234567890, 1.5]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Marshal(c.in)
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
	for _, bad := range []any{struct{}{}, []byte("x"), json.Number("01"), json.Number(""), make(chan int), func() {}} {
		if got, err := Marshal(bad); err == nil {
			t.Errorf("%T became %s", bad, got)
		}
	}
}

// The right-hand sides are Python's repr.
func TestAppendFloat(t *testing.T) {
	cases := map[float64]string{
		0: "0.0", math.Copysign(0, -1): "-0.0", 1: "1.0", -1.5: "-1.5", 0.1: "0.1", 1e-4: "0.0001", 0.00012345: "0.00012345",
		1e-5: "1e-05", 1e-7: "1e-07", 1.5e-10: "1.5e-10", 1e15: "1000000000000000.0", 9999999999999998: "9999999999999998.0",
		1e16: "1e+16", 1e22: "1e+22", 1.7976931348623157e308: "1.7976931348623157e+308", 5e-324: "5e-324",
		1700000000.1234567: "1700000000.1234567", math.Inf(1): "Infinity", math.Inf(-1): "-Infinity", 123456789012345680: "1.2345678901234568e+17",
	}
	for in, want := range cases {
		if got := string(AppendFloat(nil, in)); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
	if got := string(AppendFloat(nil, math.NaN())); got != "NaN" {
		t.Error(got)
	}
}

func TestUnmarshal(t *testing.T) {
	cases := []struct{ name, in, sorted string }{
		{"equal names", `{"b":1,"a":2,"b":3}`, `{"a": 2, "b": 3}`},
		{"integers and floats", `[1, 1.0, 1e2, -0, -0.0, 1E400, 12345678901234567890]`, `[1, 1.0, 100.0, 0, -0.0, Infinity, 12345678901234567890]`},
		{"Python words", `[NaN, Infinity, -Infinity, null, true, false]`, `[NaN, Infinity, -Infinity, null, true, false]`},
		{"pair and halves", `["\ud83d\ude00", "\ud83dx", "\ude00\ud83d"]`, `["\ud83d\ude00", "\ud83dx", "\ude00\ud83d"]`},
		{"escapes", `"\/\b\f\n\r\tä\u00e4\"\\"`, `"/\b\f\n\r\t\u00e4\u00e4\"\\"`},
		{"white space", " [ 1 ,\t2 ]\r\n", `[1, 2]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v, err := Unmarshal([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := MarshalSorted(v); err != nil || string(got) != c.sorted {
				t.Errorf("got %s, %v; want %s", got, err, c.sorted)
			}
		})
	}
	for _, bad := range []string{
		"", "{", "[1,]", `{"a":1,}`, `{a:1}`, `"`, `"\x"`, `"\u12"`, "\"\n\"", "\"\xff\"", "01", "1.", ".5", "+1", "-", "1 2", "nul", `{"a" 1}`,
		"\"\\n\xff\"", strings.Repeat("[", 100000),
	} {
		if v, err := Unmarshal([]byte(bad)); err == nil || v != nil {
			t.Errorf("%.20q was read as %v", bad, v)
		}
	}
}

func TestObject(t *testing.T) {
	var o Object
	o.Set("a", 1)
	o.Set("b", 2)
	o.Set("a", 3)
	without := o.Delete("a")
	if v, ok := o.Get("a"); !ok || v != 3 || len(o) != 2 || len(without) != 1 {
		t.Error(o, without)
	}
	if _, ok := without.Get("a"); ok {
		t.Error("a is still there")
	}
}

func FuzzUnmarshal(f *testing.F) {
	v := loadVectors(f)
	for _, r := range v.Responses {
		f.Add([]byte(r.Body))
	}
	for _, r := range v.Synthetic {
		f.Add([]byte(r.Body))
	}
	f.Add([]byte(`[NaN, "\ud83d", 1e400, -0]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		decoded, err := Unmarshal(data)
		if err != nil {
			if decoded != nil {
				t.Fatal("a failed parse returned a value")
			}
			return
		}
		text, err := MarshalSorted(decoded)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Unmarshal(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if text2, err := MarshalSorted(again); err != nil || string(text2) != string(text) {
			t.Fatalf("%s became %s", text, text2)
		}
		if json.Valid(data) && !strings.Contains(string(text), "NaN") && !strings.Contains(string(text), "Infinity") && !json.Valid(text) {
			t.Fatalf("%s is not JSON", text)
		}
	})
}

func BenchmarkMarshalSorted(b *testing.B) {
	decoded, err := Unmarshal([]byte(loadVectors(b).Responses[0].Body))
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 8192)
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = AppendSorted(buf[:0], decoded); err != nil {
			b.Fatal(err)
		}
	}
}
