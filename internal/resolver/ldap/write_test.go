package ldap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
	"edumfa/internal/resolver"
	"edumfa/test/server/slapd"
)

func editable(s *slapd.Server, more field.Values) field.Values {
	v := options(s, field.Values{"EDITABLE": "True", "OBJECT_CLASSES": "top, person, organizationalPerson, inetOrgPerson",
		"DN_TEMPLATE": "uid=<username>,<basedn>", "UIDTYPE": "DN", "CACHE_TIMEOUT": "120",
		"USERINFO": `{"username": "uid", "phone": "telephoneNumber", "mobile": "mobile", "email": "mail", "surname": "sn", "givenname": "givenName", "password": "userPassword", "cn": "cn"}`})
	for k, x := range more {
		v[k] = x
	}
	return v
}

func TestWriter(t *testing.T) {
	s := campus(t)
	u := make1(t, editable(s, nil))
	ctx := t.Context()
	dn := "uid=lena," + people
	lena := resolver.Attributes{"username": "lena", "surname": "Lund", "givenname": "Léna", "cn": "Lena Lund", "email": "lena@campus.test",
		"mobile": []string{"0170 9", "0171 9"}, "password": "lena-pw", "phone": "", "unmapped": "x"}
	id, err := u.Add(ctx, lena)
	if err != nil || id != dn {
		t.Fatalf("%q %v", id, err)
	}
	want := []string{"uid: lena", "cn: Lena Lund", "sn: Lund", "givenName: Léna", "mail: lena@campus.test", "mobile: 0170 9", "mobile: 0171 9",
		"objectClass: top", "objectClass: person", "objectClass: organizationalPerson", "objectClass: inetOrgPerson"}
	attrs := []string{"uid", "cn", "sn", "givenName", "mail", "mobile", "telephoneNumber", "objectClass"}
	if got := s.Read(dn, attrs...); !slices.Equal(got, want) {
		t.Errorf("new entry: %q", got)
	}
	if pw := s.Read(dn, "userPassword"); len(pw) != 1 || !strings.HasPrefix(pw[0], "userPassword: {SSHA}") || len(pw[0]) != len("userPassword: {SSHA}")+32 {
		t.Errorf("%q", pw)
	}
	check(t, u, id, "lena-pw", true)
	if got, err := u.ByLogin(ctx, "lena"); err != nil || got.ID != id {
		t.Errorf("%+v %v", got, err)
	}

	_, err = u.Add(ctx, lena)
	if e, ok := errors.AsType[*mfaerr.Error](err); !ok || e.Code != 10 || e.Kind != mfaerr.Request {
		t.Errorf("it is there already: %v", err)
	}
	if _, err = u.Add(ctx, resolver.Attributes{"username": "mats"}); !mfaerr.Is(err, mfaerr.Request) {
		t.Errorf("without what the schema asks for: %v", err)
	}

	if err := u.Update(ctx, id, resolver.Attributes{"email": "ll@campus.test", "phone": "030 9", "mobile": "", "password": "lena-pw2", "givenname": "Lena"}); err != nil {
		t.Fatal(err)
	}
	got, err := u.ByLogin(ctx, "lena")
	if err != nil || got.Attributes.Text("email") != "ll@campus.test" || got.Attributes.Text("phone") != "030 9" || got.Attributes.Text("mobile") != "" {
		t.Errorf("changed: %+v %v", got, err)
	}
	check(t, u, id, "lena-pw", false)
	check(t, u, id, "lena-pw2", true)
	if err := u.Update(ctx, id, resolver.Attributes{"surname": ""}); !mfaerr.Is(err, mfaerr.Request) {
		t.Errorf("what the schema needs cannot be removed: %v", err)
	}
	if err := u.Update(ctx, "uid=nobody,"+people, resolver.Attributes{"email": "x@campus.test"}); !errors.Is(err, resolver.ErrNoUser) {
		t.Errorf("update of nobody: %v", err)
	}

	if err := u.Delete(ctx, id); err != nil {
		t.Fatal(err)
	}
	if s.Read(dn, "uid") != nil {
		t.Error("still there")
	}
	if _, err := u.ByLogin(ctx, "lena"); !errors.Is(err, resolver.ErrNoUser) {
		t.Errorf("a deleted user is remembered: %v", err)
	}
	if err := u.Delete(ctx, id); !errors.Is(err, resolver.ErrNoUser) {
		t.Errorf("again: %v", err)
	}
}

func TestWriter_DNsAreEscaped(t *testing.T) {
	s := campus(t)
	u := make1(t, editable(s, field.Values{"UIDTYPE": "entryUUID"}))
	for _, name := range []string{"a,ou=staff", `b+sn=x`, `c"d`, `\2c`, " e ", "#f", "g<surname>", "h=i;j", "ü"} {
		id, err := u.Add(t.Context(), resolver.Attributes{"username": name, "surname": "S", "cn": "C", "password": "pw"})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		got, err := u.ByID(t.Context(), id)
		if err != nil || strings.TrimSpace(got.Login) != strings.TrimSpace(name) {
			t.Errorf("%q became %q %v", name, got.Login, err)
		}
		p, _ := u.byID(t.Context(), id)
		if !strings.HasSuffix(p.dn, ","+people) || strings.HasSuffix(p.dn, "ou=staff,"+people) && !strings.Contains(p.dn, `\`) {
			t.Errorf("%q is at %s", name, p.dn)
		}
		check(t, u, id, "pw", true)
		if err := u.Delete(t.Context(), id); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestWriter_NotEditable(t *testing.T) {
	s := campus(t)
	u := make1(t, editable(s, field.Values{"EDITABLE": "0"}))
	_, err := u.Add(t.Context(), resolver.Attributes{"username": "x", "surname": "x", "cn": "x"})
	if err == nil || u.Update(t.Context(), "uid=ines,"+people, nil) == nil || u.Delete(t.Context(), "uid=ines,"+people) == nil || u.Editable() {
		t.Error("a directory that is not to be changed is changed")
	}
}

func TestManyByID_ManyUsers(t *testing.T) {
	var entries []slapd.Entry
	var ids []string
	for i := range 230 {
		n := fmt.Sprintf("u%03d", i)
		ids = append(ids, n)
		entries = append(entries, slapd.Person(n, people, "U", n))
	}
	s := campus(t, entries...)
	u := make1(t, options(s, field.Values{"UIDTYPE": "uid", "SIZELIMIT": "150"}))
	m, err := u.ManyByID(t.Context(), append(slices.Clone(ids), "nobody", "U001", "*", "u00*"))
	if err != nil || len(m) != len(ids)+1 || m["U001"].ID != "U001" {
		t.Errorf("%d users, %v", len(m), err)
	}
	for _, id := range ids[:50] {
		if m[id].Login != id || m[id].ID != id {
			t.Errorf("%s: %+v", id, m[id])
		}
	}
	if list, err := u.Search(t.Context(), nil); err != nil || len(list) != 150 {
		t.Errorf("limit over several pages: %d %v", len(list), err)
	}
	if list, err := u.Search(t.Context(), resolver.Query{"username": "u22*"}); err != nil || len(list) != 10 {
		t.Errorf("a search after one that was cut: %d %v", len(list), err)
	}
	u = make1(t, options(s, field.Values{"UIDTYPE": "uid", "SIZELIMIT": "1000"}))
	if list, err := u.Search(t.Context(), nil); err != nil || len(list) != 233 {
		t.Errorf("all pages: %d %v", len(list), err)
	}
}

func TestSearch_LimitOfTheServer(t *testing.T) {
	var entries []slapd.Entry
	for i := range 30 {
		entries = append(entries, slapd.Person(fmt.Sprint("u", i), people, "U", "U"))
	}
	s := slapd.Start(t, slapd.Options{Entries: append([]slapd.Entry{slapd.OU("people", slapd.Suffix),
		slapd.Person("reader", slapd.Suffix, "R", "R", "userPassword: reader-pw")}, entries...), Config: "limits users size=7 size.prtotal=7"})
	u := make1(t, options(s, field.Values{"UIDTYPE": "uid", "BINDDN": "uid=reader," + slapd.Suffix, "BINDPW": "reader-pw"}))
	if list, err := u.Search(t.Context(), nil); err != nil || len(list) != 7 {
		t.Errorf("%d %v", len(list), err)
	}
	if ok, text := Kind().Test(t.Context(), options(s, field.Values{"UIDTYPE": "uid", "BINDDN": "uid=reader," + slapd.Suffix, "BINDPW": "reader-pw"}), deps(newClock())); !ok {
		t.Error(text)
	}
}
