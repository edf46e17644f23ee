package app_test

import (
	"crypto/x509"
	"math/big"
	"os"
	"path/filepath"
	"strings"

	"edumfa/internal/app/apptest"
)

// The CA's folder goes on where it is: numbers, index, templates, and
// certificates that were issued before can be revoked. Names in it are relative to
// the installation.
func (x *takeover) authority() {
	if list := x.Must("GET /caconnector/localCA", nil); list.At("result.value.0.templates.webserver.days") != float64(750) || list.At("result.value.0.error") != nil {
		x.Errorf("connector: %s", list.Raw)
	}
	r := x.Must("POST /token/init", apptest.P{"type": "certificate", "serial": "CRT-NEW", "ca": "localca", "template": "webserver", "request": csrText(x.T, "new one")})
	cert := issuedIn(x.T, r)
	if cert.SerialNumber.Cmp(big.NewInt(0x1002)) != 0 || cert.NotAfter.Sub(cert.NotBefore).Hours() != 750*24 || cert.ExtKeyUsage[0] != x509.ExtKeyUsageServerAuth {
		x.Errorf("number %x for %s, usage %v", cert.SerialNumber, cert.NotAfter.Sub(cert.NotBefore), cert.ExtKeyUsage)
	}
	_, der := sendBody(x.T, x.Node, "GET", "/certificate/ca/localCA", nil)
	root, err := x509.ParseCertificate(der)
	if err != nil || cert.CheckSignatureFrom(root) != nil {
		x.Fatalf("not signed by the CA: %v", err)
	}
	x.Must("POST /token/revoke/CRT-GEN", nil)
	_, der = sendBody(x.T, x.Node, "GET", "/certificate/crl/localCA", nil)
	list, err := x509.ParseRevocationList(der)
	if err != nil || len(list.RevokedCertificateEntries) != 1 || list.RevokedCertificateEntries[0].SerialNumber.Cmp(big.NewInt(0x1000)) != 0 {
		x.Errorf("revoked: %v, %v", list, err)
	}
	index, err := os.ReadFile(filepath.Join(x.dir, "ca", "index.txt"))
	if lines := strings.Split(string(index), "\n"); err != nil || len(lines) != 4 || !strings.HasPrefix(lines[0], "R\t") || !strings.HasPrefix(lines[1], "V\t281210171502Z\t\t1001\t") || !strings.HasSuffix(lines[2], "\t1002\tunknown\t/CN=new one") {
		x.Errorf("index %q, %v", index, err)
	}
}
