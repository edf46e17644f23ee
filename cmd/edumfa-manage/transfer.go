package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/pyliteral"
	"edumfa/internal/store"
	"edumfa/internal/transfer"
)

// withTransfer opens the database for imports and exports.
func withTransfer(cmd *cobra.Command, f func(ctx context.Context, t *transfer.Transfer) error) error {
	return withTables(cmd, func(ctx context.Context, c *config.Config, db *store.DB) error {
		return f(ctx, app.Transfer(c, db, app.Deps{}))
	})
}

// importFlags are the options of all imports.
func importFlags(c *cobra.Command, o *transfer.Options) {
	f := c.Flags()
	f.BoolVarP(&o.Update, "update", "u", false, "change objects that are there already")
	f.BoolVarP(&o.Purge, "purge", "p", false, "delete objects that are not in the file")
}

// importCommand imports one kind from a file.
func importCommand(name, kind string) *cobra.Command {
	var file string
	var o transfer.Options
	c := &cobra.Command{Use: name, Short: "Import " + kind + " definitions; those that are there already stay as they are", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			src, err := readFile(cmd, file)
			if err != nil {
				return err
			}
			data, err := transfer.ParseFile(string(src), kind)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			return importData(cmd, data, []string{kind}, o)
		}}
	c.Flags().StringVarP(&file, "file", "f", "", `file to read, "-" is standard input`)
	c.Flags().BoolVarP(&o.Cleanup, "cleanup", "c", false, "delete all objects of the kind before")
	importFlags(c, &o)
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "say what would be done and do nothing")
	required(c, "file")
	return c
}

// required makes an option mandatory.
func required(c *cobra.Command, name string) {
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed(name) {
			return usageError{fmt.Errorf("the option -%s is missing", cmd.Flags().Lookup(name).Shorthand)}
		}
		return run(cmd, args)
	}
}

func importData(cmd *cobra.Command, data *pyliteral.Dict, kinds []string, o transfer.Options) error {
	return withTransfer(cmd, func(ctx context.Context, t *transfer.Transfer) error {
		lines, err := t.Import(ctx, data, kinds, o)
		for _, l := range lines {
			fmt.Fprintln(cmd.OutOrStdout(), l)
		}
		return err
	})
}

// exportCommand writes one kind. gather makes what stands below the kind's name.
func exportCommand(name, kind string, gather func(ctx context.Context, t *transfer.Transfer, object string) (any, error)) *cobra.Command {
	var file, object string
	c := &cobra.Command{Use: name, Short: "Export " + kind + " definitions as a Python literal", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTransfer(cmd, func(ctx context.Context, t *transfer.Transfer) error {
				v, err := gather(ctx, t, object)
				if err != nil {
					return err
				}
				return writeOut(cmd, file, transfer.Pretty(pyliteral.NewDict(pyliteral.Pair{Key: kind, Value: v})))
			})
		}}
	c.Flags().StringVarP(&file, "file", "f", "-", `file to write, "-" is standard output`)
	c.Flags().StringVarP(&object, "name", "n", "", "export this one only")
	return c
}

// writeOut writes a file that only its owner may read, for there can be secrets
// in it. "-" is standard output.
func writeOut(cmd *cobra.Command, name, text string) error {
	if name == "-" || name == "" {
		_, err := io.WriteString(cmd.OutOrStdout(), text)
		return err
	}
	return os.WriteFile(name, []byte(text), 0o600)
}
