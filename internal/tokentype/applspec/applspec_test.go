package applspec

import (
	"testing"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/tokentype/typetest"
)

func TestApplies(t *testing.T) {
	for _, c := range []struct {
		name, token string
		params      map[string]string
		want        bool
	}{
		{"the service", "mail", map[string]string{service: "mail"}, true},
		{"in other letters", "mail", map[string]string{service: "MAIL"}, true},
		{"another one", "mail", map[string]string{service: "chat"}, false},
		{"none", "mail", nil, false},
		{"an empty one", "mail", map[string]string{service: ""}, false},
		{"a token without one", "", map[string]string{service: ""}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tok := typetest.Token("applspec", "x", 1, map[string]string{service: c.token})
			if got := (Type{}).Applies(typetest.Env(time.Time{}, nil, c.params), tok); got != c.want {
				t.Errorf("%t, want %t", got, c.want)
			}
		})
	}
}

func TestEnroll(t *testing.T) {
	for name, c := range map[string]struct {
		params map[string]string
		length int // 0 for an error
	}{
		"given":             {map[string]string{"otpkey": "pässword", service: "mail"}, 8},
		"made":              {map[string]string{"genkey": "1", service: "mail"}, 23},
		"without a service": {map[string]string{"genkey": "1"}, 0},
		"without anything":  {map[string]string{service: "mail"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tok := typetest.Token("applspec", "", 6, nil)
			e := typetest.Env(time.Time{}, nil, c.params)
			out, err := Type{}.Enroll(t.Context(), e, tok, typetest.Params(c.params))
			if c.length == 0 {
				if !mfaerr.Is(err, mfaerr.Request) {
					t.Errorf("error: %v", err)
				}
				return
			}
			if err != nil || tok.OTPLen != c.length || tok.InfoText(service) != "mail" || out.Detail["password"] != out.Key {
				t.Fatalf("%+v %+v %v", tok, out, err)
			}
			for value, want := range map[string]bool{out.Key: true, out.Key + "x": false, "": false} {
				if m, err := (Type{}).Verify(t.Context(), e, tok, secret.New(value)); err != nil || m.OK != want {
					t.Errorf("%q: %+v %v", value, m, err)
				}
			}
		})
	}
}
