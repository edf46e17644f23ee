package app_test

import (
	"net/http"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
)

// TestTokenCallsOnEveryDatabase makes the calls whose SQL is not that of logins.
func TestTokenCallsOnEveryDatabase(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			n.Must("POST /realm/realm2", apptest.P{"resolvers": "reso"})
			for _, serial := range []string{"A_1", "AX1"} {
				n.Must("POST /token/init", apptest.P{"user": "alice", "serial": serial, "type": "hotp", "otpkey": parallelKey, "description": "50%"})
			}
			n.Must("POST /tokengroup/blue", apptest.P{"description": "sky"})
			n.Must("POST /token/group/A_1/blue", nil)
			if r := n.Admin("DELETE /tokengroup/blue", nil); r.ErrorCode() != 10 {
				t.Errorf("a group in use: %s", r.Raw)
			}
			for query, want := range map[string]float64{"serial=A_*": 1, "description=%25*": 0, "description=*%25": 2, "tokenrealm=REALM1": 2,
				"userid=1001": 2, "userid=1001&resolver=nowhere": 0, "active=true": 2, "assigned=false": 0, "infokey=hashlib&infovalue=sha1": 2, "rollout_state=": 2} {
				if r := n.Admin("GET /token/?"+query, nil); r.At("result.value.count") != want {
					t.Errorf("%s: %v, want %v", query, r.At("result.value.count"), want)
				}
			}
			n.Must("POST /token/realm/AX1", apptest.P{"realms": "realm2"})
			if r := n.Admin("GET /token/", apptest.P{"user": "alice"}); r.At("result.value.count") != 1.0 {
				t.Errorf("a token outside its owner's realm: %s", r.Raw)
			}
			n.Must("POST /policy/cr", apptest.P{"scope": "authentication", "action": "challenge_response=hotp", "realm": ""})
			n.Must("POST /token/setpin/A_1", apptest.P{"otppin": "p"})
			n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "p"})
			for _, path := range []string{"/token/challenges/", "/token/challenges/A_1", "/token/challenges/A*"} {
				if r := n.Admin("GET "+path, nil); r.At("result.value.count") != 1.0 || !strings.HasSuffix(r.Text("result.value.challenges.0.expiration"), " GMT") {
					t.Errorf("%s: %s", path, r.Raw)
				}
			}
			n.Must("POST /token/init", apptest.P{"user": "bob", "serial": "lostA_1", "type": "pw", "otpkey": "bobs"})
			if r := n.Admin("POST /token/lost/A_1", nil); r.Status == http.StatusOK {
				t.Errorf("bob's token is gone: %s", r.Raw)
			}
			n.Must("DELETE /token/lostA_1", nil)
			if r := n.Admin("POST /token/lost/A_1", nil); r.Text("result.value.serial") != "lostA_1" || r.At("result.value.disable") != 1.0 {
				t.Errorf("%s", r.Raw)
			}
			if r := n.Admin("DELETE /token/A_1", nil); r.Value() != 1.0 {
				t.Errorf("%s", r.Raw)
			}
			n.Must("DELETE /tokengroup/blue", nil)
		})
	}
}
