package smsprovider

import "testing"

func TestGateway_Phone(t *testing.T) {
	for _, c := range []struct{ expr, number, want string }{
		{"", "+49 1", "+49 1"},
		{"/[^0-9+]//", "+49/151-77 8", "+49151778"},
		{"/[/-]/_/", "+49/151-77 8", "+49_151_77 8"},
		{`/^0([1-9])/+49\1/`, "0171", "+49171"},
		{"/(/x/", "0171", "0171"},
		{"/ /$1/", "1 2", "1$12"},
		{"no slashes", "0171", "0171"},
		{"/", "0171", "0171"},
		{"//", "0171", "0171"},
	} {
		if got := (Gateway{Options: map[string]string{"REGEXP": c.expr}}).Phone(c.number); got != c.want {
			t.Errorf("%q on %q: %q, want %q", c.expr, c.number, got, c.want)
		}
	}
}

func TestFill(t *testing.T) {
	m := Message{Phone: "0171", Text: "{phone} 287082"}
	for _, c := range []struct {
		template, want string
		ok             bool
	}{
		{"Code {otp} for {phone}", "Code {phone} 287082 for 0171", true},
		{"{{x}}", "{x}", true}, {"", "", true}, {"{user}", "", false}, {"{otp", "", false}, {"otp}", "", false}, {"{", "", false},
	} {
		if got, err := Fill(c.template, m); got != c.want || (err == nil) != c.ok {
			t.Errorf("%q: %q, %v", c.template, got, err)
		}
	}
}

func FuzzPhone(f *testing.F) {
	f.Add("/[^0-9+]//", "+49/151-77 8")
	f.Add(`/(a)/\1/`, "a")
	f.Fuzz(func(_ *testing.T, expr, number string) {
		(Gateway{Options: map[string]string{"REGEXP": expr}}).Phone(number)
		_, _ = Fill(expr, Message{Phone: number, Text: number})
	})
}
