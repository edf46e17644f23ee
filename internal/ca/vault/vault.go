// Package vault is the connector to the PKI secrets engine of Vault and OpenBao,
// by its HTTP interface. Templates are the engine's roles.
package vault

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"edumfa/internal/ca"
	"edumfa/internal/cahttp"
	"edumfa/internal/field"
)

// Kind returns the kind.
func Kind() ca.Kind { return kind{} }

type kind struct{}

func (kind) Name() string { return "vault" }

func (kind) Fields() []field.Field {
	return append([]field.Field{
		{Name: "url", Type: "string", Required: true, Help: "Address of the server, https://vault.example.org:8200."},
		{Name: "mount", Type: "string", Default: "pki", Help: "Path of the PKI secrets engine."},
		{Name: "role", Type: "string", Required: true, Help: "Role of the engine that signs when no template is asked for."},
		{Name: "namespace", Type: "string", Help: "Namespace of the engine."},
		{Name: "ttl", Type: "string", Help: "Lifetime to ask for, as 720h; empty for the role's."},
		{Name: "token", Type: "password", Help: "Token to log in with, or"},
		{Name: "role_id", Type: "string", Help: "name for a login by AppRole, with"},
		{Name: "secret_id", Type: "password", Help: "its secret."},
		{Name: "approle_mount", Type: "string", Default: "approle", Help: "Path of the AppRole login."},
	}, cahttp.Fields()...)
}

func (kind) Open(c ca.Config, d ca.Deps) (ca.Connector, error) {
	v := c.Values
	base, err := cahttp.BaseURL(v.String("url", ""))
	if err != nil {
		return nil, err
	}
	client, err := cahttp.New(v, d.Now)
	if err != nil {
		return nil, err
	}
	o := &connector{
		http: client, base: base, namespace: v.String("namespace", ""), role: v.String("role", ""), ttl: v.String("ttl", ""),
		mount: strings.Trim(v.String("mount", "pki"), "/"),
	}
	if o.role == "" {
		return nil, errors.New("option role is missing")
	}
	token, roleID := v.Secret("token"), v.String("role_id", "")
	if token.Reveal() == "" && roleID == "" {
		return nil, errors.New("either token or role_id is needed")
	}
	o.login = &login{token: token.Reveal(), fixed: token.Reveal() != "", roleID: roleID, secretID: v.Secret("secret_id"),
		path: "auth/" + strings.Trim(v.String("approle_mount", "approle"), "/") + "/login", now: d.Now}
	return o, nil
}

type connector struct {
	http                        *cahttp.Client
	base                        *url.URL
	mount, namespace, role, ttl string
	login                       *login
}

var (
	_ ca.Connector = (*connector)(nil)
	_ ca.Templater = (*connector)(nil)
	_ ca.CRLMaker  = (*connector)(nil)
	_ ca.Chained   = (*connector)(nil)
	_ ca.Checker   = (*connector)(nil)
)

// Sign lets a role of the engine sign. What the request may ask for is the
// role's to say.
func (o *connector) Sign(ctx context.Context, r ca.Request) (ca.Issued, error) {
	if err := ca.OnlyOwnSubject(r); err != nil {
		return ca.Issued{}, err
	}
	role := o.role
	if r.Template != "" {
		role = r.Template
	}
	body := map[string]any{
		"csr":    string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: r.CSR.Raw})),
		"format": "pem",
	}
	if cn := r.CSR.Subject.CommonName; cn != "" {
		body["common_name"] = cn
	}
	if o.ttl != "" {
		body["ttl"] = o.ttl
	}
	var out struct {
		Certificate string   `json:"certificate"`
		IssuingCA   string   `json:"issuing_ca"`
		Chain       []string `json:"ca_chain"`
	}
	if err := o.call(ctx, http.MethodPost, o.mount+"/sign/"+url.PathEscape(role), body, &out); err != nil {
		return ca.Issued{}, err
	}
	if len(out.Chain) == 0 && out.IssuingCA != "" {
		out.Chain = []string{out.IssuingCA}
	}
	list, err := ca.ParseChain([]byte(out.Certificate + "\n" + strings.Join(out.Chain, "\n")))
	if err != nil {
		return ca.Issued{}, fmt.Errorf("answer of the PKI engine: %w", err)
	}
	if len(list) == 0 {
		return ca.Issued{}, errors.New("answer of the PKI engine: there is no certificate")
	}
	if err := ca.CheckIssued(r.CSR, list[0]); err != nil {
		return ca.Issued{}, err
	}
	return ca.Issued{Certificate: list[0], Chain: list[1:]}, nil
}

// Revoke takes a certificate back. The engine knows no reasons.
func (o *connector) Revoke(ctx context.Context, c *x509.Certificate, _ ca.Reason) error {
	text := strings.ToLower(ca.SerialText(c.SerialNumber))
	pairs := make([]string, 0, len(text)/2)
	for i := 0; i < len(text); i += 2 {
		pairs = append(pairs, text[i:i+2])
	}
	return o.call(ctx, http.MethodPost, o.mount+"/revoke", map[string]any{"serial_number": strings.Join(pairs, ":")}, nil)
}

// Templates are the roles. Tokens that may not list them have none.
func (o *connector) Templates(ctx context.Context) (map[string]any, error) {
	var out struct {
		Keys []string `json:"keys"`
	}
	if err := o.call(ctx, http.MethodGet, o.mount+"/roles?list=true", nil, &out); err != nil {
		return nil, err
	}
	list := make(map[string]any, len(out.Keys))
	for _, k := range out.Keys {
		list[k] = ""
	}
	return list, nil
}

// CRL is the list that the engine serves.
func (o *connector) CRL(ctx context.Context) ([]byte, error) {
	res, err := o.http.Do(ctx, cahttp.Request{Method: http.MethodGet, URL: o.url(o.mount + "/crl"), Header: o.header("")})
	if err != nil {
		return nil, err
	}
	if res.Status != http.StatusOK {
		return nil, fmt.Errorf("the PKI engine has no CRL (status %d)", res.Status)
	}
	if _, err := x509.ParseRevocationList(res.Body); err != nil {
		return nil, fmt.Errorf("CRL of the PKI engine: %w", err)
	}
	return res.Body, nil
}

// MakeCRL lets the engine make a new list; it does so by itself when it is due.
func (o *connector) MakeCRL(ctx context.Context, ifDue bool) (string, error) {
	if ifDue {
		return "", nil
	}
	return o.url(o.mount + "/crl"), o.call(ctx, http.MethodGet, o.mount+"/crl/rotate", nil, nil)
}

// Chain are the engine's own certificates.
func (o *connector) Chain(ctx context.Context) ([]*x509.Certificate, error) {
	res, err := o.http.Do(ctx, cahttp.Request{Method: http.MethodGet, URL: o.url(o.mount + "/ca_chain"), Header: o.header("")})
	if err != nil {
		return nil, err
	}
	if res.Status != http.StatusOK {
		return nil, fmt.Errorf("the PKI engine tells no chain (status %d)", res.Status)
	}
	return ca.ParseChain(res.Body)
}

// Check asks whether the server is initialised and unsealed.
func (o *connector) Check(ctx context.Context) error {
	res, err := o.http.Do(ctx, cahttp.Request{Method: http.MethodGet, URL: o.url("sys/health"), Header: o.header("")})
	if err != nil {
		return err
	}
	switch res.Status {
	case http.StatusOK, http.StatusTooManyRequests, 472, 473: // active, or a standby that passes requests on
		return nil
	case http.StatusNotImplemented:
		return errors.New("the server is not initialised")
	case http.StatusServiceUnavailable:
		return errors.New("the server is sealed")
	}
	return fmt.Errorf("the server answers with status %d", res.Status)
}

func (o *connector) url(path string) string {
	u := *o.base
	path, query, _ := strings.Cut(path, "?")
	u.RawQuery = query
	return u.JoinPath("v1", path).String()
}

func (o *connector) header(token string) map[string]string {
	h := map[string]string{"X-Vault-Request": "true"}
	if o.namespace != "" {
		h["X-Vault-Namespace"] = o.namespace
	}
	if token != "" {
		h["X-Vault-Token"] = token
	}
	return h
}

// call makes a request with a token and reads data of the answer into out. A
// token that is no longer taken is replaced once.
func (o *connector) call(ctx context.Context, method, path string, in, out any) error {
	for again := range 2 {
		token, err := o.login.get(ctx, o)
		if err != nil {
			return err
		}
		res, err := o.ask(ctx, method, path, token, in)
		if err != nil {
			return err
		}
		if res.Status == http.StatusForbidden && again == 0 && o.login.drop(token) {
			continue
		}
		return read(res, out)
	}
	return nil
}

func (o *connector) ask(ctx context.Context, method, path, token string, in any) (cahttp.Response, error) {
	r := cahttp.Request{Method: method, URL: o.url(path), Header: o.header(token)}
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return cahttp.Response{}, err
		}
		r.Body, r.Header["Content-Type"] = body, "application/json"
	}
	return o.http.Do(ctx, r)
}

func read(res cahttp.Response, out any) error {
	if res.Status == http.StatusNoContent {
		return nil
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []string        `json:"errors"`
	}
	err := json.Unmarshal(res.Body, &answer)
	switch {
	case res.Status == http.StatusBadRequest:
		return &ca.Refused{Reason: strings.Join(answer.Errors, "; ")}
	case res.Status != http.StatusOK:
		return fmt.Errorf("the PKI engine answers with status %d: %s", res.Status, strings.Join(answer.Errors, "; "))
	case err != nil:
		return fmt.Errorf("answer of the PKI engine: %w", err)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(answer.Data, out); err != nil {
		return fmt.Errorf("answer of the PKI engine: %w", err)
	}
	return nil
}
