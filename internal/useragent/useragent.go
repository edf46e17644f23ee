// Package useragent reads the HTTP header User-Agent (RFC 9110 §10.1.5) as far
// as the server acts on it: the name of the client, and what is remembered of a
// client application.
package useragent

import "strings"

// Unknown is recorded for clients that send no User-Agent.
const Unknown = "unknown"

// maxClientType is the width of the column that remembers client applications,
// in characters.
const maxClientType = 255

// Name is the name a User-Agent begins with: the leading run of ASCII letters,
// digits, "_" and "-", letter case kept. It is empty when the header is empty or
// begins with anything else.
func Name(header string) string {
	end := strings.IndexFunc(header, func(r rune) bool { return !nameChar(r) })
	if end < 0 {
		return header
	}
	return header[:end]
}

func nameChar(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// DecodesTwice reports whether values of this client are percent-decoded a
// second time. That is the rule for all but three agents that encode only once,
// compared by exact name; a header that does not begin with a name is left alone
// as well. Clients without the header are decoded.
func DecodesTwice(header string) bool {
	if header == "" {
		return true
	}
	switch Name(header) {
	case "", "eduMFA-LDAP-Proxy", "simpleSAMLphp", "eduMFA-cp":
		return false
	}
	return true
}

// ClientType is the text by which a client application is remembered: the whole
// header, U+FFFD for bytes that are no UTF-8, cut to what fits its column, or
// [Unknown].
func ClientType(header string) string {
	if header == "" {
		return Unknown
	}
	header = strings.ToValidUTF8(header, "\ufffd")
	n := 0
	for i := range header {
		if n == maxClientType {
			return header[:i]
		}
		n++
	}
	return header
}
