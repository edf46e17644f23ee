package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/backup"
	"edumfa/internal/config"
	"edumfa/internal/store"
)

func backupCommand() *cobra.Command {
	return group("backup", "Save an installation and bring it back", backupCreate(), backupRestore())
}

func backupCreate() *cobra.Command {
	var o backup.Options
	var configDir, radiusDir, lock string
	c := &cobra.Command{Use: "create", Short: "Write the database and the configuration into an archive", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			option, err := backup.LockOption(lock)
			if err != nil {
				return usageError{err}
			}
			o.Folders, o.Now = []string{configDir}, time.Now()
			if radiusDir != "" {
				o.Folders = append(o.Folders, radiusDir)
			}
			return withStore(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
				o.KeyFile = c.EncFile
				dump := backup.Dump{Extension: ".sqlite", Write: db.CopyTo}
				if db.Product() != "sqlite" {
					server, err := backup.ParseServer(c.DatabaseURI)
					if err != nil {
						return err
					}
					server.LockOption = option
					dump = backup.Dump{Extension: ".sql", Write: server.Dump}
				}
				name, err := backup.Create(ctx, o, dump)
				if err == nil {
					fmt.Fprintf(cmd.OutOrStdout(), "Backup written to %s\n", name)
				}
				return err
			})
		}}
	f := c.Flags()
	f.StringVarP(&o.Target, "directory", "d", "/var/lib/edumfa/backup/", "folder for the archive")
	f.StringVarP(&configDir, "config_dir", "c", "/etc/edumfa/", "folder with the configuration")
	f.StringVarP(&radiusDir, "radius_dir", "r", "", "folder with the configuration of FreeRADIUS, to be saved too")
	f.BoolVarP(&o.WithKey, "enckey", "e", false, "save the encryption key too: who has the archive can then read all secrets")
	f.StringVarP(&lock, "lock_table_strategy", "l", "", "how mysqldump locks tables: LAT (all tables), ST (one transaction), SLT (not at all)")
	return c
}

func backupRestore() *cobra.Command {
	return &cobra.Command{Use: "restore FILE", Short: "Bring back the database and the configuration of an archive, over what is there", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			content, err := backup.Inspect(args[0])
			if err != nil {
				return err
			}
			work, err := os.MkdirTemp("", "edumfa-restore-")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(work) }()
			out := cmd.OutOrStdout()
			if !content.HasKey {
				fmt.Fprintln(out, "The archive has no file enckey: the encryption key must be brought back by hand.")
			}
			fmt.Fprintf(out, "Restoring to %s with data from %s\n", content.Config, content.Dump)
			dump := filepath.Join(work, "dump")
			if err := backup.Extract(args[0], content, "/", dump); err != nil {
				return err
			}
			return loadDump(cmd.Context(), content.Config, dump, strings.HasSuffix(content.Dump, ".sqlite"))
		}}
}

// loadDump brings a copy into the database that the restored configuration names.
func loadDump(ctx context.Context, configFile, dump string, isSQLite bool) error {
	env := func(name string) (string, bool) {
		if name == "EDUMFA_CONFIGFILE" {
			return configFile, true
		}
		return "", false
	}
	c, _, err := config.Load(env, os.ReadFile)
	if err != nil {
		return err
	}
	if c.DatabaseURI.Empty() {
		return fmt.Errorf("%s has no SQLALCHEMY_DATABASE_URI", configFile)
	}
	if !isSQLite {
		server, err := backup.ParseServer(c.DatabaseURI)
		if err != nil {
			return err
		}
		return server.Load(ctx, dump)
	}
	db, err := app.OpenStore(ctx, c, app.Deps{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := db.ReplaceBy(ctx, dump); err != nil {
		return err
	}
	return db.Touch(ctx) // running servers look at their configuration again
}
