// Command edumfa-manage administers an installation on its own machine: keys,
// tables, administrators, and what else must work without the server.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	if err := root().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// root is all commands, one file for each group.
func root() *cobra.Command {
	c := &cobra.Command{Use: "edumfa-manage", Short: "Administer an eduMFA installation", SilenceUsage: true, SilenceErrors: true}
	c.AddCommand(keyCommands()...)
	c.AddCommand(tableCommands()...)
	c.AddCommand(adminCommand())
	return c
}
