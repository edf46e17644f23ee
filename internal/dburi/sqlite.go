package dburi

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// busyMillis is how long a statement waits for the lock of another process.
const busyMillis = 10000

// sqliteDSN names the file and the settings of every connection. Transactions
// take the write lock at once, because a later upgrade from reading to writing
// cannot wait. Foreign keys stay unenforced as the tables were made for it.
// See https://www.sqlite.org/uri.html.
func sqliteDSN(p parts, opt Options) (string, error) {
	if p.hasUser || p.host != "" {
		return "", errors.New("an SQLite URI has no host (a relative file has three slashes, an absolute one four)")
	}
	name := p.database
	if name == "" || name == ":memory:" {
		return "", errors.New("a database in memory is not supported, name a file")
	}
	s := sqliteSettings{busy: busyMillis}
	if opt.Foreign {
		s.mode = "rw"
	}
	for _, q := range p.query {
		if err := s.set(q); err != nil {
			return "", err
		}
	}
	if s.uri {
		name = strings.TrimPrefix(name, "file:")
	}
	if !filepath.IsAbs(name) && opt.BaseDir != "" {
		name = filepath.Join(opt.BaseDir, name)
	}
	readOnly := s.mode == "ro" || s.immutable
	var b strings.Builder
	b.WriteString("file:" + escapeFile(name))
	b.WriteString("?_pragma=busy_timeout(" + strconv.Itoa(s.busy) + ")&_pragma=foreign_keys(OFF)")
	if !opt.Foreign && !readOnly {
		b.WriteString("&_pragma=journal_mode(WAL)")
	}
	b.WriteString("&_pragma=synchronous(FULL)")
	if s.mode != "" {
		b.WriteString("&mode=" + s.mode)
	}
	if s.immutable {
		b.WriteString("&immutable=1")
	}
	// An immediate transaction is refused on a file that cannot be written.
	if !readOnly {
		b.WriteString("&_txlock=immediate")
	}
	return b.String(), nil
}

type sqliteSettings struct {
	busy      int // milliseconds
	uri       bool
	mode      string
	immutable bool
}

func (s *sqliteSettings) set(q param) error {
	switch q.key {
	case "timeout":
		seconds, err := strconv.ParseFloat(q.value, 64)
		if err != nil || !(seconds >= 0 && seconds <= 86400) {
			return errors.New("timeout is not a number of seconds")
		}
		s.busy = int(seconds * 1000)
	case "uri":
		s.uri = isTrue(q.value)
	case "mode":
		if q.value != "ro" && q.value != "rw" && q.value != "rwc" {
			return fmt.Errorf("mode %q is not supported", q.value)
		}
		s.mode = q.value
	case "immutable":
		s.immutable = isTrue(q.value)
	case "check_same_thread", "cached_statements", "detect_types", "isolation_level":
		// Matters of the Python driver.
	default:
		return fmt.Errorf("parameter %q is not supported for SQLite", q.key)
	}
	return nil
}

// escapeFile protects what SQLite or the driver would take for syntax.
func escapeFile(name string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(name))
}

func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "1", "true", "yes", "on":
		return true
	}
	return false
}
