package certificate

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Sizes of RSA keys that the server makes, in bits. Larger ones take minutes.
const (
	usualKeySize = 2048
	maxKeySize   = 4096
)

// Enroll takes a request (parameter request, with spkac that of a browser of
// old), or makes key and request (genkey), or takes a certificate.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	out, err := e.TakeKey(t, p, tokentype.KeyRules{})
	if err != nil {
		return out, err
	}
	for k := range t.Info { // what an earlier enrolment left
		if k == infoCA || k == infoCertificate || k == infoKey || k == infoRequestID || k == infoRequest || k == infoTemplate || strings.HasPrefix(k, attestPrefix) {
			delete(t.Info, k)
		}
	}
	t.State = ""
	text := func(name string) string { v, _ := p.Text(name); return v }
	rule, err := readAttestRule(e)
	if err != nil {
		return out, err
	}
	switch {
	case text("request") != "" && p.Bool("spkac"):
		err = enrolSPKAC(ctx, e, t, p, rule, &out)
	case text("request") != "":
		err = enrolRequest(ctx, e, t, p, rule, &out)
	case p.Bool("genkey"):
		err = enrolGenerated(ctx, e, t, p, rule, &out)
	case text("certificate") != "":
		err = enrolUploaded(e, t, p, rule, &out)
	default:
		err = mfaerr.NewParameter("Missing parameter: one of 'request', 'genkey' and 'certificate'")
	}
	return out, err
}

func enrolRequest(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, rule attestRule, out *tokentype.Enrolled) error {
	o, err := newOrder(ctx, e, p)
	if err != nil {
		return err
	}
	text, _ := p.Text("request")
	if o.request.CSR, err = parseRequest(text); err != nil {
		return err
	}
	if err := checkKey(o.request.CSR.PublicKey, o.minRSA); err != nil {
		return err
	}
	attestation, _ := p.Text("attestation")
	if err := rule.apply(e, t, attestation, o.request.CSR.PublicKey); err != nil {
		return err
	}
	o.place(t, out)
	return nil
}

func enrolSPKAC(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, rule attestRule, out *tokentype.Enrolled) error {
	if err := rule.unattestable(); err != nil {
		return err
	}
	o, err := newOrder(ctx, e, p)
	if err != nil {
		return err
	}
	text, _ := p.Text("request")
	s, err := ca.ParseSPKAC(text)
	if err != nil {
		return mfaerr.NewParameter("The request cannot be read.").WithCause(err)
	}
	if err := checkKey(s.PublicKey, o.minRSA); err != nil {
		return err
	}
	o.request.SPKAC, o.request.CommonName = text, s.CommonName()
	if o.request.Subject == nil {
		if o.request.Subject, err = marshal(s.Subject); err != nil {
			return err
		}
	}
	o.place(t, out)
	return nil
}

func enrolGenerated(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, rule attestRule, out *tokentype.Enrolled) error {
	if err := rule.unattestable(); err != nil {
		return err
	}
	o, err := newOrder(ctx, e, p)
	if err != nil {
		return err
	}
	if e.OwnerLogin == "" {
		return mfaerr.NewParameter("Missing parameter: 'user'")
	}
	bits, err := p.Int("keysize", max(usualKeySize, o.minRSA))
	if err != nil {
		return err
	}
	if bits < o.minRSA || bits > maxKeySize {
		return mfaerr.NewParameter("A key that the server makes has %d to %d bits.", o.minRSA, max(o.minRSA, maxKeySize))
	}
	subject := o.request.Subject
	if subject == nil {
		if subject, err = generatedSubject(ctx, e, t); err != nil {
			return err
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{RawSubject: subject, SignatureAlgorithm: x509.SHA256WithRSA}, key)
	if err != nil {
		return err
	}
	if o.request.CSR, err = x509.ParseCertificateRequest(der); err != nil {
		return err
	}
	if err := keepKey(e, t, key); err != nil {
		return err
	}
	pin, _ := p.Text("pin")
	o.key, o.pin = key, secret.New(pin)
	o.place(t, out)
	return nil
}

// keepKey stores the private key, encrypted.
func keepKey(e *tokentype.Env, t *token.Token, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	sealed, err := e.Keys.SealPassword(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	if err != nil {
		return err
	}
	t.Info[infoKey] = token.Info{Value: sealed, Type: token.InfoTypePassword}
	return nil
}

// enrolUploaded keeps a certificate as it came, with those above it behind it.
func enrolUploaded(e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, rule attestRule, out *tokentype.Enrolled) error {
	text, _ := p.Text("certificate")
	list, err := parseCertificates(text)
	if err != nil {
		return mfaerr.NewParameter("The certificate cannot be read: %s.", err)
	}
	for i, c := range list[1:] {
		if err := list[i].CheckSignatureFrom(c); err != nil {
			return mfaerr.NewParameter("The chain of the certificate does not fit: certificate %d is not signed by the one behind it.", i+1).WithCause(err)
		}
	}
	bits, err := minRSA(e)
	if err != nil {
		return err
	}
	if err := checkKey(list[0].PublicKey, bits); err != nil {
		return err
	}
	attestation, _ := p.Text("attestation")
	if err := rule.apply(e, t, attestation, list[0].PublicKey); err != nil {
		return err
	}
	t.Info[infoCertificate] = token.Info{Value: text}
	out.Detail["certificate"], out.Detail["rollout_state"] = text, t.State
	return nil
}

// order is a request on its way to an authority.
type order struct {
	e         *tokentype.Env
	connector ca.Connector
	name      string
	request   ca.Request
	minRSA    int
	key       crypto.Signer // made here; nil for a request that was handed in
	pin       secret.String // protects the file with it
}

// newOrder finds the connector and what policies say about the certificate.
func newOrder(ctx context.Context, e *tokentype.Env, p tokentype.EnrollParams) (*order, error) {
	prescribed := func(name, act string) (string, error) {
		v, _ := p.Text(name)
		if e.Rules == nil {
			return v, nil
		}
		forced, given, err := e.Rules.Text(policy.ScopeEnrollment, act)
		if given {
			v = forced
		}
		return v, err
	}
	name, err := prescribed("ca", actConnector)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, mfaerr.NewParameter("Missing parameter: 'ca'")
	}
	o := &order{e: e}
	if o.request.Template, err = prescribed("template", actTemplate); err != nil {
		return nil, err
	}
	if o.minRSA, err = minRSA(e); err != nil {
		return nil, err
	}
	if o.request.Subject, err = prescribedSubject(ctx, e); err != nil {
		return nil, err
	}
	if e.CA == nil {
		return nil, mfaerr.NewRequest(mfaerr.CodeCA, "There is no CA connector with the name '%s'.", name)
	}
	o.connector, o.name, err = e.CA(name)
	return o, err
}

// place writes what is known before the authority is asked, and how to ask it.
func (o *order) place(t *token.Token, out *tokentype.Enrolled) {
	t.Info[infoCA] = token.Info{Value: o.name}
	if o.request.Template != "" {
		t.Info[infoTemplate] = token.Info{Value: o.request.Template}
	}
	if o.request.CSR != nil {
		t.Info[infoRequest] = token.Info{Value: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: o.request.CSR.Raw}))}
	}
	var issued *x509.Certificate
	out.Outside = &tokentype.Outside{
		Ask: func(ctx context.Context, t *token.Token) (map[string]any, error) {
			got, err := o.connector.Sign(ctx, o.request)
			if err != nil {
				return nil, signError(err)
			}
			issued = got.Certificate
			return o.took(t, got)
		},
		Undo: func(ctx context.Context) error {
			if issued == nil {
				return nil
			}
			return o.connector.Revoke(ctx, issued, ca.CessationOfOperation)
		},
	}
}

// took writes an authority's answer into the token.
func (o *order) took(t *token.Token, got ca.Issued) (map[string]any, error) {
	detail := map[string]any{"certificate": nil}
	if got.RequestID != "" {
		t.Info[infoRequestID] = token.Info{Value: got.RequestID}
	}
	if got.Pending {
		t.State = token.StatePending
		detail["rollout_state"] = t.State
		return detail, nil
	}
	if got.Certificate == nil {
		return nil, mfaerr.NewRequest(mfaerr.CodeCA, "The certificate authority issued no certificate.")
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: got.Certificate.Raw}))
	t.Info[infoCertificate] = token.Info{Value: text}
	detail["certificate"], detail["rollout_state"] = text, t.State
	if o.key == nil {
		return detail, nil
	}
	file, err := bundle(o.e, o.key, got.Certificate, o.pin)
	if err != nil || file == "" {
		return detail, err
	}
	detail["pkcs12"] = file
	discard, err := holds(o.e, actDiscard)
	if discard {
		delete(t.Info, infoKey)
	}
	return detail, err
}

// signError is what a client is told of a connector's error.
func signError(err error) error {
	if r, no := errors.AsType[*ca.Refused](err); no {
		return mfaerr.NewRequest(codeRefused, "%s", r.Reason).WithCause(err)
	}
	if _, known := errors.AsType[*mfaerr.Error](err); known {
		return err
	}
	return mfaerr.NewRequest(mfaerr.CodeCA, "The certificate authority could not be asked.").WithCause(err)
}

// Numbers of errors that clients know.
const (
	codeGeneral = 10
	codeRefused = 504
)

// holds asks a yes-or-no policy of the owner's.
func holds(e *tokentype.Env, act string) (bool, error) {
	if e.Rules == nil {
		return false, nil
	}
	return e.Rules.On(policy.ScopeEnrollment, act)
}
