package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"edumfa/internal/change"
	"edumfa/internal/resolver"
	"edumfa/internal/smsprovider"
	"edumfa/internal/texttag"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const defaultText = "<otp>"

// message is a text and where it goes.
type message struct {
	to   smsprovider.Recipient
	text string
}

// compose writes the message with the value of a counter, in the words of a
// policy.
func compose(ctx context.Context, e *tokentype.Env, t *token.Token, counter int64, policy string) (message, error) {
	code, err := value(e, t, counter)
	if err != nil {
		return message{}, err
	}
	// a user store that is down costs the names in the text, not the message
	owner, _ := e.Owner(ctx, t)
	text, ok, err := e.Rules.Text("authentication", policy)
	if err != nil {
		return message{}, err
	}
	if !ok || text == "" {
		text = defaultText
	}
	text = texttag.Old(text, map[string]string{"otp": code, "serial": t.Serial})
	return message{to: recipient(e, t, owner), text: texttag.Fill(text, tags(e, t, owner, code))}, nil
}

// phone is the number; empty for none.
func phone(t *token.Token, owner resolver.Attributes) string {
	if on(t.InfoText(infoDynamic)) {
		return owner.Text("mobile")
	}
	return t.InfoText(infoPhone)
}

func recipient(e *tokentype.Env, t *token.Token, owner resolver.Attributes) smsprovider.Recipient {
	return smsprovider.Recipient{Phone: phone(t, owner), Login: e.OwnerLogin, Info: t.InfoText}
}

// tags are what the text may contain. Those without a meaning here are empty, as
// texts are shared with notifications.
func tags(e *tokentype.Env, t *token.Token, owner resolver.Attributes, code string) map[string]string {
	now := e.Now.In(e.Local)
	out := map[string]string{}
	for _, name := range []string{"admin", "realm", "action", "url", "description", "registrationcode", "googleurl_value", "client_ip", "pin",
		"ua_browser", "ua_string", "result_value", "result_status", "request_value", "token_realms"} {
		out[name] = ""
	}
	given, surname := owner.Text("givenname"), owner.Text("surname")
	for name, v := range map[string]string{
		"otp": code, "serial": t.Serial, "tokentype": t.Type, "challenge": requestChallenge(e),
		"user": given, "givenname": given, "surname": surname, "recipient_givenname": given, "recipient_surname": surname,
		"username": e.OwnerLogin, "userrealm": e.OwnerRealm, "time": now.Format("15:04:05"), "date": now.Format("2006-01-02"),
	} {
		out[name] = v
	}
	return out
}

// requestChallenge is a text of the request that may be part of the message.
func requestChallenge(e *tokentype.Env) string {
	s, _ := e.Params.Text("challenge")
	return s
}

// send gives the message to the token's gateway.
func send(ctx context.Context, e *tokentype.Env, t *token.Token, m message) error {
	via, err := gateway(e, t)
	if err != nil {
		return err
	}
	return e.Texter.Text(ctx, via, m.to, m.text)
}

// gateway is the one of the token, the one for all tokens of the type, or the one
// of settings from before gateways had names.
func gateway(e *tokentype.Env, t *token.Token) (smsprovider.Via, error) {
	name := t.InfoText(infoGateway)
	if name == "" {
		name = e.Settings.Text(infoGateway, "")
	}
	if name != "" {
		return smsprovider.Via{Gateway: name}, nil
	}
	module := e.Settings.Text("sms.provider", "")
	if module == "" {
		return smsprovider.Via{}, errors.New("no SMS gateway is chosen for the type sms")
	}
	options, err := oldOptions(module, e.Settings.Text("sms.providerConfig", "{}"))
	return smsprovider.Via{Module: module, Options: options}, err
}

// later makes a change that has the message sent once the request is stored;
// false when it is to be sent at once.
func later(ctx context.Context, e *tokentype.Env, t *token.Token, m message) (change.Change, bool, error) {
	queued, can := e.Texter.(tokentype.LaterTexter)
	via, err := gateway(e, t)
	if !can || err != nil {
		return nil, false, nil // sending says what is wrong
	}
	return queued.TextLater(ctx, via, m.to, m.text)
}

// oldOptions turns the JSON of settings from before gateways had names into the
// options of a gateway.
func oldOptions(module, text string) (map[string]string, error) {
	var old map[string]any
	if err := json.Unmarshal([]byte(text), &old); err != nil {
		return nil, errors.New("the setting sms.providerConfig is no JSON object")
	}
	names := map[string]string{"HTTP_Method": "HTTP_METHOD", "IDENTIFIER": "SMTPIDENTIFIER"}
	out := map[string]string{}
	escape := strings.NewReplacer("{", "{{", "}", "}}")
	toKey, toTag, textKey := "phone", "{phone}", "sms"
	if strings.HasSuffix(module, ".HttpMessageToUidProvider") {
		toKey, toTag, textKey = "uid", "{uid}", "message"
	}
	for k, v := range old {
		s := fmt.Sprint(v)
		switch k {
		case "PARAMETER":
			fixed, _ := v.(map[string]any)
			for name, x := range fixed {
				out[name] = escape.Replace(fmt.Sprint(x))
			}
		case "SMS_PHONENUMBER_KEY", "SMS_UID_KEY":
			toKey = s
		case "SMS_TEXT_KEY":
			textKey = s
		case "CHECK_SSL":
			if v == false || strings.EqualFold(s, "no") || strings.EqualFold(s, "false") {
				out[k] = "no"
			}
		default:
			if new, renamed := names[k]; renamed {
				k = new
			}
			out[k] = s
		}
	}
	if _, http := out["URL"]; http {
		out[toKey], out[textKey] = toTag, "{otp}"
	}
	return out, nil
}
