package store

import (
	"strconv"
	"strings"
	"time"

	"edumfa/internal/dburi"
)

// engine is everything in which the database products differ. SQL in this
// package is written once: ? for values, "double quotes" around names.
type engine struct {
	name string // "sqlite", "postgres", "mariadb" or "mysql"
	// sequences: new ids come from the named SEQUENCE of the table.
	sequences bool
	// returning: INSERT and DELETE know RETURNING.
	returning bool
	// singleWriter: one transaction writes at a time, so writes are queued and
	// committed in groups.
	singleWriter bool
	// cachesStatements: the driver keeps statements prepared by itself.
	cachesStatements bool
	// pipelines: statements can be sent without waiting for the answer to each.
	pipelines bool
}

func (e engine) nextval(table string) string {
	if e.name == "postgres" {
		return "nextval('" + sequences[table] + "')"
	}
	return "nextval(" + sequences[table] + ")"
}

// rebind turns the package's SQL into the product's.
func (e engine) rebind(q string) string {
	switch e.name {
	case "postgres":
		var b strings.Builder
		n := 0
		for i := range len(q) {
			if q[i] == '?' {
				n++
				b.WriteByte('$')
				b.WriteString(strconv.Itoa(n))
				continue
			}
			b.WriteByte(q[i])
		}
		return b.String()
	case "mysql", "mariadb":
		return strings.ReplaceAll(q, `"`, "`")
	}
	return q
}

// tableOptions end the definition of a table of ours: texts of all languages,
// and ids whose letter case counts.
func (e engine) tableOptions() string {
	if e.name == "mysql" || e.name == "mariadb" {
		return " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	}
	return ""
}

// like is the operator that compares patterns without regard to letter case,
// the escape character being "!".
func (e engine) like() string {
	if e.name == "postgres" {
		return "ILIKE"
	}
	return "LIKE"
}

// forUpdate makes a SELECT read the newest value and keep it to itself until the
// end of the transaction. A single writer has it for itself anyway.
func (e engine) forUpdate() string {
	if e.singleWriter {
		return ""
	}
	return " FOR UPDATE"
}

// nextCount is the text of the number after the one in column "Value"; a text
// that is no number counts as none.
func (e engine) nextCount() string {
	number, cast, text := `LENGTH("Value") BETWEEN 1 AND 18 AND "Value" NOT GLOB '*[^0-9]*'`, "BIGINT", "TEXT"
	switch e.name {
	case "postgres":
		number = `"Value" ~ '^[0-9]{1,18}$'`
	case "mysql", "mariadb":
		number, cast, text = `"Value" REGEXP '^[0-9]{1,18}$'`, "SIGNED", "CHAR"
	}
	return `CASE WHEN ` + number + ` THEN CAST(CAST("Value" AS ` + cast + `) + 1 AS ` + text + `) ELSE '1' END`
}

// exactly adds to "column = ?" what makes letter case count where the database
// ignores it; the value is given once more. "" where nothing is needed.
func (e engine) exactly(column string) string {
	if e.name == "mysql" || e.name == "mariadb" {
		return " AND CONVERT(" + column + " USING utf8mb4) COLLATE utf8mb4_bin = ?"
	}
	return ""
}

// duplicate reports that a row with the same key is there already.
func duplicate(err error) bool { return dburi.Duplicate(err) }

// tryAgain reports that the product gave a transaction up for the sake of
// another one.
func tryAgain(err error) bool { return dburi.Retry(err) }

// timeText is how naive date columns are written: all products read it, SQLite
// keeps it as it is. Always six digits behind the point.
const timeText = "2006-01-02 15:04:05.000000"

// naive writes t, in the zone it has, without an offset; the zero time is NULL.
func naive(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(timeText)
}

// durationText is how mfa_audit.duration is written: an interval on PostgreSQL,
// the moment that long after 1970-01-01 elsewhere.
func (e engine) durationText(d *time.Duration) any {
	if d == nil {
		return nil
	}
	if e.name == "postgres" {
		return strconv.FormatInt(d.Microseconds(), 10) + " microseconds"
	}
	return time.Unix(0, 0).UTC().Add(*d).Format(timeText)
}

// placeholders is "?,?,…" for n values. n is rounded up to a power of two so
// that the number of distinct statements stays small; pad fills the values.
func placeholders(n int) (string, int) {
	size := 1
	for size < n {
		size *= 2
	}
	return strings.TrimSuffix(strings.Repeat("?,", size), ","), size
}

// inList gives the text of an IN list and its values; empty values fit nothing.
func inList[T any](values []T) (string, []any) {
	marks, size := placeholders(max(1, len(values)))
	args := make([]any, size)
	for i := range args {
		switch {
		case i < len(values):
			args[i] = values[i]
		case len(values) > 0:
			args[i] = values[0]
		default:
			args[i] = nil
		}
	}
	return "(" + marks + ")", args
}

// likePattern turns the field's wildcard * into SQL's, and takes % and _ for
// what they are (escape character "!").
func likePattern(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_", "*", "%").Replace(s)
}
