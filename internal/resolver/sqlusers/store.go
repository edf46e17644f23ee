package sqlusers

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/dburi"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
)

// Connections that may be open in moments of many questions, beyond those that
// stay open.
const overflow = 10

// Ids that one statement asks for.
const batch = 500

// store is one table of users.
type store struct {
	name      string
	set       settings
	passwords Passwords
	log       *slog.Logger
	db        *sql.DB
	breaker   *breaker.Breaker
	table     atomic.Pointer[table] // nil: to be asked for
}

var (
	_ resolver.Resolver  = (*store)(nil)
	_ resolver.BatchByID = (*store)(nil)
	_ resolver.Writer    = (*store)(nil)
)

func open(name string, set settings, p Passwords, d resolver.Deps) (*store, error) {
	db, err := sql.Open(set.target.Driver(), set.target.DSN)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", set.target, err)
	}
	now := d.Now
	if now == nil {
		now = func() time.Time { return time.Time{} }
	}
	s := &store{
		name: name, set: set, passwords: p, log: cmp.Or(d.Log, slog.New(slog.DiscardHandler)), db: db,
		breaker: breaker.New(breaker.Settings{Failures: breakAfter, Pause: breakPause, Now: now}),
	}
	if set.poolSize > 0 {
		db.SetMaxOpenConns(set.poolSize + overflow)
	}
	db.SetMaxIdleConns(s.idle())
	db.SetConnMaxLifetime(set.recycle)
	return s, nil
}

// Close closes all connections.
func (s *store) Close() error { return s.db.Close() }

// ByLogin finds the user. Of several that differ in case, the one that is
// spelled like login wins, else the one with the first id.
func (s *store) ByLogin(ctx context.Context, login string) (resolver.User, error) {
	var users []resolver.User
	find := func(ctx context.Context, conn *sql.Conn, t *table, require func(*statement, *table, column, string)) (list []resolver.User, err error) {
		return s.selectUsers(ctx, conn, t, 10, func(q *statement) (bool, error) {
			c, ok := t.column(s.set.columns["username"])
			if ok {
				require(q, t, c, login)
			}
			return ok, s.missing(ok, "username")
		})
	}
	err := s.read(ctx, func(ctx context.Context, conn *sql.Conn, t *table) (err error) {
		if t.dialect == dburi.SQLite {
			// LIKE reads the whole table. Who is spelled like login wins anyway, and
			// an index can find him.
			if users, err = find(ctx, conn, t, (*statement).requireText); err != nil || spelled(users, login) >= 0 {
				return unfitting(err)
			}
		}
		users, err = find(ctx, conn, t, (*statement).requireLogin)
		return unfitting(err)
	})
	if err != nil {
		return resolver.User{}, err
	}
	if len(users) == 0 {
		return resolver.User{}, resolver.ErrNoUser
	}
	if i := spelled(users, login); i >= 0 {
		users = users[i:]
	} else if len(users) > 1 {
		s.log.WarnContext(ctx, "several users have the same login name", "resolver", s.name, "userid", users[0].ID)
	}
	return users[0], nil
}

// spelled is the place of the user with just this login name, or -1.
func spelled(users []resolver.User, login string) int {
	return slices.IndexFunc(users, func(u resolver.User) bool { return u.Login == login })
}

// ByID finds the user.
func (s *store) ByID(ctx context.Context, id string) (resolver.User, error) {
	users, err := s.ManyByID(ctx, []string{id})
	if err != nil {
		return resolver.User{}, err
	}
	// The collation of the database may find an id in another spelling.
	for _, u := range users {
		return u, nil
	}
	return resolver.User{}, resolver.ErrNoUser
}

// ManyByID finds users by their ids, with one question for up to 500.
func (s *store) ManyByID(ctx context.Context, ids []string) (map[string]resolver.User, error) {
	found := map[string]resolver.User{}
	for part := range slices.Chunk(ids, batch) {
		err := s.read(ctx, func(ctx context.Context, conn *sql.Conn, t *table) error {
			users, err := s.selectUsers(ctx, conn, t, 0, func(q *statement) (bool, error) { return s.requireIDs(q, t, part) })
			for _, u := range users {
				found[u.ID] = u
			}
			return ignoreNoUser(unfitting(err))
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Search lists users by the order of their ids. A name that the instance does
// not map fits nobody.
func (s *store) Search(ctx context.Context, query resolver.Query) ([]resolver.User, error) {
	if s.set.limit == 0 {
		return nil, nil
	}
	var users []resolver.User
	err := s.read(ctx, func(ctx context.Context, conn *sql.Conn, t *table) (err error) {
		users, err = s.selectUsers(ctx, conn, t, s.set.limit, func(q *statement) (bool, error) {
			for _, key := range slices.Sorted(maps.Keys(query)) {
				c, ok := t.column(s.set.columns[key])
				if !ok || s.hidden(key) {
					return false, nil
				}
				q.requireLike(t, c, pattern(query[key]))
			}
			return true, nil
		})
		return ignoreNoUser(unfitting(err))
	})
	return users, err
}

// CheckPassword compares with the hash in the column mapped as password.
func (s *store) CheckPassword(ctx context.Context, id string, password secret.String) (bool, error) {
	if password.Empty() {
		return false, nil
	}
	var stored sql.NullString
	err := s.read(ctx, func(ctx context.Context, conn *sql.Conn, t *table) error {
		hash, ok := t.column(s.set.columns["password"])
		if !ok {
			return nil
		}
		q := t.statement("SELECT %s FROM %s", hash.name, t.name)
		if ok, err := s.requireIDs(q, t, []string{id}); !ok || err != nil {
			return cmp.Or(err, resolver.ErrNoUser)
		}
		if err := q.requireWhere(t, s.set.where); err != nil {
			return err
		}
		err := conn.QueryRowContext(ctx, q.String(), q.args...).Scan(&stored)
		if err == sql.ErrNoRows {
			return resolver.ErrNoUser
		}
		return unfitting(err)
	})
	if err != nil || stored.String == "" {
		return false, err
	}
	return s.passwords.Verify(normalHash(stored.String), password.Reveal()), nil
}

// normalHash takes off the version that ownCloud puts in front and brings the
// name of an LDAP scheme into upper case.
func normalHash(h string) string {
	h = strings.TrimPrefix(h, "1|")
	tag, rest, ok := strings.Cut(h, "}")
	if ok && strings.HasPrefix(tag, "{") && tag == strings.ToLower(tag) {
		return strings.ToUpper(tag) + "}" + rest
	}
	return h
}

// selectUsers runs a SELECT with the conditions that add gives, besides those
// of the settings; add reports false when no row can fit. The limit is not set
// when it is 0. Rows without an id are left out.
func (s *store) selectUsers(ctx context.Context, conn *sql.Conn, t *table, limit int, add func(*statement) (bool, error)) ([]resolver.User, error) {
	keys, names, columns, err := s.shown(t)
	if err != nil {
		return nil, err
	}
	q := t.statement("SELECT %s FROM %s", strings.Join(names, ", "), t.name)
	if ok, err := add(q); !ok || err != nil {
		return nil, err
	}
	if err := q.requireWhere(t, s.set.where); err != nil {
		return nil, err
	}
	fmt.Fprintf(q, " ORDER BY %s", names[0])
	if limit > 0 {
		fmt.Fprintf(q, " LIMIT %d", limit)
	}
	rows, err := conn.QueryContext(ctx, q.String(), q.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var users []resolver.User
	for rows.Next() {
		values := make([]any, len(columns))
		places := make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		if u, ok := s.user(keys, columns, values); ok {
			users = append(users, u)
		}
	}
	return users, rows.Err()
}

// shown are the attributes, their quoted columns and what is known of these;
// the userid comes first. Mapped columns that the table does not have are left
// out, and so is everything that is read from the column of the password.
func (s *store) shown(t *table) (keys, names []string, columns []column, err error) {
	id, ok := t.column(s.set.columns["userid"])
	if !ok {
		return nil, nil, nil, s.missing(false, "userid")
	}
	keys, names, columns = []string{"userid"}, []string{id.name}, []column{id}
	for _, key := range slices.Sorted(maps.Keys(s.set.columns)) {
		if key == "userid" || s.hidden(key) {
			continue
		}
		if c, ok := t.column(s.set.columns[key]); ok {
			keys, names, columns = append(keys, key), append(names, c.name), append(columns, c)
		}
	}
	return keys, names, columns, nil
}

// hidden reports whether an attribute would show the hash of the password.
func (s *store) hidden(key string) bool {
	hash := s.set.columns["password"]
	return key == "password" || hash != "" && strings.EqualFold(s.set.columns[key], hash)
}

func (s *store) user(keys []string, columns []column, values []any) (resolver.User, bool) {
	raw := columns[0].value(values[0], s.set.encoding)
	if raw == nil {
		return resolver.User{}, false
	}
	u := resolver.User{ID: text(raw), Attributes: resolver.Attributes{"id": raw}}
	for i, key := range keys {
		if v := columns[i].value(values[i], s.set.encoding); v != nil {
			u.Attributes[key] = v
		}
	}
	u.Attributes["userid"] = u.ID
	u.Login = text(u.Attributes["username"])
	return u, true
}

// count is the number of rows that the settings let in.
func (s *store) count(ctx context.Context) (n int, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *sql.Conn, t *table) error {
		q := t.statement("SELECT COUNT(*) FROM %s", t.name)
		if err := q.requireWhere(t, s.set.where); err != nil {
			return err
		}
		return conn.QueryRowContext(ctx, q.String(), q.args...).Scan(&n)
	})
	return n, err
}

func (s *store) requireIDs(q *statement, t *table, ids []string) (bool, error) {
	c, ok := t.column(s.set.columns["userid"])
	if !ok {
		return false, s.missing(false, "userid")
	}
	return q.requireIDs(t, c, ids), nil
}

func (s *store) missing(ok bool, key string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("option Map: the table has no column %q for %s", s.set.columns[key], key)
}

// unfitting turns the refusal of a value that a column can never hold into the
// answer that nobody has it.
func unfitting(err error) error {
	if dburi.Unfitting(err) {
		return resolver.ErrNoUser
	}
	return err
}

func ignoreNoUser(err error) error {
	if err == resolver.ErrNoUser {
		return nil
	}
	return err
}
