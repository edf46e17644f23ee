package app_test

import (
	"context"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/audit"
)

// note makes an event that runs UserNotification.
func note(n *apptest.Node, event, action string, options apptest.P) {
	p := apptest.P{"name": "note", "event": event, "handlermodule": "UserNotification", "action": action, "position": "post"}
	for k, v := range options {
		p["option."+k] = v
	}
	n.Must("POST /event", p)
}

// letters are the mails so far: subject, recipients and text as people see them.
func (s *mailServer) letters(t *testing.T) []string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for i, m := range s.mails {
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil {
			t.Error(err)
		}
		out = append(out, subject+" | "+m.Header.Get("To")+" | "+s.texts[i])
	}
	slices.Sort(out)
	return out
}

func (s *mailServer) headers() []mail.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []mail.Header
	for _, m := range s.mails {
		out = append(out, m.Header)
	}
	return out
}

// Who is told what, on every database: the owner, whoever is logged in, local
// administrators and those of a realm, by what the user stores know.
func TestNotify_People(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			s := newMailServer(t)
			n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": s.port, "sender": "mfa@example.org"})
			n.Must("POST /realm/super", apptest.P{"resolvers": "reso"})
			n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "HOTP1", "user": "erika", "description": "Erikas Gerät", "otpkey": parallelKey})
			const words = "{user} {surname} {username} {userrealm} {tokentype} {description} {admin}@{realm} {client_ip}"
			note(n, "token_disable", "sendmail", apptest.P{"emailconfig": "post", "subject": "1 für {givenname}", "body": words})
			note(n, "token_disable", "sendmail", apptest.P{"emailconfig": "post", "subject": "2 {recipient_givenname}", "body": "{serial}", "To": "logged_in_user"})
			note(n, "token_disable", "sendmail", apptest.P{"emailconfig": "post", "subject": "3 {recipient_givenname}", "body": "{serial}", "To": "admin realm", "To admin realm": "super"})
			note(n, "token_disable", "sendmail", apptest.P{"emailconfig": "post", "subject": "4 {recipient_givenname}", "body": "{serial}", "To": "admin realm"})
			n.Must("POST /token/disable/HOTP1", nil)
			got := s.letters(t)
			want := []string{
				"1 für Erika | erika@example.org | Erika Müller erika realm1 hotp Erikas Gerät admin@ 127.0.0.1",
				"2 admin | admin@example.com | HOTP1",
				"3 admin of realm super | alice@example.org,bob@example.org,carol@example.org,erika@example.org | HOTP1",
			}
			if !slices.Equal(got, want) {
				t.Errorf("letters:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// A login is told to its user; nobody is logged in then, and the serial is the
// one of the answer.
func TestNotify_OfLogins(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	s := newMailServer(t)
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": s.port, "sender": "mfa@example.org"})
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "SPASS1", "user": "alice", "pin": "pin"})
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "SPASS2", "user": "alice", "pin": "other"})
	note(n, "validate_check", "sendmail", apptest.P{"emailconfig": "post", "subject": "login", "body": "{username}: {serial} {tokentype} [{admin}] {action}"})
	note(n, "validate_check", "sendmail", apptest.P{"emailconfig": "post", "subject": "nobody", "To": "logged_in_user"})
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}); !r.Accepted() {
		t.Fatalf("%s", r.Raw)
	}
	n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "wrong"})
	n.Call("POST /validate/check", apptest.P{"user": "nobody", "pass": "pin"})
	want := []string{"login | alice@example.org | alice: SPASS1 spass [] /validate/check", "login | alice@example.org | alice: SPASS1,SPASS2  [] /validate/check"}
	if got := s.letters(t); !slices.Equal(got, want) {
		t.Errorf("letters:\n%s", strings.Join(got, "\n"))
	}
}

// At a login to the web interface the one who logs in is known, and a local
// administrator owns no token.
func TestNotify_OfSessions(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	s := newMailServer(t)
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": s.port, "sender": "mfa@example.org"})
	note(n, "auth", "sendmail", apptest.P{"emailconfig": "post", "subject": "session", "body": "{admin}@{realm} {username}", "To": "logged_in_user"})
	note(n, "auth", "sendmail", apptest.P{"emailconfig": "post", "subject": "owner", "body": "{admin}@{realm} {username}"})
	for user, password := range map[string]string{"alice": "alice-pw", "admin": apptest.AdminPassword} {
		if r := n.Call("POST /auth", apptest.P{"username": user, "password": password}); r.Status != 200 {
			t.Errorf("%s: %s", user, r.Raw)
		}
	}
	n.Call("POST /auth", apptest.P{"username": "alice", "password": "wrong"})
	want := []string{"owner | alice@example.org | alice@realm1 alice", "session | admin@example.com | admin@", "session | alice@example.org | alice@realm1 alice"}
	got := s.letters(t)
	for i := range got {
		got[i] = strings.TrimSpace(got[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("letters:\n%s", strings.Join(got, "\n"))
	}
}

// What users and requests write cannot become a header, a recipient or HTML.
func TestNotify_ValuesStayValues(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	s := newMailServer(t)
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": s.port, "sender": "mfa@example.org"})
	note(n, "token_init", "sendmail", apptest.P{"emailconfig": "post", "subject": "{description}", "body": "<p>{description}</p>", "mimetype": "html", "reply_to": "tokenowner"})
	n.Must("POST /policy/all", apptest.P{"scope": "admin", "realm": "", "action": "*, set_custom_user_attributes=:*: *"})
	for user, mail := range map[string]string{"alice": "alice@example.org\r\nBcc: thief@example.org", "bob": "bob@example.org>\r\nRCPT TO:<thief@example.org", "carol": "carol@example.org, thief"} {
		n.Must("POST /user/attribute", apptest.P{"user": user, "realm": "realm1", "key": "email", "value": mail})
	}
	for _, user := range []string{"alice", "bob", "carol", "erika"} {
		n.Must("POST /token/init", apptest.P{"type": "spass", "user": user, "description": "x\r\nBcc: thief@example.org\r\n\r\n<b>&{serial}"})
	}
	for _, h := range s.headers() {
		if h.Get("Bcc") != "" || len(h["Subject"]) != 1 || strings.Contains(h.Get("To")+h.Get("Reply-To"), "thief") {
			t.Errorf("%v", h)
		}
	}
	letters := s.letters(t)
	if len(letters) != 1 || !strings.Contains(letters[0], "| erika@example.org |") || !strings.Contains(letters[0], "&lt;b&gt;&amp;{serial}</p>") {
		t.Errorf("%q", letters)
	}
}

// fired are the rows of event handlers: how they ended, in the order of the log.
func fired(t *testing.T, n *apptest.Node) []int64 {
	t.Helper()
	var out []int64
	err := n.App.Store.EachAudit(context.Background(), audit.Filter{}, func(row audit.Row) error {
		if row.Action != nil && strings.Contains(*row.Action, "-EVENT ") {
			out = append(out, *row.Success)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A mail server that is down, or says nothing, fails no login, unless the
// definition says that it must.
func TestNotify_FailuresAndLogins(t *testing.T) {
	silent := silentServer(t)
	for name, c := range map[string]struct {
		port    string
		options apptest.P
		fails   bool
	}{
		"down":                {"1", nil, false},
		"down, and it counts": {"1", apptest.P{"abort_on_error": "1"}, true},
		"silent":              {silent, apptest.P{"timeout": "1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := apptest.New(t, apptest.Options{}).Serve()
			n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": c.port, "sender": "mfa@example.org"})
			n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "SPASS1", "user": "alice", "pin": "pin"})
			options := apptest.P{"emailconfig": "post"}
			for k, v := range c.options {
				options[k] = v
			}
			note(n, "validate_check", "sendmail", options)
			r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"})
			if r.Accepted() == c.fails || r.ErrorCode() == 0 == c.fails {
				t.Errorf("%s", r.Raw)
			}
			if got := fired(t, n); !slices.Equal(got, []int64{0}) {
				t.Errorf("audit of the handler: %v", got)
			}
		})
	}
}

// silentServer takes connections and says nothing.
func silentServer(t *testing.T) (port string) {
	s := &mailServer{port: "0", mute: true}
	s.start(t)
	t.Cleanup(s.stop)
	return s.port
}

func TestNotify_FilesOfTheSpool(t *testing.T) {
	spool := t.TempDir()
	n := apptest.New(t, apptest.Options{Config: "EDUMFA_NOTIFICATION_HANDLER_SPOOLDIRECTORY = '" + spool + "'"}).Serve()
	note(n, "token_init", "savefile", apptest.P{"filename": "{username}-{serial}.txt", "body": "{surname}: {registrationcode}"})
	r := n.Must("POST /token/init", apptest.P{"type": "registration", "serial": "REG1", "user": "erika"})
	b, err := os.ReadFile(filepath.Join(spool, "erika-REG1.txt"))
	if want := "Müller: " + r.Text("detail.registrationcode"); err != nil || string(b) != want {
		t.Errorf("%q, %v, want %q", b, err, want)
	}
}
