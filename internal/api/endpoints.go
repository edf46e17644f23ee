package api

import "strings"

// Endpoint is a method and a path of the interface, variable parts in braces.
type Endpoint struct{ Method, Path string }

// Endpoints lists every method and path that is served.
func (a *API) Endpoints() []Endpoint {
	var out []Endpoint
	for _, rt := range a.routes() {
		for m := range strings.SplitSeq(rt.Method, ",") {
			out = append(out, Endpoint{Method: m, Path: rt.Path})
		}
	}
	return out
}
