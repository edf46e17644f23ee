package api

import (
	"context"
	"errors"
	"net/mail"
	"slices"
	"strings"

	"edumfa/internal/api/params"
	"edumfa/internal/enrol"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/pyregexp"
	"edumfa/internal/resolver"
	"edumfa/internal/texttag"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

const (
	registerSubject = "Your eduMFA registration"
	registerText    = "Your registration code is {regkey}\nIt is good for one login.\n"
)

// errRegister says why nobody is registered.
func errRegister(format string, args ...any) error {
	return mfaerr.NewRequest(mfaerr.CodeRegistration, format, args...)
}

// registerStatus tells whether people may register: the interface then offers it.
func (a *API) registerStatus(ctx context.Context, r *Request) (*Answer, error) {
	_, open, err := a.policyValue(ctx, r, a.query(r, policy.ScopeRegister, "resolver"), policy.Words)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = 1, text(pyText(open))
	return ok(open), nil
}

// mailMayRegister refuses mail addresses that fit none of the patterns of the
// policy requiredemail, written between slashes.
func (a *API) mailMayRegister(ctx context.Context, r *Request) error {
	address := r.Params.TextOr("email", "")
	values, err := r.Snap.Policies.Values(ctx, a.query(r, policy.ScopeRegister, "requiredemail"), policy.Words)
	if err != nil || address == "" || len(values) == 0 {
		return err
	}
	r.Audit.Policy(values.Policies()...)
	for _, v := range values {
		pattern, err := pyregexp.Compile(strings.Trim(v.Text, "/"))
		if err != nil {
			return errUnusablePattern("requiredemail", v.Policies, err)
		}
		fits, err := pattern.Search(address)
		if err != nil {
			return errUnusablePattern("requiredemail", v.Policies, err)
		}
		if fits {
			return nil
		}
	}
	return errRegister("This email address is not allowed to register!")
}

// registerPlace is where new users go and how they are told, by the policies of the
// scope register.
type registerPlace struct {
	realm, resolver, server, body string
	store                         resolver.Writer
}

// register makes a user and a registration code for him, which is mailed. Where
// one of these fails nothing is left of the others.
func (a *API) register(ctx context.Context, r *Request) (*Answer, error) {
	attributes := resolver.Attributes{}
	for _, name := range []string{"username", "surname", "givenname", "email", "password"} {
		v, err := r.Params.RequiredNonEmpty(name)
		if err != nil {
			return nil, err
		}
		attributes[name] = v
	}
	for _, name := range []string{"mobile", "phone"} {
		if v := r.Params.TextOr(name, ""); v != "" {
			attributes[name] = v
		}
	}
	r.Audit.Info = text(attributes.Text("username"))
	// One address: a list could hold one that fits the policy, and another.
	if m, err := mail.ParseAddress(attributes.Text("email")); err != nil || m.Address != attributes.Text("email") {
		return nil, mfaerr.NewParameter("The parameter 'email' must be one plain mail address.")
	}
	place, err := a.registerPlace(ctx, r)
	if err != nil {
		return nil, err
	}
	u, err := a.addRegistered(ctx, r, place, attributes)
	if err != nil {
		return nil, err
	}
	if err := a.welcome(ctx, r, place, u, attributes.Text("email")); err != nil {
		return nil, errors.Join(err, a.dropRegistered(context.WithoutCancel(ctx), place, u))
	}
	r.Audit.Success = 1
	return ok(true), nil
}

// registerPlace reads the policies and looks whether they can work, before
// anything is made.
func (a *API) registerPlace(ctx context.Context, r *Request) (p registerPlace, err error) {
	ask := func(action string, split policy.Split) string {
		v, _, e := a.policyValue(ctx, r, a.query(r, policy.ScopeRegister, action), split)
		err = errors.Join(err, e)
		return v
	}
	if p.server = ask("smtpconfig", policy.Words); err == nil && p.server == "" {
		err = errRegister("No SMTP server configuration specified!")
	}
	if err != nil {
		return p, err
	}
	if p.realm = ask("realm", policy.Words); p.realm == "" {
		p.realm = r.Snap.Realms.Default()
	}
	if p.resolver = ask("resolver", policy.Words); err == nil && p.resolver == "" {
		err = errRegister("No resolver specified to register in!")
	}
	if p.body = ask("registration_body", policy.Whole); p.body == "" {
		p.body = registerText
	}
	if err != nil {
		return p, err
	}
	if err := a.mailServerExists(ctx, p.server); err != nil {
		return p, err
	}
	if !slices.Contains(r.Snap.Realms.Order(p.realm), p.resolver) {
		return p, errRegister("The resolver '%s' is not in the realm '%s'.", p.resolver, p.realm)
	}
	p.store, err = r.Users.Writable(p.resolver)
	return p, err
}

// addRegistered makes the user. A name that is taken anywhere in the realm is
// not given again: which of the two a login means would depend on priorities.
func (a *API) addRegistered(ctx context.Context, r *Request, p registerPlace, attributes resolver.Attributes) (user.User, error) {
	taken := errRegister("The username is already registered!")
	name := attributes.Text("username")
	for _, where := range []string{p.resolver, ""} {
		u, err := r.Users.Find(ctx, name, p.realm, where)
		if err != nil {
			return u, err
		}
		if u.ID != "" {
			return u, taken
		}
	}
	id, err := p.store.Add(ctx, attributes)
	if err != nil {
		return user.User{}, userStoreError(p.resolver, err)
	}
	added := user.User{Login: name, Resolver: p.resolver, ID: id}
	if err := a.Store.ForgetUser(ctx, name, p.resolver); err != nil {
		return added, errors.Join(err, p.store.Delete(ctx, id))
	}
	u, err := r.Users.Find(ctx, name, p.realm, p.resolver)
	switch {
	case err != nil:
		return u, errors.Join(err, p.store.Delete(ctx, id))
	case !u.Exists():
		return u, errRegister("The new user cannot be found in the realm '%s'.", p.realm)
	case u.ID != id: // somebody else took the name at the same moment
		return u, errors.Join(taken, p.store.Delete(ctx, id))
	}
	return u, nil
}

// welcome gives the new user a registration code and mails it.
func (a *API) welcome(ctx context.Context, r *Request, p registerPlace, u user.User, address string) error {
	env := a.env(ctx, r, nil, u)
	t, detail, err := a.Enrol.Init(ctx, env, enrol.Request{Params: params.New(map[string]any{"type": "registration"}), User: u})
	if err != nil {
		return err
	}
	code, _ := detail["registrationcode"].(string)
	message := tokentype.Mail{To: address, Subject: registerSubject, Body: texttag.Fill(p.body, map[string]string{"regkey": code})}
	if err := a.Mailer.Mail(ctx, p.server, message); err != nil {
		err = mfaerr.NewRequest(mfaerr.CodeRegistration, "Failed to send email!").WithCause(err)
		return errors.Join(err, a.Store.DeleteToken(context.WithoutCancel(ctx), t.ID, t.Serial))
	}
	r.Audit.Serial, r.Audit.TokenType = text(t.Serial), text(t.Type)
	return nil
}

// dropRegistered removes a user who cannot be told that he is one.
func (a *API) dropRegistered(ctx context.Context, p registerPlace, u user.User) error {
	err := p.store.Delete(ctx, u.ID)
	return errors.Join(err, a.Store.ForgetUser(ctx, u.Login, u.Resolver))
}
