package app

import (
	"context"

	"edumfa/internal/field"
	"edumfa/internal/machine/ldaphosts"
	"edumfa/internal/resolver"
	"edumfa/internal/resolver/ldap"
)

// machineLDAP gives machine stores the connections of user stores.
func machineLDAP(d resolver.Deps) ldaphosts.Library {
	return ldaphosts.Library{
		Open: func(name string, v field.Values) (ldaphosts.Directory, error) {
			l, err := ldap.OpenDirectory(name, v, d)
			return directory{l}, err
		},
		CheckFilter: ldap.CheckFilter, AttributeName: ldap.AttributeName, Equals: ldap.Equals, Contains: ldap.Contains,
	}
}

// directory gives entries in the words of machine stores.
type directory struct{ *ldap.Directory }

func (d directory) Find(ctx context.Context, filter string, attributes []string) ([]ldaphosts.Entry, error) {
	return hostEntries(d.Directory.Find(ctx, filter, attributes))
}

func (d directory) At(ctx context.Context, dn, filter string, attributes []string) ([]ldaphosts.Entry, error) {
	return hostEntries(d.Directory.At(ctx, dn, filter, attributes))
}

func hostEntries(list []ldap.Entry, err error) ([]ldaphosts.Entry, error) {
	out := make([]ldaphosts.Entry, len(list))
	for i, e := range list {
		out[i] = ldaphosts.Entry(e)
	}
	return out, err
}
