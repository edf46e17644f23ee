package api_test

import (
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
)

// P are parameters of a call.
type P = apptest.P

func TestSecretSettings_AreNeverShown(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /system/setConfig", P{"vault": "open sesame", "vault.type": "password"})
	n.Must("POST /system/setConfig", P{"vault": "__CENSORED__", "vault.type": "password"})
	for _, call := range []string{"GET /system/", "GET /system/vault", "GET /system/documentation", "GET /audit/", "GET /audit/rows.csv"} {
		t.Run(call, func(t *testing.T) {
			if r := n.Must(call, nil); strings.Contains(string(r.Raw), "sesame") {
				t.Errorf("%s", r.Raw)
			}
		})
	}
	if r := n.Must("GET /system/vault", nil); r.Value() != "__CENSORED__" {
		t.Error(r.Value())
	}
	snap, err := n.App.Snapshots.Current(t.Context())
	if err != nil || snap.Settings.Text("vault", "") != "open sesame" {
		t.Errorf("what is sent back as it was shown keeps the value: %v", err)
	}
}

func TestSystem_Refuses(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	for _, c := range []struct {
		name, call string
		p          P
		status     int
	}{
		{"a setting that is not there", "DELETE /system/nosuch", nil, 404},
		{"a negative length", "GET /system/random", P{"len": "-1"}, 400},
		{"a length beyond measure", "GET /system/random", P{"len": "100000000"}, 400},
		{"no defaults", "POST /system/setDefault", P{"Other": "1"}, 400},
		{"a password for keys without one", "POST /system/hsm", P{"password": "x"}, 400},
		{"no realm to be the default", "POST /defaultrealm/nosuch", nil, 404},
		{"a name that is none", "POST /realm/a;b", P{"resolvers": "reso"}, 400},
		{"an unknown kind of resolver", "POST /resolver/x", P{"type": "carrierpigeon"}, 400},
		{"a resolver in use", "DELETE /resolver/reso", nil, 400},
		{"a page that is none", "GET /audit/", P{"page": "x"}, 400},
		{"an id that is none", "GET /event/abc", nil, 400},
		{"conditions that are none", "POST /event", P{"name": "n", "event": "auth", "handlermodule": "Logging", "action": "logging", "conditions": "[1"}, 400},
		{"a policy that is not there", "POST /policy/enable/nosuch", nil, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := n.Admin(c.call, c.p); r.Status != c.status {
				t.Errorf("%d %s", r.Status, r.Raw)
			}
		})
	}
}

func TestPolicies_ImportReadsWhatExportWrites(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			n.Must("POST /policy/full", P{"scope": "authentication", "action": "otppin=userstore", "realm": "realm1", "user": "alice, bob", "client": "10.0.0.0/8",
				"priority": 3, "active": false, "check_all_resolvers": true, "conditions": []any{[]any{"userinfo", "email", "equals", "x", true}}})
			export := string(n.Must("GET /policy/export/p.cfg", nil).Raw)
			before := string(n.Must("GET /policy/full", nil).Raw)
			n.Must("DELETE /policy/full", nil)
			n.Must("POST /policy/import/p.cfg", P{"file": export})
			after := string(n.Must("GET /policy/full", nil).Raw)
			cut := func(s string) string { s, _, _ = strings.Cut(s, `"time": 1`); return s }
			if cut(before) != cut(after) {
				t.Errorf("\n%s\n%s", before, after)
			}
		})
	}
}

func TestEvents_ChangeKeepsOptions(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			set := P{"name": "n", "event": "auth, token_init", "handlermodule": "RequestMangler", "action": "set", "conditions": `{"realm": "realm1"}`, "option.parameter": "a", "option.value": "b"}
			id := n.Must("POST /event", set).Value()
			n.Must("POST /event", P{"id": id, "name": "n", "event": "auth", "handlermodule": "RequestMangler", "action": "set", "conditions": map[string]any{}, "option.value": "c"})
			r := n.Must("GET /event/1", nil)
			for _, want := range []string{`"parameter": "a"`, `"value": "c"`, `"conditions": {}`, `"event": ["auth"]`} {
				if !strings.Contains(string(r.Raw), want) {
					t.Errorf("%s is missing in %s", want, r.Raw)
				}
			}
			n.Must("POST /event/disable/1", nil)
			n.Must("DELETE /event/1", nil)
			if r := n.Admin("DELETE /event/1", nil); r.Status != 404 {
				t.Error(r.Status)
			}
		})
	}
}
