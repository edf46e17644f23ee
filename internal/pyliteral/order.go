package pyliteral

import (
	"bytes"
	"cmp"
	"math/big"
	"slices"
	"strings"
)

// sortedRepr is [Repr] with the entries of each dict sorted.
func sortedRepr(v any) string {
	var b strings.Builder
	writeRepr(&b, v, sortedDict)
	return b.String()
}

// sortedDict returns the entries of d sorted by key.
func sortedDict(d *Dict) *Dict {
	order := make([]int, d.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(d.keys[a], d.keys[b]) })
	sorted := &Dict{}
	for _, i := range order {
		sorted.keys = append(sorted.keys, d.keys[i])
		sorted.values = append(sorted.values, d.values[i])
	}
	return sorted
}

// compare orders two values as Python's < does where it is defined; values of
// kinds that cannot be compared, by the name of their type.
func compare(a, b any) int {
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return x.Cmp(y)
		}
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case []byte:
		if y, ok := b.([]byte); ok {
			return bytes.Compare(x, y)
		}
	case List:
		if y, ok := b.(List); ok {
			return slices.CompareFunc(x, y, compare)
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return slices.CompareFunc(x, y, compare)
		}
	}
	return cmp.Compare(typeName(a), typeName(b))
}

// number returns the exact value of a number; NaN has none.
func number(v any) (*big.Float, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return big.NewFloat(1), true
		}
		return new(big.Float), true
	case int:
		return new(big.Float).SetInt64(int64(v)), true
	case int64:
		return new(big.Float).SetInt64(v), true
	case *big.Int:
		return new(big.Float).SetInt(v), true
	case float64:
		if v != v {
			return nil, false
		}
		return new(big.Float).SetFloat64(v), true
	}
	return nil, false
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int, int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []byte:
		return "bytes"
	case List:
		return "list"
	case Tuple:
		return "tuple"
	case Set:
		return "set"
	case *Dict:
		return "dict"
	}
	return "object"
}
