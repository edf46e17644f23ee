package sqlusers

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/dburi"
)

// table is what the database tells about the table of users.
type table struct {
	dialect string
	name    string // quoted
	columns map[string]column
}

// column of the table. Only columns that the database named itself get into
// statements.
type column struct {
	name   string // quoted
	sort   sort
	max    int64 // the greatest whole number that fits
	binary bool
	date   bool
}

type sort int

const (
	other sort = iota
	textual
	integer
)

// describe asks for the columns without reading a row.
func describe(ctx context.Context, conn *sql.Conn, dialect, name string) (*table, error) {
	t := &table{dialect: dialect, name: quote(dialect, name), columns: map[string]column{}}
	rows, err := conn.QueryContext(ctx, "SELECT * FROM "+t.name+" WHERE 1 = 0")
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", name, err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", name, err)
	}
	for _, ct := range types {
		typ := strings.ToUpper(ct.DatabaseTypeName())
		t.columns[ct.Name()] = column{
			name: quote(dialect, ct.Name()), sort: sortOf(dialect, typ), max: maxOf(dialect, typ), date: typ == "DATE",
			binary: strings.Contains(typ, "BLOB") || strings.Contains(typ, "BINARY") || typ == "BYTEA" || dialect == dburi.SQLite,
		}
	}
	return t, rows.Err()
}

// column finds a column by its name, or by its name in another case if there is
// but one.
func (t *table) column(name string) (column, bool) {
	if c, ok := t.columns[name]; ok {
		return c, true
	}
	var found []string
	for _, n := range slices.Sorted(maps.Keys(t.columns)) {
		if strings.EqualFold(n, name) {
			found = append(found, n)
		}
	}
	if len(found) != 1 {
		return column{}, false
	}
	return t.columns[found[0]], true
}

// sortOf tells from the type's name how values compare. SQLite: section 3.1 of
// https://www.sqlite.org/datatype3.html.
func sortOf(dialect, typ string) sort {
	switch dialect {
	case dburi.SQLite:
		switch {
		case strings.Contains(typ, "INT"):
			return integer
		case strings.Contains(typ, "CHAR"), strings.Contains(typ, "TEXT"), strings.Contains(typ, "CLOB"):
			return textual
		}
	case dburi.Postgres:
		switch typ {
		case "INT2", "INT4", "INT8":
			return integer
		case "TEXT", "VARCHAR", "BPCHAR", "NAME":
			return textual
		}
		// A type of an extension, like citext, has a number for a name.
		if _, err := strconv.Atoi(typ); err == nil || typ == "CITEXT" {
			return textual
		}
	default:
		switch typ = strings.TrimPrefix(typ, "UNSIGNED "); typ {
		case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT":
			return integer
		case "CHAR", "VARCHAR", "TEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "ENUM":
			return textual
		}
	}
	return other
}

// maxOf matters on PostgreSQL, which refuses to compare with greater numbers.
func maxOf(dialect, typ string) int64 {
	switch {
	case dialect != dburi.Postgres:
	case typ == "INT2":
		return math.MaxInt16
	case typ == "INT4":
		return math.MaxInt32
	}
	return math.MaxInt64
}

// quote makes an identifier of any name.
func quote(dialect, name string) string {
	name = strings.ReplaceAll(name, "\x00", "")
	if dialect == dburi.MySQL {
		return "`" + strings.ReplaceAll(name, "`", "``") + "`"
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// asText casts a column where the database does not compare it with text.
func (t *table) asText(c column) string {
	switch {
	case c.sort == textual:
		return c.name
	case t.dialect == dburi.MySQL:
		return "CAST(" + c.name + " AS CHAR)"
	}
	return "CAST(" + c.name + " AS TEXT)"
}

// literal protects % and _ in a text for LIKE ... ESCAPE '!'. The backslash is
// not used, because its meaning depends on the mode of the server.
func literal(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

// pattern makes a LIKE pattern of a search text: * is any text, everything else
// means itself.
func pattern(s string) string { return strings.ReplaceAll(literal(s), "*", "%") }
