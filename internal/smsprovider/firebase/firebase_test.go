package firebase

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edumfa/internal/smsprovider"
)

// cloud stands for the service: it gives access tokens and takes messages.
type cloud struct {
	t       *testing.T
	url     string
	key     *rsa.PrivateKey
	tokens  int
	sent    []map[string]any
	status  int // of messages
	refuses bool
}

func start(t *testing.T) *cloud {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{t: t, key: key, status: 200}
	s := httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *cloud) serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/token":
		if err := c.checkAssertion(r.FormValue("assertion")); c.refuses || err != nil || r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			w.WriteHeader(401)
			return
		}
		c.tokens++
		fmt.Fprintf(w, `{"access_token": "tok-%d", "expires_in": 3600}`, c.tokens)
	case "/v1/projects/p-1/messages:send":
		var m map[string]any
		_ = json.NewDecoder(r.Body).Decode(&m)
		if r.Header.Get("Authorization") != fmt.Sprintf("Bearer tok-%d", c.tokens) {
			w.WriteHeader(401)
			return
		}
		c.sent = append(c.sent, m)
		w.WriteHeader(c.status)
	default:
		w.WriteHeader(404)
	}
}

func (c *cloud) checkAssertion(jwt string) error {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return io.EOF
	}
	claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var k struct {
		Iss, Scope, Aud string
		Iat, Exp        int64
	}
	if err := json.Unmarshal(claims, &k); err != nil || k.Iss != "robot@p-1.example" || k.Scope != scope || k.Aud != c.url+"/token" || k.Exp-k.Iat != 3600 {
		return io.EOF
	}
	b, _ := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return rsa.VerifyPKCS1v15(&c.key.PublicKey, crypto.SHA256, sum[:], b)
}

// gateway writes the file of a service account.
func (c *cloud) gateway(change map[string]string) smsprovider.Gateway {
	c.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	account := map[string]string{"type": "service_account", "project_id": "p-1", "client_email": "robot@p-1.example", "private_key_id": "k1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": c.url + "/token"}
	for k, v := range change {
		account[k] = v
	}
	b, _ := json.Marshal(account)
	name := filepath.Join(c.t.TempDir(), "fb.json")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		c.t.Fatal(err)
	}
	return smsprovider.Gateway{Module: Module, Options: map[string]string{optFile: name}}
}

var message = Message{Address: "phone-1", Title: "Library", Body: "Log in?", Data: map[string]string{"nonce": "N", "serial": "S"}}

func TestSend(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	c := start(t)
	client := &Client{Now: func() time.Time { return now }, Service: c.url}
	g := c.gateway(nil)
	send := func(tokens int) {
		t.Helper()
		if err := client.Send(t.Context(), g, message); err != nil || c.tokens != tokens {
			t.Errorf("%v, %d access tokens", err, c.tokens)
		}
	}
	send(1)
	send(1)
	now = now.Add(time.Hour)
	send(2)
	got, _ := json.Marshal(c.sent[0])
	want := `{"message":{"android":{"fcm_options":{"analytics_label":"AndroidPushToken"},"priority":"HIGH","ttl":"120s"},` +
		`"apns":{"fcm_options":{"analytics_label":"iOSPushToken"},"headers":{"apns-collapse-id":"privacyidea.pushtoken","apns-expiration":"1800000120","apns-priority":"10","apns-push-type":"alert"},` +
		`"payload":{"aps":{"alert":{"body":"Log in?","title":"Library"},"category":"PUSH_AUTHENTICATION","sound":"default"}}},` +
		`"data":{"nonce":"N","serial":"S"},"notification":{"body":"Log in?","title":"Library"},"token":"phone-1"}}`
	if string(got) != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	c.tokens++ // the access token is withdrawn
	if err := client.Send(t.Context(), g, message); err == nil {
		t.Error("sent with an access token that is withdrawn")
	}
	send(4)
}

func TestSend_Failures(t *testing.T) {
	c := start(t)
	for name, f := range map[string]func() smsprovider.Gateway{
		"no file":                func() smsprovider.Gateway { return smsprovider.Gateway{Options: map[string]string{optFile: "/nosuch"}} },
		"no key":                 func() smsprovider.Gateway { return c.gateway(map[string]string{"private_key": "x"}) },
		"another project":        func() smsprovider.Gateway { return c.gateway(map[string]string{"project_id": "../x"}) },
		"nobody gives access":    func() smsprovider.Gateway { return c.gateway(map[string]string{"token_uri": "http://127.0.0.1:9"}) },
		"access is refused":      func() smsprovider.Gateway { return c.gateway(map[string]string{"client_email": "x"}) },
		"the message is refused": func() smsprovider.Gateway { c.status = 400; return c.gateway(nil) },
		"the service is on fire": func() smsprovider.Gateway { c.status = 503; return c.gateway(nil) },
	} {
		err := (&Client{Now: time.Now, Service: c.url}).Send(t.Context(), f(), message)
		if err == nil || strings.Contains(err.Error(), "phone-1") || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A service that takes requests and says nothing holds nobody up.
func TestSend_ServiceHangs(t *testing.T) {
	c := start(t)
	done := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(hangs.Close)
	defer close(done)
	client := &Client{Now: time.Now, Service: hangs.URL, Timeout: 50 * time.Millisecond}
	begin := time.Now()
	if err := client.Send(t.Context(), c.gateway(nil), message); err == nil || time.Since(begin) > 3*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

func TestKind_Check(t *testing.T) {
	c := start(t)
	for name, x := range map[string]struct {
		g  smsprovider.Gateway
		ok bool
	}{
		"a service account": {c.gateway(nil), true},
		"another type":      {c.gateway(map[string]string{"type": "user"}), false},
		"no project":        {c.gateway(map[string]string{"project_id": ""}), false},
		"no file":           {smsprovider.Gateway{}, false},
	} {
		if err := Kind().Check(x.g); (err == nil) != x.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
