package enrolurl

import (
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"edumfa/internal/otp"
)

type vector struct {
	Function string
	Args     struct {
		Key, OTPKey, User, Realm, TokenType, Type, Serial, Label, Issuer string
		TokenLabel                                                       string
		Hash                                                             string `json:"hash_algo"`
		Period                                                           any
		Digits                                                           int
		Extra                                                            json.RawMessage `json:"extra_data"`
	}
	URL string
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// extras keeps the order of the members.
func extras(t *testing.T, raw json.RawMessage) []Param {
	t.Helper()
	if raw == nil {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	var out []Param
	for {
		tok, err := dec.Token()
		if err != nil {
			return out
		}
		name, ok := tok.(string)
		if !ok {
			continue
		}
		value, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, Param{name, text(value)})
	}
}

func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/enrolment_urls.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ URLs []vector }
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	for _, x := range v.URLs {
		key, err := hex.DecodeString(x.Args.Key + x.Args.OTPKey)
		if err != nil {
			t.Fatal(err)
		}
		tok := Token{
			Names: Names{Serial: x.Args.Serial, User: x.Args.User, Realm: x.Args.Realm, GivenName: "Jörg", Surname: "Müller"},
			Type:  x.Args.TokenType + x.Args.Type, Key: key, Label: x.Args.TokenLabel, Issuer: x.Args.Issuer,
			Hash: otp.Hash(strings.ToLower(x.Args.Hash)), Digits: x.Args.Digits, Period: text(x.Args.Period), Extra: extras(t, x.Args.Extra),
		}
		var got string
		switch x.Function {
		case "create_google_authenticator_url":
			got, err = OTPAuth(tok)
		case "create_oathtoken_url":
			got = OATHToken(tok)
		case "create_motp_url":
			got = MOTP(x.Args.Key)
		default:
			t.Fatalf("unknown function %s", x.Function)
		}
		if err != nil || got != x.URL {
			t.Errorf("got  %s\nwant %s (%v)", got, x.URL, err)
		}
	}
}

func TestPush(t *testing.T) {
	tok := Token{
		Names: Names{Serial: "EDUP0001", User: "alice", Realm: "r 1"}, Label: "{user}@<r>", Issuer: "My {realm}",
		Extra: []Param{{"enrollment_credential", "ab"}, {"v", "1"}},
	}
	want := "edumfa-push://edumfa/alice%40r%201?url=https%3A//h/ttype/edupush&ttl=10&issuer=My%20r%201&enrollment_credential=ab&v=1"
	if got := Push("edumfa-push://edumfa", tok, "https://h/ttype/edupush", "10"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestExpand(t *testing.T) {
	n := Names{Serial: "S", User: "{realm}<s>", Realm: "R"}
	for in, want := range map[string]string{
		"{user}/<r>":          "{realm}<s>/R", // names inside of names stay
		"{unknown} {":         "{unknown} {",
		"{{user}}":            "{user}",
		"{serial!r} {0}":      "{serial!r} {0}",
		"{givenname}{serial}": "S",
	} {
		if got := n.Expand(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestOTPAuth_LongKeyLeavesNoLabel(t *testing.T) {
	got, err := OTPAuth(Token{Names: Names{Serial: "S1"}, Type: "totp", Key: make([]byte, 200)})
	if err != nil || !strings.HasPrefix(got, "otpauth://totp/?secret=") {
		t.Errorf("%s %v", got, err)
	}
	if _, err := OTPAuth(Token{Type: "daypassword", Period: "soon"}); err == nil {
		t.Error("a period of no time")
	}
}

func FuzzOTPAuth(f *testing.F) {
	f.Add("{user}@<r>/<s>", "My {realm} Ö", "alice", "r1", "S1")
	f.Add("{{}}", "}{", "\xff", "{user}", "<s>")
	f.Fuzz(func(t *testing.T, label, issuer, user, realm, serial string) {
		got, err := OTPAuth(Token{Names: Names{Serial: serial, User: user, Realm: realm}, Type: "totp", Label: label, Issuer: issuer, Key: []byte("12345678901234567890")})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(got)
		if err != nil || u.Query().Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
			t.Errorf("%s: %v", got, err)
		}
	})
}
