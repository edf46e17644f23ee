package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/tokenimport"
	"edumfa/internal/tokenimport/oathcsv"
)

func tokenCommand() *cobra.Command {
	return group("token", "Manage tokens", tokenImport())
}

func tokenImport() *cobra.Command {
	var realm string
	c := &cobra.Command{Use: "import FILE", Short: "Make tokens from an OATH CSV file: serial, key, type, length, counter or time step", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			src, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			file, err := oathcsv.Parse(string(src))
			if err != nil {
				return err
			}
			for _, n := range file.Skipped {
				fmt.Fprintf(cmd.ErrOrStderr(), "Line %d has no serial or no key.\n", n)
			}
			var realms []string
			if realm != "" {
				realms = []string{strings.ToLower(realm)}
			}
			return withApp(cmd, func(ctx context.Context, a *app.App) error { return importTokens(ctx, cmd, a, file.Entries, realms) })
		}}
	c.Flags().StringVarP(&realm, "realm", "t", "", "realm to put the tokens into")
	return c
}

func importTokens(ctx context.Context, cmd *cobra.Command, a *app.App, list []tokenimport.Entry, realms []string) error {
	n, failed := 0, 0
	err := a.ImportTokens(ctx, list, realms, func(t tokenimport.Entry, err error) {
		n++
		fmt.Fprintf(cmd.OutOrStdout(), "%d/%d Importing token %s\n", n, len(list), t.Serial)
		if err != nil {
			failed++
			fmt.Fprintf(cmd.ErrOrStderr(), "Token %s was not imported: %v\n", t.Serial, err)
		}
	})
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d tokens were not imported", failed, len(list))
	}
	return err
}
