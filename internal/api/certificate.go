package api

import (
	"bytes"
	"context"
	_ "embed" // the pages
	"html/template"
	"net/http"
	"strings"

	"edumfa/internal/mfaerr"
)

// Pages for browsers of old, which made keys and requests themselves (the HTML
// element keygen). The caller proves who he is by the parameter authtoken.

var (
	//go:embed pages/certificate_form.html
	certificateForm string
	//go:embed pages/certificate_enrolled.html
	certificateEnrolled string
)

// browserRoutes enrol certificates from a web page. They obey the policies of
// every enrolment.
func (a *API) browserRoutes() []Route {
	return []Route{
		{Method: "POST", Path: "/certificate", Who: adminOrUser, Do: a.certificateForm, Form: true, NoAudit: true, Light: true},
		{Method: "POST", Path: "/certificate/enroll", Who: adminOrUser, Do: a.tokenInit, Form: true,
			Steps: append(append(steps(a.certificatePage, first(a.browserRequest)), a.enrolSteps()...), a.on("token_init"))},
	}
}

// certificateForm asks the browser for a key.
func (a *API) certificateForm(_ context.Context, r *Request) (*Answer, error) {
	return htmlPage(certificateForm, map[string]any{"CA": r.Params.TextOr("ca", ""), "AuthToken": r.Params.TextOr("authtoken", "")})
}

// browserRequest makes an enrolment of what the form sends. The names in the
// request are those of the caller, and nobody else's.
func (a *API) browserRequest(ctx context.Context, r *Request) error {
	key, err := r.Params.Required("requestkey")
	if err != nil {
		return err
	}
	key = strings.NewReplacer("\n", "", "\r", "").Replace(key) // some browsers broke the line
	lines := []string{"SPKAC=" + key, "CN=" + r.Caller.Username}
	if r.SelfService() {
		info, err := r.Users.Info(ctx, r.User)
		if err != nil {
			return err
		}
		for _, x := range []struct{ name, value string }{{"O", r.User.Realm}, {"emailAddress", info.Text("email")}} {
			if x.value != "" {
				lines = append(lines, x.name+"="+x.value)
			}
		}
	}
	for _, l := range lines {
		if strings.ContainsAny(l, "\r\n") {
			return mfaerr.NewParameter("A name in the request has several lines.")
		}
	}
	ca := r.Params.TextOr("ca", "")
	for _, name := range r.Params.Names() { // the form chooses the CA and nothing else
		if name != "user" && name != "realm" && name != "resolver" {
			r.Params.Delete(name)
		}
	}
	r.Params.Set("type", "certificate")
	r.Params.Set("request", strings.Join(lines, "\n")+"\n")
	r.Params.Set("spkac", "1")
	if ca != "" {
		r.Params.Set("ca", ca)
	}
	return nil
}

// certificatePage shows the answer of an enrolment as a page.
func (a *API) certificatePage(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		answer, err := next(ctx, r)
		if err != nil {
			return nil, err
		}
		text := answer.detailText("certificate")
		base64 := strings.NewReplacer("\n", "", "\r", "", "-----BEGIN CERTIFICATE-----", "", "-----END CERTIFICATE-----", "").Replace(text)
		who := r.Caller.Username
		if r.Caller.Realm != "" {
			who += "@" + r.Caller.Realm
		}
		return htmlPage(certificateEnrolled, map[string]any{
			"Serial": answer.detailText("serial"), "User": who, "PEM": text,
			"Link": template.URL("data:application/x-x509-user-cert;base64," + base64), //nolint:gosec // Base64 of a certificate that was just made
		})
	}
}

// htmlPage is a page for people. Browsers keep no copy of it.
func htmlPage(text string, values map[string]any) (*Answer, error) {
	t, err := template.New("page").Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, values); err != nil {
		return nil, err
	}
	return &Answer{Status: http.StatusOK, Body: map[string]any{}, Plain: &Plain{Type: "text/html; charset=utf-8", Data: b.Bytes()}}, nil
}
