// Package ssh gives SSH servers the public keys of their users: what
// AuthorizedKeysCommand (sshd_config(5)) asks for.
package ssh

import (
	"context"

	"edumfa/internal/application"
	"edumfa/internal/tokentype"
)

// Application is the application ssh.
type Application struct{}

var _ application.Application = Application{}

// Name is ssh.
func (Application) Name() string { return "ssh" }

// Options are the account on the server, and a name for several servers.
func (Application) Options() []application.Option {
	return []application.Option{
		{Name: "service_id", Type: "str", ServiceIDs: true, Help: "The service that the SSH server belongs to. Several servers can be one service."},
		{Name: "user", Type: "str", Help: "The name of the account on the SSH server."},
	}
}

// Check refuses nothing.
func (Application) Check(map[string]string) error { return nil }

// Item is the key, and whose it is. Tokens that are disabled, revoked or locked
// have none.
func (Application) Item(ctx context.Context, c application.Call) (map[string]any, error) {
	keys, has := c.Type.(tokentype.PublicKeyHolder)
	if !has || !c.Token.Active || c.Token.Revoked || c.Token.Locked {
		return nil, nil
	}
	key, err := keys.PublicKey(c.Env, c.Token)
	if err != nil {
		return nil, err
	}
	item := map[string]any{"sshkey": key}
	if c.Env.OwnerLogin != "" {
		item["username"] = c.Env.OwnerLogin
	}
	return item, nil
}
