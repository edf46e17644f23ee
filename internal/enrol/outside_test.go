package enrol

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy/action"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/typetest"
)

var errAway = errors.New("away")

// ledger is a store that writes down what happens, and a type that asks outside.
type ledger struct {
	events     []string
	refuse     bool // outside says no
	old        bool // the token is there already
	failUpdate bool
	cancel     context.CancelFunc // the client goes while it waits
}

func (l *ledger) note(s string) { l.events = append(l.events, s) }

func (l *ledger) Token(_ context.Context, serial string, _ token.Parts) (*token.Token, error) {
	if !l.old {
		return nil, errAway
	}
	return &token.Token{ID: 1, Serial: serial, Type: "outer", Info: map[string]token.Info{}}, nil
}
func (l *ledger) SerialExists(context.Context, string) (bool, error)     { return false, nil }
func (l *ledger) CountTokens(context.Context, token.Filter) (int, error) { return 0, nil }
func (l *ledger) InsertToken(ctx context.Context, t *token.Token) error {
	l.note("insert " + t.State)
	return ctx.Err()
}
func (l *ledger) DeleteToken(ctx context.Context, _ int64, _ string) error {
	l.note("delete")
	return ctx.Err()
}
func (l *ledger) Make(context.Context, secret.String, bool) (string, error) { return "", nil }
func (l *ledger) Info() tokentype.Info                                      { return tokentype.Info{Name: "outer", Prefix: "O"} }
func (l *ledger) Actions() []action.Definition                              { return nil }
func (l *ledger) UpdateToken(ctx context.Context, before, t *token.Token) error {
	l.note("update " + before.State + " to " + t.State)
	if l.failUpdate {
		return errAway
	}
	return ctx.Err()
}

func (l *ledger) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}

func (l *ledger) Enroll(context.Context, *tokentype.Env, *token.Token, tokentype.EnrollParams) (tokentype.Enrolled, error) {
	return tokentype.Enrolled{Outside: &tokentype.Outside{
		Ask: func(_ context.Context, t *token.Token) (map[string]any, error) {
			l.note("ask")
			if l.cancel != nil {
				l.cancel()
			}
			if l.refuse {
				return nil, mfaerr.NewRequest(504, "no")
			}
			t.State = token.StateEnrolled
			return map[string]any{"said": "yes"}, nil
		},
		Undo: func(ctx context.Context) error { l.note("undo"); return ctx.Err() },
	}}, nil
}

type params struct{ typetest.Params }

func (params) Raw(string) any       { return nil }
func (params) List(string) []string { return nil }

// Nothing is made outside before the token is stored, and nothing stays on either
// side when the other one fails.
func TestInit_Outside(t *testing.T) {
	for _, c := range []struct {
		name               string
		refuse, fail, away bool
		want               []string
		ok                 bool
	}{
		{"well", false, false, false, []string{"insert pending", "ask", "update pending to enrolled"}, true},
		{"refused", true, false, false, []string{"insert pending", "ask", "delete"}, false},
		{"not stored", false, true, false, []string{"insert pending", "ask", "update pending to enrolled", "undo", "delete"}, false},
		{"the client is gone", false, false, true, []string{"insert pending", "ask", "update pending to enrolled"}, true},
		{"the client is gone, refused", true, false, true, []string{"insert pending", "ask", "delete"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := &ledger{refuse: c.refuse, failUpdate: c.fail}
			if c.away {
				l.cancel = cancel
			}
			s := Service{Types: tokentype.NewRegistry([]tokentype.Type{l}), Store: l, PINs: l, NotFound: errAway}
			tok, detail, err := s.Init(ctx, typetest.Env(time.Now(), nil, nil), Request{Params: params{typetest.Params{"type": "outer"}}})
			if (err == nil) != c.ok || !slices.Equal(l.events, c.want) {
				t.Errorf("%v: %q", err, l.events)
			}
			if c.ok && (detail["said"] != "yes" || tok.State != token.StateEnrolled) {
				t.Errorf("%v, %+v", detail, tok)
			}
		})
	}
}

// A token that is enrolled once more stays as it was until all is well.
func TestInit_OutsideAgain(t *testing.T) {
	for _, c := range []struct {
		name         string
		refuse, fail bool
		want         []string
	}{
		{"well", false, false, []string{"ask", "update  to enrolled"}},
		{"refused", true, false, []string{"ask"}},
		{"not stored", false, true, []string{"ask", "update  to enrolled", "undo"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &ledger{old: true, refuse: c.refuse, failUpdate: c.fail}
			s := Service{Types: tokentype.NewRegistry([]tokentype.Type{l}), Store: l, PINs: l, NotFound: errAway}
			_, _, err := s.Init(t.Context(), typetest.Env(time.Now(), nil, nil), Request{Params: params{typetest.Params{"type": "outer", "serial": "O1"}}})
			if (err == nil) != (!c.refuse && !c.fail) || !slices.Equal(l.events, c.want) {
				t.Errorf("%v: %q", err, l.events)
			}
		})
	}
}
