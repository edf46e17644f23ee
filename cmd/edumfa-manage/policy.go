package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/config"
	"edumfa/internal/pyliteral"
	"edumfa/internal/store"
	"edumfa/internal/transfer"
)

func policyCommand() *cobra.Command {
	return group("policy", "Manage policies", policyList(), policyCreate(), policySwitch("enable", true), policySwitch("disable", false), policyDelete(),
		policyExport("export"), policyExport("p_export"), importCommand("import", "policy"), importCommand("p_import", "policy"))
}

func policyExport(name string) *cobra.Command {
	return exportCommand(name, "policy", func(ctx context.Context, t *transfer.Transfer, object string) (any, error) {
		return t.Policies(ctx, object)
	})
}

func policyList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all policies", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				list, err := db.Policies(ctx)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "Active \t Name \t Scope\n%s\n", strings.Repeat("=", 40))
				for _, p := range list {
					fmt.Fprintf(out, "%s \t %s \t %s\n", pyliteral.Str(p.Active), p.Name, p.Scope)
				}
				return nil
			})
		}}
}

func policyCreate() *cobra.Command {
	var file string
	c := &cobra.Command{Use: "create NAME SCOPE ACTION", Short: "Make a policy or change the one of the name; what the file says comes before the arguments", Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			d := pyliteral.NewDict()
			if file != "" {
				src, err := readFile(cmd, file)
				if err != nil {
					return err
				}
				if d, err = transfer.ParseDict(string(src)); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
			}
			for i, key := range []string{"name", "scope", "action"} {
				if v, ok := d.Get(key); !ok || v == nil || v == "" {
					d.Set(key, args[i])
				}
			}
			return withTransfer(cmd, func(ctx context.Context, t *transfer.Transfer) error {
				_, err := t.SavePolicy(ctx, d)
				return err
			})
		}}
	c.Flags().StringVarP(&file, "file", "f", "", "file with the policy as a Python dictionary")
	return c
}

func policySwitch(name string, on bool) *cobra.Command {
	return &cobra.Command{Use: name + " NAME", Short: "Switch a policy: " + name, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				id, err := db.EnablePolicy(ctx, args[0], on)
				return printID(cmd, id, err, "policy", args[0])
			})
		}}
}

func policyDelete() *cobra.Command {
	return &cobra.Command{Use: "delete NAME", Short: "Delete a policy", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				id, err := db.DeletePolicy(ctx, args[0])
				return printID(cmd, id, err, "policy", args[0])
			})
		}}
}

// printID prints the number of the object that was changed, or says that it is
// not there.
func printID(cmd *cobra.Command, id int64, err error, kind, name string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no %s %q", kind, name)
	}
	if err == nil {
		fmt.Fprintln(cmd.OutOrStdout(), id)
	}
	return err
}
