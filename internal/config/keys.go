package config

import (
	"strings"
	"time"

	"edumfa/internal/secret"
)

// Type is the type of a key's value.
type Type int

// The types. In environment variables a List is a Python list or texts with
// commas, a Dict is a Python literal.
const (
	Text Type = iota
	Secret
	Path
	URI
	Bool
	Int
	Seconds
	Level
	List
	Dict
)

// Use tells what becomes of a key.
type Use int

// The uses.
const (
	Read    Use = iota // the key does what it says
	Ignored            // accepted without effect; Reason says why
	Refused            // a value that asks for something is an error; Reason says why
)

// Key declares one key of the configuration file.
type Key struct {
	Name    string
	Type    Type
	Default string // as in the file; "" is none
	Use     Use
	Reason  string // why it is ignored or refused
	Help    string // one line
	decode  decoder
}

const (
	reasonUI     = "templates of the reference server's web pages do not fit these pages"
	reasonEngine = "there is one pool of connections per process in any case"
	reasonKey    = "the key is checked once at start, which costs nothing later"
	reasonLater  = "what it is for is not built yet"
)

// Keys lists all keys. The order is that of the manual.
func Keys() []Key {
	var all []Key
	for _, group := range [][]Key{basicKeys(), hsmKeys(), auditKeys(), serverKeys(), serviceKeys(), uiKeys()} {
		all = append(all, group...)
	}
	return all
}

func basicKeys() []Key {
	return []Key{
		{Name: "SECRET_KEY", Type: Secret, Help: "HMAC key of session tokens, API keys and passkey challenges; required",
			decode: secretText(func(c *Config) *secret.String { return &c.SecretKey })},
		{Name: "SUPERUSER_REALM", Type: List, Default: "['superuser']", Help: "realms whose users are administrators",
			decode: superuserRealms},
		{Name: "SQLALCHEMY_DATABASE_URI", Type: URI, Help: "SQLAlchemy URL of the database; required",
			decode: databaseURI(func(c *Config) *secret.String { return &c.DatabaseURI })},
		{Name: "SQLALCHEMY_ENGINE_OPTIONS", Type: Dict, Default: "{}", Help: "pool_size, max_overflow, pool_recycle, pool_timeout, pool_pre_ping of the database",
			decode: engineOptions(func(c *Config) *EngineOptions { return &c.EngineOptions })},
		{Name: "EDUMFA_ENCFILE", Type: Path, Help: "file with the encryption keys; required with the default security module",
			decode: filePath(func(c *Config) *string { return &c.EncFile })},
		{Name: "EDUMFA_PEPPER", Type: Secret, Default: "'Never know...'", Help: "goes in front of administrator passwords before hashing",
			decode: secretText(func(c *Config) *secret.String { return &c.Pepper })},
		{Name: "EDUMFA_HASH_ALGO_LIST", Type: List, Default: "['argon2', 'pbkdf2_sha512']", Help: "password hash schemes; the first one hashes, all verify",
			decode: hashSchemes},
		{Name: "EDUMFA_HASH_ALGO_PARAMS", Type: Dict, Default: "{}", Help: "parameters of the schemes; without any, Argon2id at 19 MiB, 2 passes, 1 lane",
			decode: func(c *Config, in input) error { return numbers(in, c.HashParams) }},
		{Name: "EDUMFA_HASH_QUEUE", Type: Dict, Default: "{'parallel': 0, 'waiting': 64}", Help: "how many hashes are computed at the same time (0: processors) and how many requests may wait",
			decode: hashQueue},
	}
}

func hsmKeys() []Key {
	return []Key{
		{Name: "EDUMFA_HSM_MODULE", Type: Text, Default: "'edumfa.lib.security.default.DefaultSecurityModule'", Help: "security module",
			decode: hsmModule},
		{Name: "EDUMFA_HSM_MODULE_MODULE", Type: Path, Help: "PKCS#11 library", decode: filePath(func(c *Config) *string { return &c.HSM.Library })},
		{Name: "EDUMFA_HSM_MODULE_SLOT", Type: Int, Help: "slot number", decode: integer(func(c *Config) *int { return &c.HSM.Slot })},
		{Name: "EDUMFA_HSM_MODULE_SLOTNAME", Type: Text, Help: "label of the slot", decode: text(func(c *Config) *string { return &c.HSM.SlotName })},
		{Name: "EDUMFA_HSM_MODULE_PASSWORD", Type: Secret, Help: "PIN of the slot", decode: secretText(func(c *Config) *secret.String { return &c.HSM.Password })},
		{Name: "EDUMFA_HSM_MODULE_KEY_LABEL", Type: Text, Default: "'eduMFA'", Help: "prefix of the labels of the three keys", decode: text(func(c *Config) *string { return &c.HSM.KeyLabel })},
		{Name: "EDUMFA_HSM_MODULE_KEY_LABEL_TOKEN", Type: Text, Help: "label of the token key", decode: text(func(c *Config) *string { return &c.HSM.KeyLabelToken })},
		{Name: "EDUMFA_HSM_MODULE_KEY_LABEL_CONFIG", Type: Text, Help: "label of the config key", decode: text(func(c *Config) *string { return &c.HSM.KeyLabelConfig })},
		{Name: "EDUMFA_HSM_MODULE_KEY_LABEL_VALUE", Type: Text, Help: "label of the value key", decode: text(func(c *Config) *string { return &c.HSM.KeyLabelValue })},
		{Name: "EDUMFA_HSM_MODULE_KEYID", Type: Int, Help: "id of the RSA key", decode: integer(func(c *Config) *int { return &c.HSM.KeyID })},
		{Name: "EDUMFA_HSM_MODULE_KEYLABEL", Type: Text, Help: "label of the RSA key", decode: text(func(c *Config) *string { return &c.HSM.RSAKeyLabel })},
		{Name: "EDUMFA_HSM_MODULE_ENCFILE", Type: Path, Help: "key file encrypted with the RSA key", decode: filePath(func(c *Config) *string { return &c.HSM.EncFile })},
		{Name: "EDUMFA_HSM_MODULE_LOCK_DIR", Type: Path, Default: "'/dev/shm/pilock'", Help: "folder for lock files", decode: filePath(func(c *Config) *string { return &c.HSM.LockDir })},
		{Name: "EDUMFA_HSM_MODULE_TIMEOUT", Type: Seconds, Default: "15", Help: "longest wait for the lock", decode: seconds(func(c *Config) *time.Duration { return &c.HSM.Timeout })},
		{Name: "EDUMFA_HSM_MODULE_MAX_RETRIES", Type: Int, Default: "5", Help: "attempts after a lost session", decode: integer(func(c *Config) *int { return &c.HSM.MaxRetries })},
	}
}

func auditKeys() []Key {
	const modules = "edumfa.lib.auditmodules."
	return []Key{
		{Name: "EDUMFA_AUDIT_MODULE", Type: Text, Default: "'edumfa.lib.auditmodules.sqlaudit'", Help: "where the audit log goes",
			decode: oneOf(func(c *Config) *string { return &c.AuditModule }, modules, "sqlaudit", "loggeraudit", "containeraudit")},
		{Name: "EDUMFA_AUDIT_KEY_PRIVATE", Type: Path, Help: "RSA key that signs audit rows and replies", decode: filePath(func(c *Config) *string { return &c.AuditKeyPrivate })},
		{Name: "EDUMFA_AUDIT_KEY_PUBLIC", Type: Path, Help: "its public key", decode: filePath(func(c *Config) *string { return &c.AuditKeyPublic })},
		{Name: "EDUMFA_AUDIT_SERVERNAME", Type: Text, Help: "audit column edumfa_server", decode: text(func(c *Config) *string { return &c.AuditServerName })},
		{Name: "EDUMFA_AUDIT_SQL_URI", Type: URI, Help: "database of the audit table, if it is another one", decode: databaseURI(func(c *Config) *secret.String { return &c.AuditSQLURI })},
		{Name: "EDUMFA_AUDIT_SQL_OPTIONS", Type: Dict, Help: "as SQLALCHEMY_ENGINE_OPTIONS, which is the default, for a database of the audit log alone", decode: engineOptions(func(c *Config) *EngineOptions { return &c.AuditEngine })},
		{Name: "EDUMFA_AUDIT_POOL_SIZE", Type: Int, Default: "20", Help: "connections to a database of the audit log alone", decode: integer(func(c *Config) *int { return &c.AuditEngine.PoolSize })},
		{Name: "EDUMFA_AUDIT_POOL_RECYCLE", Type: Seconds, Default: "600", Use: Ignored, Reason: "connections end when they were not used for some minutes", Help: "their greatest age", decode: seconds(func(c *Config) *time.Duration { return &c.AuditEngine.PoolRecycle })},
		{Name: "EDUMFA_AUDIT_SQL_TRUNCATE", Type: Bool, Default: "False", Use: Ignored, Reason: "values are always cut, because the database would refuse longer ones and lose the row", Help: "cut values to the column lengths", decode: onOff(func(c *Config) *bool { return &c.AuditTruncate })},
		{Name: "EDUMFA_AUDIT_SQL_COLUMN_LENGTH", Type: Dict, Default: "{}", Help: "lengths of widened columns",
			decode: func(c *Config, in input) error { return numbers(in, c.AuditColumnLengths) }},
		{Name: "EDUMFA_AUDIT_NO_SIGN", Type: Bool, Default: "False", Help: "write no audit signatures", decode: onOff(func(c *Config) *bool { return &c.AuditNoSign })},
		{Name: "EDUMFA_AUDIT_NO_PRIVATE_KEY_CHECK", Type: Bool, Use: Ignored, Reason: reasonKey, Help: "skip the test of the audit key"},
		{Name: "EDUMFA_RESPONSE_NO_PRIVATE_KEY_CHECK", Type: Bool, Use: Ignored, Reason: reasonKey, Help: "skip the test of the key for replies"},
		{Name: "EDUMFA_CHECK_OLD_SIGNATURES", Type: Bool, Default: "False", Help: "accept audit signatures of the old form", decode: onOff(func(c *Config) *bool { return &c.CheckOldSignatures })},
		{Name: "EDUMFA_REDUCE_SQLAUDIT", Type: Bool, Default: "False", Help: "drop anonymous audit rows of passkey challenges and events", decode: onOff(func(c *Config) *bool { return &c.ReduceAudit })},
		{Name: "EDUMFA_AUDIT_CONTAINER_WRITE", Type: List, Help: "modules the container audit writes to", decode: containerWrite(modules)},
		{Name: "EDUMFA_AUDIT_CONTAINER_READ", Type: Text, Help: "module the container audit reads from",
			decode: oneOf(func(c *Config) *string { return &c.AuditContainerRead }, modules, "sqlaudit", "loggeraudit")},
		{Name: "EDUMFA_AUDIT_LOGGER_QUALNAME", Type: Text, Default: "'edumfa.lib.auditmodules.loggeraudit'", Help: "logger of the logger audit", decode: text(func(c *Config) *string { return &c.AuditLoggerName })},
		{Name: "EDUMFA_AUDIT_CHAIN", Type: Bool, Default: "False", Help: "seal audit rows by signed checkpoints instead of a signature each; see docs/audit.md", decode: onOff(func(c *Config) *bool { return &c.AuditChain })},
		{Name: "EDUMFA_AUDIT_ANCHOR", Type: Path, Help: "file that keeps the newest checkpoint of the audit log, out of reach of the database's administrators", decode: filePath(func(c *Config) *string { return &c.AuditAnchor })},
		{Name: "EDUMFA_AUDIT_SYSLOG", Type: Text, Help: "syslog server that gets all audit rows, such as tls://siem.example.com:6514?format=json; see docs/audit.md", decode: text(func(c *Config) *string { return &c.AuditSyslog })},
		{Name: "EDUMFA_NO_RESPONSE_SIGN", Type: Bool, Default: "False", Help: "leave replies unsigned", decode: onOff(func(c *Config) *bool { return &c.NoResponseSign })},
	}
}

// containerWrite reads a list of audit modules.
func containerWrite(prefix string) decoder {
	return func(c *Config, in input) error {
		all, err := texts(in)
		if err != nil {
			return err
		}
		c.AuditContainerWrite = nil
		for _, module := range all {
			var name string
			one := input{value: module, base: in.base, warn: in.warn}
			if err := oneOf(func(*Config) *string { return &name }, prefix, "sqlaudit", "loggeraudit")(c, one); err != nil {
				return err
			}
			c.AuditContainerWrite = append(c.AuditContainerWrite, name)
		}
		return nil
	}
}

func serverKeys() []Key {
	const hook = "a Python function cannot be called; without it operations would go unchecked, so remove the key only if that is meant"
	return []Key{
		{Name: "EDUMFA_TRUSTED_JWT", Type: List, Default: "[]", Help: "keys of other applications whose tokens are accepted", decode: trustedJWT},
		{Name: "EDUMFA_NODE", Type: Text, Help: "name of this node; default EDUMFA_AUDIT_SERVERNAME", decode: text(func(c *Config) *string { return &c.Node })},
		{Name: "EDUMFA_NODES", Type: List, Default: "[]", Help: "all nodes", decode: list(func(c *Config) *[]string { return &c.Nodes })},
		{Name: "EDUMFA_CHECK_RELOAD_CONFIG", Type: Seconds, Default: "0", Help: "how long settings of the database are used unchecked", decode: seconds(func(c *Config) *time.Duration { return &c.CheckReload })},
		{Name: "EDUMFA_LISTEN", Type: Text, Default: "'127.0.0.1:5000'", Help: "address of the server", decode: text(func(c *Config) *string { return &c.Listen })},
		{Name: "EDUMFA_METRICS_LISTEN", Type: Text, Help: "address that serves /metrics for Prometheus, such as 127.0.0.1:9180; whoever reaches it may read it", decode: text(func(c *Config) *string { return &c.MetricsListen })},
		{Name: "EDUMFA_DATA_DIR", Type: Path, Help: "folder of keys, database and log where their own keys are absent", decode: filePath(func(c *Config) *string { return &c.DataDir })},
		{Name: "EDUMFA_ENGINE_REGISTRY_CLASS", Type: Text, Use: Ignored, Reason: reasonEngine, Help: "database engines per request or per process"},
		{Name: "EDUMFA_DB_SAFE_STORE", Type: Bool, Use: Ignored, Reason: "every write is one transaction that reports its own id", Help: "read rows back after writing"},
		{Name: "EDUMFA_TOKEN_MODULES", Type: List, Use: Refused, Reason: "token types in Python modules cannot be loaded", Help: "modules with more token types", decode: tokenModules},
		{Name: "EDUMFA_INIT_CHECK_HOOK", Type: Text, Use: Refused, Reason: hook, Help: "Python function that may refuse operations", decode: refused(hook)},
		{Name: "EDUMFA_HSM", Type: Text, Use: Ignored, Reason: "it has no effect in the reference server either", Help: "not used"},
	}
}

func serviceKeys() []Key {
	return []Key{
		{Name: "EDUMFA_LOGCONFIG", Type: Path, Default: "'/etc/edumfa/logging.cfg'", Help: "logging set-up, if there is such a file: sections or YAML, as for Python's logging", decode: filePath(func(c *Config) *string { return &c.LogConfig })},
		{Name: "EDUMFA_LOGFILE", Type: Path, Default: "'/var/log/edumfa/edumfa.log'", Help: "log file, opened again at SIGHUP; without this key the log goes to standard error", decode: filePath(func(c *Config) *string { return &c.LogFile })},
		{Name: "EDUMFA_LOGLEVEL", Type: Level, Default: "20", Help: "least level that is logged: 10, 20, 30, 40, 50 or a name", decode: logLevel},
		{Name: "EDUMFA_GNUPG_HOME", Type: Path, Default: "'/etc/edumfa/gpg'", Help: "key ring for token import", decode: filePath(func(c *Config) *string { return &c.GnuPGHome })},
		{Name: "EDUMFA_MONITORING_MODULE", Type: Text, Default: "'edumfa.lib.monitoringmodules.sqlstats'", Help: "where statistics go",
			decode: oneOf(func(*Config) *string { return new(string) }, "edumfa.lib.monitoringmodules.", "sqlstats")},
		{Name: "EDUMFA_MONITORING_SQL_URI", Type: URI, Help: "database of the statistics, if it is another one", decode: databaseURI(func(c *Config) *secret.String { return &c.MonitoringURI })},
		{Name: "EDUMFA_MONITORING_POOL_SIZE", Type: Int, Default: "20", Help: "connections for the statistics, if they have a database of their own", decode: integer(func(c *Config) *int { return &c.MonitoringEngine.PoolSize })},
		{Name: "EDUMFA_MONITORING_POOL_RECYCLE", Type: Seconds, Default: "600", Use: Ignored, Reason: reasonEngine, Help: "their greatest age", decode: seconds(func(c *Config) *time.Duration { return &c.MonitoringEngine.PoolRecycle })},
		{Name: "EDUMFA_TASK_SCHEDULER", Type: Bool, Default: "True", Help: "the server runs periodic tasks itself, without edumfa-cron", decode: onOff(func(c *Config) *bool { return &c.TaskScheduler })},
		{Name: "EDUMFA_JOB_QUEUE_CLASS", Type: Text, Help: "any value: mails of servers with enqueue_job go through the job queue, which is kept in the database",
			decode: func(c *Config, in input) error { c.JobQueue = truth(in.value); return nil }},
		{Name: "EDUMFA_JOB_QUEUE_SMS", Type: Bool, Default: "False", Help: "text messages go through the job queue, too", decode: onOff(func(c *Config) *bool { return &c.JobQueueSMS })},
		{Name: "EDUMFA_JOB_QUEUE_MAX_AGE", Type: Seconds, Default: "86400", Help: "how long a job is tried", decode: seconds(func(c *Config) *time.Duration { return &c.JobQueueMaxAge })},
		{Name: "EDUMFA_LDAP_POOLING_LOOP_TIMEOUT", Type: Seconds, Default: "10", Help: "pause between two rounds over LDAP servers", decode: seconds(func(c *Config) *time.Duration { return &c.LDAPLoopTimeout })},
		{Name: "EDUMFA_SCRIPT_HANDLER_DIRECTORY", Type: Path, Default: "'/etc/edumfa/scripts'", Help: "scripts of event handlers", decode: filePath(func(c *Config) *string { return &c.ScriptDir })},
		{Name: "EDUMFA_SCRIPT_SMSPROVIDER_DIRECTORY", Type: Path, Default: "'/etc/edumfa/scripts'", Help: "scripts of SMS providers", decode: filePath(func(c *Config) *string { return &c.SMSScriptDir })},
		{Name: "EDUMFA_NOTIFICATION_HANDLER_SPOOLDIRECTORY", Type: Path, Default: "'/var/lib/edumfa/notifications/'", Help: "notifications saved as files", decode: filePath(func(c *Config) *string { return &c.SpoolDir })},
		{Name: "EDUMFA_VASCO_LIBRARY", Type: Path, Use: Ignored, Reason: reasonLater, Help: "vendor library of VASCO tokens", decode: filePath(func(c *Config) *string { return &c.VascoLibrary })},
		{Name: "FIREBASE_CONNECT_TIMEOUT", Type: Seconds, Default: "1.1", Help: "wait for a connection to the push service; one wait with the next", decode: seconds(func(c *Config) *time.Duration { return &c.FirebaseConnectTimeout })},
		{Name: "FIREBASE_READ_TIMEOUT", Type: Seconds, Default: "3", Help: "wait for its answer", decode: seconds(func(c *Config) *time.Duration { return &c.FirebaseReadTimeout })},
	}
}

func uiKeys() []Key {
	return []Key{
		{Name: "EDUMFA_UI_DEACTIVATED", Type: Bool, Default: "False", Use: Ignored, Reason: reasonLater, Help: "serve no web pages", decode: onOff(func(c *Config) *bool { return &c.UI.Deactivated })},
		{Name: "EDUMFA_INDEX_HTML", Type: Text, Use: Ignored, Reason: reasonUI, Help: "another start template", decode: text(func(c *Config) *string { return &c.UI.IndexHTML })},
		{Name: "EDUMFA_STATIC_FOLDER", Type: Path, Use: Ignored, Reason: reasonLater, Help: "folder of static files", decode: filePath(func(c *Config) *string { return &c.UI.StaticFolder })},
		{Name: "EDUMFA_TEMPLATE_FOLDER", Type: Path, Use: Ignored, Reason: reasonUI, Help: "folder of templates", decode: filePath(func(c *Config) *string { return &c.UI.TemplateFolder })},
		{Name: "EDUMFA_CSS", Type: Text, Use: Ignored, Reason: reasonLater, Help: "another style sheet", decode: text(func(c *Config) *string { return &c.UI.CSS })},
		{Name: "EDUMFA_CUSTOM_CSS", Type: Bool, Default: "False", Use: Ignored, Reason: reasonLater, Help: "use custom.css as well", decode: onOff(func(c *Config) *bool { return &c.UI.CustomCSS })},
		{Name: "EDUMFA_CUSTOMIZATION", Type: Text, Default: "'/static/customize/'", Use: Ignored, Reason: reasonLater, Help: "URL path of custom files", decode: text(func(c *Config) *string { return &c.UI.Customization })},
		{Name: "EDUMFA_EXTERNAL_LINKS", Type: Bool, Default: "True", Use: Ignored, Reason: reasonLater, Help: "show links to the outside", decode: onOff(func(c *Config) *bool { return &c.UI.ExternalLinks })},
		{Name: "EDUMFA_LOGO", Type: Text, Use: Ignored, Reason: reasonLater, Help: "file name of the logo", decode: text(func(c *Config) *string { return &c.UI.Logo })},
		{Name: "EDUMFA_PAGE_TITLE", Type: Text, Default: "'eduMFA System'", Use: Ignored, Reason: reasonLater, Help: "title of the pages", decode: text(func(c *Config) *string { return &c.UI.PageTitle })},
		{Name: "EDUMFA_TRANSLATION_WARNING", Type: Text, Use: Ignored, Reason: reasonLater, Help: "mark of texts without translation", decode: text(func(c *Config) *string { return &c.UI.TranslationWarning })},
		{Name: "EDUMFA_PREFERRED_LANGUAGE", Type: List, Default: "['en', 'de', 'nl', 'zh_Hant', 'fr', 'es', 'tr', 'cs', 'it']", Use: Ignored, Reason: reasonLater, Help: "languages; the first one is the fallback",
			decode: languages},
	}
}

func languages(c *Config, in input) error {
	if s, ok := in.value.(string); ok {
		in.value = listOf(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }))
	}
	return list(func(c *Config) *[]string { return &c.UI.Languages })(c, in)
}
