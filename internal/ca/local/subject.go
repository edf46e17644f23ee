package local

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"edumfa/internal/ca"
	"edumfa/internal/opensslcnf"
)

// attribute is one part of a name, its value as it is encoded.
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type attributeSET []attribute // the name tells the encoder that it is a SET

// name is a distinguished name as it is encoded (RFC 5280, 4.1.2.4). pkix's own
// type loses the kinds of texts.
type name []attributeSET

// The limits of names.
const (
	mostName       = 8 << 10
	mostAttributes = 64
)

func parseName(der []byte) (name, error) {
	var n name
	if len(der) > mostName {
		return nil, errors.New("the subject is too long")
	}
	rest, err := asn1.Unmarshal(der, &n)
	if err != nil || len(rest) > 0 {
		return nil, errors.New("the subject cannot be read")
	}
	if len(n.attributes()) > mostAttributes {
		return nil, errors.New("the subject has too many parts")
	}
	return n, nil
}

func (n name) der() ([]byte, error) { return asn1.Marshal(n) }

// attributes are all parts in their order.
func (n name) attributes() []attribute {
	var out []attribute
	for _, set := range n {
		out = append(out, set...)
	}
	return out
}

func nameOf(list []attribute) name {
	n := make(name, len(list))
	for i, a := range list {
		n[i] = attributeSET{a}
	}
	return n
}

// text is the value as UTF-8.
func (a attribute) text() (string, error) {
	b := a.Value.Bytes
	switch a.Value.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString:
		return strings.ToValidUTF8(string(b), "\uFFFD"), nil
	case asn1.TagT61String:
		r := make([]rune, len(b))
		for i, c := range b {
			r[i] = rune(c)
		}
		return string(r), nil
	case asn1.TagBMPString:
		if len(b)%2 != 0 {
			return "", errors.New("a part of the subject cannot be read")
		}
		u := make([]uint16, len(b)/2)
		for i := range u {
			u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		}
		return string(utf16.Decode(u)), nil
	}
	return "", errors.New("a part of the subject is no text")
}

// check refuses names that lists, shells and file names stumble over.
func (n name) check() error {
	for _, a := range n.attributes() {
		s, err := a.text()
		if err != nil {
			return &ca.Refused{Reason: err.Error()}
		}
		if strings.ContainsFunc(s, func(r rune) bool {
			return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xFFFD
		}) {
			return &ca.Refused{Reason: "the subject has control characters"}
		}
	}
	return nil
}

// oneLine is a name as openssl writes it into its index: "/C=DE/CN=alice", what
// is not printable ASCII as \xHH for each byte of the encoding.
func (n name) oneLine() string {
	var b strings.Builder
	for _, a := range n.attributes() {
		b.WriteString("/" + shortName(a.Type) + "=")
		for _, c := range a.Value.Bytes {
			if c < ' ' || c > '~' {
				fmt.Fprintf(&b, `\x%02X`, c)
				continue
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// attributeNames are OpenSSL's names of attributes: short and long.
func attributeNames() []struct{ oid, short, long string } {
	return []struct{ oid, short, long string }{
		{"2.5.4.3", "CN", "commonName"}, {"2.5.4.4", "SN", "surname"}, {"2.5.4.5", "serialNumber", "serialNumber"},
		{"2.5.4.6", "C", "countryName"}, {"2.5.4.7", "L", "localityName"}, {"2.5.4.8", "ST", "stateOrProvinceName"},
		{"2.5.4.9", "street", "streetAddress"}, {"2.5.4.10", "O", "organizationName"}, {"2.5.4.11", "OU", "organizationalUnitName"},
		{"2.5.4.12", "title", "title"}, {"2.5.4.13", "description", "description"}, {"2.5.4.17", "postalCode", "postalCode"},
		{"2.5.4.20", "telephoneNumber", "telephoneNumber"}, {"2.5.4.41", "name", "name"}, {"2.5.4.42", "GN", "givenName"},
		{"2.5.4.43", "initials", "initials"}, {"2.5.4.44", "generationQualifier", "generationQualifier"}, {"2.5.4.46", "dnQualifier", "dnQualifier"},
		{"2.5.4.65", "pseudonym", "pseudonym"}, {"2.5.4.97", "organizationIdentifier", "organizationIdentifier"},
		{"1.2.840.113549.1.9.1", "emailAddress", "emailAddress"}, {"1.2.840.113549.1.9.2", "unstructuredName", "unstructuredName"},
		{"0.9.2342.19200300.100.1.1", "UID", "userId"}, {"0.9.2342.19200300.100.1.25", "DC", "domainComponent"},
	}
}

func shortName(oid asn1.ObjectIdentifier) string {
	for _, x := range attributeNames() {
		if x.oid == oid.String() {
			return x.short
		}
	}
	return oid.String()
}

func attributeOID(word string) (asn1.ObjectIdentifier, bool) {
	for _, x := range attributeNames() {
		if word == x.short || word == x.long {
			word = x.oid
			break
		}
	}
	return parseOID(word)
}

func parseOID(s string) (asn1.ObjectIdentifier, bool) {
	var oid asn1.ObjectIdentifier
	for part := range strings.SplitSeq(s, ".") {
		n := 0
		if part == "" || len(part) > 9 {
			return nil, false
		}
		for _, c := range part {
			if c < '0' || c > '9' {
				return nil, false
			}
			n = 10*n + int(c-'0')
		}
		oid = append(oid, n)
	}
	if len(oid) < 2 || oid[0] > 2 || oid[0] < 2 && oid[1] > 39 {
		return nil, false
	}
	return oid, true
}

var oidCommonName, oidEmail = asn1.ObjectIdentifier{2, 5, 4, 3}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}

// commonName is a subject of nothing else.
func commonName(cn string) ([]byte, error) {
	return asn1.Marshal(pkix.RDNSequence{{{Type: oidCommonName, Value: cn}}})
}

// policy says which parts a subject has (openssl-ca(1), "policy format").
type policy []opensslcnf.Entry

// apply makes the subject of a certificate of the requested one. dropped tells
// that there was more in it.
func (p policy) apply(requested, issuer name) (out name, dropped bool, err error) {
	var list []attribute
	used := 0
	for _, rule := range p {
		oid, ok := attributeOID(rule.Name)
		if !ok {
			return nil, false, fmt.Errorf("the policy names the attribute %q, which is not known", rule.Name)
		}
		var have []attribute
		for _, a := range requested.attributes() {
			if a.Type.Equal(oid) && len(a.Value.Bytes) > 0 {
				have = append(have, a)
			}
		}
		if rule.Value != "optional" && len(have) == 0 {
			return nil, false, &ca.Refused{Reason: "the subject has no " + rule.Name}
		}
		switch rule.Value {
		case "optional", "supplied":
		case "match":
			for _, a := range have {
				if !has(issuer, a) {
					return nil, false, &ca.Refused{Reason: "the " + rule.Name + " of the subject is not that of the CA"}
				}
			}
		default:
			return nil, false, fmt.Errorf("the policy wants %q of %s", rule.Value, rule.Name)
		}
		used += len(have)
		list = append(list, have...)
	}
	return nameOf(list), used < len(requested.attributes()), nil
}

func has(n name, want attribute) bool {
	for _, a := range n.attributes() {
		x, err := a.text()
		y, err2 := want.text()
		if a.Type.Equal(want.Type) && (bytes.Equal(a.Value.FullBytes, want.Value.FullBytes) || err == nil && err2 == nil && x == y) {
			return true
		}
	}
	return false
}
