package main

import (
	"context"

	"github.com/spf13/cobra"

	"edumfa/internal/config"
	"edumfa/internal/store"
)

func tableCommands() []*cobra.Command {
	return []*cobra.Command{{Use: "create_tables", Short: "Make the tables that are missing", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), func(ctx context.Context, _ *config.Config, db *store.DB) error { return db.CreateTables(ctx) })
		}}}
}
