package dburi

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mysqlDSN sets times to UTC, text to utf8mb4 and makes an UPDATE report the
// rows it found rather than those it changed, as the Python drivers do.
func mysqlDSN(p parts) (string, error) {
	if strings.Contains(p.user, ":") {
		return "", errors.New("a user name with a colon is not supported for MySQL")
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = p.user, p.password, p.database
	cfg.ParseTime = true
	cfg.ClientFoundRows = true
	cfg.Timeout = connectSeconds * time.Second
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return "", err
	}
	cfg.Net = "tcp"
	cfg.Addr = net.JoinHostPort(orElse(p.host, "127.0.0.1"), orElse(p.port, "3306"))
	var t mysqlTLS
	for _, q := range p.query {
		if known, err := t.set(q); err != nil {
			return "", err
		} else if known {
			continue
		}
		if err := mysqlParam(cfg, q); err != nil {
			return "", err
		}
	}
	name, err := t.register(p.host)
	if err != nil {
		return "", err
	}
	cfg.TLSConfig = name
	dsn := cfg.FormatDSN()
	if back, err := mysql.ParseDSN(dsn); err != nil || back.User != p.user || back.Passwd != p.password || back.Addr != cfg.Addr {
		return "", errors.New("the MySQL driver refuses the address, the credentials or a parameter")
	}
	return dsn, nil
}

// LogTo sends what the MySQL driver has to say, like connections that the
// server closed, to a log instead of standard error. It is called once, before
// the first Parse.
func LogTo(log *slog.Logger) error {
	return mysql.SetLogger(mysqlLog{log})
}

type mysqlLog struct{ log *slog.Logger }

// Print takes one message of the driver.
func (l mysqlLog) Print(v ...any) {
	l.log.Info("message of the MySQL driver", "message", fmt.Sprint(v...))
}

func mysqlParam(cfg *mysql.Config, q param) error {
	switch q.key {
	case "unix_socket":
		cfg.Net, cfg.Addr = "unix", q.value
	case "connect_timeout", "connection_timeout":
		return setSeconds(&cfg.Timeout, q)
	case "read_timeout":
		return setSeconds(&cfg.ReadTimeout, q)
	case "write_timeout":
		return setSeconds(&cfg.WriteTimeout, q)
	case "sql_mode":
		if strings.Trim(strings.ToUpper(q.value), "ABCDEFGHIJKLMNOPQRSTUVWXYZ_,") != "" {
			return errors.New("sql_mode is not a list of mode names")
		}
		cfg.Params = map[string]string{"sql_mode": "'" + q.value + "'"}
	case "charset", "collation", "use_unicode", "binary_prefix", "local_infile", "client_flag", "program_name",
		"autocommit", "auth_plugin_map", "auth_plugin":
		// Decided by us or of no meaning here.
	default:
		return fmt.Errorf("parameter %q is not supported for MySQL and MariaDB", q.key)
	}
	return nil
}

func setSeconds(d *time.Duration, q param) error {
	n, err := strconv.Atoi(q.value)
	if err != nil || n < 0 || n > 86400 {
		return fmt.Errorf("%s is not a number of seconds", q.key)
	}
	*d = time.Duration(n) * time.Second
	return nil
}

// mysqlTLS collects the ssl_ parameters. As with the Python drivers a CA file
// means that certificate and host name are checked, anything else only that
// the connection is encrypted.
type mysqlTLS struct {
	on, verify, anyName bool
	ca, cert, key       string
}

// set takes a parameter if it is one of TLS.
func (t *mysqlTLS) set(q param) (known bool, err error) {
	switch q.key {
	case "ssl_ca":
		t.ca, t.verify = q.value, true
	case "ssl_cert":
		t.cert = q.value
	case "ssl_key":
		t.key = q.value
	case "ssl", "ssl_verify_cert", "ssl_verify_identity":
		if isTrue(q.value) {
			t.on, t.verify = true, t.verify || q.key != "ssl"
		}
	case "ssl_check_hostname":
		t.anyName = !isTrue(q.value)
	case "ssl_disabled":
		if isTrue(q.value) {
			return true, nil
		}
	case "ssl_mode", "ssl-mode":
		return true, t.setMode(strings.ToUpper(q.value))
	case "ssl_cipher":
		t.on = true
	default:
		return false, nil
	}
	t.on = t.on || t.ca != "" || t.cert != ""
	return true, nil
}

func (t *mysqlTLS) setMode(mode string) error {
	switch mode {
	case "DISABLED", "PREFERRED":
	case "REQUIRED":
		t.on = true
	case "VERIFY_CA":
		t.on, t.verify, t.anyName = true, true, true
	case "VERIFY_IDENTITY":
		t.on, t.verify = true, true
	default:
		return errors.New("ssl_mode is not supported")
	}
	return nil
}

// register makes the TLS set-up known to the driver and returns its name. Equal
// set-ups share one name.
func (t mysqlTLS) register(host string) (string, error) {
	if !t.on {
		return "", nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, InsecureSkipVerify: !t.verify}
	if t.ca != "" {
		pem, err := os.ReadFile(t.ca)
		if err != nil {
			return "", fmt.Errorf("ssl_ca: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return "", fmt.Errorf("ssl_ca: no certificate in %s", t.ca)
		}
	}
	if t.verify && t.anyName {
		checkChainOnly(cfg)
	}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, orElse(t.key, t.cert))
		if err != nil {
			return "", fmt.Errorf("ssl_cert and ssl_key: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q %v", host, []string{t.ca, t.cert, t.key}, []bool{t.verify, t.anyName})))
	name := "edumfa-" + hex.EncodeToString(sum[:8])
	return name, mysql.RegisterTLSConfig(name, cfg)
}

// checkChainOnly verifies the certificate's chain but not its name.
func checkChainOnly(cfg *tls.Config) {
	roots := cfg.RootCAs
	cfg.InsecureSkipVerify = true
	cfg.VerifyConnection = func(s tls.ConnectionState) error {
		opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			opts.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(opts)
		return err
	}
}

func orElse(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
