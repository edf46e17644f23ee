package store

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// tableText is the text of a schema without quotes, by table; what stands
// outside tables is in the entry "".
func tableText(schema string) map[string]string {
	schema = strings.NewReplacer(`"`, "", "`", "").Replace(schema)
	out := map[string]string{}
	table := ""
	for line := range strings.Lines(schema) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "CREATE TABLE "); ok {
			table, _, _ = strings.Cut(name, " ")
			continue
		}
		out[table] += line + "\n"
		if strings.HasPrefix(line, ")") {
			table = ""
		}
	}
	return out
}

// columnTypes are the names that types have in one of the databases.
func columnTypes(of string) string {
	switch of {
	case "DATETIME":
		return `(DATETIME(\(6\))?|TIMESTAMP WITHOUT TIME ZONE|INTERVAL( \(6\))?)`
	case "BOOLEAN":
		return `BOOL(EAN)?`
	case "INTEGER":
		return `(INTEGER|SERIAL)`
	case "BIGINT":
		return `(BIGINT|BIGSERIAL|INTEGER)`
	}
	return regexp.QuoteMeta(of)
}

// The tables are those of eduMFA 2.9.5 on every product, so that either program
// can use what the other made.
func TestSchema_Columns(t *testing.T) {
	file, err := os.ReadFile("testdata/columns.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, product := range []string{"sqlite", "postgres", "mariadb", "mysql"} {
		text, err := schemaFiles.ReadFile("schema/" + product + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		tables := tableText(string(text))
		has := func(in, pattern string) bool { return regexp.MustCompile(`(?mi)` + pattern).MatchString(tables[in]) }
		for line := range strings.Lines(string(file)) {
			f := strings.Split(strings.TrimRight(line, "\n"), "\t")
			if strings.HasPrefix(line, "#") {
				continue
			}
			table, column := f[0], regexp.QuoteMeta(f[1])
			if f[1] == "unique" {
				key := strings.ReplaceAll(f[2], ",", `,\s*`)
				if !has(table, `UNIQUE \(`+key+`\)`) && !has("", `CREATE UNIQUE INDEX \S+ ON `+table+` \(`+key+`\)`) && !has(table, `PRIMARY KEY \(`+key+`\)`) {
					t.Errorf("%s: %s: %s is not unique", product, table, f[2])
				}
				continue
			}
			pattern := `^` + column + ` ` + columnTypes(f[2]) + `\b`
			if f[3] == "not null" {
				pattern += `.*NOT NULL`
			}
			if !has(table, pattern) && !has(table, strings.Replace(pattern, `\b`, ``, 1)) {
				t.Errorf("%s: %s has no column %s %s %s", product, table, f[1], f[2], f[3])
			}
			for what := range strings.SplitSeq(f[4], ", ") {
				found := true
				switch target, foreign := strings.CutPrefix(what, "-> "); {
				case foreign:
					found = has(table, `FOREIGN KEY ?\(`+column+`\) REFERENCES `+strings.Replace(target, ".", ` ?\(`, 1))
				case what == "pk":
					found = has(table, `PRIMARY KEY \(.*\b`+column+`\b`)
				case what == "index":
					found = has("", `INDEX \S+ ON `+table+` \(`+column+`\)`)
				}
				if !found {
					t.Errorf("%s: %s: %s lacks %s", product, table, f[1], what)
				}
			}
		}
	}
}
