package app_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
)

// phone has the app.
type phone struct {
	n      *apptest.Node
	key    *rsa.PrivateKey
	typ    string
	serial string
}

func (p *phone) sign(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "|")))
	b, _ := rsa.SignPKCS1v15(nil, p.key, crypto.SHA256, sum[:])
	return base32.StdEncoding.EncodeToString(b)
}

func enrolPhone(t *testing.T, n *apptest.Node, typ, user, serial string) *phone {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{n: n, key: key, typ: typ, serial: serial}
	n.Must("POST /policy/pushenrol", apptest.P{"scope": "enrollment", "realm": "", "action": typ + "_firebase_configuration=poll only, " + typ + "_registration_url=https://mfa.example.org/ttype/" + typ})
	r := n.Must("POST /token/init", apptest.P{"type": typ, "genkey": "1", "user": user, "serial": serial, "pin": "pin"})
	der, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	r = n.Call("POST /ttype/"+typ, apptest.P{"serial": serial, "fbtoken": "fb", "pubkey": base64.URLEncoding.EncodeToString(der), "enrollment_credential": r.Text("detail.enrollment_credential")})
	if r.Status != 200 {
		t.Fatalf("%s", r.Raw)
	}
	return p
}

func (p *phone) questions() []any {
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000000")
	r := p.n.Call("GET /ttype/"+p.typ, apptest.P{"serial": p.serial, "timestamp": now, "signature": p.sign(p.serial, now)})
	list, _ := r.Value().([]any)
	return list
}

// answer says yes, or no with decline.
func (p *phone) answer(nonce string, decline bool) bool {
	params := apptest.P{"serial": p.serial, "nonce": nonce, "signature": p.sign(nonce, p.serial)}
	if decline {
		params["decline"], params["signature"] = "1", p.sign(nonce, p.serial, "decline")
	}
	return p.n.Call("POST /ttype/"+p.typ, params).Value() == true
}

func nonceOf(list []any) string {
	if len(list) == 0 {
		return ""
	}
	nonce, _ := list[0].(map[string]any)["nonce"].(string)
	return nonce
}

func TestPush_OnEveryDatabase(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			p := enrolPhone(t, n, "edupush", "alice", "EDUP1")
			id := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}).Text("detail.transaction_id")
			check := func() bool {
				return n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "", "transaction_id": id}).Accepted()
			}
			nonce := nonceOf(p.questions())
			if nonce == "" || check() {
				t.Fatal("nothing to confirm, or confirmed already")
			}
			if r := n.Must("GET /token/", apptest.P{"serial": "EDUP1"}); r.At("result.value.tokens.0.failcount") != 0.0 || strings.Contains(string(r.Raw), "PRIVATE KEY") {
				t.Errorf("%s", r.Raw)
			}
			if !p.answer(nonce, false) || !check() || check() {
				t.Error("a confirmed login is not good for just one time")
			}
		})
	}
}

// A declined login stays declined, in whichever order the answers come.
func TestDefect_DeclinedPushStaysDeclined(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	p := enrolPhone(t, n, "push", "alice", "PIPU1")
	for _, yesFirst := range []bool{false, true} {
		id := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}).Text("detail.transaction_id")
		nonce := nonceOf(p.questions())
		if yesFirst && !p.answer(nonce, false) {
			t.Error("not confirmed")
		}
		if !p.answer(nonce, true) || p.answer(nonce, false) {
			t.Error("not declined for good")
		}
		if r := n.Call("GET /validate/polltransaction", apptest.P{"transaction_id": id}); r.Text("detail.challenge_status") != "declined" {
			t.Errorf("%s", r.Raw)
		}
		if n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "", "transaction_id": id}).Accepted() {
			t.Error("a declined login is accepted")
		}
	}
}

// A login that waits ends with the answer.
func TestPush_Waits(t *testing.T) {
	for _, typ := range []string{"edupush", "push"} {
		t.Run(typ, func(t *testing.T) { pushWaits(t, typ) })
	}
}

func pushWaits(t *testing.T, typ string) {
	t.Helper()
	n := apptest.New(t, apptest.Options{}).Serve()
	p := enrolPhone(t, n, typ, "alice", "EDUP1")
	n.Must("POST /policy/wait", apptest.P{"scope": "authentication", "realm": "", "action": typ + "_wait=30"})
	for _, decline := range []bool{false, true} {
		var wg sync.WaitGroup
		wg.Go(func() {
			for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
				if nonce := nonceOf(p.questions()); nonce != "" {
					p.answer(nonce, decline)
					return
				}
			}
		})
		r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"})
		wg.Wait()
		if r.Accepted() == decline || len(p.questions()) > 0 {
			t.Errorf("declined %v: %s", decline, r.Raw)
		}
	}
	if r := n.Call("POST /validate/check", apptest.P{"serial": "EDUP1", "pass": "", "otponly": "1"}); r.Status != http.StatusOK || r.Accepted() {
		t.Errorf("without a PIN: %s", r.Raw)
	}
}

// Page and phone show the same number where the texts ask for it.
func TestPush_NumberMatching(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	p := enrolPhone(t, n, "edupush", "alice", "EDUP1")
	n.Must("POST /policy/texts", apptest.P{"scope": "authentication", "realm": "", "action": "edupush_text_on_mobile=Is it {number}?, challenge_text=Confirm {number}"})
	page := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}).Text("detail.message")
	shown, _ := p.questions()[0].(map[string]any)["question"].(string)
	number, ok := strings.CutPrefix(page, "Confirm ")
	if !ok || len(number) != 2 || shown != "Is it "+number+"?" {
		t.Errorf("page %q, phone %q", page, shown)
	}
}

// What policies say of enrolment and questions counts for both types, each by its
// own names.
func TestPush_PoliciesOfBothTypes(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	for typ, pins := range map[string][]string{"edupush": {"edupush_force_app_pin", "edupush_push_force_app_pin"}, "push": {"push_force_app_pin"}} {
		p := enrolPhone(t, n, typ, "alice", "S-"+typ)
		enrol := func(more string) url.Values {
			t.Helper()
			rule(n, "pushmore", "enrollment", more, nil)
			r := n.Must("POST /token/init", apptest.P{"type": typ, "genkey": "1"})
			link, err := url.Parse(r.Text("detail.pushurl.value"))
			if err != nil || link.RawQuery == "" {
				t.Fatalf("%s: %v %s", typ, err, r.Raw)
			}
			return link.Query()
		}
		q := enrol("tokenissuer=MFA")
		if q.Get("ttl") != "10" || q.Get("sslverify") != "1" || q.Has("pin") || q.Get("url") != "https://mfa.example.org/ttype/"+typ {
			t.Errorf("%s, defaults: %v", typ, q)
		}
		q = enrol(typ + "_ttl=30, " + typ + "_ssl_verify=0")
		if q.Get("ttl") != "30" || q.Get("sslverify") != "0" {
			t.Errorf("%s: %v", typ, q)
		}
		for _, name := range pins {
			if q := enrol(name); q.Get("pin") != "True" {
				t.Errorf("%s: %v", name, q)
			}
		}
		rule(n, "texts", "authentication", typ+"_text_on_mobile=Library?, "+typ+"_title_on_mobile=Uni, "+typ+"_ssl_verify=0", nil)
		n.Must("POST /validate/triggerchallenge", apptest.P{"serial": p.serial})
		list := p.questions()
		if len(list) != 1 {
			t.Fatalf("%s: %v", typ, list)
		}
		if got, _ := list[0].(map[string]any); got["question"] != "Library?" || got["title"] != "Uni" || got["sslverify"] != "0" {
			t.Errorf("%s: %v", typ, got)
		}
		n.Must("POST /token/disable/"+p.serial, nil)
		if r := n.Call("POST /validate/check", apptest.P{"serial": p.serial, "pass": "pin"}); r.Accepted() || r.Text("detail.transaction_id") != "" {
			t.Errorf("%s, disabled: %s", typ, r.Raw)
		}
	}
}
