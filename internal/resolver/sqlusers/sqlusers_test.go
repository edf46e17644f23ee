package sqlusers

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
)

func names(users []resolver.User) string {
	var list []string
	for _, u := range users {
		list = append(list, u.Login)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestSearch(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		r := start(t, e.values)
		for name, c := range map[string]struct {
			query resolver.Query
			want  string
		}{
			"all":                  {nil, "greta henk ida jan.d"},
			"star":                 {resolver.Query{"username": "*"}, "greta henk ida jan.d"},
			"prefix":               {resolver.Query{"username": "g*"}, "greta"},
			"inside":               {resolver.Query{"username": "*a*"}, "greta ida jan.d"},
			"underscore is itself": {resolver.Query{"username": "g_eta"}, ""},
			"percent is itself":    {resolver.Query{"username": "%"}, ""},
			"exclamation mark":     {resolver.Query{"username": "!greta"}, ""},
			"backslash":            {resolver.Query{"username": `\greta\`}, ""},
			"umlaut":               {resolver.Query{"surname": "Groß"}, "greta"},
			"mail":                 {resolver.Query{"email": "*@club.example"}, "greta henk jan.d"},
			"blank":                {resolver.Query{"mobile": "0170 14"}, "jan.d"},
			"id":                   {resolver.Query{"userid": "12"}, "henk"},
			"id pattern":           {resolver.Query{"userid": "1*"}, "greta henk ida jan.d"},
			"two":                  {resolver.Query{"username": "*a*", "phone": "030 1*"}, "greta ida jan.d"},
			"unmapped":             {resolver.Query{"team": "rowing"}, ""},
			"hash":                 {resolver.Query{"password": "{SHA}*"}, ""},
		} {
			t.Run(name, func(t *testing.T) {
				users, err := r.Search(t.Context(), c.query)
				if got := names(users); err != nil || got != c.want {
					t.Errorf("got %q, %v, want %q", got, err, c.want)
				}
			})
		}
	})
}

func TestAttributes(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		u, err := start(t, e.values).ByLogin(t.Context(), "greta")
		want := resolver.User{ID: "11", Login: "greta", Attributes: resolver.Attributes{
			"id": int64(11), "userid": "11", "username": "greta", "givenname": "Greta", "surname": "Groß",
			"email": "greta@club.example", "phone": "030 11", "mobile": "0170 11",
		}}
		if err != nil || !reflect.DeepEqual(u, want) {
			t.Errorf("got %#v, %v", u, err)
		}
		r := start(t, e.with(field.Values{"Map": "userid: 'no'\nusername: nick\nlevel: level # number\nnote: note\nsecond: pw\npassword: pw\nphone: nosuch"}))
		u, err = r.ByID(t.Context(), "12")
		want = resolver.User{ID: "12", Login: "henk", Attributes: resolver.Attributes{
			"id": int64(12), "userid": "12", "username": "henk", "level": int64(1), "note": "café",
		}}
		if err != nil || !reflect.DeepEqual(u, want) {
			t.Errorf("got %#v, %v", u, err)
		}
	})
}

func TestByLoginAndID(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		run(t, e.db, `INSERT INTO "Members" (no, nick) VALUES (21, 'per%cent'), (22, 'IDA')`)
		r := start(t, e.values)
		for login, want := range map[string]string{
			"greta": "11", "gret%": "", "g_eta": "", "%": "", "per%cent": "21", "IDA": "22", "ida": "13", "nobody": "", "": "", "a\x00b": "", "😀": "",
		} {
			u, err := r.ByLogin(t.Context(), login)
			if (want == "") != errors.Is(err, resolver.ErrNoUser) || u.ID != want {
				t.Errorf("%q: got %q, %v, want %q", login, u.ID, err, want)
			}
		}
		for id, want := range map[string]string{"11": "greta", "011": "", "x": "", "": "", "99999999999": "", "1e1": ""} {
			u, err := r.ByID(t.Context(), id)
			if (want == "") != errors.Is(err, resolver.ErrNoUser) || u.Login != want {
				t.Errorf("id %q: got %q, %v, want %q", id, u.Login, err, want)
			}
		}
		ids := []string{"11", "12", "x", "77"}
		for range 1000 {
			ids = append(ids, "5")
		}
		many, err := r.(resolver.BatchByID).ManyByID(t.Context(), ids)
		if err != nil || len(many) != 2 || many["11"].Login != "greta" || many["12"].Login != "henk" {
			t.Errorf("many: %v, %v", many, err)
		}
	})
}

func TestTextIDs(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		run(t, e.db, `CREATE TABLE codes (code VARCHAR(10), nick VARCHAR(10), pw VARCHAR(100))`,
			`INSERT INTO codes VALUES ('x-1', 'karla', '`+testHash+`'), (NULL, 'lars', ''), ('x-3', 'mia', ''), ('x-4', 'mia', '')`)
		r := start(t, e.with(field.Values{"Table": "codes", "Map": `{userid: code, username: "nick", password: pw}`}))
		users, err := r.Search(t.Context(), nil)
		if err != nil || names(users) != "karla mia mia" {
			t.Errorf("%v, %v", users, err)
		}
		if u, err := r.ByLogin(t.Context(), "mia"); err != nil || u.ID != "x-3" {
			t.Errorf("%v, %v", u, err)
		}
		if _, err := r.ByLogin(t.Context(), "lars"); err != resolver.ErrNoUser {
			t.Error(err)
		}
		if ok, err := r.CheckPassword(t.Context(), "x-1", secret.New(testPassword)); err != nil || !ok {
			t.Error(ok, err)
		}
	})
}

func TestCheckPassword(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		r := start(t, e.with(field.Values{"Where": "no < 90"}))
		for name, c := range map[string]struct {
			id, password string
			want         bool
			err          error
		}{
			"right": {"11", testPassword, true, nil}, "wrong": {"11", "x", false, nil}, "empty": {"11", "", false, nil},
			"tag in lower case": {"12", testPassword, true, nil}, "prefix of ownCloud": {"13", testPassword, true, nil},
			"no hash": {"14", "XXXXXXX", false, nil}, "no user": {"15", testPassword, false, resolver.ErrNoUser},
		} {
			ok, err := r.CheckPassword(t.Context(), c.id, secret.New(c.password))
			if ok != c.want || err != c.err {
				t.Errorf("%s: %t, %v", name, ok, err)
			}
		}
		r = start(t, e.with(field.Values{"Where": "team == sailing"}))
		if _, err := r.CheckPassword(t.Context(), "11", secret.New(testPassword)); err != resolver.ErrNoUser {
			t.Error("a user outside of Where:", err)
		}
	})
}

func TestWhereAndLimit(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		for _, c := range []struct{ where, limit, want string }{
			{"team == rowing", "", "greta henk"}, {"level > 2", "", "greta ida"}, {"level < 3", "", "henk jan.d"},
			{"mail like %club%", "", "greta henk jan.d"}, {"team == sailing and level > 2", "", "ida"},
			{"team == sailing AND nick LIKE jan%", "", "jan.d"}, {"team == 'rowing'", "", ""}, {"level like 5", "", "ida"},
			{"", "2", "greta henk"}, {"", "0", ""},
		} {
			v := e.with(field.Values{"Where": c.where, "Limit": c.limit})
			users, err := start(t, v).Search(t.Context(), nil)
			if got := names(users); err != nil || got != c.want {
				t.Errorf("%s, limit %s: got %q, %v, want %q", c.where, c.limit, got, err, c.want)
			}
		}
		for _, where := range []string{"nosuch == 1", `a"b == 1`, "level == many"} {
			_, err := start(t, e.with(field.Values{"Where": where})).Search(t.Context(), nil)
			if err == nil || errors.Is(err, resolver.ErrUnavailable) || !strings.Contains(err.Error(), "Where") {
				t.Errorf("%s: %v", where, err)
			}
		}
	})
}

func TestEdit(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		r := start(t, e.with(field.Values{"Editable": "1"}))
		w := r.(resolver.Writer)
		ctx := t.Context()
		if e.values["Driver"] == "postgresql+psycopg2" {
			run(t, e.db, `SELECT setval('"Members_no_seq"', 14)`)
		}
		id, err := w.Add(ctx, resolver.Attributes{"username": "kaja", "givenname": "Kaja", "phone": "", "password": "Kranich-3", "team": "chess"})
		if err != nil || id != "15" {
			t.Fatal(id, err)
		}
		if ok, err := r.CheckPassword(ctx, id, secret.New("Kranich-3")); !ok || err != nil {
			t.Error(ok, err)
		}
		if err := w.Update(ctx, id, resolver.Attributes{"username": "kaja2", "userid": "16", "email": "k@club.example", "password": "Kranich-4"}); err != nil {
			t.Error(err)
		}
		u, err := r.ByID(ctx, id)
		if err != nil || u.Login != "kaja2" || u.Attributes["email"] != "k@club.example" || u.Attributes["givenname"] != "Kaja" {
			t.Error(u, err)
		}
		if ok, _ := r.CheckPassword(ctx, id, secret.New("Kranich-4")); !ok {
			t.Error("the new password is not right")
		}
		// The same values again change nothing and are no error.
		if err := w.Update(ctx, id, resolver.Attributes{"username": "kaja2"}); err != nil {
			t.Error(err)
		}
		run(t, e.db, `CREATE UNIQUE INDEX nicks ON "Members" (nick)`)
		if _, err := w.Add(ctx, resolver.Attributes{"username": "greta"}); !mfaerr.Is(err, mfaerr.Request) {
			t.Error("duplicate:", err)
		}
		if err := w.Delete(ctx, id); err != nil {
			t.Error(err)
		}
		if err := w.Delete(ctx, id); err != resolver.ErrNoUser {
			t.Error("second delete:", err)
		}
		if err := w.Update(ctx, "77", resolver.Attributes{"username": "x"}); err != resolver.ErrNoUser {
			t.Error("update of nobody:", err)
		}
		outside := start(t, e.with(field.Values{"Editable": "1", "Where": "team == sailing"})).(resolver.Writer)
		if err := outside.Update(ctx, "11", resolver.Attributes{"givenname": "X"}); err != resolver.ErrNoUser {
			t.Error("update of a user outside of Where:", err)
		}
		if err := outside.Delete(ctx, "11"); err != resolver.ErrNoUser {
			t.Error("deletion of a user outside of Where:", err)
		}
		if u, err := r.ByID(ctx, "11"); err != nil || u.Attributes["givenname"] == "X" {
			t.Error("a user outside of Where was changed:", u, err)
		}
		fixed := start(t, e.values).(resolver.Writer)
		if fixed.Editable() || fixed.Delete(ctx, "11") == nil {
			t.Error("a store that is not editable was changed")
		}
	})
}

func TestKilledConnections(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		if e.kill == nil {
			t.Skip("no server")
		}
		r := start(t, e.values)
		for round := range 3 {
			for range 4 { // several connections in the pool
				done := make(chan error)
				for range 4 {
					go func() { _, err := r.ByLogin(context.Background(), "greta"); done <- err }()
				}
				for range 4 {
					if err := <-done; err != nil {
						t.Fatal(round, err)
					}
				}
			}
			e.kill(t)
			if u, err := r.ByLogin(t.Context(), "greta"); err != nil || u.ID != "11" {
				t.Fatalf("after the server ended the connections: %v", err)
			}
		}
	})
}

func TestBroken(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		_, err := start(t, e.with(field.Values{"Table": `no"such`})).ByLogin(t.Context(), "greta")
		if err == nil || errors.Is(err, resolver.ErrUnavailable) || errors.Is(err, resolver.ErrNoUser) {
			t.Error("no table:", err)
		}
		_, err = start(t, e.with(field.Values{"Database": e.values["Database"] + "x"})).ByLogin(t.Context(), "greta")
		if !errors.Is(err, resolver.ErrUnavailable) {
			t.Error("no database:", err)
		}
		r := start(t, e.values)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := r.ByLogin(ctx, "greta"); !errors.Is(err, resolver.ErrUnavailable) {
			t.Error("cancelled:", err)
		}
		run(t, e.db, `ALTER TABLE "Members" RENAME TO elsewhere`)
		if _, err := r.ByLogin(t.Context(), "greta"); err == nil {
			t.Error("the table is gone")
		}
		run(t, e.db, `ALTER TABLE elsewhere RENAME TO "Members"`)
		if _, err := r.ByLogin(t.Context(), "greta"); err != nil {
			t.Error("the table is back:", err)
		}
	})
}

func TestBreaker(t *testing.T) {
	r := start(t, field.Values{"Driver": "mysql", "Server": "127.0.0.1", "Port": "1", "Database": "x", "Table": "t", "Map": testMap})
	for range breakAfter {
		if _, err := r.ByLogin(t.Context(), "x"); !errors.Is(err, resolver.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if _, err := r.ByLogin(t.Context(), "x"); !strings.Contains(err.Error(), "circuit") {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	good := field.Values{"Driver": "sqlite", "Database": "/x.db", "Table": "t", "Map": testMap}
	for name, c := range map[string]struct {
		more field.Values
		want string
	}{
		"driver":         {field.Values{"Driver": "oracle", "Password": "topsecret"}, "not supported"},
		"no driver":      {field.Values{"Driver": ""}, "database URI"},
		"no table":       {field.Values{"Table": ""}, "Table"},
		"operator":       {field.Values{"Where": "level >= 3"}, `operator ">="`},
		"one equal sign": {field.Values{"Where": "team = rowing"}, `operator "="`},
		"two words":      {field.Values{"Where": "team rowing"}, "column operator value"},
		"or":             {field.Values{"Where": "a == 1 or b == 2"}, "column operator value"},
		"empty map":      {field.Values{"Map": ""}, "Map"},
		"no userid":      {field.Values{"Map": `{"username": "x"}`}, "no userid"},
		"no username":    {field.Values{"Map": `{"userid": "x"}`}, "no username"},
		"limit":          {field.Values{"Limit": "many"}, "Limit"},
		"below zero":     {field.Values{"Limit": "-1"}, "Limit"},
	} {
		v := engine{values: good}.with(c.more)
		_, err := NewKind(fakePasswords{}).New(t.Context(), "x", v, testDeps())
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKindTest(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine) {
		test := NewKind(fakePasswords{}).Test
		for _, c := range []struct {
			more field.Values
			ok   bool
			want string
		}{
			{nil, true, "Found 4 users."}, {field.Values{"Where": "level > 2"}, true, "Found 2 users."},
			{field.Values{"Map": "not a map"}, true, "Found 4 users."}, {field.Values{"Table": "nosuch"}, false, "failed to retrieve users: "},
			{field.Values{"Where": "nosuch == 2"}, false, "failed to retrieve users: "},
			{field.Values{"Where": "level greater 2"}, false, "failed to retrieve users: "},
		} {
			ok, text := test(t.Context(), e.with(c.more), testDeps())
			if ok != c.ok || !strings.HasPrefix(text, c.want) {
				t.Errorf("%v: %t, %s", c.more, ok, text)
			}
		}
	})
}

func TestURI(t *testing.T) {
	for want, v := range map[string]field.Values{
		"mysql+pymysql://u%40:p%2F%20%3A@h:3307/d?charset=utf8": {"Driver": "mysql+pymysql", "User": "u@", "Password": "p/ :", "Server": "h", "Port": "3307", "Database": "d", "conParams": "charset=utf8"},
		"postgresql://u@[::1]/d":                                {"Driver": "postgresql", "User": "u", "Server": "::1", "Port": "x", "Database": "d"},
		"mysql://h/d?charset=utf8&ssl=1":                        {"Driver": "mysql", "Server": "h", "Database": "d?charset=utf8", "conParams": "ssl=1"},
		"sqlite:////a/b":                                        {"Driver": "sqlite", "Server": "h", "Database": "/a/b", "User": "u"},
	} {
		if got := uriOf(v); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, c := range [][3]string{
		{"caf\xe9", "latin1", "café"}, {"caf\xe9", "ISO-8859-1", "café"}, {"caf\xe9", "utf-8", undecodable},
		{"café", "utf8", "café"}, {"x", "ascii", "x"}, {"\xe9", "ascii", undecodable}, {"x", "klingon", undecodable},
	} {
		if got := decode([]byte(c[0]), c[1]); got != c[2] {
			t.Errorf("%q in %s: %q", c[0], c[1], got)
		}
	}
}

func FuzzParseMap(f *testing.F) {
	for _, s := range []string{testMap, "userid: 'no'\nusername: nick # x\n", `{userid: code, "username": 'it''s'}`, "a: \"b\\\"c\"", "{", "a:b:c", "'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := parseMap(s)
		for k, v := range m {
			if err == nil && strings.HasPrefix(s, "{") && len(k)+len(v) > 4*len(s)+8 {
				t.Errorf("%q grew to %q: %q", s, k, v)
			}
		}
	})
}

func FuzzParseWhere(f *testing.F) {
	for _, s := range []string{"team == rowing", "a > 1 and b LIKE x% AND c < 3", " and ", "a and b", "x like and and y == 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := parseWhere(s)
		if err != nil && list != nil {
			t.Error("an error and conditions")
		}
		for _, c := range list {
			if c.column == "" || c.value == "" || !slices.Contains([]string{"=", ">", "<", "LIKE"}, c.op) {
				t.Errorf("%q: %+v", s, c)
			}
		}
	})
}
