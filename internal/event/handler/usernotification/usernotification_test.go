package usernotification

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/event"
	"edumfa/internal/mail"
	"edumfa/internal/smsprovider"
)

var now = time.Date(2026, 11, 21, 19, 30, 0, 0, time.UTC)

// world is who there is, and what was sent.
type world struct {
	event.Facts // conditions are not asked here
	owner       event.Person
	caller      event.Caller
	people      map[string][]event.Person // by realm
	admins      map[string]string         // mail addresses
	subject     event.Subject
	storeErr    error

	sendErr error
	mails   []mail.Message
	servers []string
	texts   []string
	block   bool // sending takes as long as it may
}

func (w *world) Caller() event.Caller { return w.caller }
func (w *world) Origin() event.Origin {
	return event.Origin{Path: "/token/init", Root: "https://mfa.example.org/", UserAgent: "agent/1"}
}
func (w *world) ClientIP() netip.Addr                           { return netip.MustParseAddr("10.0.0.7") }
func (w *world) Owner(context.Context) (event.Person, error)    { return w.owner, w.storeErr }
func (w *world) Subject(context.Context) (event.Subject, error) { return w.subject, nil }
func (w *world) Find(_ context.Context, login, realm string) (event.Person, error) {
	for _, p := range w.people[realm] {
		if p.Login == login {
			return p, nil
		}
	}
	return event.Person{}, w.storeErr
}
func (w *world) Everybody(_ context.Context, realm string) ([]event.Person, error) {
	if realm == "" {
		panic("asked for everybody of no realm")
	}
	return w.people[realm], w.storeErr
}
func (w *world) LocalAdmin(_ context.Context, name string) (string, bool, error) {
	address, known := w.admins[name]
	return address, known, w.storeErr
}

func (w *world) Send(ctx context.Context, server string, m mail.Message) error {
	if w.block {
		<-ctx.Done()
		return ctx.Err()
	}
	w.servers, w.mails = append(w.servers, server), append(w.mails, m)
	return w.sendErr
}

func (w *world) Text(_ context.Context, via smsprovider.Via, to smsprovider.Recipient, text string) error {
	if to.Phone == "" {
		return smsprovider.ErrNobody
	}
	w.texts = append(w.texts, via.Gateway+" "+to.Phone+" "+to.Login+" "+text)
	return w.sendErr
}

type params map[string]string

func (p params) Text(name string) (string, bool) { v, ok := p[name]; return v, ok }
func (p params) Raw(name string) any             { return p[name] }
func (params) Set(string, any)                   {}
func (params) Delete(string)                     {}
func (params) Names() []string                   { return nil }

func person(login, realm, mail string) event.Person {
	return event.Person{User: event.User{Login: login, Realm: realm}, GivenName: strings.ToUpper(login), Surname: "Smith", Mail: mail, Mobile: "0171"}
}

func someWorld() *world {
	return &world{
		owner: person("alice", "realm1", "alice@example.org"), caller: event.Caller{Name: "admin"},
		admins:  map[string]string{"admin": "admin@example.org", "silent": ""},
		people:  map[string][]event.Person{"super": {person("hanna", "super", "hanna@example.org"), person("heiko", "super", ""), person("hugo", "super", "hugo@example.org")}},
		subject: event.Subject{Serials: []string{"S1"}, Type: "hotp", Description: "my & token"},
	}
}

type options map[string]string

func (w *world) handler(spool string) Handler {
	return Handler{Mailer: w, Texter: w, Spool: spool, Rand: rand.Reader}
}

func (w *world) call(action string, o options, detail map[string]any) event.Call {
	return event.Call{
		Definition: event.Definition{Action: action, Options: o}, Params: params{"value": "Room 7"}, Facts: w,
		Response: &event.Response{Body: map[string]any{"detail": detail}}, Now: now, Log: slog.New(slog.DiscardHandler),
	}
}

func TestSendMail_Recipients(t *testing.T) {
	hanna := func(w *world) { w.caller = event.Caller{Name: "hanna", Realm: "super"} }
	for name, c := range map[string]struct {
		change func(*world)
		o      options
		want   string // addresses, then the tags of the recipient; "" for no mail
		fails  bool
	}{
		"owner by default":         {nil, options{}, "alice@example.org ALICE Smith", false},
		"owner":                    {nil, options{"To": "tokenowner"}, "alice@example.org ALICE Smith", false},
		"no owner":                 {func(w *world) { w.owner = event.Person{} }, options{}, "", false},
		"owner without address":    {func(w *world) { w.owner.Mail = "" }, options{}, "", false},
		"owner with no address":    {func(w *world) { w.owner.Mail = "no address" }, options{}, "", true},
		"owner with a line break":  {func(w *world) { w.owner.Mail = "a@b\r\nBcc: c@d" }, options{}, "", true},
		"user store is down":       {func(w *world) { w.storeErr = errors.New("down") }, options{}, "", true},
		"local admin logged in":    {nil, options{"To": "logged_in_user"}, "admin@example.org admin ", false},
		"admin of a realm":         {hanna, options{"To": "logged_in_user"}, "hanna@example.org HANNA Smith", false},
		"unknown admin":            {func(w *world) { w.caller.Name = "ghost" }, options{"To": "logged_in_user"}, "", false},
		"nobody logged in":         {func(w *world) { w.caller = event.Caller{} }, options{"To": "logged_in_user"}, "", false},
		"internal admin":           {nil, options{"To": "internal admin", "To internal admin": "admin"}, "admin@example.org admin ", false},
		"unknown internal admin":   {nil, options{"To": "internal admin", "To internal admin": "ghost"}, "", false},
		"admin without address":    {nil, options{"To": "internal admin", "To internal admin": "silent"}, "", false},
		"internal admin not set":   {nil, options{"To": "internal admin"}, "", false},
		"realm":                    {nil, options{"To": "admin realm", "To admin realm": "super"}, "hanna@example.org,hugo@example.org admin of realm super ", false},
		"realm that is not there":  {nil, options{"To": "admin realm", "To admin realm": "gone"}, "", false},
		"realm that is not set":    {nil, options{"To": "admin realm"}, "", false},
		"realm that is empty":      {nil, options{"To": "admin realm", "To admin realm": ""}, "", false},
		"realm of another option":  {nil, options{"To": "admin realm", "reply_to admin realm": "super"}, "", false},
		"addresses":                {nil, options{"To": "email", "To email": "one@example.org, two@example.org"}, "one@example.org,two@example.org  ", false},
		"addresses, one of them":   {nil, options{"To": "email", "To email": "one@example.org,,two"}, "one@example.org  ", false},
		"addresses not set":        {nil, options{"To": "email"}, "", false},
		"no address among them":    {nil, options{"To": "email", "To email": "one,two"}, "", true},
		"a recipient of no kind":   {nil, options{"To": "everybody"}, "", false},
		"an empty kind":            {nil, options{"To": ""}, "", false},
		"addresses with one name":  {nil, options{"To": "email", "To email": "Desk <desk@example.org>"}, "desk@example.org  ", false},
		"an address in two places": {nil, options{"To": "email", "To email": "a@example.org>\r\nRCPT TO:<b@example.org"}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := someWorld()
			if c.change != nil {
				c.change(w)
			}
			c.o["emailconfig"], c.o["body"] = "post", "{recipient_givenname} {recipient_surname}"
			err := w.handler("").Do(t.Context(), w.call("sendmail", c.o, nil))
			got := ""
			if len(w.mails) > 0 {
				got = strings.Join(w.mails[0].To, ",") + " " + w.mails[0].Body
			}
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("mailed to %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestSendMail_ReplyTo(t *testing.T) {
	for name, c := range map[string]struct {
		o    options
		want string
	}{
		"nothing":                {options{}, ""},
		"empty":                  {options{"reply_to": ""}, ""},
		"owner":                  {options{"reply_to": "tokenowner"}, "alice@example.org"},
		"logged in":              {options{"reply_to": "logged_in_user"}, "admin@example.org"},
		"internal admin":         {options{"reply_to": "internal admin", "reply_to internal admin": "admin"}, "admin@example.org"},
		"unknown internal admin": {options{"reply_to": "internal admin", "reply_to internal admin": "ghost"}, ""},
		"realm":                  {options{"reply_to": "admin realm", "reply_to admin realm": "super"}, "hanna@example.org,hugo@example.org"},
		"realm not set":          {options{"reply_to": "admin realm", "To admin realm": "super"}, ""},
		"first address":          {options{"reply_to": "email", "reply_to email": "a@example.org,b@example.org"}, "a@example.org"},
		"no address":             {options{"reply_to": "email", "reply_to email": "nowhere\r\nBcc: x@y"}, ""},
		"no kind":                {options{"reply_to": "everybody"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := someWorld()
			c.o["To"], c.o["To email"], c.o["emailconfig"] = "email", "desk@example.org", "post"
			if err := w.handler("").Do(t.Context(), w.call("sendmail", c.o, nil)); err != nil || len(w.mails) != 1 {
				t.Fatalf("%d mails, %v", len(w.mails), err)
			}
			if got := w.mails[0].ReplyTo; got != c.want {
				t.Errorf("answers go to %q, want %q", got, c.want)
			}
		})
	}
}

func TestSendMail_Texts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "letter")
	if err := os.WriteFile(file, []byte("Grüße, {username}"), 0o600); err != nil {
		t.Fatal(err)
	}
	detail := map[string]any{"registrationcode": "code", "pin": "1234", "googleurl": map[string]any{"value": "otpauth://x?a&b", "img": "data:image/png;base64,iVA="}}
	for name, c := range map[string]struct {
		o             options
		subject, body string
		fails         bool
	}{
		"every tag": {options{"subject": "{action} {serial}", "body": "{admin}|{realm}|{url}|{user}|{surname}|{givenname}|{username}|{userrealm}|{tokentype}|{description}|{registrationcode}|{pin}|{googleurl_value}|{googleurl_img}|{time}|{date}|{client_ip}|{ua_browser}|{ua_string}|{challenge}|{result_value}|{result_status}|{request_value}|{token_realms}"},
			"/token/init S1", "admin||https://mfa.example.org/|ALICE|Smith|ALICE|alice|realm1|hotp|my & token|code|1234|otpauth://x?a&b|data:image/png;base64,iVA=|19:30:00|2026-11-21|10.0.0.7|agent|agent/1||||Room 7|", false},
		"HTML":                        {options{"mimetype": "HTML", "subject": "{description}", "body": "<p>{description} {googleurl_value}</p>"}, "my & token", "<p>my &amp; token otpauth://x?a&amp;b</p>", false},
		"plain":                       {options{"mimetype": "plain", "subject": "s", "body": "<p>{description}</p>"}, "s", "<p>my & token</p>", false},
		"a picture in HTML":           {options{"mimetype": "html", "subject": "s", "body": `<img src="{googleurl_img}">`}, "s", `<img src="data:image/png;base64,iVA=">`, false},
		"no image in subjects":        {options{"subject": "{googleurl_img}", "body": "x"}, "", "", true},
		"unknown tag in the body":     {options{"subject": "s", "body": "{nonsense}"}, "", "", true},
		"unknown tag in the subject":  {options{"subject": "{nonsense}", "body": "x"}, "", "", true},
		"half a brace":                {options{"subject": "s", "body": "half {"}, "", "", true},
		"from a file":                 {options{"subject": "s", "body": "file:" + file}, "s", "Grüße, alice", false},
		"a name that is no file name": {options{"subject": "s", "body": "{username}/file:" + file}, "s", "alice/file:" + file, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := someWorld()
			c.o["emailconfig"] = "post"
			err := w.handler("").Do(t.Context(), w.call("sendmail", c.o, detail))
			if (err != nil) != c.fails || (len(w.mails) == 0) != c.fails {
				t.Fatalf("%d mails, %v", len(w.mails), err)
			}
			if c.fails {
				return
			}
			m := w.mails[0]
			if diff := cmp.Diff([]string{c.subject, c.body}, []string{m.Subject, m.Body}); diff != "" {
				t.Error(diff)
			}
			if m.HTML != strings.EqualFold(c.o["mimetype"], "html") || w.servers[0] != "post" {
				t.Errorf("HTML %v over %s", m.HTML, w.servers[0])
			}
		})
	}
	t.Run("a picture that is none cannot leave its quotes", func(t *testing.T) {
		w := someWorld()
		forged := map[string]any{"googleurl": map[string]any{"img": `x"><script>`}}
		if err := w.handler("").Do(t.Context(), w.call("sendmail", options{"mimetype": "html", "body": `<img src="{googleurl_img}">`}, forged)); err != nil {
			t.Fatal(err)
		}
		if got, want := w.mails[0].Body, `<img src="x&quot;&gt;&lt;script&gt;">`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
	for name, body := range map[string]string{"nothing": "", "a file that is missing": "file:" + file + ".gone", "a folder": "file:" + filepath.Dir(file)} {
		t.Run("built-in words for "+name, func(t *testing.T) {
			w := someWorld()
			if err := w.handler("").Do(t.Context(), w.call("sendmail", options{"emailconfig": "post", "body": body}, nil)); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"ALICE", "S1", "/token/init", "admin", "https://mfa.example.org/"} {
				if !strings.Contains(w.mails[0].Body, want) {
					t.Errorf("no %s in %s", want, w.mails[0].Body)
				}
			}
			if w.mails[0].Subject == "" || strings.Contains(w.mails[0].Body, file) {
				t.Errorf("%+v", w.mails[0])
			}
		})
	}
}

func TestSendMail_Picture(t *testing.T) {
	img := func(uri string) map[string]any { return map[string]any{"googleurl": map[string]any{"img": uri}} }
	for name, c := range map[string]struct {
		attach string
		detail map[string]any
		want   []mail.Inline
	}{
		"a picture":        {"1", img("data:image/png;base64,iVA="), []mail.Inline{{ContentID: "token_image", Name: "S_1.png", Type: "image/png", Data: []byte("\x89P")}}},
		"not asked for":    {"", img("data:image/png;base64,iVA="), nil},
		"none":             {"1", map[string]any{}, nil},
		"another address":  {"1", img("https://thief.example.org/x.png"), nil},
		"a file":           {"1", img("file:///etc/passwd"), nil},
		"no picture":       {"1", img("data:text/html;base64,iVA="), nil},
		"no base64":        {"1", img("data:image/png,abc"), nil},
		"damaged":          {"1", img("data:image/png;base64,%%"), nil},
		"not even a text":  {"1", map[string]any{"googleurl": map[string]any{"img": 7}}, nil},
		"not even details": {"1", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := someWorld()
			w.subject.Serials = []string{"S/1"}
			if err := w.handler("").Do(t.Context(), w.call("sendmail", options{"emailconfig": "post", "attach_qrcode": c.attach}, c.detail)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, w.mails[0].Inline); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSendText(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		o      options
		want   []string
	}{
		"to the owner":     {nil, options{"body": "{username}: {serial}"}, []string{"gate 0171 alice alice: S1"}},
		"no owner":         {func(w *world) { w.owner = event.Person{} }, options{}, nil},
		"no number":        {func(w *world) { w.owner.Mobile = "" }, options{}, nil},
		"to the caller":    {func(w *world) { w.caller = event.Caller{Name: "hanna", Realm: "super"} }, options{"To": "logged_in_user", "body": "x"}, []string{"gate 0171 hanna x"}},
		"to a local admin": {nil, options{"To": "internal admin", "To internal admin": "admin"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := someWorld()
			if c.change != nil {
				c.change(w)
			}
			c.o["smsconfig"] = "gate"
			if err := w.handler("").Do(t.Context(), w.call("sendsms", c.o, nil)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, w.texts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDo_UnknownActionDoesNothing(t *testing.T) {
	w := someWorld()
	if err := w.handler("").Do(t.Context(), w.call("sendpigeon", options{}, nil)); err != nil || len(w.mails)+len(w.texts) != 0 {
		t.Errorf("%v, %v, %v", w.mails, w.texts, err)
	}
}

// A request waits no longer than the limit, unless its definition says so.
func TestSend_Limit(t *testing.T) {
	for name, c := range map[string]struct {
		o    options
		want time.Duration
	}{
		"as long as usual":      {options{}, limit},
		"must not fail":         {options{event.AbortOption: "1"}, time.Minute},
		"has a time of its own": {options{event.TimeoutOption: "60"}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := someWorld()
				w.block = true
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				c.o["emailconfig"] = "post"
				if err := w.handler("").Do(ctx, w.call("sendmail", c.o, nil)); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v", err)
				}
				if took := time.Since(start); took != c.want {
					t.Errorf("waited %v, want %v", took, c.want)
				}
			})
		})
	}
}

func TestSaveFile(t *testing.T) {
	for name, c := range map[string]struct {
		filename, username string
		want               string // the file; "" for none
	}{
		"a name":                        {"{username}-{serial}.txt", "alice", "alice-S1.txt"},
		"in a folder":                   {"sub/{serial}", "alice", "sub/S1"},
		"from the top":                  {"//absolute-{serial}", "alice", "absolute-S1"},
		"in a folder and out of it":     {"sub/../{serial}", "alice", "S1"},
		"through the way out and back":  {"../spool/{serial}", "alice", ""},
		"no folder":                     {"missing/{serial}", "alice", ""},
		"outside":                       {"../outside", "alice", ""},
		"beside, the name begins alike": {"../spool-of-others/{serial}", "alice", ""},
		"a folder":                      {"sub", "alice", ""},
		"the spool itself":              {".", "alice", ""},
		"over a link":                   {"link", "alice", "link"},
		"through a link":                {"linked/{serial}", "alice", ""},
		"a user called like a path":     {"{username}", "../../outside", ".._.._outside"},
		"a user called like a folder":   {"sub/{username}/{serial}", "..", ""},
		"a user called dot dot":         {"{username}", "..", "__"},
		"a user with a zero byte":       {"{username}", "a\x00b\n", "a_b_"},
		"an unknown tag":                {"{nonsense}", "alice", ""},
		"no name":                       {"", "alice", ""},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			spool := filepath.Join(top, "spool")
			for _, d := range []string{"spool/sub", "spool-of-others", "elsewhere"} {
				if err := os.MkdirAll(filepath.Join(top, d), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			victim := filepath.Join(top, "elsewhere", "victim")
			must(t, os.WriteFile(victim, []byte("mine"), 0o600))
			must(t, os.Symlink(victim, filepath.Join(spool, "link")))
			must(t, os.Symlink(filepath.Dir(victim), filepath.Join(spool, "linked")))
			before := tree(t, top)
			w := someWorld()
			w.owner.Login = c.username
			err := w.handler(spool).Do(t.Context(), w.call("savefile", options{"filename": c.filename, "body": "for {username}"}, nil))
			if (err == nil) != (c.want != "") {
				t.Fatalf("%v", err)
			}
			if c.want == "" {
				if diff := cmp.Diff(before, tree(t, top)); diff != "" {
					t.Error(diff)
				}
				return
			}
			file := filepath.Join(spool, c.want)
			if b, err := os.ReadFile(file); err != nil || string(b) != "for "+c.username {
				t.Errorf("%q, %v in %v", b, err, tree(t, top))
			}
			if info, err := os.Lstat(file); err != nil || info.Mode().Perm()&0o007 != 0 || !info.Mode().IsRegular() {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if b, _ := os.ReadFile(victim); string(b) != "mine" {
				t.Error("a file outside of the spool was written over")
			}
		})
	}
}

func TestSaveFile_AgainAndAtRandom(t *testing.T) {
	spool := t.TempDir()
	w := someWorld()
	h := w.handler(spool)
	for range 2 {
		w.subject.Type += "x"
		must(t, h.Do(t.Context(), w.call("savefile", options{"filename": "{serial}", "body": "{tokentype}"}, nil)))
		must(t, h.Do(t.Context(), w.call("SAVEFILE", options{"filename": "r-{random}", "body": "x"}, nil)))
	}
	if b, _ := os.ReadFile(filepath.Join(spool, "S1")); string(b) != "hotpxx" {
		t.Errorf("the file is not the new one: %q", b)
	}
	names := tree(t, spool)
	random := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, "r-") })
	if len(names) != 3 || len(random) != 2 || len(random[0]) != len("r-")+randomLength {
		t.Errorf("files: %v", names)
	}
	if err := h.Do(t.Context(), w.call("savefile", options{"filename": "x", "body": "file:" + spool + "/gone"}, nil)); err == nil {
		t.Error("a file was made without its template")
	}
	w.owner = event.Person{}
	if err := h.Do(t.Context(), w.call("savefile", options{"filename": "nobody", "body": "{user}"}, nil)); err != nil {
		t.Errorf("without owner: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tree are the names of all files below a folder.
func tree(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	must(t, filepath.WalkDir(folder, func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(folder, name)
			names = append(names, rel)
		}
		return err
	}))
	return names
}
