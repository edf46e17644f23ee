package config

import (
	"math/big"

	"edumfa/internal/pyliteral"
)

const (
	// maxExpr bounds nesting that needs no brackets, such as "not not x".
	maxExpr = 300
	// maxChain bounds what follows one value: ".a[b](c)…".
	maxChain = 64
	// maxValue bounds texts and lists that are put together.
	maxValue = 1 << 20
)

// expr is a parsed expression. It is evaluated later, because of conditions.
type expr struct {
	eval func() (any, error)
	name string // when it is a name and nothing else
}

// evaluate reads and evaluates the value of a statement.
func (r *reader) evaluate() (any, error) {
	e, err := r.expressions()
	if err != nil {
		return nil, err
	}
	return e.eval()
}

// expressions reads one expression, or several with commas: a tuple.
func (r *reader) expressions() (expr, error) {
	first, err := r.expression()
	if err != nil || !r.token.Is(",") {
		return first, err
	}
	all := []expr{first}
	for r.token.Is(",") {
		if err := r.next(); err != nil {
			return expr{}, err
		}
		if r.token.Kind == pyliteral.Newline || r.token.Is(")") || r.token.Is(";") {
			break
		}
		e, err := r.expression()
		if err != nil {
			return expr{}, err
		}
		all = append(all, e)
	}
	return expr{eval: func() (any, error) {
		values, err := evalAll(all)
		return pyliteral.Tuple(values), err
	}}, nil
}

// expression reads "a if condition else b" or a part of it.
func (r *reader) expression() (expr, error) {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxExpr {
		return expr{}, pyliteral.Errorf(r.token.Pos, "the expression is nested too deep")
	}
	yes, err := r.either("or")
	if err != nil || !r.token.Is("if") {
		return yes, err
	}
	if err := r.next(); err != nil {
		return expr{}, err
	}
	condition, err := r.either("or")
	if err != nil {
		return expr{}, err
	}
	if !r.token.Is("else") {
		return expr{}, r.unexpected()
	}
	if err := r.next(); err != nil {
		return expr{}, err
	}
	no, err := r.expression()
	return expr{eval: func() (any, error) {
		c, err := condition.eval()
		if err != nil {
			return nil, err
		}
		if truth(c) {
			return yes.eval()
		}
		return no.eval()
	}}, err
}

// either reads a chain of "or", whose parts are chains of "and".
func (r *reader) either(word string) (expr, error) {
	part := r.negation
	if word == "or" {
		part = func() (expr, error) { return r.either("and") }
	}
	first, err := part()
	if err != nil || !r.token.Is(word) {
		return first, err
	}
	all := []expr{first}
	for r.token.Is(word) {
		if err := r.next(); err != nil {
			return expr{}, err
		}
		e, err := part()
		if err != nil {
			return expr{}, err
		}
		all = append(all, e)
	}
	return expr{eval: func() (v any, err error) {
		for _, e := range all {
			v, err = e.eval()
			if err != nil || truth(v) == (word == "or") {
				return v, err
			}
		}
		return v, nil
	}}, nil
}

func (r *reader) negation() (expr, error) {
	if !r.token.Is("not") {
		return r.comparison()
	}
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxExpr {
		return expr{}, pyliteral.Errorf(r.token.Pos, "the expression is nested too deep")
	}
	if err := r.next(); err != nil {
		return expr{}, err
	}
	e, err := r.negation()
	return expr{eval: func() (any, error) {
		v, err := e.eval()
		return !truth(v), err
	}}, err
}

// comparison reads "a == b", "a in b" and their opposites.
func (r *reader) comparison() (expr, error) {
	left, err := r.sum()
	if err != nil {
		return left, err
	}
	pos, op := r.token.Pos, r.token
	negate := op.Is("not") || op.Is("!=")
	switch {
	case op.Is("=="), op.Is("!="), op.Is("in"), op.Is("not"), op.Is("is"):
		if err := r.next(); err != nil {
			return expr{}, err
		}
	default:
		return left, nil
	}
	isIn := op.Is("in") || op.Is("not")
	if op.Is("not") && !r.token.Is("in") {
		return expr{}, r.unexpected()
	}
	if op.Is("not") || op.Is("is") && r.token.Is("not") {
		negate = true
		if err := r.next(); err != nil {
			return expr{}, err
		}
	}
	right, err := r.sum()
	return expr{eval: func() (any, error) {
		values, err := evalAll([]expr{left, right})
		if err != nil {
			return nil, err
		}
		result := same(values[0], values[1])
		if isIn {
			if result, err = r.contains(pos, values[1], values[0]); err != nil {
				return nil, err
			}
		}
		return result != negate, nil
	}}, err
}

// sum reads a chain of "+".
func (r *reader) sum() (expr, error) {
	first, err := r.operand()
	if err != nil || !r.token.Is("+") {
		return first, err
	}
	pos := r.token.Pos
	all := []expr{first}
	for r.token.Is("+") {
		if err := r.next(); err != nil {
			return expr{}, err
		}
		e, err := r.operand()
		if err != nil {
			return expr{}, err
		}
		all = append(all, e)
	}
	return expr{eval: func() (any, error) {
		total, err := all[0].eval()
		for _, e := range all[1:] {
			if err != nil {
				return nil, err
			}
			var v any
			if v, err = e.eval(); err == nil {
				total, err = add(pos, total, v)
			}
		}
		return total, err
	}}, nil
}

// operand reads a value with its sign and what follows it.
func (r *reader) operand() (expr, error) {
	if !r.token.Is("-") {
		return r.chain()
	}
	pos := r.token.Pos
	if err := r.next(); err != nil {
		return expr{}, err
	}
	e, err := r.chain()
	return expr{eval: func() (any, error) {
		v, err := e.eval()
		if err != nil {
			return nil, err
		}
		switch v.(type) {
		case int64, *big.Int, float64:
			return pyliteral.Negate(v), nil
		}
		return nil, pyliteral.Errorf(pos, "%s has no sign", describe(v))
	}}, err
}

// chain reads a value and its attributes, subscripts and calls.
func (r *reader) chain() (expr, error) {
	e, err := r.atom()
	for n := 0; err == nil; n++ {
		if n > maxChain {
			return expr{}, pyliteral.Errorf(r.token.Pos, "the expression is too long")
		}
		switch {
		case r.token.Is("."):
			e, err = r.attribute(e)
		case r.token.Is("["):
			e, err = r.subscript(e)
		case r.token.Is("("):
			e, err = r.call(e)
		default:
			return e, nil
		}
	}
	return expr{}, err
}

func (r *reader) atom() (expr, error) {
	t := r.token
	switch {
	case t.Kind == pyliteral.Value:
		return constant(t.Value), r.next()
	case t.Kind == pyliteral.Name:
		return r.name()
	case t.Is("["):
		all, err := r.elements("]")
		return expr{eval: func() (any, error) {
			values, err := evalAll(all)
			return pyliteral.List(values), err
		}}, err
	case t.Is("("):
		return r.brackets()
	case t.Is("{"):
		return r.braces()
	}
	return expr{}, r.unexpected()
}

func constant(v any) expr { return expr{eval: func() (any, error) { return v, nil }} }

func (r *reader) name() (expr, error) {
	t := r.token
	if err := r.next(); err != nil {
		return expr{}, err
	}
	switch t.Text {
	case "None":
		return constant(nil), nil
	case "True":
		return constant(true), nil
	case "False":
		return constant(false), nil
	case "__file__":
		return constant(r.file), nil
	case "lambda", "if", "else", "not", "in", "and", "or", "is", "for", "await", "yield":
		return expr{}, pyliteral.Errorf(t.Pos, "unexpected '%s'", t.Text)
	}
	return expr{name: t.Text, eval: func() (any, error) {
		if b, ok := r.names[t.Text]; ok {
			return b.value, nil
		}
		if isBuiltin(t.Text) {
			return symbol(t.Text), nil
		}
		return nil, pyliteral.Errorf(t.Pos, "the name '%s' is not known", t.Text)
	}}, nil
}

// elements reads expressions up to a closing bracket.
func (r *reader) elements(closing string) ([]expr, error) {
	if err := r.next(); err != nil {
		return nil, err
	}
	var all []expr
	for !r.token.Is(closing) {
		e, err := r.expression()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		if err := r.comma(closing); err != nil {
			return nil, err
		}
	}
	return all, r.next()
}

func (r *reader) comma(closing string) error {
	switch {
	case r.token.Is(closing):
		return nil
	case r.token.Is(","):
		return r.next()
	}
	return r.unexpected()
}

func (r *reader) brackets() (expr, error) {
	if err := r.next(); err != nil {
		return expr{}, err
	}
	if r.token.Is(")") {
		return constant(pyliteral.Tuple{}), r.next()
	}
	e, err := r.expressions()
	if err != nil {
		return expr{}, err
	}
	if !r.token.Is(")") {
		return expr{}, r.unexpected()
	}
	e.name = ""
	return e, r.next()
}

// braces reads a dict or a set; the first colon tells.
func (r *reader) braces() (expr, error) {
	pos := r.token.Pos
	if err := r.next(); err != nil {
		return expr{}, err
	}
	var keys, values []expr
	isDict := r.token.Is("}")
	for !r.token.Is("}") {
		key, err := r.expression()
		if err != nil {
			return expr{}, err
		}
		if len(keys) == 0 {
			isDict = r.token.Is(":")
		}
		keys = append(keys, key)
		if isDict {
			if !r.token.Is(":") {
				return expr{}, r.unexpected()
			}
			if err := r.next(); err != nil {
				return expr{}, err
			}
			value, err := r.expression()
			if err != nil {
				return expr{}, err
			}
			values = append(values, value)
		}
		if err := r.comma("}"); err != nil {
			return expr{}, err
		}
	}
	return expr{eval: func() (any, error) { return makeBraces(pos, isDict, keys, values) }}, r.next()
}

func makeBraces(pos pyliteral.Pos, isDict bool, keys, values []expr) (any, error) {
	ks, err := evalAll(keys)
	if err != nil {
		return nil, err
	}
	vs, err := evalAll(values)
	if err != nil {
		return nil, err
	}
	d := &pyliteral.Dict{}
	for i, k := range ks {
		switch k.(type) {
		case string, int64, bool:
		default:
			return nil, pyliteral.Errorf(pos, "%s as a key or element of a set is not supported", describe(k))
		}
		if isDict {
			d.Set(k, vs[i])
		} else {
			d.Set(k, nil)
		}
	}
	if isDict {
		return d, nil
	}
	set := pyliteral.Set{}
	for k := range d.All() {
		set = append(set, k)
	}
	return set, nil
}

func evalAll(all []expr) ([]any, error) {
	values := make([]any, len(all))
	for i, e := range all {
		v, err := e.eval()
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}
