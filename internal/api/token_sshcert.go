package api

import (
	"context"
	"errors"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// sshCertified is an ability of token types with a public key for SSH.
type sshCertified interface {
	// SSHCertificate says what a certificate for the token's key contains, and
	// which connector signs it.
	SSHCertificate(ctx context.Context, e *tokentype.Env, t *token.Token) (connector string, r ca.SSHRequest, err error)
}

// tokenSSHCertificate makes a certificate for the key of an sshkey token, for
// servers that trust the authority instead of lists of keys.
func (a *API) tokenSSHCertificate(ctx context.Context, r *Request) (*Answer, error) {
	if r.Params.TextOr("serial", "") == "" {
		return nil, mfaerr.NewParameter("Missing parameter: 'serial'")
	}
	t, err := a.ownToken(ctx, r)
	if err != nil {
		return nil, err
	}
	typ, _ := a.Types.Get(t.Type)
	certified, can := typ.(sshCertified)
	if !can {
		return nil, mfaerr.NewTokenAdmin("Only SSH keys have such certificates.")
	}
	if t.Revoked || t.Locked {
		return nil, mfaerr.NewTokenAdmin("This token is locked.")
	}
	if why := t.Unfit(r.Now, a.Local, t.FailCount); why != "" {
		return nil, mfaerr.NewTokenAdmin("%s", why)
	}
	owner := user.User{}
	if t.Owner != nil {
		if owner, err = r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID); err != nil {
			return nil, err
		}
	}
	if !owner.Exists() || owner.Login == "" {
		return nil, mfaerr.NewTokenAdmin("The token belongs to nobody.")
	}
	name, request, err := certified.SSHCertificate(ctx, a.env(ctx, r, t, owner), t)
	if err != nil {
		return nil, err
	}
	signer, name, err := sshSigner(r, name)
	if err != nil {
		return nil, err
	}
	line, err := signer.SignSSH(ctx, request)
	if refused, ok := errors.AsType[*ca.Refused](err); ok {
		return nil, mfaerr.NewRequest(mfaerr.CodeCA, "%s", refused.Reason)
	}
	if err != nil {
		return nil, mfaerr.NewRequest(mfaerr.CodeCA, "The CA connector '%s' cannot be used.", name).WithCause(err)
	}
	r.Audit.Success = 1
	r.Audit.Info = text("SSH certificate until " + request.Until.In(a.Local).Format(time.DateTime))
	return ok(map[string]any{
		"serial": t.Serial, "certificate": line, "principals": request.Principals, "key_id": request.KeyID,
		"valid_after": request.From.In(a.Local).Format(time.RFC3339), "valid_before": request.Until.In(a.Local).Format(time.RFC3339),
	}), nil
}

// sshAuthority shows the public key of an authority, for SSH servers.
func (a *API) sshAuthority(ctx context.Context, r *Request) (*Answer, error) {
	signer, name, err := sshSigner(r, r.HTTP.PathValue("caconnector"))
	if err != nil {
		return nil, err
	}
	line, err := signer.SSHKey(ctx)
	if err != nil {
		return nil, mfaerr.NewRequest(mfaerr.CodeCA, "The CA connector '%s' cannot be used.", name).WithCause(err)
	}
	r.Audit.Success = 1
	answer := ok(true)
	answer.Plain = &Plain{Type: "text/plain; charset=utf-8", Data: []byte(line + "\n")}
	return answer, nil
}

func sshSigner(r *Request, name string) (ca.SSHSigner, string, error) {
	c, exact, err := r.Snap.CAs.Connector(name)
	if err != nil {
		return nil, name, err
	}
	s, can := c.(ca.SSHSigner)
	if !can {
		return nil, exact, mfaerr.NewRequest(mfaerr.CodeCA, "The CA connector '%s' is not of the type ssh.", exact)
	}
	return s, exact, nil
}
