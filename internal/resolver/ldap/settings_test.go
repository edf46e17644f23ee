package ldap

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/field"
)

func TestParseURIs(t *testing.T) {
	for in, want := range map[string]string{
		"ldap://a":                  "ldap://a:389",
		"ldaps://a":                 "ldaps://a:636",
		"LDAPS://a:1234/":           "ldaps://a:1234",
		"a":                         "ldap://a:389",
		"a:390":                     "ldap://a:390",
		"ldap://a, ldaps://b:7 ,c,": "ldap://a:389 ldaps://b:7 ldap://c:389",
		"ldap://[2001:db8::1]:7":    "ldap://[2001:db8::1]:7",
		"ldap://[2001:db8::1]":      "ldap://[2001:db8::1]:389",
		"2001:db8::1":               "ldap://[2001:db8::1]:389",
		"":                          "",
		" , ":                       "",
		"ldapi:///run/slapd":        "",
		"http://a":                  "",
		"ldap://":                   "",
		"ldap://a:":                 "",
		"ldap://a:0":                "",
		"ldap://a:65536":            "",
		"ldap://a:b":                "",
		"ldap://a/dc=x":             "",
		"ldap://u@a":                "",
		"ldap://[::1":               "",
		"ldap://[a]":                "",
		"ldap://[::1]7":             "",
		"a:b:c":                     "",
		strings.Repeat("ldap://a,", maxServers+1): "",
	} {
		got, err := parseURIs(in)
		var l []string
		for _, s := range got {
			l = append(l, s.String())
		}
		if text := strings.Join(l, " "); text != want || (err == nil) != (want != "") {
			t.Errorf("%.60q: %q %v, want %q", in, text, err, want)
		}
	}
}

func TestParseMap(t *testing.T) {
	xy := map[string]string{"x": "y", "a b": "c"}
	for _, c := range []struct {
		name, in string
		want     map[string]string // nil: an error
	}{
		{"JSON", `{"x": "y", "a b": "c"}`, xy},
		{"JSON over several lines", "{\n \"x\": \"y\",\n \"a b\": \"c\"\n}\n", xy},
		{"JSON without blanks", `{"x":"y","a b":"c"}`, xy},
		{"JSON escapes", `{"x": "\u00e4\"\\\/\n\ud83d\ude00\ud83d"}`, map[string]string{"x": "ä\"\\/\n😀\uFFFD"}},
		{"single quotes", `{'x': 'y', 'a b': 'c'}`, xy},
		{"a quote in quotes", `{'x': 'it''s'}`, map[string]string{"x": "it's"}},
		{"YAML flow", `{x: y, a b: c,}`, xy},
		{"YAML block", "x: y\n# comment\n\n'a b': \"c\" # comment\n", xy},
		{"YAML block, mark", "---\nx: y\na b: c # c\n", xy},
		{"null", `{x: null, y: ~}`, map[string]string{"x": "", "y": ""}},
		{"empty", "", map[string]string{}},
		{"empty map", "{ }", map[string]string{}},
		{"the last of two", `{x: y, x: z}`, map[string]string{"x": "z"}},
		{"numbers are texts", `{x: 5}`, map[string]string{"x": "5"}},
		{"a word", "nonsense", nil},
		{"a list", `["x"]`, nil},
		{"nested", `{"x": {"y": "z"}}`, nil},
		{"nested list", `{"x": ["y"]}`, nil},
		{"open", `{"x": "y"`, nil},
		{"open quote", `{"x": "y}`, nil},
		{"text behind", `{"x": "y"} z`, nil},
		{"no colon", `{x}`, nil},
		{"two values", `{"x": "y" "z"}`, nil},
		{"unknown escape", `{"x": "\q"}`, nil},
		{"block with a tag", "x: !!str y", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseMap(c.in)
			if (err != nil) != (c.want == nil) || (err == nil && cmp.Diff(c.want, got) != "") {
				t.Errorf("%v %v", got, err)
			}
		})
	}
}

func TestParseList(t *testing.T) {
	for in, want := range map[string][]string{
		`["mobile"]`: {"mobile"}, `[]`: nil, "": nil, `['a', "b", c]`: {"a", "b", "c"}, "- a\n- 'b'\n": {"a", "b"}, "[a,]": {"a"},
	} {
		if got, err := parseList(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v", in, got, err)
		}
	}
	for _, in := range []string{"mobile", `{"a": "b"}`, `[["a"]]`, `["a"`, "-a"} {
		if got, err := parseList(in); err == nil {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestParse_Refuses(t *testing.T) {
	good := options(nil, field.Values{"LDAPURI": "ldap://a"})
	if _, err := parse(good, ""); err != nil {
		t.Fatal(err)
	}
	for option, value := range map[string]string{
		"LDAPURI": "http://a", "TIMEOUT": "soon", "SIZELIMIT": "many", "CACHE_TIMEOUT": "x", "SERVERPOOL_ROUNDS": "x", "SERVERPOOL_SKIP": "x",
		"TLS_VERSION": "9", "AUTHTYPE": "Smoke signal", "BINDPW": "", "SCOPE": "SIDEWAYS", "LDAPSEARCHFILTER": "(a=b", "LOGINNAMEATTRIBUTE": " ,",
		"UIDTYPE": "a)(b", "USERINFO": `{"x": "a)(b"}`, "MULTIVALUEATTRIBUTES": "x",
	} {
		v := options(nil, field.Values{"LDAPURI": "ldap://a", option: value})
		if _, err := parse(v, ""); err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s=%q: %v", option, value, err)
		}
	}
}

func TestParse_Defaults(t *testing.T) {
	s, err := parse(field.Values{"LDAPURI": "ldap://a", "LOGINNAMEATTRIBUTE": "uid", "TIMEOUT": "0", "SERVERPOOL_ROUNDS": ""}, "")
	if err != nil {
		t.Fatal(err)
	}
	if s.timeout != 5*time.Second || s.cacheTime != 2*time.Minute || s.sizeLimit != 500 || s.rounds != 2 || s.skip != 30*time.Second ||
		s.uidKind != uidDN || s.scope != scopeSubtree || !s.multi["mobile"] || s.tlsVerify || s.editable || s.authType != authSimple {
		t.Errorf("%+v", s)
	}
}

// The declared options and their type words are those of the reference.
func TestKind_Fields(t *testing.T) {
	var l []string
	for _, f := range Kind().Fields {
		l = append(l, f.Name+" "+f.Type)
		if f.Help == "" {
			t.Errorf("%s has no help", f.Name)
		}
	}
	slices.Sort(l)
	want := strings.Fields(`AUTHTYPE string BINDDN string BINDPW password CACERTIFICATE string CACHE_TIMEOUT int DN_TEMPLATE string EDITABLE bool
		KEYTABFILE string LDAPBASE string LDAPSEARCHFILTER string LDAPURI string LOGINNAMEATTRIBUTE string MULTIVALUEATTRIBUTES string NOREFERRALS bool
		NOSCHEMAS bool OBJECT_CLASSES string SCOPE string SERVERPOOL_PERSISTENT bool SERVERPOOL_ROUNDS int SERVERPOOL_SKIP int SERVERPOOL_STRATEGY string
		SIZELIMIT int START_TLS bool TIMEOUT int TLS_CA_FILE string TLS_VERIFY bool TLS_VERSION int UIDTYPE string USERINFO string`)
	if got := strings.Fields(strings.Join(l, " ")); !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}
