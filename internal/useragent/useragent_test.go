package useragent

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHeader(t *testing.T) {
	for _, c := range []struct {
		header, name string
		twice        bool
	}{
		{"", "", true},
		{"curl/8.1", "curl", true},
		{"simpleSAMLphp", "simpleSAMLphp", false},
		{"SimpleSAMLphp", "SimpleSAMLphp", true}, // letter case counts
		{"eduMFA-cp/3.2", "eduMFA-cp", false},
		{"eduMFA-cp 3.2", "eduMFA-cp", false},
		{"eduMFA-cp2/3.2", "eduMFA-cp2", true},
		{"eduMFA-LDAP-Proxy", "eduMFA-LDAP-Proxy", false},
		{"privacyidea-cp/3.1", "privacyidea-cp", true},
		{"(compatible; x)", "", false},
		{"ä", "", false},
		{"Mozilla/5.0 (X11)", "Mozilla", true},
	} {
		if got := Name(c.header); got != c.name {
			t.Errorf("Name(%q) = %q, want %q", c.header, got, c.name)
		}
		if got := DecodesTwice(c.header); got != c.twice {
			t.Errorf("DecodesTwice(%q) = %v", c.header, got)
		}
	}
}

func TestClientType(t *testing.T) {
	for in, want := range map[string]string{
		"":                       Unknown,
		"FreeRADIUS":             "FreeRADIUS",
		"\xff\xfe/1":             "\ufffd/1",
		strings.Repeat("ö", 300): strings.Repeat("ö", 255),
	} {
		if got := ClientType(in); got != want {
			t.Errorf("ClientType(%q) = %q", in, got)
		}
	}
}

func FuzzHeader(f *testing.F) {
	for _, s := range []string{"", "curl/8.1", "eduMFA-cp/3.2", "(x)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !strings.HasPrefix(s, Name(s)) || utf8.RuneCountInString(ClientType(s)) > maxClientType {
			t.Errorf("%q", s)
		}
		DecodesTwice(s)
	})
}
