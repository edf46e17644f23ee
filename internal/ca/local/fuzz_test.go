package local

import (
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"

	"edumfa/internal/opensslcnf"
)

func TestIndex(t *testing.T) {
	const good = "V\t270101000000Z\t\t1000\tunknown\t/CN=alice\nR\t20500101000000Z\t260101000000Z,keyTime,200101000000Z\t0A\tunknown\t/O=a\\\tb/CN=\\xC3\\xBC\nE\t491231235959Z\t\t01\tunknown\t/CN=old\n"
	x, err := parseIndex("# comment\n\n" + strings.ReplaceAll(good, "\n", "\r\n"))
	if err != nil || x.String() != good || x.entries[1].subject != "/O=a\tb/CN=\\xC3\\xBC" {
		t.Errorf("%v, %q", err, x.String())
	}
	for _, line := range []string{
		"V\t1\t\t1000\tunknown", "X\t270101000000Z\t\t1000\tunknown\t/CN=x", "V\t270101000000Z\t\t\tunknown\t/CN=x", "V\t270101000000Z\t\t-1\tunknown\t/CN=x",
		"R\t270101000000Z\t\t1000\tunknown\t/CN=x", "R\t270101000000Z\t260101000000Z,becauseISay\t1000\tunknown\t/CN=x",
		"V\t270101000000Z\t\t01\tunknown\t/CN=x\nV\t270101000000Z\t\t1\tunknown\t/CN=y",
	} {
		if _, err := parseIndex(line); err == nil {
			t.Errorf("%q is taken", line)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add("V\t270101000000Z\t\t1000\tunknown\t/CN=alice\n")
	f.Add("R\t270101000000Z\t260101000000Z,superseded\tFF\tunknown\t/CN=a\\\tb\n")
	f.Fuzz(func(t *testing.T, src string) {
		x, err := parseIndex(src)
		if err != nil {
			return
		}
		again, err := parseIndex(x.String())
		if err != nil || again.String() != x.String() {
			t.Errorf("%q becomes %q: %v", src, x.String(), err)
		}
	})
}

func FuzzTemplates(f *testing.F) {
	f.Add("staff:\n  days: 200\n  extensions: user\n", "staff")
	f.Add("a: [b]\n", "a")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, src, name string) {
		d, err := parseTemplates(src)
		if err != nil || d == nil {
			return
		}
		_ = plain(d)
		if x, err := findTemplate(d, name); err == nil && (x.days < 0 || x.days > mostDays) {
			t.Errorf("%d days", x.days)
		}
	})
}

func FuzzExtension(f *testing.F) {
	for _, e := range [][2]string{
		{"basicConstraints", "critical,CA:TRUE,pathlen:0"}, {"keyUsage", "digitalSignature"}, {"subjectAltName", "DNS:a, IP:::1, email:copy, otherName:1.2.3;UTF8:x"},
		{"1.2.3.4", "DER:0500"}, {"1.2.3.4", "ASN1:UTF8String:x"}, {"crlDistributionPoints", "URI:http://a, sect"}, {"certificatePolicies", "1.2.3,@sect"}, {"authorityInfoAccess", "OCSP;URI:http://a"},
	} {
		f.Add(e[0], e[1])
	}
	file, err := opensslcnf.Parse("[sect]\nfullname=URI:http://b\npolicyIdentifier=1.2\n", nil)
	if err != nil {
		f.Fatal(err)
	}
	spki := must(asn1.Marshal(struct {
		A struct{ O asn1.ObjectIdentifier }
		K asn1.BitString
	}{struct{ O asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 3}}, asn1.BitString{Bytes: []byte{1}, BitLength: 8}}))
	f.Fuzz(func(t *testing.T, name, value string) {
		ext, err := extender{file: file, public: spki, self: true, issuer: &x509.Certificate{}}.extension(name, value)
		if err == nil && !strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(value, "critical"), " ,"), "DER:") && len(ext.Value) > 0 {
			var v asn1.RawValue
			if rest, err := asn1.Unmarshal(ext.Value, &v); err != nil || len(rest) > 0 {
				t.Errorf("%q = %q is %x: %v", name, value, ext.Value, err)
			}
		}
	})
}

func FuzzFileName(f *testing.F) {
	f.Add("../../x")
	f.Add("-a.. b\x00")
	f.Fuzz(func(t *testing.T, text string) {
		at := attribute{Type: oidCommonName}
		at.Value.Tag, at.Value.Bytes = asn1.TagUTF8String, []byte(text)
		n := fileName(name{{at}})
		if strings.ContainsAny(n, "/\\\x00 ") || strings.Contains(n, "..") || len(n) > mostFileName || n != "" && (n[0] == '.' || n[0] == '-') {
			t.Errorf("%q makes %q", text, n)
		}
	})
}
