package policy

import (
	"regexp"
	"strings"

	"edumfa/internal/mfaerr"
)

// Spec is a wish to create or change a policy. Nil leaves a field as it is, or
// gives a new policy its default.
type Spec struct {
	Name              string
	Scope             *string
	Action            *string
	Realm             *string
	AdminRealm        *string
	AdminUser         *string
	Resolver          *string
	Node              *string
	User              *string
	Client            *string
	Time              *string
	Active            *bool
	CheckAllResolvers *bool
	Priority          *int
	Conditions        *[]Condition
}

// Apply checks the wish and returns the row to store; old is the policy as it
// is, nil for a new one. Errors: 905 for a priority below 1, 302 for clients
// that are no addresses or networks.
func (s Spec) Apply(old *Row) (Row, error) {
	row := Row{Name: s.Name, Active: true, Priority: 1}
	if old != nil {
		row = *old
	}
	if s.Priority != nil && *s.Priority < 1 {
		return Row{}, mfaerr.NewParameter("Priority must be at least 1")
	}
	if s.Client != nil {
		if n := compileNetworks(SplitList(*s.Client)); n.err != nil {
			return Row{}, mfaerr.NewConfig("Invalid client definition!").WithCause(n.err)
		}
	}
	set(&row.Scope, s.Scope)
	set(&row.Action, s.Action)
	set(&row.Realm, s.Realm)
	set(&row.AdminRealm, s.AdminRealm)
	set(&row.AdminUser, s.AdminUser)
	set(&row.Resolver, s.Resolver)
	set(&row.Node, s.Node)
	set(&row.User, s.User)
	set(&row.Client, s.Client)
	set(&row.Time, s.Time)
	set(&row.Active, s.Active)
	set(&row.CheckAllResolvers, s.CheckAllResolvers)
	set(&row.Priority, s.Priority)
	set(&row.Conditions, s.Conditions)
	return row, nil
}

func set[T any](dst, src *T) {
	if src != nil {
		*dst = *src
	}
}

// CheckName checks a name that comes over REST: letters, digits, "_", ".", "-"
// and blanks, and none of the reserved names. A line break at the end, which the
// reference server let through, is refused: it would break policy files.
func CheckName(name string) error {
	lower := strings.ToLower(name)
	if lower == "check" || strings.HasPrefix(lower, "edumfa-update-policy-") {
		return mfaerr.NewParameter("'%s' is an invalid policy name.", name)
	}
	if !regexp.MustCompile(`\A[a-zA-Z0-9_.\- ]*\z`).MatchString(name) {
		return mfaerr.NewParameter("The name of the policy may only contain the characters a-zA-Z0-9_. -")
	}
	return nil
}

// ParseRequest reads POST /policy/<name>. Values are texts, or what JSON makes of
// numbers, booleans, arrays and objects. The action, scope and realm must be
// there. What is not sent stays as it is, but for the priority and
// check_all_resolvers, which go back to their defaults.
func ParseRequest(name string, params map[string]any) (Spec, error) {
	if err := CheckName(name); err != nil {
		return Spec{}, err
	}
	for _, key := range []string{"action", "scope", "realm"} {
		if _, ok := params[key]; !ok {
			return Spec{}, mfaerr.NewParameter("Missing parameter: '%s'", key)
		}
	}
	spec, err := readSpec(func(key string) any { return params[key] })
	if err != nil {
		return Spec{}, err
	}
	spec.Name = name
	if spec.CheckAllResolvers == nil {
		spec.CheckAllResolvers = new(bool)
	}
	if _, sent := params["priority"]; !sent {
		one := 1
		spec.Priority = &one
	} else if spec.Priority == nil {
		return Spec{}, mfaerr.NewParameter("The priority must be a whole number")
	}
	return spec, nil
}
