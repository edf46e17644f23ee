package event

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// probe is what the conditions of one definition are checked against.
type probe struct {
	Facts
	lang   Language
	now    time.Time
	answer map[string]any // nil before the call
	token  *Token
}

// condition is one kind of condition. Those that need a token count as met when
// there is not exactly one; fudiscr set-ups rely on it.
type condition struct {
	name       string
	needsToken bool
	met        func(ctx context.Context, p *probe, value string) (bool, error)
}

// conditions go from what costs nothing to what asks a database or a directory.
func conditions() []condition {
	return []condition{
		{"logged_in_user", false, func(_ context.Context, p *probe, v string) (bool, error) { return p.Role() == v, nil }},
		{"client_ip", false, metClient},
		{"result_value", false, func(_ context.Context, p *probe, v string) (bool, error) {
			return True(v) == True(p.member("result", "value")), nil
		}},
		{"result_status", false, func(_ context.Context, p *probe, v string) (bool, error) {
			return True(v) == True(p.member("result", "status")), nil
		}},
		{"detail_message", false, func(_ context.Context, p *probe, v string) (bool, error) {
			return p.lang.Search(v, text(p.member("detail", "message")))
		}},
		{"detail_error_message", false, func(_ context.Context, p *probe, v string) (bool, error) {
			return p.lang.Search(v, text(p.member("detail", "error", "message")))
		}},
		{"serial", false, metSerial},
		{"tokentype", true, func(_ context.Context, p *probe, v string) (bool, error) { return listed(v, p.token.Type), nil }},
		{"tokenrealm", true, func(_ context.Context, p *probe, v string) (bool, error) { return anyListed(v, p.token.Realms), nil }},
		{"tokenresolver", true, func(_ context.Context, p *probe, v string) (bool, error) { return anyListed(v, p.token.Resolvers), nil }},
		{"token_has_owner", true, func(_ context.Context, p *probe, v string) (bool, error) { return flag(v, p.token.HasOwner), nil }},
		{"token_validity_period", true, func(_ context.Context, p *probe, v string) (bool, error) {
			return (v == "True") == p.token.Valid, nil
		}},
		{"rollout_state", true, func(_ context.Context, p *probe, v string) (bool, error) { return v == p.token.RolloutState, nil }},
		{"otp_counter", true, number(func(t *Token) int64 { return t.Counter })},
		{"failcounter", true, number(func(t *Token) int64 { return int64(t.FailCount) })},
		{"count_auth", true, number(func(t *Token) int64 { return t.count("count_auth") })},
		{"count_auth_success", true, number(func(t *Token) int64 { return t.count("count_auth_success") })},
		{"count_auth_fail", true, number(func(t *Token) int64 { return t.count("count_auth") - t.count("count_auth_success") })},
		{"last_auth", true, metLastAuth},
		{"tokeninfo", true, metTokeninfo},
		{"certificate_days_left", true, metDaysLeft},
		{"realm", false, metUser(func(u User) string { return u.Realm })},
		{"resolver", false, metUser(func(u User) string { return u.Resolver })},
		{"user_token_number", false, metTokenNumber},
		{"token_locked", false, metLocked},
		{"counter", false, metCounter},
		{"token_is_orphaned", true, metOrphaned},
	}
}

// met reports whether all conditions of a definition hold. Conditions with
// unknown names hold: definitions of other versions keep working. The error says
// that one could not be decided, for instance because its text makes no sense.
func (p *probe) met(ctx context.Context, want map[string]string) (bool, error) {
	if len(want) == 0 {
		return true, nil
	}
	asked := false
	for _, c := range conditions() {
		value, ok := want[c.name]
		if !ok {
			continue
		}
		if !asked && (c.needsToken || c.name == "token_locked") {
			var err error
			if p.token, err = p.Token(ctx); err != nil {
				return false, fmt.Errorf("condition %s: %w", c.name, err)
			}
			asked = true
		}
		if c.needsToken && p.token == nil {
			continue
		}
		met, err := c.met(ctx, p, value)
		if err != nil {
			return false, fmt.Errorf("condition %s: %w", c.name, err)
		}
		if !met {
			return false, nil
		}
	}
	return true, nil
}

func metClient(_ context.Context, p *probe, value string) (bool, error) {
	if !p.ClientIP().IsValid() {
		return true, nil
	}
	return clientFits(value, p.ClientIP())
}

func metSerial(_ context.Context, p *probe, value string) (bool, error) {
	if p.Serial() == "" {
		return true, nil
	}
	_, ok, err := p.lang.Match(value, p.Serial())
	return ok, err
}

func metUser(part func(User) string) func(context.Context, *probe, string) (bool, error) {
	return func(ctx context.Context, p *probe, value string) (bool, error) {
		u, err := p.User(ctx)
		return err == nil && part(u) == value, err
	}
}

func metTokenNumber(ctx context.Context, p *probe, value string) (bool, error) {
	u, err := p.User(ctx)
	if err != nil || u.Empty() {
		return err == nil, err
	}
	n, err := p.TokenCount(ctx)
	return err == nil && CompareNumber(value, int64(n)), err
}

// metLocked asks the one token, or else whether any token is locked, and then
// does not look at the value: event/condition-locked records it.
func metLocked(ctx context.Context, p *probe, value string) (bool, error) {
	if p.token != nil {
		return (value == "True") == (p.token.FailCount >= p.token.MaxFail), nil
	}
	return p.AnyTokenLocked(ctx)
}

func metOrphaned(ctx context.Context, p *probe, value string) (bool, error) {
	orphaned, err := p.Orphaned(ctx)
	return err == nil && flag(value, orphaned), err
}

func metCounter(ctx context.Context, p *probe, value string) (bool, error) {
	name, op, want, err := splitComparison(value)
	if err != nil {
		return false, err
	}
	n, err := p.Counter(ctx, name)
	return err == nil && CompareNumber(op+want, n), err
}

func metLastAuth(_ context.Context, p *probe, value string) (bool, error) {
	d, err := p.lang.Period(value)
	if err != nil {
		return false, err
	}
	stored := p.token.Info["last_auth"]
	if stored == "" {
		return false, nil
	}
	last, err := p.lang.Date(stored, p.now)
	// A date that nobody can read is as old as it gets.
	return err != nil || last.Before(p.now.Add(-d)), nil
}

func metTokeninfo(_ context.Context, p *probe, value string) (bool, error) {
	filled, err := withNow(value, p.now, p.lang.Period)
	if err != nil {
		return false, err
	}
	name, op, want, err := splitComparison(filled)
	if err != nil {
		return false, err
	}
	have, ok := p.token.Info[name]
	if !ok {
		return false, nil
	}
	return compareTexts(have, op, want, func(s string) (time.Time, error) { return p.lang.Date(s, p.now) }), nil
}

func number(of func(*Token) int64) func(context.Context, *probe, string) (bool, error) {
	return func(_ context.Context, p *probe, value string) (bool, error) {
		return CompareNumber(value, of(p.token)), nil
	}
}

func (t *Token) count(name string) int64 {
	var n int64
	if _, err := fmt.Sscan(t.Info[name], &n); err != nil {
		return 0
	}
	return n
}

// flag reports whether a condition text of True or False is what is the case;
// other texts never are.
func flag(value string, is bool) bool { return is && value == "True" || !is && value == "False" }

func listed(list, name string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(s string) bool { return strings.TrimSpace(s) == name })
}

// anyListed holds when there is nothing to compare.
func anyListed(list string, names []string) bool {
	return len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return listed(list, n) })
}

// member is a value of the answer by its path, nil where there is none.
func (p *probe) member(path ...string) any {
	var v any = p.answer
	for _, name := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// True knows the spellings of true of the API; numbers are true when they are 1.
func True(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v == "1" || v == "True" || v == "true" || v == "TRUE"
	case int:
		return v == 1
	case int64:
		return v == 1
	case float64:
		return v == 1
	}
	return false
}
