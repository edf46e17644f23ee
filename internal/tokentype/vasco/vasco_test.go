package vasco

import (
	"strings"
	"testing"

	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
	"edumfa/internal/tokentype/typetest"
)

func TestEnroll_IsRefusedWithTheReason(t *testing.T) {
	for name, c := range map[string]struct {
		params typetest.Params
		reason string
	}{
		"a key":          {typetest.Params{"otpkey": strings.Repeat("5a", 248)}, "library"},
		"a short key":    {typetest.Params{"otpkey": "5a5a"}, "length is 4"},
		"a key of z":     {typetest.Params{"otpkey": strings.Repeat("z", 496)}, "malformed"},
		"no key":         {typetest.Params{}, "Missing parameter: 'otpkey'"},
		"a key to make":  {typetest.Params{"genkey": "1"}, "not supported"},
		"both, somewhat": {typetest.Params{"genkey": "1", "otpkey": "5a"}, "not supported"},
	} {
		_, err := Type{}.Enroll(t.Context(), nil, &token.Token{}, c.params)
		if !mfaerr.Is(err, mfaerr.Request) || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
