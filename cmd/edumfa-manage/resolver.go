package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/field"
	"edumfa/internal/pyliteral"
	"edumfa/internal/store"
	"edumfa/internal/transfer"
)

func resolverCommand() *cobra.Command {
	return group("resolver", "Manage resolvers", resolverList(), resolverCreate(), resolverCreateInternal(),
		resolverExport("export"), resolverExport("r_export"), importCommand("import", "resolver"), importCommand("r_import", "resolver"))
}

func resolverExport(name string) *cobra.Command {
	var secrets bool
	c := exportCommand(name, "resolver", func(ctx context.Context, t *transfer.Transfer, object string) (any, error) {
		return t.Resolvers(ctx, object, secrets)
	})
	c.Flags().BoolVarP(&secrets, "print_passwords", "p", false, "write passwords in clear; without them an import keeps those that are stored")
	return c
}

func resolverList() *cobra.Command {
	var verbose bool
	c := &cobra.Command{Use: "list", Short: "List the resolvers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				list, err := db.Resolvers(ctx)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				for _, s := range list {
					fmt.Fprintf(out, "%-16s - (%s)\n", s.Name, s.Kind)
					if !verbose {
						continue
					}
					fmt.Fprintln(out, strings.Repeat(".", 32))
					for _, o := range s.Options {
						if o.Type == "password" || strings.EqualFold(o.Key, "bindpw") || strings.EqualFold(o.Key, "password") {
							o.Value = field.Censored
						}
						fmt.Fprintf(out, "%24s: %s\n", o.Key, pyliteral.Repr(o.Value))
					}
					fmt.Fprintln(out)
				}
				return nil
			})
		}}
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show the settings too, without secrets")
	return c
}

func resolverCreate() *cobra.Command {
	return &cobra.Command{Use: "create NAME TYPE FILE", Short: "Make a resolver, or change the one of the name, from a file with a Python dictionary", Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			src, err := readFile(cmd, args[2])
			if err != nil {
				return err
			}
			options, err := transfer.ParseDict(string(src))
			if err != nil {
				return fmt.Errorf("%s: %w", args[2], err)
			}
			return withTransfer(cmd, func(ctx context.Context, t *transfer.Transfer) error {
				_, err := t.SaveResolver(ctx, args[0], args[1], options)
				return err
			})
		}}
}

func resolverCreateInternal() *cobra.Command {
	return &cobra.Command{Use: "create_internal NAME", Short: "Make a user store in the server's own database, in a table users_NAME", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withTables(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
				options, err := transfer.InternalStore(c.DatabaseURI, args[0])
				if err != nil {
					return err
				}
				if _, err := app.Transfer(c, db, app.Deps{}).SaveResolver(ctx, args[0], "sqlresolver", options); err != nil {
					return err
				}
				return db.CreateUserTable(ctx, transfer.InternalTable(args[0]))
			})
		}}
}
