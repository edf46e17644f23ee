package radius

import (
	"context"
	"errors"
	"testing"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/field"
	"edumfa/internal/policy/action"
	"edumfa/internal/radius"
	"edumfa/internal/remoteserver"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/typetest"
)

var now = time.Date(2027, 7, 5, 12, 0, 0, 0, time.UTC)

// servers answers as a test says and keeps what it was asked.
type servers struct {
	tokentype.Servers
	answer func(q radius.Question) (radius.Answer, error)
	asked  []radius.Question
	name   string
	at     radius.Server
}

func (s *servers) RADIUS(_ context.Context, identifier string, q radius.Question) (radius.Answer, error) {
	s.name, s.asked = identifier, append(s.asked, q)
	return s.answer(q)
}

func (s *servers) RADIUSAt(_ context.Context, at radius.Server, q radius.Question) (radius.Answer, error) {
	s.at, s.asked = at, append(s.asked, q)
	return s.answer(q)
}

func (s *servers) Remote(context.Context, int64) (remoteserver.Server, error) {
	return remoteserver.Server{}, errors.New("not asked")
}

type rules struct{ tokentype.Rules }

func (rules) Words(scope, name string) ([]string, error) {
	if scope == "authentication" && name == "challenge_response" {
		return []string{"hotp", "RADIUS"}, nil
	}
	return nil, nil
}

func (rules) Text(string, string) (string, bool, error) { return "", false, nil }

var _ []action.Definition = Type{}.Actions()

func env(s *servers, config map[string]string) *tokentype.Env {
	e := typetest.Env(now, config, nil)
	e.Servers, e.Answers, e.Rules = s, tokentype.Answers{}, rules{}
	return e
}

func enrol(t *testing.T, e *tokentype.Env, p map[string]string) (*token.Token, error) {
	t.Helper()
	tok := typetest.Token(name, "", 6, nil)
	tok.ID = 0
	_, err := Type{}.Enroll(t.Context(), e, tok, typetest.Params(p))
	return tok, err
}

func TestEnroll(t *testing.T) {
	e := env(&servers{}, nil)
	for _, c := range []struct {
		name string
		p    map[string]string
		ok   bool
	}{
		{"a definition", map[string]string{"radius.identifier": "hall", "radius.user": "al"}, true},
		{"an own server", map[string]string{"radius.server": "r.example:1645", "radius.secret": "s", "radius.user": "al"}, true},
		{"by number", map[string]string{"radius.server": "[2001:db8::1]:1812", "radius.secret": "s", "radius.user": "al"}, true},
		{"the settings' server", map[string]string{"radius.system_settings": "1", "radius.user": "al"}, true},
		{"no user", map[string]string{"radius.identifier": "hall"}, false},
		{"no server", map[string]string{"radius.user": "al", "radius.secret": "s"}, false},
		{"no secret", map[string]string{"radius.user": "al", "radius.server": "r.example"}, false},
		{"a port that is none", map[string]string{"radius.user": "al", "radius.server": "r.example:x", "radius.secret": "s"}, false},
		{"a port beyond all", map[string]string{"radius.user": "al", "radius.server": "r.example:70000", "radius.secret": "s"}, false},
	} {
		if _, err := enrol(t, e, c.p); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSecretIsNotInTheTokeninfo(t *testing.T) {
	s := &servers{answer: func(radius.Question) (radius.Answer, error) { return radius.Answer{Code: radius.Accept}, nil }}
	e := env(s, map[string]string{"radius.enforce_ma": "True", "radius.nas_identifier": "my-nas"})
	tok, err := enrol(t, e, map[string]string{"radius.server": "r.example:1645", "radius.secret": "hush ä", "radius.user": "al"})
	if err != nil {
		t.Fatal(err)
	}
	if _, there := tok.Info["radius.secret"]; there {
		t.Error("it is")
	}
	m, err := Type{}.Verify(t.Context(), e, tok, secret.New("v"))
	if err != nil || !m.OK || s.at.Host != "r.example" || s.at.Port != 1645 || s.at.Secret.Reveal() != "hush ä" || !s.at.NeedSigned || s.asked[0].NASIdentifier != "my-nas" {
		t.Errorf("%+v %v %+v %+v", m, err, s.at, s.asked)
	}
	old := map[string]any{"radius.secret": "hush"}
	if (Type{}).ViewInfo(old); old["radius.secret"] != field.Censored {
		t.Error("the secret of an older token is shown")
	}
}

// A value is sent once in a request, however often it is looked at.
func TestValuesAreSentOnce(t *testing.T) {
	s := &servers{answer: func(q radius.Question) (radius.Answer, error) {
		if q.Password.Reveal() == "dead" {
			return radius.Answer{}, radius.ErrNoAnswer
		}
		return radius.Answer{Code: radius.Challenge, Message: "And now?", State: []byte{0, 1, 255}}, nil
	}}
	e := env(s, nil)
	tok, _ := enrol(t, e, map[string]string{"radius.identifier": "hall", "radius.user": "al"})
	for range 3 {
		m, err := Type{}.Verify(t.Context(), e, tok, secret.New("start"))
		if err != nil || m.OK || !m.WithoutPIN {
			t.Fatalf("%+v %v", m, err)
		}
		p, asks, err := Type{}.Open(t.Context(), e, tok, secret.New("start"))
		if err != nil || !asks || p.Message != "And now?" || p.Data != "0001ff" {
			t.Fatalf("%+v %v %v", p, asks, err)
		}
		if m, err := (Type{}).Verify(t.Context(), e, tok, secret.New("dead")); err != nil || m.OK || m.Reason == "" {
			t.Fatalf("%+v %v", m, err)
		}
	}
	if len(s.asked) != 2 || s.name != "hall" {
		t.Errorf("asked %d times: %+v", len(s.asked), s.asked)
	}
}

func TestChallenges(t *testing.T) {
	s := &servers{answer: func(q radius.Question) (radius.Answer, error) {
		switch string(q.State) + "/" + q.Password.Reveal() {
		case "one/1":
			return radius.Answer{Code: radius.Challenge, Message: "Second: now", State: []byte("two")}, nil
		case "two/2", "/0":
			return radius.Answer{Code: radius.Accept}, nil
		}
		return radius.Answer{}, nil
	}}
	e := env(s, nil)
	tok, _ := enrol(t, e, map[string]string{"radius.identifier": "hall", "radius.user": "al"})
	answer := func(state, value string) (tokentype.Match, tokentype.Prompt, bool) {
		t.Helper()
		c := challenge.Challenge{Data: state}
		m, err := Type{}.Respond(t.Context(), e, tok, c, secret.New(value))
		if err != nil {
			t.Fatal(err)
		}
		p, more, err := Type{}.More(t.Context(), e, tok, c, m)
		if err != nil {
			t.Fatal(err)
		}
		return m, p, more
	}
	if m, _, _ := answer("6f6e65", "0"); m.OK {
		t.Error("a wrong answer is right")
	}
	m, p, more := answer("6f6e65", "1")
	if !m.OK || !more || p.Message != "Second: now" || p.Data != "74776f" {
		t.Errorf("further question: %+v %+v %v", m, p, more)
	}
	if m, _, more := answer(p.Data, "2"); !m.OK || more {
		t.Errorf("its answer: %+v %v", m, more)
	}
	if m, _, more := answer("", "0"); !m.OK || more {
		t.Errorf("a triggered challenge: %+v %v", m, more)
	}
	if m, _, _ := answer("no hex", "1"); m.OK || m.Reason == "" {
		t.Error("a state that cannot be read")
	}
	asked := len(s.asked)
	tok.FailCount = tok.MaxFail
	if m, _, _ := answer("6f6e65", "1"); m.OK || len(s.asked) != asked {
		t.Error("the server was asked for a token at its limit")
	}
}

func TestOpen_NeedsThePolicyAndNoPINHere(t *testing.T) {
	s := &servers{answer: func(radius.Question) (radius.Answer, error) { return radius.Answer{Code: radius.Challenge}, nil }}
	e := env(s, nil)
	tok, _ := enrol(t, e, map[string]string{"radius.identifier": "hall", "radius.user": "al"})
	if _, asks, _ := (Type{}).Open(t.Context(), e, tok, secret.New("x")); !asks {
		t.Error("no challenge with the policy")
	}
	tok.Info[infoLocalPIN] = token.Info{Value: "1"}
	if _, asks, _ := (Type{}).Open(t.Context(), e, tok, secret.New("x")); asks {
		t.Error("a challenge where the PIN is kept here")
	}
}

func FuzzDivide(f *testing.F) {
	for _, s := range []string{"r.example", "r.example:1812", "[::1]:1812", "::1", "[::1", ":", "a:b:c", "x:99999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := divide(s)
		if err == nil && (host == "" || port < 0 || port > 65535) || err != nil && (host != "" || port != 0) {
			t.Errorf("%q: %q %d %v", s, host, port, err)
		}
	})
}
