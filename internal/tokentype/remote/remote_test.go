package remote

import (
	"context"
	"errors"
	"testing"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/remoteserver"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/typetest"
)

var now = time.Date(2027, 7, 5, 12, 0, 0, 0, time.UTC)

type servers struct {
	tokentype.Servers
	outcome remoteserver.Outcome
	err     error
	asked   int
	server  remoteserver.Server
	path    string
	login   remoteserver.Login
}

func (s *servers) Remote(_ context.Context, id int64) (remoteserver.Server, error) {
	if id != 7 {
		return remoteserver.Server{}, mfaerr.NewConfig("There is none.")
	}
	return remoteserver.Server{ID: id, URL: "https://far.example", TLS: true}, nil
}

func (s *servers) RemoteLogin(_ context.Context, to remoteserver.Server, path string, l remoteserver.Login) (remoteserver.Outcome, error) {
	s.asked++
	s.server, s.path, s.login = to, path, l
	return s.outcome, s.err
}

func env(s *servers, config map[string]string) *tokentype.Env {
	e := typetest.Env(now, config, nil)
	e.Servers, e.Answers = s, tokentype.Answers{}
	return e
}

func TestEnroll(t *testing.T) {
	for _, c := range []struct {
		name string
		p    map[string]string
		ok   bool
	}{
		{"a definition", map[string]string{"remote.server_id": "7", "remote.user": "al"}, true},
		{"an address", map[string]string{"remote.server": "https://far.example", "remote.serial": "F1"}, true},
		{"no definition of the number", map[string]string{"remote.server_id": "8"}, false},
		{"no number", map[string]string{"remote.server_id": "far"}, false},
		{"nothing", nil, false},
	} {
		tok := typetest.Token(name, "", 6, nil)
		tok.ID = 0
		if _, err := (Type{}).Enroll(t.Context(), env(&servers{}, nil), tok, typetest.Params(c.p)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestVerify(t *testing.T) {
	cases := []struct {
		name   string
		info   map[string]string
		config map[string]string
		server remoteserver.Server
		path   string
		login  remoteserver.Login
	}{
		{"by definition, a user", map[string]string{"remote.server_id": "7", "remote.user": "al", "remote.realm": "there"}, nil,
			remoteserver.Server{ID: 7, URL: "https://far.example", TLS: true}, checkPath, remoteserver.Login{User: "al", Realm: "there", Pass: secret.New("v")}},
		{"by definition, a token", map[string]string{"remote.server_id": "7", "remote.user": "al", "remote.serial": "F1"}, nil,
			remoteserver.Server{ID: 7, URL: "https://far.example", TLS: true}, checkPath, remoteserver.Login{Serial: "F1", Pass: secret.New("v")}},
		{"by address: certificates are checked", map[string]string{"remote.server": "https://old.example", "remote.path": " /far/check ", "remote.serial": "F1"}, nil,
			remoteserver.Server{URL: "https://old.example", TLS: true}, "/far/check", remoteserver.Login{Serial: "F1", Pass: secret.New("v"), Whole: true}},
		{"by address: unless somebody decided otherwise", map[string]string{"remote.server": "https://old.example", "remote.serial": "F1"}, map[string]string{"remote.verify_ssl_certificate": "False"},
			remoteserver.Server{URL: "https://old.example"}, checkPath, remoteserver.Login{Serial: "F1", Pass: secret.New("v"), Whole: true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &servers{outcome: remoteserver.Outcome{OK: true, Serial: "FAR1"}}
			tok := typetest.Token(name, "", 6, c.info)
			e := env(s, c.config)
			for range 2 {
				m, err := Type{}.Verify(t.Context(), e, tok, secret.New("v"))
				if err != nil || !m.OK || len(m.Changes) != 1 || m.Changes[0] != (change.SetInfo{ID: tok.ID, Key: infoLast, Value: "FAR1"}) {
					t.Errorf("%+v %v", m, err)
				}
			}
			if s.asked != 1 || s.server != c.server || s.path != c.path || s.login != c.login {
				t.Errorf("asked %d times: %+v %s %+v", s.asked, s.server, s.path, s.login)
			}
		})
	}
}

func TestVerify_NoAnswerIsNoLogin(t *testing.T) {
	for name, info := range map[string]map[string]string{
		"nobody is named":     {"remote.server_id": "7"},
		"no such definition":  {"remote.server_id": "9", "remote.serial": "F1"},
		"a number that is no": {"remote.server_id": "x", "remote.serial": "F1"},
		"dead":                {"remote.server_id": "7", "remote.serial": "F1"},
	} {
		s := &servers{err: errors.New("dead"), outcome: remoteserver.Outcome{OK: true}}
		m, err := Type{}.Verify(t.Context(), env(s, nil), typetest.Token("remote", "", 6, info), secret.New("v"))
		if err != nil || m.OK || m.Reason == "" {
			t.Errorf("%s: %+v %v", name, m, err)
		}
	}
}

func TestSplit(t *testing.T) {
	e := env(&servers{}, nil)
	tok := typetest.Token(name, "", 6, nil)
	if pin, otp, ok := (Type{}).Split(e, tok, "pin123456"); !ok || pin != "" || otp != "pin123456" {
		t.Errorf("%q %q", pin, otp)
	}
	tok.Info[infoLocalPIN] = token.Info{Value: "True"}
	if pin, otp, ok := (Type{}).Split(e, tok, "pin123456"); !ok || pin != "pin" || otp != "123456" {
		t.Errorf("%q %q", pin, otp)
	}
}
