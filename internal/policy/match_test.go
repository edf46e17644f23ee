package policy

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"edumfa/internal/mfaerr"
)

func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) } // a Saturday

// people of the recorded scenarios, by the name used there.
func people(name string) *User {
	login, realm, ok := strings.Cut(name, "@")
	if !ok {
		realm = "realm1"
	}
	resolver := "reso"
	if realm == "realm2" || login == "frank" {
		resolver = "reso2"
	}
	return &User{Login: login, Realm: realm, Resolver: resolver}
}

func homes(context.Context, string, string) ([]string, error) {
	return []string{"reso", "reso2"}, nil
}

type recorded map[string]map[string]map[string]any

func checkRecorded(t *testing.T, file string, row func(label string) Row, query func(subject string) Query) {
	t.Helper()
	var all recorded
	load(t, "matching.json", &all)
	if len(all[file]) == 0 {
		t.Fatalf("no recording %s", file)
	}
	for label, subjects := range all[file] {
		set := NewSet([]Row{row(label)}, noon)
		for subject, want := range subjects {
			got, _, err := set.Any(t.Context(), query(subject))
			if status, ok := want.(float64); ok {
				want = status == 200
			}
			if err != nil || got != want {
				t.Errorf("%s for %s: got %v, %v; want %v", label, subject, got, err, want)
			}
		}
	}
}

func authRow(change func(*Row)) Row {
	r := Row{Name: "match", Active: true, Scope: ScopeAuthentication, Action: "passOnNoToken", Priority: 1}
	change(&r)
	return r
}

func TestMatch_Recorded(t *testing.T) {
	byUser := func(name string) Query {
		return Query{Scope: ScopeAuthentication, Action: "passOnNoToken", User: people(name), AllResolvers: homes, Node: "east"}
	}
	t.Run("realms", func(t *testing.T) {
		checkRecorded(t, "realms", func(l string) Row { return authRow(func(r *Row) { r.Realm = strings.TrimPrefix(l, "realm ") }) }, byUser)
	})
	t.Run("users", func(t *testing.T) {
		checkRecorded(t, "users", func(l string) Row { return authRow(func(r *Row) { r.User = strings.TrimPrefix(l, "user ") }) }, byUser)
	})
	t.Run("resolvers", func(t *testing.T) {
		checkRecorded(t, "resolvers", func(l string) Row {
			return authRow(func(r *Row) { r.Resolver = strings.TrimPrefix(l, "resolver ") })
		}, byUser)
	})
	t.Run("nodes", func(t *testing.T) {
		checkRecorded(t, "nodes", func(l string) Row { return authRow(func(r *Row) { r.Node = strings.TrimPrefix(l, "node ") }) }, byUser)
	})
	t.Run("all resolvers", func(t *testing.T) {
		lists := map[string]string{"first": "reso", "second": "reso2", "both": "reso, reso2", "no resolver": "", "unknown": "reso9"}
		checkRecorded(t, "check-all-resolvers", func(l string) Row {
			return authRow(func(r *Row) {
				what, _ := strings.CutSuffix(strings.ReplaceAll(l, " of all", ", all"), ", all")
				r.Resolver, r.CheckAllResolvers = lists[what], strings.Contains(l, "all")
			})
		}, byUser)
	})
	t.Run("client", func(t *testing.T) {
		checkRecorded(t, "client", func(l string) Row { return authRow(func(r *Row) { r.Client = strings.TrimPrefix(l, "client ") }) },
			func(ip string) Query {
				if ip == "itself" {
					ip = "127.0.0.1"
				}
				return Query{Scope: ScopeAuthentication, Action: "passOnNoToken", Client: netip.MustParseAddr(ip)}
			})
	})
	t.Run("admins", func(t *testing.T) {
		checkRecorded(t, "adminrealm-and-adminuser", func(l string) Row {
			realm, user, _ := strings.Cut(strings.TrimPrefix(l, "adminrealm "), " adminuser ")
			return Row{Name: "adm", Active: true, Scope: ScopeAdmin, Action: "reset", AdminRealm: realm, AdminUser: user, Priority: 1}
		}, func(name string) Query {
			login, realm, _ := strings.Cut(name, "@")
			return Query{Scope: ScopeAdmin, Action: "reset", AdminUser: &login, AdminRealm: &realm}
		})
	})
}

func names(t *testing.T, s *Set, q Query) string {
	t.Helper()
	list, err := s.Match(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(Names(list), " ")
}

func TestMatch_Order(t *testing.T) {
	set := NewSet([]Row{
		{Name: "weak", Active: true, Scope: "webui", Action: "a", Priority: 9},
		{Name: "first", Active: true, Scope: "webui", Action: "a", Priority: 1},
		{Name: "net", Active: true, Scope: "webui", Action: "a", Priority: 1, Client: "10.0.0.0/8"},
		{Name: "pattern", Active: true, Scope: "webui", Action: "[ab]", Priority: 1},
		{Name: "off", Scope: "webui", Action: "a", Priority: 1},
		{Name: "other", Active: true, Scope: "user", Action: "a", Priority: 1},
	}, noon)
	for name, c := range map[string]struct {
		q    Query
		want string
	}{
		"without a client":   {Query{Scope: "webui", Action: "a"}, "first net pattern weak"},
		"a client in front":  {Query{Scope: "webui", Action: "a", Client: netip.MustParseAddr("10.1.1.1")}, "net first pattern weak"},
		"another client":     {Query{Scope: "webui", Action: "a", Client: netip.MustParseAddr("11.1.1.1")}, "first pattern weak"},
		"only by pattern":    {Query{Scope: "webui", Action: "b"}, "pattern"},
		"no scope":           {Query{Action: "a"}, "first net pattern other weak"},
		"inactive ones":      {Query{Scope: "webui", Action: "a", Active: InactiveOnly}, "off"},
		"any, by name":       {Query{Name: "off", Active: AnyActivity}, "off"},
		"nothing to compare": {Query{Scope: "user"}, "other"},
		"unknown scope":      {Query{Scope: "kitchen"}, ""},
	} {
		if got := names(t, set, c.q); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestMatch_Actions(t *testing.T) {
	for text, want := range map[string]bool{
		"enrollHOTP": true, "*": true, "*, !enrollHOTP": false, "*, -enrollTOTP": true, "!enrollTOTP": false,
		"enroll.*": true, "enrollHOTP=1": true, "": false, "enroll": false, "enrollhotp": false,
	} {
		set := NewSet([]Row{{Name: "p", Active: true, Scope: "admin", Action: text, Priority: 1}}, noon)
		if got := names(t, set, Query{Scope: "admin", Action: "enrollHOTP"}) == "p"; got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestMatch_EmptyUser(t *testing.T) {
	for text, want := range map[string]bool{"": true, ".*": true, "*": true, "hans": false, "!hans, *": true} {
		set := NewSet([]Row{{Name: "p", Active: true, Scope: "webui", Action: "a", User: text, Priority: 1}}, noon)
		if got := names(t, set, Query{Scope: "webui", User: &User{}}) == "p"; got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestMatch_RefusesAnotherUserBeside(t *testing.T) {
	set := NewSet(nil, noon)
	u := &User{Login: "hans", Realm: "r", Resolver: "x", UsedLogin: "hans@r"}
	for name, c := range map[string]struct {
		q  Query
		ok bool
	}{
		"same in other case": {Query{User: u, Login: Text("HANS"), Realm: Text("R"), Resolver: Text("X")}, true},
		"the typed name":     {Query{User: u, Login: Text("Hans@R")}, true},
		"empty":              {Query{User: u, Login: Text("")}, true},
		"other login":        {Query{User: u, Login: Text("otto")}, false},
		"other realm":        {Query{User: u, Realm: Text("q")}, false},
		"other resolver":     {Query{User: u, Resolver: Text("q")}, false},
	} {
		_, err := set.Match(t.Context(), c.q)
		if (err == nil) != c.ok || err != nil && mfaerr.Wrap(err).Code != mfaerr.CodeParameter {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestMatch_MalformedPolicyRefuses(t *testing.T) {
	user := &User{Login: "alice", Realm: "realm1", Resolver: "reso"}
	for name, r := range map[string]Row{
		"realm":  {Realm: "realm(1"},
		"user":   {User: "*a"},
		"client": {Client: "host"},
		"slow":   {User: "(a+)+!b"},
	} {
		r.Name, r.Active, r.Scope, r.Action, r.Priority = "bad", true, "webui", "a", 1
		set := NewSet([]Row{r}, noon)
		u := *user
		if name == "slow" {
			u.Login = strings.Repeat("a", 60)
		}
		_, err := set.Match(t.Context(), Query{Scope: "webui", Action: "a", User: &u, Client: netip.MustParseAddr("10.0.0.1")})
		if !mfaerr.Is(err, mfaerr.Policy) {
			t.Errorf("%s: got %v", name, err)
		}
		if name != "slow" && len(set.All()[0].Problems()) != 1 {
			t.Errorf("%s: problems %q", name, set.All()[0].Problems())
		}
	}
}

func TestMatch_FlagsInFront(t *testing.T) {
	set := NewSet([]Row{{Name: "p", Active: true, Scope: "webui", Action: "a", User: "(?i)ALICE", Priority: 1}}, noon)
	if names(t, set, Query{Scope: "webui", Login: Text("alice")}) != "p" {
		t.Error("the flag is not honoured")
	}
}

func TestMatch_PassesForeignErrorsOn(t *testing.T) {
	set := NewSet([]Row{{Name: "p", Active: true, Scope: "webui", Action: "a", Resolver: "x", CheckAllResolvers: true, Priority: 1}}, noon)
	boom := fmt.Errorf("directory down")
	_, err := set.Match(t.Context(), Query{Scope: "webui", User: &User{Login: "a", Realm: "r"},
		AllResolvers: func(context.Context, string, string) ([]string, error) { return nil, boom }})
	if err != boom {
		t.Errorf("got %v", err)
	}
}

func TestExplain_NamesTheFirstReason(t *testing.T) {
	base := func(name string, change func(*Row)) Row {
		r := Row{Name: name, Active: true, Scope: "admin", Action: "reset", Priority: 1}
		change(&r)
		return r
	}
	set := NewSet([]Row{
		base("fits", func(*Row) {}),
		base("active", func(r *Row) { r.Active = false; r.Action = "other" }),
		base("scope", func(r *Row) { r.Scope = "user" }),
		base("action", func(r *Row) { r.Action = "set" }),
		base("user", func(r *Row) { r.User = "otto"; r.Realm = "q" }),
		base("realm", func(r *Row) { r.Realm = "q" }),
		base("adminrealm", func(r *Row) { r.AdminRealm = "q" }),
		base("adminuser", func(r *Row) { r.AdminUser = "q" }),
		base("resolver", func(r *Row) { r.Resolver = "q" }),
		base("edumfanode", func(r *Row) { r.Node = "q" }),
		base("client", func(r *Row) { r.Client = "11.0.0.0/8" }),
		base("time", func(r *Row) { r.Time = "Mon-Fri: 9-18" }),
		base("condition", func(r *Row) { r.Conditions = []Condition{{SectionHeader, "Host", Equals, "x", true}} }),
	}, noon)
	verdicts, err := set.Explain(t.Context(), Query{
		Scope: "admin", Action: "reset", User: &User{Login: "hans", Realm: "r", Resolver: "x"}, AdminUser: Text("adm"),
		AdminRealm: Text("super"), Node: "n1", Client: netip.MustParseAddr("10.0.0.1"), Header: func(string) string { return "y" },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		want := Reason(v.Policy.Name())
		if want == "fits" {
			want = Fits
		}
		if v.Reason != want || v.Err != nil || (v.Condition != nil) != (want == NotCondition) {
			t.Errorf("%s: got %+v", v.Policy.Name(), v)
		}
	}
}

func TestRightsAndMenus(t *testing.T) {
	all := []string{"b", "a"}
	empty := NewSet([]Row{{Name: "off", Scope: "admin", Action: "x", Priority: 1}}, noon)
	got, err := empty.Rights(t.Context(), Query{Scope: "admin"}, all)
	if err != nil || !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("without policies: %v, %v", got, err)
	}
	bad := []Condition{{"cellar", "x", Equals, "y", true}}
	set := NewSet([]Row{
		{Name: "p", Active: true, Scope: "admin", Action: "enable, sms=a b, none=", Priority: 3, Conditions: bad},
		{Name: "q", Active: true, Scope: "admin", Action: "enable, disable", Priority: 1, AdminUser: "otto"},
	}, noon)
	got, err = set.Rights(t.Context(), Query{Scope: "admin", AdminUser: Text("hans")}, all)
	if err != nil || !reflect.DeepEqual(got, []string{"enable", "sms", "sms=a b"}) {
		t.Errorf("got %v, %v", got, err)
	}
	menus := Menus(got, func(a string) []string {
		return map[string][]string{"enable": {"tokens", "config"}, "sms": {"tokens"}}[a]
	})
	if !reflect.DeepEqual(menus, []string{"config", "tokens"}) {
		t.Errorf("menus %v", menus)
	}
	if _, err := set.Rights(t.Context(), Query{Scope: "webui"}, all); !mfaerr.Is(err, mfaerr.Policy) {
		t.Errorf("got %v", err)
	}
}

func TestEnrollTypes(t *testing.T) {
	types := []string{"hotp", "totp", "sms"}
	set := NewSet([]Row{{Name: "p", Active: true, Scope: "user", Action: "enroll.OTP, -enrollTOTP", Priority: 1}}, noon)
	got, err := set.EnrollTypes(t.Context(), Query{Scope: "user"}, types)
	if err != nil || !reflect.DeepEqual(got, []string{"hotp"}) {
		t.Errorf("got %v, %v", got, err)
	}
	got, err = set.EnrollTypes(t.Context(), Query{Scope: "admin"}, types)
	if err != nil || !reflect.DeepEqual(got, types) {
		t.Errorf("without policies got %v, %v", got, err)
	}
}

func TestAllowed(t *testing.T) {
	set := NewSet([]Row{{Name: "p", Active: true, Scope: "admin", Action: "enable", Priority: 1}, {Name: "q", Scope: "user", Action: "x", Priority: 1}}, noon)
	for q, want := range map[[2]string]bool{{"admin", "enable"}: true, {"admin", "disable"}: false, {"user", "enable"}: true, {"webui", "x"}: true} {
		if got, _, err := set.Allowed(t.Context(), Query{Scope: q[0], Action: q[1]}); err != nil || got != want {
			t.Errorf("%v: got %v, %v", q, got, err)
		}
	}
}

func TestValues_ConflictsAndPriorities(t *testing.T) {
	rows := func(texts ...string) []Row {
		var out []Row
		for i, s := range texts {
			text, prio, _ := strings.Cut(s, "@")
			r := Row{Name: fmt.Sprint("x", i+1), Active: true, Scope: "webui", Action: text, Priority: 1}
			if prio != "" {
				_, _ = fmt.Sscan(prio, &r.Priority)
			}
			out = append(out, r)
		}
		return out
	}
	q := Query{Scope: "webui", Action: "a"}
	for name, c := range map[string]struct {
		rows  []Row
		value string
		err   string
	}{
		"none":                {rows("b=1"), "", ""},
		"one":                 {rows("a=1"), "1", ""},
		"the strongest":       {rows("a=1@5", "a=2@2"), "2", ""},
		"conflict":            {rows("a=1", "a=2"), "", "There are policies with conflicting actions: ['x1', 'x2']"},
		"same value":          {rows("a=1", "a=1"), "1", ""},
		"two words":           {rows("a=1 2"), "", "There are policies with conflicting actions: ['x1']"},
		"apostrophes":         {rows("a='1 2'"), "1 2", ""},
		"a name and no value": {rows("a"), "", "Policy 'x1' gives the action 'a' no value"},
	} {
		v, ok, err := NewSet(c.rows, noon).Value(t.Context(), q, Words)
		got := ""
		if err != nil {
			got = mfaerr.Wrap(err).Message()
		}
		if v.Text != c.value || got != c.err || ok != (c.value != "") {
			t.Errorf("%s: got %v %v %q", name, v, ok, got)
		}
	}
	values, err := NewSet(rows("a=1 2@3", "a=2@1"), noon).Values(t.Context(), q, Words)
	if err != nil || fmt.Sprint(values) != "[{2 [x2 x1]} {1 [x1]}]" || !values.Has("1") || fmt.Sprint(values.Policies()) != "[x2 x1 x1]" {
		t.Errorf("got %v, %v", values, err)
	}
	for name, c := range map[string]struct {
		rows []Row
		ok   bool
	}{"agree": {rows("a=1", "a=1", "a=2@3"), true}, "differ": {rows("a=1", "a=2"), false}, "a bare name": {rows("a=x", "a"), false}, "none": {nil, true}} {
		list, _ := NewSet(c.rows, noon).Match(t.Context(), q)
		if err := CheckAgreement(list, "a"); (err == nil) != c.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
