package api

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/randtext"
	"edumfa/internal/recovery"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/tokentype"
)

// recoveryStore keeps the codes by which users set a new password.
type recoveryStore interface {
	AddRecoveryCode(ctx context.Context, c recovery.Code) (int64, error)
	RecoveryCodes(ctx context.Context, login, realm string, now time.Time) ([]recovery.Code, error)
	DeleteRecoveryCode(ctx context.Context, id int64) error
	DeleteExpiredRecoveryCodes(ctx context.Context, now time.Time) (int64, error)
}

// Settings of the recovery of passwords.
const (
	// recoveryServer names the mail server.
	recoveryServer = "recovery.identifier"
	// recoveryURL is where users reach this server. Without it the links in mails
	// begin as the request did, and whoever asks chooses that.
	recoveryURL = "recovery.url"
)

const (
	recoverySubject = "Your password reset"
	recoveryText    = `You, or somebody else, asked for a new password for your account.

Open this address within an hour to choose one:

{link}

If it was not you, there is nothing to do: your password stays as it is.
`
)

// mayRecover refuses where policies for users exist and none of those for the
// named user says password_reset.
func (a *API) mayRecover(ctx context.Context, r *Request) error {
	may, names, err := r.Snap.Policies.Allowed(ctx, a.userQuery(r, policy.ScopeUser, "password_reset", r.User))
	if err == nil && !may {
		return mfaerr.NewPolicy("User actions are defined, but this action is not allowed!")
	}
	r.Audit.Policy(names...)
	return err
}

// recoverAsk mails a code to a user who knows the address that is on record for
// him. Unknown users, those without an address and those with another one are
// not told apart.
func (a *API) recoverAsk(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("user"); err != nil {
		return nil, err
	}
	given, err := r.Params.Required("email")
	if err != nil {
		return nil, err
	}
	server := r.Snap.Settings.Text(recoveryServer, "")
	if server == "" {
		return nil, mfaerr.NewConfig("Missing configuration %s.", recoveryServer)
	}
	if err := a.mailServerExists(ctx, server); err != nil {
		return nil, err
	}
	info, err := r.Users.Info(ctx, r.User)
	if err != nil {
		return nil, err
	}
	address := knownAddress(info, given)
	if !r.User.Exists() || address == "" {
		return nil, mfaerr.NewUser("The email does not match the users email.")
	}
	open, err := a.Store.RecoveryCodes(ctx, r.User.Login, r.User.Realm, r.Now)
	if err != nil {
		return nil, err
	}
	if len(open) < recovery.MostOpen {
		err = a.mailRecoveryCode(ctx, r, server, address)
	} else {
		a.Log.WarnContext(ctx, "no further code to set a password is mailed: many are open", "user", r.User.String())
	}
	if err != nil {
		return nil, err
	}
	r.after = append(r.after, func(ctx context.Context) error {
		_, err := a.Store.DeleteExpiredRecoveryCodes(ctx, r.Now)
		return err
	})
	r.Audit.Success, r.Audit.Info = 1, text(r.User.String())
	return ok(true), nil
}

// mailServerExists is asked before anything is made that only a mail completes.
func (a *API) mailServerExists(ctx context.Context, identifier string) error {
	_, err := a.Store.SMTPServer(ctx, identifier)
	if err != nil {
		err = a.missing(err, "The mail server '%s' does not exist.", identifier)
	}
	return err
}

// knownAddress is the user's address that is the given one but for the case of
// letters; "" for none.
func knownAddress(info resolver.Attributes, given string) string {
	known := []string{info.Text("email")}
	if several, isList := info["email"].([]string); isList {
		known = several
	}
	for _, address := range known {
		if address != "" && strings.EqualFold(address, strings.TrimSpace(given)) {
			return address
		}
	}
	return ""
}

// mailRecoveryCode stores a new code and mails it. A code that cannot be mailed
// does not stay.
func (a *API) mailRecoveryCode(ctx context.Context, r *Request, server, address string) error {
	code, err := randtext.Alphanumeric(a.Rand, recovery.Length)
	if err != nil {
		return err
	}
	hash, err := a.AdminPasswords.Hash(ctx, secret.New(code))
	if err != nil {
		return err
	}
	id, err := a.Store.AddRecoveryCode(ctx, recovery.Code{Hash: hash, Login: r.User.Login, Realm: r.User.Realm, Made: r.Now, Expires: r.Now.Add(recovery.Lifetime)})
	if err != nil {
		return err
	}
	link := a.publicURL(r) + "/#!/reset/" + url.PathEscape(r.User.Login) + "@" + url.PathEscape(r.User.Realm) + "/" + code
	message := tokentype.Mail{To: address, Subject: recoverySubject, Body: strings.ReplaceAll(recoveryText, "{link}", link)}
	if err := a.Mailer.Mail(ctx, server, message); err != nil {
		return errors.Join(mfaerr.NewConfig("The mail could not be sent.").WithCause(err), a.Store.DeleteRecoveryCode(context.WithoutCancel(ctx), id))
	}
	return nil
}

// publicURL is where browsers reach this server, without a slash at its end.
func (a *API) publicURL(r *Request) string {
	if set := r.Snap.Settings.Text(recoveryURL, ""); set != "" {
		return strings.TrimRight(set, "/")
	}
	scheme := "http"
	if r.HTTP.TLS != nil || strings.EqualFold(r.HTTP.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + r.HTTP.Host
}

// recoverReset sets a new password for a code. The code is used up before the
// user store is asked, so that of several requests at once one has it; where the
// store then refuses the password, it is good again.
func (a *API) recoverReset(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("user"); err != nil {
		return nil, err
	}
	given, err := r.Params.Required("recoverycode")
	if err != nil {
		return nil, err
	}
	password, err := r.Params.RequiredNonEmpty("password")
	if err != nil {
		return nil, err
	}
	code, right, err := a.openRecoveryCode(ctx, r, secret.New(given))
	if err != nil || !right {
		return ok(false), err
	}
	w, err := r.Users.Writable(r.User.Resolver)
	if err != nil || r.User.ID == "" {
		a.Log.InfoContext(ctx, "a password cannot be set: its user store cannot be changed", "user", r.User.String())
		return ok(false), nil
	}
	r.Changes.Add(change.UseRecoveryCode{ID: code.ID, Login: code.Login, Realm: code.Realm})
	if err := a.flush(ctx, r); err != nil {
		return nil, err
	}
	if err := w.Update(ctx, r.User.ID, resolver.Attributes{"password": password}); err != nil {
		_, kept := a.Store.AddRecoveryCode(context.WithoutCancel(ctx), code)
		if errors.Is(err, resolver.ErrNoUser) {
			return ok(false), kept
		}
		return nil, errors.Join(userStoreError(r.User.Resolver, err), kept)
	}
	if err := a.Store.ForgetUser(ctx, r.User.Login, r.User.Resolver); err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = 1, text(r.User.String())
	return ok(true), nil
}

// openRecoveryCode finds the open code of the user that the request sends. It
// takes as long for a user who has none.
func (a *API) openRecoveryCode(ctx context.Context, r *Request, given secret.String) (recovery.Code, bool, error) {
	list, err := a.Store.RecoveryCodes(ctx, r.User.Login, r.User.Realm, r.Now)
	if err != nil {
		return recovery.Code{}, false, err
	}
	for _, c := range list {
		right, err := a.AdminPasswords.Verify(ctx, c.Hash, given)
		if err != nil || right {
			return c, right, err
		}
	}
	if len(list) == 0 {
		err = a.AdminPasswords.Waste(ctx, given)
	}
	return recovery.Code{}, false, err
}
