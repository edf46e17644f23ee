package ldap

import (
	"context"
	"errors"
	"fmt"

	ldaplib "github.com/go-ldap/ldap/v3"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

// Directory asks the servers of an LDAP directory for entries that are no users,
// with the connections, limits and failover of user stores. It is safe for
// concurrent use.
type Directory struct {
	users *users
	base  string
}

// Entry is what a directory has under one name. Attributes have the spelling
// that they were asked for with.
type Entry struct {
	DN         string
	Attributes map[string][]string
}

// OpenDirectory reads the options of the connection as user stores have them
// (LDAPURI, LDAPBASE, BINDDN, BINDPW, AUTHTYPE, TIMEOUT, SIZELIMIT, START_TLS,
// TLS_VERIFY, TLS_CA_FILE). It asks nothing yet.
func OpenDirectory(name string, v field.Values, d resolver.Deps) (*Directory, error) {
	own := field.Values{"LOGINNAMEATTRIBUTE": "cn"} // nobody logs in here
	for _, key := range []string{"LDAPURI", "LDAPBASE", "BINDDN", "BINDPW", "AUTHTYPE", "TIMEOUT", "SIZELIMIT", "START_TLS", "TLS_VERIFY", "TLS_CA_FILE"} {
		own[key] = v[key]
	}
	if own["LDAPBASE"] == "" {
		return nil, errors.New("option LDAPBASE is missing")
	}
	u, err := newUsers(name, own, d)
	if err != nil {
		return nil, err
	}
	return &Directory{users: u, base: own["LDAPBASE"]}, nil
}

// CheckFilter reads a filter of the settings, one or several beside each other.
func CheckFilter(filter string) (string, error) { return checkFilter(filter) }

// AttributeName reports whether a text can name an attribute.
func AttributeName(s string) bool { return attributeName(s) }

// Equals and Contains are conditions on an attribute, with the value escaped.
func Equals(attribute, value string) string { return equals(attribute, value) }
func Contains(attribute, value string) string {
	return "(" + attribute + "=*" + ldaplib.EscapeFilter(value) + "*)"
}

// Find lists the entries below the base that fit a filter, at most SIZELIMIT.
func (d *Directory) Find(ctx context.Context, filter string, attributes []string) ([]Entry, error) {
	return d.find(ctx, d.base, scopeSubtree, filter, attributes)
}

// At is the entry with the DN, if it fits the filter; none for a text that is no
// DN.
func (d *Directory) At(ctx context.Context, dn, filter string, attributes []string) ([]Entry, error) {
	if parsed, err := ldaplib.ParseDN(dn); err != nil || len(parsed.RDNs) == 0 {
		return nil, nil
	}
	return d.find(ctx, dn, scopeBase, filter, attributes)
}

func (d *Directory) find(ctx context.Context, base string, scope int, filter string, attributes []string) ([]Entry, error) {
	u, limit := d.users, d.users.set.sizeLimit
	var list []Entry
	if limit == 0 {
		return nil, nil
	}
	err := u.pool.ask(ctx, u.pool.long(), func(ctx context.Context, c *conn) error {
		list = nil
		req := u.set.request(base, scope, filter, limit)
		req.Attributes = attributes
		return u.pages(ctx, c, req, func(e *ldaplib.Entry) bool {
			entry := Entry{DN: e.DN, Attributes: map[string][]string{}}
			for _, name := range attributes {
				entry.Attributes[name] = e.GetEqualFoldAttributeValues(name)
			}
			list = append(list, entry)
			return len(list) < limit
		})
	})
	if err != nil {
		return nil, fmt.Errorf("the directory does not answer: %w", explain(err))
	}
	return list, nil
}

// Close ends the connections.
func (d *Directory) Close() error { return d.users.Close() }
