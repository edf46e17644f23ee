package ldap

import (
	"strings"
	"testing"

	"edumfa/internal/field"
	"edumfa/test/server/slapd"
)

func TestKindTest(t *testing.T) {
	s := campus(t)
	for _, c := range []struct {
		name string
		more field.Values
		ok   bool
		text string
	}{
		{"all well", nil, true, "3 user objects found."},
		{"not all have a uid", field.Values{"UIDTYPE": "telephoneNumber"}, true, "2 user objects found."},
		{"DN and LEVEL", field.Values{"UIDTYPE": "DN", "SCOPE": "LEVEL"}, true, "2 user objects found."},
		{"limit", field.Values{"SIZELIMIT": "1"}, true, "1 user objects found."},
		{"no limit", field.Values{"SIZELIMIT": "0"}, true, "3 user objects found."},
		{"broken filter", field.Values{"LDAPSEARCHFILTER": "(uid"}, false, "LDAPSEARCHFILTER"},
		{"filter that leaves its brackets", field.Values{"LDAPSEARCHFILTER": "(uid=*))(|(uid=*)"}, false, "LDAPSEARCHFILTER"},
		{"no such base", field.Values{"LDAPBASE": "ou=nosuch," + slapd.Suffix}, true, "0 user objects found."},
		{"wrong password", field.Values{"BINDPW": "wrong"}, false, "refuses the service account"},
		{"wrong account", field.Values{"BINDDN": "cn=nobody," + slapd.Suffix}, false, "refuses the service account"},
		{"anonymous", field.Values{"BINDDN": "", "BINDPW": ""}, true, "0 user objects found."},
		{"unknown AUTHTYPE", field.Values{"AUTHTYPE": "Smoke signal"}, false, "AUTHTYPE"},
		{"no map", field.Values{"USERINFO": "nonsense"}, false, "USERINFO"},
		{"no server", field.Values{"LDAPURI": ""}, false, "LDAPURI"},
		{"STARTTLS", field.Values{"START_TLS": "1", "TLS_VERIFY": "True", "TLS_CA_FILE": s.CAFile, "LDAPURI": s.NameURI()}, true, "3 user objects found."},
		{"nobody listens", field.Values{"LDAPURI": "ldap://127.0.0.1:1"}, false, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ok, text := Kind().Test(t.Context(), options(s, c.more), deps(newClock()))
			if ok != c.ok || !strings.Contains(text, c.text) {
				t.Errorf("%v %q", ok, text)
			}
			if strings.Contains(text, slapd.AdminPassword) || strings.Contains(text, "\n") {
				t.Errorf("%q", text)
			}
		})
	}
}

func TestKindTest_HangingServer(t *testing.T) {
	s := campus(t)
	s.Hang()
	defer s.Resume()
	ctx := bounded(t, 6*2e9+grace)
	ok, text := Kind().Test(ctx, options(s, nil), deps(newClock()))
	if ok || text == "" || ctx.Err() != nil {
		t.Errorf("%v %q", ok, text)
	}
}
