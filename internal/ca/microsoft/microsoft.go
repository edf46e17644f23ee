// Package microsoft reaches a Microsoft certificate authority through its worker,
// a gRPC service on a Windows server (ms-ca-service, CAService). The worker signs
// what it is sent; an authority whose managers approve requests answers later.
package microsoft

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/ca"
	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

// Settings of a connector.
const (
	setHost     = "hostname"
	setPort     = "port"
	setProxy    = "http_proxy"
	setCA       = "ca"
	setTLS      = "use_ssl"
	setTLSRoot  = "ssl_ca_cert"
	setTLSCert  = "ssl_client_cert"
	setTLSKey   = "ssl_client_key"
	setPassword = "ssl_client_key_password"
)

// Dispositions of a request (ICertRequest2, Windows CryptoAPI).
const (
	denied      = 2
	issued      = 3
	issuedOther = 4 // out of band
	pending     = 5
)

// A worker that failed this often in a row is left alone for a while.
const (
	failures = 3
	pause    = 20 * time.Second
)

// Kind makes connectors to workers.
type Kind struct{}

var (
	_ ca.Kind      = Kind{}
	_ ca.Connector = (*worker)(nil)
	_ ca.Pender    = (*worker)(nil)
	_ ca.Templater = (*worker)(nil)
	_ ca.Checker   = (*worker)(nil)
	_ ca.Choices   = (*worker)(nil)
)

// Name is the kind as the database has it.
func (Kind) Name() string { return "microsoft" }

// Fields describe the settings.
func (Kind) Fields() []field.Field {
	return []field.Field{
		{Name: setHost, Type: "string", Required: true, Help: "Host name of the worker."},
		{Name: setPort, Type: "string", Required: true, Help: "TCP port of the worker."},
		{Name: setProxy, Type: "string", Help: "Whether the HTTP proxy of the environment is used."},
		{Name: setCA, Type: "string", Help: "Authority behind the worker, as host\\name."},
		{Name: setTLS, Type: "bool", Help: "Whether the connection is protected by TLS, with a certificate of our own."},
		{Name: setTLSRoot, Type: "string", Help: "PEM file with the certificates that the worker's certificate is checked against."},
		{Name: setTLSCert, Type: "string", Help: "PEM file with the certificate for the worker."},
		{Name: setTLSKey, Type: "string", Help: "PEM file with the private key of that certificate."},
		{Name: setPassword, Type: "password", Help: "Password of the private key."},
	}
}

// Open makes a connector; nothing is asked yet.
func (Kind) Open(c ca.Config, d ca.Deps) (ca.Connector, error) {
	host, port := c.Values.String(setHost, ""), c.Values.String(setPort, "")
	for _, need := range []struct{ name, value string }{{setHost, host}, {setPort, port}} {
		if need.value == "" {
			return nil, mfaerr.NewRequest(mfaerr.CodeCA, "required argument '%s' is missing.", need.name)
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return nil, mfaerr.NewRequest(mfaerr.CodeCA, "The port '%s' of the CA worker is none.", port)
	}
	w := &worker{name: c.Name, ca: c.Values.String(setCA, ""), log: d.Log, conn: &connection{
		address: net.JoinHostPort(host, port), proxy: c.Values.Bool(setProxy, false), dir: d.Dir,
		breaker: newBreaker(d.Now),
	}}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if c.Values.Bool(setTLS, false) {
		f := tlsFiles{ca: c.Values[setTLSRoot], cert: c.Values[setTLSCert], key: c.Values[setTLSKey], password: c.Values.Secret(setPassword)}
		if f.ca == "" || f.cert == "" || f.key == "" {
			return nil, mfaerr.NewRequest(mfaerr.CodeCA, "Incomplete TLS configuration for MSCA worker configuration %s", c.Name)
		}
		w.conn.tls = &f
	}
	return w, nil
}

func newBreaker(now func() time.Time) *breaker.Breaker {
	return breaker.New(breaker.Settings{Failures: failures, Pause: pause, Now: now})
}

// worker is a live connector.
type worker struct {
	name, ca string
	conn     *connection
	log      *slog.Logger
}

// Close ends the connection.
func (w *worker) Close() error { return w.conn.close() }

// Sign hands in a request. The certificate is fetched when the authority issues
// it at once.
func (w *worker) Sign(ctx context.Context, r ca.Request) (ca.Issued, error) {
	if err := ca.OnlyOwnSubject(r); err != nil {
		return ca.Issued{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: r.CSR.Raw})
	f, err := w.conn.call(ctx, issueLimit, "SubmitCSR", message{}.text(1, string(text)).text(2, r.Template).text(3, w.ca))
	if err != nil {
		return ca.Issued{}, known(err)
	}
	out := ca.Issued{RequestID: strconv.Itoa(int(f.numbers[3]))}
	switch f.numbers[1] {
	case issued:
		if out.Certificate, err = w.certificate(ctx, f.numbers[3]); err != nil {
			return ca.Issued{}, err
		}
		if err := ca.CheckIssued(r.CSR, out.Certificate); err != nil {
			return ca.Issued{}, mfaerr.NewRequest(mfaerr.CodeCA, "The CA worker answered with a certificate for another key.").WithCause(err)
		}
		return out, nil
	case pending:
		out.Pending = true
		return out, nil
	}
	reason := f.text(2)
	if _, said := f.status(5); reason == "" {
		reason = said
	}
	if reason == "" {
		reason = fmt.Sprintf("disposition %d", f.numbers[1])
	}
	return ca.Issued{}, &ca.Refused{Reason: reason}
}

// Pending asks how a request stands.
func (w *worker) Pending(ctx context.Context, requestID string) (ca.State, ca.Issued, error) {
	id, err := strconv.ParseInt(requestID, 10, 32)
	if err != nil {
		return ca.Waiting, ca.Issued{}, mfaerr.NewRequest(mfaerr.CodeCA, "%q is no request of a Microsoft CA.", requestID)
	}
	f, err := w.conn.call(ctx, quickLimit, "GetCSRStatus", message{}.text(1, w.ca).number(2, int32(id)))
	if err != nil {
		return ca.Waiting, ca.Issued{}, known(err)
	}
	out := ca.Issued{RequestID: requestID}
	switch f.numbers[1] {
	case denied:
		return ca.Denied, out, nil
	case issued, issuedOther:
		out.Certificate, err = w.certificate(ctx, int32(id))
		if err != nil {
			return ca.Waiting, ca.Issued{}, err
		}
		return ca.Granted, out, nil
	}
	out.Pending = true
	return ca.Waiting, out, nil
}

func (w *worker) certificate(ctx context.Context, id int32) (*x509.Certificate, error) {
	f, err := w.conn.call(ctx, quickLimit, "GetCertificate", message{}.text(1, w.ca).number(2, id))
	if err != nil {
		return nil, known(err)
	}
	block, _ := pem.Decode([]byte(f.text(1)))
	if block == nil {
		_, said := f.status(2)
		return nil, mfaerr.NewRequest(mfaerr.CodeCA, "The CA worker has no certificate for the request %d.", id).WithCause(errors.New(said))
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, mfaerr.NewRequest(mfaerr.CodeCA, "The CA worker's certificate for the request %d cannot be read.", id).WithCause(err)
	}
	return c, nil
}

// Revoke takes a certificate back. Workers of old cannot; then only the log says
// that the certificate has to be revoked at the authority itself.
func (w *worker) Revoke(ctx context.Context, c *x509.Certificate, reason ca.Reason) error {
	serial := strings.ToLower(ca.SerialText(c.SerialNumber))
	f, err := w.conn.call(ctx, issueLimit, "RevokeCertificate", message{}.text(1, w.ca).text(2, serial).number(3, int32(reason)))
	if errors.Is(err, errUnimplemented) {
		w.log.WarnContext(ctx, "the CA worker cannot revoke: the certificate has to be revoked at the authority", "connector", w.name, "serial", serial)
		return nil
	}
	if err != nil {
		return err
	}
	if code, said := f.status(1); code != 0 {
		return mfaerr.NewRequest(mfaerr.CodeCA, "The CA worker did not revoke the certificate: %s", said)
	}
	return nil
}

// Templates are the names of the authority's templates; the worker tells nothing
// about them.
func (w *worker) Templates(ctx context.Context) (map[string]any, error) {
	f, err := w.conn.call(ctx, quickLimit, "GetTemplates", message{}.text(1, w.ca))
	if err != nil {
		return nil, known(err)
	}
	out := make(map[string]any, len(f.texts[1]))
	for _, name := range f.texts[1] {
		out[name] = ""
	}
	return out, nil
}

// Choices are the authorities behind the worker.
func (w *worker) Choices(ctx context.Context) (map[string]any, error) {
	f, err := w.conn.call(ctx, quickLimit, "GetCAs", message{})
	if err != nil {
		return nil, known(err)
	}
	list := make([]any, 0, len(f.texts[1]))
	for _, name := range f.texts[1] {
		list = append(list, name)
	}
	return map[string]any{"available_cas": list}, nil
}

// Check asks the worker for anything.
func (w *worker) Check(ctx context.Context) error {
	_, err := w.Choices(ctx)
	return err
}

// known turns a method that every worker has but this into an error for people.
func known(err error) error {
	if errors.Is(err, errUnimplemented) {
		return mfaerr.NewRequest(mfaerr.CodeCA, "The service at the port of the CA worker is none.").WithCause(err)
	}
	return err
}
