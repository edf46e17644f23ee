// Command edumfa-cron lists periodic tasks and runs those that are due on a node,
// as cron calls it. Servers run the tasks by themselves; see docs/tasks.md.
//
// Its exit status is 0 when all went well, 1 when a task failed, and 2 when the
// command line is wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/task"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

const usage = `usage: edumfa-cron COMMAND

  list                                      show all periodic tasks
  run_scheduled [-n NODE] [-d] [-c]         run the tasks that are due on the node
      -n, --node NODE   the name of the node, instead of the configuration's
      -d, --dryrun      only show them
      -c, --cron        write nothing but errors
  run-manually -t TASK [-n NODE]            run a task, whether it is active and due or not
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// asked is what the command line says.
type asked struct {
	node, task string
	dry, quiet bool
}

func parse(command string, args []string) (a asked, err error) {
	f := flag.NewFlagSet(command, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	if command != "list" {
		f.StringVar(&a.node, "n", "", "")
		f.StringVar(&a.node, "node", "", "")
	}
	switch command {
	case "run_scheduled", "run-scheduled":
		f.BoolVar(&a.dry, "d", false, "")
		f.BoolVar(&a.dry, "dryrun", false, "")
		f.BoolVar(&a.quiet, "c", false, "")
		f.BoolVar(&a.quiet, "cron", false, "")
	case "run-manually":
		f.StringVar(&a.task, "t", "", "")
		f.StringVar(&a.task, "task", "", "")
	}
	if err := f.Parse(args); err != nil {
		return a, err
	}
	if f.NArg() > 0 {
		return a, fmt.Errorf("%q is not understood", f.Arg(0))
	}
	if command == "run-manually" && a.task == "" {
		return a, errors.New("the option --task is missing")
	}
	return a, nil
}

func run(ctx context.Context, args []string, env func(string) (string, bool), out, errs io.Writer) int {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(out, usage)
		return 0
	}
	works := map[string]func(context.Context, *app.App, asked, io.Writer, io.Writer) int{
		"list": list, "run_scheduled": scheduled, "run-scheduled": scheduled, "run-manually": manually,
	}
	work, known := works[args[0]]
	if !known {
		fmt.Fprintf(errs, "Error: there is no command %q\n", args[0])
		if strings.ReplaceAll(args[0], "_", "-") == "run-manually" {
			fmt.Fprintln(errs, "The command is called run-manually.")
		}
		return exitUsage
	}
	a, err := parse(args[0], args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintf(errs, "Error: %s: %v\n", args[0], err)
		return exitUsage
	}
	if a.quiet {
		out = io.Discard
	}
	c, _, err := config.Load(env, os.ReadFile)
	if err != nil {
		fmt.Fprintln(errs, "Error:", err)
		return exitFailed
	}
	log := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	opened, err := app.Open(ctx, c, app.Deps{Log: log})
	if err != nil {
		fmt.Fprintln(errs, "Error:", err)
		return exitFailed
	}
	defer func() { _ = opened.Close() }()
	if a.node == "" {
		a.node = opened.Tasks.Node
	}
	return work(ctx, opened, a, out, errs)
}

func list(ctx context.Context, a *app.App, _ asked, out, errs io.Writer) int {
	tasks, err := a.Store.PeriodicTasks(ctx)
	if err != nil {
		fmt.Fprintln(errs, "Error:", err)
		return exitFailed
	}
	line := func(active, id, name, interval, module, nodes, options string) {
		fmt.Fprintf(out, "%-7.7s %3s %-16.16s\t%-16.16s\t%-16s\t%-20s\t%s\n", active, id, name, interval, module, nodes, options)
	}
	line("Active", "ID", "Name", "Interval", "Task Module", "Nodes", "Options")
	fmt.Fprintln(out, strings.Repeat("=", 120))
	for _, t := range tasks {
		active := "False"
		if t.Active {
			active = "True"
		}
		options, err := json.Marshal(t.Options)
		if err != nil {
			options = nil
		}
		line(active, fmt.Sprint(t.ID), t.Name, t.Interval, t.Module, strings.Join(t.Nodes, ", "), string(options))
	}
	return 0
}

func scheduled(ctx context.Context, a *app.App, o asked, out, errs io.Writer) int {
	tasks, err := a.Tasks.DueOn(ctx, o.node)
	if err != nil {
		fmt.Fprintln(errs, "Error:", err)
		return exitFailed
	}
	if len(tasks) == 0 {
		fmt.Fprintf(out, "There are no tasks scheduled on node %s.\n", o.node)
		return 0
	}
	fmt.Fprintf(out, "The following tasks are scheduled to run on node %s:\n\n", o.node)
	for _, t := range tasks {
		fmt.Fprintf(out, "  %s ('%s', %s)\n", t.Name, t.Interval, t.Module)
	}
	fmt.Fprintln(out)
	if o.dry {
		fmt.Fprintln(out, "Not running any tasks because --dryrun was passed.")
		return 0
	}
	failed := false
	for _, t := range tasks {
		failed = !runOne(ctx, a, t, o.node, out, errs) || failed
	}
	if failed {
		fmt.Fprintln(errs, "Some tasks exited with errors.")
		return exitFailed
	}
	fmt.Fprintln(out, "All scheduled tasks executed successfully.")
	return 0
}

// runOne runs a task and reports whether all is well. One that a server is just
// running is left to it.
func runOne(ctx context.Context, a *app.App, t task.Task, node string, out, errs io.Writer) bool {
	fmt.Fprintf(out, "Running '%s' ...\n", t.Name)
	report, err := a.Tasks.RunOn(ctx, t, node)
	switch {
	case errors.Is(err, task.ErrTaken):
		fmt.Fprintf(out, "Task '%s': %v.\n", t.Name, err)
		return true
	case err != nil:
		fmt.Fprintf(errs, "Task '%s' on node '%s' did not run successfully: %v\n", t.Name, node, err)
		return false
	}
	fmt.Fprintf(out, "Task '%s' on node '%s' exited successfully. %s\n", t.Name, node, report)
	return true
}

func manually(ctx context.Context, a *app.App, o asked, out, errs io.Writer) int {
	tasks, err := a.Store.PeriodicTasks(ctx)
	if err != nil {
		fmt.Fprintln(errs, "Error:", err)
		return exitFailed
	}
	for _, t := range tasks {
		if t.Name == o.task {
			if !runOne(ctx, a, t, o.node, out, errs) {
				return exitFailed
			}
			return 0
		}
	}
	fmt.Fprintf(errs, "Error: there is no periodic task '%s'\n", o.task)
	return exitFailed
}
