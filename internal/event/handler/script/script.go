// Package script is the event handler that runs programs of the administrator.
package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"edumfa/internal/event"
	"edumfa/internal/mfaerr"
)

const (
	waits = "wait"
	// maxBackground is how many programs may run that nobody waits for.
	maxBackground = 64
	// inBackground is how long they may take.
	inBackground = 10 * time.Minute
	// maxSaid bounds what is logged of what a program that failed wrote to its
	// standard error, in bytes.
	maxSaid = 2 << 10
)

// Handler runs programs. No shell is involved: what a request says is one
// argument, whatever it contains.
type Handler struct {
	// Dir is the folder with the programs; others are not run.
	Dir string
	// Env is all that programs find in their environment.
	Env []string
	// running bounds the programs in the background.
	running chan struct{}
}

// New makes a handler for the programs of a folder.
func New(dir string, env []string) *Handler {
	return &Handler{Dir: dir, Env: env, running: make(chan struct{}, maxBackground)}
}

var (
	_ event.Handler = (*Handler)(nil)
	_ event.Lister  = (*Handler)(nil)
)

// Info describes the handler.
func (*Handler) Info() event.Info {
	return event.Info{Name: "Script", Positions: []event.Position{event.Post, event.Pre}}
}

// Actions are the names of the files in the folder.
func (h *Handler) Actions() ([]string, error) {
	list, err := os.ReadDir(h.Dir)
	if err != nil {
		return nil, mfaerr.NewConfig("The folder of the scripts, EDUMFA_SCRIPT_HANDLER_DIRECTORY, cannot be read.").WithCause(err)
	}
	names := []string{}
	for _, f := range list {
		if !f.IsDir() && plain(f.Name()) {
			names = append(names, f.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// plain reports whether a name is that of a file in the folder and not a way to
// somewhere else.
func plain(name string) bool {
	return name != "" && name == filepath.Base(name) && !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, "/\\\x00")
}

// Do runs the program that the action names. With background=wait its end is
// waited for; one that cannot be started, ends with another code than 0 or takes
// too long is an error, which fails the request if raise_error says so (903).
func (h *Handler) Do(ctx context.Context, c event.Call) error {
	background, _ := c.Option("background")
	wait := background == waits
	if c.Flag("sync_to_database") && c.Actor != nil {
		if err := c.Actor.Commit(ctx); err != nil {
			return err
		}
	}
	if !wait {
		return h.start(ctx, c)
	}
	cmd, said := h.command(ctx, c)
	if cmd == nil {
		return raised(c, "Failed to start script.", errName(c))
	}
	if err := cmd.Start(); err != nil {
		return raised(c, "Failed to start script.", err)
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return raised(c, "Error during execution of the script.", said.explain(err))
	}
	return nil
}

func errName(c event.Call) error {
	return fmt.Errorf("%q is no file in the folder of the scripts", c.Definition.Action)
}

// raised is an error that the client is told of if the definition says so.
func raised(c event.Call, public string, cause error) error {
	if !c.Flag("raise_error") {
		return cause
	}
	return event.Abort(mfaerr.NewRequest(mfaerr.CodeServer, "%s", public).WithCause(cause))
}

// start runs a program that nobody waits for; what becomes of it is logged.
func (h *Handler) start(ctx context.Context, c event.Call) error {
	select {
	case h.running <- struct{}{}:
	default:
		return fmt.Errorf("%d scripts are running in the background: no other one is started", maxBackground)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Timeout(inBackground, inBackground))
	over := func() {
		cancel()
		<-h.running
	}
	cmd, said := h.command(ctx, c)
	if cmd == nil {
		over()
		return errName(c)
	}
	if err := cmd.Start(); err != nil {
		over()
		return err
	}
	go func() {
		defer over()
		if err := cmd.Wait(); err != nil {
			c.Log.LogAttrs(context.WithoutCancel(ctx), slog.LevelWarn, "script in the background failed", slog.Any("error", said.explain(err)))
		}
	}()
	return nil
}

// command is the program with its arguments; nil if there cannot be one. When
// the time is over, the program and all that it started are killed.
func (h *Handler) command(ctx context.Context, c event.Call) (*exec.Cmd, *stderr) {
	name := c.Definition.Action
	if !plain(name) {
		return nil, nil
	}
	said := &stderr{}
	cmd := exec.CommandContext(ctx, filepath.Join(h.Dir, name), arguments(c)...)
	cmd.Dir, cmd.Env, cmd.Stderr = h.Dir, h.Env, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	// a grandchild that went away from the group must not keep us
	cmd.WaitDelay = time.Second
	return cmd, said
}

// arguments are those that the options ask for, in their fixed order.
func arguments(c event.Call) []string {
	args := []string{}
	add := func(option, value string) {
		if c.Flag(option) {
			if value == "" {
				value = "none"
			}
			args = append(args, "--"+option, value)
		}
	}
	caller, u := c.Facts.Caller(), c.Facts.Meant()
	who := "none@none"
	if caller.Name != "" {
		who = caller.Name + "@" + caller.Realm
	}
	add("serial", c.Facts.Named())
	add("user", u.Login)
	add("realm", u.Realm)
	add("logged_in_user", who)
	add("logged_in_role", caller.Role)
	return args
}

// stderr keeps the beginning of what is written to it.
type stderr struct{ b bytes.Buffer }

func (s *stderr) Write(p []byte) (int, error) {
	if room := maxSaid - s.b.Len(); room > 0 {
		s.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (s *stderr) explain(err error) error {
	if said := strings.TrimSpace(strings.ToValidUTF8(s.b.String(), "\ufffd")); said != "" && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}
