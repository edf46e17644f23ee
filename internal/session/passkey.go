package session

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// PasskeyChallenge is a challenge made for nobody: it is not stored, but signed.
// Its nonce is kept once it was used.
type PasskeyChallenge struct {
	Nonce         string // base64url of 32 bytes
	TransactionID string
	Expires       time.Time
}

// What can be wrong with a passkey challenge.
var (
	// ErrPasskeyForeign: it is no token of this server.
	ErrPasskeyForeign = errors.New("passkey challenge of somebody else")
	ErrPasskeyExpired = errors.New("passkey challenge has expired")
	// ErrPasskeyOther: the token was signed here, but for another purpose.
	ErrPasskeyOther = errors.New("token is no passkey challenge")
)

// maxNonce is what the table of used nonces holds.
const maxNonce = 128

// IssuePasskey makes the text of a challenge, a JWT with the claims nonce,
// transactionId, exp, iat, nbf signed by HS256.
func (s *Sessions) IssuePasskey(transactionID string, now, expires time.Time) (string, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(s.rand, raw); err != nil {
		return "", fmt.Errorf("make nonce: %w", err)
	}
	text := fmt.Sprintf(`{"nonce":"%s","transactionId":"%s","exp":%d,"iat":%d,"nbf":%d}`,
		base64.RawURLEncoding.EncodeToString(raw), transactionID, expires.Unix(), now.Unix(), now.Unix())
	const header = `{"alg":"HS256","typ":"JWT"}`
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(text))
	mac, err := jwt.SigningMethodHS256.Sign(signed, s.key)
	if err != nil {
		return "", fmt.Errorf("sign passkey challenge: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac), nil
}

// passkeyClaims are the claims of a challenge.
type passkeyClaims struct {
	Nonce         string `json:"nonce"`
	TransactionID string `json:"transactionId"`
	jwt.RegisteredClaims
}

// CheckPasskey reads a challenge that this server, or another one with its key,
// has made. Errors are the ErrPasskey values.
func (s *Sessions) CheckPasskey(text string, now time.Time) (PasskeyChallenge, error) {
	if len(text) > maxTokenBytes {
		return PasskeyChallenge{}, ErrPasskeyForeign
	}
	var claims passkeyClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(func() time.Time { return now }))
	_, err := parser.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return s.key, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return PasskeyChallenge{}, ErrPasskeyExpired
	case err != nil:
		return PasskeyChallenge{}, fmt.Errorf("%w: %w", ErrPasskeyForeign, err)
	case claims.Nonce == "" || len(claims.Nonce) > maxNonce || claims.TransactionID == "" || claims.ExpiresAt == nil:
		return PasskeyChallenge{}, ErrPasskeyOther
	}
	return PasskeyChallenge{Nonce: claims.Nonce, TransactionID: claims.TransactionID, Expires: claims.ExpiresAt.Time}, nil
}
