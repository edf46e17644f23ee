package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/config"
	"edumfa/internal/pyliteral"
	"edumfa/internal/realm"
	"edumfa/internal/store"
	"edumfa/internal/transfer"
)

func realmCommand() *cobra.Command {
	return group("realm", "Manage realms", realmList(), realmCreate(), realmDelete(), realmSetDefault(), realmClearDefault())
}

func realmList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the realms with their resolvers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				list, err := db.Realms(ctx)
				if err != nil {
					return err
				}
				for _, r := range list {
					names := pyliteral.List{}
					for _, l := range r.Links {
						names = append(names, l.Resolver)
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%-16s: %s\n", r.Name, pyliteral.Repr(names))
				}
				return nil
			})
		}}
}

func realmCreate() *cobra.Command {
	return &cobra.Command{Use: "create NAME RESOLVER[,RESOLVER]", Short: "Make a realm of resolvers, or give an existing one these resolvers", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := transfer.RealmName(args[0])
			if err != nil {
				return err
			}
			var links []realm.Link
			seen := map[string]bool{}
			for _, n := range strings.Split(args[1], ",") {
				if n = strings.TrimSpace(n); !seen[n] {
					seen[n] = true
					links = append(links, realm.Link{Resolver: n})
				}
			}
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				_, missing, err := db.SetRealm(ctx, name, links)
				if err == nil && len(missing) > 0 {
					fmt.Fprintf(cmd.ErrOrStderr(), "There is no resolver %s; the realm was made without.\n", strings.Join(missing, ", "))
				}
				return err
			})
		}}
}

func realmDelete() *cobra.Command {
	return &cobra.Command{Use: "delete NAME", Short: "Delete a realm", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				_, err := db.DeleteRealm(ctx, strings.ToLower(strings.TrimSpace(args[0])))
				return noRealm(err, args[0])
			})
		}}
}

func realmSetDefault() *cobra.Command {
	return &cobra.Command{Use: "set_default NAME", Short: "Make a realm the default", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := strings.ToLower(strings.TrimSpace(args[0]))
			if name == "" {
				return noRealm(store.ErrNotFound, name)
			}
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				_, err := db.SetDefaultRealm(ctx, name)
				return noRealm(err, args[0])
			})
		}}
}

func noRealm(err error, name string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no realm %q", name)
	}
	return err
}

func realmClearDefault() *cobra.Command {
	return &cobra.Command{Use: "clear_default", Short: "Have no default realm", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				_, err := db.SetDefaultRealm(ctx, "")
				if errors.Is(err, store.ErrNotFound) { // there is none to clear, which is what was asked for
					return nil
				}
				return err
			})
		}}
}
