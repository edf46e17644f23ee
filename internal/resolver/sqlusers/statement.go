package sqlusers

import (
	"fmt"
	"strconv"
	"strings"

	"edumfa/internal/dburi"
)

// statement collects text and arguments of one SQL statement.
type statement struct {
	strings.Builder
	dialect string
	args    []any
	and     string // what comes before the next condition
}

func (t *table) statement(format string, args ...any) *statement {
	s := &statement{dialect: t.dialect, and: " WHERE "}
	fmt.Fprintf(s, format, args...)
	return s
}

// arg adds an argument and returns its place holder.
func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	if s.dialect == dburi.Postgres {
		return "$" + strconv.Itoa(len(s.args))
	}
	return "?"
}

func (s *statement) require(format string, args ...any) {
	s.WriteString(s.and)
	fmt.Fprintf(s, format, args...)
	s.and = " AND "
}

// requireLike adds a pattern in which ! protects the next character.
func (s *statement) requireLike(t *table, c column, pattern string) {
	s.require("%s LIKE %s ESCAPE '!'", t.asText(c), s.arg(pattern))
}

// requireLogin adds the condition for one login name: it is no pattern, and the
// database's own case rules of LIKE apply. LIKE of PostgreSQL heeds case, so
// that equality says the same and can use an index.
func (s *statement) requireLogin(t *table, c column, login string) {
	if s.dialect == dburi.Postgres {
		s.requireText(t, c, login)
		return
	}
	s.requireLike(t, c, literal(login))
}

// requireText adds the condition for just this text.
func (s *statement) requireText(t *table, c column, text string) {
	s.require("%s = %s", t.asText(c), s.arg(text))
}

// requireIDs adds the condition for ids and reports false if none of them can
// be in the column.
func (s *statement) requireIDs(t *table, c column, ids []string) bool {
	var holders []string
	for _, id := range ids {
		if c.sort != integer {
			holders = append(holders, s.arg(id))
		} else if n, err := strconv.ParseInt(id, 10, 64); err == nil && n <= c.max && n >= -c.max && strconv.FormatInt(n, 10) == id {
			holders = append(holders, s.arg(n))
		}
	}
	if len(holders) == 0 {
		return false
	}
	name := c.name
	if c.sort == other {
		name = t.asText(c)
	}
	s.require("%s IN (%s)", name, strings.Join(holders, ", "))
	return true
}

// requireWhere adds the conditions of the settings.
func (s *statement) requireWhere(t *table, where []condition) error {
	for _, w := range where {
		c, ok := t.column(w.column)
		if !ok {
			return fmt.Errorf("option Where: the table has no column %q", w.column)
		}
		if w.op == "LIKE" {
			// Here % and _ are meant to be wildcards.
			s.requireLike(t, c, strings.ReplaceAll(w.value, "!", "!!"))
			continue
		}
		var value any = w.value
		if c.sort == integer {
			n, err := strconv.ParseInt(w.value, 10, 64)
			if err != nil {
				return fmt.Errorf("option Where: %q is not a whole number, as column %q has", w.value, w.column)
			}
			value = n
		}
		s.require("%s %s %s", c.name, w.op, s.arg(value))
	}
	return nil
}
