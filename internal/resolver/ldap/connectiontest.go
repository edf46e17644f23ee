package ldap

import (
	"context"
	"fmt"
	"strings"

	ldaplib "github.com/go-ldap/ldap/v3"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

// test binds with the settings and counts the users, at most SIZELIMIT.
func test(ctx context.Context, v field.Values, d resolver.Deps) (bool, string) {
	u, err := newUsers("test", v, d)
	if err != nil {
		return false, "The settings cannot work: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	defer u.Close()
	users, others := 0, 0
	err = u.pool.ask(ctx, u.pool.long(), func(ctx context.Context, c *conn) error {
		users, others = 0, 0
		return u.paged(ctx, c, u.set.and(), u.set.sizeLimit, func(e *ldaplib.Entry) bool {
			if _, ok := u.set.person(e); ok {
				users++
			} else {
				others++
			}
			return u.set.sizeLimit == 0 || users+others < u.set.sizeLimit
		})
	})
	switch {
	case err != nil:
		return false, "The directory does not give users: " + explain(err).Error()
	case others > 0:
		return true, fmt.Sprintf("Your LDAP config seems to be OK, %d user objects found. Entries left out because they have no %s: %d.", users, u.set.uidType, others)
	}
	return true, fmt.Sprintf("Your LDAP config seems to be OK, %d user objects found.", users)
}
