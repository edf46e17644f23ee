package app_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"edumfa/internal/app/apptest"
)

const smsModule = "edumfa.lib.smsprovider.HttpSMSProvider.HttpSMSProvider"

// smsGateway takes messages.
type smsGateway struct {
	url   string
	mu    sync.Mutex
	texts []string
	fails bool
}

func newSMSGateway(t *testing.T, n *apptest.Node) *smsGateway {
	g := &smsGateway{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.fails {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		g.texts = append(g.texts, r.FormValue("to")+" "+r.FormValue("text"))
	}))
	t.Cleanup(s.Close)
	g.url = s.URL
	n.Must("POST /smsgateway", apptest.P{"name": "gate", "module": smsModule, "option.URL": s.URL, "option.HTTP_METHOD": "POST", "option.to": "{phone}", "option.text": "{otp}"})
	n.Must("POST /system/setConfig", apptest.P{"sms.identifier": "gate"})
	return g
}

// sent are the values that were sent so far.
func (g *smsGateway) sent() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []string
	for _, text := range g.texts {
		_, code, _ := strings.Cut(text, " ")
		out = append(out, code)
	}
	return out
}

func TestSMS_ChallengeAndAnswer(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			g := newSMSGateway(t, n)
			n.Must("POST /token/init", apptest.P{"type": "sms", "serial": "SMS1", "user": "alice", "phone": "0171", "pin": "pin"})
			r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"})
			answer := apptest.P{"user": "alice", "transaction_id": r.Text("detail.transaction_id")}
			codes := g.sent()
			if len(codes) != 1 {
				t.Fatalf("sent %v after %s", codes, r.Raw)
			}
			answer["pass"] = codes[0]
			if r := n.Call("POST /validate/check", answer); !r.Accepted() {
				t.Errorf("answer: %s", r.Raw)
			}
			if r := n.Call("POST /validate/check", answer); r.Accepted() {
				t.Errorf("the same answer again: %s", r.Raw)
			}
			g.mu.Lock()
			g.fails = true
			g.mu.Unlock()
			r = n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"})
			if r.Text("result.authentication") != "REJECT" || r.Text("detail.message") != "The PIN was correct, but the SMS could not be sent!" {
				t.Errorf("gateway fails: %s", r.Raw)
			}
			if c := n.Admin("GET /token/challenges/", nil); c.At("result.value.count") != 0.0 {
				t.Errorf("challenges are left: %s", c.Raw)
			}
		})
	}
}

// Gateways are not read for every message, and what becomes of them through
// another node counts at once.
func TestSMSGateway_ChangedThroughAnotherNode(t *testing.T) {
	onTwoNodes(t, nil, func(t *testing.T, a, b *apptest.Node) {
		first := newSMSGateway(t, a)
		a.Must("POST /token/init", apptest.P{"type": "sms", "user": "alice", "pin": "1234", "phone": "+49 1", "genkey": "1"})
		trigger := func() *apptest.Reply {
			return b.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "1234"})
		}
		trigger()
		second := newSMSGateway(t, a) // takes the name
		trigger()
		if n, m := len(first.sent()), len(second.sent()); n != 1 || m != 1 {
			t.Errorf("%d messages at the first server, %d at the second", n, m)
		}
		a.Must("DELETE /smsgateway/gate", nil)
		if r := trigger(); r.Text("result.authentication") == "CHALLENGE" || len(second.sent()) != 1 {
			t.Errorf("through a gateway that is gone: %s", r.Raw)
		}
	})
}

// With several open challenges each takes its own value, once.
func TestSMS_ConcurrentChallenges(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	g := newSMSGateway(t, n)
	n.Must("POST /system/setConfig", apptest.P{"sms.concurrent_challenges": "1"})
	n.Must("POST /token/init", apptest.P{"type": "sms", "serial": "SMS1", "user": "alice", "phone": "0171", "pin": "pin"})
	var ids [2]string
	for i := range ids {
		ids[i] = n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}).Text("detail.transaction_id")
	}
	codes := g.sent()
	for _, c := range []struct {
		id, code string
		want     bool
	}{{ids[0], codes[1], false}, {ids[1], codes[1], true}, {ids[0], codes[0], true}, {ids[0], codes[0], false}} {
		if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": c.code, "transaction_id": c.id}); r.Accepted() != c.want {
			t.Errorf("%s for %s: %s", c.code, c.id, r.Raw)
		}
	}
}

func TestSMSGateway_SecretsStayHere(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	definition := apptest.P{"name": "gate", "module": smsModule, "option.URL": "https://u:inurl@sms.example.org/", "option.USERNAME": "relay", "option.PASSWORD": "geheim", "header.X-Api-Key": "schluessel", "option.to": "{phone}"}
	n.Must("POST /smsgateway", definition)
	list := n.Must("GET /smsgateway/", nil)
	for _, secret := range []string{"geheim", "schluessel", "inurl"} {
		if strings.Contains(fmt.Sprint(string(list.Raw)), secret) {
			t.Errorf("%s is shown: %s", secret, list.Raw)
		}
	}
	for k, v := range map[string]string{"option.URL": "result.value.0.options.URL", "option.PASSWORD": "result.value.0.options.PASSWORD", "header.X-Api-Key": "result.value.0.headers.X-Api-Key"} {
		definition[k] = list.Text(v)
	}
	definition["option.to"] = "{phone}!"
	n.Must("POST /smsgateway", definition)
	stored, err := n.App.Store.SMSGateways(t.Context())
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	if o := stored[0].Options; o["PASSWORD"] != "geheim" || o["URL"] != "https://u:inurl@sms.example.org/" || stored[0].Headers["X-Api-Key"] != "schluessel" || o["to"] != "{phone}!" {
		t.Errorf("stored: %+v", stored[0])
	}
	// another server must not be told the secrets
	definition["option.URL"] = "https://thief.example.org/"
	if r := n.Admin("POST /smsgateway", definition); r.ErrorCode() != 905 {
		t.Errorf("another server: %s", r.Raw)
	}
}

// A script is a file in its folder, and nothing else.
func TestSMS_ScriptOutsideOfItsFolder(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "sms", "serial": "SMS1", "user": "alice", "phone": "0171", "pin": "pin"})
	for _, script := range []string{"../../bin/true", "/bin/true", "..", "", "true; true"} {
		n.Must("POST /smsgateway", apptest.P{"name": "gate", "module": "edumfa.lib.smsprovider.ScriptSMSProvider.ScriptSMSProvider", "option.script": script, "option.background": "wait"})
		n.Must("POST /system/setConfig", apptest.P{"sms.identifier": "gate"})
		if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}); r.Text("result.authentication") != "REJECT" {
			t.Errorf("%q: %s", script, r.Raw)
		}
	}
}

// enroll_via_multichallenge: the answer to the first question is the number, the
// answer to the second the value that was sent to it.
func TestSMS_EnrolAtLogin(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	g := newSMSGateway(t, n)
	n.Must("POST /policy/atlogin", apptest.P{"scope": "authentication", "action": "enroll_via_multichallenge=sms", "realm": "realm1", "active": "1"})
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "SPASS1", "user": "alice", "pin": "first"})
	r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "first"})
	if r.Text("result.authentication") != "CHALLENGE" || r.Text("detail.message") != "Please enter your new phone number!" {
		t.Fatalf("first question: %s", r.Raw)
	}
	if bad := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "call me", "transaction_id": r.Text("detail.transaction_id")}); bad.Accepted() || len(g.sent()) != 0 {
		t.Errorf("no number: %s, sent %v", bad.Raw, g.sent())
	}
	r = n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": " +49 171/77 ", "transaction_id": r.Text("detail.transaction_id")})
	if r.Text("result.authentication") != "CHALLENGE" || r.Text("detail.message") != "Enter the OTP from the SMS:" {
		t.Fatalf("second question: %s", r.Raw)
	}
	g.mu.Lock()
	texts := append([]string(nil), g.texts...)
	g.mu.Unlock()
	if len(texts) != 1 || !strings.HasPrefix(texts[0], "+49 171/77 ") {
		t.Fatalf("sent: %q", texts)
	}
	code := strings.TrimPrefix(texts[0], "+49 171/77 ")
	if r = n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": code, "transaction_id": r.Text("detail.transaction_id")}); !r.Accepted() {
		t.Errorf("answer: %s", r.Raw)
	}
}

// loginGateway is a service that knows users by their login names.
func loginGateway(t *testing.T) (url string, seen func() []string) {
	var mu sync.Mutex
	var list []string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, r.URL.Path+" "+r.FormValue("who")+" "+r.FormValue("text"))
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), list...)
	}
}

const loginModule = "edumfa.lib.smsprovider.HttpMessageToUidProvider.HttpMessageToUidProvider"

// Gateways that want login names get the owner's, also when the request names the
// serial, and are told of logins in the words of a policy.
func TestSMS_ToLoginNames(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	url, seen := loginGateway(t)
	n.Must("POST /smsgateway", apptest.P{"name": "gate", "module": loginModule, "option.URL": url + "/push", "option.HTTP_METHOD": "POST",
		"option.who": "{uid}", "option.text": "{otp}", "option.POST_CHECK_URL": url + "/done"})
	n.Must("POST /system/setConfig", apptest.P{"sms.identifier": "gate"})
	n.Must("POST /policy/words", apptest.P{"scope": "authentication", "action": "smspostchecktext=Welcome {serial}, smstext=Code <otp>, sms_challenge_text=Look!", "realm": "realm1", "active": "1"})
	n.Must("POST /token/init", apptest.P{"type": "sms", "serial": "SMS1", "user": "alice", "phone": "0171", "pin": "pin", "otpkey": parallelKey})
	r := n.Call("POST /validate/check", apptest.P{"serial": "SMS1", "pass": "pin"})
	list := seen()
	if len(list) != 1 || !strings.HasPrefix(list[0], "/push alice Code ") || r.Text("detail.message") != "Look!" {
		t.Fatalf("seen %q after %s", list, r.Raw)
	}
	code := strings.TrimPrefix(list[0], "/push alice Code ")
	if r := n.Call("POST /validate/check", apptest.P{"serial": "SMS1", "pass": code, "transaction_id": r.Text("detail.transaction_id")}); !r.Accepted() {
		t.Fatalf("answer: %s", r.Raw)
	}
	if list = seen(); len(list) != 2 || list[1] != "/done alice Welcome SMS1" {
		t.Errorf("after the login: %q", list)
	}
}

// Settings from before gateways had names still work.
func TestSMS_SettingsWithoutGateway(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	url, seen := loginGateway(t)
	n.Must("POST /token/init", apptest.P{"type": "sms", "serial": "SMS1", "user": "alice", "phone": "0171", "pin": "pin", "otpkey": parallelKey})
	for _, c := range []struct{ module, config, want string }{
		{smsModule, `{"URL": "` + url + `/old", "HTTP_Method": "POST", "SMS_PHONENUMBER_KEY": "who", "SMS_TEXT_KEY": "text", "PARAMETER": {"from": "{MFA}"}}`, "/old 0171 "},
		{loginModule, `{"URL": "` + url + `/name", "HTTP_Method": "POST", "SMS_UID_KEY": "who", "SMS_TEXT_KEY": "text"}`, "/name alice "},
	} {
		before := len(seen())
		n.Must("POST /system/setConfig", apptest.P{"sms.provider": c.module, "sms.providerConfig": c.config})
		r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"})
		if list := seen(); len(list) != before+1 || !strings.HasPrefix(list[before], c.want) {
			t.Errorf("%s: seen %q after %s", c.module, list, r.Raw)
		}
	}
}

// What forms offer: every way to send messages, with its options.
func TestSMSGateway_Providers(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	r := n.Must("GET /smsgateway/providers", nil)
	all, _ := r.Value().(map[string]any)
	const web = "URL* HTTP_METHOD* RETURN_SUCCESS RETURN_FAIL USERNAME PASSWORD CHECK_SSL* SEND_DATA_AS_JSON* HTTP_PROXY HTTPS_PROXY TIMEOUT "
	for module, c := range map[string]struct {
		free       bool
		parameters string // with a star where they are required
	}{
		"HttpSMSProvider.HttpSMSProvider":                   {true, web + "REGEXP PROXY"},
		"HttpMessageToUidProvider.HttpMessageToUidProvider": {true, web + "UID_TOKENINFO_ATTRIBUTE POST_CHECK_URL"},
		"SipgateSMSProvider.SipgateSMSProvider":             {false, "USERNAME* PASSWORD* PROXY REGEXP"},
		"SmtpSMSProvider.SmtpSMSProvider":                   {false, "MAILTO* SMTPIDENTIFIER* SUBJECT BODY REGEXP"},
		"SmppSMSProvider.SmppSMSProvider":                   {false, "SMSC_HOST* SMSC_PORT* SYSTEM_ID PASSWORD S_ADDR_TON S_ADDR_NPI S_ADDR D_ADDR_TON D_ADDR_NPI REGEXP"},
		"ScriptSMSProvider.ScriptSMSProvider":               {false, "script* REGEXP background*"},
	} {
		got, _ := all["edumfa.lib.smsprovider."+module].(map[string]any)
		var names []string
		parameters, _ := got["parameters"].(map[string]any)
		for name, p := range parameters {
			if p.(map[string]any)["required"] == true {
				name += "*"
			}
			names = append(names, name)
		}
		want := strings.Fields(c.parameters)
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) || got["options_allowed"] != c.free || got["headers_allowed"] != c.free {
			t.Errorf("%s: %v %v, want %v", module, names, got["options_allowed"], want)
		}
	}
}

// The stored password of a message centre is not sent to another one.
func TestSMSGateway_SecretsOfMessageCentres(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	definition := apptest.P{"name": "gate", "module": "edumfa.lib.smsprovider.SmppSMSProvider.SmppSMSProvider",
		"option.SMSC_HOST": "smsc.example.org", "option.SMSC_PORT": "2775", "option.PASSWORD": "geheim"}
	n.Must("POST /smsgateway", definition)
	definition["option.PASSWORD"] = "__CENSORED__"
	definition["option.S_ADDR"] = "eduMFA"
	n.Must("POST /smsgateway", definition)
	for name, value := range map[string]string{"option.SMSC_HOST": "thief.example.org", "option.SMSC_PORT": "2776"} {
		changed := maps.Clone(definition)
		changed[name] = value
		if r := n.Admin("POST /smsgateway", changed); r.ErrorCode() != 905 {
			t.Errorf("%s: %s", name, r.Raw)
		}
	}
	if stored, err := n.App.Store.SMSGateways(t.Context()); err != nil || stored[0].Options["PASSWORD"] != "geheim" || stored[0].Options["S_ADDR"] != "eduMFA" {
		t.Errorf("%+v, %v", stored, err)
	}
}
