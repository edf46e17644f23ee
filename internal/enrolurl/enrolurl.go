// Package enrolurl writes the URLs that carry a new token's key to an
// application, usually inside a QR code: otpauth, oathtoken, motp and the push
// schemes. The order of the parameters and what is escaped is fixed: clients and
// recorded answers compare the text.
package enrolurl

import (
	"encoding/base32"
	"encoding/hex"
	"strconv"
	"strings"

	"edumfa/internal/otp"
)

// maxLength is what an otpauth URL is kept to by cutting its label, so that its
// QR code can be read from a screen. Issuer and extra parameters do not count.
const maxLength = 180

// Names fill the templates of label and issuer.
type Names struct {
	Serial, User, Realm, GivenName, Surname string
}

// Param is an additional parameter of a URL.
type Param struct{ Name, Value string }

// Token is what the URLs tell about a token.
type Token struct {
	Names
	Type string // token type; it is the host of an otpauth URL
	Key  []byte
	// Label is a template with {serial} {user} {realm} {givenname} {surname} and
	// the older <s> <u> <r>; empty means the serial.
	Label string
	// Issuer is a template with the names in braces; empty means eduMFA.
	Issuer string
	Hash   otp.Hash // empty means SHA1
	Digits int      // zero means 6
	// Period is the time step of totp, as it is stored ("30"), and of
	// daypassword ("12h"); others do not send it.
	Period string
	Extra  []Param // appended in this order: image, 2step_salt, pin, …
}

// OTPAuth is the otpauth URL of the token. counter is sent for hotp only, as
// applications expect it. Errors: 905 for a daypassword with a wrong period.
func OTPAuth(t Token) (string, error) {
	kind, counter := t.Type, ""
	if strings.EqualFold(kind, "hotp") {
		kind, counter = "hotp", "counter=1&"
	}
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(t.Key)
	room := maxLength - len("otpauth:///?secret=&counter=1") - len(kind) - len(secret)

	var b strings.Builder
	b.WriteString("otpauth://" + kind + "/" + Quote(firstChars(t.Expand(t.label()), room)))
	b.WriteString("?secret=" + secret + "&" + counter)
	if t.Hash != "" && t.Hash != otp.SHA1 {
		b.WriteString("algorithm=" + strings.ToUpper(string(t.Hash)) + "&")
	}
	period, err := t.period()
	if err != nil {
		return "", err
	}
	b.WriteString(period + "digits=" + strconv.Itoa(t.digits()))
	b.WriteString("&issuer=" + Quote(t.expandBraces(t.issuer())) + extra(t.Extra))
	return b.String(), nil
}

func (t Token) label() string {
	if t.Label == "" {
		return "<s>"
	}
	return t.Label
}

func (t Token) issuer() string {
	if t.Issuer == "" {
		return "eduMFA"
	}
	return t.Issuer
}

func (t Token) digits() int {
	if t.Digits == 0 {
		return 6
	}
	return t.Digits
}

func (t Token) period() (string, error) {
	switch strings.ToLower(t.Type) {
	case "totp":
		if t.Period == "" {
			return "period=30&", nil
		}
		return "period=" + t.Period + "&", nil
	case "daypassword":
		step, err := otp.ParseTimeStep(t.Period)
		if err != nil {
			return "", err
		}
		return "period=" + strconv.FormatInt(int64(step.Seconds()), 10) + "&", nil
	}
	return "", nil
}

// OATHToken is the oathtoken URL of the token. Its label knows only <s> <u> <r>.
func OATHToken(t Token) string {
	timeBased := ""
	if strings.EqualFold(t.Type, "totp") {
		timeBased = "&timeBased=true"
	}
	return "oathtoken:///addToken?name=" + Quote(t.expandAngles(t.label())) +
		"&lockdown=true&key=" + hex.EncodeToString(t.Key) + timeBased + extra(t.Extra)
}

// MOTP is the motp URL of a key, given as the text that is hashed.
func MOTP(key string) string { return "motp://edumfa:mylabel?secret=" + key }

// Push is the URL by which a phone enrols itself. scheme is
// "edumfa-push://edumfa" or, for legacy tokens, "otpauth://pipush"; endpoint is
// where the phone answers; ttl is in minutes. Label, Issuer and Extra of the
// token are used.
func Push(scheme string, t Token, endpoint, ttl string) string {
	return scheme + "/" + Quote(t.Expand(t.label())) + "?url=" + Quote(endpoint) + "&ttl=" + ttl +
		"&issuer=" + Quote(t.expandBraces(t.issuer())) + extra(t.Extra)
}

func extra(params []Param) string {
	var b strings.Builder
	for _, p := range params {
		b.WriteString("&" + Quote(p.Name) + "=" + Quote(p.Value))
	}
	return b.String()
}

// Expand fills a template: {serial} {user} {realm} {givenname} {surname} and
// <s> <u> <r>; doubled braces are single ones. What is no known name stays as it
// is, and names are not expanded a second time inside of what they stand for.
func (n Names) Expand(template string) string { return n.expand(template, true, true) }

func (n Names) expandBraces(template string) string { return n.expand(template, true, false) }

func (n Names) expandAngles(template string) string { return n.expand(template, false, true) }

func (n Names) expand(template string, braces, angles bool) string {
	var pairs []string
	if braces {
		pairs = append(pairs, "{{", "{", "}}", "}", "{serial}", n.Serial, "{user}", n.User, "{realm}", n.Realm,
			"{givenname}", n.GivenName, "{surname}", n.Surname)
	}
	if angles {
		pairs = append(pairs, "<s>", n.Serial, "<u>", n.User, "<r>", n.Realm)
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

func firstChars(s string, n int) string {
	for i := range s {
		if n <= 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// Quote percent-encodes everything but letters, digits and "_.-~/" (RFC 3986
// §2.3 and the slash).
func Quote(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-~/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()
}
