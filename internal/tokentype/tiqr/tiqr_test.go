package tiqr

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/ocra"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/typetest"
)

var now = time.Date(2027, 7, 5, 12, 0, 0, 0, time.UTC)

const key = "3132333435363738393031323334353637383930"

// desk has one token.
type desk struct {
	tokentype.DeviceDesk
	t *token.Token
}

func (d desk) Tokens(_ context.Context, f token.Filter) ([]*token.Token, error) {
	if f.Type != name || d.t.Type != name || f.Serial != d.t.Serial && f.Serial != "*" {
		return nil, nil
	}
	return []*token.Token{d.t}, nil
}

func (d desk) Change(_ context.Context, t *token.Token, f func(*token.Token) error) error {
	return f(t)
}

func env(params map[string]string, rows ...challenge.Challenge) *tokentype.Env {
	e := typetest.Env(now, map[string]string{"tiqr.regServer": "https://mfa.example.org/ttype/tiqr"}, params)
	e.Challenges = func(_ context.Context, serial, id string) (out []challenge.Challenge, err error) {
		for _, c := range rows {
			if (serial == "" || c.Serial == serial) && c.TransactionID == id {
				out = append(out, c)
			}
		}
		return out, nil
	}
	return e
}

func call(t *testing.T, tok *token.Token, e *tokentype.Env) (string, error) {
	t.Helper()
	_, text, err := Type{}.PlainDevice(t.Context(), e, desk{t: tok})
	return text, err
}

func TestEnrolment(t *testing.T) {
	tok := typetest.Token(name, "", 6, nil)
	tok.ID = 0
	if _, err := (Type{}).Enroll(t.Context(), env(nil), tok, typetest.Params{}); err == nil {
		t.Error("enrolled for nobody")
	}
	tok.Owner = &token.Owner{UserID: "1"}
	out, err := Type{}.Enroll(t.Context(), env(nil), tok, typetest.Params{})
	session := tok.InfoText(infoSession)
	link, _ := out.Detail["tiqrenroll"].(map[string]any)["value"].(string)
	if err != nil || len(session) != 40 || link != "tiqrenroll://https://mfa.example.org/ttype/tiqr?action=metadata&session="+session+"&serial=T1" {
		t.Fatalf("%v %s", err, link)
	}
	if p, err := (Type{}).Prompt(t.Context(), env(nil), tok); err != nil || !p.Failed {
		t.Errorf("asked before the app has a key: %+v %v", p, err)
	}
	for name, p := range map[string]map[string]string{
		"another session":    {"session": strings.Repeat("0", 40)},
		"no session":         {"session": ""},
		"another token":      {"serial": "T2"},
		"a pattern":          {"serial": "*"},
		"a secret of no hex": {"secret": "zz"},
		"a short secret":     {"secret": key[:30]},
		"a long secret":      {"secret": strings.Repeat("00", mostKey+1)},
		"another step":       {"action": "dance"},
	} {
		all := map[string]string{"action": "enrollment", "serial": "T1", "session": session, "secret": key}
		for k, v := range p {
			all[k] = v
		}
		if text, err := call(t, tok, env(all)); err == nil {
			t.Errorf("%s: %s", name, text)
		}
	}
	right := map[string]string{"action": "enrollment", "serial": "T1", "session": session, "secret": key}
	if text, err := call(t, tok, env(right)); err != nil || text != answerOK || tok.InfoText(infoSession) != "" {
		t.Errorf("%s %v", text, err)
	}
	if _, err := call(t, tok, env(right)); err == nil {
		t.Error("enrolled a second time")
	}
}

func TestAnswers(t *testing.T) {
	suite, err := ocra.Parse(defaultSuite)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := hex.DecodeString(key)
	right, err := suite.Answer(raw, ocra.Inputs{Question: "0123456789"})
	if err != nil {
		t.Fatal(err)
	}
	open := challenge.Challenge{ID: 5, TransactionID: "tid", Serial: "T1", Challenge: "0123456789", Timestamp: now.Add(-time.Second), Expiration: now.Add(time.Minute)}
	with := func(f func(*challenge.Challenge)) challenge.Challenge {
		c := open
		f(&c)
		return c
	}
	cases := []struct {
		name     string
		id       string
		response string
		row      challenge.Challenge
		fails    int
		typ      string
		want     string
		changes  []change.Change
	}{
		{"right", "tid", right, open, 0, name, answerOK, []change.Change{change.ConfirmChallenge{ID: 5}}},
		{"wrong", "tid", "000000", open, 0, name, "INVALID_RESPONSE:9", []change.Change{change.FailToken{ID: 1, At: "2027-07-05T12:00+0000"}}},
		{"at its limit, right", "tid", right, open, 10, name, "INVALID_RESPONSE:0", nil},
		{"another transaction", "x", right, open, 0, name, answerInvalid, nil},
		{"no transaction", "", right, open, 0, name, answerInvalid, nil},
		{"expired", "tid", right, with(func(c *challenge.Challenge) { c.Expiration = now }), 0, name, answerInvalid, nil},
		{"answered before", "tid", right, with(func(c *challenge.Challenge) { c.Valid = true }), 0, name, answerInvalid, nil},
		{"a challenge of another type", "tid", right, open, 0, "hotp", answerInvalid, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tok := typetest.Token(c.typ, key, 6, nil)
			tok.FailCount = c.fails
			e := env(map[string]string{"userId": "alice_realm1", "sessionKey": c.id, "response": c.response, "operation": "login"}, c.row)
			text, err := call(t, tok, e)
			got := e.Changes.All()
			if err != nil || text != c.want || len(got) != len(c.changes) || len(got) == 1 && got[0] != c.changes[0] {
				t.Errorf("%s %v %+v", text, err, got)
			}
		})
	}
}

func TestPrompt(t *testing.T) {
	e := env(nil)
	e.OwnerLogin, e.OwnerRealm, e.Transaction = "jür gen", "realm1", "0815"
	p, err := Type{}.Prompt(t.Context(), e, typetest.Token(name, key, 6, nil))
	link, _ := p.Attributes["value"].(string)
	if err != nil || len(p.Challenge) != 10 || link != "tiqrauth://j%C3%BCr+gen_realm1@io.edumfa/0815/"+p.Challenge+"/eduMFA" || !strings.HasPrefix(p.Image, "data:image/png") {
		t.Errorf("%v %s", err, link)
	}
	for _, valid := range []bool{true, false} {
		if m, err := (Type{}).Respond(t.Context(), e, typetest.Token(name, key, 6, nil), challenge.Challenge{Valid: valid}, secret.New("")); err != nil || m.OK != valid {
			t.Errorf("%+v %v", m, err)
		}
	}
}
