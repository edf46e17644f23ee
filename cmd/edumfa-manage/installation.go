package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/store"
)

// configuration reads the configuration; warnings go to standard error. What is
// only good to know is left to check-config: scripts read what the commands print.
func configuration(cmd *cobra.Command) (*config.Config, error) {
	c, warnings, err := config.Load(os.LookupEnv, os.ReadFile)
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		if w.Severity > config.Note {
			fmt.Fprintln(cmd.ErrOrStderr(), "warning:", w.Error())
		}
	}
	return c, nil
}

// withStore opens the database alone, without looking at its tables.
func withStore(cmd *cobra.Command, f func(ctx context.Context, c *config.Config, db *store.DB) error) error {
	return withDatabase(cmd, app.OpenStore, f)
}

// withTables opens the database and refuses one whose tables this program does
// not know.
func withTables(cmd *cobra.Command, f func(ctx context.Context, c *config.Config, db *store.DB) error) error {
	return withDatabase(cmd, app.OpenReady, f)
}

// withAudit opens the database of the audit log.
func withAudit(cmd *cobra.Command, f func(ctx context.Context, c *config.Config, db *store.DB) error) error {
	return withDatabase(cmd, app.OpenAudit, f)
}

func withDatabase(cmd *cobra.Command, open func(context.Context, *config.Config, app.Deps) (*store.DB, error), f func(ctx context.Context, c *config.Config, db *store.DB) error) error {
	c, err := configuration(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	db, err := open(ctx, c, app.Deps{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return f(ctx, c, db)
}

// withApp opens the whole installation, keys and all.
func withApp(cmd *cobra.Command, f func(ctx context.Context, a *app.App) error) error {
	c, err := configuration(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	a, err := app.Open(ctx, c, app.Deps{})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	return f(ctx, a)
}
