package daypassword

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/tokentype/typetest"
)

const seed = "3132333435363738393031323334353637383930"

func TestVerify_Vectors(t *testing.T) {
	b, err := os.ReadFile("testdata/daypassword.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Values []struct {
			Key      string `json:"key_hex"`
			Hash     string `json:"hashlib"`
			Digits   int
			TimeStep any
			Seconds  int64 `json:"timestep_seconds"`
			Time     int64
			Counter  int64
			OTP      string
		}
	}
	if err := json.Unmarshal(b, &v); err != nil || len(v.Values) == 0 {
		t.Fatal(err)
	}
	for _, c := range v.Values {
		t.Run(fmt.Sprintf("%s %v", c.Hash, c.TimeStep), func(t *testing.T) {
			tok := typetest.Token("daypassword", c.Key, c.Digits, map[string]string{"hashlib": c.Hash, infoStep: fmt.Sprint(c.TimeStep)})
			begin := c.Time / c.Seconds * c.Seconds
			for at, want := range map[int64]bool{c.Time: true, begin: true, begin + c.Seconds - 1: true, begin - 1: false, begin + c.Seconds: false} {
				e := typetest.Env(time.Unix(at, 0), nil, nil)
				m, err := Type{}.Verify(t.Context(), e, tok, secret.New(c.OTP))
				if err != nil || m.OK != want || want && m.Next != c.Counter {
					t.Errorf("at %d: %+v %v, want %t", at, m, err, want)
				}
				if want { // and again: the value is good until the step ends
					tok.Count = m.Next
				}
			}
		})
	}
}

func TestEnroll_TimeStep(t *testing.T) {
	for name, c := range map[string]struct {
		params, config, info map[string]string
		stored, shown        string
	}{
		"of the request":     {params: map[string]string{infoStep: "4h"}, stored: "4h", shown: "period=14400&"},
		"in seconds":         {params: map[string]string{infoStep: "3600"}, stored: "3600", shown: "period=3600&"},
		"a day":              {stored: "86400", shown: "period=30&"},
		"of the settings":    {config: map[string]string{"daypassword.timeStep": "12h"}, stored: "43200", shown: "period=30&"},
		"of the token":       {info: map[string]string{infoStep: "90m"}, config: map[string]string{"daypassword.timeStep": "12h"}, stored: "5400", shown: "period=30&"},
		"empty":              {params: map[string]string{infoStep: ""}, stored: "86400", shown: "period=30&"},
		"blanks around it":   {params: map[string]string{infoStep: " 5 m "}, stored: " 5 m ", shown: "period=300&"},
		"no number":          {params: map[string]string{infoStep: "x"}},
		"none":               {params: map[string]string{infoStep: "0"}},
		"of broken settings": {config: map[string]string{"daypassword.timeStep": "soon"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := map[string]string{"otpkey": seed}
			for k, v := range c.params {
				p[k] = v
			}
			tok := typetest.Token("daypassword", "", 6, c.info)
			out, err := Type{}.Enroll(t.Context(), typetest.Env(time.Unix(0, 0), c.config, p), tok, typetest.Params(p))
			if c.stored == "" {
				if !mfaerr.Is(err, mfaerr.Request) {
					t.Fatalf("error: %v", err)
				}
				return
			}
			if err != nil || tok.InfoText(infoStep) != c.stored {
				t.Fatalf("%q %v, want %q", tok.InfoText(infoStep), err, c.stored)
			}
			url := out.Detail["googleurl"].(map[string]any)["value"].(string)
			want := "otpauth://daypassword/T1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&" + c.shown + "digits=6&issuer=eduMFA"
			if url != want {
				t.Errorf("%s, want %s", url, want)
			}
		})
	}
}
