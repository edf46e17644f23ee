package api

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// first does something before what follows.
func first(do func(ctx context.Context, r *Request) error) Step {
	return func(next Operation) Operation {
		return func(ctx context.Context, r *Request) (*Answer, error) {
			if err := do(ctx, r); err != nil {
				return nil, err
			}
			return next(ctx, r)
		}
	}
}

// enrolSteps are the policies in front of an enrolment, in their order: each
// may look at what those before it left of the parameters.
func (a *API) enrolSteps() []Step {
	var out []Step
	for _, do := range []func(context.Context, *Request) error{
		a.limitRealm, a.requireDescription, a.limitUser, a.mayEnrol, a.tokenLabel, a.mayChoosePIN, a.twoStep, a.twoStepSizes,
		a.randomPIN, a.encryptPIN, a.checkPIN, a.chosenGateway, a.typeDefaults, a.generatedLength, a.prescribed,
	} {
		out = append(out, first(do))
	}
	return out
}

// enrolledType is the type that an enrolment is about: that of the request, else
// that of the token it names, else hotp.
func (a *API) enrolledType(ctx context.Context, r *Request) (string, error) {
	if name := r.Params.TextOr("type", ""); name != "" {
		return strings.ToLower(name), nil
	}
	t, err := a.requestToken(ctx, r)
	if err != nil || t == nil {
		return "hotp", err
	}
	return t.TypeKey(), nil
}

// verifying reports whether the request answers the question of an enrolment.
func verifying(r *Request) bool { return r.Params.TextOr("verify", "") != "" }

// requireDescription refuses new tokens without a description where policies
// want one. The second step of an enrolment needs none.
func (a *API) requireDescription(ctx context.Context, r *Request) error {
	types, err := a.policyValues(ctx, r, a.userQuery(r, policy.ScopeEnrollment, "require_description", r.User), policy.Words)
	if err != nil || len(types) == 0 || r.Params.TextOr("description", "") != "" {
		return err
	}
	name := r.Params.TextOr("type", "hotp")
	if name == "" {
		name = "hotp"
	}
	for _, t := range types {
		if t != name {
			continue
		}
		was, err := a.requestToken(ctx, r)
		if err != nil || was != nil && (was.State == token.StateVerify || was.State == token.StateClientWait) {
			return err
		}
		return mfaerr.NewPolicy("Description required for %s token.", name)
	}
	return nil
}

// mayEnrol refuses callers without the right to enrol the type. A token that is
// there already must be within an administrator's reach; a user who takes one
// that is nobody's needs the right to assign it.
func (a *API) mayEnrol(ctx context.Context, r *Request) error {
	name, err := a.enrolledType(ctx, r)
	if err != nil {
		return err
	}
	action := policy.EnrollAction(name)
	q := a.callerQuery(r, action)
	q.User = a.policyUser(r, r.User) // nobody is in no realm that a right is limited to
	may, names, err := r.Snap.Policies.Allowed(ctx, q)
	if err != nil {
		return err
	}
	if !may {
		if r.SelfService() {
			return mfaerr.NewPolicy("User actions are defined, you are not allowed to enroll this token type!")
		}
		return mfaerr.NewPolicy("Admin actions are defined, but you are not allowed to enroll this token type!")
	}
	r.Audit.Policy(names...)
	t, err := a.requestToken(ctx, r)
	if err != nil || t == nil {
		return err
	}
	if r.SelfService() {
		if t.Owner == nil {
			return a.allowed(ctx, r, a.callerQuery(r, "assign"), "assign")
		}
		if !ownedBy(t, r.User) {
			return mfaerr.NewTokenAdmin("This token is already assigned to another user.")
		}
		return nil
	}
	return a.reach(ctx, r, action, t)
}

// tokenLabel fills what apps show of a token.
func (a *API) tokenLabel(ctx context.Context, r *Request) error {
	for _, name := range []string{"tokenlabel", "tokenissuer", "appimageurl"} {
		v, given, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeEnrollment, name, a.namedUser(r)), policy.Whole)
		if err != nil {
			return err
		}
		if given {
			r.Params.Set(name, v)
		}
	}
	name, err := a.enrolledType(ctx, r)
	if err != nil {
		return err
	}
	on, err := a.holds(ctx, r, a.userQuery(r, policy.ScopeEnrollment, name+"_force_app_pin", a.namedUser(r)))
	if err == nil && on {
		r.Params.Set("force_app_pin", "True")
	}
	return err
}

// twoStep lets only policies decide whether a key is made of two parts.
func (a *API) twoStep(ctx context.Context, r *Request) error {
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return err
	}
	name, err := a.enrolledType(ctx, r)
	if err != nil {
		return err
	}
	if t != nil {
		name = t.TypeKey()
	}
	v, given, err := a.policyValue(ctx, r, a.callerQuery(r, name+"_2step"), policy.Words)
	switch {
	case err != nil:
		return err
	case !given:
		r.Params.Delete("2stepinit")
	case v == "force":
		if t == nil {
			r.Params.Set("2stepinit", "1")
		}
	case v != "allow":
		return mfaerr.NewPolicy("Unknown 2step policy setting: %s", v)
	}
	return nil
}

// twoStepSizes are how much each side adds to such a key.
func (a *API) twoStepSizes(ctx context.Context, r *Request) error {
	if !r.Params.Bool("2stepinit") {
		return nil
	}
	name, err := a.enrolledType(ctx, r)
	if err != nil {
		return err
	}
	for _, size := range []string{"2step_serversize", "2step_clientsize", "2step_difficulty"} {
		v, given, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeEnrollment, name+"_"+size, r.User), policy.Words)
		if err != nil {
			return err
		}
		if given {
			r.Params.Set(size, v)
		}
	}
	return nil
}

// callerRules are policies of the caller's own scope.
type callerRules struct {
	a   *API
	r   *Request
	ctx context.Context
}

func (x callerRules) Text(_, action string) (string, bool, error) {
	return x.a.policyValue(x.ctx, x.r, x.a.callerQuery(x.r, action), policy.Words)
}

func (x callerRules) On(_, action string) (bool, error) {
	return x.a.holds(x.ctx, x.r, x.a.callerQuery(x.r, action))
}

func (x callerRules) Word(scope, action string) (string, bool, error) { return x.Text(scope, action) }

func (x callerRules) Words(_, action string) ([]string, error) {
	return x.a.policyValues(x.ctx, x.r, x.a.callerQuery(x.r, action), policy.Words)
}

// Values are all values of an action of the caller's own scope, blanks and all.
func (x callerRules) Values(_, action string) ([]string, error) {
	return x.a.policyValues(x.ctx, x.r, x.a.callerQuery(x.r, action), policy.Whole)
}

// typeDefaults sets the parameters that policies prescribe for a type. They win
// over those of the request.
func (a *API) typeDefaults(ctx context.Context, r *Request) error {
	name, err := a.enrolledType(ctx, r)
	if err != nil || verifying(r) {
		return err
	}
	typ, _ := a.Types.Get(name)
	scope := policy.ScopeAdmin
	if r.SelfService() {
		scope = policy.ScopeUser
	}
	if d, has := typ.(tokentype.OwnerDefaults); has {
		if err := a.ownerDefaults(ctx, r, scope, d); err != nil {
			return err
		}
	}
	d, has := typ.(tokentype.Defaults)
	if !has {
		return nil
	}
	values, err := d.Defaults(scope, callerRules{a, r, ctx}, r.Params)
	for k, v := range values {
		r.Params.Set(k, v)
	}
	return err
}

// chosenGateway lets only policies say which SMS gateway a token may be bound to.
func (a *API) chosenGateway(ctx context.Context, r *Request) error {
	gateway := r.Params.TextOr("sms.identifier", "")
	name, err := a.enrolledType(ctx, r)
	if err != nil || name != "sms" || gateway == "" {
		return err
	}
	allowed, err := a.policyValues(ctx, r, a.callerQuery(r, "sms_gateways"), policy.Words)
	if err == nil && !slices.Contains(allowed, gateway) {
		err = mfaerr.NewPolicy("The requested sms.identifier is not allowed to be enrolled.")
	}
	return err
}

// ownerDefaults sets parameters from attributes of the future owner. An
// attribute that he does not have is an empty value, not the one of the request.
func (a *API) ownerDefaults(ctx context.Context, r *Request, scope string, d tokentype.OwnerDefaults) error {
	if !r.User.Exists() {
		return nil
	}
	names, err := d.OwnerDefaults(scope, callerRules{a, r, ctx})
	if err != nil || len(names) == 0 {
		return err
	}
	info, err := r.Users.Info(ctx, r.User)
	for parameter, attribute := range names {
		r.Params.Set(parameter, info.Text(attribute))
	}
	return err
}

// generatedLength sets length and contents of generated passwords and
// registration codes; the request has no say in them.
func (a *API) generatedLength(ctx context.Context, r *Request) error {
	name := strings.ToLower(r.Params.TextOr("type", ""))
	defaults, has := map[string]string{"pw": "12", "registration": "24"}[name]
	if !has {
		return nil
	}
	for _, x := range []struct{ action, def string }{{name + ".length", defaults}, {name + ".contents", "cn"}} {
		v, given, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeEnrollment, x.action, a.namedUser(r)), policy.Words)
		if err != nil {
			return err
		}
		if !given {
			v = x.def
		}
		r.Params.Set(x.action, v)
	}
	return nil
}

// prescribed sets the parameters that policies on enrolments prescribe for a
// type.
func (a *API) prescribed(ctx context.Context, r *Request) error {
	name, err := a.enrolledType(ctx, r)
	if err != nil {
		return err
	}
	typ, _ := a.Types.Get(name)
	p, has := typ.(tokentype.Prescriber)
	if !has {
		return nil
	}
	for _, action := range p.Prescribed() {
		v, given, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeEnrollment, action, a.namedUser(r)), policy.Words)
		if err != nil {
			return err
		}
		if given {
			r.Params.Set(action, v)
		}
	}
	return nil
}

// wantsVerification reports whether policies want a value of the new token
// before it may be used.
func (a *API) wantsVerification(ctx context.Context, r *Request) (bool, error) {
	name, err := a.enrolledType(ctx, r)
	if err != nil {
		return false, err
	}
	found, err := r.Snap.Policies.Values(ctx, a.userQuery(r, policy.ScopeEnrollment, "verify_enrollment", r.User), policy.Whole)
	if err != nil {
		return false, err
	}
	want := false
	for _, v := range found {
		for _, t := range strings.Fields(v.Text) {
			if strings.EqualFold(t, name) {
				want = true
				r.Audit.Policy(v.Policies...)
			}
		}
	}
	return want, nil
}
