// Package policy is the policy engine: it compiles policy rows into an
// immutable [Set] and answers which policies match a request, which values
// their actions have, and why a policy does not match. It also reads policies
// from requests and files. It stores nothing and speaks no HTTP.
package policy

import (
	"strings"

	"edumfa/internal/timespec"
)

// Scopes of policies. The scope "audit" exists too, without actions.
const (
	ScopeAdmin          = "admin"
	ScopeUser           = "user"
	ScopeEnrollment     = "enrollment"
	ScopeAuthentication = "authentication"
	ScopeAuthorization  = "authorization"
	ScopeRegister       = "register"
	ScopeWebUI          = "webui"
)

// Scopes lists the scopes that have actions.
func Scopes() []string {
	return []string{ScopeAdmin, ScopeUser, ScopeEnrollment, ScopeAuthentication, ScopeAuthorization, ScopeRegister, ScopeWebUI}
}

// Row is a policy as the table holds it. Lists are comma texts, the action is
// "name, name=value, …"; all are kept as they came.
type Row struct {
	ID                int64
	Name              string
	Active            bool
	CheckAllResolvers bool
	Scope             string
	Action            string
	Realm             string
	AdminRealm        string
	AdminUser         string
	Resolver          string
	Node              string // column edumfanode
	User              string
	Client            string
	Time              string
	Priority          int // 1 is the strongest
	Conditions        []Condition
}

// Condition is an extended condition, a row of policycondition.
type Condition struct {
	Section    string
	Key        string
	Comparator string
	Value      string
	Active     bool
}

// Action is one entry of a policy's action text. Without "=" it is a bare name,
// which means true.
type Action struct {
	Name  string
	Value string
	Bare  bool
}

// Policy is a compiled policy. It is read only and safe for concurrent use.
type Policy struct {
	Row     Row
	Actions []Action // in the order of the text, each name once

	actions    list
	values     map[string]Action
	realm      list
	adminRealm list
	adminUser  list
	resolver   list
	nodes      []string
	user       list
	clients    networks
	windows    timespec.Windows
	conditions []condition
}

// Parse compiles a row. It does not fail: what cannot be understood is reported
// by [Policy.Problems] and refuses or never matches when it is used.
func Parse(r Row) *Policy {
	p := &Policy{Row: r, Actions: ParseActions(r.Action)}
	p.values = make(map[string]Action, len(p.Actions))
	names := make([]string, len(p.Actions))
	for i, a := range p.Actions {
		p.values[a.Name] = a
		names[i] = a.Name
	}
	p.actions = compileList(names)
	p.realm = compileList(SplitList(r.Realm))
	p.adminRealm = compileList(SplitList(r.AdminRealm))
	p.adminUser = compileList(SplitList(r.AdminUser))
	p.resolver = compileList(SplitList(r.Resolver))
	p.nodes = SplitList(r.Node)
	p.user = compileList(SplitList(r.User))
	p.clients = compileNetworks(SplitList(r.Client))
	if r.Time != "" {
		p.windows = timespec.ParseWindows(r.Time)
	}
	for _, c := range r.Conditions {
		if c.Active {
			p.conditions = append(p.conditions, compileCondition(c))
		}
	}
	return p
}

// Name is the name of the policy.
func (p *Policy) Name() string { return p.Row.Name }

// Action returns the entry with exactly this name. A policy can match an action
// by a pattern and have no such entry.
func (p *Policy) Action(name string) (Action, bool) {
	a, ok := p.values[name]
	return a, ok
}

// Problems tells what in the policy cannot be understood, for logs and for the
// administrator; nil if nothing.
func (p *Policy) Problems() []string {
	var out []string
	add := func(field string, err error) {
		if err != nil {
			out = append(out, field+": "+err.Error())
		}
	}
	add("action", p.actions.err())
	add("realm", p.realm.err())
	add("adminrealm", p.adminRealm.err())
	add("adminuser", p.adminUser.err())
	add("resolver", p.resolver.err())
	add("user", p.user.err())
	add("client", p.clients.err)
	add("time", p.windows.Err())
	for _, c := range p.conditions {
		add("condition on "+c.Section+" "+c.Key, c.err)
	}
	return out
}

// View is a policy with its lists split, as the API and the files show it.
type View struct {
	Name              string
	Active            bool
	Scope             string
	Realm             []string
	AdminRealm        []string
	AdminUser         []string
	Resolver          []string
	Node              []string
	CheckAllResolvers bool
	User              []string
	Client            []string
	Time              string
	Conditions        []Condition
	Priority          int
	Actions           []Action
}

// View splits the policy's texts.
func (p *Policy) View() View {
	r := p.Row
	return View{
		Name: r.Name, Active: r.Active, Scope: r.Scope,
		Realm: SplitList(r.Realm), AdminRealm: SplitList(r.AdminRealm), AdminUser: SplitList(r.AdminUser),
		Resolver: SplitList(r.Resolver), Node: SplitList(r.Node), CheckAllResolvers: r.CheckAllResolvers,
		User: SplitList(r.User), Client: SplitList(r.Client), Time: r.Time,
		Conditions: r.Conditions, Priority: r.Priority, Actions: p.Actions,
	}
}

// Row joins the lists again. The texts may differ from those of the row the
// view came from by blanks.
func (v View) Row() Row {
	return Row{
		Name: v.Name, Active: v.Active, Scope: v.Scope, Action: FormatActions(v.Actions),
		Realm: JoinList(v.Realm), AdminRealm: JoinList(v.AdminRealm), AdminUser: JoinList(v.AdminUser),
		Resolver: JoinList(v.Resolver), Node: JoinList(v.Node), CheckAllResolvers: v.CheckAllResolvers,
		User: JoinList(v.User), Client: JoinList(v.Client), Time: v.Time, Priority: v.Priority, Conditions: v.Conditions,
	}
}

// JSON is the view as the members of an API answer; the conditions are lists of
// five, the actions an object of true or texts.
func (v View) JSON() map[string]any {
	conditions := make([]any, len(v.Conditions))
	for i, c := range v.Conditions {
		conditions[i] = []any{c.Section, c.Key, c.Comparator, c.Value, c.Active}
	}
	actions := map[string]any{}
	for _, a := range v.Actions {
		if a.Bare {
			actions[a.Name] = true
		} else {
			actions[a.Name] = a.Value
		}
	}
	return map[string]any{
		"name": v.Name, "active": v.Active, "scope": v.Scope, "realm": v.Realm, "adminrealm": v.AdminRealm,
		"adminuser": v.AdminUser, "resolver": v.Resolver, "edumfanode": v.Node,
		"check_all_resolvers": v.CheckAllResolvers, "user": v.User, "client": v.Client, "time": v.Time,
		"conditions": conditions, "priority": v.Priority, "action": actions,
	}
}

// SplitList splits a list column at commas and strips each element. An empty
// text is an empty list; a comma at the end gives an empty element.
func SplitList(s string) []string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) == 1 && parts[0] == "" {
		return []string{}
	}
	return parts
}

// JoinList is the text that stores a list.
func JoinList(list []string) string { return strings.Join(list, ", ") }

// ParseActions splits an action text. Each part is stripped and cut at its first
// "=", so a value cannot hold a comma; a repeated name keeps its place and takes
// the later value. An empty text is one bare action without a name.
func ParseActions(s string) []Action {
	var out []Action
	at := map[string]int{}
	for part := range strings.SplitSeq(s, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		a := Action{Name: name, Value: value, Bare: !ok}
		if i, dup := at[name]; dup {
			out[i] = a
			continue
		}
		at[name] = len(out)
		out = append(out, a)
	}
	return out
}

// FormatActions is the text that stores actions.
func FormatActions(actions []Action) string {
	parts := make([]string, len(actions))
	for i, a := range actions {
		parts[i] = a.Name
		if !a.Bare {
			parts[i] += "=" + a.Value
		}
	}
	return JoinList(parts)
}
