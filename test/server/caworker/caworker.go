// Package caworker is a worker of a Microsoft CA for tests: the gRPC service
// CAService over plain HTTP/2, with an authority of its own behind it. It says
// yes, no, later or nothing, as a test wants it.
package caworker

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Dispositions of requests.
const (
	Incomplete = 0
	Failed     = 1
	Denied     = 2
	Issued     = 3
	OutOfBand  = 4
	Pending    = 5
)

// Worker is a running worker.
type Worker struct {
	Host, Port string
	Key        crypto.Signer
	Cert       *x509.Certificate // of the authority

	t       testing.TB
	tls     *tls.Config
	mu      sync.Mutex
	server  *http.Server
	answer  int
	says    string
	hangs   chan struct{} // closed when nothing hangs any more
	wrong   bool
	old     bool
	garbage []byte
	state   map[int]int
	csr     map[int]*x509.CertificateRequest
	next    int
	calls   []string
	revoked []string
}

// Start starts a worker that issues at once. With a configuration it speaks TLS.
func Start(t testing.TB, config *tls.Config) *Worker {
	t.Helper()
	w := &Worker{t: t, tls: config, answer: Issued, state: map[int]int{}, csr: map[int]*x509.CertificateRequest{}, next: 41}
	w.Cert, w.Key = Authority(t, "Windows CA")
	w.listen("127.0.0.1:0")
	t.Cleanup(func() { w.Resume(); w.Stop() })
	return w
}

// Authority makes a self-signed CA.
func Authority(t testing.TB, name string) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return c, key
}

func (w *Worker) listen(address string) {
	w.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Host, w.Port = "127.0.0.1", strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	var p http.Protocols
	w.server = &http.Server{Handler: w, Protocols: &p, TLSConfig: w.tls}
	if w.tls != nil {
		p.SetHTTP2(true)
		go func() { _ = w.server.ServeTLS(l, "", "") }()
		return
	}
	p.SetUnencryptedHTTP2(true)
	go func() { _ = w.server.Serve(l) }()
}

// Stop closes the port and all connections.
func (w *Worker) Stop() { _ = w.server.Close() }

// Restart listens again at the same port.
func (w *Worker) Restart() { w.listen(net.JoinHostPort(w.Host, w.Port)) }

// Answer sets the disposition and the message of new requests.
func (w *Worker) Answer(disposition int, message string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer, w.says = disposition, message
}

// Decide sets how a request stands.
func (w *Worker) Decide(id, disposition int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state[id] = disposition
}

// Hang lets every call wait until Resume.
func (w *Worker) Hang() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hangs = make(chan struct{})
}

// Resume ends Hang.
func (w *Worker) Resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hangs != nil {
		close(w.hangs)
		w.hangs = nil
	}
}

// WrongKey makes the worker certify a key of its own.
func (w *Worker) WrongKey() { w.wrong = true }

// Old takes away the methods of newer workers.
func (w *Worker) Old() { w.old = true }

// Garbage makes the worker answer with these bytes.
func (w *Worker) Garbage(b []byte) { w.garbage = b }

// Calls are the calls so far, "SubmitCSR template=… ca=…" and the like.
func (w *Worker) Calls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.calls...)
}

// Revoked are the serial numbers that were revoked, each with its reason.
func (w *Worker) Revoked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.revoked...)
}

func (w *Worker) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	w.mu.Lock()
	hangs := w.hangs
	w.mu.Unlock()
	if hangs != nil {
		select {
		case <-hangs:
		case <-r.Context().Done():
			return
		}
	}
	h := rw.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Trailer", "Grpc-Status")
	status := "13"
	if err == nil && len(body) >= 5 {
		var out []byte
		if out, status = w.call(strings.TrimPrefix(r.URL.Path, "/CAService/"), body[5:]); status == "0" {
			frame := make([]byte, 5)
			binary.BigEndian.PutUint32(frame[1:], uint32(len(out)))
			_, _ = rw.Write(append(frame, out...))
		}
	}
	h.Set("Grpc-Status", status)
}

func (w *Worker) call(method string, body []byte) (out []byte, status string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	numbers, texts := fields(body)
	if w.garbage != nil {
		return w.garbage, "0"
	}
	switch method {
	case "GetCAs":
		w.calls = append(w.calls, method)
		return putText(putText(nil, 1, `dc1.example.org\Staff CA`), 1, `dc2.example.org\Lab CA`), "0"
	case "GetTemplates":
		w.calls = append(w.calls, method+" ca="+texts[1])
		return putText(putText(nil, 1, "Badge"), 1, "Laptop"), "0"
	case "SubmitCSR":
		return w.submit(texts), "0"
	case "GetCSRStatus":
		w.calls = append(w.calls, method+" id="+strconv.Itoa(numbers[2]))
		return putNumber(nil, 1, w.state[numbers[2]]), "0"
	case "GetCertificate":
		w.calls = append(w.calls, method+" id="+strconv.Itoa(numbers[2]))
		return w.certificate(numbers[2]), "0"
	case "RevokeCertificate":
		if w.old {
			return nil, "12"
		}
		w.revoked = append(w.revoked, texts[2]+" reason "+strconv.Itoa(numbers[3]))
		return nil, "0"
	}
	return nil, "12"
}

func (w *Worker) submit(texts map[int]string) []byte {
	w.calls = append(w.calls, "SubmitCSR template="+texts[2]+" ca="+texts[3])
	block, _ := pem.Decode([]byte(texts[1]))
	if block == nil || texts[2] == "" || texts[3] == "" {
		return putText(nil, 5, string(putText(putNumber(nil, 1, 1), 2, "something is missing")))
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		w.t.Errorf("the worker was sent no request: %v", err)
	}
	id := w.next
	w.next++
	w.csr[id], w.state[id] = csr, w.answer
	return putNumber(putText(putNumber(nil, 1, w.answer), 2, w.says), 3, id)
}

func (w *Worker) certificate(id int) []byte {
	csr := w.csr[id]
	if csr == nil || w.state[id] != Issued && w.state[id] != OutOfBand {
		return putText(nil, 2, string(putText(putNumber(nil, 1, 1), 2, "not issued")))
	}
	key := csr.PublicKey
	if w.wrong {
		key = w.Cert.PublicKey
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(int64(id)), RawSubject: csr.RawSubject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 300),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, w.Cert, key, w.Key)
	if err != nil {
		w.t.Error(err)
		return nil
	}
	return putText(nil, 1, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func putNumber(b []byte, n, v int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(n)<<3), uint64(v))
}

func putText(b []byte, n int, v string) []byte {
	return append(binary.AppendUvarint(binary.AppendUvarint(b, uint64(n)<<3|2), uint64(len(v))), v...)
}

// fields reads the numbers and texts of a flat message.
func fields(b []byte) (numbers map[int]int, texts map[int]string) {
	numbers, texts = map[int]int{}, map[int]string{}
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		v, m := binary.Uvarint(b[max(n, 0):])
		if n <= 0 || m <= 0 {
			break
		}
		b = b[n+m:]
		switch tag & 7 {
		case 0:
			numbers[int(tag>>3)] = int(v)
		case 2:
			if uint64(len(b)) < v {
				return numbers, texts
			}
			texts[int(tag>>3)], b = string(b[:v]), b[v:]
		}
	}
	return numbers, texts
}
