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
		if got, err := (Kind{}).Fill(c.template, m); got != c.want || (err == nil) != c.ok {
			t.Errorf("%q: %q, %v", c.template, got, err)
		}
	}
}

func TestKind_Address(t *testing.T) {
	phones, logins := Kind{}, Kind{ToLogin: true}
	info := func(name string) string { return map[string]string{"account": "acc-9"}[name] }
	g := Gateway{Options: map[string]string{LoginOption: "account"}}
	for name, c := range map[string]struct {
		kind Kind
		g    Gateway
		to   Recipient
		want Message
		ok   bool
	}{
		"a phone":            {phones, g, Recipient{Phone: " 0171 ", Login: "alice"}, Message{Phone: "0171", Login: "alice", Text: "x"}, true},
		"no phone":           {phones, g, Recipient{Phone: " ", Login: "alice"}, Message{}, false},
		"a login name":       {logins, g, Recipient{Login: "alice", Info: info}, Message{Login: "alice", Text: "x"}, true},
		"no owner":           {logins, g, Recipient{Phone: "1", Info: info}, Message{Phone: "1", Login: "acc-9", Text: "x"}, true},
		"no owner, no info":  {logins, Gateway{}, Recipient{Phone: "1", Info: info}, Message{}, false},
		"no owner, no token": {logins, g, Recipient{Phone: "1"}, Message{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.kind.Address(c.g, c.to, "x")
			if (err == nil) != c.ok || c.ok && got != c.want {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestKind_FillForLogins(t *testing.T) {
	k, m := Kind{ToLogin: true}, Message{Phone: "0171", Login: "alice", Text: "287082"}
	if got, err := k.Fill("{uid}: {otp}", m); got != "alice: 287082" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := k.Fill("{phone}", m); err == nil {
		t.Error("a login name has no phone")
	}
}

func FuzzPhone(f *testing.F) {
	f.Add("/[^0-9+]//", "+49/151-77 8")
	f.Add(`/(a)/\1/`, "a")
	f.Fuzz(func(_ *testing.T, expr, number string) {
		(Gateway{Options: map[string]string{"REGEXP": expr}}).Phone(number)
		_, _ = Kind{}.Fill(expr, Message{Phone: number, Text: number})
	})
}
