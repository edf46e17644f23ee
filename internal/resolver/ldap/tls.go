package ldap

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// defaultCAFile is taken for TLS_VERIFY without TLS_CA_FILE if it is there.
const defaultCAFile = "/etc/edumfa/ldap-ca.crt"

// tlsConfig is made anew for each connection, so that a renewed CA file counts
// without a restart.
func (s *settings) tlsConfig(host string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS13}
	if s.tlsVersion != 0 {
		c.MinVersion, c.MaxVersion = s.tlsVersion, s.tlsVersion
	}
	if !s.tlsVerify {
		// TLS_VERIFY off: the administrator said that any certificate will do.
		c.InsecureSkipVerify = true
		return c, nil
	}
	file := s.tlsCAFile
	if file == "" {
		file = defaultCAFile
	}
	pem, err := os.ReadFile(file)
	if s.tlsCAFile == "" && errors.Is(err, fs.ErrNotExist) {
		return c, nil // those of the system
	}
	if err != nil {
		return nil, fmt.Errorf("option TLS_CA_FILE: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("option TLS_CA_FILE: %s has no certificate", file)
	}
	return c, nil
}
