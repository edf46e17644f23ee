package policy

import (
	"context"
	"log/slog"

	"edumfa/internal/mfaerr"
)

// Sections of extended conditions: where the left side comes from.
const (
	SectionUserInfo    = "userinfo"
	SectionToken       = "token"
	SectionTokenInfo   = "tokeninfo"
	SectionHeader      = "HTTP Request header"
	SectionEnvironment = "HTTP Environment"
)

// condition is an active condition, compiled.
type condition struct {
	Condition
	compare comparison
	err     error
}

func compileCondition(c Condition) condition {
	out := condition{Condition: c, compare: compileComparison(c.Comparator, c.Value)}
	out.err = out.compare.err
	return out
}

// fact is the left side of a condition.
type fact struct {
	value     any
	available bool // the user, token or request exists
	known     bool // it has the key
}

// checkConditions evaluates the active conditions in their order and returns the
// first that does not hold, nil if all do. A condition that cannot be evaluated
// refuses the request: passing over the policy could grant what it forbids.
func (p *Policy) checkConditions(ctx context.Context, q *Query) (*Condition, error) {
	for i := range p.conditions {
		c := &p.conditions[i]
		if q.Conditions == CheckNone || q.Conditions == CheckUserInfo && c.Section != SectionUserInfo {
			continue
		}
		ok, err := p.checkCondition(ctx, q, c)
		if err != nil {
			return &c.Condition, err
		}
		if !ok {
			return &c.Condition, nil
		}
	}
	return nil, nil
}

func (p *Policy) checkCondition(ctx context.Context, q *Query, c *condition) (bool, error) {
	var left fact
	var err error
	switch c.Section {
	case SectionUserInfo:
		left, err = q.userFact(ctx, c.Key)
	case SectionToken, SectionTokenInfo:
		left, err = q.tokenFact(ctx, c.Section, c.Key)
	case SectionHeader, SectionEnvironment:
		left = q.requestFact(c.Section, c.Key)
	default:
		return false, mfaerr.NewPolicy("Policy %s has condition with unknown section", quote(p.Row.Name))
	}
	if err != nil {
		return false, err
	}
	if !left.available {
		return false, p.missingObject(c)
	}
	if !left.known {
		return false, p.missingKey(c)
	}
	ok, err := c.compare.holds(left.value)
	if err != nil {
		return false, p.badComparison(c).WithCause(err)
	}
	return ok, nil
}

func (p *Policy) missingObject(c *condition) *mfaerr.Error {
	name := quote(p.Row.Name)
	switch c.Section {
	case SectionToken:
		return mfaerr.NewPolicy("Policy %s has conditions on tokens, but a token object is not available", name)
	case SectionHeader:
		return mfaerr.NewPolicy("Policy %s has conditions on headers %s, but HTTP headers are not available", name, quote(c.Key))
	case SectionEnvironment:
		return mfaerr.NewPolicy("Policy %s has conditions on environment %s, but HTTP environment is not available", name, quote(c.Key))
	}
	return mfaerr.NewPolicy("Policy %s has condition on %s, but an according object is not available", name, c.Section)
}

func (p *Policy) missingKey(c *condition) *mfaerr.Error {
	name := quote(p.Row.Name)
	switch c.Section {
	case SectionHeader:
		return mfaerr.NewPolicy("Unknown HTTP header key referenced in condition of policy %s: %s", name, quote(c.Key))
	case SectionEnvironment:
		return mfaerr.NewPolicy("Unknown HTTP environment key referenced in condition of policy %s: %s", name, quote(c.Key))
	}
	return mfaerr.NewPolicy("Unknown key in the %s conditions of policy %s", c.Section, name)
}

func (p *Policy) badComparison(c *condition) *mfaerr.Error {
	section := c.Section
	switch section {
	case SectionToken:
		section = "'token'"
	case SectionHeader:
		section = "HTTP header"
	case SectionEnvironment:
		section = "HTTP environment"
	}
	return mfaerr.NewPolicy("Invalid comparison in the %s conditions of policy %s", section, quote(p.Row.Name))
}

func (q *Query) userFact(ctx context.Context, key string) (fact, error) {
	if q.User == nil {
		return fact{}, nil
	}
	var info map[string]any
	if q.User.Info != nil {
		var err error
		if info, err = q.User.Info(ctx); err != nil {
			return fact{}, err
		}
	}
	v, ok := info[key]
	return fact{value: v, available: true, known: ok}, nil
}

func (q *Query) tokenFact(ctx context.Context, section, key string) (fact, error) {
	if q.Token == nil {
		return fact{}, nil
	}
	t, err := q.Token(ctx)
	if err != nil || t == nil {
		return fact{}, err
	}
	if section == SectionTokenInfo {
		v, ok := t.Info[key]
		return fact{value: v, available: true, known: ok}, nil
	}
	v, ok := t.Fields[key]
	return fact{value: v, available: true, known: ok}, nil
}

// requestFact takes an empty header or variable for a missing one.
func (q *Query) requestFact(section, key string) fact {
	get := q.Header
	if section == SectionEnvironment {
		get = q.Environment
	}
	if get == nil {
		return fact{}
	}
	v := get(key)
	return fact{value: v, available: true, known: v != ""}
}

// SectionHelp describes the sections for the policy editor.
func SectionHelp() map[string]string {
	return map[string]string{
		SectionUserInfo:    "Compares an attribute of the user, custom attributes included.",
		SectionToken:       "Compares a field of the token, such as its type or fail counter.",
		SectionTokenInfo:   "Compares an entry of the token's information.",
		SectionHeader:      "Compares a header of the HTTP request.",
		SectionEnvironment: "Compares a variable of the HTTP environment, such as REQUEST_METHOD.",
	}
}

// ComparatorHelp describes the comparators for the policy editor.
func ComparatorHelp() map[string]string {
	return map[string]string{
		Equals:      "Both sides are the same text.",
		NotEquals:   "The sides differ.",
		Contains:    "The attribute is a list that has the value as an element.",
		NotContains: "The attribute is a list without the value.",
		Matches:     "The value is a regular expression that fits all of the attribute.",
		NotMatches:  "The value is a regular expression that does not fit the attribute.",
		In:          "The attribute is one of the values separated by commas.",
		NotIn:       "The attribute is none of the values separated by commas.",
		Smaller:     "The attribute is a smaller whole number than the value.",
		Bigger:      "The attribute is a bigger whole number than the value.",
	}
}

// LogValue groups a condition for the log.
func (c Condition) LogValue() slog.Value {
	return slog.GroupValue(slog.String("section", c.Section), slog.String("key", c.Key),
		slog.String("comparator", c.Comparator), slog.String("value", c.Value))
}
