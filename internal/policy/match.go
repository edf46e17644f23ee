package policy

import (
	"context"
	"errors"
	"slices"

	"edumfa/internal/mfaerr"
	"edumfa/internal/pyregexp"
)

// Reason names the first thing of a policy that does not fit a query.
type Reason string

const (
	Fits          Reason = ""
	NotName       Reason = "name"
	NotActive     Reason = "active"
	NotScope      Reason = "scope"
	NotAction     Reason = "action"
	NotUser       Reason = "user"
	NotRealm      Reason = "realm"
	NotAdminRealm Reason = "adminrealm"
	NotAdminUser  Reason = "adminuser"
	NotResolver   Reason = "resolver"
	NotNode       Reason = "edumfanode"
	NotClient     Reason = "client"
	NotTime       Reason = "time"
	NotCondition  Reason = "condition"
)

// Verdict is what [Set.Explain] says about one policy.
type Verdict struct {
	Policy *Policy
	Reason Reason
	// Condition is the first condition that does not hold.
	Condition *Condition
	// Err is why the policy could not be evaluated; the request would be refused.
	Err error
}

// Text says in a word whether the policy applies, or what does not fit.
func (v Verdict) Text() string {
	switch {
	case v.Err != nil:
		return "cannot be evaluated: " + mfaerr.Wrap(v.Err).Message()
	case v.Condition != nil:
		return "condition: " + v.Condition.Section + " " + v.Condition.Key + " " + v.Condition.Comparator + " " + v.Condition.Value
	case v.Reason == Fits:
		return "applies"
	}
	return string(v.Reason)
}

// Match returns the policies that fit the query, the strongest first; among
// equals those with a client list come before those without, else the order of
// the rows counts. Errors: [mfaerr.Policy] if a policy cannot be evaluated.
func (s *Set) Match(ctx context.Context, q Query) ([]*Policy, error) {
	pq, err := q.prepare(s.now())
	if err != nil {
		return nil, err
	}
	var out []*Policy
	for _, p := range s.candidates(pq) {
		reason, err := p.check(ctx, pq)
		if err != nil {
			return nil, err
		}
		if reason == Fits {
			out = append(out, p)
		}
	}
	sortMatches(out, pq)
	kept := out[:0]
	for _, p := range out {
		failed, err := p.checkConditions(ctx, pq.Query)
		if err != nil {
			return nil, err
		}
		if failed == nil {
			kept = append(kept, p)
		}
	}
	return kept, nil
}

// sortMatches brings policies into the order in which they count.
func sortMatches(list []*Policy, q *prepared) {
	slices.SortStableFunc(list, func(a, b *Policy) int {
		if d := a.Row.Priority - b.Row.Priority; d != 0 {
			return d
		}
		if q.Client.IsValid() && a.clients.given != b.clients.given {
			if a.clients.given {
				return -1
			}
			return 1
		}
		return 0
	})
}

// Explain gives a verdict on every policy, in the order of the rows.
func (s *Set) Explain(ctx context.Context, q Query) ([]Verdict, error) {
	pq, err := q.prepare(s.now())
	if err != nil {
		return nil, err
	}
	out := make([]Verdict, len(s.policies))
	for i, p := range s.policies {
		v := Verdict{Policy: p}
		v.Reason, v.Err = p.check(ctx, pq)
		if v.Reason == Fits && v.Err == nil {
			if v.Condition, v.Err = p.checkConditions(ctx, pq.Query); v.Condition != nil {
				v.Reason = NotCondition
			}
		}
		out[i] = v
	}
	return out, nil
}

// check compares everything but the conditions, in the order in which reasons
// are named.
func (p *Policy) check(ctx context.Context, q *prepared) (Reason, error) {
	r := &p.Row
	switch {
	case q.Name != "" && r.Name != q.Name:
		return NotName, nil
	case q.Active != AnyActivity && r.Active != (q.Active == ActiveOnly):
		return NotActive, nil
	case q.Scope != "" && r.Scope != q.Scope:
		return NotScope, nil
	}
	if reason, err := p.checkLists(q); reason != Fits || err != nil {
		return reason, err
	}
	if q.resolver != nil {
		ok, err := p.checkResolver(ctx, q)
		if err != nil {
			return NotResolver, p.unusable(NotResolver, err)
		}
		if !ok {
			return NotResolver, nil
		}
	}
	if q.Node != "" && len(p.nodes) > 0 && !slices.Contains(p.nodes, q.Node) {
		return NotNode, nil
	}
	if q.Client.IsValid() && p.clients.given {
		if p.clients.err != nil {
			return NotClient, p.unusable(NotClient, p.clients.err)
		}
		if found, excluded := p.clients.search(q.Client); !found || excluded {
			return NotClient, nil
		}
	}
	if r.Time != "" && !p.windows.Contains(q.now) {
		return NotTime, nil
	}
	return Fits, nil
}

// checkLists compares the columns that are lists of values and patterns.
func (p *Policy) checkLists(q *prepared) (Reason, error) {
	var action *string
	if q.Action != "" {
		action = &q.Action
	}
	steps := []struct {
		reason Reason
		list   *list
		value  *string
	}{
		{NotAction, &p.actions, action},
		{NotUser, &p.user, q.login},
		{NotRealm, &p.realm, q.realm},
		{NotAdminRealm, &p.adminRealm, q.AdminRealm},
		{NotAdminUser, &p.adminUser, q.AdminUser},
	}
	if q.Scope != ScopeAdmin {
		steps = steps[:3]
	}
	for _, s := range steps {
		if s.value == nil {
			continue
		}
		ok, err := s.list.fits(*s.value)
		if err != nil {
			return s.reason, p.unusable(s.reason, err)
		}
		if !ok {
			return s.reason, nil
		}
	}
	return Fits, nil
}

// checkResolver compares the resolver column, in which exclusions do not count.
// A policy that checks all resolvers needs a login and a realm, and with an
// empty list it never fits.
func (p *Policy) checkResolver(ctx context.Context, q *prepared) (bool, error) {
	if !p.Row.CheckAllResolvers {
		if p.resolver.empty() {
			return true, nil
		}
		found, _, err := p.resolver.search(*q.resolver)
		return found, err
	}
	all, err := q.allResolvers(ctx)
	if err != nil {
		return false, err
	}
	for _, name := range all {
		if found, _, err := p.resolver.search(name); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// unusable refuses the request: skipping a policy that cannot be read could
// grant what it forbids. Errors that come from elsewhere pass through.
func (p *Policy) unusable(field Reason, err error) error {
	if !errors.Is(err, pyregexp.ErrPattern) && !errors.Is(err, pyregexp.ErrTimeout) && !errors.Is(err, errNetwork) {
		return err
	}
	return mfaerr.NewPolicy("Policy %s cannot be evaluated: malformed %s", quote(p.Row.Name), string(field)).WithCause(err)
}

// InRealm reports whether the policy's list of realms names the realm, and
// whether the list is empty, so that every realm is meant.
func (p *Policy) InRealm(name string) (found, every bool, err error) {
	if p.realm.empty() {
		return false, true, nil
	}
	found, excluded, err := p.realm.search(name)
	if err != nil {
		return false, false, p.unusable(NotRealm, err)
	}
	return found && !excluded, false, nil
}

// InResolver reports whether the policy names a user store; every says that it
// is for all of them.
func (p *Policy) InResolver(name string) (found, every bool, err error) {
	if p.resolver.empty() {
		return false, true, nil
	}
	found, _, err = p.resolver.search(name)
	if err != nil {
		return false, false, p.unusable(NotResolver, err)
	}
	return found, false, nil
}
