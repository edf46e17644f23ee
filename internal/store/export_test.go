package store

import (
	"context"

	"edumfa/internal/audit"
)

// SearchStatements are the statements of a search: page, count, and the values
// of a pattern.
func (db *DB) SearchStatements(ctx context.Context, f audit.Filter, offset int) (map[string]Statement, error) {
	f, err := db.AuditNarrow(ctx, f)
	if err != nil || f.Nothing() {
		return nil, err
	}
	w := db.auditWhere(f)
	out := map[string]Statement{}
	add := func(name, q string, args []any) { out[name] = Statement{db.engine.rebind(q), args} }
	q, args := db.pageQuery(w, true, offset, 16)
	add("page", q, args)
	q, args = db.countQuery(w)
	add("count", q, args)
	for name := range f.Values {
		add("values of "+name, db.valuesQuery(auditFilterColumns[name]), []any{"%x%", manyValues})
	}
	return out, nil
}

// Statement is a text for the product with its values.
type Statement struct {
	SQL  string
	Args []any
}
