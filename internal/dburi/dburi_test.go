package dburi

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const (
		pragmas = "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(OFF)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
		pgTail  = "connect_timeout='10' client_encoding='UTF8' timezone='UTC'"
		myTail  = "?clientFoundRows=true&charset=utf8mb4&parseTime=true&timeout=10s"
	)
	for name, c := range map[string]struct{ uri, dialect, dsn, display string }{
		"sqlite relative": {"sqlite:///data.sqlite", SQLite, "file:/base/data.sqlite" + pragmas, "sqlite:///data.sqlite"},
		"sqlite absolute": {"sqlite:////var/lib/m.sqlite", SQLite, "file:/var/lib/m.sqlite" + pragmas, "sqlite:////var/lib/m.sqlite"},
		"sqlite odd name": {"sqlite:////a b#1%.db", SQLite, "file:/a b%231%25.db" + pragmas, "sqlite:////a b#1%.db"},
		"sqlite timeout": {"sqlite+pysqlite:///x?timeout=2.5&check_same_thread=false", SQLite,
			"file:/base/x" + strings.Replace(pragmas, "10000", "2500", 1), "sqlite+pysqlite:///x?timeout=2.5&check_same_thread=false"},
		"sqlite read only": {"sqlite:///file:x?mode=ro&uri=true", SQLite,
			"file:/base/x?_pragma=busy_timeout(10000)&_pragma=foreign_keys(OFF)&_pragma=synchronous(FULL)&mode=ro", "sqlite:///file:x?mode=ro&uri=true"},
		"postgres": {"postgresql://u:p@h:5433/db", Postgres,
			"host='h' port='5433' user='u' password='p' database='db' " + pgTail, "postgresql://u:***@h:5433/db"},
		"postgres encoded": {"postgresql+psycopg2://u%40x:p%40%3A%2F%27%5C%25@h/db", Postgres,
			`host='h' user='u@x' password='p@:/\'\\%' database='db' ` + pgTail, "postgresql+psycopg2://u@x:***@h/db"},
		"postgres raw slash in password": {"postgres://u:a/b?c@h/db", Postgres,
			"host='h' user='u' password='a/b?c' database='db' " + pgTail, "postgres://u:***@h/db"},
		"postgres socket": {"postgresql://u@/db?host=/run/postgresql", Postgres,
			"host='/run/postgresql' user='u' database='db' " + pgTail, "postgresql://u@/db?host=%2Frun%2Fpostgresql"},
		"postgres two hosts": {"postgresql+psycopg://u@/db?host=a:1&host=b:2", Postgres,
			"host='a,b' port='1,2' user='u' database='db' " + pgTail, "postgresql+psycopg://u@/db?host=a%3A1&host=b%3A2"},
		"postgres tls": {"postgresql://u@h/db?sslmode=require&keepalives=1&connect_timeout=3", Postgres,
			"host='h' user='u' database='db' connect_timeout='3' sslmode='require' client_encoding='UTF8' timezone='UTC'",
			"postgresql://u@h/db?sslmode=require&keepalives=1&connect_timeout=3"},
		"postgres ipv6": {"postgresql://u@[::1]:5432/db", Postgres,
			"host='::1' port='5432' user='u' database='db' " + pgTail, "postgresql://u@[::1]:5432/db"},
		"postgres nothing": {"postgresql://", Postgres, pgTail, "postgresql://"},
		"mysql": {"mysql+pymysql://u:p@h/db?charset=utf8", MySQL,
			"u:p@tcp(h:3306)/db" + myTail, "mysql+pymysql://u:***@h/db?charset=utf8"},
		"mysql odd password": {"mysql+mysqldb://u:%40%2F%28x%29%3A@h:3307/db", MySQL,
			"u:@/(x):@tcp(h:3307)/db" + myTail, "mysql+mysqldb://u:***@h:3307/db"},
		"mariadb socket": {"mariadb+pymysql://u@localhost/db?unix_socket=/run/mysqld/mysqld.sock&charset=utf8mb4", MySQL,
			"u@unix(/run/mysqld/mysqld.sock)/db" + myTail, "mariadb+pymysql://u@localhost/db?unix_socket=%2Frun%2Fmysqld%2Fmysqld.sock&charset=utf8mb4"},
		"mysql timeouts": {"mysql://h?read_timeout=5", MySQL,
			"tcp(h:3306)/?clientFoundRows=true&charset=utf8mb4&parseTime=true&readTimeout=5s&timeout=10s", "mysql://h?read_timeout=5"},
		"secret in query": {"postgresql://u@h/db?sslpassword=topsecret", Postgres,
			"host='h' user='u' database='db' sslpassword='topsecret' " + pgTail, "postgresql://u@h/db?sslpassword=%2A%2A%2A"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(c.uri, Options{BaseDir: "/base"})
			if err != nil {
				t.Fatal(err)
			}
			display := strings.ReplaceAll(c.display, "%2A%2A%2A", "***")
			if got.Dialect != c.dialect || got.DSN != c.dsn || got.Display != display {
				t.Errorf("got  %s %s %s\nwant %s %s %s", got.Dialect, got.DSN, got.Display, c.dialect, c.dsn, display)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ uri, want string }{
		"empty":              {"", "dialect and ://"},
		"plain file":         {"/var/x.sqlite", "dialect and ://"},
		"oracle":             {"oracle://topsecret@h", `"oracle" is not supported`},
		"cipher":             {"sqlite+pysqlcipher://:topsecret@/x", "not supported"},
		"sqlite in memory":   {"sqlite://", "in memory"},
		"sqlite host":        {"sqlite://x.sqlite", "three slashes"},
		"sqlite password":    {"sqlite://u:topsecret@/x", "no host"},
		"sqlite parameter":   {"sqlite:///x?key=1", `"key" is not supported`},
		"port":               {"postgresql://u:topsecret@h:54x/db", "port"},
		"postgres parameter": {"postgresql://u:topsecret@h/db?sslcrl=x", `"sslcrl" is not supported`},
		"postgres mode":      {"postgresql://u:topsecret@h/db?sslmode=none", "driver refuses"},
		"mysql parameter":    {"mysql://u:topsecret@h/db?read_default_file=x", `"read_default_file" is not supported`},
		"mysql no CA file":   {"mysql://u:topsecret@h/db?ssl_ca=/does/not/exist", "ssl_ca"},
		"mysql injection":    {"mysql://u:topsecret@h/db?sql_mode='%3Bdrop", "sql_mode"},
		"control character":  {"postgresql://u:topsecret@h/d\nb", "control"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(c.uri, Options{})
			if err == nil {
				t.Fatalf("accepted as %+v", got)
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "topsecret") {
				t.Errorf("error %q, want it to contain %q and no password", err, c.want)
			}
		})
	}
}

func TestForeignKeepsTheFile(t *testing.T) {
	got, err := Parse("sqlite:///x", Options{BaseDir: t.TempDir(), Foreign: true})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got.DSN, "WAL") || !strings.Contains(got.DSN, "mode=rw") || !strings.HasPrefix(got.DSN, "file:"+string(filepath.Separator)) {
		t.Error(got.DSN)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"sqlite:///x?timeout=2", "sqlite:////a/b", "postgresql://u:p@[::1]:1/db?host=/tmp&sslmode=require",
		"mysql+pymysql://u:p%40@h:3306/db?charset=utf8&unix_socket=/x", "postgres://u@h@x:p@@h", "mariadb://%zz:%@/", "mysql://:@:1/?ssl=1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		got, err := Parse(uri, Options{BaseDir: "/nowhere"})
		if err != nil && got != (Target{}) {
			t.Errorf("an error and a target: %+v", got)
		}
		p, err := split(uri)
		if err != nil || !p.hasPasswd {
			return
		}
		again, err := split(p.display())
		if err == nil && again.hasPasswd && again.password != "***" {
			t.Errorf("%q is shown with the password %q", uri, again.password)
		}
	})
}
