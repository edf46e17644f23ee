package local

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"sync"
	"time"

	"edumfa/internal/ca"
)

// Usual spans of CRLs, in days.
const (
	usualCRLValid   = 30
	usualCRLOverlap = 2
)

// crlCache is the list as it was read last, and what has to be as it was.
type crlCache struct {
	mu         sync.Mutex
	crl, index stamp
	der        []byte
	until      time.Time
}

// stamp tells whether a file is still the one that was read.
type stamp struct {
	size int64
	at   int64
}

func stampOf(name string) stamp {
	info, err := os.Stat(name)
	if err != nil {
		return stamp{size: -1}
	}
	return stamp{info.Size(), info.ModTime().UnixNano()}
}

func (c *connector) crlFile() string { return c.path(c.values.String(setCRL, "crl.pem")) }

// CRL is the current list, DER.
func (c *connector) CRL(ctx context.Context) ([]byte, error) {
	o, err := c.readOptions()
	if err != nil {
		return nil, err
	}
	now := c.deps.Now()
	c.crls.mu.Lock()
	defer c.crls.mu.Unlock()
	if c.crls.der != nil && c.crls.crl == stampOf(c.crlFile()) && c.crls.index == stampOf(o.database) && now.Before(c.crls.until) {
		return c.crls.der, nil
	}
	var list *x509.RevocationList
	err = c.locked(ctx, func(a *authority) error {
		x, err := a.readIndex()
		if err != nil {
			return err
		}
		// Who asks for the list must not make a new one each time, however long the
		// overlap is.
		overlap := min(c.overlap(), c.validity(o)/2)
		if list = c.currentCRL(a); c.isDue(a, x, list, overlap) {
			if list, err = c.makeCRL(a, x, list); err != nil {
				return err
			}
		}
		c.crls.der, c.crls.until = list.Raw, list.NextUpdate.Add(-overlap)
		c.crls.crl, c.crls.index = stampOf(c.crlFile()), stampOf(o.database)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list.Raw, nil
}

// MakeCRL makes a new list and returns its file as the settings name it.
func (c *connector) MakeCRL(ctx context.Context, ifDue bool) (string, error) {
	path := ""
	err := c.locked(ctx, func(a *authority) error {
		x, err := a.readIndex()
		if err != nil {
			return err
		}
		old := c.currentCRL(a)
		if ifDue && !c.isDue(a, x, old, c.overlap()) {
			return nil
		}
		if _, err = c.makeCRL(a, x, old); err == nil {
			path = c.values.String(setCRL, "crl.pem")
		}
		return err
	})
	return path, err
}

func (c *connector) overlap() time.Duration {
	n, err := c.values.Int(setCRLOverlap, usualCRLOverlap)
	if err != nil {
		n = usualCRLOverlap
	}
	return days(n)
}

// validity is what the configuration says, else what the settings say.
func (c *connector) validity(o *options) time.Duration {
	if o.crlValid > 0 {
		return o.crlValid
	}
	n, err := c.values.Int(setCRLValidity, usualCRLValid)
	if err != nil || n < 1 {
		n = usualCRLValid
	}
	return days(n)
}

// currentCRL is the list that is kept; nil without one, or when it is not of this
// CA.
func (c *connector) currentCRL(a *authority) *x509.RevocationList {
	info, err := os.Stat(c.crlFile())
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostIndex {
		return nil
	}
	b, err := os.ReadFile(c.crlFile())
	if err != nil {
		return nil
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	list, err := x509.ParseRevocationList(b)
	if err != nil || string(list.RawIssuer) != string(a.certificate.RawSubject) || a.certificate.CheckSignature(list.SignatureAlgorithm, list.RawTBSRevocationList, list.Signature) != nil {
		return nil
	}
	return list
}

// isDue reports whether a new list is wanted: there is none, the old one ends
// within the overlap, or it does not list what is revoked.
func (c *connector) isDue(a *authority, x *index, list *x509.RevocationList, overlap time.Duration) bool {
	if list == nil || a.now.Add(overlap).After(list.NextUpdate) {
		return true
	}
	listed := map[string]bool{}
	for _, e := range list.RevokedCertificateEntries {
		listed[e.SerialNumber.Text(16)] = true
	}
	revoked := 0
	for key, i := range x.at {
		if x.entries[i].flag == flagRevoked {
			revoked++
			if !listed[key] {
				return true
			}
		}
	}
	return revoked != len(listed)
}

var oidInvalidity = asn1.ObjectIdentifier{2, 5, 29, 24}

// makeCRL makes a list of version 2 with a number (RFC 5280, 5.2.3) and puts it in
// the place of the old one.
func (c *connector) makeCRL(a *authority, x *index, old *x509.RevocationList) (*x509.RevocationList, error) {
	t := &x509.RevocationList{ThisUpdate: a.now, NextUpdate: a.now.Add(c.validity(a.options)), SignatureAlgorithm: a.algorithm}
	for _, e := range x.entries {
		if e.flag != flagRevoked {
			continue
		}
		r, err := e.revocation()
		if err != nil {
			return nil, err
		}
		serial, err := parseSerial(e.serial)
		if err != nil {
			return nil, err
		}
		line := x509.RevocationListEntry{SerialNumber: serial, RevocationTime: r.at, ReasonCode: int(r.reason)}
		if !r.since.IsZero() {
			v, err := asn1.MarshalWithParams(r.since, "generalized")
			if err != nil {
				return nil, err
			}
			line.ExtraExtensions = []pkix.Extension{{Id: oidInvalidity, Value: v}}
		}
		t.RevokedCertificateEntries = append(t.RevokedCertificateEntries, line)
	}
	var err error
	if t.Number, err = a.takeCRLNumber(old); err != nil {
		return nil, err
	}
	// Certificates of CAs in the field do not say that they may sign lists, nor
	// what their key is called.
	issuer := *a.certificate
	issuer.KeyUsage |= x509.KeyUsageCRLSign
	if len(issuer.SubjectKeyId) == 0 {
		if issuer.SubjectKeyId, err = keyID(issuer.RawSubjectPublicKeyInfo); err != nil {
			return nil, err
		}
	}
	der, err := x509.CreateRevocationList(c.deps.Rand, t, &issuer, a.key)
	if err != nil {
		return nil, err
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, err
	}
	return list, writeFile(c.crlFile(), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), 0o644)
}

// takeCRLNumber uses up the number of the file, which is always more than that of
// the last list.
func (a *authority) takeCRLNumber(old *x509.RevocationList) (*big.Int, error) {
	n := big.NewInt(1)
	b, err := readFile(a.crlNumber)
	if err == nil {
		n, err = parseSerial(string(b))
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if old != nil && old.Number != nil && old.Number.Cmp(n) >= 0 {
		n = new(big.Int).Add(old.Number, big.NewInt(1))
	}
	return n, writeFile(a.crlNumber, []byte(ca.SerialText(new(big.Int).Add(n, big.NewInt(1)))+"\n"), 0o644)
}
