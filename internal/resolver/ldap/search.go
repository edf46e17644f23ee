package ldap

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	ldaplib "github.com/go-ldap/ldap/v3"

	"edumfa/internal/resolver"
)

const (
	// pageSize entries come in one answer (RFC 2696).
	pageSize = 100
	// chunkSize ids are asked for with one filter.
	chunkSize = 50
)

// Search lists the users that fit the query, at most SIZELIMIT.
func (u *users) Search(ctx context.Context, q resolver.Query) ([]resolver.User, error) {
	filter, err := u.set.searchFilter(q, u.deps.Now())
	if err != nil {
		return nil, err
	}
	list := []resolver.User{}
	if u.set.sizeLimit == 0 {
		return list, nil
	}
	err = u.pool.ask(ctx, u.pool.long(), func(ctx context.Context, c *conn) error {
		list = list[:0]
		return u.paged(ctx, c, filter, u.set.sizeLimit, func(e *ldaplib.Entry) bool {
			if p, ok := u.set.person(e); ok {
				list = append(list, p.user)
			} else {
				u.log.DebugContext(ctx, "entry has no user id", slog.String("dn", e.DN), slog.String("attribute", u.set.uidType))
			}
			return len(list) < u.set.sizeLimit
		})
	})
	if err != nil {
		return nil, explain(err)
	}
	return list, nil
}

// paged searches page by page until take returns false. A limit that the server
// has of itself ends the list like its end does; so does a base that is not
// there. limit 0 asks for no limit.
func (u *users) paged(ctx context.Context, c *conn, filter string, limit int, take func(*ldaplib.Entry) bool) error {
	return u.pages(ctx, c, u.set.request(u.set.base, u.set.scope, filter, limit), take)
}

func (u *users) pages(ctx context.Context, c *conn, req *ldaplib.SearchRequest, take func(*ldaplib.Entry) bool) error {
	page := ldaplib.NewControlPaging(pageSize)
	req.Controls = []ldaplib.Control{page}
	for {
		r, err := u.page(ctx, c, req)
		if err != nil && !absent(err) && !ldaplib.IsErrorWithCode(err, ldaplib.LDAPResultSizeLimitExceeded) {
			return err
		}
		more := err == nil && r != nil
		if r != nil && !takeAll(r.Entries, take) {
			return u.abandon(ctx, c, req, page, r)
		}
		if !more || !nextPage(page, r) {
			return nil
		}
	}
}

func takeAll(entries []*ldaplib.Entry, take func(*ldaplib.Entry) bool) bool {
	for _, e := range entries {
		if !take(e) {
			return false
		}
	}
	return true
}

func (u *users) page(ctx context.Context, c *conn, req *ldaplib.SearchRequest) (r *ldaplib.SearchResult, err error) {
	ctx, cancel := context.WithTimeout(ctx, u.set.timeout)
	defer cancel()
	err = c.do(ctx, func(l *ldaplib.Conn) error {
		r, err = l.Search(req)
		return err
	})
	return r, err
}

// nextPage takes over the cookie of an answer; false says that it was the last.
func nextPage(page *ldaplib.ControlPaging, r *ldaplib.SearchResult) bool {
	got, ok := ldaplib.FindControl(r.Controls, ldaplib.ControlTypePaging).(*ldaplib.ControlPaging)
	if !ok || len(got.Cookie) == 0 {
		return false
	}
	page.SetCookie(got.Cookie)
	return true
}

// abandon tells the server that no more pages are wanted (RFC 2696 §3), so that
// the connection can be used for other searches.
func (u *users) abandon(ctx context.Context, c *conn, req *ldaplib.SearchRequest, page *ldaplib.ControlPaging, r *ldaplib.SearchResult) error {
	if !nextPage(page, r) {
		return nil
	}
	page.PagingSize = 0
	if _, err := u.page(ctx, c, req); err != nil && !answered(err) {
		return err
	}
	return nil
}

// ManyByID finds several users with few questions. If the directory is down, the
// map holds those that are remembered, and the error is ErrUnavailable unless
// these are all.
func (u *users) ManyByID(ctx context.Context, ids []string) (map[string]resolver.User, error) {
	found := map[string]resolver.User{}
	var missing []string
	for _, id := range ids {
		if p, ok := u.cache.id(id, u.set.cacheTime); ok {
			found[id] = clone(p.user)
		} else if strings.TrimSpace(id) != "" && !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	gen := u.cache.generation()
	people, err := u.many(ctx, missing)
	if err != nil {
		return u.staleMany(ids, found, explain(err))
	}
	for id, p := range people {
		u.cache.put(id, "", p, gen)
		found[id] = clone(p.user)
	}
	return found, nil
}

func (u *users) staleMany(ids []string, found map[string]resolver.User, err error) (map[string]resolver.User, error) {
	all := true
	for _, id := range ids {
		if _, ok := found[id]; ok {
			continue
		}
		if p, ok := u.cache.id(id, staleTime); ok {
			found[id] = clone(p.user)
		} else {
			all = false
		}
	}
	if all {
		return found, nil
	}
	return found, err
}

// many asks for users by id on one connection.
func (u *users) many(ctx context.Context, ids []string) (map[string]person, error) {
	var people map[string]person
	err := u.pool.ask(ctx, u.pool.long(), func(ctx context.Context, c *conn) error {
		people = map[string]person{}
		if u.set.uidKind == uidDN {
			return u.manyDN(ctx, c, ids, people)
		}
		for chunk := range slices.Chunk(ids, chunkSize) {
			if err := u.chunk(ctx, c, chunk, people); err != nil {
				return err
			}
		}
		return nil
	})
	return people, err
}

// manyDN reads entry after entry: there is no filter for several DNs that all
// servers know.
func (u *users) manyDN(ctx context.Context, c *conn, ids []string, people map[string]person) error {
	for _, id := range ids {
		if dn, err := ldaplib.ParseDN(id); err != nil || len(dn.RDNs) == 0 {
			continue
		}
		r, err := u.page(ctx, c, u.set.request(id, scopeBase, u.set.and(), 0))
		switch {
		case absent(err):
			continue
		case err != nil:
			return err
		}
		for _, e := range r.Entries {
			if p, ok := u.set.person(e); ok {
				p.user.ID = id
				people[id] = p
			}
		}
	}
	return nil
}

func (u *users) chunk(ctx context.Context, c *conn, ids []string, people map[string]person) error {
	var conditions []string
	wanted := map[string][]string{} // folded id to the spellings asked with
	for _, id := range ids {
		if cond, ok := u.set.idCondition(id); ok {
			conditions = append(conditions, cond)
			wanted[u.fold(id)] = append(wanted[u.fold(id)], id)
		}
	}
	if len(conditions) == 0 {
		return nil
	}
	several := map[string]bool{}
	err := u.paged(ctx, c, u.set.and("(|"+strings.Join(conditions, "")+")"), 0, func(e *ldaplib.Entry) bool {
		p, ok := u.set.person(e)
		if !ok {
			return true
		}
		for _, v := range p.ids {
			for _, id := range wanted[u.fold(v)] {
				if old, taken := people[id]; taken && old.dn != p.dn {
					several[id] = true
				}
				q := p
				q.user.ID = id
				people[id] = q
			}
		}
		return true
	})
	for id := range several {
		delete(people, id)
		u.log.WarnContext(ctx, "several entries of the directory are the same user", slog.String("id", id))
	}
	if err != nil {
		return fmt.Errorf("users by id: %w", err)
	}
	return nil
}

// fold makes ids comparable that the directory takes as the same.
func (u *users) fold(id string) string {
	if u.set.uidKind == uidGUID {
		id = strings.TrimSuffix(strings.TrimPrefix(id, "{"), "}")
	}
	return strings.ToLower(id)
}
