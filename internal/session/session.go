// Package session makes and checks the tokens that callers identify themselves
// with: sessions of POST /auth, API keys made on the command line, and tokens
// signed by trusted applications. All are JWTs (RFC 7519); the server keeps no
// list of them.
package session

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"edumfa/internal/pyjson"
	"edumfa/internal/secret"
)

// Roles of callers.
const (
	RoleAdmin    = "admin"
	RoleUser     = "user"
	RoleValidate = "validate" // API keys of the policy api_key_required only
)

// Ways a caller proved who it is, the claim authtype.
const (
	AuthPassword = "password"
	// AuthRemoteUser ends with a blank: clients see it like this.
	AuthRemoteUser = "remote_user "
	AuthAPIKey     = "API"
)

// Lifetime of a session token, and of an API key when no other is asked for.
const (
	SessionLifetime = time.Hour
	APIKeyLifetime  = 365 * 24 * time.Hour
	// APIKeyRealm is the realm of API keys when no other is asked for.
	APIKeyRealm = "API"
)

// Sessions issues and checks tokens. It is safe for concurrent use.
type Sessions struct {
	key     []byte
	rand    io.Reader
	trusted []trustedKey
}

// New makes Sessions with the HMAC key SECRET_KEY, drawing nonces from rand.
// trusted are the keys of other applications, compile reads their name patterns
// (nil is CompileRE2). A trusted entry that cannot be used is an error.
func New(secretKey secret.String, rand io.Reader, trusted []Trusted, compile Compile) (*Sessions, error) {
	if secretKey.Empty() {
		return nil, errors.New("SECRET_KEY is empty")
	}
	if compile == nil {
		compile = CompileRE2
	}
	s := &Sessions{key: []byte(secretKey.Reveal()), rand: rand}
	for i, entry := range trusted {
		if !asymmetric(entry.Algorithm) {
			continue // never valid, as if it were not there
		}
		key, err := newTrustedKey(entry, compile)
		if err != nil {
			return nil, fmt.Errorf("EDUMFA_TRUSTED_JWT, entry %d: %w", i+1, err)
		}
		s.trusted = append(s.trusted, key)
	}
	return s, nil
}

// String hides the key.
func (s *Sessions) String() string { return "***" }

// GoString hides the key.
func (s *Sessions) GoString() string { return "***" }

// Claims is the content of a new session token.
type Claims struct {
	Username string // login name without realm
	Realm    string // "" for local administrators
	Role     string
	AuthType string
	Expires  time.Time
	// Rights are the names of allowed actions, for clients only.
	Rights []string
}

// Issue returns a signed session token.
func (s *Sessions) Issue(c Claims) (string, error) {
	rights := []byte{'['}
	for i, right := range c.Rights {
		if i > 0 {
			rights = append(rights, ',')
		}
		rights = pyjson.AppendString(rights, right)
	}
	return s.sign(c, append(rights, ']'))
}

// IssueAPIKey returns an API key with role RoleAdmin or RoleValidate and the
// user name in it. An empty name becomes 40 random hex digits, an empty realm
// APIKeyRealm.
func (s *Sessions) IssueAPIKey(username, realm, role string, expires time.Time) (token, name string, err error) {
	if role != RoleAdmin && role != RoleValidate {
		return "", "", fmt.Errorf("an API key has no role %q", role)
	}
	if username == "" {
		if username, err = s.hexDigits(); err != nil {
			return "", "", err
		}
	}
	if realm == "" {
		realm = APIKeyRealm
	}
	token, err = s.sign(Claims{Username: username, Realm: realm, Role: role, AuthType: AuthAPIKey, Expires: expires}, []byte(`"TODO"`))
	return token, username, err
}

// hexDigits are 40 random ones.
func (s *Sessions) hexDigits() (string, error) {
	raw := make([]byte, 20)
	if _, err := io.ReadFull(s.rand, raw); err != nil {
		return "", fmt.Errorf("make nonce: %w", err)
	}
	return hex.EncodeToString(raw), nil
}

// sign writes the claims in the order of the original and signs them with
// HS256. Some clients read the payload with a decoder of standard Base64, which
// knows neither "-" nor "_". From ASCII text these two come only of the
// characters > ? ~, so they are written as escapes.
func (s *Sessions) sign(c Claims, rights []byte) (string, error) {
	nonce, err := s.hexDigits()
	if err != nil {
		return "", err
	}
	text := []byte{'{'}
	for _, claim := range [...][2]string{
		{"username", c.Username}, {"realm", c.Realm}, {"nonce", nonce}, {"role", c.Role}, {"authtype", c.AuthType},
	} {
		text = pyjson.AppendString(text, claim[0])
		text = append(text, ':')
		text = append(pyjson.AppendString(text, claim[1]), ',')
	}
	text = append(text, `"exp":`...)
	text = strconv.AppendInt(text, c.Expires.Unix(), 10)
	text = append(text, `,"rights":`...)
	text = append(text, rights...)
	text = append(text, '}')

	const header = `{"alg":"HS256","typ":"JWT"}`
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(escapeForBase64(text))
	mac, err := jwt.SigningMethodHS256.Sign(signed, s.key)
	if err != nil {
		return "", fmt.Errorf("sign session: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac), nil
}

func escapeForBase64(text []byte) []byte {
	out := make([]byte, 0, len(text)+16)
	for _, c := range text {
		switch c {
		case '>':
			out = append(out, `\u003e`...)
		case '?':
			out = append(out, `\u003f`...)
		case '~':
			out = append(out, `\u007e`...)
		default:
			out = append(out, c)
		}
	}
	return out
}
