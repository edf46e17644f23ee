package session

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
)

// now is after the fixture was made and before its tokens expire.
var now = time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)

type httpError struct {
	Code    int
	Message string
}

type vectors struct {
	SecretKey string `json:"secret_key"`
	Session   struct {
		Token   string
		Header  string `json:"header_json"`
		Payload string `json:"payload_json"`
	} `json:"session_token_of_a_login"`
	APIKeys map[string]struct {
		Token   string
		Payload string `json:"payload_json"`
	} `json:"api_keys"`
	Verification []check
	Trusted      []check
}

type check struct {
	Label     string
	Token     *string
	Roles     []string `json:"required_role"`
	Result    map[string]any
	Status    int        `json:"http_status"`
	HTTPError *httpError `json:"http_error"`
}

func load(t testing.TB) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/jwt.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func trustedEntries(t testing.TB) []Trusted {
	t.Helper()
	read := func(file string) string {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return []Trusted{
		{PublicKey: "", Algorithm: "HS256", Username: "ignored"},
		{PublicKey: read("trusted_user.pem"), Algorithm: "RS256", Role: "user", Realm: "realm1", Username: "ali.*", Resolver: "pwres"},
		{
			PublicKey: read("trusted_admin.pem"), Algorithm: "RS256", Role: "admin", Realm: "super", Username: "root1",
			Resolver: "adminres", Audience: []string{"edumfa"}, Claim: "sub", StaticData: true,
		},
	}
}

func newSessions(t testing.TB) *Sessions {
	t.Helper()
	s, err := New(secret.New(load(t).SecretKey), rand.Reader, trustedEntries(t), CompileRE2)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCheck_Vectors(t *testing.T) {
	v, s := load(t), newSessions(t)
	for _, c := range v.Verification {
		t.Run(c.Label, func(t *testing.T) { checkVector(t, s, c) })
	}
	for _, c := range v.Trusted {
		c.Roles = []string{RoleUser, RoleAdmin}
		t.Run("trusted "+c.Label, func(t *testing.T) { checkVector(t, s, c) })
	}
}

func checkVector(t *testing.T, s *Sessions, c check) {
	var caller Caller
	err := ErrNoHeader()
	if c.Token != nil {
		caller, err = s.Check(*c.Token, now, c.Roles...)
	}
	if c.HTTPError == nil {
		if err != nil || caller.Username != c.Result["username"] || caller.Realm != c.Result["realm"] || caller.Role != c.Result["role"] {
			t.Fatalf("%+v, %v; want %v", caller, err, c.Result)
		}
		if resolver, ok := c.Result["resolver"]; ok && caller.Resolver != resolver {
			t.Errorf("resolver %q", caller.Resolver)
		}
		return
	}
	e := mfaerr.Wrap(err)
	want := *c.HTTPError
	if c.Status == 500 {
		// What stopped the original with an internal error is a bad token.
		if e.Status() != 401 || e.Code != mfaerr.CodeAuthDecode {
			t.Errorf("%d %d %s", e.Status(), e.Code, e.Message())
		}
		return
	}
	// The original names the roles in any order.
	message := strings.Replace(e.Message(), "['admin', 'user']", "['user', 'admin']", 1)
	if e.Status() != c.Status || e.Code != want.Code || message != want.Message {
		t.Errorf("%d %d %s\nwant %d %d %s", e.Status(), e.Code, message, c.Status, want.Code, want.Message)
	}
}

func TestIssue_ReproducesPayload(t *testing.T) {
	v := load(t)
	for name, c := range map[string]struct{ token, payload string }{
		"session":      {v.Session.Token, v.Session.Payload},
		"admin key":    {v.APIKeys["admin"].Token, v.APIKeys["admin"].Payload},
		"validate key": {v.APIKeys["validate"].Token, v.APIKeys["validate"].Payload},
	} {
		t.Run(name, func(t *testing.T) {
			var claims struct {
				Username, Realm, Nonce, Role, AuthType string
				Exp                                    int64
				Rights                                 any
			}
			if err := json.Unmarshal([]byte(c.payload), &claims); err != nil {
				t.Fatal(err)
			}
			nonce := make([]byte, 20)
			if _, err := fmt.Sscanf(claims.Nonce, "%x", &nonce); err != nil {
				t.Fatal(err)
			}
			s, err := New(secret.New(v.SecretKey), bytes.NewReader(nonce), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			var token string
			expires := time.Unix(claims.Exp, 0)
			if rights, ok := claims.Rights.([]any); ok {
				cl := Claims{Username: claims.Username, Realm: claims.Realm, Role: claims.Role, AuthType: claims.AuthType, Expires: expires}
				for _, right := range rights {
					cl.Rights = append(cl.Rights, right.(string))
				}
				token, err = s.Issue(cl)
			} else {
				token, _, err = s.IssueAPIKey(claims.Username, "", claims.Role, expires)
			}
			if err != nil || token != c.token {
				t.Errorf("%s, %v; want %s", token, err, c.token)
			}
		})
	}
}

// Some clients decode the payload as standard Base64.
func TestIssue_PayloadIsStandardBase64(t *testing.T) {
	s := newSessions(t)
	for i := range 6 {
		name := strings.Repeat("x", i) + "a~>?~~~>>>???ü\x7f😀"
		token, err := s.Issue(Claims{Username: name, Role: RoleUser, AuthType: AuthPassword, Expires: now.Add(SessionLifetime), Rights: []string{"a", "b=~"}})
		if err != nil {
			t.Fatal(err)
		}
		payload := strings.Split(token, ".")[1]
		if strings.ContainsAny(payload, "-_") {
			t.Error(payload)
		}
		if _, err := base64.RawStdEncoding.DecodeString(payload); err != nil {
			t.Error(err)
		}
		c, err := s.Check(token, now, RoleUser)
		if err != nil || c.Username != name || len(c.Rights) != 2 || c.Rights[1] != "b=~" || !c.Expires.Equal(now.Add(SessionLifetime)) {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := s.Check(token, now.Add(SessionLifetime), RoleUser); mfaerr.Wrap(err).Code != mfaerr.CodeAuthExpired {
			t.Error("a session without end:", err)
		}
	}
}

func TestIssueAPIKey(t *testing.T) {
	s := newSessions(t)
	token, name, err := s.IssueAPIKey("", "", RoleValidate, now.Add(APIKeyLifetime))
	if err != nil || len(name) != 40 {
		t.Fatal(name, err)
	}
	if c, err := s.CheckAPIKey(token, now); err != nil || c.Username != name || c.Realm != "API" || c.AuthType != AuthAPIKey {
		t.Errorf("%+v, %v", c, err)
	}
	if _, _, err := s.IssueAPIKey("a", "", RoleUser, now); err == nil {
		t.Error("an API key for users was made")
	}
}

func TestCheckAPIKey_Refuses(t *testing.T) {
	v, s := load(t), newSessions(t)
	const noKey, otherKey = "No valid API key was passed.", "A correct JWT was passed, but it was no API key."
	cases := []struct {
		name, token, want string
		now               time.Time
	}{
		{"none", "", noKey, now},
		{"admin key", v.APIKeys["admin"].Token, otherKey, now},
		{"session", v.Session.Token, otherKey, now},
		{"expired", v.APIKeys["validate"].Token, noKey, time.Date(2130, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"trusted", *v.Trusted[0].Token, noKey, now},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.CheckAPIKey(c.token, c.now)
			if e := mfaerr.Wrap(err); e.Kind != mfaerr.Policy || e.Public != c.want {
				t.Error(err)
			}
		})
	}
	if _, err := s.CheckAPIKey(v.APIKeys["validate"].Token, now); err != nil {
		t.Error(err)
	}
}

// The public key of a trusted application must not work as an HMAC key, and
// entries of different algorithms do not disturb each other.
func TestCheck_TrustedAlgorithms(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	entries := append(trustedEntries(t), Trusted{PublicKey: public, Algorithm: "ES256", Role: "admin", Realm: "super", Username: ".*", StaticData: true})
	s, err := New(secret.New("k"), rand.Reader, entries, nil)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
		token, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	if c, err := s.Check(sign(jwt.SigningMethodES256, key, jwt.MapClaims{"username": "anna"}), now, RoleAdmin); err != nil || c.Username != "anna" || c.Realm != "super" {
		t.Errorf("%+v, %v", c, err)
	}
	for name, token := range map[string]string{
		"no name":              sign(jwt.SigningMethodES256, key, jwt.MapClaims{"role": "admin"}),
		"name is a number":     sign(jwt.SigningMethodES256, key, jwt.MapClaims{"username": 1}),
		"public key as secret": sign(jwt.SigningMethodHS256, []byte(public), jwt.MapClaims{"username": "anna", "role": "admin"}),
		"unexpected audience":  sign(jwt.SigningMethodES256, key, jwt.MapClaims{"username": "anna", "aud": "x"}),
		"four parts":           sign(jwt.SigningMethodES256, key, jwt.MapClaims{"username": "anna"}) + ".x",
	} {
		if _, err := s.Check(token, now, RoleAdmin); mfaerr.Wrap(err).Code != mfaerr.CodeAuthDecode {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNew_Refuses(t *testing.T) {
	if _, err := New(secret.New(""), rand.Reader, nil, nil); err == nil {
		t.Error("an empty SECRET_KEY was taken")
	}
	for _, bad := range []Trusted{
		{PublicKey: "x", Algorithm: "RS256"},
		{PublicKey: trustedEntries(t)[1].PublicKey, Algorithm: "ES256"},
		{PublicKey: trustedEntries(t)[1].PublicKey, Algorithm: "RS256", Username: "("},
	} {
		if _, err := New(secret.New("k"), rand.Reader, []Trusted{bad}, CompileRE2); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", newSessions(t), newSessions(t), newSessions(t)); text != "*** *** ***" {
		t.Error(text)
	}
}

func FuzzCheck(f *testing.F) {
	v, s := load(f), newSessions(f)
	good := map[string]bool{}
	for _, c := range append(v.Verification, v.Trusted...) {
		if c.Token != nil {
			f.Add(*c.Token)
			parts := strings.Split(*c.Token, ".")
			good[strings.Join(parts[:min(2, len(parts))], ".")] = true
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		c, err := s.Check(token, now, RoleAdmin, RoleUser)
		if err != nil {
			if c.Username != "" || c.Role != "" {
				t.Fatal("a refused token named a caller")
			}
			return
		}
		parts := strings.Split(token, ".")
		if !good[parts[0]+"."+parts[1]] {
			t.Fatal("a forged token is taken")
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	token, s := load(b).Session.Token, newSessions(b)
	for b.Loop() {
		if _, err := s.Check(token, now, RoleUser); err != nil {
			b.Fatal(err)
		}
	}
}
