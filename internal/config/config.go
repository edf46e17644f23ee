// Package config reads the configuration file of an installation, edumfa.cfg,
// and the environment variables that complete it, into one typed [Config].
// Nothing else in the program reads the environment.
//
// The file is Python source. This package runs no Python: it evaluates the
// assignments that configuration files are made of (literals, string
// concatenation, os.environ, os.path, logging levels, earlier names) and
// refuses everything else with file and line. [Keys] lists every key, what it
// is good for, and which keys of the reference server cannot be honoured here.
package config

import (
	"time"

	"edumfa/internal/secret"
)

// SchemeList names password hash schemes as passlib does, for example "argon2".
// The first one hashes, all of them verify.
type SchemeList []string

// HashParams are parameters of hash schemes, named "<scheme>__<parameter>", for
// example "argon2__memory_cost" (KiB).
type HashParams map[string]int

// EngineOptions are settings of a pool of database connections. Zero values
// stand for the default of the pool.
type EngineOptions struct {
	PoolSize    int           // connections that are kept
	MaxOverflow int           // connections beyond PoolSize; -1 is no limit
	PoolRecycle time.Duration // age at which a connection is replaced
	PoolTimeout time.Duration // longest wait for a connection
	PoolPrePing bool          // test a connection before it is used
	// Isolation of transactions: "READ COMMITTED", "REPEATABLE READ" or
	// "SERIALIZABLE"; "" is the server's own choice.
	Isolation string `json:",omitempty"`
}

// HashQueue bounds the password hash computations, each of which needs about
// 100 MiB with the default parameters.
type HashQueue struct {
	Parallel int // computations at the same time; 0 is the number of processors
	Waiting  int // requests that may wait for one; more are refused
}

// HSM names the security module and its parameters. What a module does not
// know stays unused.
type HSM struct {
	Module string // "default", "aeshsm" or "encryptkey"

	Library        string        // path of the PKCS#11 library (MODULE)
	Slot           int           // slot number; -1 when not given
	SlotName       string        // label of the slot
	Password       secret.String // PIN of the slot
	KeyLabel       string        // prefix of the three key labels of aeshsm
	KeyLabelToken  string        // label of the token key
	KeyLabelConfig string        // label of the config key
	KeyLabelValue  string        // label of the value key
	KeyID          int           // id of the RSA key of encryptkey; -1 when not given
	RSAKeyLabel    string        // label of the RSA key of encryptkey (KEYLABEL)
	EncFile        string        // path of the encrypted key file of encryptkey
	LockDir        string        // folder for lock files of encryptkey
	Timeout        time.Duration // longest wait for the lock
	MaxRetries     int           // attempts after a lost session
}

// TrustedJWT is a key of another application whose tokens are accepted, one
// element of EDUMFA_TRUSTED_JWT.
type TrustedJWT struct {
	PublicKey  string   // PEM
	Algorithm  string   // RS256 … RS512, PS256 … PS512, ES256 … ES512
	Role       string   // "user" or "admin"
	Realm      string   // realm of the caller
	Username   string   // Python pattern for the whole user name
	Resolver   string   // resolver of the caller
	Audience   []string // accepted values of "aud"; nil when it is not checked
	Claim      string   // claim that holds the user name, "" is "username"
	StaticData bool     // role, realm and resolver come from here, not from the token
}

// Config is the configuration of a process. Paths are absolute; an empty path
// is not set.
type Config struct {
	// File is the absolute path of the file that was read, "" when there was none.
	File string

	// SecretKey signs session tokens, API keys and passkey challenges. Required.
	// Key SECRET_KEY.
	SecretKey secret.String
	// SuperuserRealms are the realms of administrators, in lower case.
	// Key SUPERUSER_REALM, default ["superuser"].
	SuperuserRealms []string

	// DatabaseURI is the SQLAlchemy URL of the database. Required. A relative
	// SQLite path has been made absolute. Key SQLALCHEMY_DATABASE_URI.
	DatabaseURI secret.String
	// EngineOptions are settings of its pool. Key SQLALCHEMY_ENGINE_OPTIONS.
	EngineOptions EngineOptions

	// EncFile is the file with the encryption keys, required with the default
	// security module. Key EDUMFA_ENCFILE.
	EncFile string
	// HSM is the security module. Keys EDUMFA_HSM_MODULE, EDUMFA_HSM_MODULE_<X>.
	HSM HSM
	// Pepper goes in front of administrator passwords and recovery codes before
	// they are hashed. Key EDUMFA_PEPPER, default "Never know...".
	Pepper secret.String
	// HashSchemes are the password hash schemes. Key EDUMFA_HASH_ALGO_LIST,
	// default argon2, pbkdf2_sha512.
	HashSchemes SchemeList
	// HashParams are the parameters of new hashes; none are set when it is empty.
	// Key EDUMFA_HASH_ALGO_PARAMS.
	HashParams HashParams
	// HashQueue bounds hashing. Key EDUMFA_HASH_QUEUE, a dict with the entries
	// parallel (default: processors) and waiting (default 64).
	HashQueue HashQueue

	// AuditModule is "sqlaudit", "loggeraudit" or "containeraudit".
	// Key EDUMFA_AUDIT_MODULE.
	AuditModule string
	// AuditKeyPrivate and AuditKeyPublic are RSA keys in PEM; the private one
	// also signs replies. The public one is required unless AuditNoSign, the
	// private one unless NoResponseSign, too.
	// Keys EDUMFA_AUDIT_KEY_PRIVATE, EDUMFA_AUDIT_KEY_PUBLIC.
	AuditKeyPrivate, AuditKeyPublic string
	// AuditServerName is the audit column edumfa_server. Key EDUMFA_AUDIT_SERVERNAME.
	AuditServerName string
	// AuditSQLURI is the database of the audit table, default DatabaseURI.
	// Key EDUMFA_AUDIT_SQL_URI.
	AuditSQLURI secret.String
	// AuditEngine is its pool: EDUMFA_AUDIT_SQL_OPTIONS, default EngineOptions,
	// with EDUMFA_AUDIT_POOL_SIZE (20) and EDUMFA_AUDIT_POOL_RECYCLE (600 s).
	AuditEngine EngineOptions
	// AuditTruncate asks to cut values to the column lengths, which is done in any
	// case. Key EDUMFA_AUDIT_SQL_TRUNCATE.
	AuditTruncate bool
	// AuditColumnLengths are lengths of columns that were widened, in characters.
	// Key EDUMFA_AUDIT_SQL_COLUMN_LENGTH.
	AuditColumnLengths map[string]int
	// AuditNoSign writes no audit signatures. Key EDUMFA_AUDIT_NO_SIGN.
	AuditNoSign bool
	// AuditChain seals audit rows by signed checkpoints. Key EDUMFA_AUDIT_CHAIN.
	AuditChain bool
	// AuditAnchor is a file with the newest checkpoint. Key EDUMFA_AUDIT_ANCHOR.
	AuditAnchor string
	// AuditSyslog is a syslog server for audit rows, "" none. Key EDUMFA_AUDIT_SYSLOG.
	AuditSyslog string
	// CheckOldSignatures accepts audit signatures of the old form.
	// Key EDUMFA_CHECK_OLD_SIGNATURES.
	CheckOldSignatures bool
	// ReduceAudit drops anonymous rows of passkey challenges and of pre- and
	// post-events. Key EDUMFA_REDUCE_SQLAUDIT.
	ReduceAudit bool
	// AuditContainerWrite and AuditContainerRead are the modules of the
	// container audit, named as AuditModule.
	// Keys EDUMFA_AUDIT_CONTAINER_WRITE, EDUMFA_AUDIT_CONTAINER_READ.
	AuditContainerWrite []string
	AuditContainerRead  string
	// AuditLoggerName is the logger of the logger audit.
	// Key EDUMFA_AUDIT_LOGGER_QUALNAME, default edumfa.lib.auditmodules.loggeraudit.
	AuditLoggerName string
	// NoResponseSign leaves replies unsigned. Key EDUMFA_NO_RESPONSE_SIGN.
	NoResponseSign bool

	// TrustedJWT are keys of other applications. Key EDUMFA_TRUSTED_JWT.
	TrustedJWT []TrustedJWT
	// Node is the name of this node, default AuditServerName. When it is empty,
	// requests use their host name and everything else "localnode".
	// Key EDUMFA_NODE.
	Node string
	// Nodes are all nodes; Node is among them. Key EDUMFA_NODES.
	Nodes []string
	// CheckReload is how long a loaded configuration of the database is used
	// before its time stamp is looked at. Key EDUMFA_CHECK_RELOAD_CONFIG, seconds.
	CheckReload time.Duration
	// Listen is the address of the server, host:port.
	// Key EDUMFA_LISTEN, default 127.0.0.1:5000.
	Listen string
	// MetricsListen is the address where metrics are served, host:port; "" serves
	// none. Key EDUMFA_METRICS_LISTEN.
	MetricsListen string
	// DataDir is a folder from which keys, database and log are taken when their
	// keys are absent. Key EDUMFA_DATA_DIR.
	DataDir string

	// LogConfig is a logging set-up as Python's logging reads it, if the file is there.
	// Key EDUMFA_LOGCONFIG, default /etc/edumfa/logging.cfg.
	LogConfig string
	// LogFile is the log. Key EDUMFA_LOGFILE, default /var/log/edumfa/edumfa.log.
	LogFile string
	// LogToFile says that LogFile was asked for; else the log goes to standard error.
	LogToFile bool
	// LogLevel is a level of Python's logging: 10 debug, 20 info, 30 warning,
	// 40 error, 50 critical. Key EDUMFA_LOGLEVEL, default 20.
	LogLevel int

	// GnuPGHome is the key ring for token import.
	// Key EDUMFA_GNUPG_HOME, default /etc/edumfa/gpg.
	GnuPGHome string
	// MonitoringURI is the database of the statistics, default DatabaseURI.
	// Key EDUMFA_MONITORING_SQL_URI.
	MonitoringURI secret.String
	// MonitoringEngine is its pool. Keys EDUMFA_MONITORING_POOL_SIZE (20),
	// EDUMFA_MONITORING_POOL_RECYCLE (600 s).
	MonitoringEngine EngineOptions
	// TaskScheduler lets the server run periodic tasks itself. Key
	// EDUMFA_TASK_SCHEDULER, default on.
	TaskScheduler bool
	// JobQueue reports that a job queue is configured. Key EDUMFA_JOB_QUEUE_CLASS.
	JobQueue bool
	// JobQueueSMS hands text messages of SMS gateways to the job queue, too. Key
	// EDUMFA_JOB_QUEUE_SMS, default off.
	JobQueueSMS bool
	// JobQueueMaxAge is how long a job is tried. Key EDUMFA_JOB_QUEUE_MAX_AGE,
	// default one day.
	JobQueueMaxAge time.Duration
	// LDAPLoopTimeout is the pause between two rounds over the servers of an
	// LDAP resolver. Key EDUMFA_LDAP_POOLING_LOOP_TIMEOUT, seconds, default 10.
	LDAPLoopTimeout time.Duration
	// LDAPWeakTLS lowers the TLS demands of LDAP connections: any non-empty
	// value of the environment variable EDUMFA_LDAP_WEAK_TLS.
	LDAPWeakTLS bool
	// ScriptDir and SMSScriptDir hold the scripts of event handlers and SMS
	// providers. Keys EDUMFA_SCRIPT_HANDLER_DIRECTORY,
	// EDUMFA_SCRIPT_SMSPROVIDER_DIRECTORY, default /etc/edumfa/scripts.
	ScriptDir, SMSScriptDir string
	// SpoolDir receives notifications that are saved as files. Key
	// EDUMFA_NOTIFICATION_HANDLER_SPOOLDIRECTORY, default
	// /var/lib/edumfa/notifications/.
	SpoolDir string
	// VascoLibrary is the vendor library of VASCO tokens. Key EDUMFA_VASCO_LIBRARY.
	VascoLibrary string
	// FirebaseConnectTimeout and FirebaseReadTimeout together bound a call of the
	// push service. Keys FIREBASE_CONNECT_TIMEOUT (1.1 s), FIREBASE_READ_TIMEOUT (3 s).
	FirebaseConnectTimeout, FirebaseReadTimeout time.Duration

	// UI is about the web pages.
	UI UI
}

// UI is the part of the configuration that only the web pages use.
type UI struct {
	Deactivated        bool     // EDUMFA_UI_DEACTIVATED
	IndexHTML          string   // EDUMFA_INDEX_HTML: another start template
	StaticFolder       string   // EDUMFA_STATIC_FOLDER: folder of static files
	TemplateFolder     string   // EDUMFA_TEMPLATE_FOLDER: folder of templates
	CSS                string   // EDUMFA_CSS: another style sheet
	CustomCSS          bool     // EDUMFA_CUSTOM_CSS: use custom.css as well
	Customization      string   // EDUMFA_CUSTOMIZATION: URL path of custom files
	ExternalLinks      bool     // EDUMFA_EXTERNAL_LINKS: show links to the outside
	Logo               string   // EDUMFA_LOGO: file name of the logo
	PageTitle          string   // EDUMFA_PAGE_TITLE
	TranslationWarning string   // EDUMFA_TRANSLATION_WARNING: mark of untranslated texts
	Languages          []string // EDUMFA_PREFERRED_LANGUAGE: the first one is the fallback
}

// Default returns the configuration of an empty file.
func Default() *Config {
	pool := EngineOptions{PoolSize: 20, PoolRecycle: 600 * time.Second}
	return &Config{
		SuperuserRealms:        []string{"superuser"},
		Pepper:                 secret.New("Never know..."),
		HashSchemes:            SchemeList{"argon2", "pbkdf2_sha512"},
		HashParams:             HashParams{},
		HashQueue:              HashQueue{Waiting: 64},
		HSM:                    HSM{Module: "default", Slot: -1, KeyID: -1, KeyLabel: "eduMFA", LockDir: "/dev/shm/pilock", Timeout: 15 * time.Second, MaxRetries: 5},
		AuditModule:            "sqlaudit",
		AuditEngine:            pool,
		AuditColumnLengths:     map[string]int{},
		AuditLoggerName:        "edumfa.lib.auditmodules.loggeraudit",
		Listen:                 "127.0.0.1:5000",
		LogConfig:              "/etc/edumfa/logging.cfg",
		LogFile:                "/var/log/edumfa/edumfa.log",
		LogLevel:               20,
		GnuPGHome:              "/etc/edumfa/gpg",
		MonitoringEngine:       pool,
		TaskScheduler:          true,
		JobQueueMaxAge:         24 * time.Hour,
		LDAPLoopTimeout:        10 * time.Second,
		ScriptDir:              "/etc/edumfa/scripts",
		SMSScriptDir:           "/etc/edumfa/scripts",
		SpoolDir:               "/var/lib/edumfa/notifications/",
		FirebaseConnectTimeout: 1100 * time.Millisecond,
		FirebaseReadTimeout:    3 * time.Second,
		UI: UI{
			Customization: "/static/customize/",
			ExternalLinks: true,
			PageTitle:     "eduMFA System",
			Languages:     []string{"en", "de", "nl", "zh_Hant", "fr", "es", "tr", "cs", "it"},
		},
	}
}
