package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"edumfa/internal/pyliteral"
)

// maxFiles bounds how often files are included, also by themselves.
const maxFiles = 16

// binding is the value of a name and where it was assigned.
type binding struct {
	value any // a value of pyliteral, symbol or openFile
	file  string
	line  int
}

// symbol is something of a Python module, by its dotted name: "os.environ".
type symbol string

// openFile is what open() returns; only its content can be asked for.
type openFile string

// program runs configuration files: one name space, statements in order.
type program struct {
	env      func(string) (string, bool)
	readFile func(string) ([]byte, error)
	dir      string // working directory
	hostname string

	names    map[string]binding
	problems []Problem
	files    int
	texts    map[string]string // text of a file → its name, for exec
}

func newProgram(env func(string) (string, bool), readFile func(string) ([]byte, error), dir, hostname string) *program {
	return &program{
		env: env, readFile: readFile, dir: dir, hostname: hostname,
		names: map[string]binding{
			"os": {value: symbol("os")}, "logging": {value: symbol("logging")}, "socket": {value: symbol("socket")},
		},
		texts: map[string]string{},
	}
}

// run executes one file. Statements that fail are reported and skipped, so that
// one run finds all problems.
func (p *program) run(file, text string) {
	p.files++
	if p.files > maxFiles {
		p.report(file, 0, errors.New("too many files are included"))
		return
	}
	scanner, err := pyliteral.NewScanner(text)
	if err != nil {
		p.report(file, 0, err)
		return
	}
	r := &reader{program: p, scanner: scanner, file: file}
	if err := r.next(); err != nil {
		p.report(file, 0, err)
		return
	}
	r.statements()
}

// absolute resolves a file name as Python does: from the working directory.
func (p *program) absolute(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(p.dir, name)
}

func (p *program) report(file string, line int, err error) {
	text := err.Error()
	if where, ok := errors.AsType[*pyliteral.Error](err); ok {
		line, text = where.Pos.Line, where.Msg
	}
	p.problems = append(p.problems, Problem{Severity: Error, File: file, Line: line, Text: text})
}

// reader reads the statements of one file.
type reader struct {
	*program
	scanner *pyliteral.Scanner
	token   pyliteral.Token // the one to look at
	file    string
	depth   int // of nested expressions
}

func (r *reader) next() error {
	t, err := r.scanner.Next()
	r.token = t
	return err
}

func (r *reader) unexpected() error {
	return pyliteral.Errorf(r.token.Pos, "unexpected %s", r.token)
}

// statements runs all statements up to the end of the file.
func (r *reader) statements() {
	inBlock := false // an indented block was reported
	for r.token.Kind != pyliteral.EOF {
		start := r.token.Pos
		indented := start.Column > 1
		var err error
		switch {
		case indented && inBlock:
			err = errors.New("") // part of what was reported
		case indented:
			err = pyliteral.Errorf(start, "indented blocks are not supported")
		default:
			err = r.line()
		}
		inBlock = indented || err != nil
		if err == nil {
			continue
		}
		if err.Error() != "" {
			r.report(r.file, start.Line, err)
		}
		if !r.skipLine() {
			return
		}
	}
}

// skipLine goes behind the end of the logical line; false when the rest of the
// file cannot be read.
func (r *reader) skipLine() bool {
	for r.token.Kind != pyliteral.EOF {
		ended := r.token.Kind == pyliteral.Newline
		if err := r.next(); err != nil {
			r.report(r.file, 0, err)
			return false
		}
		if ended {
			break
		}
	}
	return true
}

// line runs the statements of one logical line and its end.
func (r *reader) line() error {
	for {
		if err := r.statement(); err != nil {
			return err
		}
		if r.token.Is(";") {
			if err := r.next(); err != nil {
				return err
			}
			if r.token.Kind != pyliteral.Newline {
				continue
			}
		}
		if r.token.Kind != pyliteral.Newline {
			return r.unexpected()
		}
		return r.next()
	}
}

func (r *reader) statement() error {
	t := r.token
	if t.Kind != pyliteral.Name {
		// A text alone is a comment; anything else without a name does nothing.
		_, err := r.evaluate()
		return err
	}
	switch t.Text {
	case "import":
		return r.importStatement()
	case "from":
		return r.fromStatement()
	case "pass":
		return r.next()
	case "if", "for", "while", "with", "try", "def", "class", "async", "del", "global", "raise", "assert", "return", "elif", "else", "except", "finally", "lambda":
		return pyliteral.Errorf(t.Pos, "the statement '%s' is not supported: write plain assignments", t.Text)
	}
	target, err := r.expression()
	if err != nil {
		return err
	}
	name, isName := target.name, target.name != ""
	switch {
	case isName && r.token.Is("="):
		return r.assignment(name, t.Pos)
	case isName && r.token.Is("+="):
		return r.addition(name, t.Pos)
	case isName && r.token.Is(":"):
		return r.annotated(name, t.Pos)
	case r.token.Kind == pyliteral.Newline || r.token.Is(";"):
		_, err := target.eval()
		return err
	case r.token.Kind == pyliteral.Op:
		return pyliteral.Errorf(t.Pos, "this kind of statement is not supported: write NAME = value")
	}
	return r.unexpected()
}

// assignment reads "= value", possibly for several names.
func (r *reader) assignment(name string, pos pyliteral.Pos) error {
	names := []string{name}
	for r.token.Is("=") {
		if err := r.next(); err != nil {
			return err
		}
		e, err := r.expressions()
		if err != nil {
			return err
		}
		if r.token.Is("=") && e.name != "" {
			names = append(names, e.name)
			continue
		}
		if r.token.Kind != pyliteral.Newline && !r.token.Is(";") {
			return r.unexpected()
		}
		value, err := e.eval()
		if err != nil {
			return err
		}
		for _, n := range names {
			r.names[n] = binding{value, r.file, pos.Line}
		}
	}
	return nil
}

// addition reads "+= value".
func (r *reader) addition(name string, pos pyliteral.Pos) error {
	if err := r.next(); err != nil {
		return err
	}
	added, err := r.evaluate()
	if err != nil {
		return err
	}
	old, ok := r.names[name]
	if !ok {
		return pyliteral.Errorf(pos, "the name '%s' is not known", name)
	}
	sum, err := add(pos, old.value, added)
	if err != nil {
		return err
	}
	r.names[name] = binding{sum, r.file, pos.Line}
	return nil
}

// annotated reads ": type" and an assignment, if there is one.
func (r *reader) annotated(name string, pos pyliteral.Pos) error {
	brackets := 0
	for r.token.Kind != pyliteral.Newline && !(brackets == 0 && r.token.Is("=")) {
		switch {
		case r.token.Is("["), r.token.Is("("), r.token.Is("{"):
			brackets++
		case r.token.Is("]"), r.token.Is(")"), r.token.Is("}"):
			brackets--
		}
		if err := r.next(); err != nil {
			return err
		}
	}
	return r.assignment(name, pos)
}

// importStatement reads "import a.b, c as d": modules are not loaded, only
// their names are known.
func (r *reader) importStatement() error {
	for {
		if err := r.next(); err != nil {
			return err
		}
		module, err := r.dottedName()
		if err != nil {
			return err
		}
		name, _, _ := strings.Cut(module, ".")
		target := name
		if r.token.Is("as") {
			if name, err = r.asName(); err != nil {
				return err
			}
			target = module
		}
		r.names[name] = binding{value: symbol(target)}
		if !r.token.Is(",") {
			return nil
		}
	}
}

// fromStatement reads "from a.b import c, d as e"; "*" brings nothing.
func (r *reader) fromStatement() error {
	if err := r.next(); err != nil {
		return err
	}
	for r.token.Is(".") || r.token.Is("...") {
		if err := r.next(); err != nil {
			return err
		}
	}
	module := ""
	if !r.token.Is("import") {
		var err error
		if module, err = r.dottedName(); err != nil {
			return err
		}
	}
	if !r.token.Is("import") {
		return r.unexpected()
	}
	for {
		if err := r.next(); err != nil {
			return err
		}
		switch {
		case r.token.Is("("):
			continue
		case r.token.Is("*"), r.token.Is(")"):
		default:
			if err := r.importedName(module); err != nil {
				return err
			}
		}
		for r.token.Is(")") || r.token.Is("*") {
			if err := r.next(); err != nil {
				return err
			}
		}
		if !r.token.Is(",") {
			return nil
		}
	}
}

func (r *reader) importedName(module string) error {
	name, err := r.dottedName()
	if err != nil {
		return err
	}
	target := symbol(module + "." + name)
	if r.token.Is("as") {
		if name, err = r.asName(); err != nil {
			return err
		}
	}
	r.names[name] = binding{value: known(target)}
	return nil
}

func (r *reader) dottedName() (string, error) {
	name := ""
	for {
		if r.token.Kind != pyliteral.Name {
			return "", r.unexpected()
		}
		name += r.token.Text
		if err := r.next(); err != nil {
			return "", err
		}
		if !r.token.Is(".") {
			return name, nil
		}
		name += "."
		if err := r.next(); err != nil {
			return "", err
		}
	}
}

func (r *reader) asName() (string, error) {
	if err := r.next(); err != nil {
		return "", err
	}
	if r.token.Kind != pyliteral.Name {
		return "", r.unexpected()
	}
	name := r.token.Text
	return name, r.next()
}

// isKey reports whether a name is a configuration key: its letters are all
// upper case.
func isKey(name string) bool {
	return name == strings.ToUpper(name) && name != strings.ToLower(name)
}

// describe names the type of a value as Python does.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case string:
		return "a text"
	case []byte:
		return "bytes"
	case float64:
		return "a float"
	case pyliteral.List:
		return "a list"
	case pyliteral.Tuple:
		return "a tuple"
	case pyliteral.Set:
		return "a set"
	case *pyliteral.Dict:
		return "a dict"
	case symbol:
		return fmt.Sprintf("'%s'", string(v))
	case method:
		return "the method ." + v.name
	case openFile:
		return "an open file"
	}
	return "an integer"
}
