package session

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"edumfa/internal/mfaerr"
)

// maxTokenBytes bounds what is parsed; a session with the names of all actions
// has some ten thousand bytes.
const maxTokenBytes = 128 << 10

// Caller is who a token speaks for.
type Caller struct {
	Username string
	Realm    string
	Resolver string // only from tokens of trusted applications
	Role     string
	AuthType string
	Nonce    string
	Expires  time.Time // zero: never
	Rights   []string
}

// ErrNoHeader is the answer to a request without Authorization header (4033).
func ErrNoHeader() error {
	return mfaerr.NewAuth(mfaerr.CodeAuthNoHeader, "Authentication failure. Missing Authorization header.")
}

// Check reports who a token, the whole value of the Authorization header,
// speaks for, and that the caller has one of the roles. Errors are of kind Auth:
// 4304 for everything that is wrong with the token, 4305 expired, 4306 another
// role, 403 a trusted application that may not speak for the user.
func (s *Sessions) Check(token string, now time.Time, roles ...string) (Caller, error) {
	caller, err := s.identify(token, now)
	if err != nil {
		return Caller{}, err
	}
	if !slices.Contains(roles, caller.Role) {
		return Caller{}, mfaerr.NewAuth(mfaerr.CodeAuthRole,
			"Authentication failure. You do not have the necessary role (['%s']) to access this resource!", strings.Join(roles, "', '"))
	}
	return caller, nil
}

// CheckAPIKey reports who the API key of a request under the policy
// api_key_required belongs to. Errors are of kind Policy. Tokens of trusted
// applications are none.
func (s *Sessions) CheckAPIKey(token string, now time.Time) (Caller, error) {
	claims, err := s.parseOwn(token, now)
	if err != nil {
		return Caller{}, mfaerr.NewPolicy("No valid API key was passed.").WithCause(err)
	}
	caller := claims.caller()
	if caller.Role != RoleValidate {
		return Caller{}, mfaerr.NewPolicy("A correct JWT was passed, but it was no API key.")
	}
	return caller, nil
}

func (s *Sessions) identify(token string, now time.Time) (Caller, error) {
	alg, err := algorithm(token)
	if err != nil {
		return Caller{}, err
	}
	if asymmetric(alg) {
		caller, found, err := s.identifyTrusted(token, now)
		if found || err != nil {
			return caller, err
		}
	}
	claims, err := s.parseOwn(token, now)
	if err != nil {
		return Caller{}, err
	}
	return claims.caller(), nil
}

// parseOwn checks a token signed with SECRET_KEY.
func (s *Sessions) parseOwn(token string, now time.Time) (claimSet, error) {
	if _, err := algorithm(token); err != nil {
		return nil, err
	}
	return parse(token, now, jwt.SigningMethodHS256.Alg(), s.key, nil)
}

func decodeError(text string) *mfaerr.Error {
	return mfaerr.NewAuth(mfaerr.CodeAuthDecode, "Authentication failure. Error during decoding your token: %s", text)
}

// algorithm reads the header and checks the outer form. The texts are those
// clients of the original know.
func algorithm(token string) (string, error) {
	if len(token) > maxTokenBytes {
		return "", decodeError("Token too long")
	}
	parts := strings.Split(token, ".")
	if len(parts) < 3 {
		return "", decodeError("Not enough segments")
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || strings.ContainsAny(token, "\r\n") {
		return "", decodeError("Invalid header padding")
	}
	var fields struct {
		Alg string `json:"alg"`
	}
	if err := json.Unmarshal(header, &fields); err != nil {
		return "", decodeError("Invalid header string").WithCause(err)
	}
	if len(parts) > 3 {
		return "", decodeError("Invalid payload padding")
	}
	for i, name := range [...]string{"payload", "crypto"} {
		if _, err := base64.RawURLEncoding.DecodeString(parts[i+1]); err != nil {
			return "", decodeError("Invalid " + name + " padding")
		}
	}
	return fields.Alg, nil
}

// parse checks signature and times. Exactly one algorithm is allowed, that of
// the key. Without audience a token must not name one.
func parse(token string, now time.Time, alg string, key any, audience []string) (claimSet, error) {
	options := []jwt.ParserOption{
		jwt.WithValidMethods([]string{alg}), jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithIssuedAt(),
	}
	if len(audience) > 0 {
		options = append(options, jwt.WithAudience(audience...))
	}
	claims := jwt.MapClaims{}
	t, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return key, nil }, options...)
	switch {
	case err == nil && len(audience) == 0 && claims["aud"] != nil:
		return nil, decodeError("Invalid audience")
	case err == nil:
		return claimSet(claims), nil
	case errors.Is(err, jwt.ErrTokenMalformed):
		return nil, decodeError("Invalid payload string").WithCause(err)
	case t == nil || t.Method == nil || t.Method.Alg() != alg:
		return nil, decodeError("The specified alg value is not allowed").WithCause(err)
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return nil, decodeError("Signature verification failed").WithCause(err)
	case errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return nil, decodeError("The token is not yet valid (iat)").WithCause(err)
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return nil, decodeError("The token is not yet valid (nbf)").WithCause(err)
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, mfaerr.NewAuth(mfaerr.CodeAuthExpired,
			"Authentication failure. Your token has expired: Signature has expired").WithCause(err)
	case errors.Is(err, jwt.ErrTokenInvalidAudience) || errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return nil, decodeError("Invalid audience").WithCause(err)
	}
	return nil, decodeError("Invalid claims").WithCause(err)
}

type claimSet map[string]any

// text is "" for claims that are absent or no text.
func (c claimSet) text(name string) string {
	s, _ := c[name].(string)
	return s
}

func (c claimSet) caller() Caller {
	caller := Caller{
		Username: c.text("username"), Realm: c.text("realm"), Resolver: c.text("resolver"), Role: c.text("role"),
		AuthType: c.text("authtype"), Nonce: c.text("nonce"),
	}
	if exp, ok := c["exp"].(float64); ok {
		caller.Expires = time.Unix(int64(exp), 0)
	}
	rights, _ := c["rights"].([]any)
	for _, right := range rights {
		if s, ok := right.(string); ok {
			caller.Rights = append(caller.Rights, s)
		}
	}
	return caller
}
