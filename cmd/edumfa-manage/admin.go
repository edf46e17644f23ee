package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"edumfa/internal/admin"
	"edumfa/internal/app"
	"edumfa/internal/secret"
)

func adminCommand() *cobra.Command {
	c := &cobra.Command{Use: "admin", Short: "Manage local administrators"}
	c.AddCommand(adminAdd())
	return c
}

func adminAdd() *cobra.Command {
	var email, password string
	c := &cobra.Command{Use: "add USERNAME", Short: "Add an administrator", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if password == "" {
				return errors.New("a password is needed (-p)")
			}
			return withApp(cmd.Context(), func(ctx context.Context, a *app.App) error {
				hash, err := a.Hasher.WithPepper(a.Config.Pepper).Hash(ctx, secret.New(password))
				if err != nil {
					return err
				}
				if err := a.Store.SaveAdmin(ctx, admin.Account{Username: args[0], Password: hash, Email: email}); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "Admin %s was registered successfully.\n", args[0])
				return nil
			})
		}}
	c.Flags().StringVarP(&email, "email", "e", "", "mail address")
	c.Flags().StringVarP(&password, "password", "p", "", "password")
	return c
}
