package dburi

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Statement is one of a [Pipeline]. Its SQL is PostgreSQL's, with $1, $2, ….
type Statement struct {
	SQL  string
	Args []any
}

// Pipeline sends statements to PostgreSQL at once, without waiting for the
// answer to each, and returns how many rows each touched. After an error those
// behind it were not executed. conn is what sql.Conn.Raw hands out.
func Pipeline(ctx context.Context, conn any, list []Statement) ([]int64, error) {
	c, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, errors.New("not a connection to PostgreSQL")
	}
	var b pgx.Batch
	for _, s := range list {
		b.Queue(s.SQL, s.Args...)
	}
	results := c.Conn().SendBatch(ctx, &b)
	counts := make([]int64, len(list))
	for i := range counts {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close()
			return nil, err
		}
		counts[i] = tag.RowsAffected()
	}
	return counts, results.Close()
}
