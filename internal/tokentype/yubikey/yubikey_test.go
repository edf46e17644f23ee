package yubikey

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype/typetest"
)

type vectors struct {
	AES []struct {
		Label      string
		Key        string `json:"aes_key"`
		OTP        string
		Count      int64
		TokenID    string
		Check      int64             `json:"check_otp"`
		CountAfter int64             `json:"count_after"`
		InfoAfter  map[string]string `json:"tokeninfo_after"`
	} `json:"aes_mode"`
	CRC []struct {
		Hex string
		CRC uint16
	} `json:"crc16"`
	Residue int `json:"valid_residue"`
	Modhex  []struct{ Hex, Modhex string }
	Signed  []struct {
		Data map[string]string
		Key  string `json:"api_key"`
		H    string
	} `json:"validation_protocol_signature"`
}

func read(t testing.TB) vectors {
	b, err := os.ReadFile("testdata/yubikey.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil || len(v.AES) == 0 || len(v.CRC) == 0 || len(v.Modhex) == 0 || len(v.Signed) == 0 {
		t.Fatal(err)
	}
	return v
}

func TestVerify_Vectors(t *testing.T) {
	for _, c := range read(t).AES {
		t.Run(c.Label, func(t *testing.T) {
			info := map[string]string{}
			if c.TokenID != "" {
				info[infoID] = c.TokenID
			}
			tok := typetest.Token("yubikey", c.Key, len(c.OTP), info)
			tok.Count = c.Count
			m, err := Type{}.Verify(t.Context(), typetest.Env(time.Time{}, nil, nil), tok, secret.New(c.OTP))
			if err != nil || m.OK != (c.Check >= 0) {
				t.Fatalf("%+v %v, want %d", m, err, c.Check)
			}
			if !m.OK {
				if len(m.Changes) > 0 {
					t.Errorf("a wrong value changes %+v", m.Changes)
				}
				return
			}
			if m.Next != c.CountAfter {
				t.Errorf("next %d, want %d", m.Next, c.CountAfter)
			}
			for _, x := range m.Changes {
				set := x.(change.SetInfo)
				tok.Info[set.Key] = token.Info{Value: set.Value}
			}
			for k, want := range c.InfoAfter {
				if tok.InfoText(k) != want {
					t.Errorf("%s: %q, want %q", k, tok.InfoText(k), want)
				}
			}
			tok.Count = m.Next
			if m, err := (Type{}).Verify(t.Context(), typetest.Env(time.Time{}, nil, nil), tok, secret.New(c.OTP)); err != nil || m.OK {
				t.Errorf("again: %+v %v", m, err)
			}
		})
	}
}

func TestVerify_DamagedKeys(t *testing.T) {
	for _, key := range []string{"", "00", "zz112233445566778899aabbccddeeff"} {
		tok := typetest.Token("yubikey", key, 44, nil)
		if m, err := (Type{}).Verify(t.Context(), typetest.Env(time.Time{}, nil, nil), tok, secret.New(read(t).AES[0].OTP)); err != nil || m.OK {
			t.Errorf("%q: %+v %v", key, m, err)
		}
	}
}

func TestChecksumAndLetters(t *testing.T) {
	v := read(t)
	for _, c := range v.CRC {
		b, err := hex.DecodeString(c.Hex)
		if err != nil || crc16(b) != c.CRC {
			t.Errorf("%s: %d %v, want %d", c.Hex, crc16(b), err, c.CRC)
		}
	}
	if v.Residue != crcResidue {
		t.Errorf("residue %d", v.Residue)
	}
	for _, c := range v.Modhex {
		if b, ok := decodeModhex(c.Modhex); !ok || hex.EncodeToString(b) != c.Hex {
			t.Errorf("%s: %x %t", c.Modhex, b, ok)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	for _, c := range read(f).AES {
		f.Add(c.Key, c.OTP)
	}
	f.Fuzz(func(t *testing.T, key, text string) {
		if v, ok := decrypt(key, text); ok && (v.counter < 0 || v.counter > 0xffffff || len(v.id) != 12 || len(v.prefix) != len(text)-valueLength) {
			t.Errorf("%+v", v)
		}
	})
}

func TestEnroll(t *testing.T) {
	const key = "9163508031b20d2fbb1868954e041729"
	for name, c := range map[string]struct {
		params typetest.Params
		digits int // 0 for an error
	}{
		"with a length":    {typetest.Params{"otpkey": key, "otplen": "48"}, 48},
		"without a length": {typetest.Params{"otpkey": key}, 44},
		"with blanks":      {typetest.Params{"otpkey": "91 63 50 80 31 b2 0d 2f bb 18 68 95 4e 04 17 29"}, 44},
		"too short":        {typetest.Params{"otpkey": key, "otplen": "6"}, 0},
		"without a key":    {typetest.Params{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tok := typetest.Token("yubikey", "", 6, nil)
			tok.ID = 0 // new
			out, err := Type{}.Enroll(t.Context(), typetest.Env(time.Time{}, nil, c.params), tok, c.params)
			if c.digits == 0 {
				if !mfaerr.Is(err, mfaerr.Request) {
					t.Errorf("error: %v", err)
				}
				return
			}
			if err != nil || out.Key != key || tok.OTPLen != c.digits || tok.InfoText(token.InfoKind) != token.KindHardware {
				t.Errorf("%q %d %v %v", out.Key, tok.OTPLen, tok.Info, err)
			}
		})
	}
}
