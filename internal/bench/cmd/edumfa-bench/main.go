// Command edumfa-bench measures the server: requests per second and their times
// beside what the machine could do, memory and start. It works in a database
// of its own, whose eduMFA tables it drops.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	"edumfa/internal/bench"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "edumfa-bench:", err)
		os.Exit(1)
	}
}

func run() error {
	o := bench.Options{Progress: os.Stderr}
	flag.StringVar(&o.Database, "db", "", "SQLAlchemy URI of a database for this alone, its eduMFA tables are dropped; default is a new SQLite file")
	flag.IntVar(&o.Users, "users", 50000, "number of users")
	flag.IntVar(&o.Tokens, "tokens", 100000, "number of tokens")
	flag.IntVar(&o.AuditRows, "audit", 1000000, "number of audit rows")
	flag.IntVar(&o.Concurrency, "c", 32, "number of connections that send requests at once")
	flag.DurationVar(&o.Time, "time", 5*time.Second, "time of each measurement")
	flag.BoolVar(&o.LDAP, "ldap", false, "keep the users in a directory; needs slapd")
	flag.StringVar(&o.Binary, "binary", "", "the built server, for start and memory; default is to build it, \"-\" leaves it out")
	flag.StringVar(&o.Dir, "dir", "", "folder for files; default is a temporary one")
	only := flag.String("only", "", "beginnings of the names of the measurements to make, with commas")
	profile := flag.String("cpuprofile", "", "file for a profile of the processors' time")
	flag.Parse()
	if *only != "" {
		o.Only = strings.Split(strings.TrimSuffix(*only, ","), ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if o.Binary == "" {
		dir, err := os.MkdirTemp("", "edumfa-bench-bin-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		o.Binary = filepath.Join(dir, "edumfa")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.Binary, "edumfa/cmd/edumfa")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build the server: %w", err)
		}
	}
	if o.Binary == "-" {
		o.Binary = ""
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	return bench.Run(ctx, o, os.Stdout)
}
