// Package sipgatesms sends text messages through the telephone service sipgate.
package sipgatesms

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"edumfa/internal/outhttp"
	"edumfa/internal/secret"
	"edumfa/internal/smsprovider"
)

// URL is where the service takes XML-RPC calls.
const URL = "https://samurai.sipgate.net/RPC2"

// limit is how long a message may take.
const limit = 60 * time.Second

// Kind returns the kind. url is [URL] but in tests.
func Kind(url string) smsprovider.Kind {
	client := &outhttp.Client{}
	return smsprovider.Kind{
		Module: smsprovider.Prefix + "SipgateSMSProvider.SipgateSMSProvider",
		Parameters: []smsprovider.Parameter{
			{Name: "USERNAME", Required: true, Help: "Name of the account."},
			{Name: "PASSWORD", Required: true, Help: "Password of the account."},
			{Name: "PROXY", Help: "Address of a proxy."},
			{Name: "REGEXP", Help: smsprovider.RegexpHelp},
		},
		Send: func(ctx context.Context, g smsprovider.Gateway, m smsprovider.Message) error {
			return send(ctx, client, url, g, m)
		},
	}
}

func send(ctx context.Context, client *outhttp.Client, url string, g smsprovider.Gateway, m smsprovider.Message) error {
	r := outhttp.Request{
		Method: "POST", URL: url, Header: map[string]string{"Content-Type": "text/xml"}, Timeout: limit, SameHost: true,
		User: g.Options["USERNAME"], Password: secret.New(g.Options["PASSWORD"]), HasLogin: true,
		Body: call(strings.Trim(strings.TrimSpace(g.Phone(m.Phone)), "+"), m.Text),
	}
	if proxy := g.Options["PROXY"]; proxy != "" {
		r.Proxies = map[string]string{"http": proxy, "https": proxy}
	}
	answer, err := client.Do(ctx, r)
	if err != nil {
		return err
	}
	if answer.Status != 200 {
		return fmt.Errorf("sipgate answers with status %d", answer.Status)
	}
	return fault(answer.Body)
}

// call is the XML-RPC call that begins a session with a text.
func call(phone, message string) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<methodCall><methodName>samurai.SessionInitiate</methodName><params><param><value><struct>")
	for _, m := range [][2]string{{"RemoteUri", "sip:" + phone + "@sipgate.de"}, {"TOS", "text"}, {"Content", message}} {
		b.WriteString("<member><name>" + m[0] + "</name><value><string>")
		_ = xml.EscapeText(&b, []byte(m[1])) // a buffer takes everything
		b.WriteString("</string></value></member>")
	}
	b.WriteString("</struct></value></param></params></methodCall>\n")
	return b.Bytes()
}

// fault finds out whether an answer with status 200 says that the call failed.
// What is no XML-RPC is taken for a success, as it always was.
func fault(body []byte) error {
	var answer struct {
		XMLName xml.Name  `xml:"methodResponse"`
		Fault   *struct{} `xml:"fault"`
	}
	if err := xml.Unmarshal(body, &answer); err == nil && answer.Fault != nil {
		return errors.New("sipgate refuses the message")
	}
	return nil
}
