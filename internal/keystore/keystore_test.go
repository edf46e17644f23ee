package keystore

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/mfaerr"
)

type vectors struct {
	EnckeyHex string `json:"enckey_hex"`
	CBC       []struct {
		KeyID        int    `json:"key_id"`
		IV           string `json:"iv"`
		PlaintextHex string `json:"plaintext_hex"`
		Ciphertext   string `json:"ciphertext"`
	} `json:"aes_cbc_pkcs7"`
	Colon []struct {
		Function  string `json:"function"`
		Value     string `json:"value"`
		Plaintext string `json:"plaintext"`
	} `json:"colon_strings"`
	Legacy []struct {
		KeyID        int    `json:"key_id"`
		IV           string `json:"iv"`
		PlaintextHex string `json:"plaintext_hex"`
		Ciphertext   string `json:"ciphertext"`
	} `json:"legacy_padding"`
	Undecryptable []struct {
		Value           string `json:"value"`
		DecryptPassword string `json:"decryptPassword"`
		DecryptPin      struct {
			Result *string `json:"result"`
			Error  string  `json:"error"`
		} `json:"decryptPin"`
	} `json:"undecryptable"`
	Wrapping []struct {
		Password     string `json:"password"`
		PlaintextHex string `json:"plaintext_hex"`
		Wrapped      string `json:"wrapped"`
	} `json:"enckey_wrapping"`
	WrongPassword []struct {
		Password string `json:"password"`
	} `json:"enckey_wrong_password"`
	Tokens []struct {
		Serial   string `json:"serial"`
		KeyIV    string `json:"key_iv"`
		KeyEnc   string `json:"key_enc"`
		ClearHex string `json:"clear_hex"`
	} `json:"fixture_tokens"`
	Passwords []struct {
		Table  string `json:"table"`
		Key    string `json:"key"`
		Stored string `json:"stored"`
		Clear  string `json:"clear"`
	} `json:"fixture_password_rows"`
}

func loadVectors(t testing.TB) (*vectors, *Store) {
	t.Helper()
	data, err := os.ReadFile("testdata/encryption.json")
	if err != nil {
		t.Fatal(err)
	}
	v := new(vectors)
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
	s, err := New(unhex(t, v.EnckeyHex))
	if err != nil {
		t.Fatal(err)
	}
	return v, s
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEncrypt_Vectors(t *testing.T) {
	v, s := loadVectors(t)
	for i, c := range v.CBC {
		plain := unhex(t, c.PlaintextHex)
		data, iv, err := s.Encrypt(Slot(c.KeyID), plain, bytes.NewReader(unhex(t, c.IV)))
		if err != nil || data != c.Ciphertext || iv != c.IV {
			t.Errorf("case %d: Encrypt = %s, %s, %v; want %s", i, data, iv, err, c.Ciphertext)
		}
		if got, err := s.Decrypt(Slot(c.KeyID), c.Ciphertext, c.IV); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("case %d: Decrypt = %x, %v", i, got, err)
		}
	}
}

func TestDecrypt_StoredValues(t *testing.T) {
	v, s := loadVectors(t)
	for i, c := range v.Legacy {
		got, err := s.Decrypt(Slot(c.KeyID), c.Ciphertext, c.IV)
		if err != nil || hex.EncodeToString(got) != c.PlaintextHex {
			t.Errorf("old padding %d: %x, %v", i, got, err)
		}
	}
	for _, c := range v.Tokens {
		got, err := s.Decrypt(Token, c.KeyEnc, c.KeyIV)
		if err != nil || hex.EncodeToString(got) != c.ClearHex {
			t.Errorf("token %s: %x, %v", c.Serial, got, err)
		}
	}
	for _, c := range v.Passwords {
		if c.Stored == "" { // too long for the vector file
			continue
		}
		if got, err := s.DecryptPassword(c.Stored); err != nil || got != c.Clear {
			t.Errorf("%s %s: %q, %v", c.Table, c.Key, got, err)
		}
	}
}

func TestColonForms(t *testing.T) {
	v, s := loadVectors(t)
	for _, c := range v.Colon {
		ivHex, _, _ := strings.Cut(c.Value, ":")
		rand := bytes.NewReader(unhex(t, ivHex))
		if c.Function == "encryptPin" {
			stored, err := s.EncryptPIN(c.Plaintext, rand)
			if err != nil || stored != PINPrefix+c.Value {
				t.Errorf("EncryptPIN(%q) = %s, %v", c.Plaintext, stored, err)
			}
			if got, err := s.DecryptPIN(stored); err != nil || got != c.Plaintext {
				t.Errorf("DecryptPIN = %q, %v", got, err)
			}
			continue
		}
		stored, err := s.EncryptPassword(c.Plaintext, rand)
		if err != nil || stored != c.Value {
			t.Errorf("EncryptPassword(%q) = %s, %v", c.Plaintext, stored, err)
		}
		if got, err := s.DecryptPassword(stored); err != nil || got != c.Plaintext {
			t.Errorf("DecryptPassword = %q, %v", got, err)
		}
	}
}

func TestUndecryptable(t *testing.T) {
	v, s := loadVectors(t)
	for _, c := range v.Undecryptable {
		if got, err := s.DecryptPassword(c.Value); err != nil || got != c.DecryptPassword {
			t.Errorf("DecryptPassword(%q) = %q, %v; want %q", c.Value, got, err, c.DecryptPassword)
		}
		got, err := s.DecryptPIN(c.Value)
		if c.DecryptPin.Error != "" {
			if !errors.Is(err, ErrUndecryptable) {
				t.Errorf("DecryptPIN(%q) = %q, %v; want ErrUndecryptable", c.Value, got, err)
			}
		} else if err != nil || got != *c.DecryptPin.Result {
			t.Errorf("DecryptPIN(%q) = %q, %v", c.Value, got, err)
		}
	}
}

func TestWrap_Vectors(t *testing.T) {
	v, _ := loadVectors(t)
	for _, c := range v.Wrapping {
		plain := unhex(t, c.PlaintextHex)
		ivHex, _, _ := strings.Cut(c.Wrapped, ":")
		text, err := Wrap(plain, c.Password, bytes.NewReader(unhex(t, ivHex)))
		if err != nil || text != c.Wrapped {
			t.Errorf("Wrap = %s, %v; want %s", text, err, c.Wrapped)
		}
		got, err := Unwrap(" "+c.Wrapped+"\n", c.Password)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("Unwrap = %x, %v", got, err)
		}
	}
}

func TestLockedStore(t *testing.T) {
	v, open := loadVectors(t)
	s, err := Open("testdata/enckey.enc")
	if err != nil {
		t.Fatal(err)
	}
	if !s.Locked() || open.Locked() {
		t.Fatal("Locked is wrong")
	}
	_, errDecrypt := s.Decrypt(Token, v.Tokens[0].KeyEnc, v.Tokens[0].KeyIV)
	_, errPassword := s.DecryptPassword(v.Passwords[0].Stored)
	_, errPIN := s.EncryptPIN("1", zeros{})
	for _, err := range []error{errDecrypt, errPassword, errPIN} {
		e := mfaerr.Wrap(err)
		if e.Status() != 400 || e.Code != 707 || e.Message() != "ERR707: hsm not ready!" {
			t.Errorf("locked: %v", err)
		}
	}
	for _, c := range v.WrongPassword {
		if err := s.Unlock(c.Password); !errors.Is(err, ErrWrongPassword) || !s.Locked() {
			t.Errorf("Unlock(%q): %v", c.Password, err)
		}
	}
	if err := s.Unlock("enckey password ö1"); err != nil || s.Locked() {
		t.Fatal("Unlock:", err)
	}
	if got, err := s.Decrypt(Token, v.Tokens[0].KeyEnc, v.Tokens[0].KeyIV); err != nil || hex.EncodeToString(got) != v.Tokens[0].ClearHex {
		t.Errorf("after Unlock: %x, %v", got, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestOpen_Files(t *testing.T) {
	cases := []struct {
		name    string
		content []byte
		ok      bool
	}{
		{"generated", mustGenerate(t), true},
		{"a few bytes too many", make([]byte, 100), true},
		{"too short", make([]byte, 95), false},
		{"empty", nil, false},
		{"long and no wrapped file", make([]byte, 200), false},
		{"long with a colon", []byte(strings.Repeat("zz", 60) + ":" + strings.Repeat("00", 16)), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "enckey")
			if err := os.WriteFile(path, c.content, 0o400); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path); (err == nil) != c.ok {
				t.Errorf("Open: %v", err)
			}
		})
	}
}

func mustGenerate(t *testing.T) []byte {
	t.Helper()
	keys, err := Generate(zeros{})
	if err != nil || len(keys) != FileSize {
		t.Fatal(len(keys), err)
	}
	return keys
}

func TestStore_PrintsNothing(t *testing.T) {
	_, s := loadVectors(t)
	if text := fmt.Sprintf("%v %+v %#v %s", s, s, s, s); text != "*** *** *** ***" {
		t.Error(text)
	}
}

func FuzzDecrypt(f *testing.F) {
	v, s := loadVectors(f)
	for _, c := range v.Colon {
		f.Add(c.Value)
	}
	for _, c := range v.Undecryptable {
		f.Add(c.Value)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		text, err := s.DecryptPIN(stored)
		if err != nil && text != "" {
			t.Error("a failed decryption returned text")
		}
		if len(text) > len(stored) {
			t.Error("plaintext is longer than its ciphertext")
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	v, _ := loadVectors(f)
	for _, c := range v.Wrapping {
		f.Add(c.Wrapped, c.Password)
	}
	f.Fuzz(func(t *testing.T, text, password string) {
		if plain, err := Unwrap(text, password); err != nil && plain != nil {
			t.Error("a failed unwrapping returned bytes")
		}
	})
}

func BenchmarkDecrypt(b *testing.B) {
	v, s := loadVectors(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Decrypt(Token, v.Tokens[0].KeyEnc, v.Tokens[0].KeyIV); err != nil {
			b.Fatal(err)
		}
	}
}
