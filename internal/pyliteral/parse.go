package pyliteral

import "math/big"

// Parse reads one literal as ast.literal_eval does: blanks, blank lines and
// comments around it are allowed, "1, 2" is a tuple, "set()" the empty set.
// Errors are of type [*Error]; then the value is nil.
func Parse(src string) (any, error) {
	scanner, err := NewScanner(src)
	if err != nil {
		return nil, err
	}
	p := &parser{scanner: scanner}
	if err := p.next(); err != nil {
		return nil, err
	}
	v, err := p.document()
	if err != nil {
		return nil, err
	}
	return v, nil
}

// parser reads values by recursive descent. Its depth is bounded by the
// scanner, which counts brackets.
type parser struct {
	scanner *Scanner
	token   Token // the one to look at
}

func (p *parser) next() error {
	t, err := p.scanner.Next()
	p.token = t
	return err
}

func (p *parser) unexpected() error {
	return Errorf(p.token.Pos, "unexpected %s", p.token)
}

// document is one value, or several with commas: a tuple without brackets.
func (p *parser) document() (any, error) {
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.token.Is(",") {
		if v, err = p.openTuple(v); err != nil {
			return nil, err
		}
	}
	if p.token.Kind == Newline {
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	if p.token.Kind != EOF {
		return nil, p.unexpected()
	}
	return v, nil
}

// openTuple reads on after the first element; the token is the comma.
func (p *parser) openTuple(first any) (any, error) {
	all := Tuple{first}
	for p.token.Is(",") {
		if err := p.next(); err != nil {
			return nil, err
		}
		if p.token.Kind == Newline || p.token.Kind == EOF || p.token.Is(")") {
			break
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func (p *parser) value() (any, error) {
	t := p.token
	switch {
	case t.Kind == Value:
		return t.Value, p.next()
	case t.Kind == Name:
		return p.name()
	case t.Is("-"), t.Is("+"):
		return p.signed()
	case t.Is("["):
		return p.list()
	case t.Is("("):
		return p.parenthesis()
	case t.Is("{"):
		return p.braces()
	}
	return nil, p.unexpected()
}

func (p *parser) name() (any, error) {
	switch p.token.Text {
	case "None":
		return nil, p.next()
	case "True":
		return true, p.next()
	case "False":
		return false, p.next()
	case "set":
		return p.emptySet()
	}
	return nil, Errorf(p.token.Pos, "the name '%s' is no literal", p.token.Text)
}

// emptySet reads "set()", the only way to write an empty set.
func (p *parser) emptySet() (any, error) {
	for _, want := range []string{"(", ")"} {
		if err := p.next(); err != nil {
			return nil, err
		}
		if !p.token.Is(want) {
			return nil, p.unexpected()
		}
	}
	return Set{}, p.next()
}

func (p *parser) signed() (any, error) {
	minus := p.token.Is("-")
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.token.Kind != Value {
		return nil, p.unexpected()
	}
	v := p.token.Value
	switch v.(type) {
	case string, []byte:
		return nil, p.unexpected()
	}
	if minus {
		v = Negate(v)
	}
	return v, p.next()
}

// Negate changes the sign of an int64, *big.Int or float64; other values are
// returned as they are.
func Negate(v any) any {
	switch v := v.(type) {
	case int64:
		return integer(new(big.Int).Neg(big.NewInt(v)))
	case *big.Int:
		return integer(new(big.Int).Neg(v))
	case float64:
		return -v
	}
	return v
}

func (p *parser) list() (any, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	all := List{}
	for !p.token.Is("]") {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
		if err := p.comma("]"); err != nil {
			return nil, err
		}
	}
	return all, p.next()
}

// comma skips a comma, or stays at the closing bracket.
func (p *parser) comma(closing string) error {
	switch {
	case p.token.Is(closing):
		return nil
	case p.token.Is(","):
		return p.next()
	}
	return p.unexpected()
}

// parenthesis is the empty tuple, a value in brackets, or a tuple.
func (p *parser) parenthesis() (any, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.token.Is(")") {
		return Tuple{}, p.next()
	}
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.token.Is(",") {
		if v, err = p.openTuple(v); err != nil {
			return nil, err
		}
	}
	if !p.token.Is(")") {
		return nil, p.unexpected()
	}
	return v, p.next()
}

// braces is a dict or a set; the first colon tells.
func (p *parser) braces() (any, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	dict, seen, set := &Dict{}, &Dict{}, Set{}
	for first := true; !p.token.Is("}"); first = false {
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		isDict := dict.Len() > 0 || first && p.token.Is(":")
		switch {
		case isDict && !p.token.Is(":"):
			return nil, p.unexpected()
		case isDict:
			if err := p.entry(dict, key); err != nil {
				return nil, err
			}
		default:
			if _, known := seen.Get(key); !known {
				seen.Set(key, nil)
				set = append(set, key)
			}
		}
		if err := p.comma("}"); err != nil {
			return nil, err
		}
	}
	if len(set) > 0 {
		return set, p.next()
	}
	return dict, p.next()
}

// key reads a dict key or set element.
func (p *parser) key() (any, error) {
	pos := p.token.Pos
	key, err := p.value()
	if err != nil {
		return nil, err
	}
	if !Hashable(key) {
		return nil, Errorf(pos, "a list, dict or set cannot be a key or an element of a set")
	}
	return key, nil
}

func (p *parser) entry(d *Dict, key any) error {
	if err := p.next(); err != nil {
		return err
	}
	v, err := p.value()
	if err != nil {
		return err
	}
	d.Set(key, v)
	return nil
}
