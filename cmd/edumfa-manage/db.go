package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"edumfa/internal/config"
	"edumfa/internal/store"
)

// dbCommand has the commands on the schema that scripts call. This program
// knows one revision, so there is nothing to author: those commands say so.
func dbCommand() *cobra.Command {
	c := group("db", "The revision of the database schema",
		dbCurrent(), dbHeads("heads", "Show the revision that this program works with"), dbHeads("history", "List the revisions that this program knows"),
		dbHeads("show", "Show a revision"), dbStamp(), dbUpgrade(), dbCheck(), dbBranches())
	for _, name := range []string{"downgrade", "init", "migrate", "revision", "merge", "edit", "list-templates"} {
		c.AddCommand(&cobra.Command{Use: name, Hidden: true, DisableFlagParsing: true, Args: cobra.ArbitraryArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return fmt.Errorf("db %s is not offered: the schema of this program is fixed at revision %s", cmd.Name(), store.Head)
			}})
	}
	folderFlags(c)
	return c
}

// folderFlags are accepted, as scripts have them, and change nothing.
func folderFlags(c *cobra.Command) {
	c.Flags().StringP("directory", "d", "", "not used any more")
	c.Flags().StringArrayP("x-arg", "x", nil, "not used any more")
	_, _ = c.Flags().MarkHidden("directory"), c.Flags().MarkHidden("x-arg")
}

func dbCurrent() *cobra.Command {
	c := &cobra.Command{Use: "current", Short: "Show the revision of the database", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				revision, err := db.Revision(ctx)
				if err != nil || revision == "" {
					return err
				}
				if revision == store.Head {
					revision += " (head)"
				}
				fmt.Fprintln(cmd.OutOrStdout(), revision)
				return nil
			})
		}}
	folderFlags(c)
	c.Flags().BoolP("verbose", "v", false, "more output")
	return c
}

func dbHeads(name, short string) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] != "head" && args[0] != store.Head {
				return unknownRevision(args[0])
			}
			fmt.Fprintln(cmd.OutOrStdout(), store.Head+" (head)")
			return nil
		}}
	folderFlags(c)
	f := c.Flags()
	f.BoolP("verbose", "v", false, "more output")
	f.Bool("resolve-dependencies", false, "not used any more")
	f.StringP("rev-range", "r", "", "not used any more")
	f.BoolP("indicate-current", "i", false, "not used any more")
	return c
}

func dbBranches() *cobra.Command {
	c := &cobra.Command{Use: "branches", Short: "List where the history of revisions branches: nowhere", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return nil }}
	folderFlags(c)
	c.Flags().BoolP("verbose", "v", false, "more output")
	return c
}

func dbStamp() *cobra.Command {
	c := &cobra.Command{Use: "stamp [REVISION]", Short: "Write a revision into the database without looking at its tables", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if sql, _ := cmd.Flags().GetBool("sql"); sql {
				return errors.New("--sql is not offered")
			}
			if len(args) == 1 && args[0] != "head" && args[0] != "heads" && args[0] != store.Head {
				return unknownRevision(args[0])
			}
			return withStore(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error { return db.Stamp(ctx, store.Head) })
		}}
	folderFlags(c)
	sqlFlags(c)
	c.Flags().Bool("purge", false, "forget the old revision, which is always done")
	return c
}

func sqlFlags(c *cobra.Command) {
	c.Flags().Bool("sql", false, "not offered")
	c.Flags().String("tag", "", "not used any more")
}

func dbUpgrade() *cobra.Command {
	c := &cobra.Command{Use: "upgrade [REVISION]", Short: "Bring the database to the revision that this program works with", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if sql, _ := cmd.Flags().GetBool("sql"); sql {
				return errors.New("--sql is not offered")
			}
			if len(args) == 1 && args[0] != "head" && args[0] != "heads" && args[0] != store.Head {
				return unknownRevision(args[0])
			}
			err := withStore(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				revision, err := db.Revision(ctx)
				if err != nil {
					return err
				}
				if revision == "" {
					return db.CreateTables(ctx)
				}
				if err := db.CheckRevision(ctx); err != nil {
					return err
				}
				return db.CreateExtras(ctx)
			})
			if err != nil {
				return err
			}
			return withAudit(cmd, func(ctx context.Context, _ *config.Config, rows *store.DB) error { return rows.CreateAuditIndexes(ctx) })
		}}
	folderFlags(c)
	sqlFlags(c)
	return c
}

func dbCheck() *cobra.Command {
	c := &cobra.Command{Use: "check", Short: "Tell whether the database is of the revision that this program works with", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTables(cmd, func(context.Context, *config.Config, *store.DB) error {
				fmt.Fprintln(cmd.OutOrStdout(), "The schema is the one that this program works with.")
				return nil
			})
		}}
	folderFlags(c)
	return c
}

func unknownRevision(name string) error {
	return fmt.Errorf("this program knows the revision %s only, not %q", store.Head, name)
}
