package e2e

import (
	"crypto/sha256"
	_ "embed" // the login page
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/session"
	"edumfa/test/server/chromium"
)

//go:embed testdata/page.html
var page []byte

// reply is an answer of the server, as far as the tests look at it.
type reply struct {
	Detail struct {
		Serial  string
		Message string
		User    struct{ Username, Realm string }
	}
	Result struct {
		Status bool
		Value  any
		Error  struct {
			Code    int
			Message string
		}
	}
}

func (r reply) ok() bool { return r.Result.Status && r.Result.Value == true }

// loginPage serves our page and the server behind one address, over TLS.
func loginPage(t *testing.T, n *apptest.Node) (address, publicKey string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})
	mux.Handle("/", n.App.Handler())
	s := httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	key := sha256.Sum256(s.Certificate().RawSubjectPublicKeyInfo)
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1), base64.StdEncoding.EncodeToString(key[:])
}

// authenticator gives the page a security key or, if internal, a passkey store of
// the device.
func authenticator(p *chromium.Page, internal bool) {
	transport := "usb"
	if internal {
		transport = "internal"
	}
	p.Ask("WebAuthn.enable", map[string]any{}, nil)
	p.Ask("WebAuthn.addVirtualAuthenticator", map[string]any{"options": map[string]any{
		"protocol": "ctap2", "transport": transport, "hasResidentKey": true, "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true,
	}}, nil)
}

// TestBrowser enrols with Chromium and a virtual authenticator, logs in with PIN
// and key, and logs in without a name.
func TestBrowser(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	n := in.Serve()
	address, publicKey := loginPage(t, n)
	b := chromium.Start(t, publicKey)
	n.Must("POST /policy/enrol", apptest.P{"scope": "enrollment", "realm": "", "action": "webauthn_relying_party_id=localhost, webauthn_relying_party_name=Test, " +
		"webauthn_authenticator_attestation_level=none, webauthn_resident_key=required, webauthn_user_verification_requirement=required, webauthn_avoid_double_registration"})
	n.Must("POST /policy/login", apptest.P{"scope": "authentication", "realm": "", "action": "webauthn_usernameless_authn, webauthn_user_verification_requirement=required"})
	admin := n.JWT("admin", "", session.RoleAdmin)

	for _, kind := range []struct {
		name, form, user string
		internal         bool
	}{{"passkey of a device", "none", "alice", true}, {"security key with attestation", "direct", "bob", false}} {
		t.Run(kind.name, func(t *testing.T) {
			n.Must("POST /policy/form", apptest.P{"scope": "enrollment", "realm": "", "action": "webauthn_authenticator_attestation_form=" + kind.form})
			p := b.Open()
			authenticator(p, kind.internal)
			p.Go(address + "/page")
			ask := func(script string, args ...any) reply {
				t.Helper()
				var r reply
				if err := p.Run(fmt.Sprintf(script, args...), &r); err != nil {
					t.Fatal(err)
				}
				return r
			}
			if r := ask(`enrol(%q, {user: %q, pin: "1234"})`, admin, kind.user); !r.ok() {
				t.Fatalf("enrolment: %+v", r)
			}
			for range 2 {
				if r := ask(`login(%q, "1234")`, kind.user); !r.ok() {
					t.Fatalf("login: %+v", r)
				}
				r := ask(`nameless(%q)`, admin)
				if !r.ok() || r.Detail.User.Username != kind.user {
					t.Fatalf("login without a name: %+v", r)
				}
			}
			if err := p.Run(fmt.Sprintf(`enrol(%q, {user: %q})`, admin, kind.user), nil); err == nil || !strings.Contains(err.Error(), "InvalidStateError") {
				t.Fatalf("the same key is registered twice: %v", err)
			}
		})
	}
}
