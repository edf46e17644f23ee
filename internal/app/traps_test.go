package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/audit"
	"edumfa/internal/keystore"
	"edumfa/internal/pyjson"
	"edumfa/internal/pyregexp"
	"edumfa/internal/store/storetest"
	"edumfa/internal/token"
)

// The tests below are the traps of taking over an installation of eduMFA, one
// each. Where a trap is tried at length elsewhere, the test here is the short
// proof and names the place.

// Same keys and zone: sessions, passwords and tokens of the former program are
// only as good as the keys they were made with.
func TestTrap01_SameKeysOrNothing(t *testing.T) {
	for name, change := range map[string][2]string{
		"SECRET_KEY":    {"fixture-secret-key-0123456789abcdef", "another-secret-key-0123456789abcdef"},
		"EDUMFA_PEPPER": {"Never know...", "Another..."},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("testdata/edumfa-2.9.5")); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "edumfa.cfg")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(b), change[0], change[1], 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		m := readManifest(t)
		c := clockAt(m.MadeAt.Add(5 * time.Minute))
		n := apptest.Adopt(t, dir, apptest.Options{Now: c.now}).Serve()
		key := n.Call("GET /token/", nil, apptest.As(m.APIKeys["admin"])).Status == 200
		password := n.Call("POST /auth", apptest.P{"username": "legacyadmin", "password": "legacy-pw"}).Status == 200
		if key == (name == "SECRET_KEY") || password == (name == "EDUMFA_PEPPER") {
			t.Errorf("with another %s: API key %v, password %v", name, key, password)
		}
	}
}

// Ids come from the field's sequences, and the Alembic stamp stays. More in
// package storetest.
func TestTrap02_SequencesAndStamp(t *testing.T) {
	for _, product := range storetest.Products()[1:] {
		t.Run(product, func(t *testing.T) {
			x := takeOver(t, product)
			x.Must("POST /token/init", apptest.P{"type": "spass", "serial": "NEW1", "pin": "1234"})
			made, err := x.App.Store.Token(t.Context(), "NEW1", 0)
			if err != nil || made.ID <= 70 {
				t.Fatalf("token %+v, %v", made, err)
			}
			q := map[string]string{"postgres": "SELECT nextval('token_seq')", "mariadb": "SELECT nextval(token_seq)"}[product]
			var next int64
			if err := storetest.Raw(t, x.uri).QueryRow(q).Scan(&next); err != nil || next <= made.ID {
				t.Errorf("the original would use %d next, %d is taken (%v)", next, made.ID, err)
			}
			if rev, _ := x.App.Store.Revision(t.Context()); rev != x.alembic() {
				t.Errorf("stamp %q", rev)
			}
		})
	}
}

func (x *takeover) alembic() string { return "9cad6f046bd2" }

// Every change of configuration moves __timestamp__, in Unix seconds.
func TestTrap03_TimestampOfEveryChange(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	last, _ := n.App.Store.Timestamp(t.Context())
	for _, c := range []struct {
		call string
		p    apptest.P
	}{
		{"POST /system/setConfig", apptest.P{"a": "b"}},
		{"DELETE /system/a", nil},
		{"POST /resolver/r2", apptest.P{"type": "passwdresolver", "fileName": "passwd"}},
		{"POST /realm/new", apptest.P{"resolvers": "r2"}},
		{"POST /defaultrealm/new", nil},
		{"DELETE /defaultrealm", nil},
		{"DELETE /realm/new", nil},
		{"DELETE /resolver/r2", nil},
		{"POST /policy/p", apptest.P{"scope": "admin", "action": "*", "realm": ""}},
		{"POST /policy/disable/p", nil},
		{"DELETE /policy/p", nil},
	} {
		n.Must(c.call, c.p)
		now, err := n.App.Store.Timestamp(t.Context())
		if err != nil || len(now) != 10 || now <= last {
			t.Errorf("%s: %q after %q, %v", c.call, now, last, err)
		}
		last = now
	}
}

// Keys are kept as the texts they came as, letter case and all.
func TestTrap04_KeysAreTexts(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	for serial, key := range map[string]string{"UPPER": "ABCDEF0123456789ABCDEF0123456789ABCDEF01", "LOWER": "abcdef0123456789abcdef0123456789abcdef01"} {
		n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": serial, "otpkey": key})
		made, err := n.App.Store.Token(t.Context(), serial, 0)
		if err != nil {
			t.Fatal(err)
		}
		clear, err := n.App.Keys.Decrypt(keystore.Token, made.Key.Cipher, made.Key.IV)
		if err != nil || string(clear) != key {
			t.Errorf("%s is kept as %q, %v", serial, clear, err)
		}
		f := fixtureToken{OTPKey: key}
		f.DB.OTPLen = 6
		if r := n.Call("POST /validate/check", apptest.P{"serial": serial, "pass": f.otp(0)}); !r.Accepted() {
			t.Errorf("%s: %s", serial, r.Raw)
		}
	}
}

// NULL and the empty text are the same wherever rows of the field have either,
// and success in audit rows is any number.
func TestTrap05_NullAndEmpty(t *testing.T) {
	onEachProduct(t, func(x *takeover) {
		raw := storetest.Raw(x.T, x.uri)
		for _, q := range []string{
			"UPDATE token SET description = NULL, user_pin = NULL, so_pin = NULL, rollout_state = NULL, locked = NULL, revoked = NULL WHERE serial = 'SPASS-1'",
			`UPDATE tokeninfo SET "Type" = NULL, "Description" = NULL`,
			"UPDATE policy SET adminrealm = NULL, resolver = NULL, client = NULL, time = NULL, edumfanode = NULL",
			"UPDATE eventhandler SET name = NULL",
		} {
			if _, err := raw.Exec(storetest.Rebind(x.product, q)); err != nil {
				x.Fatal(err)
			}
		}
		x.App.Snapshots.Invalidate()
		if r := x.Call("POST /validate/check", apptest.P{"serial": "SPASS-1", "pass": "spasspin"}); !r.Accepted() {
			x.Errorf("a token of NULLs: %s", r.Raw)
		}
		if r := x.Admin("GET /token/", apptest.P{"serial": "SPASS-1"}); r.Text("result.value.tokens.0.description") != "" || r.Status != 200 {
			x.Errorf("list: %d %s", r.Status, r.Raw)
		}
		x.Must("POST /realm/another", apptest.P{"resolvers": "pwres"})
		x.Must("DELETE /realm/another", nil) // its number becomes the success
		x.auditRows()
	})
}

// Signatures of audit rows fit what each database gives back, also at whole
// seconds and with values that are too long.
func TestTrap06_AuditSignatures(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			c := clockAt(time.Date(2027, 7, 1, 12, 0, 0, 0, time.UTC))
			n := apptest.New(t, apptest.Options{Engine: e, Now: c.now}).Serve()
			for i, name := range []string{"x", strings.Repeat("long ü", 100), "ä ✓ 𝄞", "'; --", "null"} {
				c.set(time.Date(2027, 7, 1, 12, 0, i, i*1000, time.UTC))
				n.Call("POST /validate/check", apptest.P{"user": name, "pass": "x"})
			}
			rows := 0
			err := n.App.Store.EachAudit(t.Context(), audit.Filter{}, func(r audit.Row) error {
				rows++
				if r.Signature == nil || !n.App.Signer.Verifier(false).Verify([]byte(audit.SignedText(r)), *r.Signature) {
					t.Errorf("row %d: %s", r.ID, audit.SignedText(r))
				}
				return nil
			})
			if err != nil || rows < 5 {
				t.Errorf("%d rows, %v", rows, err)
			}
		})
	}
}

// Replies are signed over the sorted text of what is answered, with its nonce.
func TestTrap07_ReplySignatures(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	for _, call := range []string{"GET /token/", "GET /policy/", "GET /realm/", "GET /system/"} {
		r := n.Admin(call, apptest.P{"nonce": "ü ✓ 𝄞"})
		v, err := pyjson.Unmarshal(r.Raw)
		if err != nil {
			t.Fatalf("%s: %v", call, err)
		}
		o, ok := v.(pyjson.Object)
		if !ok {
			t.Fatalf("%s: %T", call, v)
		}
		signature, _ := o.Get("signature")
		said, err := pyjson.MarshalSorted(o.Delete("signature"))
		if err != nil {
			t.Fatal(err)
		}
		s, _ := signature.(string)
		if !n.App.Signer.Verifier(false).Verify(said, s) {
			t.Errorf("%s: the signature %.40q does not fit %s", call, s, said)
		}
	}
}

// Parameters are percent-decoded once more, but not those of three clients.
func TestTrap08_DecodedTwice(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "TWICE", "pin": "a%2541"}) // arrives as a%41
	stored := ""
	for _, pass := range []string{"aA", "a%41", "a%2541"} {
		if n.Call("POST /validate/check", apptest.P{"serial": "TWICE", "pass": strings.ReplaceAll(pass, "%", "%25")}).Accepted() {
			stored = pass
		}
	}
	if stored != "a%41" {
		t.Errorf("the PIN is %q", stored)
	}
	if n.Call("POST /validate/check", apptest.P{"serial": "TWICE", "pass": "a%41"}).Accepted() {
		t.Error("a%41 is not decoded a second time")
	}
	if !n.Call("POST /validate/check", apptest.P{"serial": "TWICE", "pass": "a%41"}, apptest.Header("User-Agent", "eduMFA-cp/3.0")).Accepted() {
		t.Error("a client that does not encode twice is decoded twice")
	}
}

// A hundred MiB per check are for a bounded number of checks at once.
func TestTrap09_HashesInParallelAreBounded(t *testing.T) { TestHashing_FullQueueAnswers503(t) }

// Python's regular expressions: what linear-time engines refuse works.
func TestTrap10_PythonExpressions(t *testing.T) {
	for expr, text := range map[string]string{`(?=al)alice`: "alice", `(a)(b)\1`: "aba", `x(?i:Y)z`: "xyz", `(?P<n>a+)(?P=n)`: "aa", `(?<!x)y$`: "y"} {
		p, err := pyregexp.Compile(expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if ok, err := p.Search(text); !ok || err != nil {
			t.Errorf("%s does not find %s: %v", expr, text, err)
		}
	}
}

// What went through Python's str() reads as it did.
func TestTrap11_PythonTexts(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1"})
	n.Must("POST /token/info/S1/flag", apptest.P{"value": true})
	made, err := n.App.Store.Token(t.Context(), "S1", token.WithInfo)
	if err != nil || made.InfoText("flag") != "True" {
		t.Errorf("true is kept as %q, %v", made.InfoText("flag"), err)
	}
	n.Must("POST /system/setConfig", apptest.P{"PrependPin": true})
	if v := n.Admin("GET /system/PrependPin", nil).Value(); v != "True" {
		t.Errorf("true as a setting is %v", v)
	}
}

// Types that need Python's libraries are not lost: they are listed, refused at
// login, and may be deleted.
func TestTrap12_TypesOfOtherLibraries(t *testing.T) {
	x := takeOver(t, "sqlite")
	for serial, f := range x.manifest.Tokens {
		if f.Type != "vasco" {
			continue
		}
		if r := x.Admin("GET /token/", apptest.P{"serial": serial}); r.Text("result.value.tokens.0.tokentype") != "vasco" {
			t.Errorf("%s is not listed: %s", serial, r.Raw)
		}
		if r := x.Call("POST /validate/check", apptest.P{"serial": serial, "pass": deref(f.PIN) + "123456"}); r.Accepted() {
			t.Errorf("%s: %s", serial, r.Raw)
		}
		x.Must("DELETE /token/"+serial, nil)
	}
}

// What the original only seems to do: here it works.
func TestTrap13_WhatOnlySeemedToWork(t *testing.T) {
	onEachProduct(t, func(x *takeover) {
		// deleting tokens that are attached to machines with options
		raw := storetest.Raw(x.T, x.uri)
		var serial string
		q := "SELECT t.serial FROM token t JOIN machinetoken m ON m.token_id = t.id JOIN machinetokenoptions o ON o.machinetoken_id = m.id ORDER BY t.id LIMIT 1"
		if err := raw.QueryRow(q).Scan(&serial); err != nil {
			x.Fatal(err)
		}
		x.Must("DELETE /token/"+serial, nil)
		// a changed resolver counts at once
		x.Must("POST /resolver/pwres", apptest.P{"type": "passwdresolver", "fileName": "superusers"})
		if r := x.Call("POST /auth", apptest.P{"username": "alice@realm1", "password": "alice-pw-1"}); r.Status == 200 {
			x.Error("the former file of the resolver is still asked")
		}
	})
}

// Key files with a password are opened also when settings of type password are
// there.
func TestTrap13_ProtectedKeyFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/edumfa-2.9.5")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "enckey.enc"), filepath.Join(dir, "enckey")); err != nil {
		t.Fatal(err)
	}
	var secret struct {
		EncryptedEnckey struct{ Password string } `json:"encrypted_enckey"`
	}
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &secret); err != nil {
		t.Fatal(err)
	}
	m := readManifest(t)
	c := clockAt(m.MadeAt.Add(5 * time.Minute))
	n := apptest.Adopt(t, dir, apptest.Options{Now: c.now}).Serve()
	spass := apptest.P{"serial": "PW-1", "pass": "ppintopsecret-Ä"}
	if r := n.Call("POST /validate/check", spass); r.Accepted() {
		t.Errorf("accepted without the key: %s", r.Raw)
	}
	if r := n.Admin("POST /system/hsm", apptest.P{"password": "wrong"}); r.Status == 200 {
		t.Errorf("a wrong password: %s", r.Raw)
	}
	if r := n.Admin("POST /system/hsm", apptest.P{"password": secret.EncryptedEnckey.Password}); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Raw)
	}
	if r := n.Call("POST /validate/check", spass); !r.Accepted() {
		t.Errorf("with the key: %s", r.Raw)
	}
}

// A policy that was exported comes back whole.
func TestTrap13_ExportsAreRead(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /policy/p1", apptest.P{"scope": "authentication", "action": "otppin=none, challenge_text='Say, \"friend\"'", "realm": "realm1, realm2", "user": "alice, -bob",
		"client": "10.0.0.0/8", "active": false, "check_all_resolvers": true})
	show := func() string {
		v := n.Admin("GET /policy/p1", nil).Value()
		list, _ := v.([]any)
		for _, p := range list {
			delete(p.(map[string]any), "id")
		}
		return fmt.Sprint(v)
	}
	before := show()
	exported := n.Admin("GET /policy/export/p.cfg", nil)
	n.Must("DELETE /policy/p1", nil)
	if r := importFile(n, "/policy/import/p.cfg", exported.Raw); r.Status != 200 {
		t.Fatalf("%d %s\n%s", r.Status, r.Raw, exported.Raw)
	}
	if after := show(); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

// importFile sends a file as a browser's form does.
func importFile(n *apptest.Node, path string, content []byte) *apptest.Reply {
	const boundary = "----of-this-test"
	body := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"p.cfg\"\r\nContent-Type: text/plain\r\n\r\n" + string(content) + "\r\n--" + boundary + "--\r\n"
	return n.Admin("POST "+path, nil, func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	})
}
