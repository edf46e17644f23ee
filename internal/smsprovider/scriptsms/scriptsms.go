// Package scriptsms sends text messages by programs of the administrator. No
// shell is involved: the number is one argument, the message comes on the
// standard input.
package scriptsms

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"edumfa/internal/smsprovider"
)

const (
	waits = "wait"
	// limit is how long a program may run.
	limit = 60 * time.Second
)

// Kind returns the kind. Programs are in the folder only.
func Kind(folder string) smsprovider.Kind {
	return smsprovider.Kind{
		Module: smsprovider.Prefix + "ScriptSMSProvider.ScriptSMSProvider",
		Parameters: []smsprovider.Parameter{
			{Name: "script", Required: true, Help: "Program in the folder EDUMFA_SCRIPT_SMSPROVIDER_DIRECTORY. Its argument is the phone number, its input the message."},
			{Name: "REGEXP", Help: smsprovider.RegexpHelp},
			{Name: "background", Required: true, Help: "Wait until the program has ended, or let it run in the background.", Values: []string{"background", waits}},
		},
		Send: func(ctx context.Context, g smsprovider.Gateway, m smsprovider.Message) error {
			return send(ctx, folder, g, m)
		},
	}
}

func send(ctx context.Context, folder string, g smsprovider.Gateway, m smsprovider.Message) error {
	wait := g.Options["background"] == waits
	name := g.Options["script"]
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return errors.New("the script of the SMS gateway is no name of a file")
	}
	phone := g.Phone(m.Phone)
	if strings.HasPrefix(phone, "-") {
		return errors.New("a phone number that looks like an option is not given to a script")
	}
	if !wait {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	cmd := exec.CommandContext(ctx, filepath.Join(folder, name), phone)
	cmd.Dir = folder
	cmd.Stdin = strings.NewReader(m.Text)
	// a grandchild that keeps the input open must not keep us
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		if !wait {
			return nil // nobody waits to hear of it
		}
		return fmt.Errorf("the script of the SMS gateway cannot be started: %w", err)
	}
	if !wait {
		go func() {
			defer cancel()
			_ = cmd.Wait()
		}()
		return nil
	}
	defer cancel()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the script of the SMS gateway: %w", err)
	}
	return nil
}
