package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/field"
	"edumfa/internal/store"
)

func caCommand() *cobra.Command {
	return group("ca", "Manage certificate authorities", caCreate(), caCRL("create_crl"), caCRL("create-crl"), caList())
}

// conversation asks at the terminal what the command line does not say.
type conversation struct {
	in    *bufio.Reader
	out   io.Writer
	given map[string]*string
	yes   *bool
}

func (c *conversation) Option(name string) string {
	if v, ok := c.given[name]; ok {
		return *v
	}
	return ""
}

func (c *conversation) Say(text string) { fmt.Fprintln(c.out, text) }

func (c *conversation) Ask(option, question, usual string) (string, error) {
	if option == "yes" && *c.yes {
		return "y", nil
	}
	if v := c.Option(option); v != "" {
		return v, nil
	}
	fmt.Fprint(c.out, question)
	line, err := c.in.ReadString('\n')
	fmt.Fprintln(c.out)
	if err != nil && line == "" {
		return "", errors.New("the answers ended before everything was asked")
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return usual, nil
	}
	return line, nil
}

func caCreate() *cobra.Command {
	var kind, issuer string
	var yes bool
	given := map[string]*string{}
	c := &cobra.Command{Use: "create NAME", Short: "Make a CA connector; for the type local, the certificate authority itself", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, func(ctx context.Context, a *app.App) error {
				talk := &conversation{in: bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 1<<20)), out: cmd.OutOrStdout(), given: given, yes: &yes}
				id, err := a.CreateCA(ctx, kind, args[0], issuer, talk)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "Saved CA Connector with ID %d.\n", id)
				return nil
			})
		}}
	f := c.Flags()
	f.StringVarP(&kind, "type", "t", "local", "the type of the connector")
	f.StringVar(&issuer, "issuer", "", "a local CA that signs the new one, which becomes an intermediate CA")
	f.BoolVarP(&yes, "yes", "y", false, "do not ask whether all is correct")
	for _, o := range []struct{ name, help string }{
		{"key", "kind of the key: rsa (usual), ecdsa or ed25519"}, {"directory", "folder of the CA"}, {"keysize", "bits of the key"},
		{"days", "days that the CA is valid"}, {"dn", "name of the CA: /CN=Staff CA/O=Example"},
		{"crl-days", "days that a CRL is valid"}, {"crl-overlap", "days before its end that a CRL is replaced"},
	} {
		given[o.name] = f.String(o.name, "", o.help)
	}
	return c
}

func caCRL(name string) *cobra.Command {
	var force bool
	c := &cobra.Command{Use: name + " CA", Short: "Make a new list of revoked certificates if the old one ends soon", Args: cobra.ExactArgs(1), Hidden: name != "create_crl",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, func(ctx context.Context, a *app.App) error {
				file, err := a.MakeCRL(ctx, args[0], !force)
				if err != nil {
					return err
				}
				if file == "" {
					fmt.Fprintln(cmd.OutOrStdout(), "The CRL was not created.")
					return nil
				}
				fmt.Fprintf(cmd.OutOrStdout(), "The CRL %s was created.\n", file)
				return nil
			})
		}}
	c.Flags().BoolVarP(&force, "force", "f", false, "make one in any case")
	return c
}

func caList() *cobra.Command {
	var verbose bool
	c := &cobra.Command{Use: "list", Short: "List the CA connectors", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTables(cmd, func(ctx context.Context, _ *config.Config, db *store.DB) error {
				list, err := db.CAConnectors(ctx)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				for _, d := range list {
					fmt.Fprintf(out, "%s (type %s)\n", d.Name, d.Kind)
					for _, o := range d.Options {
						if o.Type == "password" {
							o.Value = field.Censored
						}
						if verbose {
							fmt.Fprintf(out, "\t%-20s: %s\n", o.Key, o.Value)
						}
					}
				}
				return nil
			})
		}}
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show the settings too, without secrets")
	return c
}
