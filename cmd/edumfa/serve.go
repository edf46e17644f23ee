package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
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

func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	listen := flags.String("listen", "", "address to listen on, host:port; default is EDUMFA_LISTEN")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, warnings, err := config.Load(os.LookupEnv, os.ReadFile)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level(c.LogLevel)}))
	for _, w := range warnings {
		log.Warn(w.Error())
	}
	if err := dburi.LogTo(log); err != nil {
		return err
	}
	if *listen == "" {
		*listen = c.Listen
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a, err := app.Open(ctx, c, app.Deps{Log: log})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	return listenAndServe(ctx, *listen, a.Handler(), log)
}

// listenAndServe serves until ctx ends, then lets running requests finish.
func listenAndServe(ctx context.Context, address string, h http.Handler, log *slog.Logger) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	log.Info("serving", "address", l.Addr().String())
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
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
