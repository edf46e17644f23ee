package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/config"
	"edumfa/internal/store"
)

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
