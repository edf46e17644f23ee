// Package ca is the contract of certificate authorities that sign what
// certificate tokens ask for. A connector is a definition that an administrator
// gave a name; its kind says how requests reach the authority. Kinds live in
// folders below and are listed in app/builtin.go.
package ca

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"time"

	"edumfa/internal/field"
)

// Connector is a live connection to one authority. It is safe for concurrent
// use, and every method ends within its context.
type Connector interface {
	// Sign asks for a certificate. A request that the authority has to think about
	// is no error: [Issued] is pending. An authority that says no is a [*Refused].
	Sign(ctx context.Context, r Request) (Issued, error)
	// Revoke takes a certificate back; it appears in the next CRL.
	Revoke(ctx context.Context, c *x509.Certificate, reason Reason) error
}

// Request is what a token asks an authority for. What a caller puts into the
// certificate request is not trusted: a connector takes subject and names from
// here.
type Request struct {
	// CSR is the PKCS#10 request in DER, its own signature checked.
	CSR *x509.CertificateRequest
	// SPKAC is a browser's request of old, when there is no CSR: its text as it
	// came, with the name in CommonName.
	SPKAC      string
	CommonName string
	// Template is one of the connector's templates, "" for its usual one.
	Template string
	// Subject, when not nil, is the subject of the certificate (an RDNSequence in
	// DER) whatever the request says. A connector whose authority takes it from
	// the request alone answers [Refused].
	Subject []byte
}

// Issued is the outcome of a request.
type Issued struct {
	// Certificate is nil while the request is pending.
	Certificate *x509.Certificate
	// Chain are the certificates above it, without it.
	Chain []*x509.Certificate
	// RequestID is the authority's name for the request, "" when it has none.
	RequestID string
	Pending   bool
}

// Refused is the error of an authority that does not want to sign.
type Refused struct{ Reason string }

func (r *Refused) Error() string { return "the certificate authority refused the request: " + r.Reason }

// ErrRevoked is the error of Revoke for a certificate that is revoked already.
var ErrRevoked = errors.New("the certificate is revoked already")

// State is how far a pending request is.
type State int

// The states of a pending request.
const (
	Waiting State = iota
	Granted       // the certificate is there
	Denied
)

// Pender connectors may answer later.
type Pender interface {
	// Pending asks how a request that was pending stands. Issued has the
	// certificate once the state is Granted.
	Pending(ctx context.Context, requestID string) (State, Issued, error)
}

// Templater connectors offer templates.
type Templater interface {
	// Templates are the names, with what the connector tells about each; the value
	// goes into the connector list as it is.
	Templates(ctx context.Context) (map[string]any, error)
}

// CRLMaker connectors publish a list of revoked certificates.
type CRLMaker interface {
	// CRL is the current list, DER. It makes a new one when there is none, when
	// something was revoked, or when less than the overlap is left of it.
	CRL(ctx context.Context) ([]byte, error)
	// MakeCRL makes a new list now, or with ifDue only when CRL would, and returns
	// where it is kept, "" when it was not due.
	MakeCRL(ctx context.Context, ifDue bool) (path string, err error)
}

// Responder connectors answer OCSP requests (RFC 6960).
type Responder interface {
	// OCSP answers a request in DER; a bad one is answered too.
	OCSP(ctx context.Context, request []byte, now time.Time) (response []byte, err error)
}

// Chained connectors know the certificates above what they issue.
type Chained interface {
	Chain(ctx context.Context) ([]*x509.Certificate, error)
}

// Checker connectors can say whether the authority is there.
type Checker interface {
	Check(ctx context.Context) error
}

// Choices connectors offer values for settings that only the authority knows,
// as the field's user interface asks for them while a connector is made.
type Choices interface {
	Choices(ctx context.Context) (map[string]any, error)
}

// Creator kinds can set up an authority, or a connector to one, in a conversation
// at the command line.
type Creator interface {
	// Create asks what it has to know and returns the values of the new connector.
	Create(ctx context.Context, c Creation) (field.Values, error)
}

// Creation is what a new connector is made of.
type Creation struct {
	Name string
	// Issuer, when not nil, is to sign the new authority's certificate.
	Issuer Connector
	Dialogue
	Deps Deps
}

// Dialogue is a conversation with an administrator.
type Dialogue interface {
	// Ask puts a question unless the command line answers it as the option. An
	// empty answer means usual. The error is that nobody answers any more.
	Ask(option, question, usual string) (string, error)
	// Option is what the command line says, "" when it says nothing.
	Option(name string) string
	Say(text string)
}

// Reason is why a certificate is revoked (RFC 5280, 5.3.1).
type Reason int

// The reasons an administrator may give.
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	CACompromise         Reason = 2
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
)

// Config is what a connector is opened with: the values of its definition, the
// secret ones opened.
type Config struct {
	Name   string
	Values field.Values
}

// Deps is what kinds are given.
type Deps struct {
	Now  func() time.Time
	Rand io.Reader
	Log  *slog.Logger
	// Dir is where relative file names of settings start.
	Dir string
	// Lock keeps servers apart that issue for one authority.
	Lock Lock
}

// Lock keeps other requests and other servers away from one authority's files
// while f runs. It is kept in the database.
type Lock interface {
	Hold(ctx context.Context, name string, f func(ctx context.Context) error) error
}

// Kind makes connectors.
type Kind interface {
	// Name is the type in the database: local, microsoft.
	Name() string
	// Fields describe the values; those of type password are secret.
	Fields() []field.Field
	// Open makes a connector. It must not wait: whether the authority is there is
	// asked later. An error is a setting that can never work. A connector that is an
	// [io.Closer] is closed when its settings have changed.
	Open(c Config, d Deps) (Connector, error)
}

// SerialText is a serial number as files and lists of the field have it: hex,
// upper case, an even number of digits.
func SerialText(n *big.Int) string {
	text := n.Text(16)
	if len(text)%2 == 1 {
		text = "0" + text
	}
	b := []byte(text)
	for i, c := range b {
		if 'a' <= c && c <= 'f' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
