package app_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/change"
	"edumfa/internal/fido/fidotest"
)

const (
	keyRP     = "example.org"
	keyOrigin = "https://login.example.org"
)

// keyPolicies let keys without attestation in.
func keyPolicies(n *apptest.Node, more string) {
	n.Must("POST /policy/keys", apptest.P{"scope": "enrollment", "realm": "", "action": "webauthn_relying_party_id=" + keyRP +
		", webauthn_relying_party_name=Example University, webauthn_authenticator_attestation_form=none, webauthn_authenticator_attestation_level=none" + more})
}

// enrolKey enrols a key in both steps and returns the answer of the second.
func enrolKey(n *apptest.Node, user, serial string, k *fidotest.Key) *apptest.Reply {
	r := n.Must("POST /token/init", apptest.P{"type": "webauthn", "user": user, "serial": serial, "pin": "1234"})
	client, object := k.Register(fidotest.Ceremony{Challenge: r.Text("detail.webAuthnRegisterRequest.nonce"), Origin: keyOrigin, RPID: keyRP})
	return n.Admin("POST /token/init", apptest.P{"type": "webauthn", "user": user, "serial": serial, "clientdata": client, "regdata": object,
		"transaction_id": r.Text("detail.webAuthnRegisterRequest.transaction_id")}, apptest.Header("Origin", keyOrigin))
}

// keyAnswer are the parameters of an assertion.
func keyAnswer(k *fidotest.Key, c fidotest.Ceremony, more apptest.P) apptest.P {
	if c.Origin == "" {
		c.Origin = keyOrigin
	}
	if c.RPID == "" {
		c.RPID = keyRP
	}
	client, auth, signature := k.Sign(c)
	p := apptest.P{"credentialid": k.CredentialID(), "clientdata": client, "authenticatordata": auth, "signaturedata": signature, "pass": ""}
	for name, v := range more {
		p[name] = v
	}
	return p
}

// challengeOf is the challenge of an answer.
func challengeOf(r *apptest.Reply) string {
	return r.Text("detail.multi_challenge.0.attributes.webAuthnSignRequest.challenge")
}

func failCount(n *apptest.Node, serial string) any {
	return n.Must("GET /token/", apptest.P{"serial": serial}).At("result.value.tokens.0.failcount")
}

// TestKeyRefusals tries every wrong proof there is a rule against; after each of
// them the right one is taken.
func TestKeyRefusals(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	keyPolicies(n, "")
	n.Must("POST /policy/uv", apptest.P{"scope": "authentication", "realm": "", "action": "webauthn_user_verification_requirement=required"})
	k, foreign := fidotest.New(t), fidotest.New(t)
	k.Count = 5
	if r := enrolKey(n, "alice", "WAN1", k); r.Status != 200 {
		t.Fatalf("%s", r.Raw)
	}
	if r := enrolKey(n, "bob", "WAN2", foreign); r.Status != 200 {
		t.Fatalf("%s", r.Raw)
	}
	for _, c := range []struct {
		name   string
		wrong  func(challenge string) (*fidotest.Key, fidotest.Ceremony, apptest.P)
		header string
	}{
		{"cloned counter", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			clone := *k
			clone.Count = 5
			return &clone, fidotest.Ceremony{Challenge: ch}, nil
		}, keyOrigin},
		{"downgraded verification", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			weak := *k
			weak.Flags = fidotest.UP
			return &weak, fidotest.Ceremony{Challenge: ch}, nil
		}, keyOrigin},
		{"nobody there", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			alone := *k
			alone.Flags = fidotest.UV
			return &alone, fidotest.Ceremony{Challenge: ch}, nil
		}, keyOrigin},
		{"swapped relying party", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			return k, fidotest.Ceremony{Challenge: ch, RPID: "evil.example"}, nil
		}, keyOrigin},
		{"an origin of another site, in the header, too", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			return k, fidotest.Ceremony{Challenge: ch, Origin: "https://evil.example"}, nil
		}, "https://evil.example"},
		{"an origin without TLS", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			return k, fidotest.Ceremony{Challenge: ch, Origin: "http://login.example.org"}, nil
		}, "http://login.example.org"},
		{"a frame of another site", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			return k, fidotest.Ceremony{Challenge: ch, More: map[string]any{"crossOrigin": true, "topOrigin": "https://evil.example"}}, nil
		}, keyOrigin},
		{"swapped user", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			return foreign, fidotest.Ceremony{Challenge: ch}, nil
		}, keyOrigin},
		{"swapped key under the right name", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			return foreign, fidotest.Ceremony{Challenge: ch}, apptest.P{"credentialid": k.CredentialID()}
		}, keyOrigin},
		{"swapped user handle", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			return k, fidotest.Ceremony{Challenge: ch}, apptest.P{"userhandle": "WAN2"}
		}, keyOrigin},
		{"a key that can suddenly be copied", func(ch string) (*fidotest.Key, fidotest.Ceremony, apptest.P) {
			synced := *k
			synced.Flags |= fidotest.BE | fidotest.BS
			return &synced, fidotest.Ceremony{Challenge: ch}, nil
		}, keyOrigin},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := n.Must("POST /validate/triggerchallenge", apptest.P{"user": "alice"})
			about := apptest.P{"user": "alice", "transaction_id": r.Text("detail.transaction_id")}
			k.Count++
			key, ceremony, more := c.wrong(challengeOf(r))
			p := keyAnswer(key, ceremony, about)
			for name, v := range more {
				p[name] = v
			}
			if got := n.Call("POST /validate/check", p, apptest.Header("Origin", c.header)); got.Accepted() {
				t.Fatalf("accepted: %s", got.Raw)
			}
			if got := fmt.Sprint(failCount(n, "WAN1")); got != "1" {
				t.Errorf("fail counter %s", got)
			}
			right := keyAnswer(k, fidotest.Ceremony{Challenge: challengeOf(r)}, about)
			if got := n.Call("POST /validate/check", right, apptest.Header("Origin", keyOrigin)); !got.Accepted() {
				t.Fatalf("the right answer is refused: %s", got.Raw)
			}
			if got := n.Call("POST /validate/check", right, apptest.Header("Origin", keyOrigin)); got.Accepted() {
				t.Fatalf("replayed: %s", got.Raw)
			}
			n.Must("POST /token/reset", apptest.P{"serial": "WAN1"})
		})
	}
}

// TestKindsOfKeys registers keys under policies that want one kind or model.
func TestKindsOfKeys(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	model := [16]byte{1, 2, 3}
	const listed = "01020300-0000-0000-0000-000000000000"
	for i, c := range []struct {
		policy string
		flags  byte
		want   int
	}{
		{", webauthn_credential_kind=device-bound", 0, 200},
		{", webauthn_credential_kind=device-bound", fidotest.BE, 403},
		{", webauthn_credential_kind=multi-device", fidotest.BE | fidotest.BS, 200},
		{", webauthn_credential_kind=multi-device", 0, 403},
		{", webauthn_credential_kind=none", 0, 403},
		{", webauthn_authenticator_deny_list=" + listed, 0, 403},
		{", webauthn_authenticator_selection_list=" + listed, 0, 200},
		{", webauthn_authenticator_selection_list=00000000-0000-0000-0000-000000000001", 0, 403},
		{"", fidotest.BS, 400},
	} {
		t.Run(c.policy, func(t *testing.T) {
			keyPolicies(n, c.policy)
			k := fidotest.New(t)
			k.AAGUID, k.Flags = model, k.Flags|c.flags
			if c.policy == ", webauthn_credential_kind=none" {
				if r := n.Admin("POST /token/init", apptest.P{"type": "webauthn", "user": "alice"}); r.Status != c.want {
					t.Fatalf("%s", r.Raw)
				}
				return
			}
			if r := enrolKey(n, "alice", fmt.Sprintf("WANK%d", i), k); r.Status != c.want {
				t.Fatalf("%d: %s", r.Status, r.Raw)
			}
		})
	}
}

// passkeyNode is an installation where passkeys log in without a name.
func passkeyNode(t *testing.T, o apptest.Options) (*apptest.Installation, *apptest.Node, *fidotest.Key) {
	t.Helper()
	in := apptest.New(t, o)
	n := in.Serve()
	keyPolicies(n, "")
	n.Must("POST /policy/pk", apptest.P{"scope": "authentication", "realm": "", "action": "webauthn_usernameless_authn, webauthn_user_verification_requirement=required"})
	k := fidotest.New(t)
	if r := enrolKey(n, "alice", "WANPK", k); r.Status != 200 {
		t.Fatalf("%s", r.Raw)
	}
	return in, n, k
}

// passkeyAnswer answers a challenge that was made for nobody.
func passkeyAnswer(n *apptest.Node, k *fidotest.Key, serial string) apptest.P {
	r := n.Must("POST /validate/triggerchallenge", apptest.P{"type": "webauthn"})
	k.Count++
	return keyAnswer(k, fidotest.Ceremony{Challenge: challengeOf(r)}, apptest.P{"type": "webauthn", "userhandle": serial})
}

func TestPasskeyIsUsedOnceByWhomsoever(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			in, n, k := passkeyNode(t, apptest.Options{Engine: e})
			nodes := []*apptest.Node{n, in.Serve()}
			if e != apptest.SQLite {
				nodes[1] = in.AnotherNode()
			}
			silent := fidotest.New(t) // a key that does not count: only the nonce tells
			if r := enrolKey(n, "bob", "WANPS", silent); r.Status != 200 {
				t.Fatalf("%s", r.Raw)
			}
			for _, serial := range []string{"WANPK", "WANPS"} {
				p := passkeyAnswer(n, k, serial)
				if serial == "WANPS" {
					r := n.Must("POST /validate/triggerchallenge", apptest.P{"type": "webauthn"})
					p = keyAnswer(silent, fidotest.Ceremony{Challenge: challengeOf(r)}, apptest.P{"type": "webauthn", "userhandle": serial})
				}
				var mu sync.Mutex
				var wg sync.WaitGroup
				won := 0
				for i := range 32 {
					wg.Go(func() {
						r, err := nodes[i%2].Try("POST /validate/check", p, apptest.Header("Origin", keyOrigin))
						mu.Lock()
						defer mu.Unlock()
						if err == nil && r.Accepted() {
							won++
						}
					})
				}
				wg.Wait()
				if won != 1 {
					t.Fatalf("%d requests succeeded", won)
				}
			}
		})
	}
}

// A login with a passkey forgets the nonces of challenges that are over.
func TestPasskeyNoncesAreForgotten(t *testing.T) {
	_, n, k := passkeyNode(t, apptest.Options{Engine: apptest.SQLite})
	now := time.Now()
	if err := n.App.Store.Apply(t.Context(), []change.Change{
		change.UseNonce{Nonce: "over", Expires: now.Add(-time.Hour)}, change.UseNonce{Nonce: "not-yet", Expires: now.Add(time.Hour)},
	}, nil); err != nil {
		t.Fatal(err)
	}
	if r := n.Call("POST /validate/check", passkeyAnswer(n, k, "WANPK"), apptest.Header("Origin", keyOrigin)); !r.Accepted() {
		t.Fatalf("%s", r.Raw)
	}
	for nonce, want := range map[string]bool{"over": false, "not-yet": true} {
		if used, err := n.App.Store.NonceUsed(t.Context(), nonce); used != want || err != nil {
			t.Errorf("%s: %t, %v", nonce, used, err)
		}
	}
}

func TestPasskeyLimits(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	_, n, k := passkeyNode(t, apptest.Options{Now: func() time.Time { return now }})
	try := func(t *testing.T, want bool, message string) {
		t.Helper()
		r := n.Call("POST /validate/check", passkeyAnswer(n, k, "WANPK"), apptest.Header("Origin", keyOrigin))
		if r.Accepted() != want || message != "" && r.Text("detail.message") != message {
			t.Fatalf("%s", r.Raw)
		}
	}
	try(t, true, "Passkey authentication worked!")
	t.Run("validity", func(t *testing.T) {
		n.Must("POST /token/set", apptest.P{"serial": "WANPK", "validity_period_end": "2020-01-01T10:00+0000"})
		try(t, false, "Outside validity period")
		n.Must("POST /token/set", apptest.P{"serial": "WANPK", "validity_period_end": ""})
		try(t, true, "")
	})
	t.Run("fail counter", func(t *testing.T) {
		for range 10 {
			p := passkeyAnswer(n, k, "WANPK")
			p["signaturedata"] = fidotest.B64([]byte("no signature"))
			if r := n.Call("POST /validate/check", p, apptest.Header("Origin", keyOrigin)); r.Accepted() {
				t.Fatalf("%s", r.Raw)
			}
		}
		try(t, false, "Failcounter exceeded")
		n.Must("POST /token/reset", apptest.P{"serial": "WANPK"})
		try(t, true, "")
	})
	t.Run("authorization of the owner", func(t *testing.T) {
		n.Must("POST /policy/deny", apptest.P{"scope": "authorization", "action": "authorized=deny_access", "realm": "realm1"})
		r := n.Call("POST /validate/check", passkeyAnswer(n, k, "WANPK"), apptest.Header("Origin", keyOrigin))
		if r.Accepted() || r.ErrorCode() != 401 {
			t.Fatalf("%s", r.Raw)
		}
		n.Must("DELETE /policy/deny", apptest.P{})
		try(t, true, "")
	})
	t.Run("disabled", func(t *testing.T) {
		n.Must("POST /token/disable", apptest.P{"serial": "WANPK"})
		try(t, false, "")
		n.Must("POST /token/enable", apptest.P{"serial": "WANPK"})
		try(t, true, "")
	})
	t.Run("user handle in base64url", func(t *testing.T) {
		p := passkeyAnswer(n, k, fidotest.B64([]byte("WANPK")))
		if r := n.Call("POST /validate/check", p, apptest.Header("Origin", keyOrigin)); !r.Accepted() {
			t.Fatalf("%s", r.Raw)
		}
	})
	t.Run("a policy for others", func(t *testing.T) {
		p := passkeyAnswer(n, k, "WANPK")
		n.Must("POST /policy/pk", apptest.P{"scope": "authentication", "realm": "", "user": "bob", "action": "webauthn_usernameless_authn"})
		if r := n.Call("POST /validate/check", p, apptest.Header("Origin", keyOrigin)); r.Accepted() {
			t.Fatalf("%s", r.Raw)
		}
		n.Must("POST /policy/pk", apptest.P{"scope": "authentication", "realm": "", "user": "", "action": "webauthn_usernameless_authn"})
		try(t, true, "")
	})
	t.Run("nobody is asked without the policy", func(t *testing.T) {
		n.Must("DELETE /policy/pk", apptest.P{})
		if r := n.Admin("POST /validate/triggerchallenge", apptest.P{"type": "webauthn"}); r.Status != 400 || r.ErrorCode() != 905 {
			t.Fatalf("%s", r.Raw)
		}
	})
}

// TestSecondStepFollowsTheOwner: the policies of the owner's realm count although
// the second step names the serial alone.
func TestSecondStepFollowsTheOwner(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /policy/keys", apptest.P{"scope": "enrollment", "realm": "realm1", "action": "webauthn_relying_party_id=" + keyRP +
		", webauthn_relying_party_name=Example University, webauthn_authenticator_attestation_level=none"})
	k := fidotest.New(t)
	r := n.Must("POST /token/init", apptest.P{"type": "webauthn", "user": "alice", "serial": "WAN1"})
	client, object := k.Register(fidotest.Ceremony{Challenge: r.Text("detail.webAuthnRegisterRequest.nonce"), Origin: keyOrigin, RPID: keyRP})
	p := apptest.P{"type": "webauthn", "serial": "WAN1", "clientdata": client, "regdata": object, "transaction_id": r.Text("detail.webAuthnRegisterRequest.transaction_id")}
	if got := n.Admin("POST /token/init", p, apptest.Header("Origin", keyOrigin)); got.Status != 200 {
		t.Fatalf("%s", got.Raw)
	}
}
