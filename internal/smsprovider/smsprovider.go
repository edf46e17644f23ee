// Package smsprovider is the contract of the ways to send text messages, and
// owns the definitions of SMS gateways. The ways live in folders below and are
// listed in app/builtin.go.
package smsprovider

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"edumfa/internal/texttag"
)

// Prefix begins the names of the modules that there are in the field.
const Prefix = "edumfa.lib.smsprovider."

// Known reports whether the field has a module of that name. Definitions of those
// that are not built are kept.
func Known(module string) bool {
	name, ok := strings.CutPrefix(module, Prefix)
	if !ok {
		return false
	}
	switch name {
	case "HttpSMSProvider.HttpSMSProvider", "HttpMessageToUidProvider.HttpMessageToUidProvider", "SipgateSMSProvider.SipgateSMSProvider",
		"SmtpSMSProvider.SmtpSMSProvider", "SmppSMSProvider.SmppSMSProvider", "FirebaseProvider.FirebaseProvider", "ScriptSMSProvider.ScriptSMSProvider":
		return true
	}
	return false
}

// Gateway is a definition as it is stored. Nothing of it is encrypted.
type Gateway struct {
	ID          int64
	Name        string
	Module      string
	Description *string
	Options     map[string]string
	Headers     map[string]string
}

// Via chooses a gateway: by its name or, without one, a module with options that
// belong to no gateway.
type Via struct {
	Gateway string
	Module  string
	Options map[string]string
}

// Recipient is who a message is for. It depends on the gateway what of it counts.
type Recipient struct {
	Phone string
	Login string // "" for nobody
	// Info reads the tokeninfo of the token that the message is about; nil without
	// a token.
	Info func(name string) string
}

// Message is a text for one phone or, where the kind wants it, one login name.
type Message struct {
	Phone, Login, Text string
	// PostCheck: the text is not what the user waits for, but tells the gateway
	// that he has logged in.
	PostCheck bool
}

// Parameter describes an option of a kind.
type Parameter struct {
	Name     string
	Required bool
	Help     string
	Type     string   // "" is one line; "text" is several
	Values   []string // what may be chosen
	// MailServers: the names of mail servers may be chosen.
	MailServers bool
}

// Kind is one way to send messages.
type Kind struct {
	// Module is the name that definitions have for it.
	Module string
	// FreeOptions and Headers may be set beside the parameters.
	FreeOptions, Headers bool
	Parameters           []Parameter
	// ToLogin: messages go to login names, not to phones.
	ToLogin bool
	// PostCheck reports whether the gateway wants to be told of logins; nil never.
	PostCheck func(g Gateway) bool
	// Check refuses options that can never work, before they are stored; nil takes
	// all. Errors are sentences for the client.
	Check func(g Gateway) error
	// Send returns when the message was taken. Errors are for the log and never
	// contain the message.
	Send func(ctx context.Context, g Gateway, m Message) error
}

// LoginOption names the tokeninfo that counts as login name of a token without
// owner.
const LoginOption = "UID_TOKENINFO_ATTRIBUTE"

// ErrNobody says that the recipient cannot be reached through the gateway.
var ErrNobody = errors.New("the recipient of the message has no phone number or login name")

// Address writes a message for a recipient. Errors: [ErrNobody].
func (k Kind) Address(g Gateway, to Recipient, text string) (Message, error) {
	m := Message{Phone: strings.TrimSpace(to.Phone), Login: to.Login, Text: text}
	if name := g.Options[LoginOption]; m.Login == "" && name != "" && to.Info != nil {
		m.Login = to.Info(name)
	}
	if k.ToLogin && m.Login == "" || !k.ToLogin && m.Phone == "" {
		return m, ErrNobody
	}
	return m, nil
}

// Has reports whether the kind has a parameter of its own with the name.
func (k Kind) Has(name string) bool {
	for _, p := range k.Parameters {
		if p.Name == name {
			return true
		}
	}
	return false
}

// RegexpHelp describes the option REGEXP, which several kinds have.
const RegexpHelp = "Changes the phone number, in the form /search/replace/: /[+\\/]// takes plus signs and slashes away."

// Phone is the number as the gateway wants it: its option REGEXP, of the form
// "/search/replace/", is applied. One that cannot be read changes nothing.
func (g Gateway) Phone(number string) string {
	expr, ok := strings.CutPrefix(g.Options["REGEXP"], "/")
	if !ok {
		return number
	}
	expr, ok = strings.CutSuffix(expr, "/")
	cut := strings.LastIndexByte(expr, '/')
	if !ok || cut < 0 {
		return number
	}
	re, err := regexp.Compile(expr[:cut])
	if err != nil {
		return number
	}
	replacement := groups.ReplaceAllString(strings.ReplaceAll(expr[cut+1:], "$", "$$"), "$${${1}}")
	return re.ReplaceAllString(number, replacement)
}

var groups = regexp.MustCompile(`\\([0-9])`)

// Fill puts message and recipient into a template: {otp}, and {uid} for kinds
// that want login names, {phone} for the others. Other tags are an error.
func (k Kind) Fill(template string, m Message) (string, error) {
	tags := map[string]string{"otp": m.Text, "phone": m.Phone}
	if k.ToLogin {
		tags = map[string]string{"otp": m.Text, "uid": m.Login}
	}
	text, err := texttag.Format(template, tags)
	if err != nil {
		return "", fmt.Errorf("an option of the gateway: %w", err)
	}
	return text, nil
}

// Sensitive reports whether the value of an option or header is likely a secret,
// which is not shown.
func Sensitive(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"password", "passwd", "secret", "token", "key", "auth", "credential", "cookie"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
