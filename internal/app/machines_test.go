package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"edumfa/internal/app"
	"edumfa/internal/app/apptest"
	"edumfa/internal/pyliteral"
	"edumfa/internal/session"
	"edumfa/internal/transfer"
)

const hostsFile = "10.1.0.1 alpha.lab.example alpha\n10.1.0.2 beta.lab.example\n"

// lab is an installation with the machine store "lab".
func lab(t *testing.T, o apptest.Options) *apptest.Node {
	t.Helper()
	in := apptest.New(t, o)
	if err := os.WriteFile(filepath.Join(in.Dir, "hosts"), []byte(hostsFile), 0o600); err != nil {
		t.Fatal(err)
	}
	n := in.Serve()
	n.Must("POST /machineresolver/lab", apptest.P{"type": "hosts", "filename": filepath.Join(in.Dir, "hosts")})
	return n
}

func offlineToken(t *testing.T, n *apptest.Node) (refill string) {
	t.Helper()
	n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "OFF1", "user": "alice", "otpkey": parallelKey, "pin": "pin"})
	n.Must("POST /machine/token", apptest.P{"serial": "OFF1", "application": "offline", "hostname": "alpha", "count": "5", "rounds": "1"})
	r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin" + hotpValue(0)})
	refill = r.Text("auth_items.offline.0.refilltoken")
	if !r.Accepted() || refill == "" {
		t.Fatalf("login: %s", r.Raw)
	}
	return refill
}

// Of many who send one refill token at once one is given values.
func TestOffline_RefillTokenIsUsedOnce(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := lab(t, apptest.Options{Engine: e})
			refill := offlineToken(t, n)
			const at = 8
			replies := make([]*apptest.Reply, at)
			var wait sync.WaitGroup
			pass := "pin" + hotpValue(2)
			for i := range at {
				wait.Go(func() {
					replies[i], _ = n.Try("POST /validate/offlinerefill", apptest.P{"serial": "OFF1", "refilltoken": refill, "pass": pass})
				})
			}
			wait.Wait()
			given := 0
			for i, r := range replies {
				switch {
				case r == nil:
					t.Errorf("request %d has no answer", i)
				case r.Value() == true:
					given++
				case r.ErrorCode() != 905:
					t.Errorf("request %d: %s", i, r.Raw)
				}
			}
			if given != 1 {
				t.Errorf("%d refills, want 1", given)
			}
			// 1 to 5 by the login, 6 and 7 by the refill
			if c := n.Must("GET /token/", apptest.P{"serial": "OFF1"}).At("result.value.tokens.0.count"); c != 8.0 {
				t.Errorf("counter %v, want 8", c)
			}
		})
	}
}

// Of many equal logins at once one is given values, and they are not given again.
func TestOffline_ValuesAreHandedOutOnce(t *testing.T) {
	n := lab(t, apptest.Options{})
	offlineToken(t, n)
	const at = 8
	replies := make([]*apptest.Reply, at)
	var wait sync.WaitGroup
	pass := "pin" + hotpValue(6)
	for i := range at {
		wait.Go(func() { replies[i], _ = n.Try("POST /validate/check", apptest.P{"user": "alice", "pass": pass}) })
	}
	wait.Wait()
	given := 0
	for _, r := range replies {
		if r != nil && r.At("auth_items") != nil {
			given++
			if r.At("auth_items.offline.0.response.7") == nil {
				t.Errorf("values: %s", r.Raw)
			}
		}
	}
	if given != 1 {
		t.Errorf("%d answers have values, want 1", given)
	}
}

// Guessing values with a refill token ends at the limit of the fail counter.
func TestOffline_GuessingEnds(t *testing.T) {
	n := lab(t, apptest.Options{})
	refill := offlineToken(t, n)
	for range 10 {
		if r := n.Call("POST /validate/offlinerefill", apptest.P{"serial": "OFF1", "refilltoken": refill, "pass": "pin000000"}); r.ErrorCode() != 401 {
			t.Fatalf("wrong value: %s", r.Raw)
		}
	}
	if r := n.Call("POST /validate/offlinerefill", apptest.P{"serial": "OFF1", "refilltoken": refill, "pass": "pin" + hotpValue(2)}); r.ErrorCode() != 905 {
		t.Errorf("behind the limit: %s", r.Raw)
	}
}

// A refusal by authorization uses nothing up.
func TestOffline_NotWithARefusal(t *testing.T) {
	n := lab(t, apptest.Options{})
	offlineToken(t, n)
	n.Must("POST /policy/deny", apptest.P{"scope": "authorization", "realm": "", "action": "authorized=deny_access"})
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin" + hotpValue(6)}); r.At("auth_items") != nil || r.Status != 400 {
		t.Errorf("refused login: %s", r.Raw)
	}
	if c := n.Must("GET /token/", apptest.P{"serial": "OFF1"}).At("result.value.tokens.0.count"); c != 7.0 {
		t.Errorf("counter %v, want 7", c)
	}
}

func TestMachineStore_Secrets(t *testing.T) {
	n := lab(t, apptest.Options{})
	n.Must("POST /machineresolver/dir", apptest.P{"type": "ldap", "LDAPURI": "ldap://127.0.0.1:1", "LDAPBASE": "dc=x", "BINDDN": "cn=x", "BINDPW": "geheim", "HOSTNAMEATTRIBUTE": "cn"})
	r := n.Must("GET /machineresolver/dir", nil)
	if r.Text("result.value.dir.data.BINDPW") != "__CENSORED__" || strings.Contains(string(r.Raw), "geheim") {
		t.Errorf("definition: %s", r.Raw)
	}
	n.Must("POST /machineresolver/dir", apptest.P{"type": "ldap", "LDAPURI": "ldap://127.0.0.1:2", "BINDPW": "__CENSORED__"})
	list, err := n.App.Store.MachineStores(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clear := ""
	for _, o := range list[1].Options {
		if o.Key == "BINDPW" {
			if clear, err = n.App.Keys.DecryptPassword(o.Value); err != nil {
				t.Error(err)
			}
		}
	}
	if clear != "geheim" {
		t.Errorf("stored password: %q", clear)
	}
	// another server must not be told the password
	if r := n.Admin("POST /machineresolver/test", apptest.P{"resolver": "dir", "type": "ldap", "LDAPURI": "ldap://127.0.0.1:3", "LDAPBASE": "dc=x", "BINDDN": "cn=x",
		"BINDPW": "__CENSORED__", "HOSTNAMEATTRIBUTE": "cn"}); r.ErrorCode() != 905 {
		t.Errorf("test of another server with the stored password: %s", r.Raw)
	}
}

// One store that does not answer hides its own machines only.
func TestMachines_OneStoreIsDown(t *testing.T) {
	n := lab(t, apptest.Options{})
	n.Must("POST /machineresolver/gone", apptest.P{"type": "hosts", "filename": "/nowhere/hosts"})
	if list, _ := n.Must("GET /machine/", nil).Value().([]any); len(list) != 2 {
		t.Errorf("machines: %v", list)
	}
}

func TestMachine_AttachmentsThatMakeNoSense(t *testing.T) {
	n := lab(t, apptest.Options{})
	n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "T1", "genkey": "1"})
	ok := apptest.P{"serial": "T1", "application": "offline", "hostname": "alpha"}
	for name, c := range map[string]struct {
		p      apptest.P
		status int
	}{
		"unknown token":    {with(ok, "serial", "T9"), 404},
		"unknown machine":  {with(ok, "hostname", "gamma"), 404},
		"no number":        {with(ok, "count", "x"), 400},
		"long value":       {with(ok, "remark", strings.Repeat("x", 65)), 400},
		"long name":        {with(ok, strings.Repeat("x", 65), "y"), 400},
		"machine alone":    {apptest.P{"serial": "T1", "application": "ssh", "machineid": "10.1.0.1"}, 400},
		"unknown resolver": {apptest.P{"serial": "T1", "application": "ssh", "machineid": "10.1.0.1", "resolver": "x"}, 404},
		"slot 8":           {apptest.P{"serial": "T1", "application": "luks", "slot": "8"}, 400},
	} {
		if r := n.Admin("POST /machine/token", c.p); r.Status != c.status {
			t.Errorf("%s: %d %s", name, r.Status, r.Raw)
		}
	}
	if list, _ := n.Must("GET /machine/token", nil).Value().([]any); len(list) != 0 {
		t.Errorf("attached: %v", list)
	}
}

// A machine store moves with the rest of the configuration, its password in clear.
func TestMachineStore_Transfer(t *testing.T) {
	from, to := lab(t, apptest.Options{}), apptest.New(t, apptest.Options{}).Serve()
	from.Must("POST /machineresolver/dir", apptest.P{"type": "ldap", "LDAPURI": "ldap://127.0.0.1:1", "LDAPBASE": "dc=x", "BINDPW": "geheim"})
	out := app.Transfer(from.App.Config, from.App.Store, app.Deps{})
	d, err := out.Export(t.Context(), []string{"machineresolver"}, "")
	if err != nil {
		t.Fatal(err)
	}
	in := app.Transfer(to.App.Config, to.App.Store, app.Deps{})
	for range 2 { // the second time they are there
		if _, err := in.Import(t.Context(), d, []string{"machineresolver"}, transfer.Options{Update: true}); err != nil {
			t.Fatal(err)
		}
	}
	again, err := in.Export(t.Context(), []string{"machineresolver"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := pyliteral.Repr(d), pyliteral.Repr(again); a != b || !strings.Contains(a, "geheim") {
		t.Errorf("exported %s, then %s", a, b)
	}
	if _, err := in.Import(t.Context(), pyliteral.NewDict(pyliteral.Pair{Key: "machineresolver", Value: pyliteral.NewDict(pyliteral.Pair{Key: "x", Value: pyliteral.NewDict(
		pyliteral.Pair{Key: "resolvername", Value: "x"}, pyliteral.Pair{Key: "type", Value: "punchcards"})})}), []string{"machineresolver"}, transfer.Options{}); err == nil {
		t.Error("a type that does not exist is imported")
	}
}

// Attachments belong to their tokens: who administers another realm reaches none
// of them, by whatever name.
func TestMachine_OfOtherRealms(t *testing.T) {
	n := lab(t, apptest.Options{})
	n.Must("POST /realm/realm2", apptest.P{"resolvers": "reso"})
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHlwyAqi4P3PJvNBoHpnGbRB3s3aKX9fF2Zg1mKgUyXL marked-comment"
	for serial, realm := range map[string]string{"OWN": "realm1", "FOREIGN": "realm2"} {
		n.Must("POST /token/init", apptest.P{"type": "sshkey", "serial": serial, "user": "bob", "realm": realm, "sshkey": strings.ReplaceAll(key, "marked", serial)})
		n.Must("POST /machine/token", apptest.P{"serial": serial, "application": "ssh", "hostname": "alpha", "user": "root"})
	}
	id := ""
	for _, x := range n.Must("GET /machine/token", apptest.P{"serial": "FOREIGN"}).Value().([]any) {
		id = fmt.Sprint(x.(map[string]any)["id"])
	}
	n.Must("POST /policy/all", apptest.P{"scope": "admin", "action": "*", "adminuser": "admin", "realm": ""})
	n.Must("POST /policy/desk", apptest.P{"scope": "admin", "action": "*", "adminrealm": "super", "realm": "realm1"})
	hanna := apptest.As(n.JWT("hanna", "super", session.RoleAdmin))
	before := fmt.Sprint(n.Must("GET /machine/token", apptest.P{"serial": "FOREIGN"}).Value())
	for _, c := range []struct {
		call string
		p    apptest.P
	}{
		{"GET /machine/token", nil},
		{"GET /machine/token", apptest.P{"serial": "FOREIGN"}},
		{"GET /machine/token", apptest.P{"serial": "F*"}},
		{"GET /machine/token", apptest.P{"hostname": "alpha"}},
		{"GET /machine/token", apptest.P{"application": "ssh", "user": "root"}},
		{"GET /machine/authitem", apptest.P{"hostname": "alpha"}},
		{"GET /machine/authitem/ssh", apptest.P{"hostname": "alpha", "user": "root"}},
		{"POST /machine/token", apptest.P{"serial": "FOREIGN", "application": "offline"}},
		{"POST /machine/tokenoption", apptest.P{"mtid": id, "user": "x"}},
		{"POST /machine/tokenoption", apptest.P{"mtid": id, "serial": "OWN", "application": "ssh", "user": "x"}},
		{"POST /machine/tokenoption", apptest.P{"serial": "FOREIGN", "application": "ssh", "hostname": "alpha", "user": "x"}},
		{"DELETE /machine/token/FOREIGN/10.1.0.1/lab/ssh", nil},
		{"DELETE /machine/token/FOREIGN/ssh/" + id, nil},
		{"DELETE /machine/token/OWN/ssh/" + id, nil},
		{"DELETE /machine/token/NONE/ssh/" + id, nil},
	} {
		r := n.Call(c.call, c.p, hanna)
		if r.Status >= 500 || strings.Contains(string(r.Raw), "FOREIGN") {
			t.Errorf("%s %v: %d %s", c.call, c.p, r.Status, r.Raw)
		}
		if after := fmt.Sprint(n.Must("GET /machine/token", apptest.P{"serial": "FOREIGN"}).Value()); after != before {
			t.Fatalf("%s %v changed\n%s\n%s", c.call, c.p, before, after)
		}
	}
	if r := n.Call("GET /machine/authitem/ssh", apptest.P{"hostname": "alpha"}, hanna); !strings.Contains(string(r.Raw), "OWN-comment") {
		t.Errorf("the own realm's key is missing: %s", r.Raw)
	}
	if r := n.Call("GET /machine/token", nil, hanna); len(r.Value().([]any)) != 1 {
		t.Errorf("the own realm's token is missing: %s", r.Raw)
	}
}
