package passwdfile

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
)

// plain takes what follows "plain-" for the password.
type plain struct{}

func (plain) Verify(stored, password string) bool  { return stored == "plain-"+password }
func (plain) Hash(kind, pw string) (string, error) { return "", errors.New("not used") }

// later is a clock for which every file has been unchanged for long.
func later() time.Time { return time.Now().Add(time.Hour) }

func write(t *testing.T, file string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, now func() time.Time, lines ...string) (resolver.Resolver, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "users"), lines...)
	r, err := NewKind(plain{}).New(t.Context(), "desk", field.Values{"fileName": "users"},
		resolver.Deps{Now: now, Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return r, filepath.Join(dir, "users")
}

func TestFields(t *testing.T) {
	r, _ := start(t, later,
		"nora:x:501:50:Nora:/h:/s",
		"",
		"otto:x:502:50:Otto Owen Olsen,R 2,+47 2,+47 3:/h:/s",
		"  pia:x:503:50:Pia Prinz,R 3,+47 4,+47 5,no mail here,pia@desk.example,second@desk.example:/h:/s  ",
		"quinn:x:504:50::/h:/s\r",
		"ruth:x:505:50:Ruth Rød,R 5,+47 6,+47 7,ruth@localhost:/h:/s",
		"sven:x:506:50:Sven Svensson,R 6,,+47 9,Mail sven@desk.example ok:/h:/s:more:and:more",
		"short:x:507",
	)
	for login, want := range map[string][]string{
		"nora":  {"501", "Nora", "", "", "", "", "Nora"},
		"otto":  {"502", "Otto", "Owen Olsen", "+47 2", "+47 3", "", "Otto Owen Olsen,R 2,+47 2,+47 3"},
		"pia":   {"503", "Pia", "Prinz", "+47 4", "+47 5", "second@desk.example", "Pia Prinz,R 3,+47 4,+47 5,no mail here,pia@desk.example,second@desk.example"},
		"quinn": {"504", "", "", "", "", "", ""},
		"ruth":  {"505", "Ruth", "Rød", "+47 6", "+47 7", "", "Ruth Rød,R 5,+47 6,+47 7,ruth@localhost"},
		"sven":  {"506", "Sven", "Svensson", "", "+47 9", "Mail sven@desk.example ok", "Sven Svensson,R 6,,+47 9,Mail sven@desk.example ok"},
	} {
		u, err := r.ByLogin(t.Context(), login)
		wanted := resolver.User{ID: want[0], Login: login, Attributes: resolver.Attributes{
			"userid": want[0], "username": login, "givenname": want[1], "surname": want[2], "mobile": want[3], "phone": want[4],
			"email": want[5], "description": want[6],
		}}
		if err != nil || !reflect.DeepEqual(u, wanted) {
			t.Errorf("got %#v, %v", u, err)
		}
		if again, err := r.ByID(t.Context(), want[0]); err != nil || !reflect.DeepEqual(again, wanted) {
			t.Errorf("by id: got %#v, %v", again, err)
		}
	}
	for _, login := range []string{"NORA", "short", "", "nora "} {
		if _, err := r.ByLogin(t.Context(), login); err != resolver.ErrNoUser {
			t.Errorf("%q: %v", login, err)
		}
	}
	many, err := r.(resolver.BatchByID).ManyByID(t.Context(), []string{"501", "506", "9"})
	if err != nil || len(many) != 2 || many["506"].Login != "sven" {
		t.Error(many, err)
	}
}

func TestSearch(t *testing.T) {
	r, _ := start(t, later,
		"anke:x:100:50:Anke Adler,A,1,2,anke@desk.example:/h:/s",
		"anna:x:200:50:Anna Amsel,B,3,4,anna@desk.example:/h:/s",
		"Bernd:x:300:50:Bernd Bussard,C,5,6,bernd@other.example:/h:/s",
		"cleo:x:x9:50:Cleo Condor,D,7,8,cleo@desk.example:/h:/s",
	)
	for _, c := range []struct{ name, pattern, want string }{
		{"username", "an*", "anke anna"}, {"username", "*na", "anna"}, {"username", "*n*", "anke anna Bernd"}, {"username", "ANNA", "anna"},
		{"username", "bernd", "Bernd"}, {"username", "", ""}, {"username", "*", "anke anna Bernd cleo"}, {"username", "a*a", ""},
		{"userid", "=200", "anna"}, {"userid", ">=200", "anna Bernd"}, {"userid", "<=200", "anke anna"}, {"userid", ">200", "Bernd"},
		{"userid", "<200", "anke"}, {"userid", "between 100,250", "anke anna"}, {"userid", "between 300, 100", "anke anna Bernd"},
		{"userid", "200", ""}, {"userid", "=x", ""}, {"userid", "between 1", ""}, {"userid", "between 1,2,3", ""},
		{"description", "Anna*", "anna"}, {"description", "*bussard*", "Bernd"}, {"email", "anna@desk.example", ""},
		{"email", "*@desk.example", "anke anna cleo"}, {"surname", "Amsel", ""}, {"phone", "4", ""}, {"nosuch", "1", ""},
	} {
		users, err := r.Search(t.Context(), resolver.Query{c.name: c.pattern})
		var names []string
		for _, u := range users {
			names = append(names, u.Login)
		}
		if got := strings.Join(names, " "); err != nil || got != c.want {
			t.Errorf("%s %s: got %q, %v, want %q", c.name, c.pattern, got, err, c.want)
		}
	}
	users, err := r.Search(t.Context(), resolver.Query{"username": "an*", "email": "*anke*"})
	if err != nil || len(users) != 1 || users[0].Login != "anke" {
		t.Error(users, err)
	}
}

func TestCheckPassword(t *testing.T) {
	r, _ := start(t, later, "a:plain-pw:1:1::/:/s", "b:x:2:1::/:/s", "c:*:3:1::/:/s", "d::4:1::/:/s", "e:!plain-pw:5:1::/:/s")
	for name, c := range map[string]struct {
		id, password string
		want         bool
		err          error
	}{
		"right": {"1", "pw", true, nil}, "wrong": {"1", "x", false, nil}, "empty": {"1", "", false, nil}, "shadow": {"2", "x", false, nil},
		"star": {"3", "*", false, nil}, "no hash": {"4", "", false, nil}, "locked": {"5", "pw", false, nil}, "nobody": {"6", "pw", false, resolver.ErrNoUser},
	} {
		if ok, err := r.CheckPassword(t.Context(), c.id, secret.New(c.password)); ok != c.want || err != c.err {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
	}
}

func TestChangesAreSeen(t *testing.T) {
	logins := func(r resolver.Resolver) string {
		users, err := r.Search(t.Context(), nil)
		if err != nil {
			return err.Error()
		}
		var b strings.Builder
		for _, u := range users {
			b.WriteString(u.Login + " ")
		}
		return b.String()
	}
	r, file := start(t, time.Now, "vera:x:1:1::/:/s")
	if got := logins(r); got != "vera " {
		t.Fatal(got)
	}
	write(t, file, "dora:x:1:1::/:/s") // same size, perhaps within one tick of the clock
	if got := logins(r); got != "dora " {
		t.Error("same size:", got)
	}
	write(t, file, "wanda:x:2:1::/:/s", "vera:x:1:1::/:/s")
	if got := logins(r); got != "wanda vera " {
		t.Error("changed:", got)
	}
	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ByLogin(t.Context(), "vera"); !errors.Is(err, resolver.ErrUnavailable) {
		t.Error("away:", err)
	}
	write(t, file, "zoe:x:3:1::/:/s")
	if got := logins(r); got != "zoe " {
		t.Error("back:", got)
	}
}

func TestUnchangedFileIsReadOnce(t *testing.T) {
	r, file := start(t, later, "vera:x:1:1::/:/s")
	if _, err := r.ByLogin(t.Context(), "vera"); err != nil {
		t.Fatal(err)
	}
	first := r.(*store).read
	if _, err := r.ByLogin(t.Context(), "vera"); err != nil || r.(*store).read != first {
		t.Error("read again", err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ByLogin(t.Context(), "vera"); err != nil || r.(*store).read == first {
		t.Error("not read again", err)
	}
}

func TestSharedIDs(t *testing.T) {
	r, _ := start(t, later, "a:plain-1:7:1:A:/:/s", "b:plain-2:7:1:B:/:/s", "a:plain-3:8:1:A2:/:/s")
	if u, err := r.ByLogin(t.Context(), "a"); err != nil || u.ID != "8" {
		t.Error(u, err)
	}
	if u, err := r.ByID(t.Context(), "7"); err != nil || u.Login != "b" {
		t.Error(u, err)
	}
}

func TestBigFile(t *testing.T) {
	var b bytes.Buffer
	for i := range 200000 {
		fmt.Fprintf(&b, "user%d:x:%d:1:User %d,,1,2,u%d@big.example:/h:/s\n", i, i, i, i)
	}
	r, _ := start(t, later, b.String())
	u, err := r.ByLogin(t.Context(), "user199999")
	if err != nil || u.Attributes["email"] != "u199999@big.example" {
		t.Error(u, err)
	}
}

func TestRefuses(t *testing.T) {
	r, file := start(t, later, "a:x:1:1:"+strings.Repeat("x", maxLine)+":/:/s")
	if _, err := r.ByLogin(t.Context(), "a"); !errors.Is(err, resolver.ErrUnavailable) {
		t.Error("long line:", err)
	}
	other, _ := NewKind(plain{}).New(t.Context(), "x", field.Values{"filename": filepath.Dir(file)}, resolver.Deps{Now: later})
	if _, err := other.ByLogin(t.Context(), "a"); !errors.Is(err, resolver.ErrUnavailable) {
		t.Error("folder:", err)
	}
	if ok, text := NewKind(plain{}).Test(t.Context(), nil, resolver.Deps{}); ok || text != "Not implemented" {
		t.Error(ok, text)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"nora:x:501:50:Nora:/h:/s\n\notto:x:502:50:Otto Owen Olsen,R 2,+47 2,+47 3:/h:/s", "a:b:c:d:e,f,g,h,@a@b.c,i@j.k", "::::\n::::,,,,@", "a:b:c", "\xff:::\r:",
	} {
		f.Add(s, "a*")
	}
	f.Fuzz(func(t *testing.T, s, pattern string) {
		c, err := parse(strings.NewReader(s))
		if err != nil {
			return
		}
		if len(c.entries) != len(c.byID) || len(c.entries) > strings.Count(s, "\n")+1 {
			t.Errorf("%d entries, %d ids", len(c.entries), len(c.byID))
		}
		for login, id := range c.byLogin {
			if i, ok := c.byID[id]; !ok || c.entries[i].id != id {
				t.Errorf("%q leads to nobody", login)
			}
		}
		for i := range c.entries {
			c.entries[i].fits(resolver.Query{"username": pattern, "userid": pattern, "email": pattern})
		}
	})
}
