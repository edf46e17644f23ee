// Package dburi reads SQLAlchemy database URIs, as they stand in configuration
// files and user store settings, and turns them into what the Go drivers of
// SQLite, PostgreSQL and MySQL or MariaDB expect. It is the one place that
// brings these drivers into the program, so it also knows what their errors
// mean.
package dburi

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Dialects of SQL. MariaDB is MySQL here.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
	MySQL    = "mysql"
)

// connectSeconds is how long a driver tries to connect, unless the URI says
// otherwise.
const connectSeconds = 10

// Target is a database that can be opened.
type Target struct {
	Dialect string // SQLite, Postgres or MySQL
	DSN     string // for the driver; it may contain the password
	Display string // the URI for logs: passwords are ***
}

// Driver is the name for sql.Open.
func (t Target) Driver() string {
	if t.Dialect == Postgres {
		return "pgx"
	}
	return t.Dialect
}

// String is the URI without its password.
func (t Target) String() string { return t.Display }

// Options say how a URI is read.
type Options struct {
	// BaseDir is where relative SQLite file names start; "" is the working
	// directory.
	BaseDir string
	// Foreign marks a database of another program: an SQLite file keeps its
	// journal mode and is not created when it is missing.
	Foreign bool
}

// Parse reads a URI: dialect[+driver]://[user[:password]@][host][:port]/database[?key=value&...].
// User and password are percent-encoded, the database is not, as in SQLAlchemy.
// The driver part only has to be one that SQLAlchemy knows. Errors name the
// faulty part and never contain a password.
//
// The DSN of MySQL with TLS files refers to a TLS configuration that is
// registered with the driver here, for the life of the process.
func Parse(uri string, opt Options) (Target, error) {
	p, err := split(uri)
	if err != nil {
		return Target{}, fmt.Errorf("database URI: %w", err)
	}
	dialect, err := dialectOf(p.scheme)
	if err != nil {
		return Target{}, fmt.Errorf("database URI: %w", err)
	}
	t := Target{Dialect: dialect, Display: p.display()}
	switch dialect {
	case SQLite:
		t.DSN, err = sqliteDSN(p, opt)
	case Postgres:
		t.DSN, err = postgresDSN(p)
	default:
		t.DSN, err = mysqlDSN(p)
	}
	if err != nil {
		return Target{}, fmt.Errorf("database URI %s: %w", t.Display, err)
	}
	return t, nil
}

// dialectOf maps the scheme to the dialect. Drivers of SQLAlchemy are
// interchangeable for us; those of encrypted or asynchronous databases are not.
func dialectOf(scheme string) (string, error) {
	switch scheme {
	case "sqlite", "sqlite+pysqlite":
		return SQLite, nil
	case "postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg", "postgresql+psycopg2cffi",
		"postgresql+pg8000", "postgres+psycopg2":
		return Postgres, nil
	case "mysql", "mysql+pymysql", "mysql+mysqldb", "mysql+mysqlconnector", "mysql+mariadbconnector", "mysql+cymysql",
		"mariadb", "mariadb+pymysql", "mariadb+mysqldb", "mariadb+mysqlconnector", "mariadb+mariadbconnector":
		return MySQL, nil
	}
	return "", fmt.Errorf("database kind %q is not supported (sqlite, postgresql, mysql and mariadb are)", scheme)
}

// parts of a URI, decoded.
type parts struct {
	scheme             string
	user, password     string
	hasUser, hasPasswd bool
	host, port         string
	database           string
	query              []param
}

type param struct{ key, value string }

// split takes a URI apart the way SQLAlchemy does: a password reaches to the
// first @ and may contain / and ?, a user name may contain @ but not : or /.
func split(uri string) (parts, error) {
	uri = strings.TrimSpace(uri)
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || scheme == "" {
		return parts{}, errors.New("it does not begin with a dialect and ://")
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return parts{}, errors.New("it contains control characters")
	}
	p := parts{scheme: strings.ToLower(scheme)}
	if strings.ContainsAny(p.scheme, "/:@ ") {
		return parts{}, errors.New("it does not begin with a dialect and ://")
	}
	rest, err := p.takeUser(rest)
	if err != nil {
		return parts{}, err
	}
	rest, query, _ := strings.Cut(rest, "?")
	if p.query, err = readQuery(query); err != nil {
		return parts{}, err
	}
	address, database, _ := strings.Cut(rest, "/")
	p.database = database
	return p, p.setAddress(address)
}

// takeUser cuts the credentials off and returns what follows them.
func (p *parts) takeUser(rest string) (string, error) {
	user, password, after := "", "", ""
	i := strings.IndexAny(rest, ":/")
	if i < 0 {
		i = len(rest)
	}
	if i < len(rest) && rest[i] == ':' {
		if pw, tail, ok := strings.Cut(rest[i+1:], "@"); ok {
			user, password, after = rest[:i], pw, tail
			p.hasPasswd = true
		}
	}
	if !p.hasPasswd {
		at := strings.LastIndexByte(rest[:i], '@')
		if at < 0 {
			return rest, nil
		}
		user, after = rest[:at], rest[at+1:]
	}
	p.hasUser = true
	var err error
	if p.user, err = unquote(user); err != nil {
		return "", errors.New("the user name is not percent-encoded properly")
	}
	if p.password, err = unquote(password); err != nil {
		return "", errors.New("the password is not percent-encoded properly")
	}
	return after, nil
}

func (p *parts) setAddress(address string) error {
	host, port := address, ""
	if strings.HasPrefix(address, "[") {
		end := strings.IndexByte(address, ']')
		if end < 0 {
			return errors.New("the host has no closing bracket")
		}
		host, port = address[1:end], address[end+1:]
		if port != "" && port[0] != ':' {
			return errors.New("the host is followed by something that is not a port")
		}
		port = strings.TrimPrefix(port, ":")
	} else {
		host, port, _ = strings.Cut(address, ":")
	}
	if port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return errors.New("the port is not a number between 1 and 65535")
		}
	}
	p.host, p.port = host, port
	return nil
}

// readQuery keeps order and repetitions; empty values are dropped.
func readQuery(q string) ([]param, error) {
	var list []param
	for pair := range strings.SplitSeq(q, "&") {
		k, v, _ := strings.Cut(pair, "=")
		key, kerr := url.QueryUnescape(k)
		value, verr := url.QueryUnescape(v)
		if kerr != nil || verr != nil {
			return nil, errors.New("a parameter is not percent-encoded properly")
		}
		if strings.ContainsFunc(key+value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, errors.New("a parameter contains control characters")
		}
		if key != "" && value != "" {
			list = append(list, param{key, value})
		}
	}
	return list, nil
}

// unquote decodes %XX; a % that is not followed by two hex digits stays, as
// SQLAlchemy leaves it.
func unquote(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	if strings.IndexByte(b.String(), 0) >= 0 {
		return "", errors.New("NUL byte")
	}
	return b.String(), nil
}

func (p parts) display() string {
	var b strings.Builder
	b.WriteString(p.scheme + "://")
	if p.hasUser {
		b.WriteString(url.PathEscape(p.user))
		if p.hasPasswd {
			b.WriteString(":***")
		}
		b.WriteByte('@')
	}
	if strings.Contains(p.host, ":") {
		b.WriteString("[" + p.host + "]")
	} else {
		b.WriteString(p.host)
	}
	if p.port != "" {
		b.WriteString(":" + p.port)
	}
	if p.database != "" {
		b.WriteString("/" + p.database)
	}
	for i, q := range p.query {
		b.WriteByte("?&"[min(i, 1)])
		value := url.QueryEscape(q.value)
		if isSecret(q.key) {
			value = "***"
		}
		b.WriteString(url.QueryEscape(q.key) + "=" + value)
	}
	return b.String()
}

func isSecret(key string) bool {
	key = strings.ToLower(key)
	return strings.Contains(key, "pass") || strings.Contains(key, "pwd") || strings.Contains(key, "secret")
}
