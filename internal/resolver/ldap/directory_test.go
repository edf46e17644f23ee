package ldap

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/test/server/slapd"
)

const people = "ou=people," + slapd.Suffix

const userInfo = `{"phone": "telephoneNumber", "mobile": "mobile", "email": "mail", "surname": "sn", "givenname": "givenName"}`

// guid1 is the text of the GUID that ines has as bytes.
const guid1 = "f9f3bd2e-1c5f-4b5f-9f06-0123456789ab"

// campus is a directory with people in two places.
func campus(t testing.TB, more ...slapd.Entry) *slapd.Server {
	guid, _ := guidBytes(guid1)
	staff := "ou=staff," + people
	return slapd.Start(t, slapd.Options{Entries: append([]slapd.Entry{
		slapd.OU("people", slapd.Suffix), slapd.OU("staff", people), slapd.OU("robots", slapd.Suffix),
		slapd.Person("ines", people, "Ines", "Ibsen", "mail: ines@campus.test", "telephoneNumber: 030 21", "mobile: 0170 21", "mobile: 0171 21",
			"employeeNumber: 9021", "employeeType: student", "userPassword: ines-pw", "objectClass: adLike", "objectGUID: "+guid, "accountExpires: 0"),
		slapd.Person("jorg", people, "Jörg", "Jäger", "mail: jorg@campus.test", "mail: jj@campus.test", "employeeNumber: 9022", "employeeType: student",
			"userPassword: jörg-pw", "objectClass: adLike", "accountExpires: 120000000000000000"),
		slapd.Person("kim", staff, "Kim", "Kuhn", "mail: kim@campus.test", "telephoneNumber: 030 23", "telephoneNumber: 030 24", "mobile: 0170 23",
			"employeeNumber: 9023", "employeeType: staff", "userPassword: kim-pw", "description: speaks (some) Danish*",
			"objectClass: adLike", "accountExpires: 9223372036854775807"),
		slapd.Person("sweeper", "ou=robots,"+slapd.Suffix, "Swee", "Per", "userPassword: bot-pw"),
	}, more...)})
}

func options(s *slapd.Server, more field.Values) field.Values {
	v := field.Values{"LDAPBASE": people, "BINDDN": slapd.Admin, "BINDPW": slapd.AdminPassword, "LOGINNAMEATTRIBUTE": "uid",
		"LDAPSEARCHFILTER": "(uid=*)(objectClass=inetOrgPerson)", "USERINFO": userInfo, "UIDTYPE": "employeeNumber",
		"SIZELIMIT": "100", "TIMEOUT": "2", "CACHE_TIMEOUT": "0", "SERVERPOOL_ROUNDS": "1"}
	if s != nil {
		v["LDAPURI"] = s.URI()
	}
	maps.Copy(v, more)
	return v
}

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func deps(c *clock) resolver.Deps { return resolver.Deps{Now: c.now, Rand: rand.Reader} }

func make1(t testing.TB, v field.Values) *users {
	t.Helper()
	return makeAt(t, v, newClock())
}

func makeAt(t testing.TB, v field.Values, c *clock) *users {
	t.Helper()
	u, err := newUsers("campus", v, deps(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	return u
}

// bounded is a context that ends shortly after the longest a call may take: a
// call that hangs fails with the test's own words instead of the test's time.
func bounded(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func names(list []resolver.User) []string {
	l := []string{}
	for _, u := range list {
		l = append(l, u.Login)
	}
	slices.Sort(l)
	return l
}

func check(t testing.TB, u *users, id, password string, want bool) {
	t.Helper()
	got, err := u.CheckPassword(t.Context(), id, secret.New(password))
	if err != nil || got != want {
		t.Errorf("password %q of %s: %v %v, want %v", password, id, got, err, want)
	}
}
