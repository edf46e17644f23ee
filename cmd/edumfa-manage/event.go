package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/config"
	"edumfa/internal/pyliteral"
	"edumfa/internal/store"
	"edumfa/internal/transfer"
)

func eventCommand() *cobra.Command {
	return group("event", "Manage events", eventList(),
		eventChange("enable", "Switch an event on", func(ctx context.Context, db *store.DB, id int64) error { return db.EnableEvent(ctx, id, true) }),
		eventChange("disable", "Switch an event off", func(ctx context.Context, db *store.DB, id int64) error { return db.EnableEvent(ctx, id, false) }),
		eventChange("delete", "Delete an event", func(ctx context.Context, db *store.DB, id int64) error { return db.DeleteEvent(ctx, id) }),
		eventExport("export"), eventExport("e_export"), importCommand("import", "event"), importCommand("e_import", "event"))
}

func eventExport(name string) *cobra.Command {
	return exportCommand(name, "event", func(ctx context.Context, t *transfer.Transfer, object string) (any, error) {
		return t.Events(ctx, object)
	})
}

func eventList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all events", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTransfer(cmd, func(ctx context.Context, t *transfer.Transfer) error {
				rows, err := t.SortedEvents(ctx)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "%-7s %-4s %-30s\t%-20s\t%s\n%s\n", "Active", "ID", "Name", "Module", "Action", strings.Repeat("=", 90))
				for _, e := range rows {
					fmt.Fprintf(out, "[%5s] %4d %-30.30s\t%-20s\t%s\n", pyliteral.Str(e.Active), e.ID, e.Name, e.HandlerModule, e.Action)
				}
				return nil
			})
		}}
}

func eventChange(name, short string, change func(context.Context, *store.DB, int64) error) *cobra.Command {
	return &cobra.Command{Use: name + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usageError{fmt.Errorf("%q is no number of an event", args[0])}
			}
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				return printID(cmd, id, change(ctx, db, id), "event", args[0])
			})
		}}
}
