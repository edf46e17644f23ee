package logging

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"edumfa/internal/event"
)

type facts struct {
	event.Facts
	serial string
	user   event.User
	err    error
}

func (f facts) Named() string        { return f.serial }
func (f facts) Caller() event.Caller { return event.Caller{Name: "admin"} }
func (f facts) Origin() event.Origin {
	return event.Origin{Path: "/token/enable/T1", UserAgent: "plugin/1"}
}
func (f facts) ClientIP() netip.Addr                     { return netip.MustParseAddr("10.4.5.6") }
func (f facts) User(context.Context) (event.User, error) { return f.user, f.err }
func (f facts) Owner(context.Context) (event.Person, error) {
	return event.Person{User: f.user, Surname: "Archer"}, f.err
}
func (f facts) Subject(context.Context) (event.Subject, error) {
	return event.Subject{Serials: []string{"all"}, Type: "hotp"}, nil
}
func (f facts) Serials(_ context.Context, active bool) ([]string, error) {
	if !active {
		return nil, errors.New("disabled tokens are no matter")
	}
	return []string{"T1", "T2"}, nil
}

type options = map[string]string

func TestDo(t *testing.T) {
	alice := event.User{Login: "alice", Realm: "realm1"}
	result := func(value any) *event.Response {
		return &event.Response{Body: map[string]any{"result": map[string]any{"status": true, "value": value}}}
	}
	for _, c := range []struct {
		name     string
		action   string
		options  options
		facts    facts
		response *event.Response
		want     string
		fails    bool
	}{
		{"nothing said", "logging", nil, facts{serial: "T1"}, nil, `level=INFO msg="event=/token/enable/T1 triggered" logger=edumfa-eventlogger`, false},
		{"tags", "Logging", options{"name": "helpdesk", "level": "WARNING", "message": "{admin} {action} {serial} {tokentype} {username}@{userrealm} {surname} {client_ip} {ua_string} {result_value} {result_status}"},
			facts{serial: "T1", user: alice}, result(0), `level=WARN msg="admin /token/enable/T1 T1 hotp alice@realm1 Archer 10.4.5.6 plugin/1 0 True" logger=helpdesk`, false},
		{"a false value", "logging", options{"level": "ERROR", "message": "{result_value}"}, facts{}, result(false), `level=ERROR msg=False logger=edumfa-eventlogger`, false},
		{"an object", "logging", options{"message": "x{result_value}"}, facts{}, result(map[string]any{"key": "secret"}), `level=INFO msg=x logger=edumfa-eventlogger`, false},
		{"before the call", "logging", options{"message": "x{result_value}{result_status}"}, facts{}, nil, `level=INFO msg=x logger=edumfa-eventlogger`, false},
		{"the user's tokens", "logging", options{"message": "{serial}"}, facts{user: alice}, nil, `level=INFO msg=T1,T2 logger=edumfa-eventlogger`, false},
		{"nobody", "logging", options{"message": "{serial}"}, facts{}, nil, `level=INFO msg=N/A logger=edumfa-eventlogger`, false},
		{"debug", "logging", options{"level": "DEBUG", "message": "m"}, facts{}, nil, `level=DEBUG msg=m logger=edumfa-eventlogger`, false},
		{"unknown level", "logging", options{"level": "LOUD", "message": "m"}, facts{}, nil, `level=INFO msg=m logger=edumfa-eventlogger`, false},
		{"a line in the line", "logging", options{"message": "m\nlevel=ERROR msg=forged"}, facts{}, nil, `level=INFO msg="m\nlevel=ERROR msg=forged" logger=edumfa-eventlogger`, false},
		{"unknown tag", "logging", options{"message": "{nonsense}"}, facts{}, nil, "", true},
		{"the store does not answer", "logging", nil, facts{err: errors.New("down")}, nil, "", true},
		{"unknown action", "dance", nil, facts{}, nil, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}}))
			err := Handler{Log: log}.Do(t.Context(), event.Call{Facts: c.facts, Response: c.response, Definition: event.Definition{Action: c.action, Options: c.options}})
			if got := strings.TrimSpace(b.String()); (err != nil) != c.fails || got != c.want {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}
