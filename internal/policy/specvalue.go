package policy

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/pyliteral"
)

// readSpec reads the fields of a policy from JSON values or Python literals. A
// nil value is one that is not given.
func readSpec(get func(key string) any) (Spec, error) {
	var s Spec
	for _, f := range []struct {
		key string
		dst **string
	}{
		{"scope", &s.Scope}, {"realm", &s.Realm}, {"adminrealm", &s.AdminRealm}, {"adminuser", &s.AdminUser},
		{"resolver", &s.Resolver}, {"edumfanode", &s.Node}, {"user", &s.User}, {"client", &s.Client}, {"time", &s.Time},
	} {
		text, err := listText(f.key, get(f.key))
		if err != nil {
			return Spec{}, err
		}
		*f.dst = text
	}
	var err error
	if s.Action, err = actionText(get("action")); err != nil {
		return Spec{}, err
	}
	if s.Priority, err = number(get("priority")); err != nil {
		return Spec{}, err
	}
	if s.Conditions, err = readConditions(get("conditions")); err != nil {
		return Spec{}, err
	}
	s.Active, s.CheckAllResolvers = flag(get("active")), flag(get("check_all_resolvers"))
	return s, nil
}

// toLiteral makes Python values of JSON ones, so that both sources go one way.
func toLiteral(v any) any {
	switch x := v.(type) {
	case int:
		return int64(x)
	case float64:
		// JSON does not tell 2 from 2.0; the whole number is what is meant.
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return int64(x)
		}
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		f, _ := x.Float64()
		return f
	case []string:
		out := make(pyliteral.List, len(x))
		for i, e := range x {
			out[i] = e
		}
		return out
	case []any:
		return literals(x)
	case pyliteral.List:
		return literals(x)
	case pyliteral.Tuple:
		return pyliteral.Tuple(literals(x))
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		d := pyliteral.NewDict()
		for _, k := range keys {
			d.Set(k, toLiteral(x[k]))
		}
		return d
	}
	return v
}

func literals(list []any) pyliteral.List {
	out := make(pyliteral.List, len(list))
	for i, e := range list {
		out[i] = toLiteral(e)
	}
	return out
}

// listText is the text to store for a list or a text.
func listText(key string, v any) (*string, error) {
	switch x := toLiteral(v).(type) {
	case nil:
		return nil, nil
	case string:
		return &x, nil
	case pyliteral.List:
		text, err := joinTexts(key, x)
		return &text, err
	}
	return nil, mfaerr.NewParameter("The parameter '%s' must be a text or a list of texts", key)
}

func joinTexts(key string, list pyliteral.List) (string, error) {
	parts := make([]string, len(list))
	for i, e := range list {
		text, ok := e.(string)
		if !ok {
			return "", mfaerr.NewParameter("The parameter '%s' must be a text or a list of texts", key)
		}
		parts[i] = text
	}
	return JoinList(parts), nil
}

// actionText is the text to store for actions: a text, a list of texts, or an
// object in which true makes a bare name and every other value its text.
func actionText(v any) (*string, error) {
	d, ok := toLiteral(v).(*pyliteral.Dict)
	if !ok {
		return listText("action", v)
	}
	var actions []Action
	for k, value := range d.All() {
		a := Action{Name: pyliteral.Str(k), Bare: value == true}
		if !a.Bare {
			a.Value = pyliteral.Str(value)
		}
		actions = append(actions, a)
	}
	text := FormatActions(actions)
	return &text, nil
}

// flag reads a boolean. Texts other than 1 and true are false; an empty text is
// not given. The reference server took false in JSON for not given, too, which
// activated policies that were to be inactive.
func flag(v any) *bool {
	var on bool
	switch x := toLiteral(v).(type) {
	case nil:
		return nil
	case string:
		if x == "" {
			return nil
		}
		on = x == "1" || x == "True" || x == "true" || x == "TRUE"
	case bool:
		on = x
	case int64:
		on = x == 1
	case float64:
		on = x == 1
	}
	return &on
}

// number reads a priority: whole numbers, texts of them, and as in Python the
// whole part of a fraction and a boolean as 0 or 1.
func number(v any) (*int, error) {
	wrong := mfaerr.NewParameter("The priority must be a whole number")
	n := 0
	switch x := toLiteral(v).(type) {
	case nil:
		return nil, nil
	case string:
		var err error
		if n, err = strconv.Atoi(strings.TrimSpace(x)); err != nil {
			return nil, wrong
		}
	case bool:
		if x {
			n = 1
		}
	case int64:
		n = int(x)
	case float64:
		if math.IsNaN(x) || math.Abs(x) > math.MaxInt32 {
			return nil, wrong
		}
		n = int(x)
	default:
		return nil, wrong
	}
	if n > math.MaxInt32 {
		return nil, wrong
	}
	return &n, nil
}

// readConditions reads a list of five: four texts and a boolean. An empty text
// is an empty list.
func readConditions(v any) (*[]Condition, error) {
	list, ok := sequence(toLiteral(v))
	switch {
	case v == nil:
		return nil, nil
	case v == "":
		return &[]Condition{}, nil
	case !ok:
		return nil, mfaerr.NewParameter("Conditions must be 5-tuples: %s", pyliteral.Repr(toLiteral(v)))
	}
	out := make([]Condition, len(list))
	for i, e := range list {
		parts, _ := sequence(e)
		if len(parts) != 5 {
			return nil, mfaerr.NewParameter("Conditions must be 5-tuples: %s", pyliteral.Repr(e))
		}
		texts := [4]string{}
		good := true
		for n := range texts {
			text, ok := parts[n].(string)
			texts[n], good = text, good && ok
		}
		active, ok := parts[4].(bool)
		if !good || !ok {
			return nil, mfaerr.NewParameter("Conditions must be 5-tuples of four strings and one boolean: %s", pyliteral.Repr(e))
		}
		out[i] = Condition{texts[0], texts[1], texts[2], texts[3], active}
	}
	return &out, nil
}

func sequence(v any) ([]any, bool) {
	switch x := v.(type) {
	case pyliteral.List:
		return x, true
	case pyliteral.Tuple:
		return x, true
	}
	return nil, false
}
