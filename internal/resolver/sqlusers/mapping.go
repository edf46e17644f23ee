package sqlusers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxMap bounds the size of a map in bytes.
const maxMap = 64 << 10

// parseMap reads a flat map of texts: a JSON object, or the simple forms of
// YAML that are in use for it: {a: b, c: d} and one "a: b" per line.
func parseMap(text string) (map[string]string, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxMap {
		return nil, errors.New("it is too long")
	}
	if text == "" {
		return nil, errors.New("it is empty")
	}
	if m, err := jsonMap(text); err == nil {
		return m, nil
	}
	m := map[string]string{}
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		if inner, ok = strings.CutSuffix(inner, "}"); !ok {
			return nil, errors.New("it has no closing brace")
		}
		return m, readPairs(m, splitUnquoted(inner, ",\n"))
	}
	return m, readPairs(m, strings.Split(text, "\n"))
}

func jsonMap(text string) (map[string]string, error) {
	var raw map[string]any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	m := map[string]string{}
	for k, v := range raw {
		switch v := v.(type) {
		case string:
			m[k] = v
		case float64:
			m[k] = strconv.FormatFloat(v, 'f', -1, 64)
		case nil:
		default:
			return nil, fmt.Errorf("the entry %q is not a text", k)
		}
	}
	return m, nil
}

func readPairs(m map[string]string, pairs []string) error {
	for _, pair := range pairs {
		pair = strings.TrimSpace(cutComment(pair))
		if pair == "" || pair == "---" {
			continue
		}
		parts := splitUnquoted(pair, ":")
		if len(parts) != 2 {
			return fmt.Errorf("%q does not have the form attribute: column", pair)
		}
		key, err := unquote(parts[0])
		if err != nil {
			return err
		}
		value, err := unquote(parts[1])
		if err != nil {
			return err
		}
		if key != "" && value != "" {
			m[key] = value
		}
	}
	return nil
}

// splitUnquoted splits at any of the separators, but not inside of quotes.
func splitUnquoted(s, separators string) []string {
	var out []string
	quote, start := byte(0), 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.IndexByte(separators, c) >= 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// cutComment takes off what follows an unquoted # at the start or after a
// blank.
func cutComment(s string) string {
	end := 0
	for _, part := range splitUnquoted(s, "#") {
		end += len(part)
		if end == 0 || end < len(s) && (s[end-1] == ' ' || s[end-1] == '\t') {
			return s[:end]
		}
		end++
	}
	return s
}

func unquote(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case strings.HasPrefix(s, `"`):
		out, err := strconv.Unquote(s)
		if err != nil {
			return "", fmt.Errorf("%s is not a proper text in quotes", s)
		}
		return out, nil
	case strings.HasPrefix(s, "'"):
		if len(s) < 2 || !strings.HasSuffix(s, "'") {
			return "", fmt.Errorf("%s is not a proper text in quotes", s)
		}
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'"), nil
	}
	return s, nil
}
