package outhttp

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// idleLimit is how long a connection without a request is kept.
	idleLimit = 30 * time.Second
	// onceIdleLimit is for requests that are not repeated when a kept connection
	// turns out to be dead: shorter than what servers commonly keep one (5 s).
	onceIdleLimit = 4 * time.Second
	// idlePerHost and idleInAll bound the connections that are kept.
	idlePerHost, idleInAll = 8, 64
	// mostRoutes bounds the routes that are remembered.
	mostRoutes = 32
)

// Client makes requests over connections that it keeps for the next ones. The
// zero value is ready; it may be used by many at once. A request over a kept
// connection that turns out to be dead is made again over a new one if nothing
// was sent, or if its method may be repeated (RFC 9110 section 9.2.2).
type Client struct {
	mu     sync.Mutex
	routes map[route]*http.Transport
}

// route is what a connection depends on beside the server.
type route struct {
	httpProxy, httpsProxy string
	skipVerify            bool
	once                  bool // the requests must not be repeated
	alone                 bool // each request has a connection of its own
}

func routeOf(r Request) route {
	x := route{httpProxy: r.Proxies["http"], httpsProxy: r.Proxies["https"], skipVerify: r.SkipVerify}
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		// over kept connections the transport repeats such requests by itself
		x.alone = r.Once
	default:
		x.once = true
	}
	return x
}

// transport is the one for requests like r. Transports that nobody uses any
// more hold nothing: their connections are closed when they have been idle.
func (c *Client) transport(r Request) *http.Transport {
	x := routeOf(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.routes[x]
	if t == nil {
		if c.routes == nil || len(c.routes) >= mostRoutes {
			c.routes = map[route]*http.Transport{}
		}
		t = x.open()
		c.routes[x] = t
	}
	return t
}

// Close closes the connections that no request uses.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.routes {
		t.CloseIdleConnections()
	}
	c.routes = nil
}

func (x route) open() *http.Transport {
	idle := idleLimit
	if x.once {
		idle = onceIdleLimit
	}
	return &http.Transport{
		Proxy:               x.proxy,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: x.skipVerify}, //nolint:gosec // the administrator decides
		MaxIdleConns:        idleInAll,
		MaxIdleConnsPerHost: idlePerHost,
		IdleConnTimeout:     idle,
		DisableKeepAlives:   x.alone,
	}
}

func (x route) proxy(q *http.Request) (*url.URL, error) {
	address := x.httpProxy
	if q.URL.Scheme == "https" {
		address = x.httpsProxy
	}
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the URL of the proxy is not valid") // without it, as it may have a password
	}
	return u, nil
}
