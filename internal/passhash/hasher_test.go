package passhash

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"edumfa/internal/keystore"
	"edumfa/internal/passhash/argon2"
	"edumfa/internal/secret"
)

func load[T any](t testing.TB, file string) T {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func newHasher(t testing.TB, s Settings) *Hasher {
	t.Helper()
	h, err := New(s, NewQueue(Limits{}), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// cheap are settings for tests of everything but the cost.
func cheap() Settings {
	return Settings{Params: map[string]any{"argon2__rounds": 1, "argon2__memory_cost": 64, "argon2__parallelism": 1}}
}

type pinVectors struct {
	Hashes []struct {
		Pin, Hash string
	} `json:"hashes"`
	Other []struct {
		Label, Hash, Pin string
		Verify           struct {
			Result bool
			Error  string
		} `json:"verify_pass_hash"`
	} `json:"other_hashes"`
	Legacy []struct {
		Pin     string
		PinSeed string `json:"pin_seed"`
		PinHash string `json:"pin_hash"`
	} `json:"legacy_sha256"`
	Columns []struct {
		Pin     string
		PinSeed string `json:"pin_seed"`
		PinHash string `json:"pin_hash"`
		Result  bool
	} `json:"check_pin_on_columns"`
	Custom map[string]struct{ Result string } `json:"custom_algorithm_list"`
}

func TestVerify_StoredPINs(t *testing.T) {
	v := load[pinVectors](t, "pin_hashes.json")
	h := newHasher(t, Settings{})
	for i, c := range v.Hashes {
		if ok, err := h.Verify(t.Context(), c.Hash, secret.New(c.Pin)); err != nil || !ok {
			t.Errorf("PIN %q: %v, %v", c.Pin, ok, err)
		}
		if i == 0 { // the others would take as long to say the same
			if ok, err := h.Verify(t.Context(), c.Hash, secret.New("wrong")); err != nil || ok {
				t.Errorf("wrong PIN: %v, %v", ok, err)
			}
		}
	}
	for _, c := range v.Other {
		ok, err := h.Verify(t.Context(), c.Hash, secret.New(c.Pin))
		switch c.Verify.Error {
		case "UnknownHashError":
			if !errors.Is(err, ErrUnknownHash) {
				t.Errorf("%s: %v, %v", c.Label, ok, err)
			}
		case "ValueError":
			if !errors.Is(err, ErrMalformedHash) {
				t.Errorf("%s: %v, %v", c.Label, ok, err)
			}
		default:
			if err != nil || ok != c.Verify.Result {
				t.Errorf("%s: %v, %v", c.Label, ok, err)
			}
		}
	}
	for settings, c := range v.Custom {
		var both [2]json.RawMessage
		var s Settings
		if err := errors.Join(json.Unmarshal([]byte(settings), &both), json.Unmarshal(both[0], &s.Schemes), json.Unmarshal(both[1], &s.Params)); err != nil {
			t.Fatal(err)
		}
		h := newHasher(t, s)
		if ok, err := h.Verify(t.Context(), c.Result, secret.New("1234")); err != nil || !ok || h.NeedsRehash(c.Result) {
			t.Errorf("%s: %v, %v, needs rehash %v", settings, ok, err, h.NeedsRehash(c.Result))
		}
		again, err := h.Hash(t.Context(), secret.New("1234"))
		if err != nil || len(again) != len(c.Result) || h.NeedsRehash(again) {
			t.Errorf("%s: %s, %v", settings, again, err)
		}
	}
}

func pinKeys(t *testing.T) *keystore.Store {
	t.Helper()
	keys, err := hex.DecodeString("94a49b8c4ecac5856bc80892383ab4281cb0c95387eaa59b50d38b946e3889135b1d7a8cd663c91e61c9821d69246ee1fca7998d47ff85c0b1b9e6a3645ef1119cb2cc7d29e41cf359a2d0a26ada8f5894f2f32f9ee3b2ac1b1f9144209fb6c5")
	if err != nil {
		t.Fatal(err)
	}
	s, err := keystore.New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerifyPIN(t *testing.T) {
	v := load[pinVectors](t, "pin_hashes.json")
	h, keys := newHasher(t, Settings{}), pinKeys(t)
	for i, c := range v.Columns {
		ok, err := h.VerifyPIN(t.Context(), keys, c.PinHash, c.PinSeed, secret.New(c.Pin))
		if err != nil || ok != c.Result {
			t.Errorf("column %d: %v, %v; want %v", i, ok, err, c.Result)
		}
	}
	for i, c := range v.Legacy {
		for _, pin := range []string{c.Pin, c.Pin + "x"} {
			ok, err := h.VerifyPIN(t.Context(), keys, c.PinHash, c.PinSeed, secret.New(pin))
			if err != nil || ok != (pin == c.Pin) {
				t.Errorf("old form %d, PIN %q: %v, %v", i, pin, ok, err)
			}
		}
		if !h.PINNeedsRehash(c.PinHash) {
			t.Error("the old form needs a new hash")
		}
	}
	if ok, err := h.VerifyPIN(t.Context(), keys, "$argon2id$v=19$garbage", "", secret.New("")); ok || err != nil {
		t.Errorf("malformed: %v, %v", ok, err)
	}
	if ok, err := h.VerifyPIN(t.Context(), keys, "@@nonsense", "", secret.New("")); ok || !errors.Is(err, keystore.ErrUndecryptable) {
		t.Errorf("undecryptable: %v, %v", ok, err)
	}
}

func TestPINColumn_RoundTrip(t *testing.T) {
	h, keys := newHasher(t, cheap()), pinKeys(t)
	for _, encrypt := range []bool{false, true} {
		for _, pin := range []string{"", "1234", "pïn ✓"} {
			column, err := h.PINColumn(t.Context(), keys, secret.New(pin), encrypt)
			if err != nil || strings.HasPrefix(column, "@@") != encrypt || column == "" || h.PINNeedsRehash(column) {
				t.Fatal(column, err)
			}
			for _, given := range []string{pin, pin + "x"} {
				if ok, err := h.VerifyPIN(t.Context(), keys, column, "", secret.New(given)); err != nil || ok != (given == pin) {
					t.Errorf("%q against %s: %v, %v", given, column, ok, err)
				}
			}
		}
	}
}

// failing keys show whether a second check asks again.
type countingKeys struct {
	*keystore.Store
	calls int
}

func (c *countingKeys) DecryptPIN(s string) (string, error) {
	c.calls++
	return c.Store.DecryptPIN(s)
}

func TestPINCheck_AsksOncePerColumn(t *testing.T) {
	h, keys := newHasher(t, cheap()), &countingKeys{Store: pinKeys(t)}
	a, err := keys.EncryptPIN("1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	check := h.NewPINCheck(keys, secret.New("1"))
	for range 5 {
		if ok, err := check.Matches(t.Context(), a, ""); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if keys.calls != 1 {
		t.Errorf("%d decryptions", keys.calls)
	}
}

func TestPeppered(t *testing.T) {
	type hashed struct {
		Password, Hash string
	}
	v := load[struct {
		Pepper string
		Admins []struct {
			PasswordHash *string `json:"password_hash"`
			Clear        string
		}
		WithPepper []hashed `json:"with_pepper"`
		Without    struct {
			EffectivePepper string `json:"effective_pepper"`
			Password, Hash  string
		} `json:"without_configured_pepper"`
		AuthCache []hashed
		Codes     []struct{ RecoveryCode, Hash string } `json:"recoverycodes"`
	}](t, "admin_hashes.json")
	h := newHasher(t, Settings{})
	p := h.WithPepper(secret.New(v.Pepper))
	check := func(p Peppered, stored, password string) {
		t.Helper()
		if ok, err := p.Verify(t.Context(), stored, secret.New(password)); err != nil || !ok {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
	for _, a := range v.Admins {
		if a.PasswordHash != nil {
			check(p, *a.PasswordHash, a.Clear)
		}
	}
	for _, c := range v.WithPepper {
		check(p, c.Hash, c.Password)
	}
	for _, c := range v.Codes {
		check(p, c.Hash, c.RecoveryCode)
	}
	check(h.WithPepper(secret.New(v.Without.EffectivePepper)), v.Without.Hash, v.Without.Password)
	for _, c := range v.AuthCache {
		if ok, err := h.VerifyArgon2(t.Context(), c.Hash, secret.New(c.Password)); err != nil || !ok {
			t.Errorf("authentication cache: %v, %v", ok, err)
		}
	}
	for _, stored := range []string{"", "plain", "$argon2id$v=19$garbage"} {
		if ok, err := p.Verify(t.Context(), stored, secret.New("")); ok || err != nil {
			t.Errorf("%q: %v, %v", stored, ok, err)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", p, p, p); strings.Contains(text, v.Pepper) {
		t.Error("the pepper is printed")
	}
}

func TestOffline(t *testing.T) {
	v := load[struct {
		OTPs map[string]string
	}](t, "offline.json")
	h := newHasher(t, cheap())
	for i, otp := range []string{"755224", "287082", "359152"} { // RFC 4226 appendix D
		if ok, err := h.Verify(t.Context(), v.OTPs[fmt.Sprint(i)], secret.New("p"+otp)); err != nil || !ok {
			t.Errorf("value %d: %v, %v", i, ok, err)
		}
	}
	hashes, err := h.HashOffline(t.Context(), []secret.String{secret.New("a"), secret.New("b")}, 1000)
	if err != nil || len(hashes) != 2 || len(hashes[0]) != len(v.OTPs["0"]) {
		t.Fatal(hashes, err)
	}
	if ok, err := h.Verify(t.Context(), hashes[1], secret.New("b")); err != nil || !ok {
		t.Error(ok, err)
	}
	if _, err := h.HashOffline(t.Context(), nil, 0); err == nil {
		t.Error("0 rounds were taken")
	}
}

func TestSettings_Argon2Defaults(t *testing.T) {
	cases := []struct {
		name   string
		params map[string]any
		want   argon2.Params
	}{
		{"nothing set", nil, argon2.Params{Mode: argon2.ID, Time: 2, MemoryKiB: 19456, Lanes: 1}},
		{"another scheme set", map[string]any{"bcrypt__rounds": 5}, argon2.Params{Mode: argon2.ID, Time: 2, MemoryKiB: 19456, Lanes: 1}},
		{"only rounds", map[string]any{"argon2__rounds": 3}, argon2.Params{Mode: argon2.ID, Time: 3, MemoryKiB: 102400, Lanes: 8}},
		{"only memory", map[string]any{"argon2__memory_cost": int64(1024)}, argon2.Params{Mode: argon2.ID, Time: 9, MemoryKiB: 1024, Lanes: 8}},
		{"type", map[string]any{"argon2__type": "I"}, argon2.Params{Mode: argon2.I, Time: 9, MemoryKiB: 102400, Lanes: 8}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if h := newHasher(t, Settings{Params: c.params}); h.argon.params != c.want {
				t.Errorf("%+v", h.argon.params)
			}
		})
	}
	for _, bad := range []Settings{
		{Schemes: []string{"plaintext"}},
		{Params: map[string]any{"argon2__rounds": "3"}},
		{Params: map[string]any{"argon2__rounds": 0}},
		{Params: map[string]any{"argon2__memory_cost": 1 << 21}},
		{Params: map[string]any{"argon2__rounds": 1000}},
		{Params: map[string]any{"argon2__parallelism": 256}},
		{Schemes: []string{"bcrypt"}, Params: map[string]any{"bcrypt__rounds": 31}},
	} {
		if _, err := New(bad, NewQueue(Limits{}), rand.Reader); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestNeedsRehash(t *testing.T) {
	h := newHasher(t, cheap())
	const tail = "$c2FsdHNhbHRzYWx0c2FsdA$WuPpBEV6NAKfPorYm+5McQ"
	cases := map[string]bool{
		"$argon2id$v=19$m=64,t=1,p=1" + tail:      false,
		"$argon2id$v=19$m=102400,t=9,p=8" + tail:  true, // costlier
		"$argon2id$v=19$m=32,t=1,p=1" + tail:      true, // cheaper
		"$argon2i$v=19$m=64,t=1,p=1" + tail:       true,
		"$argon2id$v=19$garbage":                  true,
		"$pbkdf2-sha512$1000$9n7POWesFUJIidEaYwy": true,
		"no hash": false,
		"":        false,
	}
	for stored, want := range cases {
		if got := h.NeedsRehash(stored); got != want {
			t.Errorf("%s: %v", stored, got)
		}
	}
}

func TestHash_EveryScheme(t *testing.T) {
	for _, name := range []string{"argon2", "pbkdf2_sha512", "pbkdf2_sha256", "pbkdf2_sha1", "bcrypt", "sha512_crypt", "sha256_crypt", "md5_crypt"} {
		t.Run(name, func(t *testing.T) {
			s := cheap()
			s.Schemes = []string{name}
			for param, n := range map[string]int{"pbkdf2_sha512": 10, "pbkdf2_sha256": 10, "pbkdf2_sha1": 10, "bcrypt": 4, "sha512_crypt": 1000, "sha256_crypt": 5000} {
				s.Params[param+"__rounds"] = n
			}
			h := newHasher(t, s)
			for _, password := range []string{"", "1234", "pïn ✓", strings.Repeat("x", 100)} {
				stored, err := h.Hash(t.Context(), secret.New(password))
				if err != nil || h.NeedsRehash(stored) || !h.Known(stored) {
					t.Fatalf("%s, %v", stored, err)
				}
				for _, given := range []string{password, "y" + password} {
					if ok, err := h.Verify(t.Context(), stored, secret.New(given)); err != nil || ok != (given == password) {
						t.Errorf("%q against %s: %v, %v", given, stored, ok, err)
					}
				}
			}
			if _, err := h.Hash(t.Context(), secret.New(strings.Repeat("x", 4097))); err == nil {
				t.Error("an endless password was taken")
			}
		})
	}
}

// A row of the database must not be able to stop the server.
func TestVerify_RefusesAbsurdCost(t *testing.T) {
	h := newHasher(t, Settings{Schemes: []string{"argon2", "pbkdf2_sha512", "bcrypt", "sha512_crypt"}})
	const tail = "$c2FsdHNhbHRzYWx0c2FsdA$WuPpBEV6NAKfPorYm+5McQ"
	for _, stored := range []string{
		"$argon2id$v=19$m=4294967295,t=1,p=1" + tail, "$argon2id$v=19$m=1048577,t=1,p=1" + tail, "$argon2id$v=19$m=1048576,t=1000,p=1" + tail,
		"$argon2id$v=19$m=8,t=1048576,p=255" + tail, "$argon2id$v=19$m=64,t=0,p=1" + tail, "$argon2id$v=19$m=64,t=1,p=0" + tail,
		"$argon2id$v=19$m=64,t=1,p=256" + tail, "$argon2id$v=19$m=-64,t=1,p=1" + tail, "$argon2id$v=16$m=64,t=1,p=1" + tail,
		"$argon2id$v=19$m=64,t=1,p=1,x=1" + tail, "$argon2id$v=19$m=64,t=1,p=1$$", "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA",
		"$pbkdf2-sha512$999999999$9n7POWesFUJIidEaYwyhFA$L3Q9yZOMh2DcEtLBrVrLvI7G6tCGtfGV5cQ1Ud6iuOu0vx62FW28bKEmOtWPfrJ30UyzvLMdhmxfHTM8E7C0tQ",
		"$2b$31$OMTmPvlvO1OuDyobUWM2J.tgTuKJ5KOqcJwEnTGqwwpFXQMcw204.",
		"$6$rounds=999999999$HFZrKLNDISiKIp68$AkYRozWSemRf67ioHrpmqPoqBbCE8i3SrQawS3Vk5qSazd1Kk5g5KE95k/XXNCabExxcck.eSSX9MW3HMkMj5.",
	} {
		if ok, err := h.Verify(t.Context(), stored, secret.New("1234")); ok || !errors.Is(err, ErrMalformedHash) {
			t.Errorf("%s: %v, %v", stored, ok, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range load[pinVectors](f, "pin_hashes.json").Other {
		f.Add(c.Hash)
	}
	for _, c := range load[resolverVectors](f, "resolver_hashes.json").SQL {
		f.Add(c.Stored)
	}
	params := params{}
	var schemes []scheme
	for _, name := range []string{"argon2", "pbkdf2_sha512", "bcrypt"} {
		s, err := params.scheme(name, argonScheme{})
		if err != nil {
			f.Fatal(err)
		}
		schemes = append(schemes, s)
	}
	schemes = append(append(schemes, sqlSchemes()...), passwdSchemes()...)
	f.Fuzz(func(t *testing.T, stored string) {
		for _, s := range schemes {
			if !s.owns(stored) {
				continue
			}
			c, err := s.parse(stored)
			if err != nil && (c.matches != nil || !errors.Is(err, ErrMalformedHash)) {
				t.Fatal(err)
			}
			if c.memory > (maxArgonMemoryKiB+8*255)<<10 {
				t.Fatalf("%s wants %d bytes", stored, c.memory)
			}
			s.current(stored)
		}
	})
}

func BenchmarkArgon2(b *testing.B) {
	for _, params := range []map[string]any{nil, {"argon2__rounds": 9}} {
		h := newHasher(b, Settings{Params: params})
		p := h.argon.params
		b.Run(fmt.Sprintf("m=%d,t=%d,p=%d", p.MemoryKiB, p.Time, p.Lanes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Hash(context.Background(), secret.New("1234")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
