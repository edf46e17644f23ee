package local

import (
	"crypto/sha1" // #nosec -- names keys (RFC 5280, 4.2.1.2), protects nothing
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"edumfa/internal/opensslcnf"
)

// extender builds the extensions that a section of the configuration describes
// (x509v3_config(5ssl)).
type extender struct {
	file    *opensslcnf.File
	issuer  *x509.Certificate
	public  []byte // the SubjectPublicKeyInfo
	subject name
	// self: the certificate signs itself.
	self bool
}

// builders are the extensions that are known, by OpenSSL's names.
func builders() map[string]struct {
	oid   asn1.ObjectIdentifier
	build func(x extender, value string) ([]byte, error)
} {
	type builder = struct {
		oid   asn1.ObjectIdentifier
		build func(x extender, value string) ([]byte, error)
	}
	netscape := func(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, n} }
	return map[string]builder{
		"basicConstraints":       {asn1.ObjectIdentifier{2, 5, 29, 19}, extender.basicConstraints},
		"keyUsage":               {asn1.ObjectIdentifier{2, 5, 29, 15}, extender.keyUsage},
		"extendedKeyUsage":       {oidExtendedUsage, extender.extendedKeyUsage},
		"subjectKeyIdentifier":   {asn1.ObjectIdentifier{2, 5, 29, 14}, extender.subjectKey},
		"authorityKeyIdentifier": {asn1.ObjectIdentifier{2, 5, 29, 35}, extender.authorityKey},
		"subjectAltName":         {oidAltName, extender.altName},
		"crlDistributionPoints":  {oidCRLPoints, extender.crlPoints},
		"authorityInfoAccess":    {oidAccess, extender.access},
		"certificatePolicies":    {asn1.ObjectIdentifier{2, 5, 29, 32}, extender.policies},
		"noCheck":                {oidNoCheck, func(extender, string) ([]byte, error) { return asn1.NullBytes, nil }},
		"nsCertType":             {netscape(1), extender.netscapeType},
		"nsBaseUrl":              {netscape(2), extender.ia5},
		"nsRevocationUrl":        {netscape(3), extender.ia5},
		"nsCaRevocationUrl":      {netscape(4), extender.ia5},
		"nsRenewalUrl":           {netscape(7), extender.ia5},
		"nsCaPolicyUrl":          {netscape(8), extender.ia5},
		"nsSslServerName":        {netscape(12), extender.ia5},
		"nsComment":              {netscape(13), extender.ia5},
	}
}

var (
	oidAltName       = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidCRLPoints     = asn1.ObjectIdentifier{2, 5, 29, 31}
	oidExtendedUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidAccess        = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}
	oidNoCheck       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
	oidOCSP          = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1}
	oidIssuers       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 2}
)

// section builds the extensions of a section in their order. An extension whose
// value comes out empty is left out.
func (x extender) section(name string) ([]pkix.Extension, error) {
	entries, ok := x.file.Section(name)
	if !ok {
		return nil, fmt.Errorf("the configuration of the CA has no section %q", name)
	}
	var out []pkix.Extension
	for _, e := range entries {
		if e.Err != nil {
			return nil, fmt.Errorf("%s of section %s: %w", e.Name, name, e.Err)
		}
		ext, err := x.extension(e.Name, e.Value)
		if err != nil {
			return nil, fmt.Errorf("%s of section %s: %w", e.Name, name, err)
		}
		if len(ext.Value) > 0 {
			out = append(out, ext)
		}
	}
	return out, nil
}

func (x extender) extension(name, value string) (pkix.Extension, error) {
	var ext pkix.Extension
	if rest, ok := strings.CutPrefix(value, "critical"); ok {
		if rest = strings.TrimSpace(rest); strings.HasPrefix(rest, ",") {
			ext.Critical, value = true, strings.TrimSpace(rest[1:])
		}
	}
	b, known := builders()[name]
	ext.Id = b.oid
	var err error
	switch {
	case strings.HasPrefix(value, "DER:"), strings.HasPrefix(value, "ASN1:"):
		if !known {
			var ok bool
			if ext.Id, ok = x.oid(name); !ok {
				return ext, errors.New("this extension is not known")
			}
		}
		ext.Value, err = arbitrary(value)
	case !known:
		return ext, errors.New("this extension is not known")
	default:
		ext.Value, err = b.build(x, value)
	}
	return ext, err
}

// oid reads an object identifier, or a name that the section of oid_section gives
// to one, perhaps with a long name and a comma before it.
func (x extender) oid(word string) (asn1.ObjectIdentifier, bool) {
	if x.file != nil {
		if section, found, err := x.file.Value(opensslcnf.Default, "oid_section"); found && err == nil {
			names, _ := x.file.Section(section)
			for _, n := range names {
				if n.Name == word && n.Err == nil {
					word = strings.TrimSpace(n.Value[strings.LastIndex(n.Value, ",")+1:])
					break
				}
			}
		}
	}
	return parseOID(word)
}

// arbitrary is an extension that is written out: DER:hex, ASN1:type:value.
func arbitrary(value string) ([]byte, error) {
	kind, rest, _ := strings.Cut(value, ":")
	if kind == "DER" {
		b, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(rest))
		if err != nil || len(b) == 0 {
			return nil, errors.New("the bytes are not hexadecimal")
		}
		return b, nil
	}
	kind, rest, _ = strings.Cut(rest, ":")
	switch strings.ToUpper(kind) {
	case "UTF8", "UTF8STRING":
		return asn1.MarshalWithParams(rest, "utf8")
	case "IA5", "IA5STRING":
		return asn1.MarshalWithParams(rest, "ia5")
	case "PRINTABLE", "PRINTABLESTRING":
		return asn1.MarshalWithParams(rest, "printable")
	case "NULL":
		return asn1.NullBytes, nil
	}
	return nil, fmt.Errorf("values of the type %q cannot be made", kind)
}

// part is one element of a list: name and, behind a colon, a value.
type part struct{ name, value string }

// list parts a value at commas; "@name" is the list of a section, whose names may
// have a number behind a dot.
func (x extender) list(value string) ([]part, error) {
	var out []part
	if section, ok := strings.CutPrefix(strings.TrimSpace(value), "@"); ok {
		entries, known := x.file.Section(section)
		if !known {
			return nil, fmt.Errorf("there is no section %q", section)
		}
		for _, e := range entries {
			if e.Err != nil {
				return nil, e.Err
			}
			n, _, _ := strings.Cut(e.Name, ".")
			if strings.Contains(e.Name, ";") {
				n = e.Name // authorityInfoAccess: OCSP;URI.0
				if i := strings.LastIndex(n, "."); i > strings.Index(n, ";") {
					n = n[:i]
				}
			}
			out = append(out, part{n, e.Value})
		}
		return out, nil
	}
	for p := range strings.SplitSeq(value, ",") {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		n, v, _ := strings.Cut(p, ":")
		out = append(out, part{strings.TrimSpace(n), strings.TrimSpace(v)})
	}
	return out, nil
}

func (x extender) basicConstraints(value string) ([]byte, error) {
	var v struct {
		CA      bool `asn1:"optional"`
		PathLen int  `asn1:"optional,default:-1"`
	}
	v.PathLen = -1
	parts, err := x.list(value)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		switch p.name {
		case "CA":
			v.CA = strings.EqualFold(p.value, "true") || strings.EqualFold(p.value, "yes") || strings.EqualFold(p.value, "y")
		case "pathlen":
			if _, err := fmt.Sscanf(p.value, "%d", &v.PathLen); err != nil || v.PathLen < 0 || v.PathLen > 100 {
				return nil, errors.New("pathlen is not a number")
			}
		default:
			return nil, fmt.Errorf("%q is not known", p.name)
		}
	}
	return asn1.Marshal(v)
}

// keyUsages are OpenSSL's names in the order of the bits (RFC 5280, 4.2.1.3).
var keyUsages = []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

func (x extender) keyUsage(value string) ([]byte, error) { return x.bits(value, keyUsages) }

func (x extender) netscapeType(value string) ([]byte, error) {
	return x.bits(value, []string{"client", "server", "email", "objsign", "reserved", "sslCA", "emailCA", "objCA"})
}

// bits is a BIT STRING of named bits without zeros at its end.
func (x extender) bits(value string, names []string) ([]byte, error) {
	parts, err := x.list(value)
	if err != nil {
		return nil, err
	}
	b := asn1.BitString{Bytes: make([]byte, 2)}
	for _, p := range parts {
		i := slices.Index(names, p.name)
		if p.name == "contentCommitment" {
			i = slices.Index(names, "nonRepudiation")
		}
		if i < 0 {
			return nil, fmt.Errorf("%q is not known", p.name)
		}
		b.Bytes[i/8] |= 0x80 >> (i % 8)
		b.BitLength = max(b.BitLength, i+1)
	}
	b.Bytes = b.Bytes[:(b.BitLength+7)/8]
	return asn1.Marshal(b)
}

func (x extender) ia5(value string) ([]byte, error) { return asn1.MarshalWithParams(value, "ia5") }

func (x extender) extendedKeyUsage(value string) ([]byte, error) {
	purposes := map[string]string{
		"serverAuth": "1.3.6.1.5.5.7.3.1", "clientAuth": "1.3.6.1.5.5.7.3.2", "codeSigning": "1.3.6.1.5.5.7.3.3", "emailProtection": "1.3.6.1.5.5.7.3.4",
		"ipsecEndSystem": "1.3.6.1.5.5.7.3.5", "ipsecTunnel": "1.3.6.1.5.5.7.3.6", "ipsecUser": "1.3.6.1.5.5.7.3.7", "timeStamping": "1.3.6.1.5.5.7.3.8",
		"OCSPSigning": "1.3.6.1.5.5.7.3.9", "ipsecIKE": "1.3.6.1.5.5.7.3.17", "msCodeInd": "1.3.6.1.4.1.311.2.1.21", "msCodeCom": "1.3.6.1.4.1.311.2.1.22",
		"msCTLSign": "1.3.6.1.4.1.311.10.3.1", "msEFS": "1.3.6.1.4.1.311.10.3.4", "msSmartcardLogin": "1.3.6.1.4.1.311.20.2.2",
		"anyExtendedKeyUsage": "2.5.29.37.0",
	}
	parts, err := x.list(value)
	if err != nil {
		return nil, err
	}
	var out []asn1.ObjectIdentifier
	for _, p := range parts {
		word := p.name
		if known, ok := purposes[word]; ok {
			word = known
		}
		oid, ok := x.oid(word)
		if !ok {
			return nil, fmt.Errorf("%q is not known", p.name)
		}
		out = append(out, oid)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return asn1.Marshal(out)
}

// keyID names a key by the SHA-1 of its bits (RFC 5280, 4.2.1.2).
func keyID(public []byte) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(public, &info); err != nil {
		return nil, errors.New("the key cannot be read")
	}
	sum := sha1.Sum(info.Key.RightAlign()) // #nosec -- see above
	return sum[:], nil
}

func (x extender) subjectKey(value string) ([]byte, error) {
	switch value {
	case "none":
		return nil, nil
	case "hash":
		id, err := keyID(x.public)
		if err != nil {
			return nil, err
		}
		return asn1.Marshal(id)
	}
	b, err := hex.DecodeString(strings.ReplaceAll(value, ":", ""))
	if err != nil || len(b) == 0 {
		return nil, errors.New("neither hash nor hexadecimal")
	}
	return asn1.Marshal(b)
}

// authorityKey names the key of the issuer by its number, or, with
// issuer:always or where it has none, by the certificate of the issuer.
func (x extender) authorityKey(value string) ([]byte, error) {
	parts, err := x.list(value)
	if err != nil {
		return nil, err
	}
	var content []byte
	add := func(tag int, compound bool, b []byte) error {
		t, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: compound, Bytes: b})
		content = append(content, t...)
		return err
	}
	wanted := func(name string) (part, bool) {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return part{}, false
		}
		return parts[i], true
	}
	id := x.issuer.SubjectKeyId
	if x.self {
		if id, err = keyID(x.public); err != nil {
			return nil, err
		}
	}
	if _, ok := wanted("keyid"); ok && len(id) > 0 {
		if err := add(0, false, id); err != nil {
			return nil, err
		}
	}
	if p, ok := wanted("issuer"); ok && !x.self && (p.value == "always" || len(content) == 0) {
		directory, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: x.issuer.RawIssuer})
		if err != nil {
			return nil, err
		}
		number, err := asn1.Marshal(x.issuer.SerialNumber)
		if err != nil {
			return nil, err
		}
		var raw asn1.RawValue
		if _, err := asn1.Unmarshal(number, &raw); err != nil {
			return nil, err
		}
		if err := errors.Join(add(1, true, directory), add(2, false, raw.Bytes)); err != nil {
			return nil, err
		}
	}
	if len(content) == 0 {
		return nil, nil
	}
	return sequence(content)
}

func sequence(content []byte) ([]byte, error) {
	return asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: content})
}
