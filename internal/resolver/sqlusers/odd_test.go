package sqlusers

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"

	"edumfa/internal/dburi"
	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

func TestUUIDs(t *testing.T) {
	e := startPostgres(t)
	const id = "6f1e1c52-0c1a-4a55-9b0c-2f3d5b9f1a77"
	run(t, e.db, `CREATE TABLE people (id uuid DEFAULT '`+id+`', nick text, born date, seen timestamptz, member bool, height numeric)`,
		`INSERT INTO people VALUES ('`+id+`', 'karla', '2001-02-03', '2026-01-02 03:04:05+02', true, 1.75)`)
	r := start(t, e.with(field.Values{"Table": "people", "Editable": "1",
		"Map": `{"userid": "id", "username": "nick", "born": "born", "seen": "seen", "member": "member", "height": "height"}`}))
	u, err := r.ByLogin(t.Context(), "karla")
	if err != nil || u.ID != id {
		t.Fatal(u, err)
	}
	for key, want := range map[string]any{"born": "2001-02-03", "seen": "2026-01-02T01:04:05", "member": true, "height": "1.75"} {
		if u.Attributes[key] != want {
			t.Errorf("%s: %#v, want %#v", key, u.Attributes[key], want)
		}
	}
	if u, err := r.ByID(t.Context(), id); err != nil || u.Login != "karla" {
		t.Error(u, err)
	}
	if _, err := r.ByID(t.Context(), "x"); err != resolver.ErrNoUser {
		t.Error(err)
	}
	if users, err := r.Search(t.Context(), resolver.Query{"born": "2001*"}); err != nil || len(users) != 1 {
		t.Error(users, err)
	}
	if got, err := r.(resolver.Writer).Add(t.Context(), resolver.Attributes{"username": "mia", "born": ""}); err != nil || got != id {
		t.Error(got, err)
	}
}

// A server that takes the connection and says nothing must not hold a login
// longer than its deadline.
func TestSilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	for _, driver := range []string{dburi.MySQL, "postgresql"} {
		r := start(t, field.Values{"Driver": driver, "Server": "127.0.0.1", "Port": port, "Database": "x", "User": "u", "Table": "t", "Map": testMap})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		_, err := r.ByLogin(ctx, "greta")
		cancel()
		if !errors.Is(err, resolver.ErrUnavailable) || time.Since(began) > 2*time.Second {
			t.Errorf("%s: %v after %v", driver, err, time.Since(began))
		}
	}
}
