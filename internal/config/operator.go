package config

import (
	"strings"

	"edumfa/internal/pyliteral"
)

// truth is Python's bool().
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []byte:
		return len(v) > 0
	case int64:
		return v != 0
	case float64:
		return v != 0
	case pyliteral.List:
		return len(v) > 0
	case pyliteral.Tuple:
		return len(v) > 0
	case pyliteral.Set:
		return len(v) > 0
	case *pyliteral.Dict:
		return v.Len() > 0
	}
	return true
}

// same compares texts, numbers, booleans and None; other values are never the
// same.
func same(a, b any) bool {
	switch a.(type) {
	case nil, string, bool, int64, float64:
		switch b.(type) {
		case nil, string, bool, int64, float64:
			return a == b
		}
	}
	return false
}

func (r *reader) contains(pos pyliteral.Pos, in, v any) (bool, error) {
	switch in := in.(type) {
	case symbol:
		if name, ok := v.(string); ok && in == "os.environ" {
			_, set := r.env(name)
			return set, nil
		}
	case string:
		if part, ok := v.(string); ok {
			return strings.Contains(in, part), nil
		}
	case *pyliteral.Dict:
		_, ok := in.Get(v)
		return ok, nil
	default:
		if all, ok := elementsOf(in); ok {
			for _, e := range all {
				if same(e, v) {
					return true, nil
				}
			}
			return false, nil
		}
	}
	return false, pyliteral.Errorf(pos, "'in' is not supported for %s", describe(in))
}

// elementsOf returns the elements of a list, tuple or set.
func elementsOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case pyliteral.List:
		return v, true
	case pyliteral.Tuple:
		return v, true
	case pyliteral.Set:
		return v, true
	}
	return nil, false
}

// add is Python's + for texts, lists, tuples and integers.
func add(pos pyliteral.Pos, a, b any) (any, error) {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok && len(x)+len(y) <= maxValue {
			return x + y, nil
		}
	case pyliteral.List:
		if y, ok := b.(pyliteral.List); ok && len(x)+len(y) <= maxValue {
			return append(x[:len(x):len(x)], y...), nil
		}
	case pyliteral.Tuple:
		if y, ok := b.(pyliteral.Tuple); ok && len(x)+len(y) <= maxValue {
			return append(x[:len(x):len(x)], y...), nil
		}
	case int64:
		if y, ok := b.(int64); ok {
			return x + y, nil
		}
	}
	return nil, pyliteral.Errorf(pos, "cannot add %s and %s", describe(a), describe(b))
}
