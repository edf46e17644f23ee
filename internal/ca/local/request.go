package local

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"path/filepath"

	"edumfa/internal/ca"
)

// Values of the setting about what requests want beyond their template.
const (
	extrasDrop   = "drop"
	extrasRefuse = "refuse"
)

// order is a request that was read.
type order struct {
	subject name
	public  crypto.PublicKey
	spki    []byte // SubjectPublicKeyInfo
	// altNames is the requested extension, nil without.
	altNames []byte
	// more: extensions other than alternative names are wanted.
	more  bool
	spkac bool
	text  []byte // as it is kept in a file
	// What the template says.
	days       int
	extensions string
}

// Usual values where neither template nor request says otherwise. The
// configuration's default_days has never counted here.
const (
	usualDays       = 365
	usualExtensions = "server"
)

// order reads a request and its template.
func (c *connector) order(r ca.Request) (*order, error) {
	o := &order{days: usualDays, extensions: usualExtensions}
	if r.Template != "" {
		d, err := c.templateFile()
		if err != nil {
			return nil, err
		}
		t, err := findTemplate(d, r.Template)
		if err != nil {
			return nil, &ca.Refused{Reason: err.Error()}
		}
		if t.days > 0 {
			o.days = t.days
		}
		if t.extensions != "" {
			o.extensions = t.extensions
		}
	}
	subject := r.Subject
	switch {
	case r.CSR != nil:
		if err := r.CSR.CheckSignature(); err != nil {
			return nil, &ca.Refused{Reason: "the signature of the request is wrong"}
		}
		o.public, o.spki = r.CSR.PublicKey, r.CSR.RawSubjectPublicKeyInfo
		o.text = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: r.CSR.Raw})
		if subject == nil {
			subject = r.CSR.RawSubject
		}
		for _, e := range r.CSR.Extensions {
			if e.Id.Equal(oidAltName) {
				o.altNames = e.Value
				continue
			}
			o.more = true
		}
	default:
		s, err := ca.ParseSPKAC(r.SPKAC)
		if err != nil {
			return nil, &ca.Refused{Reason: err.Error()}
		}
		o.public, o.spkac, o.text = s.PublicKey, true, []byte(r.SPKAC)
		if o.spki, err = x509.MarshalPKIXPublicKey(s.PublicKey); err != nil {
			return nil, &ca.Refused{Reason: "the key of the request cannot be read"}
		}
		cn := r.CommonName
		if cn == "" {
			cn = s.CommonName()
		}
		if subject == nil {
			if subject, err = commonName(cn); err != nil {
				return nil, &ca.Refused{Reason: "the name cannot be written"}
			}
		}
	}
	var err error
	if o.subject, err = parseName(subject); err != nil {
		return nil, &ca.Refused{Reason: err.Error()}
	}
	if err := o.subject.check(); err != nil {
		return nil, err
	}
	return o, c.checkKey(o.public)
}

// grant makes the subject and the extensions of the certificate.
func (c *connector) grant(a *authority, o *order) (*x509.Certificate, name, error) {
	subject, dropped := o.subject, false
	if a.policy != nil {
		var err error
		if subject, dropped, err = a.policy.apply(o.subject, a.name); err != nil {
			return nil, nil, err
		}
	}
	if !a.email {
		var kept []attribute
		for _, at := range subject.attributes() {
			if !at.Type.Equal(oidEmail) {
				kept = append(kept, at)
			}
		}
		subject = nameOf(kept)
	}
	der, err := subject.der()
	if err != nil {
		return nil, nil, err
	}
	switch {
	case len(subject) == 0:
		return nil, nil, &ca.Refused{Reason: "the subject is empty"}
	case subject.oneLine() == a.name.oneLine():
		return nil, nil, &ca.Refused{Reason: "the subject is that of the CA"}
	}
	if k, ok := a.key.Public().(interface{ Equal(crypto.PublicKey) bool }); ok && k.Equal(o.public) {
		return nil, nil, &ca.Refused{Reason: "the key is that of the CA"}
	}
	x := extender{file: a.file, issuer: a.certificate, public: o.spki, subject: o.subject}
	t := &x509.Certificate{RawSubject: der}
	if t.ExtraExtensions, err = x.section(o.extensions); err != nil {
		return nil, nil, err
	}
	if o.altNames != nil && a.copyNames && !hasExtension(t, oidAltName) {
		ext, err := requestedNames(o.altNames)
		if err != nil {
			return nil, nil, err
		}
		t.ExtraExtensions = append(t.ExtraExtensions, ext)
	} else if o.altNames != nil {
		o.more = true
	}
	if err := c.addresses(t, x); err != nil {
		return nil, nil, err
	}
	if (o.more || dropped) && c.values.String(setExtras, extrasDrop) == extrasRefuse {
		return nil, nil, &ca.Refused{Reason: "the request wants more than the template gives"}
	}
	return t, subject, nil
}

func hasExtension(t *x509.Certificate, oid asn1.ObjectIdentifier) bool {
	for _, e := range t.ExtraExtensions {
		if e.Id.Equal(oid) {
			return true
		}
	}
	return false
}

// addresses adds where the CRL, the OCSP responder and the CA's certificate are,
// as the settings have it, where the section does not say.
func (c *connector) addresses(t *x509.Certificate, x extender) error {
	var access, crl []part
	for _, s := range []struct {
		setting, name string
		into          *[]part
	}{{setOCSPAddress, "OCSP;URI", &access}, {setCAAddress, "caIssuers;URI", &access}, {setCRLAddress, "URI", &crl}} {
		if u := c.values.String(s.setting, ""); u != "" {
			*s.into = append(*s.into, part{s.name, u})
		}
	}
	for _, e := range []struct {
		oid   asn1.ObjectIdentifier
		build func([]part) ([]byte, error)
		parts []part
	}{{oidAccess, x.accessOf, access}, {oidCRLPoints, x.crlPointsOf, crl}} {
		if len(e.parts) == 0 || hasExtension(t, e.oid) {
			continue
		}
		b, err := e.build(e.parts)
		if err != nil {
			return fmt.Errorf("the addresses of the settings: %w", err)
		}
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: e.oid, Value: b})
	}
	return nil
}

// keep writes a copy under the name of the subject into a folder of the
// settings. What is there already is overwritten only when it is such a copy for
// the same subject; otherwise the serial number joins the name.
func (c *connector) keep(folder, base, ending, serial string, data []byte, replace func(old []byte) bool) error {
	dir := c.path(c.values.String(folder, ""))
	if base == "" {
		base = serial
	}
	file := filepath.Join(dir, base+ending)
	if old, err := readFile(file); err == nil && !replace(old) || c.reserved(file) {
		file = filepath.Join(dir, base+"_"+serial+ending)
	}
	return writeFile(file, data, 0o644)
}
