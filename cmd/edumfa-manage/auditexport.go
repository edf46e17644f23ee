package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/audit"
	"edumfa/internal/audit/siem"
	"edumfa/internal/config"
	"edumfa/internal/store"
	"edumfa/internal/timespec"
)

// exportChunk is how many rows an export reads at once.
const exportChunk = 1000

// exportFacility is that of exported syslog messages: authpriv.
const exportFacility = 10

func auditExport() *cobra.Command {
	var file, since, format string
	var after int64
	c := &cobra.Command{Use: "export", Short: "Write the audit log as JSON lines, CEF or syslog messages, oldest rows first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := exportForm(format)
			if err != nil {
				return err
			}
			f := audit.Filter{After: after}
			if since != "" {
				if f.Since, err = exportSince(since, time.Now()); err != nil {
					return err
				}
			}
			return withAudit(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				out := cmd.OutOrStdout()
				if file != "-" {
					w, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
					if err != nil {
						return err
					}
					defer func() { _ = w.Close() }()
					out = w
				}
				b := bufio.NewWriter(out)
				if err := exportRows(ctx, db, f, func(r audit.Row) error {
					line, err := write(r)
					if err != nil {
						return err
					}
					_, err = b.WriteString(line + "\n")
					return err
				}); err != nil {
					return err
				}
				return b.Flush()
			})
		}}
	fl := c.Flags()
	fl.StringVar(&format, "format", "jsonl", "jsonl, cef or syslog (RFC 5424 with CEF)")
	fl.StringVar(&since, "since", "", "only rows of this period, as 5d, or since this moment, as 2026-05-01 or 2026-05-01T12:00:00Z")
	fl.Int64Var(&after, "after", 0, "only rows above this number: the last one that was exported")
	fl.StringVarP(&file, "filename", "f", "-", `file to write, "-" is standard output`)
	return c
}

func exportForm(format string) (func(audit.Row) (string, error), error) {
	switch format {
	case "jsonl":
		return siem.JSON, nil
	case "cef":
		return func(r audit.Row) (string, error) { return siem.CEF(r), nil }, nil
	case "syslog":
		return func(r audit.Row) (string, error) { return siem.Syslog(r, exportFacility, false) }, nil
	}
	return nil, fmt.Errorf("--format: %q is not known: jsonl, cef and syslog are", format)
}

// exportSince reads a period or a moment.
func exportSince(text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	period, err := timespec.ParsePeriod(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--since: %q is neither a period nor a date", text)
	}
	return now.Add(-period), nil
}

// exportRows reads rows a chunk at a time: no result is held open while the
// reader of the output is slow.
func exportRows(ctx context.Context, db *store.DB, f audit.Filter, each func(audit.Row) error) error {
	for {
		rows, err := db.AuditAfter(ctx, f, f.After, exportChunk)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := each(r); err != nil {
				return err
			}
			f.After = r.ID
		}
		if len(rows) < exportChunk {
			return nil
		}
	}
}
