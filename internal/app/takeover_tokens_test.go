package app_test

import (
	"crypto/aes"
	"crypto/hmac"
	"crypto/md5"
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
	"time"

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
		return f.otp(x.clock.now().Unix() / step), f.OTPKey != ""
	case "pw", "registration", "applspec":
		return f.Password, f.Password != ""
	case "paper":
		return f.otp(f.DB.Count), f.OTPKey != ""
	case "tan":
		if len(f.TANs) == 0 {
			return "", false
		}
		return f.TANs[len(f.TANs)-1], true
	case "daplug":
		return letters.Replace(f.otp(f.DB.Count)), f.OTPKey != ""
	case "daypassword":
		step := map[string]int64{"24h": 86400, "12h": 43200, "86400": 86400}[f.TokenInfo["timeStep"]]
		if step == 0 {
			return "", false
		}
		return f.otp(x.clock.now().Unix() / step), true
	case "motp":
		return motpValue(x.clock.now(), f.OTPKey, f.MOTPPin), f.MOTPPin != ""
	case "yubikey":
		return f.yubikey(), f.OTPKey != ""
	case "spass":
		return "", true
	}
	return "", false
}

// letters are what a Daplug dongle types for digits.
var letters = strings.NewReplacer("0", "eb", "1", "ec", "2", "ed", "3", "ee", "4", "ef", "5", "eg", "6", "eh", "7", "ei", "8", "ej", "9", "ek")

// motpValue is Mobile-OTP with six digits.
func motpValue(at time.Time, key, pin string) string {
	sum := md5.Sum([]byte(strconv.FormatInt(at.Unix()/10, 10) + key + pin))
	return hex.EncodeToString(sum[:])[:6]
}

// yubikey is the next value of a Yubikey.
func (f fixtureToken) yubikey() string {
	key, _ := hex.DecodeString(f.OTPKey)
	id, _ := hex.DecodeString(f.PrivateID)
	c, err := aes.NewCipher(key)
	if err != nil || len(id) != 6 {
		return ""
	}
	b := append(id, byte(f.Next.Usage), byte(f.Next.Usage>>8), 1, 2, 3, byte(f.Next.Session), 4, 5)
	crc := uint16(0xffff)
	for _, x := range b {
		crc ^= uint16(x)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0x8408
			} else {
				crc >>= 1
			}
		}
	}
	b = binary.LittleEndian.AppendUint16(b, ^crc)
	c.Encrypt(b, b)
	var out strings.Builder
	out.WriteString(f.PublicPrefix)
	for _, x := range b {
		out.WriteByte("cbdefghijklnrtuv"[x>>4])
		out.WriteByte("cbdefghijklnrtuv"[x&15])
	}
	return out.String()
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
		login := apptest.P{"serial": serial, "pass": deref(f.PIN) + value}
		if id := f.TokenInfo["service_id"]; id != "" {
			login["service_id"] = id
		}
		r := x.Call("POST /validate/check", login)
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
		if f.Expect == true && slices.Contains([]string{"hotp", "totp", "paper", "tan", "daplug", "motp", "yubikey"}, f.Type) {
			if r := x.Call("POST /validate/check", login); r.Accepted() {
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
