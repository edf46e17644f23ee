package mfaerr

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Clients go by status and number; what is inside is none of their business.
func TestWrap(t *testing.T) {
	inside := errors.New("dial tcp 10.0.0.7: connection refused")
	for _, c := range []struct {
		name         string
		err          error
		status, code int
	}{
		{"credentials", NewAuth(CodeAuthWrong, "no"), 401, 4031},
		{"policy", NewPolicy("no"), 403, 303},
		{"absent", NewNotFound("no"), 404, 601},
		{"parameter", fmt.Errorf("far out: %w", NewParameter("no").WithCause(inside)), 400, 905},
		{"database", &Error{Kind: Database, Code: CodeDatabase, Cause: inside}, 500, -600},
		{"anything else", inside, 500, -500},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := Wrap(c.err)
			if e.Status() != c.status || e.Code != c.code || strings.Contains(e.Message(), "10.0.0.7") {
				t.Errorf("%d %d %q, want %d %d", e.Status(), e.Code, e.Message(), c.status, c.code)
			}
		})
	}
}
