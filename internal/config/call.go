package config

import (
	"math/big"
	"path"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/pyliteral"
)

// isBuiltin reports whether a name is a function of Python that can be called.
func isBuiltin(name string) bool {
	return slices.Contains([]string{"int", "float", "str", "bool", "list", "len", "open", "exec"}, name)
}

// known replaces a symbol by its value, if it has one.
func known(s symbol) any {
	switch s {
	case "logging.NOTSET":
		return int64(0)
	case "logging.DEBUG":
		return int64(10)
	case "logging.INFO":
		return int64(20)
	case "logging.WARNING", "logging.WARN":
		return int64(30)
	case "logging.ERROR":
		return int64(40)
	case "logging.CRITICAL", "logging.FATAL":
		return int64(50)
	case "os.sep", "os.path.sep":
		return "/"
	}
	return s
}

// method is an attribute of a value, to be called.
type method struct {
	of   any
	name string
}

func (r *reader) attribute(of expr) (expr, error) {
	if err := r.next(); err != nil {
		return expr{}, err
	}
	t := r.token
	if t.Kind != pyliteral.Name {
		return expr{}, r.unexpected()
	}
	return expr{eval: func() (any, error) {
		v, err := of.eval()
		if err != nil {
			return nil, err
		}
		if s, ok := v.(symbol); ok {
			return known(s + symbol("."+t.Text)), nil
		}
		return method{v, t.Text}, nil
	}}, r.next()
}

func (r *reader) subscript(of expr) (expr, error) {
	pos := r.token.Pos
	all, err := r.elements("]")
	if err != nil {
		return expr{}, err
	}
	if len(all) != 1 {
		return expr{}, pyliteral.Errorf(pos, "one index is needed")
	}
	return expr{eval: func() (any, error) {
		values, err := evalAll([]expr{of, all[0]})
		if err != nil {
			return nil, err
		}
		return r.index(pos, values[0], values[1])
	}}, nil
}

func (r *reader) index(pos pyliteral.Pos, of, at any) (any, error) {
	switch of := of.(type) {
	case symbol:
		name, ok := at.(string)
		if of != "os.environ" || !ok {
			break
		}
		v, set := r.env(name)
		if !set {
			return nil, pyliteral.Errorf(pos, "the environment variable %s is not set", name)
		}
		return v, nil
	case *pyliteral.Dict:
		if v, ok := of.Get(at); ok {
			return v, nil
		}
		return nil, pyliteral.Errorf(pos, "the dict has no such key")
	default:
		all, isList := elementsOf(of)
		i, isInt := at.(int64)
		if !isList || !isInt {
			break
		}
		if i < 0 {
			i += int64(len(all))
		}
		if i < 0 || i >= int64(len(all)) {
			return nil, pyliteral.Errorf(pos, "the index is out of range")
		}
		return all[i], nil
	}
	return nil, pyliteral.Errorf(pos, "an index of %s is not supported", describe(of))
}

// call reads arguments. Arguments with a name ("encoding=…") only occur where
// they do not matter and are left out.
func (r *reader) call(function expr) (expr, error) {
	pos := r.token.Pos
	if err := r.next(); err != nil {
		return expr{}, err
	}
	var args []expr
	for !r.token.Is(")") {
		e, err := r.expression()
		if err != nil {
			return expr{}, err
		}
		if e.name != "" && r.token.Is("=") {
			if err := r.next(); err != nil {
				return expr{}, err
			}
			named, err := r.expression()
			if err != nil {
				return expr{}, err
			}
			if e.name == "default" {
				args = append(args, named)
			}
		} else {
			args = append(args, e)
		}
		if err := r.comma(")"); err != nil {
			return expr{}, err
		}
	}
	return expr{eval: func() (any, error) {
		f, err := function.eval()
		if err != nil {
			return nil, err
		}
		values, err := evalAll(args)
		if err != nil {
			return nil, err
		}
		switch f := f.(type) {
		case symbol:
			return r.function(pos, f, values)
		case method:
			return r.method(pos, f, values)
		}
		return nil, pyliteral.Errorf(pos, "%s cannot be called", describe(f))
	}}, r.next()
}

// function calls a function of a module or of Python itself.
func (r *reader) function(pos pyliteral.Pos, f symbol, args []any) (any, error) {
	texts, areTexts := textsOf(args)
	one := areTexts && len(texts) == 1
	switch {
	case (f == "os.environ.get" || f == "os.getenv") && (len(args) == 1 || len(args) == 2):
		return r.environment(pos, args)
	case f == "os.path.join" && areTexts && len(texts) > 0:
		return joinPath(texts), nil
	case f == "os.path.dirname" && one:
		return dirName(texts[0]), nil
	case f == "os.path.basename" && one:
		return texts[0][strings.LastIndexByte(texts[0], '/')+1:], nil
	case (f == "os.path.abspath" || f == "os.path.realpath") && one:
		return path.Clean(joinPath([]string{r.dir, texts[0]})), nil
	case f == "os.path.normpath" && one:
		return path.Clean(texts[0]), nil
	case (f == "os.path.exists" || f == "os.path.isfile") && one:
		_, err := r.readFile(r.absolute(texts[0]))
		return err == nil, nil
	case f == "os.getcwd" && len(args) == 0:
		return r.dir, nil
	case (f == "socket.gethostname" || f == "socket.getfqdn" || f == "platform.node") && len(args) == 0:
		return r.hostname, nil
	case f == "open" && areTexts && len(texts) > 0 && (len(texts) == 1 || strings.Trim(texts[1], "rt") == ""):
		return openFile(texts[0]), nil
	case f == "exec" && one:
		return nil, r.include(pos, texts[0])
	}
	if len(args) == 1 && isBuiltin(string(f)) {
		if v, ok := convert(f, args[0]); ok {
			return v, nil
		}
	}
	return nil, pyliteral.Errorf(pos, "the call of %s like this is not supported", f)
}

func (r *reader) environment(pos pyliteral.Pos, args []any) (any, error) {
	name, ok := args[0].(string)
	if !ok {
		return nil, pyliteral.Errorf(pos, "the name of an environment variable is a text")
	}
	if v, set := r.env(name); set {
		return v, nil
	}
	if len(args) == 2 {
		return args[1], nil
	}
	return nil, nil
}

// include runs the text of another file, read before with open().
func (r *reader) include(pos pyliteral.Pos, text string) error {
	name, ok := r.texts[text]
	if !ok {
		return pyliteral.Errorf(pos, "exec is only supported as exec(open(name).read())")
	}
	r.run(name, text)
	return nil
}

// convert calls one of Python's types.
func convert(f symbol, v any) (any, bool) {
	switch f {
	case "bool":
		return truth(v), true
	case "str":
		switch v.(type) {
		case string, int64, *big.Int, float64, bool, nil:
			return pyliteral.Str(v), true
		}
	case "len":
		if s, ok := v.(string); ok {
			return int64(len([]rune(s))), true
		}
		all, ok := elementsOf(v)
		return int64(len(all)), ok
	case "list":
		all, ok := elementsOf(v)
		return pyliteral.List(all), ok
	case "int":
		switch v := v.(type) {
		case int64:
			return v, true
		case bool:
			if v {
				return int64(1), true
			}
			return int64(0), true
		case string:
			i, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			return i, err == nil
		}
	case "float":
		switch v := v.(type) {
		case float64:
			return v, true
		case int64:
			return float64(v), true
		case string:
			f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			return f, err == nil
		}
	}
	return nil, false
}

// method calls a method of a text, a dict or an open file.
func (r *reader) method(pos pyliteral.Pos, m method, args []any) (any, error) {
	switch of := m.of.(type) {
	case string:
		if v, ok := textMethod(of, m.name, args); ok {
			return v, nil
		}
	case *pyliteral.Dict:
		if m.name == "get" && (len(args) == 1 || len(args) == 2) {
			if v, ok := of.Get(args[0]); ok || len(args) == 1 {
				return v, nil
			}
			return args[1], nil
		}
	case openFile:
		if m.name != "read" || len(args) > 0 {
			break
		}
		name := r.absolute(string(of))
		content, err := r.readFile(name)
		if err != nil {
			return nil, pyliteral.Errorf(pos, "cannot read %s: %v", name, err)
		}
		r.texts[string(content)] = name
		return string(content), nil
	}
	return nil, pyliteral.Errorf(pos, "the call of .%s() of %s like this is not supported", m.name, describe(m.of))
}

func textMethod(s, name string, args []any) (any, bool) {
	texts, ok := textsOf(args)
	if !ok {
		if len(args) == 1 && name == "join" {
			if all, isList := elementsOf(args[0]); isList {
				parts, areTexts := textsOf(all)
				joined := strings.Join(parts, s)
				return joined, areTexts && len(joined) <= maxValue
			}
		}
		return nil, false
	}
	switch {
	case len(texts) == 0:
		switch name {
		case "strip":
			return strings.TrimSpace(s), true
		case "lstrip":
			return strings.TrimLeft(s, " \t\n\r\v\f"), true
		case "rstrip":
			return strings.TrimRight(s, " \t\n\r\v\f"), true
		case "lower":
			return strings.ToLower(s), true
		case "upper":
			return strings.ToUpper(s), true
		case "split":
			return listOf(strings.Fields(s)), true
		case "splitlines":
			return listOf(strings.Split(strings.TrimSuffix(s, "\n"), "\n")), true
		}
	case len(texts) == 1 && texts[0] != "":
		switch name {
		case "strip":
			return strings.Trim(s, texts[0]), true
		case "rstrip":
			return strings.TrimRight(s, texts[0]), true
		case "lstrip":
			return strings.TrimLeft(s, texts[0]), true
		case "split":
			return listOf(strings.Split(s, texts[0])), true
		case "startswith":
			return strings.HasPrefix(s, texts[0]), true
		case "endswith":
			return strings.HasSuffix(s, texts[0]), true
		}
	case len(texts) == 2 && name == "replace" && texts[0] != "":
		if len(s)+strings.Count(s, texts[0])*len(texts[1]) <= maxValue {
			return strings.ReplaceAll(s, texts[0], texts[1]), true
		}
	}
	return nil, false
}

func listOf(texts []string) pyliteral.List {
	all := pyliteral.List{}
	for _, t := range texts {
		all = append(all, t)
	}
	return all
}

func textsOf(values []any) ([]string, bool) {
	texts := make([]string, 0, len(values))
	for _, v := range values {
		s, ok := v.(string)
		if !ok {
			return nil, false
		}
		texts = append(texts, s)
	}
	return texts, true
}

// joinPath is os.path.join: an absolute part begins anew.
func joinPath(parts []string) string {
	joined := parts[0]
	for _, p := range parts[1:] {
		switch {
		case strings.HasPrefix(p, "/"):
			joined = p
		case joined == "" || strings.HasSuffix(joined, "/"):
			joined += p
		default:
			joined += "/" + p
		}
	}
	return joined
}

// dirName is os.path.dirname.
func dirName(p string) string {
	head := p[:strings.LastIndexByte(p, '/')+1]
	if trimmed := strings.TrimRight(head, "/"); trimmed != "" {
		return trimmed
	}
	return head
}
