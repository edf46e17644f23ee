package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/audit"
	"edumfa/internal/config"
	"edumfa/internal/pyregexp"
	"edumfa/internal/signature"
	"edumfa/internal/store"
	"edumfa/internal/timespec"
	"edumfa/internal/yamltext"
)

func auditCommand() *cobra.Command {
	return group("audit", "Manage the audit log", auditDump(), auditRotate("rotate"))
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
			return withTables(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
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
	var verifier *signature.Verifier
	if !c.AuditNoSign {
		var err error
		if verifier, err = signature.OpenVerifier(c.AuditKeyPublic, c.CheckOldSignatures); err != nil {
			return fmt.Errorf("EDUMFA_AUDIT_KEY_PUBLIC: %w", err)
		}
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
			signed := verifier != nil && r.Signature != nil && verifier.Verify([]byte(audit.SignedText(r)), *r.Signature)
			if _, err := w.WriteString(audit.CSVLine(r, signed, there[r.ID-1] && there[r.ID+1])); err != nil {
				return err
			}
		}
		batch = batch[:0]
		return nil
	}
	err := db.EachAudit(ctx, f, func(r audit.Row) error {
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

// rotation is what "audit rotate" was asked for.
type rotation struct {
	high, low, chunk int
	age, rules       string
	dry              bool
}

func auditRotate(name string) *cobra.Command {
	o := rotation{high: 10000, low: 5000}
	c := &cobra.Command{Use: name, Short: "Delete old rows of the audit log: by number, by age, or by rules", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.chunk <= 0 {
				o.chunk = auditChunk
			}
			return withTables(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
				if c.AuditModule != "sqlaudit" {
					return fmt.Errorf("only the audit log in the database can be rotated, EDUMFA_AUDIT_MODULE is %s", c.AuditModule)
				}
				ids, err := o.find(cmd, db)
				if err != nil {
					return err
				}
				if o.dry {
					fmt.Fprintf(cmd.OutOrStdout(), "%d entries would be deleted.\n", len(ids))
					return nil
				}
				n, err := db.DeleteAudit(ctx, ids, o.chunk)
				fmt.Fprintf(cmd.OutOrStdout(), "%d entries deleted.\n", n)
				return err
			})
		}}
	f := c.Flags()
	f.IntVar(&o.high, "highwatermark", o.high, "delete when there are more rows than this (-hw)")
	f.IntVar(&o.low, "lowwatermark", o.low, "how many rows are kept then (-lw)")
	f.StringVar(&o.age, "age", "", "delete rows older than this number of days instead")
	f.StringVar(&o.rules, "config", "", "delete by the rules of this YAML file instead")
	f.BoolVar(&o.dry, "dryrun", false, "only say how many rows would be deleted")
	f.IntVar(&o.chunk, "chunksize", 0, "how many rows to delete in one transaction")
	return c
}

// find lists the numbers of the rows to delete.
func (o rotation) find(cmd *cobra.Command, db *store.DB) ([]int64, error) {
	ctx := cmd.Context()
	switch {
	case o.rules != "":
		return o.byRules(cmd, db)
	case o.age != "":
		days, err := strconv.Atoi(o.age)
		if err != nil || days < 0 || days > 100*366 {
			return nil, fmt.Errorf("--age: %q is no number of days", o.age)
		}
		return db.AuditNumbersBefore(ctx, time.Now().Add(-time.Duration(days)*24*time.Hour))
	}
	count, last, err := db.AuditExtent(ctx)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "The audit log has %d entries, the last one is %d.\n", count, last)
	if count <= int64(o.high) {
		return nil, nil
	}
	return db.AuditNumbersBelow(ctx, last-int64(o.low))
}

func (o rotation) byRules(cmd *cobra.Command, db *store.DB) ([]int64, error) {
	src, err := readFile(cmd, o.rules)
	if err != nil {
		return nil, err
	}
	v, err := yamltext.Parse(string(src))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.rules, err)
	}
	rules, err := audit.ParseRules(v, func(expr string) (func(string) (bool, error), error) {
		p, err := pyregexp.Compile(expr)
		if err != nil {
			return nil, err
		}
		return p.Search, nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.rules, err)
	}
	var ids []int64
	now := time.Now()
	err = db.EachAudit(cmd.Context(), audit.Filter{}, func(r audit.Row) error {
		expired, err := audit.Expired(rules, r, now)
		if expired {
			ids = append(ids, r.ID)
		}
		return err
	})
	return ids, err
}

func authcacheCommand() *cobra.Command {
	minutes := 480
	clean := &cobra.Command{Use: "cleanup", Short: "Forget logins that were remembered and not used for some time", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				n, err := db.CleanAuthCache(ctx, time.Now().Add(-time.Duration(minutes)*time.Minute))
				fmt.Fprintf(cmd.OutOrStdout(), "%d entries deleted from authcache\n", n)
				return err
			})
		}}
	clean.Flags().IntVarP(&minutes, "minutes", "m", minutes, "minutes since the last use")
	return group("authcache", "Manage remembered logins", clean)
}
