package config

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// environ and files are a world without the real one.
type environ map[string]string

func (e environ) get(name string) (string, bool) { v, ok := e[name]; return v, ok }

type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

func testdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each file of testdata is loaded as /etc/edumfa/edumfa.cfg; the golden file has
// the whole configuration and what there is to say about it.
func TestLoad_Golden(t *testing.T) {
	env := environ{"DBUSER": "ed", "DBPASS": "", "POOL": "8"}
	for _, name := range []string{"packaged", "programmed", "everything", "fixture/edumfa", "fixture/original"} {
		t.Run(name, func(t *testing.T) {
			world := files{
				DefaultFile:              testdata(t, name+".cfg"),
				"/etc/edumfa/secret_key": "key from a file\n",
			}
			if name == "fixture/original" {
				world = files{"/etc/edumfa/original.cfg": world[DefaultFile], DefaultFile: testdata(t, "fixture/edumfa.cfg")}
				env = environ{"EDUMFA_CONFIGFILE": "/etc/edumfa/original.cfg"}
			}
			c, warnings, err := Load(env.get, world.read)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(c, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got := string(text) + "\n"
			for _, s := range []string{c.SecretKey.Reveal(), c.DatabaseURI.Reveal(), c.AuditSQLURI.Reveal(), c.MonitoringURI.Reveal(), c.Pepper.Reveal(), c.HSM.Password.Reveal()} {
				got += fmt.Sprintf("secret %q\n", s)
			}
			for _, w := range warnings {
				got += w.Severity.String() + " " + w.Error() + "\n"
			}
			golden(t, name+".golden", got)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(testdata(t, name), got); diff != "" {
		t.Error(diff)
	}
}

func TestLoad_FixtureFromItsFolder(t *testing.T) {
	t.Chdir("testdata/fixture")
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"edumfa.cfg", "original.cfg"} {
		c, _, err := Load(environ{"EDUMFA_CONFIGFILE": name}.get, os.ReadFile)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Complete(); err != nil {
			t.Error(err)
		}
		if c.EncFile != dir+"/enckey" || c.DatabaseURI.Reveal() != "sqlite:///"+dir+"/edumfa.sqlite" || c.AuditSQLURI != c.DatabaseURI {
			t.Errorf("%s: %s %s", name, c.EncFile, c.DatabaseURI.Reveal())
		}
		if len(c.TrustedJWT) != 2 || !c.TrustedJWT[1].StaticData {
			t.Errorf("%s: TrustedJWT = %+v", name, c.TrustedJWT)
		}
	}
}

// Each case is a file and the one error that Load gives.
func TestLoad_SaysWhatIsWrongAndWhere(t *testing.T) {
	const at = "/etc/edumfa/edumfa.cfg:"
	for _, c := range []struct{ name, file, want string }{
		{"statement", "A = 1\n\nif A:\n    B = 2\n", at + "3: the statement 'if' is not supported: write plain assignments"},
		{"function", "def f(x):\n    return x\nA = f(1)", at + "1: the statement 'def' is not supported: write plain assignments"},
		{"unknown name", "A = 1\nB = A + missing\n", at + "2: the name 'missing' is not known"},
		{"unknown function", "import datetime\nA = datetime.timedelta(1)", at + "2: the call of datetime.timedelta like this is not supported"},
		{"variable", "import os\nSECRET_KEY = os.environ['NO_KEY']", at + "2: the environment variable NO_KEY is not set"},
		{"unclosed bracket", "A = [1,\nB = 2\n", at + "2: unexpected '='"},
		{"unclosed string", "A = 'x\nB = 2\n", at + "1: the string is not closed at the end of the line"},
		{"unclosed long string", "A = 1\nB = '''x\n\n", at + "2: the string is never closed"},
		{"formatted string", "u = 'x'\nA = f'{u}'", at + "2: formatted strings (f'…') are not supported"},
		{"percent", "A = 'a%s' % 1", at + "1: unexpected '%'"},
		{"adding", "A = 'a' +\\\n 1", at + "1: cannot add a text and an integer"},
		{"unpacking", "A, B = 1, 2", at + "1: this kind of statement is not supported: write NAME = value"},
		{"item", "A = {}\nA['x'] = 1", at + "2: this kind of statement is not supported: write NAME = value"},
		{"indentation", "A = 1\n  B = 2", at + "2: indented blocks are not supported"},
		{"recursion", "exec(open(__file__).read())", at + " too many files are included"},
		{"missing include", "A = open('/nowhere').read()", at + "1: cannot read /nowhere: open /nowhere: file does not exist"},
		{"deep", "A = " + strings.Repeat("not ", 1000) + "1", at + "1: the expression is nested too deep"},
		{"text", "SECRET_KEY = 12", at + "1: SECRET_KEY: must be a text, not an integer"},
		{"list", "\nSUPERUSER_REALM = 'super'", at + "2: SUPERUSER_REALM: must be a list, not a text"},
		{"list of texts", "EDUMFA_NODES = [1]", at + "1: EDUMFA_NODES: must be a list of texts"},
		{"dict", "EDUMFA_HASH_ALGO_PARAMS = {'a': 'b'}", at + "1: EDUMFA_HASH_ALGO_PARAMS: the entry 'a' must be an integer"},
		{"URL", "SQLALCHEMY_DATABASE_URI = 'x.sqlite'", at + "1: SQLALCHEMY_DATABASE_URI: is no database URL: '://' is missing"},
		{"false text", "EDUMFA_AUDIT_NO_SIGN = 'False'", at + "1: EDUMFA_AUDIT_NO_SIGN: the text 'False' counts as true in Python: write False without quotes"},
		{"level", "EDUMFA_LOGLEVEL = 'loud'", at + "1: EDUMFA_LOGLEVEL: must be an integer, not a text"},
		{"token module", "EDUMFA_TOKEN_MODULES = 'my.tokens'", at + "1: EDUMFA_TOKEN_MODULES: 'my.tokens': token types in Python modules cannot be loaded"},
		{"hook", "EDUMFA_INIT_CHECK_HOOK = 'a.b'", at + "1: EDUMFA_INIT_CHECK_HOOK: a Python function cannot be called; without it operations would go unchecked, so remove the key only if that is meant"},
		{"security module", "EDUMFA_HSM_MODULE = 'my.Hsm'", at + "1: EDUMFA_HSM_MODULE: 'my.Hsm' is not available: Python classes cannot be loaded; known are the classes of edumfa.lib.security.default, aeshsm and encryptkey"},
		{"audit module", "EDUMFA_AUDIT_MODULE = 'my.audit'", at + "1: EDUMFA_AUDIT_MODULE: 'my.audit' is not available: Python modules cannot be loaded; known are edumfa.lib.auditmodules.sqlaudit, edumfa.lib.auditmodules.loggeraudit, edumfa.lib.auditmodules.containeraudit"},
		{"trusted token", "EDUMFA_TRUSTED_JWT = [{'public_key': 'x', 'algorithm': 'RS256'}]", at + "1: EDUMFA_TRUSTED_JWT: element 1: 'username' is missing"},
		{"timeout", "FIREBASE_READ_TIMEOUT = -1", at + "1: FIREBASE_READ_TIMEOUT: must be between 0 and 1000000000 seconds"},
		{"module as value", "import os\nEDUMFA_NODE = os.name", at + "2: EDUMFA_NODE: the value is not supported"},
		{"secret file", "SECRET_KEY_FILE = 'none'", at + "1: SECRET_KEY_FILE: cannot read /etc/edumfa/none: file does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, _, err := Load(environ{}.get, files{DefaultFile: c.file}.read)
			if err == nil || err.Error() != c.want || config != nil {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		})
	}
}

func TestLoad_EnvironmentCompletesTheFile(t *testing.T) {
	file := "SECRET_KEY = 'of the file'\nEDUMFA_PEPPER = 'p'\nEDUMFA_NODES = ['a']\nEDUMFA_PAGE_TITLE_FILE = 'x'\nEDUMFA_AUDIT_SQL_URI_FILE = 'audit.uri'\n"
	world := files{DefaultFile: file, "/run/secrets/db": "postgresql://u:p@h/d\r\n", "/etc/edumfa/audit.uri": "postgresql://audit/a\n"}
	c, warnings, err := Load(environ{
		"SECRET_KEY":                   "of the environment",
		"SQLALCHEMY_DATABASE_URI":      "sqlite:///loses",
		"SQLALCHEMY_DATABASE_URI_FILE": "/run/secrets/db",
		"EDUMFA_NODES":                 "['b', 'c']",
		"SUPERUSER_REALM":              "Super, admins",
		"EDUMFA_UI_DEACTIVATED":        "True",
		"EDUMFA_LOGLEVEL":              "warning",
		"EDUMFA_HASH_ALGO_PARAMS":      "{'argon2__rounds': 1}",
		"EDUMFA_AUDIT_POOL_SIZE":       "3",
		"FIREBASE_READ_TIMEOUT":        "0.25",
		"EDUMFA_PEPPER":                "",
		"EDUMFA_LDAP_WEAK_TLS":         "1",
	}.get, world.read)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(c.SecretKey.Reveal(), c.DatabaseURI.Reveal(), c.AuditSQLURI.Reveal(), c.Pepper.Reveal(), c.Nodes, c.SuperuserRealms,
		c.UI.Deactivated, c.LogLevel, c.HashParams, c.AuditEngine.PoolSize, c.FirebaseReadTimeout, c.LDAPWeakTLS)
	want := fmt.Sprintln("of the environment", "postgresql://u:p@h/d", "postgresql://audit/a", "p", []string{"b", "c"}, []string{"super", "admins"},
		true, 30, map[string]int{"argon2__rounds": 1}, 3, "250ms", true)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	warnings = slices.DeleteFunc(warnings, func(p Problem) bool { return p.Severity == Note })
	if len(warnings) != 2 || warnings[0].Key != "EDUMFA_PAGE_TITLE_FILE" || warnings[1].Key != "SECRET_KEY" {
		t.Errorf("warnings: %v", warnings)
	}
}

func TestLoad_RefusesBadVariables(t *testing.T) {
	for name, value := range map[string]string{
		"EDUMFA_AUDIT_NO_SIGN": "maybe", "EDUMFA_NODES": "['a'", "EDUMFA_HASH_ALGO_PARAMS": "{", "EDUMFA_AUDIT_POOL_SIZE": "many",
		"EDUMFA_ENCFILE_FILE": "/none", "EDUMFA_TOKEN_MODULES": "x",
	} {
		_, _, err := Load(environ{name: value}.get, files{}.read)
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s=%s: error %v", name, value, err)
		}
	}
}

func TestLoad_WithoutFile(t *testing.T) {
	c, warnings, err := Load(environ{"DATABASE_URL": "sqlite:////x"}.get, files{}.read)
	if err != nil || len(warnings) != 1 || c.DatabaseURI.Reveal() != "sqlite:////x" {
		t.Fatal(c, warnings, err)
	}
	if err := c.Complete(); err == nil || err.Error() != "SECRET_KEY is missing: sessions cannot be signed" {
		t.Errorf("Complete: %v", err)
	}
}

func TestLoad_Container(t *testing.T) {
	env := environ{
		"__EDUMFA_RUNNING_IN_CONTAINER": "1", "DB_DRIVER": "mysql+pymysql", "DB_USER": "u", "DB_PASSWORD_FILE": "/run/pw",
		"DB_HOSTNAME": "db", "DB_DATABASE": "edumfa", "SECRET_KEY": "k", "EDUMFA_PEPPER": "p",
	}
	c, warnings, err := Load(env.get, files{"/run/pw": "pw\n"}.read)
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	if c.DatabaseURI.Reveal() != "mysql+pymysql://u:pw@db/edumfa" || c.EncFile != "/etc/edumfa/enckey" || !c.AuditTruncate || c.Complete() != nil {
		t.Errorf("%+v", c)
	}
	delete(env, "DB_HOSTNAME")
	if _, _, err := Load(env.get, files{"/run/pw": "pw\n"}.read); err == nil || err.Error() != "the environment variable DB_HOSTNAME is not set" {
		t.Error(err)
	}
}

func TestCheck_ListsEverything(t *testing.T) {
	file := "if x:\n    y = 1\n    z = 2\nEDUMFA_NODES = 1\nEDUMFA_ENCFIL = 'x'\nEDUMFA_SOMETHING_ELSE = 1\nSESSION_COOKIE_SECURE = True\nEDUMFA_AUDIT_KEY_PUBLIC = 'pub'\nEDUMFA_AUDIT_MODULE = 'loggeraudit'\n"
	var got []string
	for _, p := range Check(environ{}.get, files{DefaultFile: file}.read) {
		got = append(got, p.Severity.String()+" "+p.Error())
	}
	const at = "/etc/edumfa/edumfa.cfg:"
	want := []string{
		"error " + at + "1: the statement 'if' is not supported: write plain assignments",
		"error " + at + "4: EDUMFA_NODES: must be a list, not an integer",
		"error " + at + " SECRET_KEY is missing: sessions cannot be signed",
		"error " + at + " SQLALCHEMY_DATABASE_URI is missing: there is no database",
		"error " + at + " EDUMFA_ENCFILE is missing: nothing can be encrypted",
		"error " + at + " EDUMFA_AUDIT_KEY_PRIVATE is missing: audit rows and replies cannot be signed",
		"warning " + at + "5: EDUMFA_ENCFIL: is not known; is EDUMFA_ENCFILE meant?",
		"warning " + at + "6: EDUMFA_SOMETHING_ELSE: is not known",
		"warning " + at + " EDUMFA_PEPPER: is not set: the well-known default is used",
		"warning EDUMFA_AUDIT_MODULE: audit rows in a log cannot be read again: searches find nothing, and the policies auth_max_fail and auth_max_success limit nothing",
		"warning EDUMFA_AUDIT_KEY_PUBLIC: cannot read /etc/edumfa/pub: file does not exist",
		"note " + at + "7: SESSION_COOKIE_SECURE: is not read: it belongs to a library of the reference server",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What the server does not do is refused at the start, not passed over.
func TestComplete_RefusesWhatIsNotDone(t *testing.T) {
	complete := "SECRET_KEY = 'k'\nSQLALCHEMY_DATABASE_URI = 'postgresql://u:hidden@h/d'\nEDUMFA_ENCFILE = 'e'\n" +
		"EDUMFA_AUDIT_KEY_PRIVATE = 'a'\nEDUMFA_AUDIT_KEY_PUBLIC = 'b'\n"
	for _, c := range []struct {
		name, text string
		want       string // begin of the error, "" is none
	}{
		{"nothing special", "", ""},
		{"replies are signed, audit rows are not", "EDUMFA_AUDIT_KEY_PRIVATE = None\nEDUMFA_AUDIT_NO_SIGN = True\n", "EDUMFA_AUDIT_KEY_PRIVATE "},
		{"nothing is signed", "EDUMFA_AUDIT_KEY_PRIVATE = None\nEDUMFA_AUDIT_NO_SIGN = EDUMFA_NO_RESPONSE_SIGN = True\n", ""},
		{"the same database for the audit log", "EDUMFA_AUDIT_SQL_URI = SQLALCHEMY_DATABASE_URI\n", ""},
		{"another database for the audit log", "EDUMFA_AUDIT_SQL_URI = 'postgresql://u:hidden@h/audit'\n", ""},
		{"audit rows in a log file", "EDUMFA_AUDIT_MODULE = 'edumfa.lib.auditmodules.loggeraudit'\n", ""},
		{"audit rows in the database and a log file", "EDUMFA_AUDIT_MODULE = 'edumfa.lib.auditmodules.containeraudit'\n" +
			"EDUMFA_AUDIT_CONTAINER_WRITE = ['edumfa.lib.auditmodules.sqlaudit', 'edumfa.lib.auditmodules.loggeraudit']\n" +
			"EDUMFA_AUDIT_CONTAINER_READ = 'edumfa.lib.auditmodules.sqlaudit'\n", ""},
		{"a container without modules", "EDUMFA_AUDIT_MODULE = 'edumfa.lib.auditmodules.containeraudit'\n", "EDUMFA_AUDIT_MODULE: "},
		{"a chain of checkpoints", "EDUMFA_AUDIT_CHAIN = True\n", ""},
		{"a chain without signatures", "EDUMFA_AUDIT_CHAIN = True\nEDUMFA_AUDIT_NO_SIGN = True\n", "EDUMFA_AUDIT_CHAIN: "},
		{"a chain of rows in a log", "EDUMFA_AUDIT_CHAIN = True\nEDUMFA_AUDIT_MODULE = 'loggeraudit'\n", "EDUMFA_AUDIT_CHAIN: "},
		{"rows in a log for syslog", "EDUMFA_AUDIT_SYSLOG = 'udp://h'\nEDUMFA_AUDIT_MODULE = 'loggeraudit'\n", "EDUMFA_AUDIT_SYSLOG: "},
		{"keys in hardware", "EDUMFA_HSM_MODULE = 'edumfa.lib.security.aeshsm.AESHardwareSecurityModule'\n", "EDUMFA_HSM_MODULE: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := files{DefaultFile: complete + c.text}
			config, _, err := Load(environ{}.get, world.read)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := config.Complete(); err != nil {
				got = err.Error()
			}
			if (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) || strings.Contains(got, "hidden") {
				t.Errorf("got %q, want %q", got, c.want)
			}
			named := slices.ContainsFunc(Check(environ{}.get, world.read), func(p Problem) bool { return p.Severity == Error })
			if named != (c.want != "") {
				t.Errorf("the check finds an error: %t", named)
			}
		})
	}
}

func TestDataDir_FillsWhatIsAbsent(t *testing.T) {
	c, _, err := Load(environ{"EDUMFA_DATA_DIR": "/d", "EDUMFA_LOGFILE": "/l", "SECRET_KEY": "k"}.get, files{}.read)
	if err != nil || c.Complete() != nil {
		t.Fatal(err)
	}
	if c.EncFile != "/d/enckey" || c.DatabaseURI.Reveal() != "sqlite:////d/edumfa.sqlite" || c.LogFile != "/l" || c.ScriptDir != "/d/scripts" {
		t.Errorf("%+v", c)
	}
}

// Every key of everything.cfg is declared and every declared key is in it.
func TestKeys_AreComplete(t *testing.T) {
	text := testdata(t, "everything.cfg")
	seen := map[string]bool{}
	for _, k := range Keys() {
		if seen[k.Name] {
			t.Errorf("%s is declared twice", k.Name)
		}
		seen[k.Name] = true
		if !strings.Contains(text, "\n"+k.Name+" = ") {
			t.Errorf("%s is not in everything.cfg", k.Name)
		}
		if k.Help == "" || (k.Use == Read) != (k.Reason == "") || k.Use != Ignored && k.decode == nil {
			t.Errorf("%s is declared incompletely", k.Name)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"EDUMFA_NODE", "EDUMFA_NODES", "EDUMFA_LOGFILE", "SECRET_KEY"}
	for name, want := range map[string]string{"EDUMFA_NODEZ": "EDUMFA_NODE", "EDUMFA_LOG_FILE": "EDUMFA_LOGFILE", "SECRETKEY": "SECRET_KEY", "EDUMFA_XYZZY_A": "", "X": ""} {
		if got := nearest(name, known); got != want {
			t.Errorf("nearest(%s) = %q, want %q", name, got, want)
		}
	}
}

// FuzzLoad: no file makes the program panic or run away, and an error is one
// line.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"packaged.cfg", "programmed.cfg", "everything.cfg", "fixture/edumfa.cfg", "fixture/original.cfg"} {
		f.Add(testdata(f, name))
	}
	f.Add("A = B = 'x' if not 1 in (1,) and 2 or [] else {1}\nA += B; pass")
	f.Add("SECRET_KEY = ''.join(['a', 'b']).replace('a', 'c').upper()[0]")
	f.Fuzz(func(t *testing.T, text string) {
		read := files{DefaultFile: text, "/etc/edumfa/original.cfg": text}.read
		c, _, err := Load(environ{"DBUSER": "u"}.get, read)
		if (c == nil) == (err == nil) {
			t.Fatalf("%v, %v", c, err)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("more than one line: %q", err)
		}
		Check(environ{}.get, read)
	})
}
