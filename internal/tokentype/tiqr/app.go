package tiqr

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/ocra"
	"edumfa/internal/otp"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// What the app is answered.
const (
	answerOK      = "OK"
	answerInvalid = "INVALID_CHALLENGE"
	answerWrong   = "INVALID_RESPONSE:%d" // tries that are left
)

// leastKey and mostKey are how long the app's key may be, in bytes (RFC 4226 §4).
const (
	leastKey = 16
	mostKey  = 128
)

// PlainDevice answers the app: metadata and enrollment while it is enrolled, and
// authentication, which is what is meant when nothing is said.
func (x Type) PlainDevice(ctx context.Context, e *tokentype.Env, d tokentype.DeviceDesk) (map[string]any, string, error) {
	step, _ := e.Params.Text("action")
	switch step {
	case "metadata":
		body, err := x.metadata(ctx, e, d)
		return body, "", err
	case "enrollment":
		text, err := x.enrol(ctx, e, d)
		return nil, text, err
	case "authentication", "":
		text, err := x.answer(ctx, e, d)
		return nil, text, err
	}
	return nil, "", mfaerr.NewParameter("Allowed actions are ['metadata', 'enrollment', 'authentication']")
}

// need reads parameters that must be there.
func need(e *tokentype.Env, into map[string]*string, order ...string) error {
	for _, n := range order {
		v, given := e.Params.Text(n)
		if !given {
			return mfaerr.NewParameter("Missing parameter: '%s'", n)
		}
		*into[n] = v
	}
	return nil
}

// begun is the token that is being enrolled in the session.
func begun(ctx context.Context, d tokentype.DeviceDesk, serial, session string) (*token.Token, error) {
	list, err := d.Tokens(ctx, token.Filter{Serial: serial, Type: name})
	if err != nil {
		return nil, err
	}
	if len(list) == 1 && list[0].Serial == serial {
		if want := list[0].InfoText(infoSession); want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(session)) == 1 {
			return list[0], nil
		}
	}
	return nil, mfaerr.NewParameter("Invalid Session")
}

// metadata tells the app whose token it is and where it talks to.
func (Type) metadata(ctx context.Context, e *tokentype.Env, d tokentype.DeviceDesk) (map[string]any, error) {
	var session, serial string
	if err := need(e, map[string]*string{"session": &session, "serial": &serial}, "session", "serial"); err != nil {
		return nil, err
	}
	t, err := begun(ctx, d, serial, session)
	if err != nil {
		return nil, err
	}
	own, err := d.Owned(ctx, t)
	if err != nil {
		return nil, err
	}
	display := own.OwnerLogin
	if own.Owner != nil {
		a, err := own.Owner(ctx, t)
		if err != nil {
			return nil, err
		}
		if full := strings.TrimSpace(a.Text("givenname") + " " + a.Text("surname")); full != "" {
			display = full
		}
	}
	set := e.Settings
	server := set.Text("tiqr.regServer", "")
	return map[string]any{
		"service": map[string]any{
			"displayName": set.Text("tiqr.serviceDisplayname", defaultDisplay), "identifier": set.Text("tiqr.serviceIdentifier", defaultService),
			"logoUrl": set.Text("tiqr.logoUrl", ""), "infoUrl": set.Text("tiqr.infoUrl", defaultInfo),
			"authenticationUrl": set.Text("tiqr.authServer", server), "ocraSuite": t.InfoText(infoSuite),
			"enrollmentUrl": server + "?" + enrolment("enrollment", t),
		},
		"identity": map[string]any{"identifier": identifier(own, t), "displayName": display},
	}, nil
}

// enrol takes the app's key, once.
func (Type) enrol(ctx context.Context, e *tokentype.Env, d tokentype.DeviceDesk) (string, error) {
	var session, serial, key string
	if err := need(e, map[string]*string{"session": &session, "serial": &serial, "secret": &key}, "serial", "session", "secret"); err != nil {
		return "", err
	}
	t, err := begun(ctx, d, serial, session)
	if err != nil {
		return "", err
	}
	b, err := hex.DecodeString(key)
	if err != nil || len(b) < leastKey || len(b) > mostKey {
		return "", mfaerr.NewParameter("The secret must have %d to %d bytes in hex.", leastKey, mostKey)
	}
	sealed, err := e.Keys.Seal(strings.ToLower(key))
	if err != nil {
		return "", err
	}
	return answerOK, d.Change(ctx, t, func(t *token.Token) error {
		delete(t.Info, infoSession)
		t.Key = sealed
		return nil
	})
}

// answer takes the answer to a question. Wrong ones are counted, and those to a
// token that is at its limit are not looked at.
func (Type) answer(ctx context.Context, e *tokentype.Env, d tokentype.DeviceDesk) (string, error) {
	var user, id, response, operation string
	if err := need(e, map[string]*string{"userId": &user, "sessionKey": &id, "response": &response, "operation": &operation},
		"userId", "sessionKey", "response", "operation"); err != nil {
		return "", err
	}
	if id == "" {
		return answerInvalid, nil
	}
	rows, err := e.Challenges(ctx, "", id)
	if err != nil {
		return "", err
	}
	for _, c := range rows {
		if !c.Open(e.Now.UTC()) || c.Valid || c.Challenge == "" {
			continue
		}
		list, err := d.Tokens(ctx, token.Filter{Serial: c.Serial, Type: name})
		if err != nil {
			return "", err
		}
		if len(list) != 1 || list[0].Serial != c.Serial {
			continue
		}
		t := list[0]
		if !e.Usable(t) {
			return fmt.Sprintf(answerWrong, max(0, t.MaxFail-t.FailCount)), nil
		}
		right, err := fits(e, t, c.Challenge, response)
		if err != nil {
			return "", err
		}
		if right {
			e.Changes.Add(change.ConfirmChallenge{ID: c.ID})
			return answerOK, nil
		}
		e.Changes.Add(change.FailToken{ID: t.ID, At: timespec.FormatMinutes(e.Now.In(e.Local))})
		return fmt.Sprintf(answerWrong, max(0, t.MaxFail-t.FailCount-1)), nil
	}
	return answerInvalid, nil
}

// fits reports whether the response answers the question.
func fits(e *tokentype.Env, t *token.Token, question, response string) (bool, error) {
	s, err := suiteOf(t)
	if err != nil {
		return false, nil
	}
	text, err := e.Keys.Open(t.Key)
	if err != nil {
		return false, err
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) == 0 {
		return false, nil
	}
	in := ocra.Inputs{Question: question}
	if s.Step != 0 {
		in.Steps = e.Now.Unix() / int64(s.Step.Seconds())
	}
	want, err := s.Answer(key, in)
	return err == nil && otp.Equal(want, response), nil
}
