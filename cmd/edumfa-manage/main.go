// Command edumfa-manage administers an installation on its own machine: keys,
// tables, administrators, configuration, and what else must work without the
// server.
//
// Its exit status is 0 when all went well, 1 when something was refused or
// failed, and 2 when the command line itself is wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
)

// Exit statuses.
const (
	exitRefused = 1
	exitUsage   = 2
)

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, in io.Reader, out, errs io.Writer) int {
	c := root()
	c.SetArgs(longMarks(args))
	c.SetIn(in)
	c.SetOut(out)
	c.SetErr(errs)
	err := c.ExecuteContext(context.Background())
	if err == nil {
		return 0
	}
	fmt.Fprintln(errs, "Error:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitRefused
}

// longMarks writes the two options out that have a short name of two letters.
func longMarks(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		name, value, has := strings.Cut(a, "=")
		switch name {
		case "-hw":
			a = "--highwatermark"
		case "-lw":
			a = "--lowwatermark"
		default:
			out[i] = a
			continue
		}
		if has {
			a += "=" + value
		}
		out[i] = a
	}
	return out
}

// root is all commands, one file for each group.
func root() *cobra.Command {
	c := group("edumfa-manage", "Administer an eduMFA installation")
	c.SilenceUsage, c.SilenceErrors, c.TraverseChildren = true, true, true
	c.Version = app.Version
	c.SetVersionTemplate("eduMFA {{.Version}}\n")
	var quiet bool
	f := c.Flags()
	f.BoolVarP(&quiet, "quiet", "q", false, "do not print the line with the version")
	c.PersistentPreRun = func(cmd *cobra.Command, _ []string) {
		if !quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), "eduMFA %s\n", app.Version)
		}
	}
	var ignored string
	f.StringVarP(&ignored, "env-file", "e", "", "not used any more")
	f.StringVarP(&ignored, "app", "A", "", "not used any more")
	f.Bool("debug", false, "not used any more")
	f.Bool("no-debug", false, "not used any more")
	for _, name := range []string{"env-file", "app", "debug", "no-debug"} {
		_ = f.MarkHidden(name)
	}
	c.AddCommand(keyCommands()...)
	c.AddCommand(tableCommands()...)
	c.AddCommand(adminCommand(), apiCommand(), realmCommand(), resolverCommand(), policyCommand(), eventCommand(), configCommand(), dbCommand(), auditCommand(), auditRotate("rotate_audit"), queueCommand(), authcacheCommand(), tokenCommand(), backupCommand(), caCommand(), hsmCommand(),
		serveHint("run"), serveHint("runserver"))
	strict(c)
	return c
}

// group is a command that only has others below it. Alone it prints its help.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, RunE: func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return usageError{fmt.Errorf("there is no command %q below %q", args[0], cmd.CommandPath())}
	}}
	c.AddCommand(below...)
	return c
}

// hsmCommand is there for scripts; keys in hardware are not supported.
func hsmCommand() *cobra.Command {
	c := &cobra.Command{Use: "create_keys", Short: "Not supported", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("security modules are not supported; create_enckey makes keys in a file")
		}}
	return group("hsm", "Security modules, which are not supported", c)
}

// serveHint names the program that serves, to those who look for it here.
func serveHint(name string) *cobra.Command {
	return &cobra.Command{Use: name, Hidden: true, DisableFlagParsing: true, Args: cobra.ArbitraryArgs,
		RunE: func(*cobra.Command, []string) error { return errors.New(`start the server with "edumfa serve"`) }}
}

// strict makes every complaint about a command line a usageError.
func strict(c *cobra.Command) {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	} else {
		c.Args = cobra.ArbitraryArgs
	}
	for _, sub := range c.Commands() {
		strict(sub)
	}
}

// as is the same command under another name that old scripts use.
func as(name string, c *cobra.Command) *cobra.Command {
	_, args, _ := strings.Cut(c.Use, " ")
	c.Use = strings.TrimSpace(name + " " + args)
	return c
}
