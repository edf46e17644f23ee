package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"edumfa/internal/pyliteral"
	"edumfa/internal/secret"
)

// DefaultFile is read when EDUMFA_CONFIGFILE does not name another one.
const DefaultFile = "/etc/edumfa/edumfa.cfg"

// Load reads the configuration: defaults, then the file, then the environment.
//
// The file is the one named in EDUMFA_CONFIGFILE, else [DefaultFile]; that it is
// missing is only a warning. Every key may also be an environment variable of
// the same name, which takes precedence: a text as it is, a bool, number, list
// or dict as in the file, a list also as texts with commas. <KEY>_FILE names a
// file that holds the value, whose last line end is cut off: as an environment
// variable for every key, in the configuration file for secrets. DATABASE_URL or
// DB_DRIVER, DB_USER, DB_PASSWORD, DB_HOSTNAME and DB_DATABASE complete a missing
// SQLALCHEMY_DATABASE_URI.
//
// Relative paths, those of SQLite URLs included, begin at the folder of the file
// that has them, and at the working directory for environment variables.
//
// The error is the first [Problem] of severity [Error]. Missing keys are none
// here, because some commands do without: see [Config.Complete].
func Load(env func(string) (string, bool), readFile func(string) ([]byte, error)) (*Config, []Warning, error) {
	l := load(env, readFile)
	var warnings []Warning
	for _, p := range l.problems {
		if p.Severity == Error {
			return nil, nil, p
		}
		warnings = append(warnings, p)
	}
	return l.config, warnings, nil
}

// Check lists everything there is to say about the configuration, missing keys
// and unreadable key files included; errors first.
func Check(env func(string) (string, bool), readFile func(string) ([]byte, error)) []Problem {
	l := load(env, readFile)
	for _, text := range append(l.config.missing(), l.config.refused()...) {
		l.add(Error, l.config.File, 0, "", "%s", text)
	}
	c := l.config
	if _, read := c.AuditModules(); !read {
		l.add(Warn, "", 0, "EDUMFA_AUDIT_MODULE", "audit rows in a log cannot be read again: searches find nothing, and the policies auth_max_fail and auth_max_success limit nothing")
	}
	for _, f := range []struct{ key, name string }{
		{"EDUMFA_ENCFILE", c.EncFile}, {"EDUMFA_AUDIT_KEY_PRIVATE", c.AuditKeyPrivate}, {"EDUMFA_AUDIT_KEY_PUBLIC", c.AuditKeyPublic},
	} {
		if f.name == "" {
			continue
		}
		if _, err := readFile(f.name); err != nil {
			l.add(Warn, "", 0, f.key, "cannot read %s: %s", f.name, reason(err))
		}
	}
	slices.SortStableFunc(l.problems, func(a, b Problem) int { return int(b.Severity) - int(a.Severity) })
	return l.problems
}

// Complete returns an error that names the first required key that is missing,
// or the first one that asks for what the server cannot do.
func (c *Config) Complete() error {
	if all := append(c.missing(), c.refused()...); len(all) > 0 {
		return errors.New(all[0])
	}
	return nil
}

// refused lists the keys whose values ask for what the server does not do and
// must not pass over: keys in hardware, and audit rows that go nowhere.
func (c *Config) refused() []string {
	var all []string
	if c.HSM.Module != "default" {
		all = append(all, "EDUMFA_HSM_MODULE: keys in hardware cannot be used; only the default security module, a key file, is there")
	}
	if c.AuditModule == "containeraudit" && (len(c.AuditContainerWrite) == 0 || c.AuditContainerRead == "") {
		all = append(all, "EDUMFA_AUDIT_MODULE: the container audit needs EDUMFA_AUDIT_CONTAINER_WRITE and EDUMFA_AUDIT_CONTAINER_READ")
	}
	if write, _ := c.AuditModules(); c.AuditChain && (c.AuditNoSign || !slices.Contains(write, "sqlaudit")) {
		all = append(all, "EDUMFA_AUDIT_CHAIN: checkpoints are signed and name rows of the database, which EDUMFA_AUDIT_NO_SIGN or EDUMFA_AUDIT_MODULE leave out")
	}
	if write, _ := c.AuditModules(); c.AuditSyslog != "" && !slices.Contains(write, "sqlaudit") {
		all = append(all, "EDUMFA_AUDIT_SYSLOG: rows are sent from the database, which EDUMFA_AUDIT_MODULE leaves out")
	}
	return all
}

// AuditModules lists the modules that audit rows are written to, and whether they
// are read from the database.
func (c *Config) AuditModules() (write []string, read bool) {
	if c.AuditModule == "containeraudit" {
		return c.AuditContainerWrite, c.AuditContainerRead == "sqlaudit"
	}
	return []string{c.AuditModule}, c.AuditModule == "sqlaudit"
}

func (c *Config) missing() []string {
	var all []string
	need := func(ok bool, key, why string) {
		if !ok {
			all = append(all, fmt.Sprintf("%s is missing: %s", key, why))
		}
	}
	need(!c.SecretKey.Empty(), "SECRET_KEY", "sessions cannot be signed")
	need(!c.DatabaseURI.Empty(), "SQLALCHEMY_DATABASE_URI", "there is no database")
	need(c.EncFile != "" || c.HSM.Module != "default", "EDUMFA_ENCFILE", "nothing can be encrypted")
	need(c.AuditKeyPrivate != "" || c.AuditNoSign && c.NoResponseSign, "EDUMFA_AUDIT_KEY_PRIVATE", "audit rows and replies cannot be signed")
	need(c.AuditKeyPublic != "" || c.AuditNoSign, "EDUMFA_AUDIT_KEY_PUBLIC", "audit signatures cannot be checked")
	return all
}

// loader collects a configuration and its problems.
type loader struct {
	env      func(string) (string, bool)
	readFile func(string) ([]byte, error)
	dir      string // working directory
	config   *Config
	problems []Problem
	given    map[string]bool // keys that have a value
}

func load(env func(string) (string, bool), readFile func(string) ([]byte, error)) *loader {
	dir, err := os.Getwd()
	if err != nil {
		dir = "/"
	}
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "localhost"
	}
	l := &loader{env: env, readFile: readFile, dir: dir, config: Default(), given: map[string]bool{}}
	l.file(hostname)
	l.environment()
	l.complete()
	return l
}

func (l *loader) add(s Severity, file string, line int, key, format string, args ...any) {
	l.problems = append(l.problems, Problem{s, file, line, key, fmt.Sprintf(format, args...)})
}

// file reads the configuration file, if there is one.
func (l *loader) file(hostname string) {
	name, named := l.env("EDUMFA_CONFIGFILE")
	if !named || name == "" {
		name = DefaultFile
	}
	p := newProgram(l.env, l.readFile, l.dir, hostname)
	name = p.absolute(name)
	text, err := l.readFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if container, _ := l.env("__EDUMFA_RUNNING_IN_CONTAINER"); container == "" || named {
			l.add(Warn, name, 0, "", "there is no such file; the configuration comes from the environment alone")
		} else {
			l.container()
		}
		return
	}
	if err != nil {
		l.add(Error, name, 0, "", "cannot be read: %s", reason(err))
		return
	}
	l.config.File = name
	p.run(name, string(text))
	l.problems = append(l.problems, p.problems...)
	l.apply(p)
	slices.SortStableFunc(l.problems, func(a, b Problem) int { return a.Line - b.Line })
}

// reason leaves out the file name that errors of package os repeat.
func reason(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}

// apply takes over the keys of the file. What it only imported is none.
func (l *loader) apply(p *program) {
	keys := Keys()
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
		b, ok := p.names[k.Name]
		if ok {
			l.set(k, b.value, b.file, b.line)
		}
		if f, fromFile := p.names[k.Name+"_FILE"]; fromFile && k.secret() {
			if ok {
				l.add(Warn, f.file, f.line, k.Name+"_FILE", "is used, and %s is not", k.Name)
			}
			l.setFrom(k, f.value, f.file, f.line)
		}
	}
	var others []string
	for name, b := range p.names {
		base := strings.TrimSuffix(name, "_FILE")
		if b.line > 0 && isKey(name) && !slices.Contains(names, name) && !slices.ContainsFunc(keys, func(k Key) bool { return k.Name == base && k.secret() }) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	for _, name := range others {
		l.unknown(name, p.names[name], names)
	}
}

func (k Key) secret() bool { return k.Type == Secret || k.Type == URI }

// unknown tells what becomes of a key that is not declared.
func (l *loader) unknown(name string, b binding, names []string) {
	near := nearest(name, names)
	switch {
	case strings.HasPrefix(name, "EDUMFA_JOB_QUEUE_"):
		l.add(Note, b.file, b.line, name, "is not needed: the job queue is kept in the database")
	case near != "":
		l.add(Warn, b.file, b.line, name, "is not known; is %s meant?", near)
	case strings.HasPrefix(name, "EDUMFA_"):
		l.add(Warn, b.file, b.line, name, "is not known")
	default:
		l.add(Note, b.file, b.line, name, "is not read: it belongs to a library of the reference server")
	}
}

// set decodes one value. None leaves the default, as if the key were absent.
func (l *loader) set(k Key, value any, file string, line int) {
	if value == nil {
		return
	}
	l.given[k.Name] = true
	in := input{value: value, base: l.dir, warn: func(format string, args ...any) {
		l.add(Warn, file, line, k.Name, format, args...)
	}}
	if file != "" {
		in.base = filepath.Dir(file)
	}
	switch value.(type) {
	case symbol, method, openFile:
		l.add(Error, file, line, k.Name, "the value is not supported")
		return
	}
	if k.decode != nil {
		if err := k.decode(l.config, in); err != nil {
			l.add(Error, file, line, k.Name, "%s", err)
			return
		}
	}
	if k.Use == Ignored {
		l.add(Note, file, line, k.Name, "has no effect: %s", k.Reason)
	}
}

// setFrom sets a key to the content of the file that name names.
func (l *loader) setFrom(k Key, name any, file string, line int) {
	path, ok := name.(string)
	if !ok || path == "" {
		l.add(Error, file, line, k.Name+"_FILE", "must be a path")
		return
	}
	if !filepath.IsAbs(path) {
		base := l.dir
		if file != "" {
			base = filepath.Dir(file)
		}
		path = filepath.Join(base, path)
	}
	content, err := l.readFile(path)
	if err != nil {
		l.add(Error, file, line, k.Name+"_FILE", "cannot read %s: %s", path, reason(err))
		return
	}
	l.setText(k, strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r"), file, line)
}

// setText sets a key to a text from outside the configuration file.
func (l *loader) setText(k Key, text, file string, line int) {
	value, err := fromText(k.Type, text)
	if err != nil {
		l.add(Error, file, line, k.Name, "the environment variable or file cannot be read: %s", err)
		return
	}
	l.set(k, value, file, line)
}

// environment takes over the variables that are named as keys. An empty
// variable is as good as none.
func (l *loader) environment() {
	for _, k := range Keys() {
		if name, ok := l.env(k.Name + "_FILE"); ok && name != "" {
			l.setFrom(k, name, "", 0)
			continue
		}
		if text, ok := l.env(k.Name); ok && text != "" {
			if k.Name == "SECRET_KEY" && !l.config.SecretKey.Empty() && !l.config.SecretKey.Equal(text) {
				l.add(Warn, "", 0, k.Name, "the environment variable is used; the reference server prefers the value of the file")
			}
			l.setText(k, text, "", 0)
		}
	}
	if text, ok := l.env("EDUMFA_LDAP_WEAK_TLS"); ok && text != "" {
		l.config.LDAPWeakTLS = true
	}
}

// fromText reads an environment variable for a key of type t.
func fromText(t Type, text string) (any, error) {
	switch t {
	case Bool:
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "1", "true", "yes", "on":
			return true, nil
		case "0", "false", "no", "off", "none":
			return false, nil
		}
		return nil, errors.New("must be True or False")
	case List:
		trimmed := strings.TrimSpace(text)
		if strings.HasPrefix(trimmed, "[") || strings.HasPrefix(trimmed, "(") || strings.HasPrefix(trimmed, "{") {
			return pyliteral.Parse(trimmed)
		}
		return splitList(text), nil
	case Dict:
		return pyliteral.Parse(strings.TrimSpace(text))
	}
	return text, nil
}

// container sets what the reference server's container image has in its own
// configuration file; the environment completes it.
func (l *loader) container() {
	c := l.config
	c.SuperuserRealms = []string{"super", "administrators"}
	c.EncFile = "/etc/edumfa/enckey"
	c.AuditKeyPrivate = "/etc/edumfa/private.pem"
	c.AuditKeyPublic = "/etc/edumfa/public.pem"
	c.AuditTruncate = true
}

// complete fills what follows from other keys.
func (l *loader) complete() {
	c := l.config
	if c.DatabaseURI.Empty() {
		l.databaseFromParts()
	}
	if c.DataDir != "" {
		c.useDataDir(l.given)
	}
	if c.AuditSQLURI.Empty() {
		c.AuditSQLURI = c.DatabaseURI
	}
	if c.MonitoringURI.Empty() {
		c.MonitoringURI = c.DatabaseURI
	}
	if !l.given["EDUMFA_AUDIT_SQL_OPTIONS"] {
		own := c.AuditEngine
		c.AuditEngine = c.EngineOptions
		if l.given["EDUMFA_AUDIT_POOL_SIZE"] || c.AuditEngine.PoolSize == 0 {
			c.AuditEngine.PoolSize = own.PoolSize
		}
		if l.given["EDUMFA_AUDIT_POOL_RECYCLE"] || c.AuditEngine.PoolRecycle == 0 {
			c.AuditEngine.PoolRecycle = own.PoolRecycle
		}
	}
	c.LogToFile = l.given["EDUMFA_LOGFILE"]
	if c.Node == "" {
		c.Node = c.AuditServerName
	}
	if c.Node != "" && !slices.Contains(c.Nodes, c.Node) {
		c.Nodes = append(c.Nodes, c.Node)
	}
	if !l.given["EDUMFA_PEPPER"] && c.File != "" {
		l.add(Warn, c.File, 0, "EDUMFA_PEPPER", "is not set: the well-known default is used")
	}
}

// databaseFromParts composes the database URL as the container image does. The
// parts are not escaped.
func (l *loader) databaseFromParts() {
	in := input{base: l.dir}
	if uri, ok := l.env("DATABASE_URL"); ok && uri != "" {
		l.config.DatabaseURI = secret.New(resolveSQLite(in, uri))
		return
	}
	if _, ok := l.part("DB_DRIVER"); !ok {
		return
	}
	parts := map[string]string{}
	for _, name := range []string{"DB_DRIVER", "DB_USER", "DB_PASSWORD", "DB_HOSTNAME", "DB_DATABASE"} {
		v, ok := l.part(name)
		if !ok {
			l.add(Error, "", 0, "", "the environment variable %s is not set", name)
			return
		}
		parts[name] = v
	}
	l.config.DatabaseURI = secret.New(fmt.Sprintf("%s://%s:%s@%s/%s",
		parts["DB_DRIVER"], parts["DB_USER"], parts["DB_PASSWORD"], parts["DB_HOSTNAME"], parts["DB_DATABASE"]))
}

// part returns an environment variable or the content of the file that
// <name>_FILE names, blanks around it cut off as in the container image.
func (l *loader) part(name string) (string, bool) {
	if file, ok := l.env(name + "_FILE"); ok && file != "" {
		content, err := l.readFile(file)
		if err != nil {
			l.add(Error, "", 0, name+"_FILE", "cannot read %s: %s", file, reason(err))
			return "", false
		}
		return strings.TrimSpace(string(content)), true
	}
	v, ok := l.env(name)
	return v, ok && v != ""
}

// useDataDir sets paths that have no key of their own to files in DataDir.
func (c *Config) useDataDir(given map[string]bool) {
	in := func(name string) string { return filepath.Join(c.DataDir, name) }
	if c.EncFile == "" {
		c.EncFile = in("enckey")
	}
	if c.AuditKeyPrivate == "" {
		c.AuditKeyPrivate = in("private.pem")
	}
	if c.AuditKeyPublic == "" {
		c.AuditKeyPublic = in("public.pem")
	}
	if c.DatabaseURI.Empty() {
		c.DatabaseURI = secret.New("sqlite:///" + in("edumfa.sqlite"))
	}
	for key, path := range map[string]*string{
		"EDUMFA_LOGFILE": &c.LogFile, "EDUMFA_GNUPG_HOME": &c.GnuPGHome, "EDUMFA_SCRIPT_HANDLER_DIRECTORY": &c.ScriptDir,
		"EDUMFA_SCRIPT_SMSPROVIDER_DIRECTORY": &c.SMSScriptDir, "EDUMFA_NOTIFICATION_HANDLER_SPOOLDIRECTORY": &c.SpoolDir,
	} {
		if !given[key] {
			*path = in(filepath.Base(*path))
		}
	}
}
