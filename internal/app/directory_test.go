package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/test/server/slapd"
)

// directoryDeadline is how long any request may take that needs the directory:
// one server with a timeout of one second, asked twice at most, and some room
// for a busy machine.
const directoryDeadline = 5 * time.Second

// makeDirectoryRealm puts a directory with n users, u0 …, behind the realm
// "campus". Everybody's password is the name with "-pw", everybody has a token
// with the PIN "pin".
func makeDirectoryRealm(t *testing.T, n *apptest.Node, users int) *slapd.Server {
	t.Helper()
	people := slapd.OU("people", slapd.Suffix)
	entries := []slapd.Entry{people}
	for i := range users {
		uid := fmt.Sprintf("u%d", i)
		entries = append(entries, slapd.Person(uid, people.DN, "User", fmt.Sprint(i), "userPassword: "+uid+"-pw"))
	}
	server := slapd.Start(t, slapd.Options{Entries: entries})
	n.Must("POST /resolver/dir", apptest.P{
		"type": "ldapresolver", "LDAPURI": server.URI(), "LDAPBASE": slapd.Suffix, "BINDDN": slapd.Admin, "BINDPW": slapd.AdminPassword,
		"TIMEOUT": "1", "CACHE_TIMEOUT": "0", "LOGINNAMEATTRIBUTE": "uid", "LDAPSEARCHFILTER": "(uid=*)(objectClass=inetOrgPerson)",
		"USERINFO": `{"username": "uid", "surname": "sn", "givenname": "givenName"}`, "UIDTYPE": "entryUUID", "SERVERPOOL_SKIP": "1",
	})
	n.Must("POST /realm/campus", apptest.P{"resolvers": "dir"})
	for i := range users {
		n.Must("POST /token/init", apptest.P{"type": "spass", "pin": "pin", "user": fmt.Sprintf("u%d", i), "realm": "campus"})
	}
	return server
}

// A directory that dies, hangs and comes back in the middle of logins costs
// nobody more than its deadline, and other realms notice nothing.
func TestDirectory_DiesInTheMiddleOfLogins(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	server := makeDirectoryRealm(t, n, 4)
	n.Must("POST /token/init", apptest.P{"type": "spass", "pin": "pin", "user": "alice", "realm": "realm1"})

	stop := make(chan struct{})
	var wg sync.WaitGroup
	watchers := 0
	rounds := make(chan int)
	watch := func(name string, limit time.Duration, p apptest.P, wantAccept bool) {
		id := watchers
		watchers++
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				case rounds <- id:
				}
				start := time.Now()
				r, err := n.Try("POST /validate/check", p)
				if took := time.Since(start); took > limit {
					t.Errorf("%s took %s, the deadline is %s", name, took, limit)
				}
				switch {
				case err != nil:
					t.Errorf("%s: %v", name, err)
				case wantAccept && !r.Accepted():
					t.Errorf("%s was refused: %d %s", name, r.Status, r.Raw)
				case r.Status == http.StatusInternalServerError:
					t.Errorf("%s ended in an internal error: %s", name, r.Raw)
				}
			}
		})
	}
	for i := range 4 { // known users: what is known of them answers while the directory is away
		watch("login of the directory", directoryDeadline, apptest.P{"user": fmt.Sprintf("u%d", i), "realm": "campus", "pass": "pin"}, true)
	}
	watch("login of an unknown user", directoryDeadline, apptest.P{"user": "stranger", "realm": "campus", "pass": "pin"}, false)
	watch("login of another realm", directoryDeadline, apptest.P{"user": "alice", "realm": "realm1", "pass": "pin"}, true)

	// all waits until every watcher has begun three more logins: two of them lie
	// wholly in the state the directory is in.
	all := func() {
		begun := make([]int, watchers)
		for missing := 3 * watchers; missing > 0; {
			if id := <-rounds; begun[id] < 3 {
				begun[id]++
				missing--
			}
		}
	}
	admin := func(when string) {
		all()
		start := time.Now()
		if r := n.Call("POST /auth", apptest.P{"username": "admin", "password": apptest.AdminPassword}); r.Status != http.StatusOK {
			t.Errorf("the local administrator cannot log in %s: %d %s", when, r.Status, r.Raw)
		}
		if took := time.Since(start); took > directoryDeadline {
			t.Errorf("the local administrator waits %s %s", took, when)
		}
	}
	admin("while the directory works")
	server.Stop()
	admin("while the directory is down")
	server.Restart()
	admin("while the directory is back")
	server.Hang()
	admin("while the directory hangs")
	server.Resume()
	admin("while the directory goes on")
	close(stop)
	wg.Wait()
}

// A password is never checked from memory.
func TestDirectory_PasswordsNeedIt(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	server := makeDirectoryRealm(t, n, 1)
	ask := func(password string) *apptest.Reply {
		return n.Call("POST /auth", apptest.P{"username": "u0", "realm": "campus", "password": password})
	}
	if r := ask("u0-pw"); r.Status != http.StatusOK {
		t.Fatalf("right password: %d %s", r.Status, r.Raw)
	}
	if r := ask("wrong"); r.Status != http.StatusUnauthorized {
		t.Fatalf("wrong password: %d %s", r.Status, r.Raw)
	}
	server.Stop()
	start := time.Now()
	r := ask("u0-pw")
	if r.Status == http.StatusOK {
		t.Fatalf("a password was accepted without the directory: %s", r.Raw)
	}
	if took := time.Since(start); took > directoryDeadline {
		t.Errorf("the answer took %s", took)
	}
	if !strings.Contains(string(r.Raw), `"error"`) {
		t.Errorf("no error in the answer: %s", r.Raw)
	}
	server.Restart()
	if r := ask("u0-pw"); r.Status != http.StatusOK {
		t.Errorf("after the restart: %d %s", r.Status, r.Raw)
	}
}

// The secret of a SCIM store is encrypted in the database, and shown nowhere.
func TestSCIM_SecretIsKeptEncrypted(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /resolver/campus", apptest.P{"type": "scimresolver", "Authserver": "http://127.0.0.1:9/", "Resourceserver": "http://127.0.0.1:9/v1",
		"Client": "mfa", "Secret": "much-to-hide", "Mapping": "{username: userName}"})
	if r := n.Must("GET /resolver/campus", nil); strings.Contains(string(r.Raw), "much-to-hide") || !strings.Contains(string(r.Raw), `"Secret": "__CENSORED__"`) {
		t.Errorf("shown: %s", r.Raw)
	}
	list, err := n.App.Store.Resolvers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if kept := fmt.Sprintf("%+v", list); !strings.Contains(kept, "campus") || !strings.Contains(kept, "mfa") || strings.Contains(kept, "much-to-hide") {
		t.Errorf("kept: %s", kept)
	}
}
