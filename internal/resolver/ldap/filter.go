package ldap

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	ldaplib "github.com/go-ldap/ldap/v3"

	"edumfa/internal/resolver"
)

// Scopes of searches (RFC 4511 §4.5.1.2).
const (
	scopeBase    = ldaplib.ScopeBaseObject
	scopeLevel   = ldaplib.ScopeSingleLevel
	scopeSubtree = ldaplib.ScopeWholeSubtree
)

// fieldExpires is the field that is searched by comparing with now, because the
// directory keeps it as a number of ticks since 1601.
const fieldExpires = "accountExpires"

// checkFilter checks LDAPSEARCHFILTER, which is one filter or several beside
// each other, and takes out the white space between brackets that people put
// there. Nothing means no restriction.
func checkFilter(filter string) (string, error) {
	if len(filter) > maxMapping {
		return "", errors.New("too long")
	}
	filter = tightFilter(filter)
	if filter == "" {
		return "", nil
	}
	if _, err := ldaplib.CompileFilter("(&" + filter + ")"); err != nil {
		return "", fmt.Errorf("that is no filter: %w", err)
	}
	return filter, nil
}

// tightFilter removes white space that stands outside of values: behind brackets
// and operators, and before an opening bracket. Brackets inside of values are
// always escaped (RFC 4515 §3), so every bracket is a real one.
func tightFilter(s string) string {
	s = strings.TrimSpace(s)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if strings.IndexByte(" \t\r\n", c) < 0 {
			b.WriteByte(c)
			continue
		}
		end := i
		for end < len(s) && strings.IndexByte(" \t\r\n", s[end]) >= 0 {
			end++
		}
		before := b.String()
		outside := before == "" || strings.IndexByte("()", before[len(before)-1]) >= 0 ||
			strings.HasSuffix(before, "(&") || strings.HasSuffix(before, "(|") || strings.HasSuffix(before, "(!")
		if !outside && !(end < len(s) && s[end] == '(') {
			b.WriteString(s[i:end])
		}
		i = end - 1
	}
	return b.String()
}

// attributeName reports whether the text is an attribute description (RFC 4512
// §2.5), underscores allowed because servers have such names.
func attributeName(s string) bool {
	return s != "" && len(s) <= 200 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.;", r))
	})
}

// and puts conditions beside the filter of the instance.
func (s *settings) and(conditions ...string) string {
	f := s.filter + strings.Join(conditions, "")
	if f == "" {
		// (&) is the true filter of RFC 4526, which few servers know.
		return "(objectClass=*)"
	}
	return "(&" + f + ")"
}

// equals is the condition that an attribute has exactly the value.
func equals(attr, value string) string { return "(" + attr + "=" + ldaplib.EscapeFilter(value) + ")" }

// fits is the condition that an attribute fits the pattern, in which * stands
// for any text and nothing else is special.
func fits(attr, pattern string) string {
	parts := strings.Split(pattern, "*")
	for i, p := range parts {
		parts[i] = ldaplib.EscapeFilter(p)
	}
	// Neighbouring stars say no more than one.
	last := len(parts) - 1
	inner := slices.DeleteFunc(slices.Clone(parts[min(1, last):last]), func(p string) bool { return p == "" })
	if last > 0 {
		parts = append(append([]string{parts[0]}, inner...), parts[last])
	}
	return "(" + attr + "=" + strings.Join(parts, "*") + ")"
}

// loginFilter asks for the user with the login name. ok is false when no login
// attribute can have such a value.
func (s *settings) loginFilter(login string) (filter string, ok bool) {
	var c []string
	for _, a := range s.loginAttrs {
		if !strings.EqualFold(a, "objectGUID") {
			c = append(c, equals(a, login))
		} else if guid, ok := guidBytes(login); ok {
			c = append(c, equals(a, guid))
		}
	}
	switch len(c) {
	case 0:
		return "", false
	case 1:
		return s.and(c[0]), true
	}
	return s.and("(|" + strings.Join(c, "") + ")"), true
}

// idCondition asks for the user with the id. ok is false when no entry can have
// such an id. It is not used with ids that are DNs.
func (s *settings) idCondition(id string) (condition string, ok bool) {
	if s.uidKind == uidGUID {
		if id, ok = guidBytes(id); !ok {
			return "", false
		}
	}
	return equals(s.uidType, id), true
}

// searchFilter asks for the users that fit the query. Fields that are not mapped
// are an error.
func (s *settings) searchFilter(q resolver.Query, now time.Time) (string, error) {
	names := make([]string, 0, len(q))
	for n := range q {
		names = append(names, n)
	}
	slices.Sort(names)
	var c []string
	for _, n := range names {
		attr, ok := s.userInfo[n]
		switch {
		case !ok:
			return "", fmt.Errorf("users cannot be searched by the field %q: it is not mapped", n)
		case n == fieldExpires:
			c = append(c, expires(attr, q[n] == "1", now))
		case strings.EqualFold(attr, "objectGUID"):
			if guid, ok := guidBytes(q[n]); ok {
				c = append(c, equals(attr, guid))
			} else {
				c = append(c, fits(attr, q[n]))
			}
		default:
			c = append(c, fits(attr, q[n]))
		}
	}
	return s.and(c...), nil
}

// expires asks for accounts that have expired, or that will. 0 means never and
// is in neither group.
func expires(attr string, expired bool, now time.Time) string {
	op := ">="
	if expired {
		op = "<="
	}
	return "(" + attr + op + strconv.FormatInt(ticks(now), 10) + ")(!(" + attr + "=0))"
}

// ticks is a time as Active Directory counts it: units of 100 ns since the
// beginning of 1601.
func ticks(t time.Time) int64 {
	const from1601To1970 = 11644473600 // seconds
	return (t.Unix()+from1601To1970)*1e7 + int64(t.Nanosecond())/100
}

// guidBytes are the 16 bytes of a GUID in the text form, with or without
// braces, as Active Directory keeps them: the first three groups are
// little-endian.
func guidBytes(text string) (string, bool) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != 16 {
		return "", false
	}
	swapGUID(b)
	return string(b), true
}

// guidText is the text form of the bytes, without braces. Anything but 16 bytes
// is returned as it is: some servers keep the text itself.
func guidText(raw string) string {
	if len(raw) != 16 {
		return strings.TrimSuffix(strings.TrimPrefix(raw, "{"), "}")
	}
	b := []byte(raw)
	swapGUID(b)
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func swapGUID(b []byte) {
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
}
