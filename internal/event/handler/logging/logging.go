// Package logging is the event handler that writes lines to the server's log.
package logging

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"edumfa/internal/event"
	"edumfa/internal/texttag"
)

// What is written where the definition does not say.
const (
	defaultName    = "edumfa-eventlogger"
	defaultMessage = "event={action} triggered"
)

// Handler writes one line for each event.
type Handler struct {
	Log *slog.Logger
}

var _ event.Handler = Handler{}

// Info describes the handler.
func (Handler) Info() event.Info {
	return event.Info{Name: "Logging", Positions: []event.Position{event.Post, event.Pre}}
}

// Do writes the option message, its tags filled, at the option level. The option
// name becomes the attribute logger, by which lines can be told apart.
func (h Handler) Do(ctx context.Context, c event.Call) error {
	if strings.ToLower(c.Definition.Action) != "logging" {
		return fmt.Errorf("the action %q is not known", c.Definition.Action)
	}
	tags, err := c.Tags(ctx)
	if err != nil {
		return err
	}
	if tags["serial"], err = serial(ctx, c); err != nil {
		return err
	}
	if c.Response != nil {
		tags["result_value"], tags["result_status"] = shown(c.Response.Body, "value"), shown(c.Response.Body, "status")
	}
	template, _ := c.Option("message")
	if template == "" {
		template = defaultMessage
	}
	message, err := texttag.Format(template, tags)
	if err != nil {
		return err
	}
	name, given := c.Option("name")
	if !given {
		name = defaultName
	}
	level, _ := c.Option("level")
	h.Log.Log(ctx, levelOf(level), message, "logger", name)
	return nil
}

// serial is the token that the request is about, or else the active tokens of
// its user.
func serial(ctx context.Context, c event.Call) (string, error) {
	if s := c.Facts.Named(); s != "" {
		return s, nil
	}
	u, err := c.Facts.User(ctx)
	if err != nil || u.Empty() {
		return "N/A", err
	}
	list, err := c.Facts.Serials(ctx, true)
	return strings.Join(list, ","), err
}

func levelOf(name string) slog.Level {
	switch strings.ToUpper(name) {
	case "ERROR", "CRITICAL":
		return slog.LevelError
	case "WARNING", "WARN":
		return slog.LevelWarn
	case "DEBUG":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// shown is a member of the result as texts show it: True, False or the value;
// empty where there is none.
func shown(body map[string]any, name string) string {
	result, _ := body["result"].(map[string]any)
	switch v := result[name].(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "True"
		}
		return "False"
	case map[string]any, []any:
		return "" // lists and objects are no matter for a line
	default:
		return fmt.Sprint(v)
	}
}
