// Package action lists the actions that policies can have: in which scope, with
// which type of value, in which group of the editor and what each is for. What
// an action does is written where it is used.
package action

import (
	"cmp"
	"slices"
	"strconv"

	"edumfa/internal/policy"
)

// Type is the type of an action's value.
type Type string

const (
	Bool   Type = "bool"
	Int    Type = "int"
	String Type = "str"
	Text   Type = "text" // several lines
)

// Definition describes an action.
type Definition struct {
	Scope string
	Name  string
	Type  Type
	Group string
	// MainMenu are the menus of the user interface that the right opens. Nil and
	// empty are told apart in the answer.
	MainMenu []string
	// Values are what may be chosen; nil means that there is nothing to choose
	// from, empty that there is no choice yet.
	Values   []string
	Multiple bool // several of Values
	Required bool
	Default  string
	Help     string

	// menuMisspelt puts the menus under a key that nobody reads, so that the right
	// opens no menu: clients know the answer so.
	menuMisspelt bool
}

// Menus are the menus the right opens.
func (d Definition) Menus() []string {
	if d.menuMisspelt {
		return nil
	}
	return d.MainMenu
}

// JSON is the definition as GET /policy/defs shows it.
func (d Definition) JSON() map[string]any {
	out := map[string]any{"type": string(d.Type), "desc": d.Help}
	if d.Group != "" {
		out["group"] = d.Group
	}
	if d.MainMenu != nil {
		key := "mainmenu"
		if d.menuMisspelt {
			key = "   mainmenu"
		}
		out[key] = d.MainMenu
	}
	if d.Values != nil {
		out["value"] = d.values()
	}
	if d.Multiple {
		out["multiple"] = true
	}
	if d.Required {
		out["required"] = true
	}
	if d.Default != "" {
		out["default"] = d.Default
	}
	return out
}

func (d Definition) values() any {
	if d.Type != Int {
		return d.Values
	}
	numbers := make([]int, len(d.Values))
	for i, s := range d.Values {
		numbers[i], _ = strconv.Atoi(s)
	}
	return numbers
}

// Dynamic are the names that some actions offer as values.
type Dynamic struct {
	Realms           []string
	Resolvers        []string
	SMTPServers      []string
	RADIUSServers    []string
	CAConnectors     []string
	FirebaseGateways []string
	// TokenTypes are all types; ChallengeTypes those that can both authenticate
	// at once and by challenge; MultichallengeTypes those a login can enrol, in
	// capitals.
	TokenTypes          []string
	ChallengeTypes      []string
	MultichallengeTypes []string
}

// Static returns the definitions that do not depend on a token type.
func Static(d Dynamic) []Definition {
	return slices.Concat(
		tokenRights(), userRights(), auditRights(), systemRights(), serverRights(), toolRights(), pinRules(),
		enrollment(d), authentication(d), authorization(d), register(d), webui(d),
	)
}

// Catalog finds definitions. It is read only and safe for concurrent use.
type Catalog struct {
	scopes map[string]map[string]Definition
}

// NewCatalog collects definitions; of two with the same scope and name the later
// counts.
func NewCatalog(list []Definition) *Catalog {
	c := &Catalog{scopes: map[string]map[string]Definition{}}
	for _, scope := range policy.Scopes() {
		c.scopes[scope] = map[string]Definition{}
	}
	for _, d := range list {
		if c.scopes[d.Scope] == nil {
			c.scopes[d.Scope] = map[string]Definition{}
		}
		c.scopes[d.Scope][d.Name] = d
	}
	return c
}

// Find returns one definition.
func (c *Catalog) Find(scope, name string) (Definition, bool) {
	d, ok := c.scopes[scope][name]
	return d, ok
}

// Scope returns the definitions of a scope, sorted by name.
func (c *Catalog) Scope(scope string) []Definition {
	out := make([]Definition, 0, len(c.scopes[scope]))
	for _, d := range c.scopes[scope] {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Definition) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Names returns the names of a scope's actions, sorted.
func (c *Catalog) Names(scope string) []string {
	list := c.Scope(scope)
	out := make([]string, len(list))
	for i, d := range list {
		out[i] = d.Name
	}
	return out
}

// Scopes are the scopes with actions.
func (c *Catalog) Scopes() []string { return policy.Scopes() }

// JSON returns a scope's actions by name as GET /policy/defs shows them; false
// for an unknown scope.
func (c *Catalog) JSON(scope string) (map[string]any, bool) {
	list, ok := c.scopes[scope]
	out := make(map[string]any, len(list))
	for name, d := range list {
		out[name] = d.JSON()
	}
	return out, ok
}

// Menus returns the menus that a right of the scope opens.
func (c *Catalog) Menus(scope, name string) []string { return c.scopes[scope][name].Menus() }

// Words makes an empty list of none, so that the answer has a list.
func Words(list ...string) []string { return append([]string{}, list...) }

// Numbers are the whole numbers of a range, both ends included.
func Numbers(from, to int) []string {
	out := []string{}
	for n := from; n <= to; n++ {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

// In gives definitions their scope.
func In(scope string, list ...Definition) []Definition {
	for i := range list {
		list[i].Scope = scope
	}
	return list
}
