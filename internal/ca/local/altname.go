package local

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Tags of GeneralName (RFC 5280, 4.2.1.6).
const (
	tagOther = 0
	tagEmail = 1
	tagDNS   = 2
	tagURI   = 6
	tagIP    = 7
	tagID    = 8
)

func tagged(tag int, compound bool, b []byte) ([]byte, error) {
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: compound, Bytes: b})
}

func uri(text string) ([]byte, error) {
	if err := ascii(text); err != nil {
		return nil, err
	}
	return tagged(tagURI, false, []byte(text))
}

func ascii(s string) error {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("%.60q is no name of this kind", s)
	}
	return nil
}

// generalName is one name.
func (x extender) generalName(p part) ([]byte, error) {
	switch p.name {
	case "email", "DNS", "URI":
		if err := ascii(p.value); err != nil {
			return nil, err
		}
		return tagged(map[string]int{"email": tagEmail, "DNS": tagDNS, "URI": tagURI}[p.name], false, []byte(p.value))
	case "IP":
		ip, err := netip.ParseAddr(p.value)
		if err != nil {
			return nil, errors.New("not an IP address")
		}
		return tagged(tagIP, false, ip.Unmap().AsSlice())
	case "RID":
		oid, ok := parseOID(p.value)
		if !ok {
			return nil, errors.New("not an object identifier")
		}
		b, err := asn1.Marshal(oid)
		if err != nil {
			return nil, err
		}
		return tagged(tagID, false, b[2:])
	case "otherName":
		return x.otherName(p.value)
	}
	return nil, fmt.Errorf("names of the kind %q are not known", p.name)
}

// otherName is an identifier with a value: msUPN;UTF8:alice@example.org.
func (x extender) otherName(value string) ([]byte, error) {
	word, value, _ := strings.Cut(value, ";")
	if word == "msUPN" {
		word = "1.3.6.1.4.1.311.20.2.3"
	}
	oid, ok := x.oid(word)
	if !ok {
		return nil, errors.New("otherName has no object identifier")
	}
	id, err := asn1.Marshal(oid)
	if err != nil {
		return nil, err
	}
	b, err := arbitrary("ASN1:" + value)
	if err != nil {
		return nil, err
	}
	if b, err = tagged(0, true, b); err != nil {
		return nil, err
	}
	return tagged(tagOther, true, append(id, b...))
}

// altName are other names of the subject. email:copy is every address of the
// subject.
func (x extender) altName(value string) ([]byte, error) {
	parts, err := x.list(value)
	if err != nil {
		return nil, err
	}
	var content []byte
	for _, p := range parts {
		if p.name == "email" && (p.value == "copy" || p.value == "move") {
			for _, a := range x.subject.attributes() {
				if !a.Type.Equal(oidEmail) {
					continue
				}
				s, err := a.text()
				if err != nil {
					return nil, err
				}
				b, err := x.generalName(part{"email", s})
				if err != nil {
					return nil, err
				}
				content = append(content, b...)
			}
			continue
		}
		b, err := x.generalName(p)
		if err != nil {
			return nil, err
		}
		content = append(content, b...)
	}
	if len(content) == 0 {
		return nil, nil
	}
	return sequence(content)
}

// crlPoints are the addresses of the CRL, or names of sections with fullname.
func (x extender) crlPoints(value string) ([]byte, error) {
	parts, err := x.list(value)
	if err != nil {
		return nil, err
	}
	return x.crlPointsOf(parts)
}

func (x extender) crlPointsOf(parts []part) ([]byte, error) {
	var content []byte
	for _, p := range parts {
		names := []part{p}
		if p.value == "" {
			s, ok := x.file.Section(p.name)
			if !ok {
				return nil, fmt.Errorf("there is no section %q", p.name)
			}
			for _, e := range s {
				if e.Name != "fullname" || e.Err != nil {
					return nil, fmt.Errorf("%q of section %s cannot be used", e.Name, p.name)
				}
				var err error
				if names, err = x.list(e.Value); err != nil {
					return nil, err
				}
			}
		}
		b, err := x.crlPoint(names)
		if err != nil {
			return nil, err
		}
		content = append(content, b...)
	}
	if len(content) == 0 {
		return nil, nil
	}
	return sequence(content)
}

// crlPoint is a DistributionPoint with a full name (RFC 5280, 4.2.1.13).
func (x extender) crlPoint(names []part) ([]byte, error) {
	var b []byte
	for _, n := range names {
		one, err := x.generalName(n)
		if err != nil {
			return nil, err
		}
		b = append(b, one...)
	}
	var err error
	for range 2 { // fullName [0] in distributionPoint [0]
		if b, err = tagged(0, true, b); err != nil {
			return nil, err
		}
	}
	return sequence(b)
}

// access tells where to ask about the CA: OCSP;URI:…, caIssuers;URI:….
func (x extender) access(value string) ([]byte, error) {
	parts, err := x.list(value)
	if err != nil {
		return nil, err
	}
	return x.accessOf(parts)
}

func (x extender) accessOf(parts []part) ([]byte, error) {
	var content []byte
	for _, p := range parts {
		method, kind, _ := strings.Cut(p.name, ";")
		oid, ok := map[string]asn1.ObjectIdentifier{"OCSP": oidOCSP, "caIssuers": oidIssuers}[method]
		if !ok {
			if oid, ok = parseOID(method); !ok {
				return nil, fmt.Errorf("%q is not known", method)
			}
		}
		where, err := x.generalName(part{kind, p.value})
		if err != nil {
			return nil, err
		}
		b, err := accessPoint(oid, where)
		if err != nil {
			return nil, err
		}
		content = append(content, b...)
	}
	if len(content) == 0 {
		return nil, nil
	}
	return sequence(content)
}

func accessPoint(oid asn1.ObjectIdentifier, where []byte) ([]byte, error) {
	id, err := asn1.Marshal(oid)
	if err != nil {
		return nil, err
	}
	return sequence(append(id, where...))
}

// policies are object identifiers, or names of sections with policyIdentifier and
// CPS addresses.
func (x extender) policies(value string) ([]byte, error) {
	var content []byte
	for p := range strings.SplitSeq(value, ",") {
		p = strings.TrimSpace(p)
		var qualifiers []byte
		if section, ok := strings.CutPrefix(p, "@"); ok {
			entries, known := x.file.Section(section)
			if !known {
				return nil, fmt.Errorf("there is no section %q", section)
			}
			p = ""
			for _, e := range entries {
				name, _, _ := strings.Cut(e.Name, ".")
				switch {
				case e.Err != nil:
					return nil, e.Err
				case name == "policyIdentifier":
					p = e.Value
				case name == "CPS":
					text, err := asn1.MarshalWithParams(e.Value, "ia5")
					if err != nil {
						return nil, err
					}
					b, err := accessPoint(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 2, 1}, text)
					if err != nil {
						return nil, err
					}
					qualifiers = append(qualifiers, b...)
				default:
					return nil, fmt.Errorf("%q of section %s cannot be used", e.Name, section)
				}
			}
		}
		if p == "anyPolicy" {
			p = "2.5.29.32.0"
		}
		oid, ok := x.oid(p)
		if !ok {
			return nil, fmt.Errorf("%q is no object identifier", p)
		}
		b, err := asn1.Marshal(oid)
		if err != nil {
			return nil, err
		}
		if len(qualifiers) > 0 {
			q, err := sequence(qualifiers)
			if err != nil {
				return nil, err
			}
			b = append(b, q...)
		}
		if b, err = sequence(b); err != nil {
			return nil, err
		}
		content = append(content, b...)
	}
	return sequence(content)
}
