// Package requestmangler is the event handler that sets, rewrites and deletes
// parameters of a request.
package requestmangler

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"edumfa/internal/event"
)

// Handler changes the parameters that the call, or handlers after it, will see.
// Who the user of the request is has been decided before and stays.
type Handler struct{}

var _ event.Handler = Handler{}

// Info describes the handler.
func (Handler) Info() event.Info {
	required := true
	return event.Info{
		Name:      "RequestMangler",
		Positions: []event.Position{event.Post, event.Pre},
		Actions: map[string]map[string]event.Option{
			"delete": {
				"parameter": {Type: "str", Required: &required, Description: "request parameter to remove"},
			},
			"set": {
				"parameter":       {Type: "str", Required: &required, Description: "parameter to add or replace"},
				"value":           {Type: "str", Required: &required, Description: "new value, {0} {1} … from the groups"},
				"match_parameter": {Type: "str", Description: "only act if this parameter exists and matches"},
				"match_pattern":   {Type: "str", Description: "regex anchored on both sides"},
			},
		},
	}
}

// Do sets or deletes the parameter; a definition without one does nothing.
func (Handler) Do(ctx context.Context, c event.Call) error {
	parameter, _ := c.Option("parameter")
	if parameter == "" {
		return nil
	}
	switch strings.ToLower(c.Definition.Action) {
	case "delete":
		c.Params.Delete(parameter)
	case "set":
		return set(ctx, c, parameter)
	}
	return nil
}

func set(ctx context.Context, c event.Call, parameter string) error {
	value, ok := c.Option("value")
	if !ok {
		return nil // an empty value does count
	}
	source, _ := c.Option("match_parameter")
	if source == "" {
		c.Params.Set(parameter, value)
		return nil
	}
	pattern, _ := c.Option("match_pattern")
	input, there := c.Params.Text(source)
	if pattern == "" || !there {
		return nil
	}
	groups, ok, err := c.Lang.Match("^"+pattern+"$", input)
	if err != nil || !ok {
		return err
	}
	filled, enough, err := fill(value, groups[1:])
	if err != nil {
		return err
	}
	if !enough {
		c.Log.WarnContext(ctx, "request parameter left as it is: the pattern has fewer groups than the value asks for",
			"parameter", parameter, "groups", len(groups)-1)
		return nil
	}
	c.Params.Set(parameter, filled)
	return nil
}

// fill puts groups into a template: {0} {1} … by number, {} the next one, {{ and
// }} for single braces. enough is false when a group is missing.
func fill(template string, groups []string) (text string, enough bool, err error) {
	var out strings.Builder
	next := 0
	for {
		i := strings.IndexAny(template, "{}")
		if i < 0 {
			return out.String() + template, true, nil
		}
		out.WriteString(template[:i])
		rest := template[i+1:]
		if strings.HasPrefix(rest, template[i:i+1]) {
			out.WriteByte(template[i])
			template = rest[1:]
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if template[i] == '}' || !closed {
			return "", false, fmt.Errorf("single brace in the value %q", template)
		}
		n := next
		if name != "" {
			if n, err = strconv.Atoi(name); err != nil || n < 0 {
				return "", false, fmt.Errorf("{%s} is no group", name)
			}
		}
		next++
		if n >= len(groups) {
			return "", false, nil
		}
		out.WriteString(groups[n])
		template = after
	}
}
