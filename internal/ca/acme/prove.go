package acme

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/crypto/acme"

	"edumfa/internal/ca"
)

// prove answers what the authority wants to know of an order's names. Names that
// it already believes need nothing.
func (o *connector) prove(ctx context.Context, client *acme.Client, order *acme.Order) error {
	for _, u := range order.AuthzURLs {
		authz, err := client.GetAuthorization(ctx, u)
		if err != nil {
			return readable(err)
		}
		if authz.Status == acme.StatusValid {
			continue
		}
		if err := o.proveOne(ctx, client, authz); err != nil {
			return err
		}
	}
	return nil
}

func (o *connector) proveOne(ctx context.Context, client *acme.Client, authz *acme.Authorization) error {
	var challenge *acme.Challenge
	for _, c := range authz.Challenges {
		if c.Type == "http-01" {
			challenge = c
		}
	}
	if challenge == nil || o.folder == "" {
		return &ca.Refused{Reason: fmt.Sprintf("the authority wants a proof for the name %q that this connector cannot give", authz.Identifier.Value)}
	}
	text, err := client.HTTP01ChallengeResponse(challenge.Token)
	if err != nil {
		return err
	}
	name := filepath.Base(client.HTTP01ChallengePath(challenge.Token))
	if name != challenge.Token || !plain(name) {
		return errors.New("the ACME server names a challenge that is no file name")
	}
	path := filepath.Join(o.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // a web server publishes it
		return fmt.Errorf("http01_folder: %w", err)
	}
	defer os.Remove(path)
	if _, err := client.Accept(ctx, challenge); err != nil {
		return readable(err)
	}
	wait, cancel := context.WithTimeout(ctx, o.http.Timeout)
	defer cancel()
	_, err = client.WaitAuthorization(wait, authz.URI)
	return readable(err)
}

// plain reports whether a token has only the letters of base64url (section 8.3).
func plain(token string) bool {
	for _, r := range token {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		default:
			return false
		}
	}
	return token != ""
}
