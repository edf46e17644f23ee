package dburi

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// postgresDSN writes a keyword/value connection string (PostgreSQL manual
// 34.1.1.1). Sessions run in UTC and UTF-8, whatever the server or the
// environment prefers.
func postgresDSN(p parts) (string, error) {
	set := map[string]string{}
	var hosts, ports []string
	if p.host != "" {
		hosts, ports = []string{p.host}, []string{p.port}
	}
	for _, q := range p.query {
		switch q.key {
		case "host":
			for h := range strings.SplitSeq(q.value, ",") {
				host, port := hostPort(h)
				hosts, ports = append(hosts, host), append(ports, port)
			}
		case "port":
			set["port"] = q.value
		default:
			if err := postgresParam(set, q); err != nil {
				return "", err
			}
		}
	}
	setAddresses(set, p, hosts, ports)
	var b strings.Builder
	add := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s='%s' ", key, quotePostgres.Replace(value))
		}
	}
	add("host", set["host"])
	add("port", set["port"])
	add("user", p.user)
	add("password", p.password)
	add("database", p.database)
	for _, key := range postgresKeys {
		add(key, set[key])
	}
	if set["connect_timeout"] == "" {
		add("connect_timeout", strconv.Itoa(connectSeconds))
	}
	add("client_encoding", "UTF8")
	add("timezone", "UTC")
	dsn := strings.TrimSpace(b.String())
	if _, err := pgx.ParseConfig(dsn); err != nil {
		return "", plainPostgresError(err)
	}
	return dsn, nil
}

// postgresKeys are the parameters of libpq that mean the same to our driver.
var postgresKeys = [...]string{
	"application_name", "channel_binding", "connect_timeout", "default_query_exec_mode", "krbspn", "krbsrvname",
	"options", "passfile", "search_path", "service", "servicefile", "sslcert", "sslcertmode", "sslkey", "sslmode",
	"sslnegotiation", "sslpassword", "sslrootcert", "sslsni", "statement_timeout", "target_session_attrs",
}

// postgresParam takes one parameter of the query. Parameters that would weaken
// the connection if they were left out are refused, harmless ones are dropped.
func postgresParam(set map[string]string, q param) error {
	for _, key := range postgresKeys {
		if q.key == key {
			set[key] = q.value
			return nil
		}
	}
	switch q.key {
	case "client_encoding", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
		"tcp_user_timeout", "sslcompression", "fallback_application_name", "async_fallback", "prepare_threshold":
		return nil
	case "gssencmode":
		if q.value == "disable" || q.value == "prefer" {
			return nil
		}
	}
	return fmt.Errorf("parameter %q is not supported for PostgreSQL", q.key)
}

// setAddresses joins hosts and ports; a port of the address part serves for
// the hosts of parameters too.
func setAddresses(set map[string]string, p parts, hosts, ports []string) {
	set["host"] = strings.Join(hosts, ",")
	explicit := false
	for i := range ports {
		if ports[i] == "" {
			ports[i] = p.port
		}
		explicit = explicit || ports[i] != ""
	}
	switch {
	case set["port"] != "":
	case explicit:
		for i := range ports {
			if ports[i] == "" {
				ports[i] = "5432"
			}
		}
		set["port"] = strings.Join(ports, ",")
	case len(hosts) == 0:
		set["port"] = p.port
	}
}

// hostPort splits h:5432, [::1]:5432 and plain names; a socket directory has
// no port.
func hostPort(s string) (host, port string) {
	if strings.HasPrefix(s, "/") {
		return s, ""
	}
	if strings.HasPrefix(s, "[") {
		if host, rest, ok := strings.Cut(s[1:], "]"); ok {
			return host, strings.TrimPrefix(rest, ":")
		}
	}
	if strings.Count(s, ":") == 1 {
		host, port, _ = strings.Cut(s, ":")
		return host, port
	}
	return s, ""
}

// plainPostgresError drops the connection string that the driver quotes.
func plainPostgresError(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return fmt.Errorf("the PostgreSQL driver refuses it: %w", inner)
	}
	return errors.New("the PostgreSQL driver refuses a host, port or parameter")
}

var quotePostgres = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
