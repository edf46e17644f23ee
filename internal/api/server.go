package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/remoteserver"
)

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

// Route is one row of routes_*.go.
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
	// Form routes are called by web pages: the caller's session token is the
	// parameter authtoken.
	Form bool
	// NoAudit routes leave no row.
	NoAudit bool
	// RawBody is how long the body of a route may be that is no parameters; 0 is a
	// body of parameters.
	RawBody int64
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
	return ocspPaths(mux)
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
	ctx := remoteserver.Arrived(req.Context(), req.Header.Get(remoteserver.HopsHeader))
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

func pathNames(path string) []string {
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "{") {
			out = append(out, strings.Trim(part, "{.}"))
		}
	}
	return out
}
