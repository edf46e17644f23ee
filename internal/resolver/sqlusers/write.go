package sqlusers

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/dburi"
	"edumfa/internal/mfaerr"
	"edumfa/internal/resolver"
)

// Editable reports whether the instance is set to be changed.
func (s *store) Editable() bool { return s.set.editable }

// Add inserts a row and returns the id that the database gave it.
func (s *store) Add(ctx context.Context, a resolver.Attributes) (string, error) {
	if err := s.mayWrite(); err != nil {
		return "", err
	}
	a, err := s.withHash(a)
	if err != nil {
		return "", err
	}
	var id string
	err = s.write(ctx, func(ctx context.Context, conn *sql.Conn, t *table) error {
		names, values := s.assigned(t, a)
		if len(names) == 0 {
			return errors.New("none of the attributes has a column")
		}
		q := t.statement("INSERT INTO %s (%s) VALUES (", t.name, strings.Join(names, ", "))
		for i, v := range values {
			if i > 0 {
				q.WriteString(", ")
			}
			q.WriteString(q.arg(v))
		}
		q.WriteString(")")
		id, err = s.insert(ctx, conn, t, q, a)
		return err
	})
	if dburi.Duplicate(err) {
		return "", mfaerr.NewUser("The user exists already.").WithCause(err)
	}
	return id, err
}

// insert learns the id by RETURNING, or on MySQL, which has none, from the
// counter of the table; ids that the caller chose are known.
func (s *store) insert(ctx context.Context, conn *sql.Conn, t *table, q *statement, a resolver.Attributes) (string, error) {
	c, ok := t.column(s.set.columns["userid"])
	if !ok {
		return "", s.missing(false, "userid")
	}
	if t.dialect != dburi.MySQL {
		q.WriteString(" RETURNING " + c.name)
		var raw any
		if err := conn.QueryRowContext(ctx, q.String(), q.args...).Scan(&raw); err != nil {
			return "", err
		}
		return text(c.value(raw, s.set.encoding)), nil
	}
	res, err := conn.ExecContext(ctx, q.String(), q.args...)
	if err != nil {
		return "", err
	}
	if chosen := text(a["userid"]); chosen != "" {
		return chosen, nil
	}
	if n, err := res.LastInsertId(); err == nil && n != 0 {
		return strconv.FormatInt(n, 10), nil
	}
	name, ok := t.column(s.set.columns["username"])
	if !ok {
		return "", s.missing(false, "username")
	}
	find := t.statement("SELECT %s FROM %s", c.name, t.name)
	find.requireLogin(t, name, text(a["username"]))
	var raw any
	err = conn.QueryRowContext(ctx, find.String(), find.args...).Scan(&raw)
	return text(c.value(raw, s.set.encoding)), err
}

// Update changes the columns of the given attributes. The id stays what it is.
func (s *store) Update(ctx context.Context, id string, a resolver.Attributes) error {
	if err := s.mayWrite(); err != nil {
		return err
	}
	a, err := s.withHash(a)
	if err != nil {
		return err
	}
	delete(a, "userid")
	err = s.write(ctx, func(ctx context.Context, conn *sql.Conn, t *table) error {
		names, values := s.assigned(t, a)
		if len(names) == 0 {
			return nil
		}
		q := t.statement("UPDATE %s SET ", t.name)
		for i, v := range values {
			if i > 0 {
				q.WriteString(", ")
			}
			q.WriteString(names[i] + " = " + q.arg(v))
		}
		return s.change(ctx, conn, t, q, id)
	})
	if dburi.Duplicate(err) {
		return mfaerr.NewUser("Another user has this name already.").WithCause(err)
	}
	return err
}

// Delete removes the row.
func (s *store) Delete(ctx context.Context, id string) error {
	if err := s.mayWrite(); err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, conn *sql.Conn, t *table) error {
		return s.change(ctx, conn, t, t.statement("DELETE FROM %s", t.name), id)
	})
}

// change runs an UPDATE or DELETE on the row with the id, if the settings let
// it in.
func (s *store) change(ctx context.Context, conn *sql.Conn, t *table, q *statement, id string) error {
	if ok, err := s.requireIDs(q, t, []string{id}); err != nil {
		return err
	} else if !ok {
		return resolver.ErrNoUser
	}
	if err := q.requireWhere(t, s.set.where); err != nil {
		return err
	}
	res, err := conn.ExecContext(ctx, q.String(), q.args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return resolver.ErrNoUser
	}
	return nil
}

func (s *store) mayWrite() error {
	if s.set.editable {
		return nil
	}
	return mfaerr.NewUser("The users of resolver %s cannot be changed.", s.name)
}

// withHash copies the attributes with the hash of the password for the
// password.
func (s *store) withHash(a resolver.Attributes) (resolver.Attributes, error) {
	a = maps.Clone(a)
	if _, ok := a["password"]; !ok || s.set.columns["password"] == "" {
		delete(a, "password")
		return a, nil
	}
	hash, err := s.passwords.Hash(s.set.hashKind, a.Text("password"))
	a["password"] = hash
	return a, err
}

// assigned are the quoted columns and values of the attributes that the
// instance maps, each column once.
func (s *store) assigned(t *table, a resolver.Attributes) (names []string, values []any) {
	for _, key := range slices.Sorted(maps.Keys(a)) {
		c, ok := t.column(s.set.columns[key])
		if !ok || slices.Contains(names, c.name) || key != "password" && s.hidden(key) {
			continue
		}
		var v any
		switch raw := a[key].(type) {
		case []string:
			v = a.Text(key)
		default:
			v = raw
		}
		if n, ok := v.(string); ok && n == "" && c.sort != textual {
			v = nil
		}
		names, values = append(names, c.name), append(values, v)
	}
	return names, values
}
