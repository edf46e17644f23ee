package scim

import (
	"strings"

	"edumfa/internal/resolver"
)

// person is a user of the core schema (RFC 7643 §4.1).
type person struct {
	UserName string `json:"userName"`
	Name     struct {
		Given  string `json:"givenName"`
		Family string `json:"familyName"`
	} `json:"name"`
	Emails []value `json:"emails"`
	Phones []value `json:"phoneNumbers"`
}

type value struct {
	Value string `json:"value"`
}

func first(list []value) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Value
}

func (p person) attributes() resolver.Attributes {
	return resolver.Attributes{"username": p.UserName, "givenname": p.Name.Given, "surname": p.Name.Family,
		"email": first(p.Emails), "phone": first(p.Phones), "mobile": ""}
}

// fits reports whether all patterns fit, in any letter case; * stands for any text.
// An attribute that there is not fits nobody.
func fits(a resolver.Attributes, q resolver.Query) bool {
	for name, pattern := range q {
		if name == "userid" {
			name = "username"
		}
		if _, has := a[name]; !has || !like(strings.ToLower(a.Text(name)), strings.ToLower(pattern)) {
			return false
		}
	}
	return true
}

func like(s, pattern string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return s == pattern
	}
	rest, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[last])
}
