package app_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/app/apptest"
)

// otp computes the value at a counter, independently of the program.
func (f fixtureToken) otp(counter int64) string {
	key, err := hex.DecodeString(f.OTPKey)
	if err != nil {
		return ""
	}
	hashes := map[string]func() hash.Hash{"": sha1.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}
	name := f.HashLib
	if name == "" {
		name = f.TokenInfo["hashlib"]
	}
	h := hmac.New(hashes[name], key)
	_ = binary.Write(h, binary.BigEndian, counter)
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:]) & math.MaxInt32
	return fmt.Sprintf("%0*d", f.DB.OTPLen, uint64(n)%uint64(math.Pow10(f.DB.OTPLen)))
}

// answer is what the token's holder enters behind the PIN, and whether these
// tests can make one.
func (x *takeover) answer(f fixtureToken) (string, bool) {
	switch f.Type {
	case "hotp":
		return f.otp(f.DB.Count), f.OTPKey != ""
	case "totp":
		step, err := strconv.ParseInt(f.TokenInfo["timeStep"], 10, 64)
		if err != nil {
			return "", false
		}
		return f.otp(x.clock.at.Unix() / step), f.OTPKey != ""
	case "pw", "registration":
		return f.Password, true
	case "spass":
		return "", true
	}
	return "", false
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (x *takeover) tokens() {
	var serials []string
	for s := range x.manifest.Tokens {
		serials = append(serials, s)
	}
	slices.Sort(serials)
	tried := 0
	for _, serial := range serials {
		f := x.manifest.Tokens[serial]
		value, ok := x.answer(f)
		if !ok {
			continue
		}
		tried++
		r := x.Call("POST /validate/check", apptest.P{"serial": serial, "pass": deref(f.PIN) + value})
		switch want := f.Expect.(type) {
		case bool:
			if r.Status != 200 || r.Value() != want {
				x.Errorf("%s: %d %s, want %v", serial, r.Status, r.Raw, want)
			}
		case string: // "error 1007"
			if r.ErrorCode() == 0 || !strings.HasSuffix(want, strconv.Itoa(r.ErrorCode())) {
				x.Errorf("%s: %d %s, want %s", serial, r.Status, r.Raw, want)
			}
		}
		if f.Expect == true && (f.Type == "hotp" || f.Type == "totp") {
			if r := x.Call("POST /validate/check", apptest.P{"serial": serial, "pass": deref(f.PIN) + value}); r.Accepted() {
				x.Errorf("%s: the same value twice", serial)
			}
		}
		if f.Expect == true && f.Type == "registration" {
			if there, err := x.App.Store.SerialExists(x.Context(), serial); err != nil || there {
				x.Errorf("%s is there after its use: %v", serial, err)
			}
		}
	}
	if tried < 30 {
		x.Errorf("only %d tokens were tried", tried)
	}
}

// A challenge that the former program sent is answered here.
func (x *takeover) openChallenges() {
	f := x.manifest.Tokens["HOTP-SHA1-6"]
	found := false
	for _, c := range x.manifest.Challenges {
		if c.Serial != f.Serial {
			continue
		}
		expired := strings.HasPrefix(c.TransactionID, "00000000")
		value := f.otp(f.DB.Count + 2)
		r := x.Call("POST /validate/check", apptest.P{"user": "alice", "realm": "realm1", "pass": value, "transaction_id": c.TransactionID})
		if r.Accepted() == expired {
			x.Errorf("transaction %s: %s", c.TransactionID, r.Raw)
		}
		found = true
	}
	if !found {
		x.Error("no challenge to answer")
	}
}
