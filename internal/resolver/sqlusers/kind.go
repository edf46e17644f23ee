// Package sqlusers finds users in a table of an SQL database: SQLite,
// PostgreSQL, MySQL or MariaDB.
package sqlusers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/dburi"
	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

// Passwords checks and makes the hashes that user tables hold.
type Passwords interface {
	// Verify reports whether the hash is one of the password. A hash of an
	// unknown form belongs to no password.
	Verify(stored, password string) bool
	// Hash makes a hash of the kind, one of the words of Password_Hash_Type in
	// any case.
	Hash(kind, password string) (string, error)
}

// NewKind is the kind "sqlresolver".
func NewKind(p Passwords) resolver.Kind {
	return resolver.Kind{
		Name: "sqlresolver",
		Fields: []field.Field{
			{Name: "Driver", Type: "string", Required: true, Help: "Kind of database as in a database URI: sqlite, postgresql, mysql+pymysql, …"},
			{Name: "Server", Type: "string", Help: "Host name or address; nothing for SQLite"},
			{Name: "Port", Type: "int", Help: "Port, when it is not the usual one"},
			{Name: "Database", Type: "string", Required: true, Help: "Name of the database, or file of SQLite"},
			{Name: "User", Type: "string", Help: "Account in the database"},
			{Name: "Password", Type: "password", Help: "Password of the account"},
			{Name: "Table", Type: "string", Required: true, Help: "Table or view with one row per user"},
			{Name: "Map", Type: "string", Required: true, Help: "JSON object from attribute to column; userid and username are needed"},
			{Name: "Where", Type: "string", Help: `Rows that count, like: team == rowing and level > 2; operators ==, >, < and like`},
			{Name: "Limit", Type: "int", Default: "100", Help: "Most users of a list"},
			{Name: "Editable", Type: "int", Default: "0", Help: "1 lets users be added, changed and deleted"},
			{Name: "Password_Hash_Type", Type: "string", Default: "SSHA256", Help: "How new passwords are stored: PHPASS, SHA, SSHA, SSHA256, SSHA512, OTRS, SHA256CRYPT, SHA512CRYPT or MD5CRYPT"},
			{Name: "Encoding", Type: "string", Default: "latin1", Help: "Encoding of text in binary columns"},
			{Name: "conParams", Type: "string", Help: "Further parameters of the connection, like sslmode=require&connect_timeout=3"},
			{Name: "poolSize", Type: "int", Default: "5", Help: "Connections that stay open"},
			{Name: "poolTimeout", Type: "int", Default: "10", Help: "Seconds to wait for a connection"},
			{Name: "poolRecycle", Type: "int", Default: "7200", Help: "Seconds after which a connection is replaced"},
		},
		New: func(_ context.Context, name string, v field.Values, d resolver.Deps) (resolver.Resolver, error) {
			set, err := readSettings(v, d.Dir)
			if err != nil {
				return nil, err
			}
			if err := set.readMap(v); err != nil {
				return nil, err
			}
			return open(name, set, p, d)
		},
		Test: test,
	}
}

// settings of one instance, checked.
type settings struct {
	target   dburi.Target
	table    string
	columns  map[string]string // attribute to column
	where    []condition
	limit    int
	editable bool
	hashKind string
	encoding string

	poolSize             int
	poolTimeout, recycle time.Duration
}

func readSettings(v field.Values, dir string) (settings, error) {
	set := settings{
		table: v.String("Table", ""), editable: v.Bool("Editable", false),
		hashKind: v.String("Password_Hash_Type", "SSHA256"), encoding: v.String("Encoding", "latin1"),
	}
	if set.table == "" {
		return set, errors.New("option Table is missing")
	}
	var err error
	if set.target, err = dburi.Parse(uriOf(v), dburi.Options{BaseDir: dir, Foreign: true}); err != nil {
		return set, err
	}
	if set.where, err = parseWhere(v["Where"]); err != nil {
		return set, fmt.Errorf("option Where: %w", err)
	}
	seconds := func(name string, def int) time.Duration {
		n, nerr := v.Int(name, def)
		err = errors.Join(err, nerr)
		return time.Duration(n) * time.Second
	}
	number := func(name string, def int) int {
		n, nerr := v.Int(name, def)
		if nerr == nil && n < 0 {
			nerr = fmt.Errorf("option %s is below zero", name)
		}
		err = errors.Join(err, nerr)
		return n
	}
	set.limit = number("Limit", 100)
	set.poolSize = number("poolSize", 5)
	set.poolTimeout = max(seconds("poolTimeout", 10), time.Second)
	set.recycle = max(seconds("poolRecycle", 7200), 0)
	return set, err
}

// readMap is apart, because a test of a connection does not look at the map.
func (s *settings) readMap(v field.Values) error {
	m, err := parseMap(v["Map"])
	if err != nil {
		return fmt.Errorf("option Map: %w", err)
	}
	for _, needed := range []string{"userid", "username"} {
		if m[needed] == "" {
			return fmt.Errorf("option Map has no %s", needed)
		}
	}
	s.columns = m
	return nil
}

// uriOf puts the options together to a database URI. A port that is not a
// number is left out. SQLite has neither server nor account, whatever is set.
func uriOf(v field.Values) string {
	driver := strings.TrimSpace(v["Driver"])
	var b strings.Builder
	b.WriteString(driver + "://")
	if !strings.HasPrefix(strings.ToLower(driver), "sqlite") {
		if user := v["User"]; user != "" {
			b.WriteString(escape(user))
			if pw := v.Secret("Password"); !pw.Empty() {
				b.WriteString(":" + escape(pw.Reveal()))
			}
			b.WriteByte('@')
		}
		host := strings.TrimSpace(v["Server"])
		if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
			host = "[" + host + "]"
		}
		b.WriteString(host)
		if port, err := strconv.Atoi(strings.TrimSpace(v["Port"])); err == nil {
			b.WriteString(":" + strconv.Itoa(port))
		}
	}
	b.WriteString("/" + v["Database"])
	if params := strings.TrimLeft(v["conParams"], "?&"); params != "" {
		sep := "?"
		if strings.Contains(v["Database"], "?") {
			sep = "&"
		}
		b.WriteString(sep + params)
	}
	return b.String()
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// test counts the users. The map is not needed for it.
func test(ctx context.Context, v field.Values, d resolver.Deps) (bool, string) {
	set, err := readSettings(v, d.Dir)
	if err != nil {
		return false, "failed to retrieve users: " + err.Error()
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s, err := open("test", set, nil, d)
	if err != nil {
		return false, "failed to retrieve users: " + err.Error()
	}
	defer s.Close()
	n, err := s.count(ctx)
	if err != nil {
		return false, "failed to retrieve users: " + err.Error()
	}
	return true, fmt.Sprintf("Found %d users.", n)
}
