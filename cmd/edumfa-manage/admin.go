package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/admin"
	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/store"
)

func adminCommand() *cobra.Command {
	return group("admin", "Manage local administrators", adminAdd(), adminChange(), adminDelete(), adminList())
}

func adminAdd() *cobra.Command {
	var email, password string
	c := &cobra.Command{Use: "add USERNAME", Short: "Add an administrator; the password is asked for when it is not given", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := saveAdmin(cmd, args[0], email, password); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Admin %s was registered successfully.\n", args[0])
			return nil
		}}
	c.Flags().StringVarP(&email, "email", "e", "", "mail address")
	c.Flags().StringVarP(&password, "password", "p", "", "password; in the list of processes others can read it")
	return c
}

func adminChange() *cobra.Command {
	var email, password string
	c := &cobra.Command{Use: "change USERNAME", Short: "Give an administrator another password, and another mail address if one is given", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return saveAdmin(cmd, args[0], email, password) }}
	c.Flags().StringVarP(&email, "email", "e", "", "mail address")
	c.Flags().StringVar(&password, "password", "", "password; in the list of processes others can read it")
	return c
}

// saveAdmin hashes the password and stores the account. The user name is what
// policies compare, so an empty one is refused.
func saveAdmin(cmd *cobra.Command, name, email, password string) error {
	if strings.TrimSpace(name) == "" {
		return errors.New("an administrator needs a name")
	}
	typed, err := passwordOr(cmd, password)
	if err != nil {
		return err
	}
	return withTables(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
		hasher, err := app.AdminHasher(c, app.Deps{})
		if err != nil {
			return err
		}
		hash, err := hasher.Hash(ctx, typed)
		if err != nil {
			return err
		}
		return db.SaveAdmin(ctx, admin.Account{Username: name, Password: hash, Email: email})
	})
}

func adminDelete() *cobra.Command {
	return &cobra.Command{Use: "delete USERNAME", Short: "Delete an administrator; sessions and API keys in the name stay good until they end", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				err := db.DeleteAdmin(ctx, args[0])
				if errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("there is no administrator %q", args[0])
				}
				return err
			})
		}}
}

func adminList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the administrators", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				list, err := db.Admins(ctx)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprintln(out, "Name \t email")
				fmt.Fprintln(out, strings.Repeat("=", 30))
				for _, a := range list {
					mail := a.Email
					if mail == "" {
						mail = "None"
					}
					fmt.Fprintf(out, "%s \t %s\n", a.Username, mail)
				}
				return nil
			})
		}}
}
