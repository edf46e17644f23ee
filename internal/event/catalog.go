package event

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

//go:embed catalog.json
var catalogJSON []byte

// Option is one option of an action or, with a Group, one condition.
type Option struct {
	// Type is "str", "bool", "text" (several lines), "int", "multi" (texts joined
	// with commas) or "regexp".
	Type        string `json:"type"`
	Description string `json:"description"`
	// Required is nil where the API says nothing about it.
	Required *bool `json:"required"`
	Values   []any `json:"value"` // texts, or int64 for numbers
	// Source names a list that is asked for when it is shown: "<realms>",
	// "<resolvers>", "<token types>", "<smtp servers>", "<sms gateways>",
	// "<token groups>", "<remote servers>", "<local admins>", "<SUPERUSER_REALM>".
	Source string `json:"dynamic_values"`
	// VisibleIf and VisibleValue: forms show the option only if the other option
	// has the value.
	VisibleIf    string `json:"visibleIf"`
	VisibleValue string `json:"visibleValue"`
	Default      string `json:"default"`
	Group        string `json:"group"` // conditions only
}

// Info describes a handler.
type Info struct {
	Name      string
	Positions []Position
	// Actions are their options by name.
	Actions map[string]map[string]Option
}

// WithActions is the handler with other actions, all of which have the options of
// the one action it has.
func (i Info) WithActions(names []string) Info {
	var options map[string]Option
	for _, o := range i.Actions {
		options = o
	}
	i.Actions = make(map[string]map[string]Option, len(names))
	for _, name := range names {
		i.Actions[name] = options
	}
	return i
}

// Catalog tells clients what can be configured.
type Catalog struct {
	Events     []string
	Conditions map[string]Option
	modules    map[string]Info
}

// LoadCatalog reads the catalog that is part of the program.
func LoadCatalog() (*Catalog, error) {
	var raw struct {
		Events  []string
		Modules map[string]struct {
			Positions []Position
			Actions   map[string]map[string]Option
		}
		Conditions map[string]Option
	}
	if err := json.Unmarshal(catalogJSON, &raw); err != nil {
		return nil, fmt.Errorf("catalog of events: %w", err)
	}
	c := &Catalog{Events: raw.Events, Conditions: raw.Conditions, modules: map[string]Info{}}
	for name, m := range raw.Modules {
		for _, options := range m.Actions {
			for _, o := range options {
				wholeNumbers(o.Values)
			}
		}
		c.modules[name] = Info{Name: name, Positions: m.Positions, Actions: m.Actions}
	}
	return c, nil
}

// wholeNumbers makes whole numbers of what JSON read as others.
func wholeNumbers(values []any) {
	for i, v := range values {
		if n, is := v.(float64); is {
			values[i] = int64(n)
		}
	}
}

// Modules are the names of all modules, sorted.
func (c *Catalog) Modules() []string {
	names := make([]string, 0, len(c.modules))
	for name := range c.modules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Module describes a module by its name.
func (c *Catalog) Module(name string) (Info, bool) {
	m, ok := c.modules[name]
	return m, ok
}

// Lists gives the values of an option's Source; nil where there are none.
type Lists func(source string) []string

// JSON is an option as the API shows it.
func (o Option) JSON(lists Lists) map[string]any {
	out := map[string]any{"type": o.Type, "description": o.Description}
	if o.Required != nil {
		out["required"] = *o.Required
	}
	for name, value := range map[string]string{"visibleIf": o.VisibleIf, "visibleValue": o.VisibleValue, "default": o.Default} {
		if value != "" {
			out[name] = value
		}
	}
	if values, ok := o.values(lists); ok {
		out["value"] = values
	}
	return out
}

func (o Option) values(lists Lists) ([]any, bool) {
	if o.Source == "" {
		return o.Values, o.Values != nil
	}
	values := []any{}
	for _, v := range lists(o.Source) {
		values = append(values, v)
	}
	return values, true
}

// ConditionJSON is a condition as the API shows it: other names than for options,
// and the values of type "multi" are objects.
func (o Option) ConditionJSON(lists Lists) map[string]any {
	out := map[string]any{"type": o.Type, "desc": o.Description, "group": o.Group}
	values, ok := o.values(lists)
	if !ok {
		return out
	}
	if o.Type != "multi" {
		out["value"] = values
		return out
	}
	named := make([]map[string]any, len(values))
	for i, v := range values {
		named[i] = map[string]any{"name": v}
	}
	out["value"] = named
	return out
}

// common are the options that every action has.
func common() map[string]Option {
	return map[string]Option{
		AbortOption:   {Type: "bool", Description: "If this handler fails, the request fails. Otherwise a failure is only logged and marked in the audit."},
		TimeoutOption: {Type: "str", Description: fmt.Sprintf("How many seconds the handler may take: %d without a value, %d at most.", DefaultTimeout/time.Second, MaxTimeout/time.Second)},
	}
}

// ActionsJSON are the actions of a handler as the API shows them.
func (i Info) ActionsJSON(lists Lists) map[string]any {
	out := map[string]any{}
	for action, options := range i.Actions {
		shown := map[string]any{}
		for name, o := range common() {
			shown[name] = o.JSON(lists)
		}
		for name, o := range options {
			shown[name] = o.JSON(lists)
		}
		out[action] = shown
	}
	return out
}

// ConditionsJSON are all conditions as the API shows them; they are the same for
// every module.
func (c *Catalog) ConditionsJSON(lists Lists) map[string]any {
	out := map[string]any{}
	for name, o := range c.Conditions {
		out[name] = o.ConditionJSON(lists)
	}
	return out
}
