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

// Message is a text for one phone.
type Message struct {
	Phone, Text string
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
	// Send returns when the message was taken. Errors are for the log and never
	// contain the message.
	Send func(ctx context.Context, g Gateway, m Message) error
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

// Fill puts message and number into a template: {otp} and {phone}; {{ and }} are
// braces. Other tags are an error.
func Fill(template string, m Message) (string, error) {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c != '{' && c != '}' {
			b.WriteByte(c)
			continue
		}
		if i+1 < len(template) && template[i+1] == c {
			b.WriteByte(c)
			i++
			continue
		}
		end := strings.IndexByte(template[i:], '}')
		if c == '}' || end < 0 {
			return "", errors.New("a brace in an option of the gateway stands alone")
		}
		switch tag := template[i+1 : i+end]; tag {
		case "otp":
			b.WriteString(m.Text)
		case "phone":
			b.WriteString(m.Phone)
		default:
			return "", fmt.Errorf("the tag {%s} in an option of the gateway is not known", tag)
		}
		i += end
	}
	return b.String(), nil
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
