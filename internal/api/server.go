package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/api/params"
	"edumfa/internal/event"
	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/session"
	"edumfa/internal/user"
)

// attempts is how often a request is decided anew because another request used
// meanwhile what it had seen. Each time one of the others has succeeded.
const attempts = 10

// Who may call a route.
type who int

const (
	anyone who = iota
	adminOnly
	adminOrUser
)

// Operation does what a route is for.
type Operation func(ctx context.Context, r *Request) (*Answer, error)

// Step wraps what follows it in a route.
type Step func(next Operation) Operation

// Route is one row of routes.go.
type Route struct {
	Method string // several with a comma
	Path   string // pattern of net/http, without method
	Who    who
	Steps  []Step // run in order; each wraps what follows
	Do     Operation
	// Light routes take no user from the parameters and write no user to the audit.
	Light bool
	// Login routes name the caller, not a user: they find the user themselves.
	Login bool
	// NoAudit routes leave no row.
	NoAudit bool
}

// auditAction is the route as the audit writes it: POST /token/info/<serial>.
func (rt *Route) auditAction(method string) string {
	return method + " " + strings.NewReplacer("{", "<", "}", ">", "...", "").Replace(rt.Path)
}

func steps(s ...Step) []Step { return s }

// Handler serves the API.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	byPath := map[string]map[string]*Route{}
	for _, rt := range a.routes() {
		path := unnamed(rt.Path)
		if byPath[path] == nil {
			byPath[path] = map[string]*Route{}
		}
		for m := range strings.SplitSeq(rt.Method, ",") {
			byPath[path][m] = &rt
		}
	}
	for path, methods := range byPath {
		mux.HandleFunc(muxPattern(path), func(w http.ResponseWriter, req *http.Request) { a.dispatch(w, req, methods) })
	}
	for path, methods := range byPath {
		bare := strings.TrimSuffix(path, "/")
		if _, taken := byPath[bare]; bare != path && !taken {
			mux.HandleFunc(bare, func(w http.ResponseWriter, req *http.Request) { a.dispatch(w, req, slashed(methods)) })
		}
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { page(w, http.StatusOK, "eduMFA "+a.Version) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { page(w, http.StatusNotFound, "Not Found") })
	return mux
}

// unnamed numbers the variable parts of a path: two routes may give one part
// different names, which the audit shows.
func unnamed(path string) string {
	parts, n := strings.Split(path, "/"), 0
	for i, part := range parts {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		n++
		parts[i] = "{p" + itoa(n) + "}"
		if strings.HasSuffix(part, "...}") {
			parts[i] = "{p" + itoa(n) + "...}"
		}
	}
	return strings.Join(parts, "/")
}

// muxPattern makes a path with a final slash mean just that path.
func muxPattern(path string) string {
	if strings.HasSuffix(path, "/") {
		return path + "{$}"
	}
	return path
}

func (a *API) dispatch(w http.ResponseWriter, req *http.Request, methods map[string]*Route) {
	rt := methods[req.Method]
	if rt == nil && req.Method == http.MethodHead {
		rt = methods[http.MethodGet]
	}
	if rt == nil {
		rt = a.wildcard(req)
	}
	if rt == nil && a.behindSlash(req) || rt != nil && rt.Do == nil {
		to := *req.URL
		to.Path += "/"
		http.Redirect(w, req, to.RequestURI(), http.StatusPermanentRedirect)
		return
	}
	if rt == nil {
		allow := make([]string, 0, len(methods))
		for m := range methods {
			allow = append(allow, m)
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		page(w, http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	for i, name := range pathNames(rt.Path) {
		if v := req.PathValue("p" + itoa(i+1)); v != "" {
			req.SetPathValue(name, v)
		}
	}
	a.serve(w, req, rt)
}

// slashed are the methods of a path with a final slash for the path without it:
// routes that do nothing, so that clients are led on.
func slashed(methods map[string]*Route) map[string]*Route {
	out := make(map[string]*Route, len(methods))
	for m := range methods {
		out[m] = &Route{Method: m}
	}
	return out
}

// behindSlash reports whether the path with a final slash has the method.
func (a *API) behindSlash(req *http.Request) bool {
	return slices.ContainsFunc(a.routes(), func(rt Route) bool {
		return rt.Path == req.URL.Path+"/" && slices.Contains(strings.Split(rt.Method, ","), req.Method)
	})
}

// wildcard finds the route of a method whose pattern fits a path that is also
// the fixed path of a route with other methods: POST /policy/defs names a policy.
func (a *API) wildcard(req *http.Request) *Route {
	have := strings.Split(req.URL.Path, "/")
	for _, rt := range a.routes() {
		want := strings.Split(rt.Path, "/")
		if len(want) != len(have) || !slices.Contains(strings.Split(rt.Method, ","), req.Method) {
			continue
		}
		fits := true
		for i, part := range want {
			fits = fits && (part == have[i] || strings.HasPrefix(part, "{") && have[i] != "")
		}
		if !fits {
			continue
		}
		for i, part := range want {
			if strings.HasPrefix(part, "{") {
				req.SetPathValue(strings.Trim(part, "{}"), have[i])
			}
		}
		return &rt
	}
	return nil
}

// page is the answer to paths and methods that do not exist: a person's page,
// as the field has it, not JSON.
func page(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!doctype html>\n<html lang=en>\n<title>%d %s</title>\n<h1>%s</h1>\n", status, title, title)
}

// serve takes one request from arrival to answer.
func (a *API) serve(w http.ResponseWriter, req *http.Request, rt *Route) {
	ctx := req.Context()
	started := a.Now()
	r, answer, err := a.decide(ctx, req, rt, started)
	if err != nil {
		e := mfaerr.Wrap(err)
		level := slog.LevelInfo
		if e.Status() >= 500 {
			level = slog.LevelError
		}
		a.Log.Log(ctx, level, "request refused", "method", req.Method, "path", rt.Path, "status", e.Status(), "error", err)
		answer = failure(e)
		if e.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(max(time.Second, e.RetryAfter).Seconds())))
		}
	}
	nonce, hasNonce := "", false
	if r != nil && r.Params != nil {
		nonce, hasNonce = r.Params.Text("nonce")
	}
	a.write(ctx, w, answer, nonce, hasNonce)
	a.Metrics.Request(rt.Path, req.Method, answer.Status, a.Now().Sub(started))
}

// decide runs the route's steps and stores what they changed together with the
// audit row. When another request was faster with a value this one wanted to
// use, everything is decided anew: the second of two equal requests is answered
// as if it had come after the first.
func (a *API) decide(ctx context.Context, req *http.Request, rt *Route, started time.Time) (*Request, *Answer, error) {
	var r *Request
	first, err := a.arrive(ctx, req, rt, started)
	if err != nil {
		return first, nil, err
	}
	for i := range attempts {
		r = first.again()
		var answer *Answer
		answer, err = a.run(ctx, r)
		if errors.Is(err, a.Conflict) {
			if !r.Flushed && i+1 < attempts {
				continue
			}
			r.Changes.Reset()
			answer, err = nil, errCrowded(err)
		}
		stored := a.finish(ctx, r, answer, err)
		switch {
		case stored == nil:
			a.runAfter(ctx, r, err)
			return r, answer, err
		case errors.Is(stored, a.Conflict) && !r.Flushed:
			err = stored
		default:
			return r, nil, stored
		}
	}
	return r, nil, errCrowded(err)
}

// errCrowded says that others were faster every time.
func errCrowded(cause error) error {
	return &mfaerr.Error{Kind: mfaerr.Busy, Code: mfaerr.CodeServer, Public: "Too many requests for the same thing at once.", RetryAfter: time.Second, Cause: cause}
}

// runAfter does what was put off until a success is stored. Whether it works
// changes nothing for the client.
func (a *API) runAfter(ctx context.Context, r *Request, failed error) {
	if failed != nil {
		return
	}
	for _, f := range r.after {
		if err := f(context.WithoutCancel(ctx)); err != nil {
			a.Log.WarnContext(ctx, "what follows a login could not be done", "path", r.Route.Path, "error", err)
		}
	}
}

// run runs the steps, and turns a panic into an error: no panic reaches a client.
func (a *API) run(ctx context.Context, r *Request) (answer *Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			answer, err = nil, fmt.Errorf("panic in %s: %v\n%s", r.Route.Path, p, debug.Stack())
		}
	}()
	if err := a.authenticate(ctx, r); err != nil {
		r.unknown = !strings.HasPrefix(r.Route.Path, "/auth") && !strings.HasPrefix(r.Route.Path, "/validate/")
		return nil, err
	}
	if err := a.identify(ctx, r); err != nil {
		return nil, err
	}
	op := r.Route.Do
	for i := len(r.Route.Steps) - 1; i >= 0; i-- {
		op = r.Route.Steps[i](op)
	}
	return op(ctx, r)
}

// arrive reads the request once.
func (a *API) arrive(ctx context.Context, req *http.Request, rt *Route, now time.Time) (*Request, error) {
	r := &Request{HTTP: req, Route: rt, Now: now, Node: a.Config.NodeFor(req.Host), pins: login.PINMemory{}}
	values := map[string]string{}
	for _, name := range pathNames(rt.Path) {
		values[name] = req.PathValue(name)
	}
	limits := params.DefaultLimits()
	p, err := params.Decode(req, values, limits)
	if err != nil {
		r.Params = params.New(nil)
		return r, err
	}
	r.Params = p
	if r.Snap, err = a.Snapshots.Current(ctx); err != nil {
		return r, err
	}
	r.Users = &user.Finder{Realms: r.Snap.Realms, Settings: r.Snap.Settings, Attributes: a.Store, Cache: a.UserCache, Failed: a.Metrics.UserStoreFailed}
	r.Client = a.clientAddress(r)
	return r, nil
}

func pathNames(path string) []string {
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "{") {
			out = append(out, strings.Trim(part, "{.}"))
		}
	}
	return out
}

// again is a copy to decide with: steps may change the parameters.
func (r *Request) again() *Request {
	c := *r
	c.Params = r.Params.Clone()
	c.Changes.Reset()
	c.Audit = Trail{}
	c.token, c.tokenLoaded, c.after = nil, false, nil
	return &c
}

func (a *API) clientAddress(r *Request) netip.Addr {
	var remote netip.Addr
	if ap, err := netip.ParseAddrPort(r.HTTP.RemoteAddr); err == nil {
		remote = ap.Addr().Unmap()
	}
	parameter := ""
	if strings.HasPrefix(r.Route.Path, "/validate/") || strings.HasPrefix(r.Route.Path, "/ttype/") || r.Route.Path == "/auth" {
		parameter = r.Params.TextOr("client", "")
	}
	return r.Snap.Proxies.Resolve(remote, r.HTTP.Header.Get("X-Forwarded-For"), parameter)
}

// authenticate finds out who calls, where the route wants to know.
func (a *API) authenticate(_ context.Context, r *Request) error {
	roles := []string{session.RoleAdmin}
	switch r.Route.Who {
	case anyone:
		return nil // an Authorization header, valid or not, means nothing here
	case adminOrUser:
		roles = append(roles, session.RoleUser)
	}
	if len(r.HTTP.Header.Values("Authorization")) == 0 {
		return session.ErrNoHeader()
	}
	c, err := a.Sessions.Check(r.HTTP.Header.Get("Authorization"), r.Now, roles...)
	if err != nil {
		return err
	}
	r.Caller = c
	return nil
}

// identify finds the user that the request is about, and begins the audit.
func (a *API) identify(ctx context.Context, r *Request) error {
	if r.SelfService() {
		// a user speaks of himself, whatever the request says
		r.Params.Set("user", r.Caller.Username)
		r.Params.Set("realm", r.Caller.Realm)
	}
	if r.Admin() {
		r.Audit.Administrator = text(r.Caller.Username)
	}
	if r.Route.Light || r.Route.Login {
		return nil
	}
	typed, _ := r.Params.Text("user")
	realmName, given := r.Params.Text("realm")
	u, err := r.Users.FromParams(ctx, typed, realmName, given, r.Params.TextOr("resolver", ""))
	if err != nil && !mfaerr.Is(err, mfaerr.Request) {
		return err
	}
	if err != nil {
		u = user.User{}
	}
	if r.SelfService() {
		if !u.Exists() {
			return user.ErrMissing()
		}
		r.Params.Set("resolver", u.Resolver)
	}
	r.User = u
	return a.noteUser(ctx, r)
}

// noteUser writes user and token of the request to the audit; without a user the
// owner of the token is the request's user.
func (a *API) noteUser(ctx context.Context, r *Request) error {
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return err
	}
	if serial, ok := r.Params.Text("serial"); ok {
		r.Audit.Serial = text(serial)
	}
	if t != nil {
		r.Audit.TokenType = text(t.Type)
		if r.User.Empty() && t.Owner != nil {
			if u, err := r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID); err == nil {
				r.User = u
			}
		}
	}
	if !r.User.Empty() {
		r.Audit.ForUser(r.User)
		return nil
	}
	r.Audit.User, r.Audit.Realm, r.Audit.Resolver = optional(r, "user"), optional(r, "realm"), optional(r, "resolver")
	return nil
}

func optional(r *Request, name string) *string {
	if v, ok := r.Params.Text(name); ok {
		return &v
	}
	return nil
}

// on runs the definitions of an event before and behind what follows.
func (a *API) on(name string) Step {
	return func(next Operation) Operation {
		return func(ctx context.Context, r *Request) (*Answer, error) {
			if err := a.fire(ctx, r, name, event.Pre, nil); err != nil {
				return nil, err
			}
			answer, err := next(ctx, r)
			if err != nil {
				return nil, err
			}
			return answer, a.fire(ctx, r, name, event.Post, answer)
		}
	}
}

// fire runs handlers. They may talk to others and change tokens, so what the
// request has decided is carried out first.
func (a *API) fire(ctx context.Context, r *Request, name string, at event.Position, answer *Answer) error {
	if len(r.Snap.Events.For(name, at)) == 0 {
		return nil
	}
	run := event.Run{Event: name, Position: at, Params: r.Params, Facts: func() event.Facts { return &facts{a: a, r: r, answer: answer} },
		Audit: func(ctx context.Context, f event.Fired) error { return a.auditFired(ctx, r, f) }}
	if at == event.Post {
		if err := a.flush(ctx, r); err != nil {
			return err
		}
		run.Response = &event.Response{Status: answer.Status, Body: answer.Body}
	}
	if err := a.Events.Fire(ctx, r.Snap.Events, run); err != nil {
		return err
	}
	if at == event.Pre {
		r.forgetToken() // the serial may be another now; the user stays who he was
		return nil
	}
	answer.Body = run.Response.Body
	return nil
}

// flush carries out the changes so far.
func (a *API) flush(ctx context.Context, r *Request) error {
	if r.Changes.Empty() {
		return nil
	}
	if err := a.carryOut(ctx, r, nil); err != nil {
		return err
	}
	r.Changes.Reset()
	r.Flushed = true
	return nil
}
