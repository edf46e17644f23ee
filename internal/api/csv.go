package api

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"edumfa/internal/pyliteral"
)

// csvAnswer is the field's CSV: every value between apostrophes, nothing
// escaped, one line of names taken from the first row. columns is the order;
// those that a row does not have are left out.
func csvAnswer(rows []any, columns []string) *Answer {
	var b strings.Builder
	for i, x := range rows {
		row, _ := x.(map[string]any)
		if i == 0 {
			for _, n := range columns {
				if _, has := row[n]; has {
					fmt.Fprintf(&b, "'%s', ", n)
				}
			}
			b.WriteByte('\n')
		}
		for _, n := range columns {
			if v, has := row[n]; has {
				fmt.Fprintf(&b, "'%s', ", strings.ReplaceAll(pyText(v), "\n", " "))
			}
		}
		b.WriteByte('\n')
	}
	return &Answer{Status: 200, Plain: &Plain{Type: "text/csv", FileName: "eduMFA-tokendata.csv", Data: []byte(b.String())}}
}

// pyText is Python's str() of a JSON value.
func pyText(v any) string {
	if s, isText := v.(string); isText {
		return s
	}
	return pyliteral.Str(pyOf(v))
}

// pyOf turns JSON values into the literal writer's.
func pyOf(v any) any {
	switch x := v.(type) {
	case int:
		return int64(x)
	case []any:
		l := make(pyliteral.List, len(x))
		for i := range x {
			l[i] = pyOf(x[i])
		}
		return l
	case []string:
		l := make(pyliteral.List, len(x))
		for i := range x {
			l[i] = x[i]
		}
		return l
	case map[string]any:
		d := pyliteral.NewDict()
		for _, k := range slices.Sorted(maps.Keys(x)) {
			d.Set(k, pyOf(x[k]))
		}
		return d
	}
	return v
}

// optionsText is a set of options as the audit shows it.
func optionsText(options map[string]string) string {
	m := make(map[string]any, len(options))
	for k, v := range options {
		m[k] = v
	}
	return pyText(m)
}
