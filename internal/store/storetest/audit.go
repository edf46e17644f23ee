package storetest

import (
	"errors"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/store"
)

func p[T any](v T) *T { return &v }

func (k *kit) write(r audit.Row) audit.Row {
	k.t.Helper()
	e := &audit.Entry{Row: r, Sign: func(r *audit.Row) error { r.Signature = p("s"); return nil }}
	k.must(k.db.Apply(k.ctx, nil, e))
	return e.Row
}

func (k *kit) rows(f audit.Filter) []audit.Row {
	k.t.Helper()
	page, err := k.db.AuditPage(k.ctx, f, false, 0, 100)
	k.must(err)
	equal(k, "total", page.Total, len(page.Rows))
	counted, err := k.db.AuditPage(k.ctx, f, false, 0, 0)
	k.must(err)
	equal(k, "counted", counted.Total, len(page.Rows))
	return page.Rows
}

// A row comes back with the text that was signed.
func (k *kit) auditRows() {
	local := moment.In(k.local)
	start := local.Add(-1500 * time.Millisecond)
	full := audit.Row{Date: &local, StartDate: &start, Duration: p(1500 * time.Millisecond), Action: p("POST /x"), Success: p(int64(1)), Serial: p("S"), TokenType: p("hotp"),
		User: p("ü"), Realm: p("r1"), Resolver: p("users"), Administrator: p("a"), ActionDetail: p(""), Info: p("i"), Server: p("n"), Client: p("c"), LogLevel: p("l"),
		ClearanceLevel: p("cl"), ThreadID: p("1"), Policies: p("p1,p2")}
	noon := time.Date(2027, 7, 4, 12, 0, 0, 0, k.local) // no microseconds
	for name, r := range map[string]audit.Row{
		"full":            full,
		"bare":            {Date: &local},
		"whole second":    {Date: &noon, StartDate: &noon, Duration: p(time.Duration(0))},
		"other successes": {Date: &noon, Success: p(int64(-17))},
		"microsecond":     {Date: &local, Duration: p(time.Microsecond)},
		"over a day":      {Date: &local, Duration: p(25*time.Hour + 7*time.Microsecond)},
		"negative":        {Date: &local, Duration: p(-3 * time.Second)},
	} {
		want := k.write(r)
		var list []audit.Row
		for _, r := range k.rows(audit.Filter{}) {
			if r.ID == want.ID {
				list = append(list, r)
			}
		}
		if len(list) != 1 {
			k.t.Fatalf("%s: %d rows", name, len(list))
		}
		equal(k, name, audit.SignedText(list[0]), audit.SignedText(want))
		equal(k, name+": policies", list[0].Policies, want.Policies)
		if !list[0].Date.Equal(*want.Date) {
			k.t.Errorf("%s: date %v, want %v", name, list[0].Date, want.Date)
		}
	}
	noted := k.write(audit.Row{Date: &local})
	equal(k, "date is local", k.text("date", "mfa_audit", noted.ID), "2027-07-04 12:20:30.123456")
	n := 0
	k.must(k.db.EachAudit(k.ctx, audit.Filter{}, func(audit.Row) error { n++; return nil }))
	equal(k, "each", n, 8)
	stop := errors.New("stop")
	if err := k.db.EachAudit(k.ctx, audit.Filter{}, func(audit.Row) error { return stop }); err == nil {
		k.t.Error("the error was lost")
	}
	have, err := k.db.AuditNumbers(k.ctx, []int64{noted.ID, noted.ID - 1, noted.ID + 999})
	k.must(err)
	equal(k, "numbers", have[noted.ID+999], false)
	equal(k, "numbers", len(have), 2)
}

func (k *kit) auditFilters() {
	early, late := moment.Add(-48*time.Hour).In(k.local), moment.In(k.local)
	k.write(audit.Row{Date: &early, User: p("alice"), Realm: p("r1"), Action: p("POST /auth"), Success: p(int64(1)), Info: p("100% x")})
	k.write(audit.Row{Date: &late, User: p("bob"), Realm: p("r2"), Action: p("GET /a_b"), Success: p(int64(0)), Info: p("100 x")})
	k.write(audit.Row{Date: &late, Action: p("GET /axb")})
	for _, c := range []struct {
		name string
		f    audit.Filter
		want int
	}{
		{"all", audit.Filter{}, 3},
		{"user", audit.Filter{Columns: map[string]string{"user": "alice"}}, 1},
		{"pattern", audit.Filter{Columns: map[string]string{"user": "*b*"}}, 1},
		{"percent is no wildcard", audit.Filter{Columns: map[string]string{"info": "*0%*"}}, 1},
		{"underscore is no wildcard", audit.Filter{Columns: map[string]string{"action": "*a_b"}}, 1},
		{"success", audit.Filter{Columns: map[string]string{"success": "1"}}, 1},
		{"stars", audit.Filter{Columns: map[string]string{"user": "**"}}, 3},
		{"date", audit.Filter{Columns: map[string]string{"date": "2027-07-04*"}}, 2},
		{"date behind a star", audit.Filter{Columns: map[string]string{"date": "*2027-07*"}}, 3},
		{"day and hour", audit.Filter{Columns: map[string]string{"date": "2027-07-04 1*"}}, 2},
		{"another year", audit.Filter{Columns: map[string]string{"date": "*2026-*"}}, 0},
		{"number", audit.Filter{Columns: map[string]string{"id": "0"}}, 0},
		{"letter case of a pattern", audit.Filter{Columns: map[string]string{"user": "AL*"}}, 1},
		{"two patterns", audit.Filter{Columns: map[string]string{"user": "*b*", "action": "GET*"}}, 1},
		{"a pattern that fits nothing", audit.Filter{Columns: map[string]string{"serial": "*x*"}}, 0},
		{"unknown column", audit.Filter{Columns: map[string]string{"x": "y"}}, 3},
		{"realms", audit.Filter{AnyRealm: []string{"r2", "r3"}}, 1},
		{"no realm", audit.Filter{AnyRealm: []string{}}, 0},
		{"since", audit.Filter{Since: moment.Add(-time.Hour)}, 2},
	} {
		if got := len(k.rows(c.f)); got != c.want {
			k.t.Errorf("%s: %d rows, want %d", c.name, got, c.want)
		}
	}
	page, err := k.db.AuditPage(k.ctx, audit.Filter{}, true, 1, 1)
	k.must(err)
	equal(k, "total", page.Total, 3)
	equal(k, "there are more", page.More, true)
	equal(k, "second from the end", *page.Rows[0].User, "bob")
	page, err = k.db.AuditPage(k.ctx, audit.Filter{}, true, 7, 1)
	k.must(err)
	equal(k, "total, seen from behind the end", page.Total, 3)
}

// On products without sequences another program may write rows too.
func (k *kit) auditNumbers() {
	late := moment.In(k.local)
	first := k.write(audit.Row{Date: &late})
	if k.product == "sqlite" {
		k.exec("INSERT INTO mfa_audit (id, date) VALUES (?, ?)", first.ID+1, "2027-07-04 12:00:00.000000")
	}
	t := k.newToken("T1", nil)
	signed := []int64{}
	e := &audit.Entry{Row: audit.Row{Date: &late}, Sign: func(r *audit.Row) error { signed = append(signed, r.ID); return nil }}
	k.must(k.db.Apply(k.ctx, []change.Change{change.UseToken{ID: t.ID, Seen: 0, Next: 1}}, e))
	equal(k, "signed last", signed[len(signed)-1], e.Row.ID)
	if k.product == "sqlite" && e.Row.ID != first.ID+2 {
		k.t.Errorf("number %d", e.Row.ID)
	}
	equal(k, "count", k.load("T1").Count, int64(1))
	// the number of a row that was not written is used for the next
	lost := &audit.Entry{Row: audit.Row{Date: &late}, Sign: func(*audit.Row) error { return nil }}
	k.wantErr(k.db.Apply(k.ctx, []change.Change{change.UseToken{ID: t.ID, Seen: 0, Next: 1}}, lost), store.ErrConflict)
	equal(k, "number used again", k.write(audit.Row{Date: &late}).ID, lost.Row.ID)
}
