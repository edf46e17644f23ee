package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"

	"edumfa/internal/app"
	"edumfa/internal/otp"
	"edumfa/internal/passhash"
	"edumfa/internal/secret"
	"edumfa/internal/session"
	"edumfa/internal/signature"
)

// limits measures what the machine can do at best.
func (in *installation) limits(ctx context.Context, r *report) error {
	in.say("limits")
	signer, err := signature.OpenSigner(in.path("private.pem"))
	if err != nil {
		return err
	}
	message := []byte(strings.Repeat("x", 700))
	signing, err := in.run(runtime.GOMAXPROCS(0), func(int) error { _, err := signer.Sign(message); return err })
	if err != nil {
		return err
	}
	r.signatures, r.signature = signing.perSecond, signing.cpu
	for i, c := range []cost{moderate, high} {
		if !in.wanted(pinName(c)) {
			continue
		}
		h, err := c.hasher(passhash.NewQueue(passhash.Limits{MaxWaiting: 2*in.Concurrency + 64}))
		if err != nil {
			return err
		}
		stored, err := h.Hash(ctx, secret.New(pin))
		if err != nil {
			return err
		}
		if r.hashes[i], err = in.rate(in.Concurrency, 1, func(int) error { _, err := h.Verify(ctx, stored, secret.New(pin)); return err }); err != nil {
			return err
		}
	}
	r.commits, err = in.commits(ctx)
	return err
}

// server is a running instance of the handler.
type server struct {
	app     *app.App
	http    *http.Server
	address string
}

func (in *installation) serve(ctx context.Context, c cost) (*server, error) {
	cfg, err := in.config(c)
	if err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, cfg, app.Deps{})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{app: a, http: &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 10 * time.Second}, address: l.Addr().String()}
	go func() { _ = s.http.Serve(l) }()
	return s, nil
}

func (s *server) close() {
	_ = s.http.Close()
	_ = s.app.Close()
}

// adminToken is a session of an administrator, for as long as a run may take.
func adminToken() (string, error) {
	s, err := session.New(secret.New(secretKey), randomBytes{}, nil, session.CompileRE2)
	if err != nil {
		return "", err
	}
	return s.Issue(session.Claims{Username: "admin", Role: session.RoleAdmin, AuthType: "password", Expires: now().Add(24 * time.Hour)})
}

// traffic sends requests to one server.
type traffic struct {
	*installation
	clients   []*client
	token     string
	next      []int // how far each worker has come among the users
	triggered [][]open
}

// open is a challenge that waits for its answer.
type open struct {
	user int
	id   string
}

func (in *installation) traffic(address string) (*traffic, error) {
	token, err := adminToken()
	t := &traffic{installation: in, token: token, next: make([]int, in.Concurrency), triggered: make([][]open, in.Concurrency)}
	for range in.Concurrency {
		t.clients = append(t.clients, &client{address: address})
	}
	return t, err
}

func (t *traffic) close() {
	for _, c := range t.clients {
		c.close()
	}
}

// user is the worker's next user of a span; no other worker uses him.
func (t *traffic) user(w int, s span) int {
	n := (s.end - s.first) / t.Concurrency
	u := s.first + w + (t.next[w]%n)*t.Concurrency
	t.next[w]++
	return u
}

func (t *traffic) otp(user int) string {
	v := otp.HOTP(hotpKey[:], otp.SHA1, t.counters[user], 6)
	t.counters[user]++
	return v
}

func isTrue(r reply) bool { return string(r.Result.Value) == "true" }

func (t *traffic) trigger(w int) error {
	u := t.user(w, t.withoutPIN())
	r, err := t.clients[w].must("POST", "/validate/triggerchallenge", t.token, "user="+login(u)+"&realm="+realmName,
		func(r reply) bool { return r.Detail.TransactionID != "" })
	t.triggered[w] = append(t.triggered[w], open{u, r.Detail.TransactionID})
	return err
}

func (t *traffic) answer(w int) error {
	n := len(t.triggered[w])
	if n == 0 {
		return errDone
	}
	o := t.triggered[w][n-1]
	t.triggered[w] = t.triggered[w][:n-1]
	_, err := t.clients[w].must("POST", "/validate/check", "", "user="+login(o.user)+"&realm="+realmName+"&transaction_id="+o.id+"&pass="+t.otp(o.user), isTrue)
	return err
}

func (t *traffic) check(s span, pin string) func(w int) error {
	return func(w int) error {
		u := t.user(w, s)
		_, err := t.clients[w].must("POST", "/validate/check", "", "user="+login(u)+"&realm="+realmName+"&pass="+pin+t.otp(u), isTrue)
		return err
	}
}

func (t *traffic) tokenPage(w int) error {
	t.next[w]++
	page := 1 + (w+t.next[w]*7)%max(1, t.Tokens/100)
	_, err := t.clients[w].must("GET", fmt.Sprintf("/token/?page=%d&pagesize=100", page), t.token, "", nil)
	return err
}

func (t *traffic) userTokens(w int) error {
	u := t.user(w, span{0, t.Users})
	_, err := t.clients[w].must("GET", "/token/?user="+login(u)+"&realm="+realmName, t.token, "", nil)
	return err
}

func (t *traffic) auditPage(w int) error {
	t.next[w]++
	_, err := t.clients[w].must("GET", fmt.Sprintf("/audit/?page=%d&page_size=15", 1+t.next[w]%50), t.token, "", nil)
	return err
}

func pinName(c cost) string { return "HOTP with PIN, Argon2 " + c.String() }

func (in *installation) wanted(name string) bool {
	if len(in.Only) == 0 {
		return true
	}
	for _, o := range in.Only {
		if strings.HasPrefix(name, o) {
			return true
		}
	}
	return false
}

// measurement is one line of the report.
type measurement struct {
	name    string
	workers int // 0: the configured concurrency
	limit   func(r *report) float64
	work    func(w int) error
}

func (in *installation) measure(ctx context.Context, r *report) error {
	for i, c := range []cost{moderate, high} {
		s, err := in.serve(ctx, c)
		if err != nil {
			return err
		}
		t, err := in.traffic(s.address)
		if err == nil {
			err = in.measureOne(r, t, s, i)
		}
		t.close()
		s.close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *installation) measureOne(r *report, t *traffic, s *server, at int) error {
	list := []measurement{
		{"triggerchallenge", 0, (*report).withoutHash, t.trigger},
		{"answer to a challenge", 0, (*report).withoutHash, t.answer},
		{"HOTP without PIN", 0, (*report).withoutHash, t.check(in.withoutPIN(), "")},
		{pinName(moderate), 0, func(r *report) float64 { return r.hashes[0] }, t.check(in.withModerate(), pin)},
		{"page of 100 tokens", 1, nil, t.tokenPage},
		{"tokens of a user", 1, nil, t.userTokens},
		{"page of the audit log", 1, nil, t.auditPage},
	}
	list = append(list, t.auditMeasurements(s.app)...)
	if at == 1 {
		list = []measurement{{pinName(high), 0, func(r *report) float64 { return r.hashes[1] }, t.check(in.withHigh(), pin)}}
	}
	for _, m := range list {
		if !in.wanted(m.name) {
			continue
		}
		in.say("%s", m.name)
		workers := m.workers
		if workers == 0 {
			workers = in.Concurrency
		}
		if err := m.work(0); err != nil { // what is made at the first request is not measured
			if errors.Is(err, errDone) {
				continue
			}
			if errors.Is(err, errNoRoute) {
				in.say("left out: %v", err)
				continue
			}
			return err
		}
		found, err := in.run(workers, m.work)
		if err != nil {
			return err
		}
		r.lines = append(r.lines, line{measurement: m, sample: found})
	}
	return nil
}
