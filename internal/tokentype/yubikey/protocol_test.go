package yubikey

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype/typetest"
)

func TestSign(t *testing.T) {
	for _, c := range read(t).Signed {
		key, err := base64.StdEncoding.DecodeString(c.Key)
		if err != nil {
			t.Fatal(err)
		}
		if got := sign(c.Data, key); got != c.H {
			t.Errorf("%v: %s, want %s", c.Data, got, c.H)
		}
	}
}

// counter is a desk with one token, found by prefix or by serial.
type counter struct {
	prefix, serial string
	right          string
	tried          int
}

func (c *counter) Tokens(_ context.Context, f token.Filter) ([]*token.Token, error) {
	if f.Type == "yubikey" && (f.InfoKey == infoPrefix && f.InfoVal == c.prefix || slices.Contains(f.Serials, c.serial)) {
		return []*token.Token{{Serial: "T1"}}, nil
	}
	return nil, nil
}

func (c *counter) Login(_ context.Context, _ *token.Token, pass secret.String) (bool, error) {
	c.tried++
	return pass.Equal(c.right), nil
}

func TestTextEndpoint(t *testing.T) {
	const otp = "vvccccfixturngjcnrirnurlldnkbnucilkjkelngucd"
	key := []byte("key of a client")
	signed := func(p map[string]string) map[string]string {
		p["h"] = sign(p, key)
		return p
	}
	for name, c := range map[string]struct {
		desk   counter
		params map[string]string
		status string
		tried  int
	}{
		"right":              {counter{prefix: "vvccccfixtur", right: otp}, map[string]string{"id": "7", "otp": otp, "nonce": "n"}, statusOK, 1},
		"behind a PIN":       {counter{prefix: "vvccccfixtur", right: "pin" + otp}, map[string]string{"id": "7", "otp": "pin" + otp, "nonce": "n"}, statusOK, 1},
		"behind letters":     {counter{prefix: "vvccccfixtur", right: "cccc" + otp}, map[string]string{"id": "7", "otp": "cccc" + otp, "nonce": "n"}, statusOK, 1},
		"imported":           {counter{serial: "UBAM26916344_1", right: "cccccbklngvj" + otp[12:]}, map[string]string{"id": "7", "otp": "cccccbklngvj" + otp[12:], "nonce": "n"}, statusOK, 1},
		"wrong":              {counter{prefix: "vvccccfixtur"}, map[string]string{"id": "7", "otp": otp, "nonce": "n"}, statusBadOTP, 1},
		"unknown":            {counter{prefix: "vvccccfixtuu"}, map[string]string{"id": "7", "otp": otp, "nonce": "n"}, statusBadOTP, 0},
		"too short":          {counter{}, map[string]string{"id": "7", "otp": "x", "nonce": "n"}, statusBadOTP, 0},
		"signed":             {counter{prefix: "vvccccfixtur", right: otp}, signed(map[string]string{"id": "7", "otp": otp, "nonce": "n", "timeout": "5", "sl": "secure", "timestamp": "1"}), statusOK, 1},
		"signed wrongly":     {counter{prefix: "vvccccfixtur", right: otp}, map[string]string{"id": "7", "otp": otp, "nonce": "n", "h": "AAAA"}, statusBadSignature, 0},
		"without a nonce":    {counter{}, map[string]string{"id": "7", "otp": otp}, statusMissing, 0},
		"without a value":    {counter{}, map[string]string{"id": "7", "nonce": "n"}, statusMissing, 0},
		"without a client":   {counter{}, map[string]string{"otp": otp, "nonce": "n"}, statusNoClient, 0},
		"of another client":  {counter{}, map[string]string{"id": "8", "otp": otp, "nonce": "n"}, statusNoClient, 0},
		"with an empty key":  {counter{}, map[string]string{"id": "9", "otp": otp, "nonce": "n"}, statusNoClient, 0},
		"with a damaged key": {counter{}, map[string]string{"id": "10", "otp": otp, "nonce": "n"}, statusNoClient, 0},
		"with more lines":    {counter{}, map[string]string{"id": "7", "otp": "x\nstatus=OK", "nonce": "n\r\nstatus=OK"}, statusBadOTP, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := typetest.Env(time.Date(2026, 11, 21, 9, 8, 7, 6000, time.UTC), map[string]string{
				settingClient + "7": base64.StdEncoding.EncodeToString(key), settingClient + "9": "", settingClient + "10": "?", settingClient: "AAAA"}, c.params)
			answer, err := Type{}.TextEndpoint(t.Context(), e, &c.desk)
			if err != nil {
				t.Fatal(err)
			}
			fields, names := map[string]string{}, []string{}
			for l := range strings.Lines(answer) {
				k, v, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "=")
				fields[k], names = v, append(names, k)
			}
			if !slices.Equal(names, []string{"nonce", "otp", "status", "timestamp", "h"}) || fields["status"] != c.status {
				t.Errorf("%s", answer)
			}
			if fields["timestamp"] != "2026-11-21T09:08:07Z000006" {
				t.Errorf("time %s", fields["timestamp"])
			}
			if want := sign(fields, key); c.status != statusNoClient && fields["h"] != want || c.status == statusNoClient && fields["h"] != "" {
				t.Errorf("signature %s, want %s", fields["h"], want)
			}
			if c.desk.tried != c.tried {
				t.Errorf("%d attempts, want %d", c.desk.tried, c.tried)
			}
		})
	}
}
