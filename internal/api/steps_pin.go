package api

import (
	"context"
	"strconv"
	"unicode/utf8"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/randtext"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
)

// mayChoosePIN drops the PIN of an enrolment if the caller may not choose it.
func (a *API) mayChoosePIN(ctx context.Context, r *Request) error {
	q := a.callerQuery(r, "enrollpin")
	q.User = a.policyUser(r, r.User)
	may, names, err := r.Snap.Policies.Allowed(ctx, q)
	if err != nil {
		return err
	}
	if !may {
		r.Params.Delete("pin")
		return nil
	}
	r.Audit.Policy(names...)
	return nil
}

// encryptPIN lets only policies decide whether a PIN is kept so that it can be
// read again.
func (a *API) encryptPIN(ctx context.Context, r *Request) error {
	on, err := a.holds(ctx, r, a.userQuery(r, policy.ScopeEnrollment, "encrypt_pin", r.User))
	if err != nil {
		return err
	}
	if on {
		r.Params.Set("encryptpin", "True")
	} else {
		r.Params.Delete("encryptpin")
	}
	return nil
}

// pinQuery asks for the rules of PINs. Without a user it is the realm of the
// token that counts: a PIN set by serial obeys the same rules.
func (a *API) pinQuery(r *Request, action string, t *token.Token) policy.Query {
	q := a.callerQuery(r, action)
	if r.Admin() && r.User.Empty() && t != nil && len(t.Realms) == 1 {
		q.Realm = &t.Realms[0]
	}
	return q
}

// pinRule is the rule of a type's PINs, or else that of all PINs.
func (a *API) pinRule(ctx context.Context, r *Request, tokenType, action string, t *token.Token) (string, bool, error) {
	v, given, err := a.policyValue(ctx, r, a.pinQuery(r, tokenType+"_"+action, t), policy.Words)
	if err != nil || given {
		return v, given, err
	}
	return a.policyValue(ctx, r, a.pinQuery(r, action, t), policy.Words)
}

// pinType is the type whose PIN a request sets.
func (a *API) pinType(ctx context.Context, r *Request) (string, *token.Token, error) {
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return "", nil, err
	}
	if t != nil {
		return t.TypeKey(), t, nil
	}
	name, err := a.enrolledType(ctx, r)
	return name, nil, err
}

// checkPIN refuses PINs that break the rules. A request without a PIN sets an
// empty one.
func (a *API) checkPIN(ctx context.Context, r *Request) error {
	if r.Params.TextOr("rollover", "") != "" || verifying(r) {
		return nil
	}
	pin := r.Params.TextOr("otppin", "")
	if pin == "" {
		pin = r.Params.TextOr("pin", "")
	}
	name, t, err := a.pinType(ctx, r)
	if err != nil {
		return err
	}
	return a.pinFits(ctx, r, name, t, pin)
}

// pinFits refuses a PIN for a token of the type that breaks the rules for the
// caller.
func (a *API) pinFits(ctx context.Context, r *Request, name string, t *token.Token, pin string) error {
	if typ, known := a.Types.Get(name); known && typ.Info().NoPIN {
		return nil
	}
	length := utf8.RuneCountInString(pin)
	if n, limited, err := a.pinLength(ctx, r, name, "otp_pin_minlength", t); err != nil || limited && length < n {
		if err == nil {
			err = mfaerr.NewPolicy("The minimum OTP PIN length is %d", n)
		}
		return err
	}
	if n, limited, err := a.pinLength(ctx, r, name, "otp_pin_maxlength", t); err != nil || limited && length > n {
		if err == nil {
			err = mfaerr.NewPolicy("The maximum OTP PIN length is %d", n)
		}
		return err
	}
	rule, given, err := a.pinRule(ctx, r, name, "otp_pin_contents", t)
	if err != nil || !given {
		return err
	}
	contents, err := policy.ParsePINRule(rule)
	if err != nil {
		return err
	}
	if fits, why := contents.Check(pin); !fits {
		return mfaerr.NewPolicy("%s", why)
	}
	return nil
}

func (a *API) pinLength(ctx context.Context, r *Request, tokenType, action string, t *token.Token) (int, bool, error) {
	v, given, err := a.pinRule(ctx, r, tokenType, action, t)
	if err != nil || !given {
		return 0, false, err
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return 0, false, errMalformed()
	}
	return n, true, nil
}

// randomPIN replaces the PIN of an enrolment by one that is made here, where a
// policy says so.
func (a *API) randomPIN(ctx context.Context, r *Request) error {
	if verifying(r) {
		return nil // the PIN was made with the token
	}
	u := a.namedUser(r)
	length, given, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeEnrollment, "otp_pin_random", u), policy.Words)
	if err != nil || !given {
		return err
	}
	handlers, err := a.policyValues(ctx, r, a.userQuery(r, policy.ScopeEnrollment, "pinhandling", u), policy.Words)
	if err != nil {
		return err
	}
	for _, h := range handlers {
		// The field's own handler only writes a line to the log. With any other,
		// somebody waits for a PIN that would not come.
		if h != "edumfa.lib.pinhandling.base.PinHandler" {
			return mfaerr.NewPolicy("The PIN handler %s is not available.", h)
		}
	}
	return a.makePIN(ctx, r, length)
}

// makePIN sets the parameter pin to a random one by the rule for contents.
func (a *API) makePIN(ctx context.Context, r *Request, length string) error {
	n, err := strconv.Atoi(length)
	if err != nil || n < 1 {
		return errMalformed()
	}
	name, t, err := a.pinType(ctx, r)
	if err != nil {
		return err
	}
	rule, _, err := a.pinRule(ctx, r, name, "otp_pin_contents", t)
	if err != nil {
		return err
	}
	pin, err := randtext.Password(a.Rand, n, rule)
	if err != nil {
		return err
	}
	r.Params.Set("pin", pin)
	return nil
}

// setRandomPIN makes the PIN of POST /token/setrandompin; without the policy
// that says how long it is, there is none.
func (a *API) setRandomPIN(ctx context.Context, r *Request) error {
	length, given, err := a.policyValue(ctx, r, a.callerQuery(r, "otp_pin_set_random"), policy.Words)
	if err != nil {
		return err
	}
	if !given {
		scope := policy.ScopeAdmin
		if r.SelfService() {
			scope = policy.ScopeUser
		}
		return mfaerr.NewTokenAdmin("You need to specify a policy 'otp_pin_set_random' in scope %s.", scope)
	}
	return a.makePIN(ctx, r, length)
}

// keepPINChange notes when a PIN must be changed: at once if an administrator
// set it, later if its owner did.
func (a *API) keepPINChange(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		answer, err := next(ctx, r)
		if err != nil {
			return nil, err
		}
		return answer, a.notePINChange(ctx, r, answer)
	}
}

func (a *API) notePINChange(ctx context.Context, r *Request, answer *Answer) error {
	serial := r.Params.TextOr("serial", "")
	if serial == "" {
		serial = answer.detailText("serial")
	}
	list, err := a.Store.Tokens(ctx, token.Filter{Serials: []string{serial}}, token.Whole)
	if err != nil || len(list) != 1 {
		return err
	}
	t := list[0]
	if typ, known := a.Types.Get(t.TypeKey()); known && typ.Info().NoPIN {
		return nil
	}
	realm := r.Snap.Realms.Default()
	if len(t.Realms) > 0 {
		realm = t.Realms[0]
	}
	ask := func(action string) policy.Query {
		q := a.query(r, policy.ScopeEnrollment, action)
		q.Realm = &realm
		return q
	}
	now := r.Now.In(a.Local)
	if r.Admin() {
		on, err := a.holds(ctx, r, ask("change_pin_on_first_use"))
		if err == nil && on {
			r.Changes.Add(change.SetInfo{ID: t.ID, Key: token.InfoNextPINChange, Value: timespec.FormatMinutes(now)})
		}
		return err
	}
	if r.Params.TextOr("otppin", "") == "" && r.Params.TextOr("pin", "") == "" {
		return nil
	}
	every, given, err := a.policyValue(ctx, r, ask("change_pin_every"), policy.Words)
	if err != nil {
		return err
	}
	if !given {
		r.Changes.Add(change.DeleteInfo{ID: t.ID, Key: token.InfoNextPINChange})
		return nil
	}
	d, err := timespec.ParsePeriod(every)
	if err != nil {
		return errMalformed()
	}
	r.Changes.Add(change.SetInfo{ID: t.ID, Key: token.InfoNextPINChange, Value: timespec.FormatMinutes(now.Add(d))})
	return nil
}
