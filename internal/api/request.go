package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"edumfa/internal/api/params"
	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/login"
	"edumfa/internal/session"
	"edumfa/internal/snapshot"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// Request is one call on its way through the steps of its route.
type Request struct {
	HTTP   *http.Request
	Route  *Route
	Params *params.Params
	Now    time.Time
	// Body is the body of a route whose bodies are no parameters.
	Body []byte
	// Snap is the configuration; the whole request works with this one.
	Snap   *snapshot.Snapshot
	Users  *user.Finder
	Caller session.Caller // empty for calls without one
	// User is the user the call is about; empty for none.
	User   user.User
	Client netip.Addr
	Node   string
	// Changes are carried out together with the audit row.
	Changes change.Set
	// Flushed: changes were carried out already, so that the request cannot be
	// begun anew.
	Flushed bool
	Audit   Trail

	token       *token.Token // of the parameter serial
	tokenLoaded bool
	// unknown: nobody knows who called, so that there is nothing to write down.
	unknown bool
	after   []func(ctx context.Context) error // when the changes are stored
	// pins outlives deciding anew: the same PIN is not hashed twice.
	pins login.PINMemory
	// answers of other servers outlive it, too.
	answers tokentype.Answers
	before  *firedBefore
}

// Trail collects what the audit row says. Texts that are nil are NULL.
type Trail struct {
	Success               int64
	Serial, TokenType     *string
	User, Realm, Resolver *string
	Administrator         *string
	Info, Detail          *string
	Policies              []string
	// Asked: the attempt to log in ended in a challenge.
	Asked bool
}

func (t *Trail) thread() string {
	if t.Asked {
		return audit.ThreadAsked
	}
	return audit.Thread
}

// text sets a column.
func text(s string) *string { return &s }

// Policy notes policies that decided something.
func (t *Trail) Policy(names ...string) {
	for _, n := range names {
		if !slices.Contains(t.Policies, n) {
			t.Policies = append(t.Policies, n)
		}
	}
}

// AddInfo appends to info with a comma.
func (t *Trail) AddInfo(s string) {
	if t.Info != nil && *t.Info != "" {
		s = *t.Info + "," + s
	}
	t.Info = &s
}

// ForUser notes the user.
func (t *Trail) ForUser(u user.User) {
	t.User, t.Realm, t.Resolver = text(u.Login), text(u.Realm), text(u.Resolver)
}

// Admin reports whether the caller is an administrator.
func (r *Request) Admin() bool { return r.Caller.Role == session.RoleAdmin }

// SelfService reports whether the caller is a user who manages his own tokens.
func (r *Request) SelfService() bool { return r.Caller.Role == session.RoleUser }

// namesUser reports whether the request itself names a user or a realm; the
// owner of a token is nobody it names.
func (r *Request) namesUser() bool {
	return r.Params.TextOr("user", "") != "" || r.Params.TextOr("realm", "") != ""
}

// TransactionID is the id of the challenge the request answers, by either of the
// names that clients use.
func (r *Request) TransactionID() string {
	if id := r.Params.TextOr("transaction_id", ""); id != "" {
		return id
	}
	return r.Params.TextOr("state", "")
}

// Token loads the token that the parameter serial names, once; nil without one.
func (a *API) requestToken(ctx context.Context, r *Request) (*token.Token, error) {
	if r.tokenLoaded {
		return r.token, nil
	}
	serial := r.Params.TextOr("serial", "")
	if serial == "" || strings.Contains(serial, "*") {
		return nil, nil
	}
	list, err := a.Store.Tokens(ctx, token.Filter{Serial: serial}, token.Whole)
	if err != nil {
		return nil, err
	}
	r.tokenLoaded = true
	if len(list) > 0 {
		r.token = list[0]
	}
	return r.token, nil
}

// forgetToken makes the next look read the token anew.
func (r *Request) forgetToken() { r.token, r.tokenLoaded = nil, false }
