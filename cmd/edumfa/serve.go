package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/dburi"
	"edumfa/internal/logging"
	"edumfa/internal/metrics"
)

// Limits of a connection: slow clients must not hold the server.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 60 * time.Second
	writeTimeout  = 120 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	drainTime     = 20 * time.Second
)

// configVariable names the configuration file.
const configVariable = "EDUMFA_CONFIGFILE"

// options are what a start of the server is told.
type options struct {
	listen string // "" is EDUMFA_LISTEN
	env    func(string) (string, bool)
	// ready is called once the server takes connections; nil does nothing.
	ready func(address string)
}

func serveFlags(name string, args []string) (options, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	listen := flags.String("listen", "", "address to listen on, host:port; default is EDUMFA_LISTEN")
	if err := flags.Parse(args); err != nil {
		return options{}, fmt.Errorf("%s: %w", name, err)
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("%s: %q is not understood", name, flags.Arg(0))
	}
	return options{listen: *listen, env: os.LookupEnv}, nil
}

func serve(args []string) error {
	o, err := serveFlags("serve", args)
	if err != nil {
		return err
	}
	return serveInstallation(o)
}

func serveInstallation(o options) error {
	c, warnings, err := config.Load(o.env, os.ReadFile)
	if err != nil {
		return err
	}
	if err := c.Complete(); err != nil {
		return incomplete(c, o.env, err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level(c.LogLevel)}))
	logs := app.OpenLogs(c, os.ReadFile, func(key string, err error) { log.Warn("log cannot be written there", "key", key, "error", err) })
	if logs != nil {
		defer func() { _ = logs.Close() }()
		defer reopenAtHangup(logs, log)()
		log = logs.Logger(logName)
	}
	if err := dburi.LogTo(log); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	deps := app.Deps{Log: log, Logs: logs}
	var counts *metrics.Metrics
	if c.MetricsListen != "" {
		counts = metrics.New(metrics.NewRegistry())
		deps.Metrics = counts
	}
	a, err := app.Open(ctx, c, deps)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	if counts != nil {
		end, err := serveMetrics(c.MetricsListen, counts.Handler(), log)
		if err != nil {
			return err
		}
		defer end()
	}
	// Warnings wait for this moment: a start that fails says its reason alone.
	for _, w := range warnings {
		weight := slog.LevelWarn
		if w.Severity == config.Note {
			weight = slog.LevelInfo
		}
		log.Log(ctx, weight, w.Error())
	}
	if o.listen == "" {
		o.listen = c.Listen
	}
	defer a.Start(ctx)()
	return listenAndServe(ctx, o, a.Handler(), log)
}

// logName is the logger of the server, as logging set-ups call it.
const logName = "edumfa"

// reopenAtHangup opens log files anew whenever SIGHUP says that they were moved
// away, until end is called.
func reopenAtHangup(logs *logging.Logs, stderr *slog.Logger) (end func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-hangups:
				if err := logs.Reopen(); err != nil {
					stderr.Error("log cannot be opened again", "error", err)
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(done)
	}
}

// incomplete explains a key that is missing, which mostly means that the file
// is not where the server looks.
func incomplete(c *config.Config, env func(string) (string, bool), err error) error {
	if c.File != "" {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	name, ok := env(configVariable)
	if !ok || name == "" {
		name = config.DefaultFile
	}
	return fmt.Errorf("there is no configuration file %s (%s names another one; \"edumfa quickstart\" makes one), and without it %w", name, configVariable, err)
}

// serveMetrics serves metrics at an address of their own, until end is called.
func serveMetrics(address string, h http.Handler, log *slog.Logger) (end func(), err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("EDUMFA_METRICS_LISTEN: cannot listen on %s: %w", address, err)
	}
	s := httpServer(h, log)
	log.Info("serving metrics", "address", l.Addr().String())
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are not served any more", "error", err)
		}
	}()
	return func() { _ = s.Close() }, nil
}

func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
}

// listenAndServe serves until ctx ends, then lets running requests finish.
func listenAndServe(ctx context.Context, o options, h http.Handler, log *slog.Logger) error {
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", o.listen, err)
	}
	s := httpServer(h, log)
	log.Info("serving", "address", l.Addr().String())
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	if o.ready != nil {
		o.ready(l.Addr().String())
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := s.Shutdown(end); err != nil {
		return err
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// level turns a level of the configuration (10 debug … 50 critical) into ours.
func level(n int) slog.Level {
	switch {
	case n <= 10:
		return slog.LevelDebug
	case n <= 20:
		return slog.LevelInfo
	case n <= 30:
		return slog.LevelWarn
	}
	return slog.LevelError
}
