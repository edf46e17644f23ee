// Package responsemangler is the event handler that sets and deletes members of
// an answer.
package responsemangler

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"edumfa/internal/event"
)

// maxDepth is how deep a pointer may go.
const maxDepth = 3

// Handler changes the JSON answer that handlers after it and the client will
// see. Answers that are no JSON stay as they are.
type Handler struct{}

var _ event.Handler = Handler{}

// Info describes the handler.
func (Handler) Info() event.Info {
	return event.Info{Name: "ResponseMangler", Positions: []event.Position{event.Post}}
}

// Do sets or deletes the member that the option "JSON pointer" names. A pointer
// that leads nowhere changes nothing and is only logged; one that leads through
// something that is no object is an error.
func (Handler) Do(ctx context.Context, c event.Call) error {
	action := strings.ToLower(c.Definition.Action)
	if c.Response == nil || c.Response.Plain || action != "set" && action != "delete" {
		return nil
	}
	pointer, _ := c.Option("JSON pointer")
	path := strings.FieldsFunc(pointer, func(r rune) bool { return r == '/' })
	if len(path) == 0 || len(path) > maxDepth {
		c.Log.WarnContext(ctx, "answer left as it is: the JSON pointer has not 1 to 3 parts", "pointer", pointer)
		return nil
	}
	if action == "set" {
		return set(c.Response.Body, path, value(c))
	}
	err := remove(c.Response.Body, path)
	if errors.Is(err, errMissing) {
		c.Log.WarnContext(ctx, "answer left as it is: there is nothing to delete", "pointer", pointer)
		return nil
	}
	return err
}

var errMissing = errors.New("there is no such member")

func errNoObject(name string) error {
	return fmt.Errorf("the member %q is no object: nothing can be below it", name)
}

// set looks first and then changes: an error changes nothing.
func set(body map[string]any, path []string, v any) error {
	at := body
	for i, name := range path[:len(path)-1] {
		next, isObject := at[name].(map[string]any)
		if !isObject && !empty(at[name]) {
			return errNoObject(name)
		}
		if next == nil {
			at[name] = nest(path[i+1:], v)
			return nil
		}
		at = next
	}
	at[path[len(path)-1]] = v
	return nil
}

// nest is an object with the path in it.
func nest(path []string, v any) map[string]any {
	for i := len(path) - 1; i > 0; i-- {
		v = map[string]any{path[i]: v}
	}
	return map[string]any{path[0]: v}
}

// empty values may be replaced by an object.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case int:
		return v == 0
	case int64:
		return v == 0
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case []string:
		return len(v) == 0
	}
	return false
}

func remove(body map[string]any, path []string) error {
	at := body
	for _, name := range path[:len(path)-1] {
		v, there := at[name]
		if !there {
			return errMissing
		}
		next, isObject := v.(map[string]any)
		if !isObject {
			return errNoObject(name)
		}
		at = next
	}
	last := path[len(path)-1]
	if _, there := at[last]; !there {
		return errMissing
	}
	delete(at, last)
	return nil
}

// value is the option value in its type; what is no number stays a text.
func value(c event.Call) any {
	text, given := c.Option("value")
	kind, _ := c.Option("type")
	switch {
	case kind == "bool":
		return event.True(text)
	case !given:
		return nil
	case kind == "integer":
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			return n
		}
	}
	return text
}
