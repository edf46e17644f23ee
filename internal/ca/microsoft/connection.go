package microsoft

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"edumfa/internal/breaker"
	"edumfa/internal/mfaerr"
	"edumfa/internal/pemkey"
	"edumfa/internal/secret"
)

// How long calls may take, connecting included.
const (
	quickLimit = 4 * time.Second  // questions
	issueLimit = 25 * time.Second // what makes the authority work
)

// maxAnswer is the largest message that is read.
const maxAnswer = 4 << 20

// tlsFiles are the files of a connection with TLS.
type tlsFiles struct {
	ca, cert, key string
	password      secret.String
}

// connection is the one channel to a worker. It is made when it is needed and
// made anew after it broke, with the files as they are then.
type connection struct {
	address  string
	proxy    bool
	tls      *tlsFiles // nil is plain text
	dir      string
	breaker  *breaker.Breaker
	mu       sync.Mutex
	open     *grpc.ClientConn
	finished bool
}

// call asks one method of the service.
func (c *connection) call(ctx context.Context, limit time.Duration, method string, in message) (fields, error) {
	try, err := c.breaker.Allow()
	if err != nil {
		return fields{}, unreachable(err)
	}
	defer try.Drop()
	conn, err := c.channel()
	if err != nil {
		return fields{}, err
	}
	var out message
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = conn.Invoke(limited, "/CAService/"+method, in, &out, grpc.ForceCodec(codec{}), grpc.MaxCallRecvMsgSize(maxAnswer))
	switch code := status.Code(err); {
	case err == nil:
		try.Succeed()
		return out.read()
	case errors.Is(ctx.Err(), context.Canceled):
		return fields{}, ctx.Err()
	case code == codes.Unavailable || code == codes.DeadlineExceeded || code == codes.Canceled:
		try.Fail()
		c.drop(conn)
		return fields{}, unreachable(err)
	case code == codes.Unimplemented:
		try.Succeed()
		return fields{}, errUnimplemented
	default:
		try.Succeed()
		return fields{}, mfaerr.NewRequest(mfaerr.CodeCA, "The CA worker could not carry out %s.", method).WithCause(err)
	}
}

var errUnimplemented = errors.New("the worker does not know the method")

func unreachable(err error) error {
	return mfaerr.NewRequest(mfaerr.CodeCA, "The CA worker cannot be reached.").WithCause(err)
}

func (c *connection) channel() (*grpc.ClientConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finished {
		return nil, unreachable(net.ErrClosed)
	}
	if c.open != nil {
		return c.open, nil
	}
	transport := insecure.NewCredentials()
	if c.tls != nil {
		config, err := c.tls.config(c.dir)
		if err != nil {
			return nil, err
		}
		transport = credentials.NewTLS(config)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport), grpc.WithDisableServiceConfig(), grpc.WithUserAgent("edumfa"),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 2, MaxDelay: 2 * time.Second}, MinConnectTimeout: quickLimit}),
	}
	if !c.proxy {
		options = append(options, grpc.WithNoProxy())
	}
	conn, err := grpc.NewClient("dns:///"+c.address, options...)
	if err != nil {
		return nil, unreachable(err)
	}
	c.open = conn
	return conn, nil
}

// drop closes a channel that broke: the next call makes a new one at once,
// however long the library would wait.
func (c *connection) drop(conn *grpc.ClientConn) {
	c.mu.Lock()
	if c.open == conn {
		c.open = nil
	}
	c.mu.Unlock()
	_ = conn.Close()
}

func (c *connection) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = true
	if c.open == nil {
		return nil
	}
	err := c.open.Close()
	c.open = nil
	return err
}

// config reads the files. The worker has to be who the certificate of ssl_ca_cert
// says, under the name of the setting hostname.
func (f *tlsFiles) config(dir string) (*tls.Config, error) {
	bad := func(cause error) error {
		return mfaerr.NewRequest(mfaerr.CodeCA, "Invalid TLS configuration for MSCA worker.").WithCause(cause)
	}
	read := func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return os.ReadFile(name)
	}
	ca, err := read(f.ca)
	if err != nil {
		return nil, bad(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, bad(errors.New("ssl_ca_cert has no certificate"))
	}
	cert, err := read(f.cert)
	if err != nil {
		return nil, bad(err)
	}
	text, err := read(f.key)
	if err != nil {
		return nil, bad(err)
	}
	key, err := pemkey.Parse(text, f.password)
	if err != nil {
		return nil, bad(err)
	}
	own, err := pair(cert, key)
	if err != nil {
		return nil, bad(err)
	}
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}, nil
}
