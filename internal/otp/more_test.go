package otp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"edumfa/internal/mfaerr"
)

func TestMOTP_Vectors(t *testing.T) {
	var v struct {
		Values []struct {
			Key, Pin, OTP string
			Counter       int64
			Digits        int
		}
		Window []struct {
			Window     int
			InitTime   int64 `json:"initTime"`
			OTPCounter int64 `json:"otp_counter"`
			Check      int64 `json:"checkOtp"`
		}
	}
	load(t, "motp.json", &v)
	for _, x := range v.Values {
		if got := MOTP(x.Counter, x.Key, x.Pin, x.Digits); got != x.OTP {
			t.Errorf("%+v: %s", x, got)
		}
	}
	for _, w := range v.Window {
		otp := MOTP(w.OTPCounter, "0123456789abcdef", "1234", 6)
		c, ok := FindMOTP("0123456789abcdef", "1234", 6, w.InitTime, w.Window, otp)
		if ok != (w.Check >= 0) || ok && c != w.Check {
			t.Errorf("%+v: %d %v", w, c, ok)
		}
	}
}

func TestDayPassword_Vectors(t *testing.T) {
	var v struct {
		Values []struct {
			Key     string `json:"key_hex"`
			Hash    Hash   `json:"hashlib"`
			Digits  int
			Step    any `json:"timeStep"`
			Seconds int `json:"timestep_seconds"`
			Time    int64
			Counter int64
			OTP     string
		}
		Parse []struct {
			Input  any
			Result int
		} `json:"parse_time_sec_int"`
	}
	load(t, "daypassword.json", &v)
	text := func(x any) string {
		if s, ok := x.(string); ok {
			return s
		}
		b, _ := json.Marshal(x)
		return string(b)
	}
	for _, x := range v.Values {
		step, err := ParseTimeStep(text(x.Step))
		if err != nil || step != time.Duration(x.Seconds)*time.Second {
			t.Errorf("step %v: %v %v", x.Step, step, err)
		}
		now := time.Unix(x.Time, 0)
		c, ok := FindDayPassword(unhex(t, x.Key), x.Hash, x.Digits, step, now, x.OTP)
		if !ok || c != x.Counter {
			t.Errorf("%+v: %d %v", x, c, ok)
		}
		if _, ok := FindDayPassword(unhex(t, x.Key), x.Hash, x.Digits, step, now.Add(-step), x.OTP); ok {
			t.Errorf("%v: the value is good a step before", x.Step)
		}
	}
	for _, p := range v.Parse {
		got, err := ParseTimeStep(text(p.Input))
		if (err == nil) != (p.Result != 0) || got != time.Duration(p.Result)*time.Second {
			t.Errorf("%v: %v %v", p.Input, got, err)
		}
	}
	for _, bad := range []string{"", "0", "0d", "+", "m", "99999999999y", "9223372036854775807", "1 2d"} {
		if d, err := ParseTimeStep(bad); err == nil {
			t.Errorf("%q: %v", bad, d)
		}
	}
}

func TestTwoStep_Vectors(t *testing.T) {
	type part struct {
		Server     string                   `json:"server_component"`
		Client     string                   `json:"client_component"`
		Difficulty int                      `json:"2step_difficulty"`
		Other      int                      `json:"difficulty"`
		Hash       Hash                     `json:"hashlib"`
		Key        string                   `json:"otpkey"`
		Wrong      struct{ Message string } `json:"wrong_size"`
		Result     string
	}
	var v struct {
		Keys    []part `json:"hotp_totp"`
		Others  []part `json:"other_types"`
		Fixture part
	}
	load(t, "twostep.json", &v)
	for _, p := range append(v.Keys, v.Fixture) {
		client := unhex(t, p.Client)
		key, err := CombineTwoStep(p.Hash, p.Server, client, len(client), p.Difficulty+p.Other)
		if err != nil || hex.EncodeToString(key) != p.Key {
			t.Errorf("%s: %x %v", p.Server, key, err)
		}
		if p.Wrong.Message == "" {
			continue
		}
		_, err = CombineTwoStep(p.Hash, p.Server, append(client, 0), len(client), p.Difficulty)
		if e, ok := errors.AsType[*mfaerr.Error](err); !ok || e.Message() != p.Wrong.Message {
			t.Errorf("wrong size: %v, want %s", err, p.Wrong.Message)
		}
	}
	for _, p := range v.Others {
		got, err := JoinTwoStep(p.Server, p.Client)
		if got != p.Result || (err == nil) != (p.Result != "") {
			t.Errorf("%s+%s: %s %v", p.Server, p.Client, got, err)
		}
	}
	for _, n := range []int{0, -1, maxIterations + 1} {
		if _, err := CombineTwoStep(SHA1, "aa", []byte{1}, 1, n); err == nil {
			t.Errorf("%d iterations are accepted", n)
		}
	}
}

type base32Case struct {
	Payload string `json:"payload_hex"`
	Encoded string
	Decoded struct {
		Result  *string
		Message string
	}
}

func TestBase32Check_Vectors(t *testing.T) {
	var v struct{ Values []base32Case }
	load(t, "base32check.json", &v)
	for _, x := range v.Values {
		got, err := DecodeBase32Check(x.Encoded)
		if x.Decoded.Result != nil {
			if err != nil || hex.EncodeToString(got) != *x.Decoded.Result {
				t.Errorf("%q: %x %v", x.Encoded, got, err)
			}
			if want := strings.ToUpper(strings.TrimRight(x.Encoded, "=")); EncodeBase32Check(got) != want {
				t.Errorf("%q written as %q", x.Encoded, EncodeBase32Check(got))
			}
			continue
		}
		if e, ok := errors.AsType[*mfaerr.Error](err); !ok || e.Message() != x.Decoded.Message {
			t.Errorf("%q: %v, want %s", x.Encoded, err, x.Decoded.Message)
		}
	}
}

func TestKeys(t *testing.T) {
	for h, n := range map[Hash]int{SHA1: 20, SHA256: 32, SHA512: 64, SHA224: 20, SHA384: 20, MD5: 20} {
		key, err := GenerateKey(bytes.NewReader(make([]byte, 100)), h.KeySize())
		if err != nil || len(key) != n {
			t.Errorf("%s: %d bytes, %v", h, len(key), err)
		}
	}
	for _, n := range []int{0, -1, maxKeySize + 1} {
		if _, err := GenerateKey(bytes.NewReader(nil), n); err == nil {
			t.Errorf("size %d is accepted", n)
		}
	}
	if _, err := GenerateKey(bytes.NewReader([]byte{1}), 20); err == nil {
		t.Error("a key of too few random bytes")
	}
	if _, err := ParseHash("sha3"); err == nil {
		t.Error("unknown hash accepted")
	}
	if h, err := ParseHash(" SHA256 "); err != nil || h != SHA256 {
		t.Error("letter case of a hash counts")
	}
	if _, err := DecodeKey("zz", "hex"); err == nil {
		t.Error("no hex accepted")
	}
	if _, err := DecodeKey("00", "base64"); err == nil {
		t.Error("unknown format accepted")
	}
}

func FuzzBase32Check(f *testing.F) {
	var v struct{ Values []base32Case }
	load(f, "base32check.json", &v)
	for _, x := range v.Values {
		f.Add(x.Encoded)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := DecodeBase32Check(s)
		if err != nil {
			if got != nil {
				t.Error("an error with a result")
			}
			return
		}
		again, err := DecodeBase32Check(EncodeBase32Check(got))
		if err != nil || !bytes.Equal(again, got) {
			t.Errorf("%q does not come back", s)
		}
	})
}

func FuzzParseTimeStep(f *testing.F) {
	for _, s := range []string{"1d", "24h", "-5m", " 5 m ", "30", "x", "1w", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseTimeStep(s)
		if (err == nil) != (d > 0) {
			t.Errorf("%q: %v %v", s, d, err)
		}
	})
}
