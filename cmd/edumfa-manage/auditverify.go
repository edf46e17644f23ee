package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/audit"
	"edumfa/internal/config"
	"edumfa/internal/store"
)

// errFaults ends the command with status 1: scripts look at that.
var errFaults = errors.New("the audit log is not as it was written")

func auditVerify() *cobra.Command {
	var from int64
	var gaps bool
	var known []string
	c := &cobra.Command{Use: "verify", Short: "Check signatures and checkpoints of the audit log; name changed, missing and inserted rows", Args: cobra.NoArgs,
		Long: "Check signatures and checkpoints of the audit log. Every fault is a line on standard output; the exit status is 1 when there is one.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			heads := make([]audit.Head, 0, len(known))
			for _, k := range known {
				h, err := audit.ParseHead(k)
				if err != nil {
					return fmt.Errorf("--checkpoint: %w", err)
				}
				heads = append(heads, h)
			}
			return withAudit(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
				return verifyAudit(ctx, cmd, c, db, &audit.Verification{Known: heads, From: from}, gaps)
			})
		}}
	f := c.Flags()
	f.Int64Var(&from, "from", 0, "number of the first row to look at")
	f.BoolVar(&gaps, "allow-gaps", false, "do not report numbers that no row has and no checkpoint names: rotation and the database may leave some out")
	f.StringArrayVar(&known, "checkpoint", nil, `checkpoint that must be there, as "audit checkpoint" printed it; may be repeated`)
	return c
}

func verifyAudit(ctx context.Context, cmd *cobra.Command, c *config.Config, db *store.DB, v *audit.Verification, allowGaps bool) error {
	signing, err := app.AuditSigning(c)
	if err != nil {
		return err
	}
	if signing == nil {
		return errors.New("EDUMFA_AUDIT_NO_SIGN says that there are no signatures")
	}
	if c.AuditAnchor != "" {
		head, err := app.ReadAnchor(c.AuditAnchor)
		if err != nil {
			return fmt.Errorf("EDUMFA_AUDIT_ANCHOR: %w", err)
		}
		if head.Number > 0 {
			v.Known = append(v.Known, head)
		}
	}
	out := cmd.OutOrStdout()
	faults := 0
	v.Store, v.Verifier, v.MAC, v.Now = db, signing.Verifier, signing.MAC, time.Now()
	v.Report = func(f audit.Fault) {
		if f.Kind == audit.Gap && allowGaps {
			return
		}
		faults++
		fmt.Fprintln(out, f)
	}
	done, err := v.Run(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d rows: %d signed, %d sealed by %d checkpoints; %d faults\n", done.Rows, done.Signed, done.Sealed, done.Checkpoints, faults)
	if faults > 0 {
		return errFaults
	}
	return nil
}

func auditCheckpoint() *cobra.Command {
	return &cobra.Command{Use: "checkpoint", Short: `Print the newest checkpoint, to be kept elsewhere and given to "audit verify --checkpoint"`, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAudit(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				p, ok, err := db.LastCheckpoint(ctx)
				if err != nil {
					return err
				}
				if !ok {
					return errors.New("there is no checkpoint; EDUMFA_AUDIT_CHAIN makes them")
				}
				fmt.Fprintln(cmd.OutOrStdout(), audit.Head{Number: p.Number, Hash: p.Hash()})
				return nil
			})
		}}
}
