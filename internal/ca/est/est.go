// Package est is the connector to authorities that speak Enrollment over Secure
// Transport (RFC 7030). Templates are the labels of section 3.2.2.
package est

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/smallstep/pkcs7"

	"edumfa/internal/ca"
	"edumfa/internal/cahttp"
	"edumfa/internal/field"
	"edumfa/internal/secret"
)

// Kind returns the kind.
func Kind() ca.Kind { return kind{} }

type kind struct{}

func (kind) Name() string { return "est" }

func (kind) Fields() []field.Field {
	return append([]field.Field{
		{Name: "url", Type: "string", Required: true, Help: "Address of the server, https://est.example.org; a path other than /.well-known/est may follow."},
		{Name: "labels", Type: "string", Help: "Labels that may be asked for as templates, with commas between them."},
		{Name: "username", Type: "string", Help: "Name for basic authentication, where no client certificate is used."},
		{Name: "password", Type: "password", Help: "Its password."},
	}, cahttp.Fields()...)
}

func (kind) Open(c ca.Config, d ca.Deps) (ca.Connector, error) {
	v := c.Values
	base, err := cahttp.BaseURL(v.String("url", ""))
	if err != nil {
		return nil, err
	}
	if strings.Trim(base.Path, "/") == "" {
		base = base.JoinPath(".well-known", "est")
	}
	client, err := cahttp.New(v, d.Now)
	if err != nil {
		return nil, err
	}
	o := &connector{http: client, base: base, user: v.String("username", ""), password: v.Secret("password")}
	for label := range strings.SplitSeq(v.String("labels", ""), ",") {
		if label = strings.TrimSpace(label); label != "" {
			o.labels = append(o.labels, label)
		}
	}
	return o, nil
}

type connector struct {
	http     *cahttp.Client
	base     *url.URL
	labels   []string
	user     string
	password secret.String
}

var (
	_ ca.Connector = (*connector)(nil)
	_ ca.Pender    = (*connector)(nil)
	_ ca.Templater = (*connector)(nil)
	_ ca.Chained   = (*connector)(nil)
	_ ca.Checker   = (*connector)(nil)
)

// Sign sends the request (section 4.2). An authority that answers later is asked
// with the same request again, so the request is its own name.
func (o *connector) Sign(ctx context.Context, r ca.Request) (ca.Issued, error) {
	if err := ca.OnlyOwnSubject(r); err != nil {
		return ca.Issued{}, err
	}
	return o.enrol(ctx, r.Template, r.CSR)
}

func (o *connector) enrol(ctx context.Context, label string, csr *x509.CertificateRequest) (ca.Issued, error) {
	text := base64.StdEncoding.EncodeToString(csr.Raw)
	res, err := o.ask(ctx, http.MethodPost, label, "simpleenroll", []byte(text))
	if err != nil {
		return ca.Issued{}, err
	}
	switch res.Status {
	case http.StatusOK:
	case http.StatusAccepted:
		return ca.Issued{Pending: true, RequestID: label + "|" + text}, nil
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound:
		return ca.Issued{}, &ca.Refused{Reason: reason(res)}
	default:
		return ca.Issued{}, fmt.Errorf("the EST server answers with status %d", res.Status)
	}
	list, err := certificates(res.Body)
	if err != nil {
		return ca.Issued{}, err
	}
	for i, c := range list {
		if ca.CheckIssued(csr, c) == nil {
			return ca.Issued{Certificate: c, Chain: append(list[:i:i], list[i+1:]...)}, nil
		}
	}
	return ca.Issued{}, errors.New("the EST server sent no certificate for the key of the request")
}

// Pending asks with the same request again (section 4.2.3).
func (o *connector) Pending(ctx context.Context, requestID string) (ca.State, ca.Issued, error) {
	label, text, ok := strings.Cut(requestID, "|")
	der, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		return ca.Waiting, ca.Issued{}, errors.New("the name of the pending request is not this connector's")
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return ca.Waiting, ca.Issued{}, fmt.Errorf("pending request: %w", err)
	}
	issued, err := o.enrol(ctx, label, csr)
	if _, refused := errors.AsType[*ca.Refused](err); refused {
		return ca.Denied, ca.Issued{}, nil
	}
	if err != nil || issued.Pending {
		return ca.Waiting, ca.Issued{}, err
	}
	return ca.Granted, issued, nil
}

// Revoke is not part of the protocol.
func (o *connector) Revoke(context.Context, *x509.Certificate, ca.Reason) error {
	return errors.New("EST knows no revocation: the certificate must be revoked at the authority")
}

// Templates are the labels of the definition.
func (o *connector) Templates(context.Context) (map[string]any, error) {
	list := make(map[string]any, len(o.labels))
	for _, l := range o.labels {
		list[l] = ""
	}
	return list, nil
}

// Chain are the authority's own certificates (section 4.1).
func (o *connector) Chain(ctx context.Context) ([]*x509.Certificate, error) {
	res, err := o.ask(ctx, http.MethodGet, "", "cacerts", nil)
	if err != nil {
		return nil, err
	}
	if res.Status != http.StatusOK {
		return nil, fmt.Errorf("the EST server answers with status %d", res.Status)
	}
	return certificates(res.Body)
}

// Check asks for the authority's certificates, which needs no right.
func (o *connector) Check(ctx context.Context) error {
	_, err := o.Chain(ctx)
	return err
}

func (o *connector) ask(ctx context.Context, method, label, what string, body []byte) (cahttp.Response, error) {
	u := o.base
	if label != "" {
		u = u.JoinPath(url.PathEscape(label))
	}
	r := cahttp.Request{Method: method, URL: u.JoinPath(what).String(), Body: body, Header: map[string]string{"Accept": "application/pkcs7-mime"}, User: o.user, Password: o.password.Reveal()}
	if body != nil {
		r.Header["Content-Type"], r.Header["Content-Transfer-Encoding"] = "application/pkcs10", "base64"
	}
	return o.http.Do(ctx, r)
}

// reason is the text that section 4.2.3 lets servers send with a refusal.
func reason(res cahttp.Response) string {
	const longest = 200
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
		return fmt.Sprintf("status %d", res.Status)
	}
	text := strings.ToValidUTF8(string(res.Body[:min(len(res.Body), longest)]), "")
	return strings.Join(strings.Fields(text), " ")
}

// certificates reads a certs-only message (RFC 5751, 3.2.2) in base64, with or
// without line breaks.
func certificates(body []byte) (list []*x509.Certificate, err error) {
	defer func() { // the reader of BER was not made for every enemy
		if p := recover(); p != nil {
			list, err = nil, errors.New("the certificates of the EST server cannot be read")
		}
	}()
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(body)), ""))
	if err != nil {
		return nil, errors.New("the certificates of the EST server are not base64")
	}
	message, err := pkcs7.Parse(der)
	if err != nil {
		return nil, fmt.Errorf("the certificates of the EST server: %w", err)
	}
	if len(message.Certificates) == 0 {
		return nil, errors.New("the EST server sent no certificate")
	}
	return message.Certificates, nil
}
