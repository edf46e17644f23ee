package pyliteral

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// strings reads one string or bytes literal and all that follow it directly.
func (s *Scanner) strings(pos Pos) (Token, error) {
	var all strings.Builder
	first := true
	areBytes := false
	for {
		here := s.pos()
		text, isBytes, err := s.prefixed(here)
		if err != nil {
			return Token{}, err
		}
		if !first && isBytes != areBytes {
			return Token{}, Errorf(here, "bytes and strings cannot be joined")
		}
		first, areBytes = false, isBytes
		all.WriteString(text)
		if err := s.skipBlanks(); err != nil {
			return Token{}, err
		}
		if !s.atString() {
			break
		}
	}
	token := Token{Kind: Value, Value: all.String(), Pos: pos}
	if areBytes {
		token.Value = []byte(all.String())
	}
	return token, nil
}

// atString reports whether a string, with or without a prefix, comes next.
func (s *Scanner) atString() bool {
	rest := s.src[s.at:]
	n := 0
	for n < len(rest) && n < 2 && strings.IndexByte("rRuUbBfF", rest[n]) >= 0 {
		n++
	}
	return n < len(rest) && (rest[n] == '"' || rest[n] == '\'')
}

// prefixed reads one literal with its prefix, if it has one.
func (s *Scanner) prefixed(pos Pos) (text string, isBytes bool, err error) {
	prefix := strings.ToLower(s.peekName())
	s.at += len(prefix)
	switch prefix {
	case "", "u":
		text, err = s.quoted(pos, false, false)
	case "r":
		text, err = s.quoted(pos, true, false)
	case "b":
		text, err = s.quoted(pos, false, true)
	case "br", "rb":
		text, err = s.quoted(pos, true, true)
	case "f", "fr", "rf":
		err = Errorf(pos, "formatted strings (f'…') are not supported")
	default:
		err = Errorf(pos, "unknown string prefix '%s'", prefix)
	}
	return text, strings.Contains(prefix, "b"), err
}

// quoted reads one literal from its quote on (Python reference, section 2.4.1).
func (s *Scanner) quoted(pos Pos, raw, isBytes bool) (string, error) {
	quote := s.src[s.at : s.at+1]
	long := strings.HasPrefix(s.src[s.at:], strings.Repeat(quote, 3))
	if long {
		quote = strings.Repeat(quote, 3)
	}
	s.at += len(quote)
	var out strings.Builder
	for {
		if s.at >= len(s.src) {
			return "", Errorf(pos, "the string is never closed")
		}
		if strings.HasPrefix(s.src[s.at:], quote) {
			s.at += len(quote)
			return out.String(), nil
		}
		switch c := s.src[s.at]; {
		case c == '\n' && !long:
			return "", Errorf(pos, "the string is not closed at the end of the line")
		case c == '\n':
			out.WriteByte(c)
			s.newLine()
		case c == '\\' && raw:
			s.rawBackslash(&out)
		case c == '\\':
			if err := s.escape(&out, isBytes); err != nil {
				return "", err
			}
		case c >= utf8.RuneSelf && isBytes:
			return "", Errorf(s.pos(), "bytes may only hold ASCII characters")
		default:
			out.WriteByte(c)
			s.at++
		}
	}
}

// rawBackslash copies a backslash of a raw string and keeps the character
// behind it from ending the string.
func (s *Scanner) rawBackslash(out *strings.Builder) {
	out.WriteByte('\\')
	s.at++
	if s.at >= len(s.src) {
		return
	}
	switch c := s.src[s.at]; c {
	case '\n':
		out.WriteByte(c)
		s.newLine()
	case '\'', '"', '\\':
		out.WriteByte(c)
		s.at++
	}
}

// escape reads one escape sequence; the current character is the backslash. An
// unknown sequence stands for itself, backslash included.
func (s *Scanner) escape(out *strings.Builder, isBytes bool) error {
	pos := s.pos()
	if s.at+1 >= len(s.src) {
		return Errorf(pos, "the string is never closed")
	}
	c := s.src[s.at+1]
	if at := strings.IndexByte(`\'"abfnrtv`, c); at >= 0 {
		out.WriteByte("\\'\"\a\b\f\n\r\t\v"[at])
		s.at += 2
		return nil
	}
	switch {
	case c == '\n':
		s.at++
		s.newLine()
		return nil
	case '0' <= c && c <= '7':
		s.octal(out, isBytes)
		return nil
	case c == 'x':
		return s.hex(out, pos, 2, isBytes)
	case c == 'u' && !isBytes:
		return s.hex(out, pos, 4, false)
	case c == 'U' && !isBytes:
		return s.hex(out, pos, 8, false)
	case c == 'N' && !isBytes:
		return Errorf(pos, "\\N{…} escapes are not supported")
	}
	out.WriteByte('\\')
	s.at++
	return nil
}

func (s *Scanner) octal(out *strings.Builder, isBytes bool) {
	s.at++
	n := 0
	for i := 0; i < 3 && s.at < len(s.src) && '0' <= s.src[s.at] && s.src[s.at] <= '7'; i++ {
		n = n*8 + int(s.src[s.at]-'0')
		s.at++
	}
	if isBytes {
		out.WriteByte(byte(n))
	} else {
		out.WriteRune(rune(n))
	}
}

func (s *Scanner) hex(out *strings.Builder, pos Pos, digits int, isBytes bool) error {
	s.at += 2
	if s.at+digits > len(s.src) {
		return Errorf(pos, "incomplete escape sequence")
	}
	n, err := strconv.ParseUint(s.src[s.at:s.at+digits], 16, 32)
	if err != nil {
		return Errorf(pos, "incomplete escape sequence")
	}
	s.at += digits
	if isBytes {
		out.WriteByte(byte(n))
		return nil
	}
	if n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return Errorf(pos, "the escape names no Unicode character")
	}
	out.WriteRune(rune(n))
	return nil
}
