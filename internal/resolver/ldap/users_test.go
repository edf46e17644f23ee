package ldap

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/test/server/slapd"
)

func TestByLogin(t *testing.T) {
	s := campus(t)
	cases := []struct {
		name, login, want string // want "": no such user
		more              field.Values
	}{
		{"the name", "ines", "ines", nil},
		{"the directory's spelling is told", "INES", "ines", nil},
		{"in a lower place", "kim", "kim", nil},
		{"outside of the base", "sweeper", "", nil},
		{"unknown", "nobody", "", nil},
		{"empty", "", "", nil},
		{"a blank", " ", "", nil},
		{"a star is a star", "i*", "", nil},
		{"no pattern characters of SQL", "in_s", "", nil},
		{"no way out of the filter", "ines)(uid=*", "", nil},
		{"no escapes from outside", `in\69s`, "", nil},
		{"NUL", "ines\x00", "", nil},
		{"not UTF-8", "in\xffes", "", nil},
		{"the second attribute", "ines@campus.test", "ines", field.Values{"LOGINNAMEATTRIBUTE": "uid, mail"}},
		{"the first of two", "ines", "ines", field.Values{"LOGINNAMEATTRIBUTE": "uid, mail"}},
		{"a GUID", guid1, "ines", field.Values{"LOGINNAMEATTRIBUTE": "uid, objectGUID"}},
		{"a GUID in braces", "{" + strings.ToUpper(guid1) + "}", "ines", field.Values{"LOGINNAMEATTRIBUTE": "uid, objectGUID"}},
		{"a name where GUIDs would do", "kim", "kim", field.Values{"LOGINNAMEATTRIBUTE": "uid,objectGUID"}},
		{"only GUIDs", "kim", "", field.Values{"LOGINNAMEATTRIBUTE": "objectGUID"}},
		{"without a filter", "kim", "kim", field.Values{"LDAPSEARCHFILTER": ""}},
		{"left out by the filter", "kim", "", field.Values{"LDAPSEARCHFILTER": "(employeeType=student)"}},
		{"scope LEVEL", "kim", "", field.Values{"SCOPE": "LEVEL"}},
		{"base that is not there", "kim", "", field.Values{"LDAPBASE": "ou=nosuch," + slapd.Suffix}},
		{"uid type that is not there", "kim", "", field.Values{"UIDTYPE": "roomNumber"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u := make1(t, options(s, c.more))
			got, err := u.ByLogin(t.Context(), c.login)
			if c.want == "" {
				if !errors.Is(err, resolver.ErrNoUser) {
					t.Fatalf("%+v %v", got, err)
				}
				return
			}
			if err != nil || got.ID == "" {
				t.Fatalf("%+v %v", got, err)
			}
			if c.more["LOGINNAMEATTRIBUTE"] != "objectGUID" && got.Login != c.want {
				t.Fatalf("login %q", got.Login)
			}
		})
	}
}

func TestByLogin_TwoEntriesAreNobody(t *testing.T) {
	s := campus(t, slapd.Person("ines", "ou=staff,"+people, "Ines", "Second", "employeeNumber: 9021"))
	u := make1(t, options(s, nil))
	if got, err := u.ByLogin(t.Context(), "ines"); err == nil || errors.Is(err, resolver.ErrNoUser) || errors.Is(err, resolver.ErrUnavailable) {
		t.Errorf("by login: %+v %v", got, err)
	}
	if got, err := u.ByID(t.Context(), "9021"); err == nil {
		t.Errorf("by id: %+v", got)
	}
	m, err := u.ManyByID(t.Context(), []string{"9021", "9022"})
	if err != nil || len(m) != 1 || m["9022"].Login != "jorg" {
		t.Errorf("many: %+v %v", m, err)
	}
}

func TestUIDTypes(t *testing.T) {
	s := campus(t)
	uuid := strings.TrimPrefix(s.Read("uid=ines,"+people, "entryUUID")[0], "entryUUID: ")
	for _, c := range []struct{ uid, want string }{
		{"DN", "uid=ines," + people}, {"dn", "uid=ines," + people}, {"entryUUID", uuid}, {"uid", "ines"}, {"employeeNumber", "9021"},
		{"mail", "ines@campus.test"}, {"objectGUID", guid1}, {"objectguid", guid1}, {"", "uid=ines," + people},
	} {
		t.Run("UIDTYPE "+c.uid, func(t *testing.T) {
			for _, scope := range []string{"SUBTREE", "LEVEL"} {
				u := make1(t, options(s, field.Values{"UIDTYPE": c.uid, "SCOPE": scope}))
				got, err := u.ByLogin(t.Context(), "ines")
				if err != nil || got.ID != c.want {
					t.Fatalf("by login: %q %v, want %q", got.ID, err, c.want)
				}
				again, err := u.ByID(t.Context(), got.ID)
				if err != nil || cmp.Diff(got, again) != "" {
					t.Fatalf("by id: %v %v", cmp.Diff(got, again), err)
				}
				check(t, u, got.ID, "ines-pw", true)
				check(t, u, got.ID, "wrong", false)
				list, err := u.Search(t.Context(), resolver.Query{"username": "ines"})
				if err != nil || len(list) != 1 || list[0].ID != c.want {
					t.Fatalf("search: %+v %v", list, err)
				}
				many, err := u.ManyByID(t.Context(), []string{got.ID, "nobody", ""})
				if err != nil || len(many) != 1 || cmp.Diff(many[got.ID], got) != "" {
					t.Fatalf("many: %+v %v", many, err)
				}
			}
		})
	}
}

func TestByID_NoSuchUser(t *testing.T) {
	s := campus(t)
	for _, uid := range []string{"DN", "employeeNumber", "objectGUID"} {
		u := make1(t, options(s, field.Values{"UIDTYPE": uid}))
		for _, id := range []string{"", " ", "9", "*", "uid=no," + people, "9021)(uid=*", "00000000-0000-0000-0000-000000000000", "uid=*," + people, "\x00"} {
			if got, err := u.ByID(t.Context(), id); !errors.Is(err, resolver.ErrNoUser) {
				t.Errorf("%s %q: %+v %v", uid, id, got, err)
			}
			if ok, _ := u.CheckPassword(t.Context(), id, secret.New("ines-pw")); ok {
				t.Errorf("%s %q: the password is right", uid, id)
			}
		}
	}
}

func TestCheckPassword(t *testing.T) {
	s := campus(t)
	for _, uid := range []string{"DN", "employeeNumber"} {
		u := make1(t, options(s, field.Values{"UIDTYPE": uid}))
		ines, err := u.ByLogin(t.Context(), "ines")
		if err != nil {
			t.Fatal(err)
		}
		jorg, _ := u.ByLogin(t.Context(), "jorg")
		check(t, u, ines.ID, "ines-pw", true)
		check(t, u, ines.ID, "wrong", false)
		check(t, u, ines.ID, "", false)
		check(t, u, ines.ID, "\x00", false)
		check(t, u, ines.ID, "ines-pw\x00", false)
		check(t, u, jorg.ID, "jörg-pw", true)
		check(t, u, jorg.ID, "ines-pw", false)
		if list, err := u.Search(t.Context(), nil); err != nil || len(list) != 3 {
			t.Errorf("after password checks the service account still asks: %v %v", names(list), err)
		}
	}
}

func TestAttributes(t *testing.T) {
	s := campus(t)
	for _, c := range []struct {
		name, login string
		more        field.Values
		want        resolver.Attributes
	}{
		{"mobile is a list unless said otherwise", "ines", nil, resolver.Attributes{"username": "ines", "email": "ines@campus.test",
			"givenname": "Ines", "mobile": []string{"0170 21", "0171 21"}, "phone": "030 21", "surname": "Ibsen"}},
		{"what an entry has not", "jorg", nil, resolver.Attributes{"username": "jorg", "email": "jorg@campus.test",
			"givenname": "Jörg", "mobile": []string{}, "phone": "", "surname": "Jäger"}},
		{"other lists", "kim", field.Values{"MULTIVALUEATTRIBUTES": `["phone", "email"]`}, resolver.Attributes{"username": "kim",
			"email": []string{"kim@campus.test"}, "givenname": "Kim", "mobile": "0170 23", "phone": []string{"030 23", "030 24"}, "surname": "Kuhn"}},
		{"no lists", "kim", field.Values{"MULTIVALUEATTRIBUTES": "[]", "USERINFO": "{mobile: mobile}"},
			resolver.Attributes{"username": "kim", "mobile": "0170 23"}},
		{"names in another case, two fields of one attribute", "kim", field.Values{"USERINFO": "surname: SN\nfamily: sn\nusername: cn"},
			resolver.Attributes{"username": "kim", "surname": "Kuhn", "family": "Kuhn"}},
		{"GUID as text", "ines", field.Values{"USERINFO": `{"guid": "objectGUID"}`}, resolver.Attributes{"username": "ines", "guid": guid1}},
		{"passwords are not user data", "ines", field.Values{"USERINFO": `{"password": "userPassword"}`}, resolver.Attributes{"username": "ines"}},
		{"under no name", "ines", field.Values{"USERINFO": `{"pw": "USERPASSWORD", "hash": "sn", "password": "SN"}`}, resolver.Attributes{"username": "ines"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := make1(t, options(s, c.more))
			got, err := u.ByLogin(t.Context(), c.login)
			if d := cmp.Diff(c.want, got.Attributes); d != "" || err != nil {
				t.Errorf("%v\n%s", err, d)
			}
		})
	}
}

func TestSearch(t *testing.T) {
	s := campus(t)
	more := field.Values{"USERINFO": strings.Replace(userInfo, "{", `{"dept": "employeeType", "note": "description", "accountExpires": "accountExpires", "guid": "objectGUID",`, 1)}
	u := make1(t, options(s, more))
	for _, c := range []struct {
		name string
		q    resolver.Query
		want []string
	}{
		{"all", nil, []string{"ines", "jorg", "kim"}},
		{"star", resolver.Query{"username": "*"}, []string{"ines", "jorg", "kim"}},
		{"beginning", resolver.Query{"username": "i*"}, []string{"ines"}},
		{"end", resolver.Query{"username": "*m"}, []string{"kim"}},
		{"middle", resolver.Query{"username": "*in*"}, []string{"ines"}},
		{"several stars", resolver.Query{"username": "**i**n***s*"}, []string{"ines"}},
		{"case does not matter", resolver.Query{"username": "INES"}, []string{"ines"}},
		{"outside of the base", resolver.Query{"username": "sweeper"}, nil},
		{"beyond ASCII", resolver.Query{"surname": "Jäger"}, []string{"jorg"}},
		{"second value", resolver.Query{"email": "jj@campus.test"}, []string{"jorg"}},
		{"two conditions", resolver.Query{"username": "i*", "surname": "Ibsen"}, []string{"ines"}},
		{"two that exclude each other", resolver.Query{"username": "i*", "surname": "Kuhn"}, nil},
		{"brackets are text", resolver.Query{"note": "speaks (some)*"}, []string{"kim"}},
		{"brackets do not close", resolver.Query{"note": "x)(|(uid=*"}, nil},
		{"percent and underscore are text", resolver.Query{"username": "i%"}, nil},
		{"underscore", resolver.Query{"username": "ine_"}, nil},
		{"empty", resolver.Query{"email": ""}, nil},
		{"expired", resolver.Query{"accountExpires": "1"}, []string{"jorg"}},
		{"not expired", resolver.Query{"accountExpires": "0"}, []string{"kim"}},
		{"GUID", resolver.Query{"guid": guid1}, []string{"ines"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := u.Search(t.Context(), c.q)
			if err != nil || !slices.Equal(names(list), c.want) {
				t.Errorf("%v %v, want %v", names(list), err, c.want)
			}
		})
	}
	for _, n := range []string{"userid", "nosuch"} {
		if _, err := u.Search(t.Context(), resolver.Query{n: "1"}); err == nil {
			t.Errorf("the field %s can be searched", n)
		}
	}
}

func TestSearch_ScopeFilterAndLimit(t *testing.T) {
	s := campus(t)
	for _, c := range []struct {
		name string
		more field.Values
		want int
	}{
		{"LEVEL", field.Values{"SCOPE": "LEVEL"}, 2},
		{"BASE", field.Values{"SCOPE": "BASE"}, 0},
		{"SUBTREE", field.Values{"SCOPE": "SUBTREE"}, 3},
		{"base without uid numbers", field.Values{"LDAPBASE": slapd.Suffix}, 3},
		{"no base", field.Values{"LDAPBASE": "ou=nosuch," + slapd.Suffix}, 0},
		{"one filter", field.Values{"LDAPSEARCHFILTER": "(&(objectClass=inetOrgPerson)(employeeType=student))"}, 2},
		{"not", field.Values{"LDAPSEARCHFILTER": " (uid=*) \n ( ! (employeeType=staff) ) "}, 2},
		{"no filter", field.Values{"LDAPSEARCHFILTER": ""}, 3},
		{"limit", field.Values{"SIZELIMIT": "2"}, 2},
		{"limit of nothing", field.Values{"SIZELIMIT": "0"}, 0},
		{"uid type that is not there", field.Values{"UIDTYPE": "roomNumber"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := make1(t, options(s, c.more)).Search(t.Context(), nil)
			if err != nil || len(list) != c.want {
				t.Errorf("%v %v", names(list), err)
			}
		})
	}
}

func TestWrongServiceAccount(t *testing.T) {
	s := campus(t)
	for _, c := range []struct {
		name string
		more field.Values
	}{
		{"wrong password", field.Values{"BINDPW": "wrong"}},
		{"no such account", field.Values{"BINDDN": "cn=nobody," + slapd.Suffix}},
		{"Kerberos", field.Values{"AUTHTYPE": "SASL Kerberos"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := make1(t, options(s, c.more))
			_, err := u.ByLogin(t.Context(), "ines")
			if err == nil || errors.Is(err, resolver.ErrNoUser) || errors.Is(err, resolver.ErrUnavailable) {
				t.Errorf("%v", err)
			}
			if strings.Contains(err.Error(), slapd.AdminPassword) {
				t.Errorf("the password is told: %v", err)
			}
		})
	}
	t.Run("anonymous", func(t *testing.T) {
		u := make1(t, options(s, field.Values{"BINDDN": "", "BINDPW": "ignored"}))
		if list, err := u.Search(t.Context(), nil); err != nil || len(list) != 0 {
			t.Errorf("%v %v", names(list), err)
		}
	})
	t.Run("a user", func(t *testing.T) {
		u := make1(t, options(s, field.Values{"BINDDN": "uid=ines," + people, "BINDPW": "ines-pw"}))
		if list, err := u.Search(t.Context(), nil); err != nil || len(list) != 3 {
			t.Errorf("%v %v", names(list), err)
		}
	})
}

func TestMultipleLoginNames(t *testing.T) {
	for attrs, want := range map[string]bool{"uid": false, "uid, mail": true, "uid,": false} {
		u := make1(t, options(nil, field.Values{"LDAPURI": "ldap://127.0.0.1", "LOGINNAMEATTRIBUTE": attrs}))
		if u.MultipleLoginNames() != want {
			t.Error(attrs)
		}
	}
}
