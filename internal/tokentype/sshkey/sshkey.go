// Package sshkey is the public SSH key of a user. It logs nobody in here: SSH
// servers fetch it.
package sshkey

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Tokeninfo of the type.
const (
	infoKey     = "ssh_key" // Base64, encrypted at rest
	infoType    = "ssh_type"
	infoComment = "ssh_comment"
)

// Type is the token type sshkey.
type Type struct{}

var (
	_ tokentype.Type            = Type{}
	_ tokentype.PublicKeyHolder = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "sshkey", Prefix: "SSHK", Title: "SSHkey Token", Description: "SSH key: a public key.",
		ClientMode: tokentype.Interactive, Authenticates: true, NoPIN: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Enroll stores the key: type, Base64 and comment as in authorized_keys.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	line, given := p.Text("sshkey")
	if !given {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Missing parameter: 'sshkey'")
	}
	kind, key, comment, err := parse(line)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	out, err := e.TakeKey(t, p, tokentype.KeyRules{})
	if err != nil {
		return out, err
	}
	sealed, err := e.Keys.SealPassword(key)
	if err != nil {
		return out, err
	}
	t.Info[infoKey] = token.Info{Value: sealed, Type: token.InfoTypePassword}
	t.Info[infoType], t.Info[infoComment] = token.Info{Value: kind}, token.Info{Value: comment}
	return out, nil
}

// parse reads a line of authorized_keys without options.
func parse(line string) (kind, key, comment string, err error) {
	line = strings.TrimRight(line, "\r\n")
	if strings.ContainsFunc(line, unicode.IsControl) {
		// the line is written into files of other servers, where a line break would
		// begin a key of its own
		return "", "", "", mfaerr.NewTokenAdmin("An SSH key is one line of text.")
	}
	kind, rest, _ := strings.Cut(line, " ")
	if !slices.Contains(supported(), kind) {
		return "", "", "", mfaerr.NewTokenAdmin("The keytype you specified is not supported.")
	}
	key, comment, _ = strings.Cut(rest, " ")
	if key == "" {
		return "", "", "", mfaerr.NewTokenAdmin("Missing key.")
	}
	return kind, key, comment, nil
}

func supported() []string {
	return []string{"ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256@openssh.com", "sk-ssh-ed25519@openssh.com"}
}

// PublicKey is the key with its type and comment.
func (Type) PublicKey(e *tokentype.Env, t *token.Token) (string, error) {
	key, err := e.Keys.OpenPassword(t.InfoText(infoKey))
	if err != nil {
		return "", err
	}
	line := t.InfoText(infoType) + " " + key
	if comment := t.InfoText(infoComment); comment != "" {
		line += " " + comment
	}
	return line, nil
}

// Verify finds nothing right.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}
