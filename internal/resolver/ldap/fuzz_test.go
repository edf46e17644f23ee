package ldap

import (
	"strings"
	"testing"
	"unicode/utf8"

	ber "github.com/go-asn1-ber/asn1-ber"
	ldaplib "github.com/go-ldap/ldap/v3"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

var hostile = []string{"ines", "i*", "ines)(uid=*", `in\69s`, "*", "", " ", "\x00", "\xff", "Jäger", "a\\", "(", ")", "&", "|", "!", "a=b", "%_", "a**b", guid1}

func fuzzSettings(t testing.TB, more field.Values) *settings {
	s, err := parse(options(nil, field.Values{"LDAPURI": "ldap://a"}), "")
	if more != nil {
		s, err = parse(options(nil, more), "")
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// leaves are the conditions on an attribute in a compiled filter.
func leaves(p *ber.Packet, attr string) []*ber.Packet {
	var l []*ber.Packet
	switch p.Tag {
	case ldaplib.FilterAnd, ldaplib.FilterOr, ldaplib.FilterNot:
		for _, c := range p.Children {
			l = append(l, leaves(c, attr)...)
		}
	case ldaplib.FilterPresent:
		if p.Data.String() == attr {
			l = append(l, p)
		}
	default:
		if p.Children[0].Data.String() == attr {
			l = append(l, p)
		}
	}
	return l
}

func compiled(t *testing.T, filter string) *ber.Packet {
	t.Helper()
	p, err := ldaplib.CompileFilter(filter)
	if err != nil {
		t.Fatalf("%q: %v", filter, err)
	}
	return p
}

// What is typed as a login or stored as an id is compared as it is, and nothing
// is added to the question.
func FuzzFilter_EqualsKeepsTheValue(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	s := fuzzSettings(f, field.Values{"LDAPURI": "ldap://a", "LOGINNAMEATTRIBUTE": "cn, mail", "UIDTYPE": "employeeNumber", "LDAPSEARCHFILTER": "(a=b)"})
	f.Fuzz(func(t *testing.T, value string) {
		filter, ok := s.loginFilter(value)
		if !ok {
			t.Fatal("no filter")
		}
		root := compiled(t, filter)
		if len(root.Children) != 2 || len(root.Children[1].Children) != 2 {
			t.Fatalf("%q has another shape", filter)
		}
		for _, attr := range []string{"cn", "mail"} {
			l := leaves(root, attr)
			if len(l) != 1 || l[0].Tag != ldaplib.FilterEqualityMatch || string(l[0].Children[1].ByteValue) != value && l[0].Children[1].Data.String() != value {
				t.Fatalf("%q: %q", value, filter)
			}
		}
		c, _ := s.idCondition(value)
		if l := leaves(compiled(t, s.and(c)), "employeeNumber"); len(l) != 1 || l[0].Tag != ldaplib.FilterEqualityMatch || l[0].Children[1].Data.String() != value {
			t.Fatalf("%q: %q", value, c)
		}
	})
}

// A pattern has as many free places as stars, and its texts are kept.
func FuzzFilter_PatternKeepsItsTexts(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	s := fuzzSettings(f, nil)
	f.Fuzz(func(t *testing.T, pattern string) {
		filter, err := s.searchFilter(resolver.Query{"surname": pattern}, newClock().now())
		if err != nil {
			t.Fatal(err)
		}
		l := leaves(compiled(t, filter), "sn")
		if len(l) != 1 {
			t.Fatalf("%q: %q", pattern, filter)
		}
		var want []string
		for p := range strings.SplitSeq(pattern, "*") {
			if p != "" {
				want = append(want, p)
			}
		}
		var got []string
		switch l[0].Tag {
		case ldaplib.FilterPresent:
			if strings.Trim(pattern, "*") != "" || pattern == "" {
				t.Fatalf("%q: asks for anything", pattern)
			}
		case ldaplib.FilterEqualityMatch:
			got = []string{l[0].Children[1].Data.String()}
			if pattern == "" {
				want = []string{""}
			}
		case ldaplib.FilterSubstrings:
			for _, c := range l[0].Children[1].Children {
				got = append(got, c.Data.String())
			}
		}
		if strings.Join(got, "*") != strings.Join(want, "*") {
			t.Fatalf("%q: %q, want %q", pattern, got, want)
		}
	})
}

func FuzzCheckFilter(f *testing.F) {
	for _, s := range append([]string{"(uid=*)(objectClass=inetOrgPerson)", " ( & ( a = b ) ( | (c=d) (e=f) ) ) ", "(a=b))(|(c=d)", "(!(a=b))",
		"(userAccountControl:1.2.840.113556.1.4.803:=2)", "(a>=1)(b<=2)(c~=3)", "(cn=a  b )"}, hostile...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		got, err := checkFilter(filter)
		if err != nil {
			if got != "" {
				t.Fatal("an error with a filter")
			}
			return
		}
		s := &settings{filter: got}
		root := compiled(t, s.and("(zz=1)"))
		last := root.Children[len(root.Children)-1]
		if root.Tag != ldaplib.FilterAnd || last.Tag != ldaplib.FilterEqualityMatch || last.Children[0].Data.String() != "zz" {
			t.Fatalf("%q gets out of its brackets", filter)
		}
		if again, err := checkFilter(got); err != nil || again != got {
			t.Fatalf("%q: %q becomes %q, %v", filter, got, again, err)
		}
	})
}

func FuzzParseURIs(f *testing.F) {
	for _, s := range []string{"ldap://a", "ldaps://a:636/,b", "[::1]:7", "ldap://[::1]", "a:b", "ldapi://x", "::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseURIs(text)
		if err != nil {
			if list != nil {
				t.Fatal("an error with servers")
			}
			return
		}
		for _, s := range list {
			again, err := parseURIs(s.String())
			if err != nil || len(again) != 1 || again[0] != s {
				t.Fatalf("%q: %q is read as %v %v", text, s, again, err)
			}
		}
	})
}

func FuzzParseMap(f *testing.F) {
	for _, s := range []string{userInfo, "a: b\nc: 'd'", `{'a': "\u00e4", b: c}`, "{a: b,}", `["a"]`, "- a\n- b", "{", `{"`, `{"\ud83d\ude00": ''''}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := parseMap(text); err == nil {
			for k, v := range m {
				if utf8.ValidString(text) && (!utf8.ValidString(k) || !utf8.ValidString(v)) {
					t.Fatalf("%q: %q: %q", text, k, v)
				}
				quoted := `{'` + strings.ReplaceAll(k, "'", "''") + `': '` + strings.ReplaceAll(v, "'", "''") + `'}`
				if again, err := parseMap(quoted); len(quoted) < maxMapping && (err != nil || again[k] != v) {
					t.Fatalf("%q: %q: %v %v", text, quoted, again, err)
				}
			}
		} else if m != nil {
			t.Fatal("an error with a map")
		}
		if l, err := parseList(text); err != nil && l != nil {
			t.Fatal("an error with a list")
		}
	})
}

func FuzzNewDN(f *testing.F) {
	for _, s := range append([]string{"a,ou=x", "a+b=c", "#a", " a ", "<surname>"}, hostile...) {
		f.Add(s)
	}
	s := &settings{base: people, dnTemplate: "cn=<surname>+uid=<username>,<basedn>"}
	f.Fuzz(func(t *testing.T, name string) {
		if !utf8.ValidString(name) {
			t.Skip() // names come from JSON and forms, which are UTF-8
		}
		dn, err := s.newDN(resolver.Attributes{"username": name, "surname": "S"})
		if err != nil {
			if dn != "" {
				t.Fatal("an error with a DN")
			}
			return
		}
		p, err := ldaplib.ParseDN(dn)
		if err != nil || len(p.RDNs) != 4 || len(p.RDNs[0].Attributes) != 2 {
			t.Fatalf("%q: %q %v", name, dn, err)
		}
		for _, a := range p.RDNs[0].Attributes {
			if a.Type == "uid" && a.Value != name {
				t.Fatalf("%q becomes %q in %q", name, a.Value, dn)
			}
		}
	})
}

func FuzzGUID(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, ok := guidBytes(text)
		if !ok {
			return
		}
		if again, ok := guidBytes(guidText(b)); !ok || again != b || len(b) != 16 {
			t.Fatalf("%q: %x %x", text, b, again)
		}
	})
}
