package api

import "testing"

func TestParseAssignment(t *testing.T) {
	for _, c := range []struct {
		text string
		want assignment
		ok   bool
	}{
		{"pin:6", assignment{true, 6, 100}, true},
		{"6:pin", assignment{false, 6, 100}, true},
		{"pin:8:1000", assignment{true, 8, 1000}, true},
		{" 6 : pin : 0 ", assignment{false, 6, 0}, true},
		{"6", assignment{}, false},
		{"pin", assignment{}, false},
		{"pin:pin", assignment{}, false},
		{"6:8", assignment{}, false},
		{"pin:0", assignment{}, false},
		{"pin:-6", assignment{}, false},
		{"pin:6:x", assignment{}, false},
		{"pin:6:-1", assignment{}, false},
		{"pin:6:1:1", assignment{}, false},
		{"", assignment{}, false},
	} {
		if got, ok := parseAssignment(c.text); ok != c.ok || ok && got != c.want {
			t.Errorf("%q: %+v %v", c.text, got, ok)
		}
	}
}

func FuzzParseAssignment(f *testing.F) {
	f.Add("pin:6:100")
	f.Add("6:pin")
	f.Fuzz(func(t *testing.T, s string) {
		if a, ok := parseAssignment(s); ok && (a.length < 1 || a.window < 0) {
			t.Errorf("%q: %+v", s, a)
		}
	})
}
