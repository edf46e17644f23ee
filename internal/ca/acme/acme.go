// Package acme is the connector to authorities that speak ACME (RFC 8555), with
// external account binding (section 7.3.4). Names are proved by http-01 through a
// folder that a web server publishes; authorities that have approved an account's
// names beforehand ask for no proof.
package acme

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/acme"

	"edumfa/internal/ca"
	"edumfa/internal/cahttp"
	"edumfa/internal/field"
)

// Kind returns the kind.
func Kind() ca.Kind { return kind{} }

type kind struct{}

func (kind) Name() string { return "acme" }

func (kind) Fields() []field.Field {
	return append([]field.Field{
		{Name: "url", Type: "string", Required: true, Help: "Address of the directory, https://acme.example.org/directory."},
		{Name: "account_key", Type: "string", Required: true, Help: "File with the account's key (PEM); made when it is not there. All servers need the same one."},
		{Name: "contact", Type: "string", Help: "Mail address of the account."},
		{Name: "eab_kid", Type: "string", Help: "Key identifier of the external account binding."},
		{Name: "eab_hmac_key", Type: "password", Help: "Its key, base64url as the authority gives it."},
		{Name: "http01_folder", Type: "string", Help: "Folder that is published as http://<name>/.well-known/acme-challenge/."},
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
	o := &connector{http: client, directory: base.String(), keyFile: v.String("account_key", ""), folder: v.String("http01_folder", ""), kid: v.String("eab_kid", "")}
	if o.keyFile == "" {
		return nil, errors.New("option account_key is missing")
	}
	if c := v.String("contact", ""); c != "" {
		o.contact = []string{"mailto:" + c}
	}
	if o.kid != "" {
		text := strings.TrimRight(v.Secret("eab_hmac_key").Reveal(), "=")
		if o.hmac, err = base64.RawURLEncoding.DecodeString(text); err != nil || len(o.hmac) == 0 {
			return nil, errors.New("option eab_hmac_key is not base64url")
		}
	}
	return o, nil
}

type connector struct {
	http               *cahttp.Client
	directory, keyFile string
	folder             string
	contact            []string
	kid                string
	hmac               []byte

	mu     sync.Mutex
	client *acme.Client // with an account, once there is one
}

var (
	_ ca.Connector = (*connector)(nil)
	_ ca.Pender    = (*connector)(nil)
	_ ca.Checker   = (*connector)(nil)
)

// Sign orders a certificate for the names of the request (section 7.4). An order
// that the authority is still working on is pending.
func (o *connector) Sign(ctx context.Context, r ca.Request) (ca.Issued, error) {
	if err := ca.OnlyOwnSubject(r); err != nil {
		return ca.Issued{}, err
	}
	ctx, cancel := o.within(ctx)
	defer cancel()
	names := identifiers(r.CSR)
	if len(names) == 0 {
		return ca.Issued{}, &ca.Refused{Reason: "the request has no name that could be ordered"}
	}
	client, err := o.account(ctx)
	if err != nil {
		return ca.Issued{}, err
	}
	order, err := client.AuthorizeOrder(ctx, names)
	if err != nil {
		return ca.Issued{}, readable(err)
	}
	if err := o.prove(ctx, client, order); err != nil {
		return ca.Issued{}, err
	}
	wait, stop := context.WithTimeout(ctx, o.http.Timeout)
	defer stop()
	ready, err := client.WaitOrder(wait, order.URI)
	if err != nil {
		return ca.Issued{}, readable(err)
	}
	chain, err := finalize(wait, client, order.URI, ready.FinalizeURL, r.CSR.Raw)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return ca.Issued{Pending: true, RequestID: order.URI}, nil
	}
	if err != nil {
		return ca.Issued{}, readable(err)
	}
	issued, err := parse(chain)
	if err != nil {
		return ca.Issued{}, err
	}
	issued.RequestID = order.URI
	return issued, ca.CheckIssued(r.CSR, issued.Certificate)
}

// finalize sends the request and waits for the chain. Servers need not say again
// where the order is (section 7.4), without which the library cannot wait: then
// it is asked for by the address that it had.
func finalize(ctx context.Context, client *acme.Client, orderURL, finalizeURL string, csr []byte) ([][]byte, error) {
	chain, _, err := client.CreateOrderCert(ctx, finalizeURL, csr, true)
	if err == nil {
		return chain, nil
	}
	if _, refused := errors.AsType[*acme.Error](err); refused {
		return nil, err
	}
	order, later := client.WaitOrder(ctx, orderURL)
	if later != nil {
		return nil, later
	}
	if order.Status != acme.StatusValid {
		return nil, err
	}
	return client.FetchCert(ctx, order.CertURL, true)
}

// identifiers are what the request is about: names of hosts, mail addresses
// (RFC 8823), addresses (RFC 8738), or else its common name.
func identifiers(csr *x509.CertificateRequest) []acme.AuthzID {
	list := acme.DomainIDs(csr.DNSNames...)
	for _, ip := range csr.IPAddresses {
		list = append(list, acme.IPIDs(ip.String())...)
	}
	for _, mail := range csr.EmailAddresses {
		list = append(list, acme.AuthzID{Type: "email", Value: mail})
	}
	if len(list) == 0 && csr.Subject.CommonName != "" {
		list = acme.DomainIDs(csr.Subject.CommonName)
	}
	return list
}

// Pending asks how an order stands (section 7.1.3).
func (o *connector) Pending(ctx context.Context, requestID string) (ca.State, ca.Issued, error) {
	ctx, cancel := o.within(ctx)
	defer cancel()
	client, err := o.account(ctx)
	if err != nil {
		return ca.Waiting, ca.Issued{}, err
	}
	order, err := client.GetOrder(ctx, requestID)
	if err != nil {
		return ca.Waiting, ca.Issued{}, readable(err)
	}
	switch order.Status {
	case acme.StatusInvalid, acme.StatusExpired, acme.StatusDeactivated, acme.StatusRevoked:
		return ca.Denied, ca.Issued{}, nil
	case acme.StatusValid:
	default:
		return ca.Waiting, ca.Issued{}, nil
	}
	chain, err := client.FetchCert(ctx, order.CertURL, true)
	if err != nil {
		return ca.Waiting, ca.Issued{}, readable(err)
	}
	issued, err := parse(chain)
	if err != nil {
		return ca.Waiting, ca.Issued{}, err
	}
	return ca.Granted, issued, nil
}

// Revoke takes a certificate back (section 7.6).
func (o *connector) Revoke(ctx context.Context, c *x509.Certificate, reason ca.Reason) error {
	ctx, cancel := o.within(ctx)
	defer cancel()
	client, err := o.account(ctx)
	if err != nil {
		return err
	}
	return readable(client.RevokeCert(ctx, nil, c.Raw, acme.CRLReasonCode(reason)))
}

// within bounds all requests of one call together: the library asks again after
// failures as long as it may.
func (o *connector) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 3*o.http.Timeout)
}

// Check reads the directory.
func (o *connector) Check(ctx context.Context) error {
	ctx, cancel := o.within(ctx)
	defer cancel()
	c := &acme.Client{HTTPClient: o.http.HTTP, DirectoryURL: o.directory}
	_, err := c.Discover(ctx)
	return readable(err)
}

// account is a client whose account exists at the authority.
func (o *connector) account(ctx context.Context) (*acme.Client, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.client != nil {
		return o.client, nil
	}
	key, err := accountKey(o.keyFile)
	if err != nil {
		return nil, err
	}
	c := &acme.Client{Key: key, HTTPClient: o.http.HTTP, DirectoryURL: o.directory, UserAgent: "edumfa"}
	if err := o.register(ctx, c); err != nil {
		return nil, readable(err)
	}
	o.client = c
	return c, nil
}

func (o *connector) register(ctx context.Context, c *acme.Client) error {
	// An account that the key already has needs no binding again.
	if _, err := c.GetReg(ctx, ""); err == nil {
		return nil
	} else if !errors.Is(err, acme.ErrNoAccount) {
		return err
	}
	a := &acme.Account{Contact: o.contact}
	if o.kid != "" {
		a.ExternalAccountBinding = &acme.ExternalAccountBinding{KID: o.kid, Key: o.hmac}
	}
	_, err := c.Register(ctx, a, acme.AcceptTOS)
	if errors.Is(err, acme.ErrAccountAlreadyExists) {
		return nil
	}
	return err
}

func parse(chain [][]byte) (ca.Issued, error) {
	var list []*x509.Certificate
	for _, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return ca.Issued{}, fmt.Errorf("certificate of the ACME server: %w", err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return ca.Issued{}, errors.New("the ACME server sent no certificate")
	}
	return ca.Issued{Certificate: list[0], Chain: list[1:]}, nil
}

// readable tells refusals from failures.
func readable(err error) error {
	if problem, ok := errors.AsType[*acme.Error](err); ok && problem.StatusCode >= 400 && problem.StatusCode < 500 && problem.StatusCode != 429 {
		return &ca.Refused{Reason: problem.Detail}
	}
	if e, ok := errors.AsType[*acme.OrderError](err); ok {
		return &ca.Refused{Reason: "the order is " + e.Status}
	}
	if e, ok := errors.AsType[*acme.AuthorizationError](err); ok {
		return &ca.Refused{Reason: "the name " + e.Identifier + " could not be proved"}
	}
	return err
}
