package motp

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/tokentype/typetest"
)

func TestVerify_Vectors(t *testing.T) {
	b, err := os.ReadFile("testdata/motp.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Values []struct {
			Key, PIN, OTP string
			Counter       int64
			Digits        int
		}
		Window []struct {
			Window   int
			InitTime int64
			Counter  int64 `json:"otp_counter"`
			Check    int64 `json:"checkOtp"`
		}
	}
	if err := json.Unmarshal(b, &v); err != nil || len(v.Values) == 0 || len(v.Window) == 0 {
		t.Fatal(err)
	}
	for _, c := range v.Values {
		t.Run(c.Key, func(t *testing.T) {
			tok := typetest.Token("motp", c.Key, c.Digits, nil)
			tok.UserPIN, _ = typetest.Keys{}.Seal(c.PIN)
			e := typetest.Env(time.Unix(c.Counter*10+3, 0), nil, nil)
			m, err := Type{}.Verify(t.Context(), e, tok, secret.New(c.OTP))
			if err != nil || !m.OK || m.Next != c.Counter {
				t.Fatalf("%+v %v", m, err)
			}
			tok.Count = m.Next
			if m, _ := (Type{}).Verify(t.Context(), e, tok, secret.New(c.OTP)); m.OK {
				t.Error("the same value twice")
			}
			tok.Count, tok.UserPIN = 0, typetest.Token("motp", "9999", 6, nil).Key
			if m, _ := (Type{}).Verify(t.Context(), e, tok, secret.New(c.OTP)); m.OK {
				t.Error("with another PIN")
			}
		})
	}
	for _, c := range v.Window {
		tok := typetest.Token("motp", "0123456789abcdef", 6, nil)
		tok.CountWindow = c.Window
		m, err := Type{}.Verify(t.Context(), typetest.Env(time.Unix(c.InitTime*10, 0), nil, nil), tok, secret.New(otp.MOTP(c.Counter, "0123456789abcdef", "", 6)))
		if err != nil || m.OK != (c.Check >= 0) || m.OK && m.Next != c.Check {
			t.Errorf("counter %d: %+v %v, want %d", c.Counter, m, err, c.Check)
		}
	}
}

func TestEnroll(t *testing.T) {
	for name, c := range map[string]struct {
		params map[string]string
		key    int // length of the key, 0 for an error
	}{
		"given":           {map[string]string{"otpkey": "0123456789ABCDEF", "motppin": "1234"}, 16},
		"made":            {map[string]string{"genkey": "1", "motppin": "1234"}, 32},
		"made, not given": {map[string]string{"genkey": "1", "otpkey": "00", "motppin": "1234"}, 32},
		"made, longer":    {map[string]string{"genkey": "1", "keysize": "20", "motppin": "1234"}, 40},
		"too long":        {map[string]string{"genkey": "1", "keysize": "100000000", "motppin": "1234"}, 0},
		"without a PIN":   {map[string]string{"genkey": "1"}, 0},
		"without a key":   {map[string]string{"motppin": "1234"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tok := typetest.Token("motp", "", 6, nil)
			out, err := Type{}.Enroll(t.Context(), typetest.Env(time.Unix(0, 0), nil, c.params), tok, typetest.Params(c.params))
			if c.key == 0 {
				if !mfaerr.Is(err, mfaerr.Request) {
					t.Errorf("error: %v", err)
				}
				return
			}
			if err != nil || len(out.Key) != c.key {
				t.Fatalf("%q %v", out.Key, err)
			}
			if pin, err := (typetest.Keys{}).Open(tok.UserPIN); pin != "1234" || err != nil {
				t.Errorf("PIN %q %v", pin, err)
			}
			if url := out.Detail["motpurl"].(map[string]any)["value"]; url != "motp://edumfa:mylabel?secret="+out.Key {
				t.Errorf("URL %v", url)
			}
		})
	}
}
