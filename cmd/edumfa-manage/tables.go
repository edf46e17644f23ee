package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/store"
)

func tableCommands() []*cobra.Command {
	return []*cobra.Command{createTables(), as("createdb", createTables()), dropTables(), as("dropdb", dropTables()), waitForDB()}
}

func createTables() *cobra.Command {
	return &cobra.Command{Use: "create_tables", Short: "Make the tables, unless the database has them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				revision, err := db.Revision(ctx)
				if err != nil {
					return err
				}
				if revision != "" && revision != store.Head {
					fmt.Fprintf(cmd.OutOrStdout(), "The database has tables of revision %s already; they stay as they are.\n", revision)
					return nil
				}
				return db.CreateTables(ctx)
			})
		}}
}

func dropTables() *cobra.Command {
	var word string
	c := &cobra.Command{Use: "drop_tables", Short: "Delete all tables and everything in them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if word != "yes" {
				fmt.Fprintln(cmd.OutOrStdout(), "Not dropping anything! Say --dropit yes to delete all data.")
				return nil
			}
			return withStore(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				fmt.Fprintln(cmd.OutOrStdout(), "Dropping all database tables!")
				return db.DropTables(ctx)
			})
		}}
	c.Flags().StringVarP(&word, "dropit", "d", "", `the word "yes" confirms`)
	return c
}

func waitForDB() *cobra.Command {
	attempts, pause := 10, 3
	c := &cobra.Command{Use: "wait_for_db", Short: "Wait until the database answers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configuration(cmd)
			if err != nil {
				return err
			}
			for i := 1; i <= attempts; i++ {
				if err = reachable(cmd.Context(), c); err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), "Database connection successful.")
					return nil
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "Attempt %d of %d: %v\n", i, attempts, err)
				if i < attempts {
					time.Sleep(time.Duration(pause) * time.Second)
				}
			}
			return errors.New("the database does not answer")
		}}
	c.Flags().IntVarP(&attempts, "attempts", "a", attempts, "how often to try")
	c.Flags().IntVarP(&pause, "sleep", "s", pause, "seconds between two tries")
	return c
}

func reachable(ctx context.Context, c *config.Config) error {
	db, err := app.OpenStore(ctx, c, app.Deps{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return db.Ping(ctx)
}
