package ldap

import (
	"slices"
	"strings"

	ldaplib "github.com/go-ldap/ldap/v3"

	"edumfa/internal/resolver"
)

// person is a user with its place in the directory.
type person struct {
	user resolver.User
	dn   string
	// ids are all values of the attribute that identifies the user, which may
	// have several; the first is user.ID.
	ids []string
}

// attributes are what is asked of entries.
func (s *settings) attributes() []string {
	var l []string
	for _, a := range s.userInfo {
		l = append(l, a)
	}
	if s.uidKind != uidDN {
		l = append(l, s.uidType)
	}
	slices.Sort(l)
	return slices.Compact(l)
}

// person turns an entry into a user. ok is false for an entry that lacks the
// attribute which identifies users.
func (s *settings) person(e *ldaplib.Entry) (p person, ok bool) {
	p.dn = e.DN
	if s.uidKind == uidDN {
		p.ids = []string{e.DN}
	} else {
		p.ids = texts(e, s.uidType)
	}
	if len(p.ids) == 0 || p.ids[0] == "" {
		return person{}, false
	}
	a := resolver.Attributes{}
	for field, attr := range s.userInfo {
		v := texts(e, attr)
		switch {
		case s.multi[field] && !strings.EqualFold(attr, "objectGUID"):
			a[field] = append([]string{}, v...)
		case len(v) == 0:
			a[field] = ""
		default:
			a[field] = v[0]
		}
	}
	p.user = resolver.User{ID: p.ids[0], Login: a.Text("username"), Attributes: a}
	return p, true
}

// texts are the values of an attribute as valid UTF-8. Servers may spell the
// name in another case than the question.
func texts(e *ldaplib.Entry, attr string) []string {
	guid := strings.EqualFold(attr, "objectGUID")
	var l []string
	for _, v := range e.GetEqualFoldAttributeValues(attr) {
		if guid {
			v = guidText(v)
		}
		l = append(l, strings.ToValidUTF8(v, "\uFFFD"))
	}
	return l
}

// clone keeps callers from changing what the cache holds.
func clone(u resolver.User) resolver.User {
	a := make(resolver.Attributes, len(u.Attributes))
	for k, v := range u.Attributes {
		if l, ok := v.([]string); ok {
			v = slices.Clone(l)
		}
		a[k] = v
	}
	u.Attributes = a
	return u
}
