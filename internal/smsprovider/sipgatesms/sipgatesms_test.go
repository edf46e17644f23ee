package sipgatesms

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/smsprovider"
)

// The call is read by an XML parser, as the service does.
type methodCall struct {
	Name    string `xml:"methodName"`
	Members []struct {
		Name  string `xml:"name"`
		Value string `xml:"value>string"`
	} `xml:"params>param>value>struct>member"`
}

func TestSend(t *testing.T) {
	var got methodCall
	var kind, user, password string
	status, answer := 200, "<methodResponse><params/></methodResponse>"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = methodCall{}
		kind = r.Header.Get("Content-Type")
		user, password, _ = r.BasicAuth()
		b, _ := io.ReadAll(r.Body)
		if err := xml.Unmarshal(b, &got); err != nil {
			t.Errorf("%v in %s", err, b)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	defer s.Close()
	g := smsprovider.Gateway{Options: map[string]string{"USERNAME": "u", "PASSWORD": "p:ü", "REGEXP": "/ //"}}
	send := func(text string) error {
		return Kind(s.URL).Send(t.Context(), g, smsprovider.Message{Phone: "+49 170", Text: text})
	}
	text := "Code <1> & \"more\"</string></value>\n€"
	if err := send(text); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, m := range got.Members {
		values[m.Name] = m.Value
	}
	want := map[string]string{"RemoteUri": "sip:49170@sipgate.de", "TOS": "text", "Content": text}
	if diff := cmp.Diff(want, values); diff != "" || got.Name != "samurai.SessionInitiate" || kind != "text/xml" || user != "u" || password != "p:ü" {
		t.Errorf("%s %s %s %s: %s", got.Name, kind, user, password, diff)
	}
	for name, c := range map[string]struct {
		status int
		answer string
		ok     bool
	}{
		"wrong password":     {401, "", false},
		"down":               {500, "", false},
		"taken, not wanted":  {202, "", false},
		"a fault":            {200, xml.Header + "<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>407</int></value></member></struct></value></fault></methodResponse>", false},
		"something else":     {200, "OK", true},
		"nothing":            {200, "", true},
		"a fault as content": {200, "<methodResponse><params>fault</params></methodResponse>", true},
	} {
		status, answer = c.status, c.answer
		if err := send("287082"); (err == nil) != c.ok || err != nil && strings.Contains(err.Error(), "287082") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// the service is only reached through the proxy
	status, answer = 200, ""
	g.Options["PROXY"] = s.URL
	if err := Kind("http://samurai.example.invalid/RPC2").Send(t.Context(), g, smsprovider.Message{Phone: "1", Text: "x"}); err != nil {
		t.Errorf("through a proxy: %v", err)
	}
}

func FuzzCall(f *testing.F) {
	f.Add("49170", "Code <1> & \"more\"</string>")
	f.Add("]]>", "\x00\xff")
	f.Fuzz(func(t *testing.T, phone, message string) {
		var got methodCall
		if err := xml.Unmarshal(call(phone, message), &got); err != nil || len(got.Members) != 3 || got.Members[1].Value != "text" {
			t.Errorf("%q %q: %v, %+v", phone, message, err, got)
		}
		_ = fault([]byte(message))
	})
}
