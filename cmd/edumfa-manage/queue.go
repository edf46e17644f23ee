package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/queue"
	"edumfa/internal/store"
)

func queueCommand() *cobra.Command {
	return group("queue", "Look after the job queue: mails and messages that are to be delivered", queueList(), queueShow(), queueRetry(), queueDelete(), queueWork())
}

func queueList() *cobra.Command {
	var dead bool
	c := &cobra.Command{Use: "list", Short: "List the jobs, the oldest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withQueue(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				list, err := db.Jobs(ctx, dead)
				if err != nil {
					return err
				}
				out, now := cmd.OutOrStdout(), time.Now()
				fmt.Fprintf(out, "%-12s %-8s %-24s %-8s %s\n", "ID", "State", "Target", "Attempts", "Made")
				for _, j := range list {
					fmt.Fprintf(out, "%-12.12s %-8s %-24.24s %8d %s\n", j.ID, jobState(j, now), j.Target, j.Attempts, moment(j.Created))
				}
				return nil
			})
		}}
	c.Flags().BoolVar(&dead, "dead", false, "only jobs that were given up")
	return c
}

// jobState is waiting, working or dead.
func jobState(j queue.Job, now time.Time) string {
	switch {
	case j.Dead:
		return "dead"
	case j.Working(now):
		return "working"
	}
	return "waiting"
}

func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 -0700") }

// queueShow shows all of a job but its payload, which may hold a one-time
// password.
func queueShow() *cobra.Command {
	return &cobra.Command{Use: "show ID", Short: "Show one job; the beginning of its ID is enough", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withQueue(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				j, err := findJob(ctx, db, args[0])
				if err != nil {
					return err
				}
				for _, row := range [][2]string{
					{"ID", j.ID}, {"State", jobState(j, time.Now())}, {"Kind", j.Kind}, {"Target", j.Target}, {"Node", j.Node}, {"Attempts", fmt.Sprint(j.Attempts)},
					{"Made", moment(j.Created)}, {"Next try", moment(j.Due)}, {"Tried until", moment(j.Expires)}, {"Problem", j.Problem},
				} {
					fmt.Fprintf(cmd.OutOrStdout(), "%-12s %s\n", row[0]+":", row[1])
				}
				return nil
			})
		}}
}

func findJob(ctx context.Context, db *store.DB, id string) (queue.Job, error) {
	j, err := db.Job(ctx, strings.ToLower(id))
	if err != nil {
		return j, fmt.Errorf("job %q: %w", id, err)
	}
	return j, nil
}

func queueRetry() *cobra.Command {
	return jobChange("retry", "Try jobs again, now and for as long as new ones", "tried again", func(ctx context.Context, c *config.Config, db *store.DB, j queue.Job) error {
		now := time.Now()
		if j.Working(now) {
			return store.ErrConflict
		}
		return db.RetryJob(ctx, j, now, now.Add(c.JobQueueMaxAge))
	})
}

func queueDelete() *cobra.Command {
	return jobChange("delete", "Delete jobs", "deleted", func(ctx context.Context, _ *config.Config, db *store.DB, j queue.Job) error {
		if j.Working(time.Now()) {
			return store.ErrConflict
		}
		return db.DeleteJob(ctx, j)
	})
}

// jobChange is a command for one job, or for all that were given up.
func jobChange(name, short, done string, change func(context.Context, *config.Config, *store.DB, queue.Job) error) *cobra.Command {
	var dead bool
	c := &cobra.Command{Use: name + " [ID...]", Short: short, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dead == (len(args) > 0) {
				return usageError{fmt.Errorf("either IDs or --dead are needed")}
			}
			return withQueue(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
				list, err := db.Jobs(ctx, true)
				if !dead {
					list, err = nil, nil
					for _, id := range args {
						j, ferr := findJob(ctx, db, id)
						if ferr != nil {
							return ferr
						}
						list = append(list, j)
					}
				}
				if err != nil {
					return err
				}
				n := 0
				for _, j := range list {
					if err := change(ctx, c, db, j); err != nil {
						fmt.Fprintf(cmd.OutOrStdout(), "%d jobs are %s.\n", n, done)
						return fmt.Errorf("job %s: %w", j.ID, err)
					}
					n++
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d jobs are %s.\n", n, done)
				return nil
			})
		}}
	c.Flags().BoolVar(&dead, "dead", false, "all jobs that were given up")
	return c
}

// queueWork works jobs off beside the servers, which do so anyway.
func queueWork() *cobra.Command {
	var stay bool
	c := &cobra.Command{Use: "work", Short: "Deliver the jobs whose time has come; running servers do so by themselves", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, func(ctx context.Context, a *app.App) error {
				if a.Keys.Locked() {
					return fmt.Errorf("the encryption keys need a password: only a server that was given it can read the jobs")
				}
				ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
				defer stop()
				if stay {
					a.Queue.Work(ctx)
				} else if _, err := a.Queue.RunDue(ctx); err != nil {
					return err
				}
				_, delivered, failed := a.Queue.State()
				fmt.Fprintf(cmd.OutOrStdout(), "%d jobs are delivered, %d attempts failed.\n", delivered, failed)
				return nil
			})
		}}
	c.Flags().BoolVar(&stay, "stay", false, "go on until interrupted")
	return c
}

// withQueue opens a database that has the table of the queue.
func withQueue(cmd *cobra.Command, f func(ctx context.Context, c *config.Config, db *store.DB) error) error {
	return withTables(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
		if err := db.Prepare(ctx); err != nil {
			return err
		}
		return f(ctx, c, db)
	})
}
