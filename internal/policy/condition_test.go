package policy

import (
	"context"
	"testing"

	"edumfa/internal/mfaerr"
)

func conditionQuery() Query {
	return Query{
		Scope: "authentication", Action: "x",
		User: &User{Login: "alice", Realm: "r", Resolver: "x", Info: func(context.Context) (map[string]any, error) {
			return map[string]any{"email": "alice@example.org", "userid": "1001", "groups": []string{"a", "b"}, "none": nil}, nil
		}},
		Token: func(context.Context) (*Token, error) {
			return &Token{Fields: map[string]any{"tokentype": "hotp", "failcount": 3}, Info: map[string]string{"site": "north"}}, nil
		},
		Header:      func(n string) string { return map[string]string{"X-Site": "north"}[n] },
		Environment: func(n string) string { return map[string]string{"REQUEST_METHOD": "POST"}[n] },
	}
}

func TestConditions(t *testing.T) {
	type want struct {
		ok   bool
		text string
	}
	for name, c := range map[string]struct {
		condition Condition
		change    func(*Query)
		want      want
	}{
		"user equals":      {Condition{"userinfo", "email", "equals", "alice@example.org", true}, nil, want{true, ""}},
		"user list":        {Condition{"userinfo", "groups", "contains", "b", true}, nil, want{true, ""}},
		"user differs":     {Condition{"userinfo", "email", "!equals", "alice@example.org", true}, nil, want{false, ""}},
		"nothing is zero":  {Condition{"userinfo", "none", "<", "1", true}, nil, want{true, ""}},
		"number":           {Condition{"token", "failcount", ">", "2", true}, nil, want{true, ""}},
		"type in":          {Condition{"token", "tokentype", "in", "totp, hotp", true}, nil, want{true, ""}},
		"tokeninfo":        {Condition{"tokeninfo", "site", "matches", "no.*", true}, nil, want{true, ""}},
		"header":           {Condition{"HTTP Request header", "X-Site", "equals", "south", true}, nil, want{false, ""}},
		"environment":      {Condition{"HTTP Environment", "REQUEST_METHOD", "equals", "POST", true}, nil, want{true, ""}},
		"inactive":         {Condition{"cellar", "x", "resembles", "y", false}, nil, want{true, ""}},
		"unknown section":  {Condition{"cellar", "x", "equals", "y", true}, nil, want{false, "Policy 'c' has condition with unknown section"}},
		"user key":         {Condition{"userinfo", "shoe", "equals", "y", true}, nil, want{false, "Unknown key in the userinfo conditions of policy 'c'"}},
		"token key":        {Condition{"token", "shoe", "equals", "y", true}, nil, want{false, "Unknown key in the token conditions of policy 'c'"}},
		"header key":       {Condition{"HTTP Request header", "Y", "equals", "y", true}, nil, want{false, "Unknown HTTP header key referenced in condition of policy 'c': 'Y'"}},
		"environment key":  {Condition{"HTTP Environment", "Y", "equals", "y", true}, nil, want{false, "Unknown HTTP environment key referenced in condition of policy 'c': 'Y'"}},
		"user comparison":  {Condition{"userinfo", "email", ">", "5", true}, nil, want{false, "Invalid comparison in the userinfo conditions of policy 'c'"}},
		"token comparison": {Condition{"token", "failcount", "matches", "3", true}, nil, want{false, "Invalid comparison in the 'token' conditions of policy 'c'"}},
		"header compared":  {Condition{"HTTP Request header", "X-Site", ">", "5", true}, nil, want{false, "Invalid comparison in the HTTP header conditions of policy 'c'"}},
		"bad pattern":      {Condition{"userinfo", "email", "matches", "(x", true}, nil, want{false, "Invalid comparison in the userinfo conditions of policy 'c'"}},
		"bad comparator":   {Condition{"userinfo", "email", "resembles", "x", true}, nil, want{false, "Invalid comparison in the userinfo conditions of policy 'c'"}},
		"no user":          {Condition{"userinfo", "email", "equals", "x", true}, func(q *Query) { q.User = nil }, want{false, "Policy 'c' has condition on userinfo, but an according object is not available"}},
		"no token":         {Condition{"token", "tokentype", "equals", "x", true}, func(q *Query) { q.Token = nil }, want{false, "Policy 'c' has conditions on tokens, but a token object is not available"}},
		"no tokeninfo":     {Condition{"tokeninfo", "a", "equals", "x", true}, func(q *Query) { q.Token = nil }, want{false, "Policy 'c' has condition on tokeninfo, but an according object is not available"}},
		"no request":       {Condition{"HTTP Request header", "a", "equals", "x", true}, func(q *Query) { q.Header = nil }, want{false, "Policy 'c' has conditions on headers 'a', but HTTP headers are not available"}},
		"nothing checked":  {Condition{"cellar", "a", "equals", "x", true}, func(q *Query) { q.Conditions = CheckNone }, want{true, ""}},
		"users checked":    {Condition{"userinfo", "email", "equals", "x", true}, func(q *Query) { q.Conditions = CheckUserInfo }, want{false, ""}},
		"others passed":    {Condition{"token", "a", "equals", "x", true}, func(q *Query) { q.Conditions = CheckUserInfo }, want{true, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			set := NewSet([]Row{{Name: "c", Active: true, Scope: "authentication", Action: "x", Priority: 1, Conditions: []Condition{c.condition}}}, noon)
			q := conditionQuery()
			if c.change != nil {
				c.change(&q)
			}
			ok, _, err := set.Any(t.Context(), q)
			text := ""
			if err != nil {
				text = mfaerr.Wrap(err).Message()
			}
			if ok != c.want.ok || text != c.want.text {
				t.Errorf("got %v %q", ok, text)
			}
		})
	}
}

func TestConditions_AskOnce(t *testing.T) {
	rows := []Row{}
	for _, n := range []string{"a", "b", "c"} {
		rows = append(rows, Row{Name: n, Active: true, Scope: "authentication", Action: "x", Priority: 1,
			Conditions: []Condition{{"userinfo", "email", "equals", "alice@example.org", true}}})
	}
	q := conditionQuery()
	asked := 0
	info := q.User.Info
	q.User.Info = func(ctx context.Context) (map[string]any, error) { asked++; return info(ctx) }
	if ok, _, err := NewSet(rows, noon).Any(t.Context(), q); !ok || err != nil || asked != 1 {
		t.Errorf("got %v, %v, asked %d times", ok, err, asked)
	}
}
