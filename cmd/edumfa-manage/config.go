package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"edumfa/internal/pyliteral"
	"edumfa/internal/transfer"
)

func configCommand() *cobra.Command {
	return group("config", "Move configuration in and out",
		group("export", "Export configuration", configExportFull(), policyExport("policy"), eventExport("event"), resolverExport("resolver")),
		group("import", "Import configuration", configImportFull(), importCommand("policy", "policy"), importCommand("event", "event"), importCommand("resolver", "resolver")),
		configExporter(), configImporter())
}

// kindsOf reads the option --types.
func kindsOf(given []string) ([]string, error) {
	all := transfer.Kinds()
	var out []string
	for _, name := range given {
		name = strings.ToLower(name)
		if name == "all" {
			return all, nil
		}
		if !slices.Contains(all, name) {
			return nil, usageError{fmt.Errorf("there is no type %q; there are all, %s", name, strings.Join(all, ", "))}
		}
		out = append(out, name)
	}
	return out, nil
}

func configExporter() *cobra.Command {
	var file, form, object string
	var types []string
	c := &cobra.Command{Use: "exporter", Short: "Export configuration, secrets in clear", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kinds, err := kindsOf(types)
			if err != nil {
				return err
			}
			if !slices.Contains(transfer.Formats(), strings.ToLower(form)) {
				return usageError{fmt.Errorf("there is no format %q; there are %s", form, strings.Join(transfer.Formats(), ", "))}
			}
			return withTransfer(cmd, func(ctx context.Context, t *transfer.Transfer) error {
				data, err := t.Export(ctx, kinds, object)
				if err != nil {
					return err
				}
				text, err := transfer.Format(data, form)
				if err != nil {
					return err
				}
				return writeOut(cmd, file, text)
			})
		}}
	f := c.Flags()
	f.StringVarP(&file, "output", "o", "-", `file to write, "-" is standard output`)
	f.StringVarP(&form, "format", "f", "python", strings.Join(transfer.Formats(), ", "))
	f.StringArrayVarP(&types, "types", "t", []string{"all"}, "what to export, can be given several times: all, "+strings.Join(transfer.Kinds(), ", "))
	f.StringVarP(&object, "name", "n", "", "export objects of this name only")
	return c
}

func configImporter() *cobra.Command {
	var file, object string
	var types []string
	c := &cobra.Command{Use: "importer", Short: "Import configuration; objects that are there already are changed", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kinds, err := kindsOf(types)
			if err != nil {
				return err
			}
			src, err := readFile(cmd, file)
			if err != nil {
				return err
			}
			v, err := transfer.Parse(string(src))
			if err != nil {
				return err
			}
			data, ok := v.(*pyliteral.Dict)
			if !ok {
				return transfer.ErrNoDict
			}
			return importData(cmd, data, kinds, transfer.Options{Name: object, Update: true})
		}}
	f := c.Flags()
	f.StringVarP(&file, "input", "i", "-", `file to read, "-" is standard input`)
	f.StringArrayVarP(&types, "types", "t", []string{"all"}, "what to import, can be given several times: all, "+strings.Join(transfer.Kinds(), ", "))
	f.StringVarP(&object, "name", "n", "", "import objects of this name only")
	return c
}

// fullKinds are what "config export full" and its import are about.
func fullKinds() []string { return []string{"event", "resolver", "policy"} }

func configExportFull() *cobra.Command {
	var secrets, archive bool
	var dir string
	c := &cobra.Command{Use: "full", Short: "Export resolvers, events and policies", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTransfer(cmd, func(ctx context.Context, t *transfer.Transfer) error {
				text, err := fullExport(ctx, t, secrets)
				if err != nil {
					return err
				}
				if !archive && dir == "" {
					return writeOut(cmd, "-", text)
				}
				name, err := writeBackup(dir, text, archive)
				if err == nil {
					fmt.Fprintf(cmd.ErrOrStderr(), "Configuration written to %s\n", name)
				}
				return err
			})
		}}
	f := c.Flags()
	f.BoolVarP(&secrets, "print_passwords", "p", false, "write passwords in clear; without them an import keeps those that are stored")
	f.BoolVarP(&archive, "archive", "a", false, "write a tar.gz archive")
	f.StringVarP(&dir, "directory", "d", "", "directory for the file, made when it is missing")
	return c
}

func fullExport(ctx context.Context, t *transfer.Transfer, secrets bool) (string, error) {
	resolvers, err := t.Resolvers(ctx, "", secrets)
	if err != nil {
		return "", err
	}
	events, err := t.Events(ctx, "")
	if err != nil {
		return "", err
	}
	policies, err := t.Policies(ctx, "")
	if err != nil {
		return "", err
	}
	return transfer.Pretty(pyliteral.NewDict(pyliteral.Pair{Key: "policy", Value: policies}, pyliteral.Pair{Key: "resolver", Value: resolvers},
		pyliteral.Pair{Key: "event", Value: events})), nil
}

// writeBackup writes the file edumfa-config-backup-<host>-<time>.py, or an
// archive of it, readable for its owner only.
func writeBackup(dir, text string, archive bool) (string, error) {
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
	}
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	base := transfer.BackupName + "-" + host + "-" + time.Now().Format("20060102-1504")
	name, content := filepath.Join(dir, base+".py"), []byte(text)
	if archive {
		name = filepath.Join(dir, base+".tar.gz")
		if content, err = transfer.Pack(base+".py", content, time.Now()); err != nil {
			return "", err
		}
	}
	// A file that is there already may be open to others: it is replaced.
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return name, os.WriteFile(name, content, 0o600)
}

func configImportFull() *cobra.Command {
	var file string
	var o transfer.Options
	c := &cobra.Command{Use: "full", Short: "Import events, resolvers and policies from a file or an archive", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			src, err := readFile(cmd, file)
			if err != nil {
				return err
			}
			if src, err = transfer.Unpack(src); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			data, err := transfer.ParseFile(string(src), "")
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			return importData(cmd, data, fullKinds(), o)
		}}
	f := c.Flags()
	f.StringVarP(&file, "file", "f", "-", `file to read, "-" is standard input`)
	f.BoolVarP(&o.Cleanup, "cleanup", "c", false, "delete all events and policies before")
	wipe := f.BoolP("wipe", "w", false, "the opposite of --cleanup, as it has always been")
	importFlags(c, &o)
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		o.Cleanup = o.Cleanup && !*wipe
		return run(cmd, args)
	}
	return c
}
