package offline

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"edumfa/internal/application"
	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/passhash"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype/typetest"
)

var moment = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// plain shows what would be hashed.
func plain(_ context.Context, values []secret.String, _ int) ([]string, error) {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.Reveal()
	}
	return out, nil
}

func call(t *token.Token, options, config map[string]string, challenge string) application.Call {
	return application.Call{Env: typetest.Env(moment, config, nil), Token: t, Options: options, Challenge: challenge, Given: true}
}

const rfcKey = "3132333435363738393031323334353637383930"

// TestItem_Vector compares with strings that the field made: they are hashes of
// the very values that are handed out here.
func TestItem_Vector(t *testing.T) {
	var v struct {
		Key    string `json:"otpkey"`
		PIN    string
		Rounds int
		OTPs   map[string]string
		After  int64 `json:"count_after"`
	}
	b, err := os.ReadFile("testdata/offline.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	h, err := passhash.New(passhash.Settings{Schemes: []string{"pbkdf2_sha512"}}, passhash.NewQueue(passhash.DefaultLimits()), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := call(typetest.Token("hotp", v.Key, 6, nil), map[string]string{"count": strconv.Itoa(len(v.OTPs)), "rounds": strconv.Itoa(v.Rounds)}, nil, v.PIN+"755224")
	item, err := Application{Hash: plain}.Item(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	values := item["response"].(map[string]any)
	if len(values) != len(v.OTPs) || len(v.OTPs) == 0 {
		t.Fatalf("values: %v", values)
	}
	for counter, hash := range v.OTPs {
		value, _ := values[counter].(string)
		if ok, err := h.Verify(t.Context(), hash, secret.New(value)); !ok || err != nil {
			t.Errorf("counter %s: %q is not what %s was made of (%v)", counter, value, hash, err)
		}
	}
	if got := c.Env.Changes.All()[0]; got != (change.MoveCounter{ID: 1, Next: v.After}) {
		t.Errorf("first change: %+v", got)
	}
}

func TestItem(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(*token.Token)
		options   map[string]string
		config    map[string]string
		challenge string
		before    []change.Change
		want      map[string]string // nil: nothing
		code      int
	}{
		{name: "behind the value of this login", options: map[string]string{"count": "2"}, challenge: "pin755224",
			before: []change.Change{change.UseToken{ID: 1, Seen: 0, Next: 1}}, want: map[string]string{"1": "pin287082", "2": "pin359152"}},
		{name: "behind what another attachment got", options: map[string]string{"count": "1"}, challenge: "755224",
			before: []change.Change{change.UseToken{ID: 1, Next: 1}, change.MoveCounter{ID: 1, Seen: 1, Next: 3}}, want: map[string]string{"3": "969429"}},
		{name: "changes of another token", options: map[string]string{"count": "1"}, challenge: "",
			before: []change.Change{change.UseToken{ID: 2, Next: 9}}, want: map[string]string{"0": "755224"}},
		{name: "PIN behind the value", options: map[string]string{"count": "1"}, config: map[string]string{"PrependPin": "False"}, challenge: "755224pin", want: map[string]string{"0": "755224pin"}},
		{name: "password too short", challenge: "75", code: mfaerr.CodeParameter},
		{name: "disabled", change: func(t *token.Token) { t.Active = false }, challenge: "755224"},
		{name: "revoked", change: func(t *token.Token) { t.Revoked = true }, challenge: "755224"},
		{name: "another type", change: func(t *token.Token) { t.Type = "totp" }, challenge: "755224"},
		{name: "count is no number", options: map[string]string{"count": "many"}, challenge: "755224", code: mfaerr.CodeParameter},
		{name: "too many", options: map[string]string{"count": "1001"}, challenge: "755224", code: mfaerr.CodeParameter},
		{name: "too much work", options: map[string]string{"count": "1000", "rounds": "8001"}, challenge: "755224", code: mfaerr.CodeParameter},
	} {
		tok := typetest.Token("hotp", rfcKey, 6, nil)
		if c.change != nil {
			c.change(tok)
		}
		x := call(tok, c.options, c.config, c.challenge)
		x.Env.Changes.Add(c.before...)
		item, err := Application{Hash: plain}.Item(t.Context(), x)
		if c.code != 0 {
			if mfaerr.Wrap(err).Code != c.code {
				t.Errorf("%s: error %v, want %d", c.name, err, c.code)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.want == nil {
			if item != nil || len(x.Env.Changes.All()) != len(c.before) {
				t.Errorf("%s: %v", c.name, item)
			}
			continue
		}
		same(t, c.name, item["response"], c.want)
		if refill, _ := item["refilltoken"].(string); len(refill) != 80 {
			t.Errorf("%s: refill token %q", c.name, refill)
		}
	}
}

func same(t *testing.T, name string, got any, want map[string]string) {
	t.Helper()
	values, _ := got.(map[string]any)
	if len(values) != len(want) {
		t.Errorf("%s: %v, want %v", name, values, want)
	}
	for k, v := range want {
		if values[k] != v {
			t.Errorf("%s: %v, want %v", name, values, want)
		}
	}
}

func TestRefill(t *testing.T) {
	// counters 1 to 4 are with the machine, 5 is the next
	for _, c := range []struct {
		name     string
		change   func(*token.Token)
		count    string
		pass     string
		refill   string
		want     map[string]string
		code     int
		failures int
	}{
		{name: "first value used", pass: "pin287082", refill: "r", want: map[string]string{"5": "pin254676"}},
		{name: "three values used", pass: "pin969429", refill: "r", want: map[string]string{"5": "pin254676", "6": "pin287922", "7": "pin162583"}},
		{name: "a value from before", pass: "pin755224", refill: "r", code: mfaerr.CodeValidate, failures: 1},
		{name: "a value that nobody has yet", pass: "pin254676", refill: "r", code: mfaerr.CodeValidate, failures: 1},
		{name: "more values than ever handed out", count: "100", pass: "pin254676", refill: "r", code: mfaerr.CodeValidate, failures: 1},
		{name: "wrong refill token", pass: "pin287082", refill: "x", code: mfaerr.CodeParameter},
		{name: "empty refill token", change: func(t *token.Token) { delete(t.Info, token.InfoRefill) }, pass: "pin287082", code: mfaerr.CodeParameter},
		{name: "disabled", change: func(t *token.Token) { t.Active = false }, pass: "pin287082", refill: "r", code: mfaerr.CodeParameter},
		{name: "fail counter at its limit", change: func(t *token.Token) { t.FailCount = 10 }, pass: "pin287082", refill: "r", code: mfaerr.CodeParameter},
		{name: "too short", pass: "1", refill: "r", code: mfaerr.CodeParameter},
	} {
		tok := typetest.Token("hotp", rfcKey, 6, map[string]string{token.InfoRefill: "r"})
		tok.Count = 5
		if c.change != nil {
			c.change(tok)
		}
		if c.count == "" {
			c.count = "4"
		}
		x := call(tok, map[string]string{"count": c.count}, nil, c.pass)
		item, err := Application{Hash: plain}.Refill(t.Context(), x, c.refill)
		fails := 0
		for _, ch := range x.Env.Changes.All() {
			if _, is := ch.(change.FailToken); is {
				fails++
			}
		}
		if fails != c.failures {
			t.Errorf("%s: %d failures, want %d", c.name, fails, c.failures)
		}
		if c.code != 0 {
			if mfaerr.Wrap(err).Code != c.code {
				t.Errorf("%s: error %v, want %d", c.name, err, c.code)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		same(t, c.name, item["response"], c.want)
	}
}
