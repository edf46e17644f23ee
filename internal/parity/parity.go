// Package parity checks the list of behaviours of eduMFA 2.9.5, docs/parity.tsv:
// which of them this server has, and what shows that. A line is
//
//	id <tab> state <tab> evidence
//
// The states are done, better (done, and differing on purpose), refused and
// open. Evidence is a list with "; " between its members, each of which is
// "test <folder> <name>", "scenario <area/name>", or free text; done and better
// need at least one test or scenario, refused needs a reason. A scenario only
// counts when conformance.areas demands it.
package parity

import (
	"bufio"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// State tells what became of a behaviour.
type State string

// The states.
const (
	Done    State = "done"
	Better  State = "better"
	Refused State = "refused"
	Open    State = "open"
)

// States are all states in the order of sums.
func States() []State { return []State{Done, Better, Refused, Open} }

// Names of the files, from the root of the repository.
const (
	ListFile  = "docs/parity.tsv"
	IDsFile   = "docs/parity.ids"
	AreasFile = "conformance.areas"
)

// Line is one behaviour. Number is its line in the list, from 1.
type Line struct {
	Number   int
	ID       string
	State    State
	Evidence []string
}

// Group is the id without its number: "TOK-hotp" of "TOK-hotp-3".
func (l Line) Group() string { return l.ID[:max(0, strings.LastIndexByte(l.ID, '-'))] }

// Parse reads a list. Empty lines and lines that begin with # say nothing.
func Parse(text string) ([]Line, error) {
	var lines []Line
	s := bufio.NewScanner(strings.NewReader(text))
	for n := 1; s.Scan(); n++ {
		if s.Text() == "" || strings.HasPrefix(s.Text(), "#") {
			continue
		}
		id, rest, ok := strings.Cut(s.Text(), "\t")
		state, evidence, _ := strings.Cut(rest, "\t")
		if !ok || !slices.Contains(States(), State(state)) {
			return nil, fmt.Errorf("%s:%d: want id, state and evidence with tabs between them", ListFile, n)
		}
		l := Line{Number: n, ID: id, State: State(state)}
		if evidence = strings.TrimSpace(evidence); evidence != "" {
			l.Evidence = strings.Split(evidence, "; ")
		}
		lines = append(lines, l)
	}
	return lines, s.Err()
}

// Check reads list, ids and areas below root and returns the list and what is
// wrong with it: ids that are missing, unknown or named twice, evidence that is
// missing or does not exist.
func Check(root fs.FS) (lines []Line, faults []string, err error) {
	read := func(name string) (text []byte) {
		if err == nil {
			text, err = fs.ReadFile(root, name)
		}
		return text
	}
	list, ids, areas := read(ListFile), read(IDsFile), read(AreasFile)
	if err != nil {
		return nil, nil, err
	}
	if lines, err = Parse(string(list)); err != nil {
		return nil, nil, err
	}
	known := map[string]bool{}
	for _, id := range strings.Fields(string(ids)) {
		known[id] = false
	}
	c := checker{root: root, tests: map[string]string{}}
	if c.areas, err = patterns(string(areas)); err != nil {
		return nil, nil, err
	}
	for _, l := range lines {
		seen, ok := known[l.ID]
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("%s:%d: %s is no known id", ListFile, l.Number, l.ID))
		case seen:
			faults = append(faults, fmt.Sprintf("%s:%d: %s is there twice", ListFile, l.Number, l.ID))
		}
		known[l.ID] = true
		if f := c.evidence(l); f != "" {
			faults = append(faults, fmt.Sprintf("%s:%d: %s: %s", ListFile, l.Number, l.ID, f))
		}
	}
	for _, id := range strings.Fields(string(ids)) {
		if !known[id] {
			faults = append(faults, fmt.Sprintf("%s: %s is missing", ListFile, id))
		}
	}
	return lines, faults, nil
}

// patterns compiles the lines of conformance.areas.
func patterns(text string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p, err := regexp.Compile(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", AreasFile, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// checker looks evidence up. It keeps the test files of folders it has read.
type checker struct {
	root  fs.FS
	areas []*regexp.Regexp
	tests map[string]string
}

func (c *checker) evidence(l Line) string {
	if l.State == Open {
		return ""
	}
	if l.State == Refused {
		if len(l.Evidence) == 0 {
			return "refused without a reason"
		}
		return ""
	}
	shown := false
	for _, e := range l.Evidence {
		words := strings.Fields(e)
		switch {
		case len(words) == 3 && words[0] == "test":
			if !c.hasTest(words[1], words[2]) {
				return fmt.Sprintf("there is no %s in %s", words[2], words[1])
			}
		case len(words) == 2 && words[0] == "scenario":
			if !slices.ContainsFunc(c.areas, func(p *regexp.Regexp) bool { return p.MatchString(words[1]) }) {
				return fmt.Sprintf("scenario %s is not demanded by %s", words[1], AreasFile)
			}
		default:
			continue
		}
		shown = true
	}
	if !shown {
		return "neither test nor scenario shows it"
	}
	return ""
}

func (c *checker) hasTest(folder, name string) bool {
	text, ok := c.tests[folder]
	if !ok {
		files, _ := fs.Glob(c.root, folder+"/*_test.go")
		for _, f := range files {
			b, err := fs.ReadFile(c.root, f)
			if err == nil {
				text += string(b)
			}
		}
		c.tests[folder] = text
	}
	name, _, _ = strings.Cut(name, "/")
	return strings.Contains(text, "func "+name+"(")
}

// Sum counts the lines of each state.
func Sum(lines []Line) map[State]int {
	sum := map[State]int{}
	for _, l := range lines {
		sum[l.State]++
	}
	return sum
}
