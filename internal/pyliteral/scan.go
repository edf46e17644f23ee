package pyliteral

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxSource is the longest text that is read, in bytes.
const MaxSource = 16 << 20

// MaxDepth is how deep brackets may nest; Python's own limit.
const MaxDepth = 200

// Kind tells what a [Token] is.
type Kind int

// The kinds of tokens.
const (
	EOF     Kind = iota // end of the text
	Newline             // end of a logical line
	Name                // identifier or keyword
	Value               // number, string or bytes; Token.Value holds it
	Op                  // operator or delimiter
)

// Pos is a place in a text. Both numbers begin with 1; Column counts characters.
type Pos struct{ Line, Column int }

// Token is one word of Python source.
type Token struct {
	Kind  Kind
	Text  string // as written; empty for EOF and Newline
	Value any    // for Kind Value: int64, *big.Int, float64, string or []byte
	Pos   Pos
}

// Is reports whether t is the operator or name text.
func (t Token) Is(text string) bool {
	return (t.Kind == Op || t.Kind == Name) && t.Text == text
}

// String describes t for an error text.
func (t Token) String() string {
	switch t.Kind {
	case EOF:
		return "end of text"
	case Newline:
		return "end of line"
	case Value:
		switch t.Value.(type) {
		case string:
			return "a string"
		case []byte:
			return "a bytes literal"
		}
		return "a number"
	}
	return "'" + t.Text + "'"
}

// Error is a text that cannot be read, and where.
type Error struct {
	Pos Pos
	Msg string
}

// Error implements error: "line 3, column 7: …".
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Pos.Line, e.Pos.Column, e.Msg)
}

// Errorf makes an [Error] at p.
func Errorf(p Pos, format string, args ...any) error {
	return &Error{Pos: p, Msg: fmt.Sprintf(format, args...)}
}

// Scanner cuts Python source into tokens. Strings that stand side by side are
// one token, as Python joins them before it looks at operators. Line ends inside brackets, blank
// lines, comments and continued lines yield no token. Indentation is not
// reported: the column of a token tells it.
type Scanner struct {
	src       string
	at        int // byte offset of the next character
	line      int
	counted   int    // byte offset up to which column has counted
	column    int    // characters from the beginning of the line to counted
	open      []byte // brackets that are open
	lineBegun bool   // the logical line has a token
}

// NewScanner prepares src, at most [MaxSource] bytes of UTF-8. Line ends may be
// LF, CRLF or CR; a byte order mark at the beginning is skipped.
func NewScanner(src string) (*Scanner, error) {
	start := Pos{1, 1}
	if len(src) > MaxSource {
		return nil, Errorf(start, "the text is longer than %d bytes", MaxSource)
	}
	if !utf8.ValidString(src) {
		return nil, Errorf(start, "the text is not valid UTF-8")
	}
	if strings.IndexByte(src, 0) >= 0 {
		return nil, Errorf(start, "the text contains a null byte")
	}
	src = strings.TrimPrefix(src, "\ufeff")
	if strings.IndexByte(src, '\r') >= 0 {
		src = strings.ReplaceAll(src, "\r\n", "\n")
		src = strings.ReplaceAll(src, "\r", "\n")
	}
	return &Scanner{src: src, line: 1}, nil
}

// Next returns the next token; after the end always one of kind EOF. Errors are
// of type [*Error].
func (s *Scanner) Next() (Token, error) {
	if err := s.skipBlanks(); err != nil {
		return Token{}, err
	}
	pos := s.pos()
	if s.at >= len(s.src) {
		if len(s.open) > 0 {
			return Token{}, Errorf(pos, "'%c' is never closed", s.open[len(s.open)-1])
		}
		if s.lineBegun {
			s.lineBegun = false
			return Token{Kind: Newline, Pos: pos}, nil
		}
		return Token{Kind: EOF, Pos: pos}, nil
	}
	c := s.src[s.at]
	if c == '\n' {
		s.newLine()
		s.lineBegun = false
		return Token{Kind: Newline, Pos: pos}, nil
	}
	s.lineBegun = true
	switch {
	case isDigit(c) || c == '.' && s.at+1 < len(s.src) && isDigit(s.src[s.at+1]):
		return s.number(pos)
	case c == '"' || c == '\'':
		return s.strings(pos)
	}
	if name := s.peekName(); name != "" {
		return s.nameOrString(pos, name)
	}
	return s.operator(pos)
}

// pos counts only what is new: an export is one line of any length.
func (s *Scanner) pos() Pos {
	s.column += utf8.RuneCountInString(s.src[s.counted:s.at])
	s.counted = s.at
	return Pos{s.line, s.column + 1}
}

func (s *Scanner) newLine() {
	s.at++
	s.line++
	s.counted, s.column = s.at, 0
}

// skipBlanks stops at the next token or at a line end that means something.
func (s *Scanner) skipBlanks() error {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; {
		case c == ' ' || c == '\t' || c == '\f':
			s.at++
		case c == '#':
			end := strings.IndexByte(s.src[s.at:], '\n')
			if end < 0 {
				end = len(s.src) - s.at
			}
			s.at += end
		case c == '\n' && (len(s.open) > 0 || !s.lineBegun):
			s.newLine()
		case c == '\\':
			if s.at+1 >= len(s.src) || s.src[s.at+1] != '\n' {
				return Errorf(s.pos(), "unexpected character after a line continuation")
			}
			s.at++
			s.newLine()
		default:
			return nil
		}
	}
	return nil
}

// peekName returns the identifier at the current place, or "".
func (s *Scanner) peekName() string {
	rest := s.src[s.at:]
	for i, r := range rest {
		if r == '_' || unicode.IsLetter(r) || i > 0 && (unicode.IsDigit(r) || unicode.IsMark(r)) {
			continue
		}
		return rest[:i]
	}
	return rest
}

func (s *Scanner) nameOrString(pos Pos, name string) (Token, error) {
	if len(name) <= 2 && s.at+len(name) < len(s.src) {
		if q := s.src[s.at+len(name)]; q == '"' || q == '\'' {
			return s.strings(pos)
		}
	}
	s.at += len(name)
	return Token{Kind: Name, Text: name, Pos: pos}, nil
}

// longOps are the operators of more than one character, longest first.
func longOps() []string {
	return []string{
		"**=", "//=", "<<=", ">>=", "...", "->", ":=", "==", "!=", "<=", ">=",
		"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", "**", "//", "<<", ">>",
	}
}

func (s *Scanner) operator(pos Pos) (Token, error) {
	rest := s.src[s.at:]
	c := rest[0]
	switch c {
	case '(', '[', '{':
		if len(s.open) >= MaxDepth {
			return Token{}, Errorf(pos, "brackets are nested deeper than %d", MaxDepth)
		}
		s.open = append(s.open, c)
	case ')', ']', '}':
		if err := s.closeBracket(pos, c); err != nil {
			return Token{}, err
		}
	}
	for _, op := range longOps() {
		if strings.HasPrefix(rest, op) {
			s.at += len(op)
			return Token{Kind: Op, Text: op, Pos: pos}, nil
		}
	}
	if strings.IndexByte("()[]{},:;.=+-*/%@&|^~<>", c) < 0 {
		r, _ := utf8.DecodeRuneInString(rest)
		return Token{}, Errorf(pos, "unexpected character %q", r)
	}
	s.at++
	return Token{Kind: Op, Text: rest[:1], Pos: pos}, nil
}

func (s *Scanner) closeBracket(pos Pos, c byte) error {
	opening := map[byte]byte{')': '(', ']': '[', '}': '{'}[c]
	last := len(s.open) - 1
	if last < 0 {
		return Errorf(pos, "'%c' closes nothing", c)
	}
	if s.open[last] != opening {
		return Errorf(pos, "'%c' does not close '%c'", c, s.open[last])
	}
	s.open = s.open[:last]
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
