package bench

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"testing"

	"edumfa/internal/dburi"
	"edumfa/internal/resolver"
	"edumfa/test/server/slapd"
)

// userTable makes users out of the table of numbers.
const userTable = `CREATE TABLE bench_user (id INTEGER PRIMARY KEY, username VARCHAR(80) UNIQUE, givenname VARCHAR(80), surname VARCHAR(80), email VARCHAR(120), phone VARCHAR(40), mobile VARCHAR(40), password VARCHAR(200))`

// userID is the SQL text of a user's id in the resolver, out of his number.
func (in *installation) userID(number string) string {
	if in.LDAP {
		return "CONCAT('uid=user', 1 + " + number + ", ',ou=people," + slapd.Suffix + "')"
	}
	return "CONCAT('', 1 + " + number + ")"
}

func (in *installation) makeUsers(ctx context.Context) error {
	if in.LDAP {
		return in.startDirectory()
	}
	db := in.raw
	if in.dialect == dburi.SQLite {
		target, err := dburi.Parse("sqlite:///"+in.path("users.sqlite"), dburi.Options{})
		if err != nil {
			return err
		}
		if db, err = sql.Open(target.Driver(), target.DSN); err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
	}
	if _, err := db.ExecContext(ctx, "DROP TABLE IF EXISTS bench_user"); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, userTable); err != nil {
		return err
	}
	return inTx(ctx, db, func(tx *sql.Tx) error {
		const part = 500
		for first := 0; first < in.Users; first += part {
			q := "INSERT INTO bench_user (id, username, givenname, surname, email, phone, mobile, password) VALUES "
			for i := first; i < min(in.Users, first+part); i++ {
				if i > first {
					q += ","
				}
				q += fmt.Sprintf("(%d, '%s', 'Given%d', 'Surname%d', '%s@example.com', '+49 30 %d', '+49 170 %d', '')", i+1, login(i), i, i, login(i), i, i)
			}
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
}

func (in *installation) resolver() (resolver.Stored, error) {
	if in.LDAP {
		return resolver.Stored{Name: resolverName, Kind: "ldapresolver", Options: options(map[string]string{
			"LDAPURI": in.directory.server.URI(), "LDAPBASE": "ou=people," + slapd.Suffix, "BINDDN": slapd.Admin, "BINDPW": slapd.AdminPassword,
			"LOGINNAMEATTRIBUTE": "uid", "LDAPSEARCHFILTER": "(uid=*)(objectClass=inetOrgPerson)", "UIDTYPE": "DN",
			"USERINFO": `{"username": "uid", "givenname": "givenName", "surname": "sn", "email": "mail"}`})}, nil
	}
	values := map[string]string{"Driver": "sqlite", "Database": in.path("users.sqlite"), "Table": "bench_user", "poolSize": fmt.Sprint(in.Concurrency),
		"Map": `{"userid": "id", "username": "username", "givenname": "givenname", "surname": "surname", "email": "email", "phone": "phone", "mobile": "mobile", "password": "password"}`}
	if in.dialect != dburi.SQLite {
		u, err := url.Parse(in.Database)
		if err != nil {
			return resolver.Stored{}, err
		}
		values["Driver"], values["Server"], values["Port"], values["Database"] = u.Scheme, u.Hostname(), u.Port(), u.Path[1:]
		values["User"] = u.User.Username()
		if p, ok := u.User.Password(); ok {
			values["Password"] = p
		}
		values["conParams"] = u.RawQuery
	}
	return resolver.Stored{Name: resolverName, Kind: "sqlresolver", Options: options(values)}, nil
}

// directory is a slapd that lives as long as the run. It is made for tests, so
// it gets what a test would give it.
type directory struct {
	testing.TB
	dir     string
	cleanup []func()
	server  *slapd.Server
}

func (d *directory) Helper()                   {}
func (d *directory) TempDir() string           { return d.dir }
func (d *directory) Cleanup(f func())          { d.cleanup = append(d.cleanup, f) }
func (d *directory) Logf(string, ...any)       {}
func (d *directory) Log(...any)                {}
func (d *directory) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (d *directory) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (d *directory) Skip(args ...any)          { panic(fmt.Sprint(args...)) }
func (d *directory) Skipf(f string, a ...any)  { panic(fmt.Sprintf(f, a...)) }
func (d *directory) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (d *directory) Failed() bool              { return false }
func (d *directory) Name() string              { return "bench" }
func (d *directory) Context() context.Context  { return context.Background() }

func (d *directory) stop() {
	for i := len(d.cleanup) - 1; i >= 0; i-- {
		d.cleanup[i]()
	}
}

func (in *installation) startDirectory() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("slapd: %v", p)
		}
	}()
	in.directory = &directory{dir: in.path("slapd")}
	if err := os.MkdirAll(in.directory.dir, 0o700); err != nil {
		return err
	}
	entries := []slapd.Entry{slapd.OU("people", slapd.Suffix)}
	for i := range in.Users {
		entries = append(entries, slapd.Person(login(i), "ou=people,"+slapd.Suffix, fmt.Sprintf("Given%d", i), fmt.Sprintf("Surname%d", i), "mail: "+login(i)+"@example.com"))
	}
	in.directory.server = slapd.Start(in.directory, slapd.Options{Entries: entries})
	return nil
}
