package session

import (
	"crypto"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"edumfa/internal/mfaerr"
)

// Trusted is one entry of EDUMFA_TRUSTED_JWT: an application whose tokens are
// accepted for the users it may speak for.
type Trusted struct {
	// PublicKey is the PEM key that verifies the tokens.
	PublicKey string
	// Algorithm is the only one allowed: ES, RS or PS with 256, 384 or 512.
	// Entries with others are ignored.
	Algorithm string
	Role      string
	Realm     string
	Resolver  string
	// Username is a pattern for the whole name.
	Username string
	// Audience must be among the token's; empty means the token has none.
	Audience []string
	// Claim is the claim that holds the user name, when the token has it; empty
	// means username.
	Claim string
	// StaticData takes role, realm and resolver from here; otherwise the token
	// must say the same.
	StaticData bool
}

// Compile turns a pattern into a function that reports whether it matches a
// whole name. The patterns are written for Python.
type Compile func(pattern string) (func(name string) bool, error)

// CompileRE2 is a Compile for the patterns that Go's regexp package can read.
func CompileRE2(pattern string) (func(string) bool, error) {
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

type trustedKey struct {
	Trusted
	key     crypto.PublicKey
	matches func(name string) bool
}

func asymmetric(alg string) bool {
	return slices.Contains([]string{"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, alg)
}

func newTrustedKey(entry Trusted, compile Compile) (trustedKey, error) {
	k := trustedKey{Trusted: entry}
	var err error
	if strings.HasPrefix(entry.Algorithm, "ES") {
		k.key, err = jwt.ParseECPublicKeyFromPEM([]byte(entry.PublicKey))
	} else {
		k.key, err = jwt.ParseRSAPublicKeyFromPEM([]byte(entry.PublicKey))
	}
	if err != nil {
		return k, fmt.Errorf("public key: %w", err)
	}
	if k.matches, err = compile(entry.Username); err != nil {
		return k, fmt.Errorf("username pattern: %w", err)
	}
	return k, nil
}

// identifyTrusted tries the entries in order. Found is false when none of them
// knows the token. The first entry that verifies the token and whose pattern
// matches the name decides; where no pattern matches, the caller is told that
// the name is refused.
func (s *Sessions) identifyTrusted(token string, now time.Time) (caller Caller, found bool, err error) {
	refused, anyRefused := "", false
	for _, k := range s.trusted {
		claims, err := parse(token, now, k.Algorithm, k.key, k.Audience)
		var e *mfaerr.Error
		if errors.As(err, &e) && e.Code == mfaerr.CodeAuthExpired {
			return Caller{}, false, err
		}
		if err != nil {
			continue // another application's token
		}
		name := claims.text("username")
		if _, ok := claims[k.Claim]; ok && k.Claim != "" {
			name = claims.text(k.Claim)
		}
		if name == "" {
			continue // speaks for nobody, whatever the pattern
		}
		if !k.matches(name) {
			refused, anyRefused = name, true
			continue
		}
		caller := claims.caller()
		caller.Username = name
		if k.StaticData {
			caller.Role, caller.Realm, caller.Resolver = k.Role, k.Realm, k.Resolver
			return caller, true, nil
		}
		if caller.Role == k.Role && caller.Realm == k.Realm && caller.Resolver == k.Resolver {
			return caller, true, nil
		}
		break
	}
	if anyRefused {
		return Caller{}, false, mfaerr.NewAuth(mfaerr.CodeAuth,
			"Authentication failure. The username %s is not allowed to impersonate via JWT.", refused)
	}
	return Caller{}, false, nil
}
