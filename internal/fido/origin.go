package fido

import (
	"net/url"
	"slices"
	"strings"
)

// RelyingParty is for whom credentials are made.
type RelyingParty struct {
	// ID is a domain name (section 5.4.2, rp.id).
	ID string
	// Origins are accepted beside those of the domain, exactly as written: other
	// sites with related origins, or the apk-key-hash of an Android app.
	Origins []string
	// AllowCrossOrigin takes ceremonies inside a frame of a page of any origin.
	// Without it the page around the frame must belong to the relying party.
	AllowCrossOrigin bool
}

// Accepts reports whether pages of the origin may use the relying party's
// credentials: https on the domain or a name below it, on any port, or one of
// Origins. http is for localhost only, as in browsers.
func (rp RelyingParty) Accepts(origin string) bool {
	if origin == "" {
		return false
	}
	if slices.Contains(rp.Origins, origin) {
		return true
	}
	scheme, host, ok := splitOrigin(origin)
	if !ok {
		return false
	}
	if scheme == "http" && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return false
	}
	return within(host, rp.ID)
}

// within reports whether host is the domain or a name below it.
func within(host, domain string) bool {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	return domain != "" && (host == domain || strings.HasSuffix(host, "."+domain))
}

// splitOrigin reads scheme://host[:port] and nothing more: an origin has neither
// user nor path.
func splitOrigin(origin string) (scheme, host string, ok bool) {
	u, err := url.Parse(origin)
	if err != nil || u.User != nil || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || (u.Path != "" && u.Path != "/") {
		return "", "", false
	}
	host = strings.ToLower(u.Hostname())
	if host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", "", false
	}
	return u.Scheme, host, true
}

// sameOrigin compares two origins; a final slash says nothing.
func sameOrigin(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}

// IsDomain reports whether a text can be a relying party's id: a domain name,
// no URL and no port.
func IsDomain(text string) bool {
	if text == "" || len(text) > 253 || strings.HasPrefix(text, ".") {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		switch {
		case r == '-' || r == '.':
			return false
		case r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f:
			return false
		}
		return true
	})
}
