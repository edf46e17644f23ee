package fido

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
)

// Name writes a distinguished name as RFC 4514 does, the last part first:
// CN=Key,O=Maker,C=DE. raw is the DER of the name.
func Name(raw []byte) string { return nameText(raw, true, ",", "+") }

// ForwardName writes it in the order of the certificate: C=DE,O=Maker,CN=Key. So
// U2F tokens have kept it from the beginning.
func ForwardName(raw []byte) string { return nameText(raw, false, ",", ",") }

func nameText(raw []byte, last bool, between, within string) string {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(raw, &rdns); err != nil || len(rest) > 0 {
		return ""
	}
	parts := make([]string, 0, len(rdns))
	for _, set := range rdns {
		values := make([]string, 0, len(set))
		for _, a := range set {
			values = append(values, attributeName(a.Type)+"="+attributeValue(a.Value, last))
		}
		parts = append(parts, strings.Join(values, within))
	}
	if last {
		slices.Reverse(parts)
	}
	return strings.Join(parts, between)
}

func attributeName(id asn1.ObjectIdentifier) string {
	switch id.String() {
	case "2.5.4.3":
		return "CN"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case "2.5.4.9":
		return "STREET"
	case "2.5.4.10":
		return "O"
	case "2.5.4.11":
		return "OU"
	case "0.9.2342.19200300.100.1.1":
		return "UID"
	case "0.9.2342.19200300.100.1.25":
		return "DC"
	}
	return id.String()
}

// attributeValue writes a value; escaped, the characters that mean something in
// RFC 4514 have a backslash before them.
func attributeValue(v any, escaped bool) string {
	var text string
	switch x := v.(type) {
	case string:
		text = x
	case []byte:
		return "#" + hex.EncodeToString(x)
	default:
		text = fmt.Sprint(x)
	}
	if !escaped {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		special := strings.ContainsRune(`,+"\<>;`, r) || i == 0 && (r == '#' || r == ' ') || i == len(text)-1 && r == ' '
		if special {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Certificates reads all certificates of a PEM text, or the one of a DER; none is
// no error.
func Certificates(data []byte) []*x509.Certificate {
	var out []*x509.Certificate
	if c, err := x509.ParseCertificate(data); err == nil {
		return []*x509.Certificate{c}
	}
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return out
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, c)
		}
	}
}
