package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/audit"
	"edumfa/internal/config"
	"edumfa/internal/pyregexp"
	"edumfa/internal/store"
	"edumfa/internal/yamltext"
)

// rotation is what "audit rotate" was asked for.
type rotation struct {
	high, low, chunk int
	age, rules       string
	dry, check       bool
}

func auditRotate(name string) *cobra.Command {
	o := rotation{high: 10000, low: 5000}
	c := &cobra.Command{Use: name, Short: "Delete old rows of the audit log: by number, by age, or by rules", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAudit(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error { return o.run(ctx, cmd, c, db) })
		}}
	f := c.Flags()
	f.IntVar(&o.high, "highwatermark", o.high, "delete when there are more rows than this (-hw)")
	f.IntVar(&o.low, "lowwatermark", o.low, "how many rows are kept then (-lw)")
	f.StringVar(&o.age, "age", "", "delete rows older than this number of days instead")
	f.StringVar(&o.rules, "config", "", "delete by the rules of this YAML file instead")
	f.BoolVar(&o.dry, "dryrun", false, "only say how many rows would be deleted")
	f.BoolVar(&o.check, "check", false, "keep rows whose signature is wrong, as evidence, and name them")
	f.IntVar(&o.chunk, "chunksize", 0, "how many rows to delete in one transaction (500)")
	return c
}

func (o rotation) run(ctx context.Context, cmd *cobra.Command, c *config.Config, db *store.DB) error {
	if _, read := c.AuditModules(); !read {
		return fmt.Errorf("only the audit log in the database can be rotated, EDUMFA_AUDIT_MODULE is %s", c.AuditModule)
	}
	var signing *audit.Signing
	if o.check || c.AuditChain {
		var err error
		if signing, err = app.AuditSigning(c); err != nil {
			return err
		}
	}
	r, err := o.rotation(cmd, signing)
	if err != nil {
		return err
	}
	if c.AuditChain && !o.dry {
		chain, err := app.AuditChain(c, db, signing, app.Deps{})
		if err != nil {
			return err
		}
		r.Announce = chain.Announce
	}
	done, err := r.Run(ctx, db, time.Now())
	if err == nil && r.Announce != nil {
		err = emptyCheckpoints(ctx, db)
	}
	out := cmd.OutOrStdout()
	for _, id := range done.Kept {
		fmt.Fprintf(out, "Entry %d is not as it was written and is kept.\n", id)
	}
	words := "%d entries deleted.\n"
	if o.dry {
		words = "%d entries would be deleted.\n"
	}
	fmt.Fprintf(out, words, done.Deleted)
	if err == nil && len(done.Kept) > 0 {
		err = errors.New("some entries are not as they were written")
	}
	return err
}

// emptyCheckpoints lets go of the hashes of rows that are gone.
func emptyCheckpoints(ctx context.Context, db *store.DB) error {
	first, err := db.AuditAfter(ctx, audit.Filter{}, -1<<62, 1)
	if err != nil || len(first) == 0 {
		return err
	}
	return db.EmptyCheckpoints(ctx, first[0].ID)
}

// rotation reads what was asked for.
func (o rotation) rotation(cmd *cobra.Command, signing *audit.Signing) (audit.Rotation, error) {
	r := audit.Rotation{High: o.high, Low: o.low, Chunk: o.chunk, DryRun: o.dry}
	if o.check {
		if signing == nil {
			return r, errors.New("--check: EDUMFA_AUDIT_NO_SIGN says that there are no signatures")
		}
		r.Check = signing.Right
	}
	switch {
	case o.rules != "":
		rules, err := rotationRules(cmd, o.rules)
		r.Rules = rules
		return r, err
	case o.age != "":
		days, err := strconv.Atoi(o.age)
		if err != nil || days < 0 || days > 100*366 {
			return r, fmt.Errorf("--age: %q is no number of days", o.age)
		}
		age := time.Duration(days) * 24 * time.Hour
		r.Age = &age
	}
	return r, nil
}

// rotationRules reads a rule file.
func rotationRules(cmd *cobra.Command, file string) ([]audit.Rule, error) {
	src, err := readFile(cmd, file)
	if err != nil {
		return nil, err
	}
	v, err := yamltext.Parse(string(src))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	rules, err := audit.ParseRules(v, func(expr string) (func(string) (bool, error), error) {
		p, err := pyregexp.Compile(expr)
		if err != nil {
			return nil, err
		}
		return p.Search, nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return rules, nil
}
