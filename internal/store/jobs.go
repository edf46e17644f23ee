package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"edumfa/internal/queue"
)

const jobColumns = "id, kind, target, payload, node, created, due, expires, attempts, claim, dead, problem"

func jobValues(j queue.Job) []any {
	return []any{j.ID, j.Kind, j.Target, j.Sealed, j.Node, j.Created.UnixMilli(), j.Due.UnixMilli(), j.Expires.UnixMilli(), j.Attempts, j.Claim, flag(j.Dead), j.Problem}
}

// addJob is the statement that stores a job.
func addJob(j queue.Job) write {
	return write{"INSERT INTO go_job (" + jobColumns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", jobValues(j), whatever}
}

// flag is a truth value in a column of numbers.
func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

// millis reads a moment that is kept as milliseconds since 1970.
type millis struct{ p *time.Time }

func (m millis) Scan(v any) error {
	var n int64
	err := intTo{&n}.Scan(v)
	*m.p = time.UnixMilli(n).UTC()
	return err
}

func (db *DB) jobs(ctx context.Context, q string, args ...any) ([]queue.Job, error) {
	var list []queue.Job
	err := db.query(ctx, "SELECT "+jobColumns+" FROM go_job "+q, args, func(r *sql.Rows) error {
		var j queue.Job
		err := r.Scan(&j.ID, &j.Kind, &j.Target, &j.Sealed, &j.Node, millis{&j.Created}, millis{&j.Due}, millis{&j.Expires}, smallTo{&j.Attempts}, &j.Claim, boolTo{&j.Dead}, &j.Problem)
		list = append(list, j)
		return err
	})
	return list, err
}

// AddJob stores a job.
func (db *DB) AddJob(ctx context.Context, j queue.Job) error { return db.write(ctx, addJob(j)) }

// DueJobs are jobs whose time has come, the oldest first, without those of the
// resting targets.
func (db *DB) DueJobs(ctx context.Context, now time.Time, resting []string, limit int) ([]queue.Job, error) {
	q, args := "WHERE dead = 0 AND due <= ?", []any{now.UnixMilli()}
	if len(resting) > 0 {
		in, list := inList(resting)
		q, args = q+" AND target NOT IN "+in, append(args, list...)
	}
	return db.jobs(ctx, q+" ORDER BY due, id LIMIT ?", append(args, limit)...)
}

// ClaimJob gives a job to a claim until a time, if nobody else has claimed or
// changed it since it was seen.
func (db *DB) ClaimJob(ctx context.Context, seen queue.Job, claim string, until time.Time) (bool, error) {
	n, err := db.exec(ctx, "UPDATE go_job SET claim = ?, due = ?, attempts = attempts + 1 WHERE id = ? AND dead = 0 AND claim = ? AND due = ? AND attempts = ?",
		claim, until.UnixMilli(), seen.ID, seen.Claim, seen.Due.UnixMilli(), seen.Attempts)
	return n == 1, err
}

// EndJob removes a job that the claim has.
func (db *DB) EndJob(ctx context.Context, id, claim string) (bool, error) {
	n, err := db.exec(ctx, "DELETE FROM go_job WHERE id = ? AND claim = ?", id, claim)
	return n == 1, err
}

// ReturnJob stores what the next attempt needs to know, and ends the claim.
func (db *DB) ReturnJob(ctx context.Context, j queue.Job) (bool, error) {
	n, err := db.exec(ctx, "UPDATE go_job SET claim = '', due = ?, payload = ?, dead = ?, problem = ? WHERE id = ? AND claim = ?",
		j.Due.UnixMilli(), j.Sealed, flag(j.Dead), j.Problem, j.ID, j.Claim)
	return n == 1, err
}

// JobCounts tells how many jobs there are.
func (db *DB) JobCounts(ctx context.Context) (c queue.Counts, err error) {
	var oldest int64
	err = db.queryOne(ctx, "SELECT COUNT(CASE WHEN dead = 0 THEN 1 END), COUNT(CASE WHEN dead = 1 THEN 1 END), MIN(CASE WHEN dead = 0 THEN created END) FROM go_job",
		nil, smallTo{&c.Waiting}, smallTo{&c.Dead}, intTo{&oldest})
	if oldest > 0 {
		c.Oldest = time.UnixMilli(oldest).UTC()
	}
	return c, err
}

// Jobs lists jobs, the oldest first; dead ones alone if wanted.
func (db *DB) Jobs(ctx context.Context, deadOnly bool) ([]queue.Job, error) {
	q := ""
	if deadOnly {
		q = "WHERE dead = 1 "
	}
	return db.jobs(ctx, q+"ORDER BY created, id")
}

// Job finds one by its id, or by the beginning of its id if no other begins so;
// ErrNotFound.
func (db *DB) Job(ctx context.Context, id string) (queue.Job, error) {
	if id == "" || strings.Trim(id, "0123456789abcdef") != "" {
		return queue.Job{}, ErrNotFound
	}
	list, err := db.jobs(ctx, "WHERE id LIKE ? ORDER BY id LIMIT 2", id+"%")
	if err == nil && len(list) != 1 {
		err = ErrNotFound
	}
	if err != nil {
		return queue.Job{}, err
	}
	return list[0], nil
}

// RetryJob lets a job be tried at once, with a new time to live; a dead one lives
// again. One that a worker has is left to it: ErrConflict.
func (db *DB) RetryJob(ctx context.Context, seen queue.Job, now, expires time.Time) error {
	return db.mustOne(ctx, "UPDATE go_job SET dead = 0, claim = '', due = ?, expires = ? WHERE id = ? AND claim = ? AND attempts = ?",
		now.UnixMilli(), expires.UnixMilli(), seen.ID, seen.Claim, seen.Attempts)
}

// DeleteJob removes a job, unless it has changed since it was seen: ErrConflict.
func (db *DB) DeleteJob(ctx context.Context, seen queue.Job) error {
	return db.mustOne(ctx, "DELETE FROM go_job WHERE id = ? AND claim = ? AND attempts = ?", seen.ID, seen.Claim, seen.Attempts)
}
