package paper

import (
	"strconv"
	"testing"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/tokentype/typetest"
)

const seed = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"

func TestEnroll_PrintsTheValues(t *testing.T) {
	want := []string{"482851", "783704", "784634", "112411", "888080"}
	p := typetest.Params{"otpkey": seed, countOf: "5"}
	tok, e := typetest.Token("paper", "", 6, nil), typetest.Env(time.Time{}, nil, p)
	out, err := Type{}.Enroll(t.Context(), e, tok, p)
	if err != nil {
		t.Fatal(err)
	}
	list := out.Detail["otps"].(map[string]any)
	if len(list) != len(want) {
		t.Errorf("%d values", len(list))
	}
	for i, v := range want {
		if list[strconv.Itoa(i)] != v {
			t.Errorf("value %d: %v, want %s", i, list[strconv.Itoa(i)], v)
		}
	}
	for _, c := range []struct {
		value string
		next  int64 // 0 for a wrong one
	}{{want[1], 2}, {want[1], 0}, {want[0], 0}, {want[3], 4}, {"000000", 0}} {
		m, err := Type{}.Verify(t.Context(), e, tok, secret.New(c.value))
		if err != nil || m.OK != (c.next > 0) || m.OK && m.Next != c.next {
			t.Errorf("%s: %+v %v", c.value, m, err)
		}
		if m.OK {
			tok.Count = m.Next
		}
	}
}

func TestEnroll_HowMany(t *testing.T) {
	for name, c := range map[string]struct {
		params typetest.Params
		want   int // -1 for an error, -2 for no list
	}{
		"usually":            {typetest.Params{}, 100},
		"by parameter":       {typetest.Params{countOf: "7"}, 7},
		"an empty parameter": {typetest.Params{countOf: ""}, 100},
		"none":               {typetest.Params{countOf: "0"}, 0},
		"fewer than none":    {typetest.Params{countOf: "-1"}, -1},
		"far too many":       {typetest.Params{countOf: "1000000000"}, -1},
		"no number":          {typetest.Params{countOf: "many"}, -1},
		"at the second step": {typetest.Params{"otpkey": seed, "verify": "123456"}, -2},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := Type{}.Enroll(t.Context(), typetest.Env(time.Time{}, nil, c.params), typetest.Token("paper", "", 6, nil), c.params)
			if c.want == -1 {
				if err == nil || name != "no number" && !mfaerr.Is(err, mfaerr.Request) {
					t.Errorf("error: %v", err)
				}
				return
			}
			list, has := out.Detail["otps"].(map[string]any)
			if err != nil || has != (c.want >= 0) || has && len(list) != c.want {
				t.Errorf("%d values, %t %v", len(list), has, err)
			}
		})
	}
}
