package app_test

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/recovery"
)

// club is an installation with users that can be changed: greta and henk of the
// realm "club", and with a mail server.
func club(t *testing.T, o apptest.Options) (*apptest.Node, *mailServer) {
	t.Helper()
	in := apptest.New(t, o)
	n := in.Serve()
	members := filepath.Join(in.Dir, "members.db")
	db, err := sql.Open("sqlite", members)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TABLE members (no INTEGER PRIMARY KEY, nick TEXT, mail TEXT, first TEXT, last TEXT, hash TEXT);
		INSERT INTO members (nick, mail, first, last) VALUES ('greta', 'greta@club.example', 'Greta', 'G'), ('henk', NULL, 'Henk', 'H')`); err != nil {
		t.Fatal(err)
	}
	columns, err := json.Marshal(map[string]string{"userid": "no", "username": "nick", "email": "mail", "givenname": "first", "surname": "last", "password": "hash"})
	if err != nil {
		t.Fatal(err)
	}
	n.Must("POST /resolver/club", apptest.P{"type": "sqlresolver", "Driver": "sqlite", "Server": "", "Database": members, "Table": "members",
		"Map": string(columns), "Editable": "1", "Limit": "100"})
	n.Must("POST /realm/club", apptest.P{"resolvers": "club"})
	s := newMailServer(t)
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": s.port, "sender": "mfa@example.org"})
	n.Must("POST /system/setConfig", apptest.P{"recovery.identifier": "post"})
	return n, s
}

var (
	askGreta = apptest.P{"user": "greta", "realm": "club", "email": "greta@club.example"}
	linkEnd  = regexp.MustCompile(`(\S+)/#!/reset/greta@club/([A-Za-z0-9]{24})\s`)
)

// link is address and code of the last mail.
func link(t *testing.T, s *mailServer) (base, code string) {
	t.Helper()
	b := s.bodies()
	if len(b) == 0 {
		t.Fatal("no mail")
	}
	m := linkEnd.FindStringSubmatch(b[len(b)-1])
	if m == nil {
		t.Fatalf("mail without a link: %s", b[len(b)-1])
	}
	return m[1], m[2]
}

// Of many who send the same code at once one sets the password.
func TestRecover_CodeIsUsedOnce(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n, s := club(t, apptest.Options{Engine: e})
			n.Call("POST /recover", askGreta)
			n.Call("POST /recover", askGreta)
			_, code := link(t, s)
			const at = 8
			replies := make([]*apptest.Reply, at)
			var wait sync.WaitGroup
			for i := range at {
				wait.Go(func() {
					replies[i], _ = n.Try("POST /recover/reset", apptest.P{"user": "greta", "realm": "club", "recoverycode": code, "password": "new" + string(rune('a'+i))})
				})
			}
			wait.Wait()
			winner := -1
			for i, r := range replies {
				switch {
				case r == nil:
					t.Errorf("request %d has no answer", i)
				case r.Value() == true && winner >= 0:
					t.Errorf("requests %d and %d both set the password", winner, i)
				case r.Value() == true:
					winner = i
				}
			}
			if winner < 0 {
				t.Fatalf("nobody set the password: %s", replies[0].Raw)
			}
			if r := n.Call("POST /auth", apptest.P{"username": "greta@club", "password": "new" + string(rune('a'+winner))}); r.Status != 200 {
				t.Errorf("login with the new password: %s", r.Raw)
			}
		})
	}
}

func TestRecover_EndsAllCodes(t *testing.T) {
	n, s := club(t, apptest.Options{})
	n.Call("POST /recover", askGreta)
	_, first := link(t, s)
	n.Call("POST /recover", askGreta)
	_, second := link(t, s)
	if r := n.Call("POST /recover/reset", apptest.P{"user": "greta", "realm": "club", "recoverycode": second, "password": "a"}); r.Value() != true {
		t.Fatalf("reset: %s", r.Raw)
	}
	if r := n.Call("POST /recover/reset", apptest.P{"user": "greta", "realm": "club", "recoverycode": first, "password": "b"}); r.Value() != false {
		t.Errorf("an older code is still good: %s", r.Raw)
	}
}

func TestRecover_CodesExpire(t *testing.T) {
	clock := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	n, s := club(t, apptest.Options{Now: func() time.Time { return clock }})
	n.Call("POST /recover", askGreta)
	_, code := link(t, s)
	clock = clock.Add(recovery.Lifetime + time.Second)
	if r := n.Call("POST /recover/reset", apptest.P{"user": "greta", "realm": "club", "recoverycode": code, "password": "a"}); r.Value() != false {
		t.Errorf("an expired code is good: %s", r.Raw)
	}
}

// What is answered does not tell whether there is such a user.
func TestRecover_TellsNobodyApart(t *testing.T) {
	n, s := club(t, apptest.Options{})
	want := n.Call("POST /recover", apptest.P{"user": "nobody", "realm": "club", "email": "x@club.example"})
	if want.Status != 400 || want.ErrorCode() != 904 {
		t.Fatalf("unknown user: %s", want.Raw)
	}
	for _, c := range []struct {
		name string
		p    apptest.P
	}{
		{"another address", apptest.P{"user": "greta", "realm": "club", "email": "x@club.example"}},
		{"an empty address", apptest.P{"user": "greta", "realm": "club", "email": ""}},
		{"a user without an address", apptest.P{"user": "henk", "realm": "club", "email": ""}},
		{"a realm that does not exist", apptest.P{"user": "greta", "realm": "nowhere", "email": "greta@club.example"}},
		{"a resolver that does not exist", apptest.P{"user": "greta", "realm": "club", "resolver": "nowhere", "email": "greta@club.example"}},
	} {
		r := n.Call("POST /recover", c.p)
		if r.Status != want.Status || r.ErrorCode() != want.ErrorCode() || r.Text("result.error.message") != want.Text("result.error.message") {
			t.Errorf("%s: %s, want %s", c.name, r.Raw, want.Raw)
		}
	}
	if b := s.bodies(); len(b) > 0 {
		t.Errorf("mails: %v", b)
	}
}

func TestRecover_Link(t *testing.T) {
	n, s := club(t, apptest.Options{})
	n.Call("POST /recover", askGreta)
	if base, _ := link(t, s); base != n.Server.URL {
		t.Errorf("the link leads to %s, want %s", base, n.Server.URL)
	}
	n.Call("POST /recover", askGreta, apptest.Header("X-Forwarded-Proto", "https"))
	if base, _ := link(t, s); base != "https"+n.Server.URL[len("http"):] {
		t.Errorf("behind TLS the link leads to %s", base)
	}
	n.Must("POST /system/setConfig", apptest.P{"recovery.url": "https://mfa.example.org/"})
	n.Call("POST /recover", askGreta, apptest.Header("Host", "evil.example"))
	if base, _ := link(t, s); base != "https://mfa.example.org" {
		t.Errorf("with a set address the link leads to %s", base)
	}
}

func TestRecover_NotAThousandMails(t *testing.T) {
	n, s := club(t, apptest.Options{})
	for range recovery.MostOpen + 2 {
		if r := n.Call("POST /recover", askGreta); r.Value() != true {
			t.Fatalf("answer: %s", r.Raw)
		}
	}
	if b := s.bodies(); len(b) != recovery.MostOpen {
		t.Errorf("%d mails, want %d", len(b), recovery.MostOpen)
	}
}

// A store that refuses the password, here because its table is gone, leaves the
// code good.
func TestRecover_StoreRefuses(t *testing.T) {
	n, s := club(t, apptest.Options{})
	n.Call("POST /recover", askGreta)
	_, code := link(t, s)
	members := filepath.Join(filepath.Dir(n.App.Config.File), "members.db")
	db, err := sql.Open("sqlite", members)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	trigger := "CREATE TRIGGER no BEFORE UPDATE ON members BEGIN SELECT RAISE(ABORT, 'not now'); END"
	if _, err := db.Exec(trigger); err != nil {
		t.Fatal(err)
	}
	reset := apptest.P{"user": "greta", "realm": "club", "recoverycode": code, "password": "fresh"}
	if r := n.Call("POST /recover/reset", reset); r.Status != 400 || r.ErrorCode() != 904 {
		t.Fatalf("answer: %d %s", r.Status, r.Raw)
	}
	if _, err := db.Exec("DROP TRIGGER no"); err != nil {
		t.Fatal(err)
	}
	if r := n.Call("POST /recover/reset", reset); r.Value() != true {
		t.Errorf("the code is gone: %s", r.Raw)
	}
}

func TestRecover_MailServerIsDown(t *testing.T) {
	n, _ := club(t, apptest.Options{})
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": "1"})
	if r := n.Call("POST /recover", askGreta); r.Status != 400 || r.ErrorCode() != 302 {
		t.Errorf("answer: %d %s", r.Status, r.Raw)
	}
	list, err := n.App.Store.RecoveryCodes(t.Context(), "greta", "club", time.Now())
	if err != nil || len(list) != 0 {
		t.Errorf("a code that nobody has is left: %v %v", list, err)
	}
}

var newcomer = apptest.P{"username": "tomke", "givenname": "Tomke", "surname": "T", "email": "tomke@club.example", "password": "tomke-pw"}

func with(p apptest.P, name, value string) apptest.P {
	out := apptest.P{}
	for k, v := range p {
		out[k] = v
	}
	out[name] = value
	return out
}

func registering(t *testing.T, action string) (*apptest.Node, *mailServer) {
	n, s := club(t, apptest.Options{})
	n.Must("POST /policy/reg", apptest.P{"scope": "register", "realm": "", "action": "realm=club, resolver=club, smtpconfig=post" + action})
	return n, s
}

// What cannot be completed leaves neither user nor token.
func TestRegister_NothingHalfMade(t *testing.T) {
	n, _ := registering(t, "")
	empty := func(when string) {
		t.Helper()
		if r := n.Must("GET /user/", apptest.P{"realm": "club", "username": "tomke"}); len(r.Value().([]any)) != 0 {
			t.Errorf("%s: a user is left: %s", when, r.Raw)
		}
		if r := n.Must("GET /token/", nil); r.At("result.value.count") != 0.0 {
			t.Errorf("%s: a token is left: %s", when, r.Raw)
		}
	}
	for name, action := range map[string]string{
		"unknown mail server": "realm=club, resolver=club, smtpconfig=other", "foreign resolver": "realm=realm1, resolver=club, smtpconfig=post",
		"default realm": "resolver=club, smtpconfig=post",
		"unknown realm": "realm=nowhere, resolver=club, smtpconfig=post", "fixed resolver": "realm=realm1, resolver=reso, smtpconfig=post",
	} {
		n.Must("POST /policy/reg", apptest.P{"scope": "register", "realm": "", "action": action})
		if r := n.Call("POST /register", newcomer); r.Status < 400 || r.Status >= 500 {
			t.Errorf("%s: %d %s", name, r.Status, r.Raw)
		}
		empty(name)
	}
	n.Must("POST /policy/reg", apptest.P{"scope": "register", "realm": "", "action": "realm=club, resolver=club, smtpconfig=post"})
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": "1"})
	if r := n.Call("POST /register", newcomer); r.Status != 400 || r.ErrorCode() != 402 {
		t.Errorf("without a mail: %d %s", r.Status, r.Raw)
	}
	empty("without a mail")
}

func TestRegister_OneAddress(t *testing.T) {
	n, s := registering(t, `, requiredemail=/@club\.example$/`)
	for _, address := range []string{"x@evil.example, tomke@club.example", "X <x@evil.example>@club.example", "<tomke@club.example>", "tomke"} {
		if r := n.Call("POST /register", with(newcomer, "email", address)); r.Status != 400 {
			t.Errorf("%q: %d %s", address, r.Status, r.Raw)
		}
	}
	if b := s.bodies(); len(b) > 0 {
		t.Errorf("mails: %v", b)
	}
}

func TestRegister_TextOfTheMail(t *testing.T) {
	n, s := registering(t, "")
	n.Must("POST /policy/text", apptest.P{"scope": "register", "realm": "", "action": "registration_body=Show {regkey} at the {desk}"})
	if r := n.Call("POST /register", newcomer); r.Value() != true {
		t.Fatalf("answer: %s", r.Raw)
	}
	m := regexp.MustCompile(`^Show (\S{24}) at the \{desk\}$`).FindStringSubmatch(s.bodies()[0])
	if m == nil {
		t.Fatalf("mail: %q", s.bodies()[0])
	}
	if r := n.Call("POST /validate/check", apptest.P{"user": "tomke", "realm": "club", "pass": m[1]}); !r.Accepted() {
		t.Errorf("the code is not taken: %s", r.Raw)
	}
}

// A name belongs to whoever came first.
func TestRegister_OneOfManyGetsTheName(t *testing.T) {
	n, _ := registering(t, "")
	const at = 6
	replies := make([]*apptest.Reply, at)
	var wait sync.WaitGroup
	for i := range at {
		wait.Go(func() { replies[i], _ = n.Try("POST /register", newcomer) })
	}
	wait.Wait()
	made := 0
	for i, r := range replies {
		switch {
		case r == nil:
			t.Errorf("request %d has no answer", i)
		case r.Value() == true:
			made++
		}
	}
	r := n.Must("GET /user/", apptest.P{"realm": "club", "username": "tomke"})
	if list, _ := r.Value().([]any); made != 1 || len(list) != 1 {
		t.Errorf("%d registrations and the users %s: want one of each", made, r.Raw)
	}
}
