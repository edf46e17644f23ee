package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
	"edumfa/internal/ocspwire"
)

// How long others may keep what authorities publish.
const (
	crlKept  = 5 * time.Minute
	ocspKept = 20 * time.Minute // less than half of what a response holds
)

// publicCA finds the connector that a path names; its name may end with the
// suffix that files of the kind have.
func publicCA(r *Request, suffix string) (ca.Connector, error) {
	name := r.HTTP.PathValue("caconnector")
	i, known := r.Snap.CAs.Find(name)
	if !known {
		if i, known = r.Snap.CAs.Find(strings.TrimSuffix(name, suffix)); !known {
			return nil, mfaerr.NewNotFound("There is no such certificate authority.")
		}
	}
	c, err := i.Connector()
	if err != nil {
		return nil, mfaerr.NewNotFound("There is no such certificate authority.").WithCause(err)
	}
	return c, nil
}

// caCRL is the list of revoked certificates of an authority (RFC 5280), DER, for
// everybody.
func (a *API) caCRL(ctx context.Context, r *Request) (*Answer, error) {
	c, err := publicCA(r, ".crl")
	if err != nil {
		return nil, err
	}
	maker, ok := c.(ca.CRLMaker)
	if !ok {
		return nil, mfaerr.NewNotFound("This certificate authority has no list here.")
	}
	der, err := maker.CRL(ctx)
	if err != nil {
		return nil, &mfaerr.Error{Kind: mfaerr.Busy, Code: mfaerr.CodeCA, Public: "The list is not available.", Cause: err}
	}
	return published(r, "application/pkix-crl", der, crlKept), nil
}

// caCertificate is the certificate of an authority, DER (RFC 5280, 4.2.2.1).
func (a *API) caCertificate(ctx context.Context, r *Request) (*Answer, error) {
	c, err := publicCA(r, ".crt")
	if err != nil {
		return nil, err
	}
	chained, ok := c.(ca.Chained)
	if !ok {
		return nil, mfaerr.NewNotFound("This certificate authority has no certificate here.")
	}
	chain, err := chained.Chain(ctx)
	if err != nil || len(chain) == 0 {
		return nil, &mfaerr.Error{Kind: mfaerr.Busy, Code: mfaerr.CodeCA, Public: "The certificate is not available.", Cause: err}
	}
	return published(r, "application/pkix-cert", chain[0].Raw, crlKept), nil
}

// published is an answer that anybody may keep for a while. Who has it already
// is told so.
func published(r *Request, kind string, data []byte, kept time.Duration) *Answer {
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	p := &Plain{Type: kind, Data: data, Header: map[string]string{
		"Cache-Control": "public, no-transform, must-revalidate, max-age=" + strconv.Itoa(int(kept.Seconds())),
		"ETag":          tag, "Expires": r.Now.Add(kept).UTC().Format(http.TimeFormat), "X-Content-Type-Options": "nosniff",
	}}
	status := http.StatusOK
	if strings.Contains(r.HTTP.Header.Get("If-None-Match"), tag) {
		status = http.StatusNotModified
	}
	return &Answer{Status: status, Body: map[string]any{}, Plain: p}
}

// caOCSP answers a question about certificates (RFC 6960), by POST or, with the
// request as base64 in the path, by GET (appendix A.1).
func (a *API) caOCSP(ctx context.Context, r *Request) (*Answer, error) {
	c, err := publicCA(r, "")
	if err != nil {
		return nil, err
	}
	responder, ok := c.(ca.Responder)
	if !ok {
		return nil, mfaerr.NewNotFound("This certificate authority answers no questions here.")
	}
	request, byGet := r.Body, r.HTTP.Method != http.MethodPost
	if byGet {
		request = ocspFromPath(r.HTTP.PathValue("request"))
	}
	response, err := responder.OCSP(ctx, request, r.Now)
	if err != nil {
		return nil, &mfaerr.Error{Kind: mfaerr.Busy, Code: mfaerr.CodeCA, Public: "No response can be made.", Cause: err}
	}
	const kind = "application/ocsp-response"
	if q, err := ocspwire.ParseRequest(request); byGet && err == nil && q.Nonce == nil && len(response) > ocspFailure {
		return published(r, kind, response, ocspKept), nil
	}
	return &Answer{Status: http.StatusOK, Body: map[string]any{}, Plain: &Plain{Type: kind, Data: response, Header: map[string]string{"X-Content-Type-Options": "nosniff"}}}, nil
}

// ocspFailure is the length of a response that says no more than what is wrong.
const ocspFailure = 16

// ocspFromPath decodes a request of a path; some clients write escapes twice. Nil
// is no request.
func ocspFromPath(text string) []byte {
	if strings.Contains(text, "%") {
		if once, err := url.PathUnescape(text); err == nil {
			text = once
		}
	}
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, " ", "+"))
	if err != nil {
		return nil
	}
	return b
}

// ocspPrefix begins the paths that end with a request.
const ocspPrefix = "/certificate/ocsp/"

// ocspPaths lets requests in base64 have slashes, also several in a row, which
// would be taken for a path that is not clean.
func ocspPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		rest, is := strings.CutPrefix(req.URL.EscapedPath(), ocspPrefix)
		if name, request, ok := strings.Cut(rest, "/"); is && ok && strings.Contains(request, "/") {
			u := *req.URL
			u.RawPath = ocspPrefix + name + "/" + strings.ReplaceAll(request, "/", "%2F")
			copied := *req
			copied.URL = &u
			req = &copied
		}
		next.ServeHTTP(w, req)
	})
}
