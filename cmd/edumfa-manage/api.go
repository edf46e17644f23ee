package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/session"
	"edumfa/internal/store"
)

func apiCommand() *cobra.Command {
	return group("api", "Manage API keys", apiCreateToken())
}

// maxDays keeps the end of a key inside what a JWT can say.
const maxDays = 100 * 365

func apiCreateToken() *cobra.Command {
	days := int(session.APIKeyLifetime / (24 * time.Hour))
	var role, realm, name string
	var force bool
	c := &cobra.Command{Use: "createtoken", Short: "Make an API key for an administrator or for validation", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if role != session.RoleAdmin && role != session.RoleValidate {
				return fmt.Errorf("the role is 'admin' or 'validate', not %q", role)
			}
			if days > maxDays || days < -maxDays {
				return fmt.Errorf("a key cannot be valid for %d days", days)
			}
			return withTables(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
				if !force {
					if err := knownAdmin(ctx, db, name); err != nil {
						return err
					}
				}
				sessions, err := app.Sessions(c, app.Deps{})
				if err != nil {
					return err
				}
				key, name, err := sessions.IssueAPIKey(name, realm, role, time.Now().Add(time.Duration(days)*24*time.Hour))
				if err != nil {
					return err
				}
				// Programs read these five lines.
				fmt.Fprintf(cmd.OutOrStdout(), "Username:   %s\nRealm:      %s\nRole:       %s\nValidity:   %d days\nAuth-Token: %s\n", name, realm, role, days, key)
				return nil
			})
		}}
	f := c.Flags()
	f.StringVarP(&role, "role", "r", session.RoleAdmin, "admin or validate")
	f.IntVarP(&days, "days", "d", days, "how many days the key is valid")
	f.StringVarP(&realm, "realm", "R", session.APIKeyRealm, "realm of the name")
	f.StringVarP(&name, "username", "u", "", "name of the administrator; without one it is random, which needs --force")
	f.BoolVarP(&force, "force", "f", false, "also for a name that no local administrator has")
	return c
}

func knownAdmin(ctx context.Context, db *store.DB, name string) error {
	_, err := db.Admin(ctx, name)
	switch {
	case name == "":
		return errors.New("no name was given (-u); --force makes a key with a random one")
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("there is no local administrator %q; --force makes the key all the same", name)
	}
	return err
}
