// Package bench measures the server beside the limits of the machine it runs on:
// how many signatures, password hashes and commits there could be, and how many
// requests there are. It makes an installation of the wanted size, sends requests
// over the loopback interface and prints a table.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Options are the sizes and choices of a run.
type Options struct {
	// Database is the SQLAlchemy URI of an empty database; "" makes an SQLite
	// file. All eduMFA tables of the database are dropped first.
	Database string
	// Users, Tokens and AuditRows are how much the installation holds. Tokens are
	// dealt out to the users in turn.
	Users, Tokens, AuditRows int
	// Concurrency is how many connections send requests at once.
	Concurrency int
	// Time is how long each measurement takes.
	Time time.Duration
	// LDAP keeps the users in a directory (slapd) instead of a table.
	LDAP bool
	// Only names the measurements to make, by the beginnings of their names; none
	// makes all.
	Only []string
	// Binary is the built server whose start and memory are measured; "" leaves
	// that out.
	Binary string
	// Dir is where files are made.
	Dir string
	// Progress is told what is being done.
	Progress io.Writer
}

// Run makes the installation, measures and writes the report.
func Run(ctx context.Context, o Options, out io.Writer) error {
	if o.Users < 4*o.Concurrency || o.Tokens < o.Users {
		return fmt.Errorf("there must be at least %d users, and a token for each", 4*o.Concurrency)
	}
	if o.Dir == "" {
		dir, err := os.MkdirTemp("", "edumfa-bench-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		o.Dir = dir
	}
	if o.Database == "" {
		o.Database = "sqlite:///" + filepath.Join(o.Dir, "edumfa.sqlite")
	}
	in := &installation{Options: o}
	defer in.close()
	if err := in.make(ctx); err != nil {
		return fmt.Errorf("make installation: %w", err)
	}
	r := &report{Options: o, product: in.product}
	if err := in.limits(ctx, r); err != nil {
		return fmt.Errorf("measure limits: %w", err)
	}
	if err := in.measure(ctx, r); err != nil {
		return err
	}
	if o.Binary != "" {
		if err := in.measureProcess(ctx, r); err != nil {
			return fmt.Errorf("measure process: %w", err)
		}
	}
	return r.write(out)
}

func (in *installation) say(format string, args ...any) {
	fmt.Fprintf(in.Progress, time.Now().Format("15:04:05")+" "+format+"\n", args...)
}
