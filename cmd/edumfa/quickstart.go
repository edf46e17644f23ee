package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"edumfa/internal/app"
	"edumfa/internal/secret"
)

// quickstartDir is the folder of an installation that quickstart makes when it
// is not told another one.
const quickstartDir = "var"

// quickstart serves the installation that the environment names. Where it names
// none, it serves the one in a folder, and makes it first if there is none.
func quickstart(args []string) error {
	dir := quickstartDir
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		dir, args = args[0], args[1:]
	}
	o, err := serveFlags("quickstart", args)
	if err != nil {
		return err
	}
	if name, ok := os.LookupEnv(configVariable); ok && name != "" {
		o.ready = func(address string) { welcome(os.Stdout, address, name, secret.String{}) }
		return serveInstallation(o)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	password, err := app.Setup(context.Background(), dir, app.Deps{})
	if err != nil {
		return fmt.Errorf("cannot make an installation: %w", err)
	}
	file := filepath.Join(dir, app.ConfigName)
	o.env = func(name string) (string, bool) {
		if name == configVariable {
			return file, true
		}
		return os.LookupEnv(name)
	}
	o.ready = func(address string) { welcome(os.Stdout, address, file, password) }
	return serveInstallation(o)
}

// welcome tells how to use the server. The password is there at the first start
// only: nothing keeps it.
func welcome(w io.Writer, address, file string, password secret.String) {
	shown := "PASSWORD"
	fmt.Fprintf(w, "\neduMFA answers at http://%s\nConfiguration: %s (keys and database beside it)\n", address, file)
	if !password.Empty() {
		shown = password.Reveal()
		fmt.Fprintf(w, "Administrator: %s, password %s (shown this once)\n", app.FirstAdmin, shown)
	}
	fmt.Fprintf(w, "Log in:        curl http://%s/auth -d username=%s -d password=%s\n", address, app.FirstAdmin, shown)
	fmt.Fprintf(w, "Administer:    EDUMFA_CONFIGFILE=%s edumfa-manage --help\n\n", file)
}

// oneLine makes an error the one line that whoever starts the server sees.
func oneLine(err error) error {
	text := []byte(err.Error())
	for i, b := range text {
		if b == '\n' || b == '\r' {
			text[i] = ' '
		}
	}
	return errors.New(string(text))
}
