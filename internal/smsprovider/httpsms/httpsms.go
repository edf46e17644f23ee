// Package httpsms sends text messages through gateways that take HTTP requests.
package httpsms

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/outhttp"
	"edumfa/internal/pyjson"
	"edumfa/internal/secret"
	"edumfa/internal/smsprovider"
)

const (
	defaultTimeout = 3 * time.Second
	maxTimeout     = 60 * time.Second
)

// Kind sends to phone numbers.
func Kind() smsprovider.Kind {
	k := smsprovider.Kind{
		Module: smsprovider.Prefix + "HttpSMSProvider.HttpSMSProvider", FreeOptions: true, Headers: true,
		Parameters: append(common(),
			smsprovider.Parameter{Name: "REGEXP", Help: smsprovider.RegexpHelp},
			smsprovider.Parameter{Name: "PROXY", Help: "A proxy, in the older form. HTTP_PROXY and HTTPS_PROXY replace it."}),
	}
	return sending(k)
}

// optPostCheckURL is the address of requests that follow a login.
const optPostCheckURL = "POST_CHECK_URL"

// LoginKind sends to login names, for services that know themselves how to reach
// a user.
func LoginKind() smsprovider.Kind {
	k := smsprovider.Kind{
		Module: smsprovider.Prefix + "HttpMessageToUidProvider.HttpMessageToUidProvider", FreeOptions: true, Headers: true, ToLogin: true,
		PostCheck: func(g smsprovider.Gateway) bool { return g.Options[optPostCheckURL] != "" },
		Parameters: append(common(),
			smsprovider.Parameter{Name: smsprovider.LoginOption, Help: "Tokeninfo with the name to send to, for tokens without owner."},
			smsprovider.Parameter{Name: optPostCheckURL, Help: "Address that is told of every login with a message."}),
	}
	return sending(k)
}

func sending(k smsprovider.Kind) smsprovider.Kind {
	own, client := k, &outhttp.Client{}
	k.Send = func(ctx context.Context, g smsprovider.Gateway, m smsprovider.Message) error {
		return send(ctx, client, own, g, m)
	}
	return k
}

func common() []smsprovider.Parameter {
	yesNo := []string{"yes", "no"}
	return []smsprovider.Parameter{
		{Name: "URL", Required: true, Help: "Address of the gateway."},
		{Name: "HTTP_METHOD", Required: true, Help: "The gateway takes GET or POST requests.", Values: []string{"GET", "POST"}},
		{Name: "RETURN_SUCCESS", Help: "A text that only the answer to a message that was taken contains."},
		{Name: "RETURN_FAIL", Help: "A text that only the answer to a message that was not taken contains."},
		{Name: "USERNAME", Help: "Name for basic authentication."},
		{Name: "PASSWORD", Help: "Password for basic authentication."},
		{Name: "CHECK_SSL", Required: true, Help: "Check the certificate of the gateway.", Values: yesNo},
		{Name: "SEND_DATA_AS_JSON", Required: true, Help: "The body of POST requests is JSON.", Values: yesNo},
		{Name: "HTTP_PROXY", Help: "Proxy for http."},
		{Name: "HTTPS_PROXY", Help: "Proxy for https."},
		{Name: "TIMEOUT", Help: "Seconds until the gateway must have answered (3)."},
	}
}

func send(ctx context.Context, client *outhttp.Client, k smsprovider.Kind, g smsprovider.Gateway, m smsprovider.Message) error {
	m.Phone = g.Phone(m.Phone)
	r, err := request(k, g, m)
	if err != nil {
		return err
	}
	answer, err := client.Do(ctx, r)
	if err != nil {
		return err
	}
	if answer.Status < 200 || answer.Status > 202 {
		return fmt.Errorf("the SMS gateway answers with status %d", answer.Status)
	}
	body := string(answer.Body)
	if want := g.Options["RETURN_SUCCESS"]; want != "" {
		if !strings.Contains(body, want) {
			return errors.New("the SMS gateway does not answer with its text of success")
		}
		return nil
	}
	if bad := g.Options["RETURN_FAIL"]; bad != "" && strings.Contains(body, bad) {
		return errors.New("the SMS gateway answers with its text of failure")
	}
	return nil
}

func request(k smsprovider.Kind, g smsprovider.Gateway, m smsprovider.Message) (outhttp.Request, error) {
	o := g.Options
	r := outhttp.Request{Method: "GET", Once: true, Header: map[string]string{}, SkipVerify: o["CHECK_SSL"] == "no", Proxies: proxies(k, o), Timeout: timeout(o["TIMEOUT"])}
	address := o["URL"]
	if m.PostCheck {
		address = o[optPostCheckURL]
	}
	if address == "" {
		return r, errors.New("the SMS gateway has no URL")
	}
	target, err := url.Parse(address)
	if err != nil {
		return r, errors.New("the URL of the SMS gateway is not valid")
	}
	for name, v := range g.Headers {
		r.Header[name] = v
	}
	login(&r, o, target)
	values := map[string]any{}
	form := url.Values{}
	for name, v := range o {
		if k.Has(name) {
			continue
		}
		text, err := k.Fill(v, m)
		if err != nil {
			return r, err
		}
		values[name] = text
		form.Set(name, text)
	}
	switch {
	case o["HTTP_METHOD"] != "POST":
		if len(form) > 0 {
			if target.RawQuery != "" {
				target.RawQuery += "&"
			}
			target.RawQuery += form.Encode()
		}
	case o["SEND_DATA_AS_JSON"] == "yes":
		r.Method, r.Header["Content-Type"] = "POST", "application/json"
		if r.Body, err = pyjson.MarshalSorted(values); err != nil {
			return r, err
		}
	default:
		r.Method, r.Header["Content-Type"], r.Body = "POST", "application/x-www-form-urlencoded", []byte(form.Encode())
	}
	r.URL = target.String()
	return r, nil
}

// login takes name and password from the options, else from the URL.
func login(r *outhttp.Request, o map[string]string, target *url.URL) {
	user, hasUser := o["USERNAME"]
	password, hasPassword := o["PASSWORD"]
	if !hasUser && !hasPassword && target.User != nil {
		user = target.User.Username()
		password, hasPassword = target.User.Password()
	}
	target.User = nil
	if user != "" && hasPassword {
		r.User, r.Password, r.HasLogin = latin1(user), secret.New(latin1(password)), true
	}
}

// latin1 is the text in ISO 8859-1, as gateways have always been sent it; texts
// with other characters stay in UTF-8.
func latin1(text string) string {
	var out []byte
	for _, r := range text {
		if r > 0xff {
			return text
		}
		out = append(out, byte(r))
	}
	return string(out)
}

func proxies(k smsprovider.Kind, o map[string]string) map[string]string {
	out := map[string]string{}
	if p := o["HTTP_PROXY"]; p != "" {
		out["http"] = p
	}
	if p := o["HTTPS_PROXY"]; p != "" {
		out["https"] = p
	}
	if old := o["PROXY"]; old != "" && len(out) == 0 && k.Has("PROXY") {
		scheme, _, _ := strings.Cut(old, ":")
		out[scheme] = old
	}
	return out
}

func timeout(text string) time.Duration {
	if f, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && f > 0 {
		return min(time.Duration(min(f, maxTimeout.Seconds())*float64(time.Second)), maxTimeout)
	}
	return defaultTimeout
}
