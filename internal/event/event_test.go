package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)

// testLang stands in for the Python flavoured languages with what Go has.
type testLang struct{}

func (testLang) Match(pattern, text string) ([]string, bool, error) {
	re, err := regexp.Compile("^(?:" + pattern + ")")
	if err != nil {
		return nil, false, err
	}
	g := re.FindStringSubmatch(text)
	return g, g != nil, nil
}

func (testLang) Search(pattern, text string) (bool, error) { return regexp.MatchString(pattern, text) }

func (testLang) Period(s string) (time.Duration, error) {
	s = strings.ReplaceAll(s, " ", "")
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "y": 365 * 24 * time.Hour, "h": time.Hour, "m": time.Minute} {
		var n int
		if _, err := fmt.Sscanf(s, "%d"+suffix, &n); err == nil {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, errors.New("no period")
}

func (testLang) Date(s string, _ time.Time) (time.Time, error) {
	for _, layout := range []string{"2006-01-02T15:04-0700", "2006-01-02 15:04:05.999999-0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("no date")
}

type testFacts struct {
	People
	role, serial string
	client       netip.Addr
	user         User
	token        *Token
	tokens       int
	locked       bool
	orphaned     bool
	err          error
	asked        []string
}

func (f *testFacts) Role() string                          { return f.role }
func (f *testFacts) ClientIP() netip.Addr                  { return f.client }
func (f *testFacts) Serial() string                        { return f.serial }
func (f *testFacts) User(context.Context) (User, error)    { return f.user, f.err }
func (f *testFacts) Token(context.Context) (*Token, error) { return f.token, f.err }
func (f *testFacts) TokenCount(context.Context) (int, error) {
	f.asked = append(f.asked, "count")
	return f.tokens, f.err
}
func (f *testFacts) AnyTokenLocked(context.Context) (bool, error) { return f.locked, f.err }
func (f *testFacts) Orphaned(context.Context) (bool, error) {
	f.asked = append(f.asked, "orphaned")
	return f.orphaned, f.err
}
func (f *testFacts) Named() string                                   { return f.serial }
func (f *testFacts) Serials(context.Context, bool) ([]string, error) { return nil, f.err }
func (f *testFacts) Counter(_ context.Context, name string) (int64, error) {
	return map[string]int64{"enabled": 5, "below": -2}[name], f.err
}

type testParams map[string]any

func (p testParams) Text(name string) (string, bool) { s, ok := p[name].(string); return s, ok }
func (p testParams) Raw(name string) any             { return p[name] }
func (p testParams) Set(name string, v any)          { p[name] = v }
func (p testParams) Delete(name string)              { delete(p, name) }
func (p testParams) Names() []string                 { return nil }

type testHandler struct {
	name      string
	positions []Position
	do        func(Call) error
}

func (h testHandler) Info() Info                         { return Info{Name: h.name, Positions: h.positions} }
func (h testHandler) Do(_ context.Context, c Call) error { return h.do(c) }

func TestDefinition_Row(t *testing.T) {
	r := Row{
		ID: 3, Name: "types", Active: true, Ordering: -2, Position: "post", Event: "token_init , token_assign,",
		HandlerModule: "Token", Action: "delete", Conditions: map[string]string{"realm": "r"}, Options: map[string]string{"flag": "True"},
	}
	d := FromRow(r)
	if diff := cmp.Diff([]string{"token_init", "token_assign"}, d.Events); diff != "" {
		t.Error(diff)
	}
	want := r
	want.Event = "token_init,token_assign"
	if diff := cmp.Diff(want, d.Row()); diff != "" {
		t.Error(diff)
	}
	wantJSON := map[string]any{
		"id": int64(3), "name": "types", "active": true, "ordering": -2, "position": "post", "event": []string{"token_init", "token_assign"},
		"handlermodule": "Token", "action": "delete", "condition": "", "conditions": map[string]string{"realm": "r"}, "options": map[string]string{"flag": "True"},
	}
	if diff := cmp.Diff(wantJSON, d.JSON()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{}, FromRow(Row{}).JSON()["options"]); diff != "" {
		t.Error(diff)
	}
}

func TestSnapshot(t *testing.T) {
	s := NewSnapshot([]Definition{
		{ID: 1, Ordering: 3, Active: true, Position: Post, Events: []string{"auth"}},
		{ID: 2, Ordering: 1, Active: true, Position: Post, Events: []string{"auth", "token_init", "auth"}},
		{ID: 3, Ordering: 1, Position: Post, Events: []string{"auth"}},
		{ID: 5, Ordering: 0, Active: true, Position: Pre, Events: []string{"auth"}},
		{ID: 4, Ordering: 0, Active: true, Position: "beside", Events: []string{"auth", "*"}},
	})
	ids := func(ds []Definition) (out []int64) {
		for _, d := range ds {
			out = append(out, d.ID)
		}
		return out
	}
	for _, c := range []struct {
		name string
		got  []Definition
		want []int64
	}{
		{"all", s.All(), []int64{4, 5, 2, 3, 1}},
		{"after", s.For("auth", Post), []int64{2, 1}},
		{"before", s.For("auth", Pre), []int64{5}},
		{"another event", s.For("token_init", Post), []int64{2}},
		{"part of a name", s.For("token", Post), nil},
	} {
		if diff := cmp.Diff(c.want, ids(c.got)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if d, ok := s.ByID(3); !ok || d.Ordering != 1 {
		t.Error("by id")
	}
	if _, ok := s.ByID(9); ok {
		t.Error("an id that is not there")
	}
}

func TestCatalog(t *testing.T) {
	c, err := LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Events) != 43 || len(c.Modules()) != 10 || len(c.Conditions) != 27 {
		t.Errorf("%d events, %d modules, %d conditions", len(c.Events), len(c.Modules()), len(c.Conditions))
	}
	for _, k := range conditions() {
		if _, ok := c.Conditions[k.name]; !ok {
			t.Errorf("condition %s is not in the catalog", k.name)
		}
	}
	if len(conditions()) != len(c.Conditions) {
		t.Errorf("%d conditions are decided", len(conditions()))
	}
	lists := func(source string) []string { return []string{source} }
	mail, _ := c.Module("UserNotification")
	got := mail.ActionsJSON(lists)["sendmail"].(map[string]any)
	for name, want := range map[string]map[string]any{
		"emailconfig":    {"required": true, "type": "str", "value": []any{"<smtp servers>"}},
		"body":           {"required": false, "type": "text"},
		"To admin realm": {"type": "str", "value": []any{"<SUPERUSER_REALM>"}, "visibleIf": "To", "visibleValue": "admin realm"},
		"mimetype":       {"type": "str", "value": []any{"plain", "html"}},
	} {
		o := got[name].(map[string]any)
		delete(o, "description")
		if diff := cmp.Diff(want, o); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, name := range []string{AbortOption, TimeoutOption} {
		if _, shown := got[name]; !shown {
			t.Errorf("the option %s cannot be chosen", name)
		}
	}
	conds := c.ConditionsJSON(lists)
	tokentype := conds["tokentype"].(map[string]any)
	if diff := cmp.Diff([]map[string]any{{"name": "<token types>"}}, tokentype["value"]); diff != "" {
		t.Error(diff)
	}
	if _, ok := conds["serial"].(map[string]any)["value"]; ok {
		t.Error("values of a condition without a list")
	}
}

func definition(id int, module string, conditions, options map[string]string) Definition {
	return Definition{ID: int64(id), Name: fmt.Sprint("d", id), Ordering: id, Active: true, Position: Post, Events: []string{"auth"}, Module: module, Action: "act", Conditions: conditions, Options: options}
}

// hanging is a handler that waits for something that never comes.
type hanging struct{}

func (hanging) Info() Info { return Info{Name: "Hangs", Positions: []Position{Post}} }

func (hanging) Do(ctx context.Context, _ Call) error {
	<-ctx.Done()
	return fmt.Errorf("waited: %w", ctx.Err())
}

// inBubble runs a test in which waiting takes no time.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestFire_TheTimeOfAHandler(t *testing.T) {
	for text, want := range map[string]time.Duration{"": DefaultTimeout, "5": 5 * time.Second, " 7 ": 7 * time.Second, "0": DefaultTimeout,
		"-3": DefaultTimeout, "soon": DefaultTimeout, "99999999999": MaxTimeout, "101": MaxTimeout} {
		inBubble(t, text, func(t *testing.T) {
			var outcome Outcome
			e := Engine{Handlers: []Handler{hanging{}}, Lang: testLang{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
				Ended: func(_ string, o Outcome) { outcome = o }}
			began := time.Now()
			err := e.Fire(t.Context(), NewSnapshot([]Definition{definition(1, "Hangs", nil, map[string]string{TimeoutOption: text})}), Run{
				Event: "auth", Position: Post, Facts: func() Facts { return &testFacts{} }, Audit: func(context.Context, Fired) error { return nil },
			})
			if took := time.Since(began); err != nil || took != want || outcome != TimedOut {
				t.Errorf("%v %v %v", took, outcome, err)
			}
		})
	}
}

func TestFire_GoesOnWithoutTheClient(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	var seen error
	e := Engine{Handlers: []Handler{ctxHandler{&seen}}, Lang: testLang{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	err := e.Fire(ctx, NewSnapshot([]Definition{definition(1, "Context", nil, nil)}), Run{
		Event: "auth", Position: Post, Facts: func() Facts { return &testFacts{} }, Audit: func(context.Context, Fired) error { return nil },
	})
	if err != nil || seen != nil {
		t.Errorf("%v %v", err, seen)
	}
}

type ctxHandler struct{ seen *error }

func (ctxHandler) Info() Info { return Info{Name: "Context", Positions: []Position{Post}} }

func (h ctxHandler) Do(ctx context.Context, _ Call) error { *h.seen = ctx.Err(); return nil }

func TestFire(t *testing.T) {
	broken := errors.New("broken")
	handlers := func(order *[]string) []Handler {
		note := func(err error) func(Call) error {
			return func(c Call) error {
				*order = append(*order, c.Definition.Name)
				c.Response.Body["last"] = c.Definition.Name
				return err
			}
		}
		return []Handler{
			testHandler{"Good", []Position{Post}, note(nil)},
			testHandler{"Bad", []Position{Post}, note(broken)},
			testHandler{"Abort", []Position{Post}, note(Abort(broken))},
			hanging{},
			testHandler{"Panic", []Position{Post}, func(Call) error { panic("boom") }},
			testHandler{"Before", []Position{Pre}, note(nil)},
		}
	}
	for _, c := range []struct {
		name        string
		definitions []Definition
		ran         []string
		audited     []string
		err         error
	}{
		{"in their order", []Definition{definition(2, "Good", nil, nil), definition(1, "Good", nil, nil)}, []string{"d1", "d2"}, []string{"d1 true", "d2 true"}, nil},
		{"one that fails", []Definition{definition(1, "Bad", nil, nil), definition(2, "Good", nil, nil)}, []string{"d1", "d2"}, []string{"d1 false", "d2 true"}, nil},
		{"one that panics", []Definition{definition(1, "Panic", nil, nil), definition(2, "Good", nil, nil)}, []string{"d2"}, []string{"d1 false", "d2 true"}, nil},
		{"one that must not fail", []Definition{definition(1, "Bad", nil, map[string]string{AbortOption: "True"}), definition(2, "Good", nil, nil)}, []string{"d1"}, []string{"d1 false"}, broken},
		{"one that aborts", []Definition{definition(1, "Abort", nil, nil), definition(2, "Good", nil, nil)}, []string{"d1"}, []string{"d1 false"}, broken},
		{"unknown module", []Definition{definition(1, "Typo", nil, nil), definition(2, "Good", nil, nil)}, []string{"d2"}, []string{"d1 false", "d2 true"}, nil},
		{"wrong position", []Definition{definition(1, "Before", nil, nil)}, nil, []string{"d1 false"}, nil},
		{"not met", []Definition{definition(1, "Good", map[string]string{"realm": "other"}, nil)}, nil, nil, nil},
		{"undecidable", []Definition{definition(1, "Good", map[string]string{"serial": "("}, nil), definition(2, "Good", nil, nil)}, []string{"d2"}, []string{"d1 false", "d2 true"}, nil},
		{"hangs", []Definition{definition(1, "Hangs", nil, map[string]string{TimeoutOption: "1"}), definition(2, "Good", nil, nil)}, []string{"d2"}, []string{"d1 false", "d2 true"}, nil},
		{"hangs and must not", []Definition{definition(1, "Hangs", nil, map[string]string{TimeoutOption: "1", AbortOption: "1"}), definition(2, "Good", nil, nil)}, nil, []string{"d1 false"}, context.DeadlineExceeded},
		{"unknown and must not be", []Definition{definition(1, "Typo", nil, map[string]string{AbortOption: "1"}), definition(2, "Good", nil, nil)}, nil, []string{"d1 false"}, errUnknown},
		{"sees the one before", []Definition{definition(1, "Good", nil, nil), definition(2, "Good", map[string]string{"detail_message": "x"}, nil)}, []string{"d1"}, []string{"d1 true"}, nil},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			var ran, audited, ended []string
			e := Engine{Handlers: handlers(&ran), Lang: testLang{}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
				Ended: func(module string, o Outcome) { ended = append(ended, module+" "+string(o)) }}
			err := e.Fire(t.Context(), NewSnapshot(c.definitions), Run{
				Event: "auth", Position: Post, Params: testParams{}, Response: &Response{Body: map[string]any{}},
				Facts: func() Facts { return &testFacts{serial: "S1"} },
				Audit: func(_ context.Context, f Fired) error {
					audited = append(audited, fmt.Sprint(f.Definition.Name, " ", f.Err == nil))
					return nil
				},
			})
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff(c.ran, ran); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.audited, audited); diff != "" {
				t.Error(diff)
			}
			if len(ended) != len(audited) {
				t.Errorf("counted %v", ended)
			}
		})
	}
}

func TestFire_WithoutAuditTheRequestFails(t *testing.T) {
	full := errors.New("disk full")
	e := Engine{Handlers: []Handler{testHandler{"Good", []Position{Post}, func(Call) error { return nil }}}, Lang: testLang{}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	err := e.Fire(t.Context(), NewSnapshot([]Definition{definition(1, "Good", nil, nil)}), Run{
		Event: "auth", Position: Post, Facts: func() Facts { return &testFacts{} },
		Audit: func(context.Context, Fired) error { return full },
	})
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

func TestFired_Action(t *testing.T) {
	d := Definition{Module: "Token", Action: "set description"}
	if got := (Fired{Event: "token_init", Position: Pre, Definition: d}).Action(); got != "PRE-EVENT token_init>>Token:set description" {
		t.Error(got)
	}
	if got := (Fired{Event: "auth", Position: Post, Definition: d}).Action(); got != "POST-EVENT auth>>Token:set description" {
		t.Error(got)
	}
}
