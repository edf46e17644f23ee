package push

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/pushapp"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// How far an app's clock may be off.
const (
	pollWindow  = time.Minute
	renewWindow = 5 * time.Minute
)

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// errVerify tells nothing about tokens: an unknown one looks the same.
func errVerify(cause error) error {
	return mfaerr.NewRequest(10, "Could not verify signature!").WithCause(cause)
}

// Device answers the app: GET asks for questions; POST finishes the enrolment,
// answers a question or tells a new address at the push service.
func (x Type) Device(ctx context.Context, e *tokentype.Env, method string, d tokentype.DeviceDesk) (any, map[string]any, error) {
	serial, given := e.Params.Text("serial")
	if !given {
		return nil, nil, mfaerr.NewParameter("Missing parameter: 'serial'")
	}
	has := func(names ...string) bool {
		for _, n := range names {
			if _, given := e.Params.Text(n); !given {
				return false
			}
		}
		return true
	}
	switch {
	case method == "GET":
		list, err := x.poll(ctx, e, d, serial)
		return list, nil, err
	case has("fbtoken", "pubkey"):
		detail, err := x.finish(ctx, e, d, serial)
		return true, detail, err
	case has("nonce", "signature"):
		ok, err := x.answer(ctx, e, d, serial)
		return ok, nil, err
	case has("new_fb_token", "timestamp", "signature"):
		return true, nil, x.renew(ctx, e, d, serial)
	}
	return nil, nil, mfaerr.NewParameter("Missing parameters!")
}

// find is the token of the type with just that serial, if there is one.
func (x Type) find(ctx context.Context, d tokentype.DeviceDesk, serial string) ([]*token.Token, error) {
	list, err := d.Tokens(ctx, token.Filter{Serial: serial, Type: x.name})
	if err != nil || len(list) != 1 || list[0].Serial != serial { // the serial may be a pattern
		return nil, err
	}
	return list, nil
}

// answer takes a yes or a no. A challenge that was declined stays so.
func (x Type) answer(ctx context.Context, e *tokentype.Env, d tokentype.DeviceDesk, serial string) (bool, error) {
	list, err := x.find(ctx, d, serial)
	if err != nil {
		return false, err
	}
	if len(list) == 0 {
		return false, mfaerr.NewNotFound("The requested token could not be found.")
	}
	t := list[0]
	key, err := pushapp.ParseKey(t.InfoText(infoPhoneKey))
	if err != nil || t.Revoked {
		return false, nil
	}
	nonce, _ := e.Params.Text("nonce")
	signature, _ := e.Params.Text("signature")
	word, _ := e.Params.Text("decline")
	decline := on(word)
	if nonce == "" || pushapp.Verify(key, pushapp.AnswerText(nonce, serial, decline), signature) != nil {
		return false, nil
	}
	rows, err := e.Challenges(ctx, serial, "")
	if err != nil {
		return false, err
	}
	found := false
	for _, c := range rows {
		if c.Challenge != nonce || !c.Open(e.Now.UTC()) || c.Data == challenge.Declined && !decline {
			continue
		}
		found = true
		if decline {
			e.Changes.Add(change.DeclineChallenge{ID: c.ID})
		} else {
			e.Changes.Add(change.ConfirmChallenge{ID: c.ID})
		}
	}
	return found, nil
}

func on(word string) bool {
	switch word {
	case "1", "true", "True", "TRUE", "yes":
		return true
	}
	return false
}

// renew takes a new address at the push service.
func (x Type) renew(ctx context.Context, e *tokentype.Env, d tokentype.DeviceDesk, serial string) error {
	address, _ := e.Params.Text("new_fb_token")
	timestamp, _ := e.Params.Text("timestamp")
	if err := checkTime(e, timestamp, renewWindow); err != nil {
		return err
	}
	t, err := x.signed(ctx, e, d, serial, pushapp.RenewText(address, serial, timestamp))
	if err != nil {
		return err
	}
	e.Changes.Add(change.SetInfo{ID: t.ID, Key: infoAddress, Value: address})
	return nil
}

// signed is the token whose phone has signed the text.
func (x Type) signed(ctx context.Context, e *tokentype.Env, d tokentype.DeviceDesk, serial, text string) (*token.Token, error) {
	list, err := x.find(ctx, d, serial)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errVerify(nil)
	}
	key, err := pushapp.ParseKey(list[0].InfoText(infoPhoneKey))
	if err != nil {
		return nil, errVerify(err)
	}
	signature, _ := e.Params.Text("signature")
	if err := pushapp.Verify(key, text, signature); err != nil {
		return nil, errVerify(err)
	}
	return list[0], nil
}

func checkTime(e *tokentype.Env, text string, window time.Duration) error {
	err := pushapp.CheckTime(text, e.Now, window)
	switch {
	case errors.Is(err, pushapp.ErrTime):
		return mfaerr.NewRequest(10, "Timestamp %s not in valid range.", text)
	case err != nil:
		return mfaerr.NewRequest(10, "Could not parse timestamp %s. ISO-Format required.", text)
	}
	return nil
}

// poll lists the open questions of a token.
func (x Type) poll(ctx context.Context, e *tokentype.Env, d tokentype.DeviceDesk, serial string) ([]any, error) {
	timestamp, given := e.Params.Text("timestamp")
	if !given {
		return nil, mfaerr.NewParameter("Missing parameter: 'timestamp'")
	}
	if _, given := e.Params.Text("signature"); !given {
		return nil, mfaerr.NewParameter("Missing parameter: 'signature'")
	}
	if err := checkTime(e, timestamp, pollWindow); err != nil {
		return nil, err
	}
	t, err := x.signed(ctx, e, d, serial, pushapp.PollText(serial, timestamp))
	if err != nil {
		return nil, err
	}
	own, err := d.Owned(ctx, t)
	if err != nil {
		return nil, err
	}
	may, err := x.mayPoll(own, t)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, mfaerr.NewPolicy("Polling not allowed!")
	}
	rows, err := e.Challenges(ctx, serial, "")
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, c := range rows {
		if c.Challenge == "" || c.Data == challenge.Declined || c.Valid || !c.Open(e.Now.UTC()) {
			continue
		}
		q, err := x.question(own, t, c.Challenge)
		if err != nil {
			return nil, errVerify(err)
		}
		m := map[string]any{}
		for k, v := range q.Fields() {
			m[k] = v
		}
		out = append(out, m)
	}
	return out, nil
}

// confirmEnrolment ends the login that waits for the token's enrolment.
func confirmEnrolment(ctx context.Context, e *tokentype.Env, t *token.Token) error {
	rows, err := e.Challenges(ctx, t.Serial, "")
	if err != nil {
		return err
	}
	for _, c := range rows {
		if c.Session == challenge.SessionEnrollment && c.Open(e.Now.UTC()) {
			e.Changes.Add(change.ConfirmChallenge{ID: c.ID})
		}
	}
	return nil
}
