package tan

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/tokentype/typetest"
)

type vectors struct {
	Hashes []struct{ TAN, Salt, Stored string } `json:"tan_hash"`
	Rows   map[string]string                    `json:"fixture_TAN_1_rows"`
	TANs   []string                             `json:"fixture_TAN_1_tans"`
	Paper  struct {
		OTPKey string
		OTPs   map[string]string
	}
}

func read(t testing.TB) vectors {
	b, err := os.ReadFile("testdata/tan_paper.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil || len(v.Hashes) == 0 || len(v.TANs) == 0 {
		t.Fatal(err)
	}
	return v
}

func TestStored(t *testing.T) {
	for _, c := range read(t).Hashes {
		if got := stored(c.TAN, c.Salt); got != c.Stored {
			t.Errorf("%s: %s, want %s", c.TAN, got, c.Stored)
		}
	}
}

func TestVerify_InAnyOrderOnce(t *testing.T) {
	v := read(t)
	tok, e := typetest.Token("tan", "", 6, v.Rows), typetest.Env(time.Time{}, nil, nil)
	for i := len(v.TANs) - 1; i >= 0; i-- {
		m, err := Type{}.Verify(t.Context(), e, tok, secret.New(v.TANs[i]))
		if err != nil || !m.OK || m.Next != tok.Count || len(m.Changes) != 1 {
			t.Fatalf("%s: %+v %v", v.TANs[i], m, err)
		}
		take := m.Changes[0].(change.TakeInfo)
		if take.ID != tok.ID || take.Value != v.Rows[take.Key] || take.Value == "" {
			t.Fatalf("%s takes %+v", v.TANs[i], take)
		}
		delete(tok.Info, take.Key)
		if m, err := (Type{}).Verify(t.Context(), e, tok, secret.New(v.TANs[i])); err != nil || m.OK {
			t.Errorf("%s again: %+v %v", v.TANs[i], m, err)
		}
	}
}

func TestVerify_DamagedRows(t *testing.T) {
	tok := typetest.Token("tan", "", 6, map[string]string{"tan.tan0": "", "tan.tan1": ":", "tan.tan2": "aabb", "tan.count": "3"})
	for _, value := range []string{"", "aabb", "123456"} {
		if m, err := (Type{}).Verify(t.Context(), typetest.Env(time.Time{}, nil, nil), tok, secret.New(value)); err != nil || m.OK {
			t.Errorf("%q: %+v %v", value, m, err)
		}
	}
}

func TestEnroll(t *testing.T) {
	v := read(t)
	for name, c := range map[string]struct {
		params  typetest.Params
		digits  int
		left    int
		printed int
		good    string
	}{
		"made":                  {typetest.Params{}, 6, 100, 100, ""},
		"made of a key":         {typetest.Params{"otpkey": v.Paper.OTPKey, countOf: "5"}, 6, 5, 5, v.Paper.OTPs["3"]},
		"given":                 {typetest.Params{"tans": "98765432 12345678\n55555555 "}, 8, 3, 0, "12345678"},
		"given, of any length":  {typetest.Params{"tans": "correct-horse battery", "otplen": "6"}, 13, 2, 0, "correct-horse"},
		"given, and none there": {typetest.Params{"tans": ""}, 6, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tok, e := typetest.Token("tan", "", 6, map[string]string{"tan.tan999": "of the list before"}), typetest.Env(time.Time{}, nil, c.params)
			out, err := Type{}.Enroll(t.Context(), e, tok, c.params)
			if err != nil {
				t.Fatal(err)
			}
			list := out.Detail["otps"].(map[string]any)
			view := map[string]any{}
			for k, i := range tok.Info {
				view[k] = i.Value
			}
			Type{}.ViewInfo(view)
			if tok.OTPLen != c.digits || len(list) != c.printed || view[shownCount] != c.left {
				t.Errorf("%d digits, %d printed, %v left", tok.OTPLen, len(list), view[shownCount])
			}
			for k := range view {
				if strings.HasPrefix(k, infoTAN) {
					t.Errorf("%s is shown", k)
				}
			}
			if c.good != "" {
				if m, err := (Type{}).Verify(t.Context(), e, tok, secret.New(c.good)); err != nil || !m.OK {
					t.Errorf("%s: %+v %v", c.good, m, err)
				}
			}
		})
	}
	for name, p := range map[string]typetest.Params{
		"too many made": {countOf: "1000000"}, "too many given": {"tans": strings.Repeat("1 ", maxTANs+1)}, "fewer than none": {countOf: "-5"},
	} {
		if _, err := (Type{}).Enroll(t.Context(), typetest.Env(time.Time{}, nil, p), typetest.Token("tan", "", 6, nil), p); !mfaerr.Is(err, mfaerr.Request) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
