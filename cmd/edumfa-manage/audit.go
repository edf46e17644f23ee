package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/audit"
	"edumfa/internal/config"
	"edumfa/internal/store"
	"edumfa/internal/timespec"
)

func auditCommand() *cobra.Command {
	return group("audit", "Manage the audit log", auditDump(), auditExport(), auditRotate("rotate"), auditVerify(), auditCheckpoint())
}

// auditChunk is how many rows are read or deleted at once.
const auditChunk = 500

func auditDump() *cobra.Command {
	var file, limit string
	c := &cobra.Command{Use: "dump", Short: "Write the audit log as CSV, oldest rows first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var f audit.Filter
			if limit != "" {
				period, err := timespec.ParsePeriod(limit)
				if err != nil {
					return fmt.Errorf("--timelimit: %w", err)
				}
				f.Since = time.Now().Add(-period)
			}
			return withAudit(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
				out := cmd.OutOrStdout()
				if file != "-" {
					w, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
					if err != nil {
						return err
					}
					defer func() { _ = w.Close() }()
					out = w
				}
				return dumpAudit(ctx, c, db, f, out)
			})
		}}
	c.Flags().StringVarP(&limit, "timelimit", "t", "", "only rows of this period, as 5d or 3h")
	c.Flags().StringVarP(&file, "filename", "f", "-", `file to write, "-" is standard output`)
	return c
}

func dumpAudit(ctx context.Context, c *config.Config, db *store.DB, f audit.Filter, out io.Writer) error {
	signing, err := app.AuditSigning(c)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	var batch []audit.Row
	flush := func() error {
		ids := make([]int64, 0, 2*len(batch))
		for _, r := range batch {
			ids = append(ids, r.ID-1, r.ID+1)
		}
		there, err := db.AuditNumbers(ctx, ids)
		if err != nil {
			return err
		}
		for _, r := range batch {
			if _, err := w.WriteString(audit.CSVLine(r, signing.Right(r), there[r.ID-1] && there[r.ID+1])); err != nil {
				return err
			}
		}
		batch = batch[:0]
		return nil
	}
	err = db.EachAudit(ctx, f, func(r audit.Row) error {
		if batch = append(batch, r); len(batch) < auditChunk {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return err
	}
	return w.Flush()
}
