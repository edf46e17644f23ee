package email

import (
	"context"
	"errors"
	"strings"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/texttag"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const (
	defaultText    = "<otp>"
	defaultSubject = "Your OTP"
)

// compose writes the mail with the value of a counter.
func (Type) compose(ctx context.Context, e *tokentype.Env, t *token.Token, counter int64) (tokentype.Mail, error) {
	code, err := value(e, t, counter)
	if err != nil {
		return tokentype.Mail{}, err
	}
	// a user store that is down costs the names in the text, not the mail
	owner, _ := e.Owner(ctx, t)
	body, html, err := template(e, "emailtext", defaultText)
	if err != nil {
		return tokentype.Mail{}, err
	}
	subject, _, err := template(e, "emailsubject", defaultSubject)
	if err != nil {
		return tokentype.Mail{}, err
	}
	tags := tags(e, t, owner, code)
	bodyTags := tags
	if html {
		bodyTags = texttag.HTML(tags)
	}
	old := map[string]string{"otp": code, "serial": t.Serial}
	return tokentype.Mail{
		To: address(t, owner), HTML: html,
		Subject: texttag.Fill(texttag.Old(subject, old), tags),
		Body:    texttag.Fill(texttag.Old(body, old), bodyTags),
	}, nil
}

// address is where the mail goes; empty for nowhere.
func address(t *token.Token, owner resolver.Attributes) string {
	if d := t.InfoText(infoDynamic); d != "" && d != "0" && !strings.EqualFold(d, "false") {
		return owner.Text("email")
	}
	return t.InfoText(infoAddress)
}

// template is the text of a policy, or of the file that it names, which is HTML.
// A file that cannot be read counts as no policy: the user must get his mail.
func template(e *tokentype.Env, action, fallback string) (text string, html bool, err error) {
	text, ok, err := e.Rules.Text("authentication", action)
	if err != nil {
		return "", false, err
	}
	if !ok || text == "" {
		return fallback, false, nil
	}
	name, isFile := strings.CutPrefix(text, "file:")
	if !isFile {
		return text, false, nil
	}
	content, err := texttag.ReadFile(name)
	if err != nil {
		return fallback, false, nil
	}
	return content, true, nil
}

// tags are what the texts may contain. Those without a meaning here are empty,
// as texts are shared with notifications.
func tags(e *tokentype.Env, t *token.Token, owner resolver.Attributes, code string) map[string]string {
	now := e.Now.In(e.Local)
	out := map[string]string{
		"otp": code, "serial": t.Serial, "tokentype": t.Type, "challenge": requestChallenge(e),
		"user": owner.Text("givenname"), "givenname": owner.Text("givenname"), "surname": owner.Text("surname"),
		"recipient_givenname": owner.Text("givenname"), "recipient_surname": owner.Text("surname"),
		"username": e.OwnerLogin, "userrealm": e.OwnerRealm,
		"time": now.Format("15:04:05"), "date": now.Format("2006-01-02"),
	}
	for _, name := range []string{"admin", "realm", "action", "url", "description", "registrationcode", "googleurl_value", "client_ip", "pin",
		"ua_browser", "ua_string", "result_value", "result_status", "request_value", "token_realms"} {
		out[name] = ""
	}
	return out
}

// send mails through the token's server, the one for all tokens of the type, or
// the one of settings from before servers had names.
func send(ctx context.Context, e *tokentype.Env, t *token.Token, m tokentype.Mail) error {
	if strings.TrimSpace(m.To) == "" {
		return errors.New("the token has no mail address")
	}
	if id := server(e, t); id != "" {
		return e.Mailer.Mail(ctx, id, m)
	}
	s := e.Settings
	return e.Mailer.MailVia(ctx, tokentype.MailServer{
		Host: s.Text("email.mailserver", "localhost"), Port: s.Int("email.port", 25), User: s.Text("email.username", ""),
		Password: secret.New(s.Text("email.password", "")), Sender: s.Text("email.mailfrom", "edumfa@localhost"), TLS: s.Bool("email.tls", false),
	}, m)
}

// server is the mail server of the token, or the one for all tokens of the type;
// "" for none.
func server(e *tokentype.Env, t *token.Token) string {
	if id := t.InfoText(infoServer); id != "" {
		return id
	}
	return e.Settings.Text("email.identifier", "")
}

// later makes a change that has the mail sent once the request is stored; false
// when it is to be sent at once.
func later(ctx context.Context, e *tokentype.Env, t *token.Token, m tokentype.Mail) (change.Change, bool, error) {
	queued, can := e.Mailer.(tokentype.LaterMailer)
	id := server(e, t)
	if !can || id == "" || strings.TrimSpace(m.To) == "" {
		return nil, false, nil
	}
	return queued.MailLater(ctx, id, m)
}

// Test sends a mail with settings that need not be stored yet.
func (Type) Test(ctx context.Context, e *tokentype.Env, p tokentype.EnrollParams) (bool, string, error) {
	values := map[string]string{}
	for _, name := range []string{"email.mailserver", "email.mailfrom", "email.recipient"} {
		v, ok := p.Text(name)
		if !ok {
			return false, "", mfaerr.NewParameter("Missing parameter: '%s'", name)
		}
		values[name] = v
	}
	port, err := p.Int("email.port", 25)
	if err != nil {
		return false, "", err
	}
	user, _ := p.Text("email.username")
	password, _ := p.Text("email.password")
	err = e.Mailer.MailVia(ctx, tokentype.MailServer{
		Host: values["email.mailserver"], Port: port, User: user, Password: secret.New(password), Sender: values["email.mailfrom"], TLS: p.Bool("email.tls"),
	}, tokentype.Mail{To: values["email.recipient"], Subject: "Test mail", Body: "This mail shows that the settings for mailed one time passwords work."})
	if err != nil {
		return false, "The mail could not be sent: " + err.Error(), nil
	}
	return true, msgTested, nil
}
