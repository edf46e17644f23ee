package storetest

import (
	"slices"
	"strings"

	"edumfa/internal/store"
)

func (k *kit) tables() []string {
	k.t.Helper()
	have, err := k.db.Existing(k.ctx)
	k.must(err)
	slices.Sort(have)
	return have
}

func (k *kit) schemaAgain() {
	want, err := k.db.Tables()
	k.must(err)
	all := append(slices.Clone(want), "alembic_version")
	slices.Sort(all)
	for range 2 {
		var have []string
		for _, t := range k.tables() {
			if slices.Contains(all, t) {
				have = append(have, t)
			}
		}
		equal(k, "tables", have, all)
		k.must(k.db.CreateTables(k.ctx)) // changes nothing
		k.must(k.db.DropTables(k.ctx))
		for _, t := range k.tables() {
			if slices.Contains(all, t) {
				k.t.Errorf("table %s is left", t)
			}
		}
		k.must(k.db.DropTables(k.ctx)) // of nothing
		k.must(k.db.CreateTables(k.ctx))
	}
	k.must(k.db.CheckRevision(k.ctx))
}

// An interrupted first start leaves some tables, no stamp, and some indexes.
func (k *kit) schemaInterrupted() {
	k.exec("DROP TABLE alembic_version")
	for _, t := range []string{"tokeninfo", "tokenrealm", "challenge", "policycondition"} {
		k.exec("DROP TABLE " + t)
	}
	if k.product != "sqlite" {
		k.exec("DROP SEQUENCE tokeninfo_seq")
	}
	k.exec("INSERT INTO config (\"Key\", \"Value\") VALUES ('kept', 'x')")
	k.must(k.db.CreateTables(k.ctx))
	k.must(k.db.CheckRevision(k.ctx))
	equal(k, "a row of before", k.one(`SELECT "Value" FROM config WHERE "Key" = 'kept'`), any("x"))
	k.newToken("AFTER1", nil)
}

func (k *kit) revision() {
	k.must(k.db.CheckRevision(k.ctx))
	check := func(words ...string) {
		k.t.Helper()
		err := k.db.CheckRevision(k.ctx)
		k.wantErr(err, store.ErrRevision)
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				k.t.Errorf("%q does not say %q", err, w)
			}
		}
	}
	k.must(k.db.Stamp(k.ctx, "5741e5dac477")) // an older one
	check("5741e5dac477", store.Head, "db upgrade")
	k.must(k.db.Stamp(k.ctx, "ffffffffffff")) // one that is not known
	check("ffffffffffff", store.Head)
	// creating tables leaves a stamp alone
	k.must(k.db.CreateTables(k.ctx))
	check("ffffffffffff")
	k.exec("DELETE FROM alembic_version")
	check("create_tables")
	k.exec("DROP TABLE alembic_version")
	check("create_tables")
	k.must(k.db.Stamp(k.ctx, store.Head))
	k.must(k.db.CheckRevision(k.ctx))
	equal(k, "stamps", k.count("alembic_version"), 1)
}
