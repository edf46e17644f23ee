package ldap

import (
	"errors"
	"path/filepath"
	"testing"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

func TestTLS(t *testing.T) {
	s := campus(t)
	for _, c := range []struct {
		name string
		more field.Values
		ok   bool
	}{
		{"STARTTLS with any certificate", field.Values{"LDAPURI": s.NameURI(), "START_TLS": "1"}, true},
		{"STARTTLS, known CA", field.Values{"LDAPURI": s.NameURI(), "START_TLS": "1", "TLS_VERIFY": "1", "TLS_CA_FILE": s.CAFile}, true},
		{"STARTTLS, known CA, by address", field.Values{"LDAPURI": s.URI(), "START_TLS": "1", "TLS_VERIFY": "1", "TLS_CA_FILE": s.CAFile}, true},
		{"STARTTLS, TLS 1.2", field.Values{"LDAPURI": s.NameURI(), "START_TLS": "True", "TLS_VERIFY": "True", "TLS_VERSION": "5", "TLS_CA_FILE": s.CAFile}, true},
		{"STARTTLS, unknown CA", field.Values{"LDAPURI": s.NameURI(), "START_TLS": "1", "TLS_VERIFY": "1"}, false},
		{"STARTTLS, CA file that is not there", field.Values{"LDAPURI": s.NameURI(), "START_TLS": "1", "TLS_VERIFY": "1", "TLS_CA_FILE": "/nosuch"}, false},
		{"STARTTLS, file without certificate", field.Values{"LDAPURI": s.NameURI(), "START_TLS": "1", "TLS_VERIFY": "1", "TLS_CA_FILE": "/etc/passwd"}, false},
		{"plain connections do not check", field.Values{"LDAPURI": s.NameURI(), "START_TLS": "0", "TLS_VERIFY": "1"}, true},
		{"LDAPS with any certificate", field.Values{"LDAPURI": s.TLSURI()}, true},
		{"LDAPS, known CA", field.Values{"LDAPURI": s.TLSURI(), "TLS_VERIFY": "1", "TLS_CA_FILE": s.CAFile}, true},
		{"LDAPS, STARTTLS is not added", field.Values{"LDAPURI": s.TLSURI(), "START_TLS": "1", "TLS_VERIFY": "1", "TLS_CA_FILE": s.CAFile}, true},
		{"LDAPS, unknown CA", field.Values{"LDAPURI": s.TLSURI(), "TLS_VERIFY": "1"}, false},
		{"LDAPS, wrong name", field.Values{"LDAPURI": replaceHost(s.TLSURI(), "0.0.0.0"), "TLS_VERIFY": "1", "TLS_CA_FILE": s.CAFile}, false},
		{"relative CA file", field.Values{"LDAPURI": s.TLSURI(), "TLS_VERIFY": "1", "TLS_CA_FILE": "ca.pem"}, true},
		{"LDAPS on the plain port", field.Values{"LDAPURI": "ldaps" + s.NameURI()[4:], "TIMEOUT": "1"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := deps(newClock())
			d.Dir = filepath.Dir(s.CAFile)
			u, err := newUsers("campus", options(s, c.more), d)
			if err != nil {
				t.Fatal(err)
			}
			defer u.Close()
			got, err := u.ByLogin(t.Context(), "ines")
			if c.ok != (err == nil) || errors.Is(err, resolver.ErrNoUser) {
				t.Fatalf("%+v %v", got, err)
			}
			if c.ok {
				check(t, u, "9021", "ines-pw", true)
				check(t, u, "9021", "wrong", false)
			}
		})
	}
}

func replaceHost(uri, host string) string {
	s, err := parseURI(uri)
	if err != nil {
		panic(err)
	}
	s.host = host
	return s.String()
}
