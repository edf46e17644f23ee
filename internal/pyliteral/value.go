// Package pyliteral reads and writes Python literals: the form of configuration
// files, exports and imports of the command line, and of values that the
// reference server stored with str() or repr().
//
// It follows the Python language reference, section 2.4 (literals) and 6.2
// (displays), and reads what ast.literal_eval reads, with these exceptions:
// complex numbers, formatted strings, "...", \N{...} escapes and surrogate escapes
// are refused; a byte order mark is skipped. It evaluates nothing; package config builds on [Scanner] for that.
//
// A value is one of: nil (None), bool, int64, *big.Int (only beyond int64),
// float64, string, []byte, [List], [Tuple], [*Dict], [Set]. Writing also
// accepts int.
package pyliteral

import (
	"encoding/binary"
	"iter"
	"math"
	"math/big"
	"strconv"
)

// List is a Python list.
type List []any

// Tuple is a Python tuple.
type Tuple []any

// Set is a Python set, in the order in which it was written. The parser leaves
// out repeated elements.
type Set []any

// Dict is a Python dict: keys of any hashable type, in order of insertion. The
// zero value is an empty dict. Not safe for concurrent writing.
type Dict struct {
	keys   []any
	values []any
	index  map[string]int
}

// Pair is one entry for [NewDict].
type Pair struct{ Key, Value any }

// NewDict makes a dict of pairs; of equal keys the last value stays.
func NewDict(pairs ...Pair) *Dict {
	d := &Dict{}
	for _, p := range pairs {
		d.Set(p.Key, p.Value)
	}
	return d
}

// Set adds or replaces the value of key. A replaced entry keeps its place. As
// in Python 1, 1.0 and True are the same key. Keys should be [Hashable]; others
// are accepted and are equal if they are written alike.
func (d *Dict) Set(key, value any) {
	id := identity(key)
	if at, ok := d.index[id]; ok {
		d.values[at] = value
		return
	}
	if d.index == nil {
		d.index = map[string]int{}
	}
	d.index[id] = len(d.keys)
	d.keys = append(d.keys, key)
	d.values = append(d.values, value)
}

// Get returns the value of key. A nil dict is empty.
func (d *Dict) Get(key any) (any, bool) {
	if d == nil {
		return nil, false
	}
	at, ok := d.index[identity(key)]
	if !ok {
		return nil, false
	}
	return d.values[at], true
}

// Len returns the number of entries. A nil dict is empty.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.keys)
}

// All yields the entries in order of insertion.
func (d *Dict) All() iter.Seq2[any, any] {
	return func(yield func(any, any) bool) {
		for i := range d.Len() {
			if !yield(d.keys[i], d.values[i]) {
				return
			}
		}
	}
}

// Hashable reports whether v may be a dict key or a set element.
func Hashable(v any) bool {
	switch v := v.(type) {
	case List, *Dict, Set:
		return false
	case Tuple:
		for _, e := range v {
			if !Hashable(e) {
				return false
			}
		}
	}
	return true
}

// identity is a text that is equal for values which Python holds equal.
func identity(v any) string {
	switch v := v.(type) {
	case nil:
		return "N"
	case string:
		return "s" + v
	case []byte:
		return "b" + string(v)
	case bool:
		if v {
			return "n1"
		}
		return "n0"
	case int:
		return "n" + strconv.Itoa(v)
	case int64:
		return "n" + strconv.FormatInt(v, 10)
	case *big.Int:
		return "n" + v.String()
	case float64:
		return floatIdentity(v)
	case Tuple:
		id := []byte("t")
		for _, e := range v {
			part := identity(e)
			id = binary.AppendUvarint(id, uint64(len(part)))
			id = append(id, part...)
		}
		return string(id)
	}
	return "r" + Repr(v)
}

func floatIdentity(f float64) string {
	if f == math.Trunc(f) && !math.IsInf(f, 0) {
		i, _ := big.NewFloat(f).Int(nil)
		return "n" + i.String()
	}
	return "f" + strconv.FormatUint(math.Float64bits(f), 16)
}
