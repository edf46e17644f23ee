package config

import (
	"fmt"
	"strings"
)

// Severity tells how bad a [Problem] is.
type Severity int

// The severities.
const (
	Note  Severity = iota // nothing is lost, but good to know
	Warn                  // probably not what was meant
	Error                 // the program cannot start like this
)

// String returns "note", "warning" or "error".
func (s Severity) String() string { return [...]string{"note", "warning", "error"}[s] }

// Problem is something to say about a configuration. It never holds the value
// of a secret.
type Problem struct {
	Severity Severity
	File     string // "" when it is about no file
	Line     int    // 0 when it is about no line
	Key      string // "" when it is about no single key
	Text     string
}

// Warning is a [Problem] that did not stop [Load].
type Warning = Problem

// Error implements error, always one line: "edumfa.cfg:12: EDUMFA_NODES: text".
func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
		if p.Line > 0 {
			fmt.Fprintf(&b, "%d:", p.Line)
		}
		b.WriteByte(' ')
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	return strings.NewReplacer("\n", " ", "\r", " ").Replace(b.String())
}

// nearest returns the known name most like name, "" when none is.
func nearest(name string, known []string) string {
	best, bestDistance := "", max(2, len(name)/5)+1
	for _, k := range known {
		if d := distance(name, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance counts the letters to insert, remove or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
