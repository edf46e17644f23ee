package tokens

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/event"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
)

var now = time.Date(2026, 11, 21, 18, 41, 30, 914617000, time.FixedZone("", 3600))

// memory is a database with tokens and one group.
type memory struct {
	tokens  map[string]*token.Token
	deleted []string
}

func (m *memory) Tokens(_ context.Context, f token.Filter, _ token.Parts) ([]*token.Token, error) {
	if t, is := m.tokens[f.Serial]; is {
		return []*token.Token{t.Clone()}, nil
	}
	return nil, nil
}

func (m *memory) UpdateToken(_ context.Context, _, t *token.Token) error {
	m.tokens[t.Serial] = t.Clone()
	return nil
}

func (m *memory) DeleteToken(_ context.Context, _ int64, serial string) error {
	m.deleted = append(m.deleted, serial)
	delete(m.tokens, serial)
	return nil
}

func (m *memory) AddFailures(_ context.Context, id int64, by int) error {
	for _, t := range m.tokens {
		if t.ID == id {
			t.FailCount += by
		}
	}
	return nil
}

func (m *memory) TokenGroupExists(_ context.Context, name string) (bool, error) {
	return name == "g", nil
}

func (m *memory) Make(_ context.Context, pin secret.String, _ bool) (string, error) {
	return "hash of " + pin.Reveal(), nil
}

func (m *memory) Attach(_ context.Context, serial, application, machine string, options map[string]string) error {
	m.deleted = append(m.deleted, fmt.Sprint("attached ", serial, " ", application, " ", machine, " ", options))
	return nil
}

type facts struct {
	event.Facts
	serial string
	user   event.User
	person event.Person
	err    error
}

func (f facts) Foreign(t *token.Token) bool                 { return f.user.Login == "bob" && t.Owner != nil }
func (f facts) Named() string                               { return f.serial }
func (f facts) ClientIP() netip.Addr                        { return netip.MustParseAddr("10.4.5.6") }
func (f facts) User(context.Context) (event.User, error)    { return f.user, f.err }
func (f facts) Owner(context.Context) (event.Person, error) { return f.person, f.err }
func (f facts) Origin() event.Origin                        { return event.Origin{UserAgent: "plugin/2.1 (x)"} }

type options = map[string]string

func newHandler() (Handler, *memory) {
	m := &memory{tokens: map[string]*token.Token{
		"T1": {ID: 1, Serial: "T1", Type: "hotp", FailCount: 2, MaxFail: 10, CountWindow: 10, Description: "old", Realms: []string{"realm1"}, Active: true,
			Owner: &token.Owner{UserID: "1", Realm: "realm1"}, Info: map[string]token.Info{"colour": {Value: "red"}}},
		"T2": {ID: 2, Serial: "T2", Type: "hotp", Info: map[string]token.Info{}},
		"L1": {ID: 3, Serial: "L1", Type: "hotp", Locked: true, Revoked: true, Info: map[string]token.Info{}},
	}}
	return Handler{Store: m, Tokens: &token.Service{Store: m, PINs: m}, Machines: m, Rand: strings.NewReader(strings.Repeat("0123456789abcdefghijklm", 50))}, m
}

func call(action string, o options) event.Call {
	return event.Call{Position: event.Post, Definition: event.Definition{Action: action, Options: o}, Facts: facts{serial: "T1", user: event.User{Login: "alice", Realm: "realm1"}},
		Response: &event.Response{Body: map[string]any{}}, Now: now, Log: slog.New(slog.DiscardHandler)}
}

func TestDo(t *testing.T) {
	in80 := strings.Repeat("ü", 80)
	for _, c := range []struct {
		name, action string
		options      options
		serial       string
		// what the token T1 is to be afterwards
		want  func(t *token.Token) bool
		fails bool
	}{
		{"disable", "disable", nil, "T1", func(t *token.Token) bool { return !t.Active }, false},
		{"letter case of the action", "DISABLE", nil, "T1", func(t *token.Token) bool { return !t.Active }, false},
		{"enable what is enabled", "enable", nil, "T1", func(t *token.Token) bool { return t.Active }, false},
		{"unassign", "unassign", nil, "T1", func(t *token.Token) bool { return t.Owner == nil && t.FailCount == 0 }, false},
		{"delete", "delete", nil, "T1", func(t *token.Token) bool { return t == nil }, false},
		{"description", "set description", options{"description": "seen {now} from {client_ip} by {ua_browser}"}, "T1", func(t *token.Token) bool {
			return t.Description == "seen 2026-11-21 18:41:30.914617+0100 from 10.4.5.6 by plugin"
		}, false},
		{"description with an offset", "set description", options{"description": "{now}+1h!"}, "T1", func(t *token.Token) bool { return t.Description == "2026-11-21 19:41:30.914617+0100!" }, false},
		{"description, other name", "set description", options{"description": "{current_time}-30d"}, "T1", func(t *token.Token) bool { return t.Description == "2026-10-22 18:41:30.914617+0100" }, false},
		{"description that is too long", "set description", options{"description": in80 + "x{ua_string}"}, "T1", func(t *token.Token) bool { return t.Description == in80 }, false},
		{"no description", "set description", nil, "T1", func(t *token.Token) bool { return t.Description == "" }, false},
		{"description with an unknown tag", "set description", options{"description": "{pin}"}, "T1", func(t *token.Token) bool { return t.Description == "old" }, true},
		{"description with attributes", "set description", options{"description": "{now.__class__}"}, "T1", func(t *token.Token) bool { return t.Description == "old" }, true},
		{"tokeninfo", "set tokeninfo", options{"key": "who", "value": "{username}@{realm} {ua_string}"}, "T1", func(t *token.Token) bool { return t.InfoText("who") == "alice@realm1 plugin/2.1 (x)" }, false},
		{"tokeninfo, empty", "set tokeninfo", options{"key": "colour"}, "T1", func(t *token.Token) bool { v, is := t.Info["colour"]; return is && v.Value == "" }, false},
		{"tokeninfo without key", "set tokeninfo", options{"value": "x"}, "T1", func(t *token.Token) bool { return len(t.Info) == 1 }, true},
		{"tokeninfo with a long key", "set tokeninfo", options{"key": strings.Repeat("k", 256)}, "T1", func(t *token.Token) bool { return len(t.Info) == 1 }, true},
		{"delete tokeninfo", "delete tokeninfo", options{"key": "colour"}, "T1", func(t *token.Token) bool { return len(t.Info) == 0 }, false},
		{"delete tokeninfo that is not there", "delete tokeninfo", options{"key": "size"}, "T1", func(t *token.Token) bool { return len(t.Info) == 1 }, false},
		{"add a realm", "set tokenrealm", options{"realm": "realm2"}, "T1", func(t *token.Token) bool { return cmp.Equal(t.Realms, []string{"realm1", "realm2"}) }, false},
		{"the only realm", "set tokenrealm", options{"realm": "realm2", "only_realm": "1"}, "T1", func(t *token.Token) bool { return cmp.Equal(t.Realms, []string{"realm2"}) }, false},
		{"validity", "set validity", options{"valid from": "+1d", "valid till": "2031-05-01 12:30"}, "T1", func(t *token.Token) bool {
			return t.InfoText(token.InfoValidFrom) == "2026-11-22T18:41+0100" && t.InfoText(token.InfoValidTo) == "2031-05-01T12:30"
		}, false},
		{"validity, day first", "set validity", options{"valid till": "03.04.2033 10:15"}, "T1", func(t *token.Token) bool { return t.InfoText(token.InfoValidTo) == "2033-04-03T10:15" }, false},
		{"validity, one of two is none", "set validity", options{"valid from": "+1d", "valid till": "some day"}, "T1", func(t *token.Token) bool { return len(t.Info) == 1 }, true},
		{"validity, unknown unit", "set validity", options{"valid till": "+3w"}, "T1", func(t *token.Token) bool { return len(t.Info) == 1 }, true},
		{"validity, only a sign", "set validity", options{"valid till": "+"}, "T1", func(t *token.Token) bool { return len(t.Info) == 1 }, true},
		{"validity, nothing", "set validity", options{"valid from": "", "valid till": " "}, "T1", func(t *token.Token) bool { return len(t.Info) == 1 }, false},
		{"count window", "set countwindow", options{"count window": " 77"}, "T1", func(t *token.Token) bool { return t.CountWindow == 77 }, false},
		{"count window, default", "set countwindow", nil, "T1", func(t *token.Token) bool { return t.CountWindow == 50 }, false},
		{"count window, no number", "set countwindow", options{"count window": "wide"}, "T1", func(t *token.Token) bool { return t.CountWindow == 10 }, true},
		{"fail counter", "set failcounter", options{"fail counter": "4"}, "T1", func(t *token.Token) bool { return t.FailCount == 4 }, false},
		{"fail counter below zero", "set failcounter", options{"fail counter": "-4"}, "T1", func(t *token.Token) bool { return t.FailCount == 2 }, true},
		{"maximum", "set max failcount", options{"max failcount": "3"}, "T1", func(t *token.Token) bool { return t.MaxFail == 3 }, false},
		{"maximum missing", "set max failcount", nil, "T1", func(t *token.Token) bool { return t.MaxFail == 10 }, true},
		{"maximum too large", "set max failcount", options{"max failcount": "3000000000"}, "T1", func(t *token.Token) bool { return t.MaxFail == 10 }, true},
		{"change up", "change failcounter", options{"change fail counter": "+3"}, "T1", func(t *token.Token) bool { return t.FailCount == 5 }, false},
		{"change down", "change failcounter", options{"change fail counter": "-1"}, "T1", func(t *token.Token) bool { return t.FailCount == 1 }, false},
		{"change by nothing", "change failcounter", options{"change fail counter": "x"}, "T1", func(t *token.Token) bool { return t.FailCount == 2 }, true},
		{"add to a group", "add tokengroup", options{"tokengroup": "g"}, "T1", func(t *token.Token) bool { return cmp.Equal(t.Groups, []string{"g"}) }, false},
		{"add to an unknown group", "add tokengroup", options{"tokengroup": "h"}, "T1", func(t *token.Token) bool { return t.Groups == nil }, true},
		{"remove from a group that it is not in", "remove tokengroup", options{"tokengroup": "g"}, "T1", func(t *token.Token) bool { return len(t.Groups) == 0 }, false},
		{"random PIN", "set random pin", options{"length": "10"}, "T1", func(t *token.Token) bool { return len(t.PINHash) == len("hash of ")+10 }, false},
		{"random PIN, default length", "set random pin", options{"length": ""}, "T1", func(t *token.Token) bool { return len(t.PINHash) == len("hash of ")+6 }, false},
		{"random PIN, no length", "set random pin", options{"length": "long"}, "T1", func(t *token.Token) bool { return t.PINHash == "" }, true},
		{"random PIN of no length", "set random pin", options{"length": "0"}, "T1", func(t *token.Token) bool { return t.PINHash == "" }, true},
		{"several serials", "disable", nil, "T2, T1,", func(t *token.Token) bool { return !t.Active }, false},
		{"one of several is gone", "disable", nil, "GONE,T1", func(t *token.Token) bool { return !t.Active }, true},
		{"no serial", "disable", nil, "", func(t *token.Token) bool { return t.Active }, false},
		{"a serial that is nowhere", "delete", nil, "GONE", func(t *token.Token) bool { return t != nil }, true},
		{"a locked token", "enable", nil, "L1", func(*token.Token) bool { return true }, true},
		{"the fail counter of a locked token", "change failcounter", options{"change fail counter": "+3"}, "L1", func(*token.Token) bool { return true }, true},
		{"unknown action", "dance", nil, "T1", func(t *token.Token) bool { return t.Description == "old" && t.Active }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, m := newHandler()
			in := call(c.action, c.options)
			in.Facts = facts{serial: c.serial, user: event.User{Login: "alice", Realm: "realm1"}}
			if err := h.Do(t.Context(), in); (err != nil) != c.fails {
				t.Errorf("error %v", err)
			}
			if got := m.tokens["T1"]; !c.want(got) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestDo_RandomPINIsTold(t *testing.T) {
	h, m := newHandler()
	in := call("set random pin", nil)
	if err := h.Do(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	detail := in.Response.Body["detail"].(map[string]any)
	if "hash of "+detail["pin"].(string) != m.tokens["T1"].PINHash {
		t.Errorf("%v is told, %s is set", detail, m.tokens["T1"].PINHash)
	}
	for name, r := range map[string]*event.Response{"before the call": nil, "with a file": {Plain: true, Body: map[string]any{}}, "with strange details": {Body: map[string]any{"detail": "x"}}} {
		h, m := newHandler()
		in.Response = r
		if err := h.Do(t.Context(), in); err == nil || m.tokens["T1"].PINHash != "" {
			t.Errorf("%s: %v, %s", name, err, m.tokens["T1"].PINHash)
		}
	}
}

func TestDo_NobodyIsMeant(t *testing.T) {
	h, m := newHandler()
	in := call("set tokeninfo", options{"key": "who", "value": "{username}@{realm}"})
	in.Facts = facts{serial: "T1"}
	if err := h.Do(t.Context(), in); err != nil || m.tokens["T1"].InfoText("who") != "N/A@N/A" {
		t.Errorf("%v %v", m.tokens["T1"].Info, err)
	}
	in.Facts = facts{serial: "T1", err: errors.New("the store does not answer")}
	if err := h.Do(t.Context(), in); err == nil {
		t.Error("no error although nobody knows who it is")
	}
}

func TestDo_Attach(t *testing.T) {
	h, m := newHandler()
	in := call("attach application", options{"application": "ssh", "machine ID": "10.7.0.1", "user": "root", "service_id": "web"})
	if err := h.Do(t.Context(), in); err != nil || len(m.deleted) != 1 || m.deleted[0] != "attached T1 ssh 10.7.0.1 map[service_id:web user:root]" {
		t.Errorf("%v %v", m.deleted, err)
	}
	h.Machines = nil
	if err := h.Do(t.Context(), in); err == nil {
		t.Error("attached to nothing")
	}
}

func TestDo_LeavesTokensOfOthersAlone(t *testing.T) {
	h, m := newHandler()
	in := call("disable", nil)
	in.Facts = facts{serial: "T1", user: event.User{Login: "bob"}}
	if err := h.Do(t.Context(), in); !mfaerr.Is(err, mfaerr.NotFound) || !m.tokens["T1"].Active {
		t.Errorf("%v %+v", err, m.tokens["T1"])
	}
}

// enroller notes what is asked for.
type enroller struct {
	got event.Enrolment
	err error
}

func (e *enroller) Enroll(_ context.Context, r event.Enrolment) (string, error) {
	e.got = r
	return "NEW1", e.err
}
func (e *enroller) Commit(context.Context) error { return nil }

func TestEnroll(t *testing.T) {
	p := event.Person{User: event.User{Login: "alice"}, Mail: "alice@example.org", Mobile: "+49 1"}
	type m = map[string]any
	for _, c := range []struct {
		name    string
		options options
		person  event.Person
		want    m
		owner   bool
		fails   bool
	}{
		{"spass for nobody", options{"tokentype": "spass"}, p, m{"type": "spass", "genkey": "1"}, false, false},
		{"no type", nil, p, m{"type": "", "genkey": "1"}, false, false},
		{"totp in a realm", options{"tokentype": "totp", "user": "1", "realm": "realm1"}, p, m{"type": "totp", "genkey": "1", "realm": "realm1"}, true, false},
		{"sms", options{"tokentype": "sms", "user": "true"}, p, m{"type": "sms", "genkey": "1", "phone": "+49 1"}, true, false},
		{"sms, dynamic", options{"tokentype": "sms", "user": "1", "dynamic_phone": "1", "sms_identifier": "gate"}, p, m{"type": "sms", "genkey": "1", "dynamic_phone": "1", "sms.identifier": "gate"}, true, false},
		{"sms without a number", options{"tokentype": "sms", "user": "1"}, event.Person{}, m{"type": "sms", "genkey": "1", "phone": ""}, true, false},
		{"sms of nobody", options{"tokentype": "sms"}, p, m{"type": "sms", "genkey": "1", "phone": ""}, false, false},
		{"email", options{"tokentype": "email", "user": "1", "smtp_identifier": "post"}, p, m{"type": "email", "genkey": "1", "email": "alice@example.org", "email.identifier": "post"}, true, false},
		{"email, dynamic", options{"tokentype": "email", "user": "1", "dynamic_email": "True"}, p, m{"type": "email", "genkey": "1", "dynamic_email": "1"}, true, false},
		{"email, address given", options{"tokentype": "email", "additional_params": "email: x@example.org"}, p, m{"type": "email", "genkey": "1", "email": "x@example.org"}, false, false},
		{"motp", options{"tokentype": "motp", "user": "1", "motppin": "1357"}, p, m{"type": "motp", "genkey": "1", "motppin": "1357"}, true, false},
		{"more parameters", options{"tokentype": "totp", "user": "1", "additional_params": "{totp.hashlib: sha256, timeStep: 60, description: made for you, info: {a: [1, true]}}"}, p,
			m{"type": "totp", "genkey": "1", "totp.hashlib": "sha256", "timeStep": int64(60), "description": "made for you", "info": m{"a": []any{int64(1), true}}}, true, false},
		{"more parameters without user", options{"tokentype": "totp", "additional_params": "{timeStep: 60}"}, p, m{"type": "totp", "genkey": "1", "timeStep": int64(60)}, false, false},
		{"just text", options{"tokentype": "hotp", "additional_params": "just text"}, p, m{"type": "hotp", "genkey": "1"}, false, false},
		{"no YAML", options{"tokentype": "hotp", "additional_params": "{a: ["}, p, nil, false, true},
		{"a number as a name", options{"tokentype": "hotp", "additional_params": "{1: x}"}, p, nil, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _ := newHandler()
			e := &enroller{}
			in := call("enroll", c.options)
			in.Facts, in.Actor = facts{person: c.person}, e
			if err := h.Do(t.Context(), in); (err != nil) != c.fails {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(event.Enrolment{Params: c.want, ForOwner: c.owner}, e.got); diff != "" {
				t.Error(diff)
			}
		})
	}
	h, _ := newHandler()
	in := call("enroll", options{"tokentype": "sms", "user": "1"})
	in.Actor, in.Facts = &enroller{err: mfaerr.NewTokenAdmin("no")}, facts{}
	if err := h.Do(t.Context(), in); !mfaerr.Is(err, mfaerr.Request) {
		t.Errorf("%v", err)
	}
	in.Facts = facts{err: errors.New("the store does not answer")}
	if err := h.Do(t.Context(), in); err == nil {
		t.Error("enrolled although nobody knows the number")
	}
}

func FuzzDo(f *testing.F) {
	for _, s := range []string{"{now}+5d", "{now", "+3w", "+", "{1: x}", "{a: &x [*x]}", "-9223372036854775809", "{}"} {
		for _, a := range []string{"set description", "set tokeninfo", "set validity", "enroll", "change failcounter", "set random pin"} {
			f.Add(a, s)
		}
	}
	f.Fuzz(func(_ *testing.T, action, text string) {
		h, _ := newHandler()
		in := call(action, options{"description": text, "key": "k", "value": text, "valid from": text, "valid till": text, "additional_params": text, "change fail counter": text, "length": text})
		in.Actor = &enroller{}
		_ = h.Do(context.Background(), in)
	})
}
