package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/pyliteral"
	"edumfa/internal/store"
	"edumfa/internal/transfer"
)

func policyCommand() *cobra.Command {
	return group("policy", "Manage policies", policyList(), policyCreate(), policySwitch("enable", true), policySwitch("disable", false), policyDelete(),
		policyExport("export"), policyExport("p_export"), importCommand("import", "policy"), importCommand("p_import", "policy"), policyDiff(), policyExplain())
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

func policyDiff() *cobra.Command {
	var o transfer.Options
	c := &cobra.Command{Use: "diff FILE", Short: "Show what an import with -u would change: + made, - deleted, ~ changed", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			src, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			data, err := transfer.ParseFile(string(src), "policy")
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return withTransfer(cmd, func(ctx context.Context, t *transfer.Transfer) error {
				lines, err := t.DiffPolicies(ctx, data, o)
				for _, l := range lines {
					fmt.Fprintln(cmd.OutOrStdout(), l)
				}
				return err
			})
		}}
	c.Flags().BoolVarP(&o.Purge, "purge", "p", false, "as an import that deletes what is not in the file")
	return c
}

func policyExplain() *cobra.Command {
	var q app.PolicyQuestion
	c := &cobra.Command{Use: "explain", Short: "Say of every policy whether it applies, or the first thing for which it does not", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, func(ctx context.Context, a *app.App) error {
				verdicts, err := a.ExplainPolicies(ctx, q)
				if err != nil {
					return err
				}
				for _, v := range verdicts {
					fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\n", v.Policy.Name(), v.Text())
				}
				return nil
			})
		}}
	f := c.Flags()
	f.StringVar(&q.Scope, "scope", "", "scope of the policies")
	f.StringVar(&q.Action, "action", "", "action that is asked for")
	f.StringVar(&q.User, "user", "", "login name of the user")
	f.StringVar(&q.Realm, "realm", "", "realm of the user")
	f.StringVar(&q.AdminUser, "adminuser", "", "administrator, for the scope admin")
	f.StringVar(&q.AdminRealm, "adminrealm", "", "realm of the administrator")
	f.StringVar(&q.Client, "client", "", "address of the client")
	f.StringVar(&q.Node, "node", "", "node that is asked")
	f.StringVar(&q.Time, "time", "", "moment, as 2026-01-31T14:30; now without it")
	return c
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
