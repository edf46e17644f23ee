package app_test

import (
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/fido/fidotest"
)

const u2fApp = "https://mfa.example.org"

// enrolU2F enrols a key by U2F and returns the answer of the second step.
func enrolU2F(n *apptest.Node, serial string, k *fidotest.Key, origin string, until time.Time) *apptest.Reply {
	r := n.Must("POST /token/init", apptest.P{"type": "u2f", "user": "alice", "serial": serial, "pin": "1234"})
	client, message := k.U2FRegister(u2fApp, r.Text("detail.u2fRegisterRequest.challenge"), origin, "Sample Key", until)
	return n.Admin("POST /token/init", apptest.P{"type": "u2f", "serial": serial, "clientdata": client, "regdata": message})
}

func TestU2FRegistration(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /system/setConfig", apptest.P{"u2f.appId": u2fApp})
	later := time.Now().AddDate(1, 0, 0)
	for _, c := range []struct {
		name, serial, origin, policy string
		until                        time.Time
		want                         int
	}{
		{"of the application", "U1", u2fApp, "", later, 200},
		{"of another site", "U2", "https://evil.example", "", later, 400},
		{"of a facet", "U3", "https://other.example", "u2f_facets=other.example", later, 200},
		{"old certificate", "U4", u2fApp, "", time.Now().AddDate(-1, 0, 0), 400},
		{"old certificate, not checked", "U5", u2fApp, "u2f_no_verify_certificate", time.Now().AddDate(-1, 0, 0), 200},
		{"another maker", "U6", u2fApp, "u2f_req=subject/Other/", later, 403},
		{"a wanted maker", "U7", u2fApp, "u2f_req=subject/^O=Sample.Keys/", later, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, scope := range []string{"enrollment", "authentication"} {
				if c.policy != "" {
					n.Must("POST /policy/"+scope, apptest.P{"scope": scope, "realm": "", "action": c.policy})
					defer n.Must("DELETE /policy/"+scope, apptest.P{})
				}
			}
			if r := enrolU2F(n, c.serial, fidotest.New(t), c.origin, c.until); r.Status != c.want {
				t.Fatalf("%d: %s", r.Status, r.Raw)
			}
		})
	}
}

// TestU2FKeyByWebAuthn lets a key that was registered by U2F answer as browsers
// do since they have no U2F any more.
func TestU2FKeyByWebAuthn(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /system/setConfig", apptest.P{"u2f.appId": u2fApp, "u2f.webauthn_rp_id": keyRP})
	k := fidotest.New(t)
	if r := enrolU2F(n, "U1", k, u2fApp, time.Now().AddDate(1, 0, 0)); r.Status != 200 {
		t.Fatalf("%s", r.Raw)
	}
	k.Flags = fidotest.UP // a U2F key knows no user
	appID := fidotest.B64([]byte(`{"appid":true}`))
	for _, c := range []struct {
		name, scope, extensions string
		count                   uint32
		want                    bool
	}{
		{"for the application id", u2fApp, appID, 1, true},
		{"for the relying party", keyRP, "", 2, true},
		{"for the relying party, but said otherwise", keyRP, appID, 3, false},
		{"for the application id, but not said", u2fApp, "", 4, false},
		{"with an old counter", u2fApp, appID, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "1234"})
			request, _ := r.At("detail.attributes.webAuthnSignRequest").(map[string]any)
			if request["rpId"] != keyRP || r.Text("detail.attributes.webAuthnSignRequest.extensions.appid") != u2fApp {
				t.Fatalf("%s", r.Raw)
			}
			k.Count = c.count
			p := keyAnswer(k, fidotest.Ceremony{Challenge: challengeOf(r), RPID: c.scope}, apptest.P{"user": "alice", "transaction_id": r.Text("detail.transaction_id")})
			if c.extensions != "" {
				p["assertionclientextensions"] = c.extensions
			}
			if got := n.Call("POST /validate/check", p, apptest.Header("Origin", keyOrigin)); got.Accepted() != c.want {
				t.Fatalf("%s", got.Raw)
			}
		})
	}
	t.Run("and by U2F", func(t *testing.T) {
		r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "1234"})
		k.Count = 9
		client, message := k.U2FSign(u2fApp, r.Text("detail.attributes.u2fSignRequest.challenge"), u2fApp)
		p := apptest.P{"user": "alice", "pass": "", "transaction_id": r.Text("detail.transaction_id"), "clientdata": client, "signaturedata": message}
		if got := n.Call("POST /validate/check", p); !got.Accepted() {
			t.Fatalf("%s", got.Raw)
		}
		if got := n.Call("POST /validate/check", p); got.Accepted() {
			t.Fatalf("replayed: %s", got.Raw)
		}
	})
}
