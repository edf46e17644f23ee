package ldap

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	ldaplib "github.com/go-ldap/ldap/v3"

	"edumfa/internal/mfaerr"
	"edumfa/internal/resolver"
)

// codeRefused is the public number of a change that the directory refuses.
const codeRefused = 10

var errNotEditable = errors.New("the resolver is not set to be changed")

// Editable reports whether EDITABLE is set.
func (u *users) Editable() bool { return u.set.editable }

// Add makes an entry at the DN of DN_TEMPLATE. Errors: a request error with the
// number 10 when the directory refuses it.
func (u *users) Add(ctx context.Context, a resolver.Attributes) (string, error) {
	if !u.set.editable {
		return "", errNotEditable
	}
	dn, err := u.set.newDN(a)
	if err != nil {
		return "", mfaerr.NewRequest(codeRefused, "The user has no place in the directory: %s", err)
	}
	req := ldaplib.NewAddRequest(dn, nil)
	if len(u.set.objectClasses) > 0 {
		req.Attribute("objectClass", u.set.objectClasses)
	}
	values, err := u.mapped(a)
	if err != nil {
		return "", err
	}
	for attr, v := range values {
		if len(v) > 0 {
			req.Attribute(attr, v)
		}
	}
	if err := u.change(ctx, func(l *ldaplib.Conn) error { return l.Add(req) }); err != nil {
		return "", refused(err)
	}
	if u.set.uidKind == uidDN {
		return dn, nil
	}
	// The directory may have made the id itself.
	p, err := u.single(ctx, dn, scopeBase, "(objectClass=*)")
	return p.user.ID, err
}

// Update replaces attributes; an empty value removes one. The error wraps what
// the directory answered.
func (u *users) Update(ctx context.Context, id string, a resolver.Attributes) error {
	if !u.set.editable {
		return errNotEditable
	}
	p, err := u.place(ctx, id)
	if err != nil {
		return err
	}
	values, err := u.mapped(a)
	if err != nil || len(values) == 0 {
		return err
	}
	req := ldaplib.NewModifyRequest(p.dn, nil)
	for attr, v := range values {
		// Without values this removes the attribute, and is no error if there is
		// none (RFC 4511 §4.6).
		req.Replace(attr, v)
	}
	defer u.cache.changed(id)
	return refused(u.change(ctx, func(l *ldaplib.Conn) error { return l.Modify(req) }))
}

// Delete removes the entry.
func (u *users) Delete(ctx context.Context, id string) error {
	if !u.set.editable {
		return errNotEditable
	}
	p, err := u.place(ctx, id)
	if err != nil {
		return err
	}
	defer u.cache.changed(id)
	return refused(u.change(ctx, func(l *ldaplib.Conn) error { return l.Del(ldaplib.NewDelRequest(p.dn, nil)) }))
}

// place asks the directory where a user is, and not the memory: changes must hit
// the right entry.
func (u *users) place(ctx context.Context, id string) (person, error) {
	if strings.TrimSpace(id) == "" {
		return person{}, resolver.ErrNoUser
	}
	return u.askID(ctx, id)
}

func (u *users) change(ctx context.Context, f func(*ldaplib.Conn) error) error {
	q := u.pool.short(asService)
	q.fresh = true
	return u.pool.ask(ctx, q, func(ctx context.Context, c *conn) error { return c.do(ctx, f) })
}

// refused turns the directory's answer to a change into an error for clients.
func refused(err error) error {
	e, ok := errors.AsType[*ldaplib.Error](err)
	switch {
	case err == nil:
		return nil
	case ldaplib.IsErrorWithCode(err, ldaplib.LDAPResultNoSuchObject):
		return resolver.ErrNoUser
	case errors.Is(err, resolver.ErrUnavailable) || !ok || !answered(err):
		return err
	}
	return mfaerr.NewRequest(codeRefused, "The directory refuses the change: %s", ldaplib.LDAPResultCodeMap[e.ResultCode]).WithCause(err)
}

// newDN fills DN_TEMPLATE. Values are escaped (RFC 4514 §2.4), the base is not.
func (s *settings) newDN(a resolver.Attributes) (string, error) {
	if s.dnTemplate == "" {
		return "", errors.New("option DN_TEMPLATE is missing")
	}
	text := func(name string) string { return ldaplib.EscapeDN(a.Text(name)) }
	dn := strings.NewReplacer("<basedn>", s.base, "<username>", text("username"),
		"<givenname>", text("givenname"), "<surname>", text("surname")).Replace(s.dnTemplate)
	if parsed, err := ldaplib.ParseDN(dn); err != nil || len(parsed.RDNs) == 0 {
		return "", errors.New("option DN_TEMPLATE does not make a DN")
	}
	return dn, nil
}

// mapped are the attributes to write. An attribute without values is one to
// remove.
func (u *users) mapped(a resolver.Attributes) (map[string][]string, error) {
	m := map[string][]string{}
	for name, value := range a {
		attr, ok := u.set.writeMap[name]
		if !ok {
			continue
		}
		v := slices.DeleteFunc(valueTexts(value), func(s string) bool { return s == "" })
		if name == fieldPassword && len(v) > 0 {
			hash, err := u.hash(v[0])
			if err != nil {
				return nil, err
			}
			v = []string{hash}
		}
		m[attr] = v
	}
	return m, nil
}

func valueTexts(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return []string{v}
	case []string:
		return slices.Clone(v)
	case bool:
		return []string{strings.ToUpper(fmt.Sprint(v))} // RFC 4517 §3.3.3
	}
	return []string{fmt.Sprint(value)}
}

// hash is a password as {SSHA}: SHA-1 over password and 4 bytes of salt, the
// form that the databases of this resolver already hold.
func (u *users) hash(password string) (string, error) {
	salt := make([]byte, 4)
	if _, err := io.ReadFull(u.deps.Rand, salt); err != nil {
		return "", fmt.Errorf("salt: %w", err)
	}
	sum := sha1.Sum(append([]byte(password), salt...))
	return "{SSHA}" + base64.StdEncoding.EncodeToString(append(sum[:], salt...)), nil
}
