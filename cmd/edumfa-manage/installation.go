package main

import (
	"context"
	"fmt"
	"os"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/store"
)

// configuration reads the configuration; warnings go to standard error.
func configuration() (*config.Config, error) {
	c, warnings, err := config.Load(os.LookupEnv, os.ReadFile)
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		fmt.Fprintln(os.Stderr, "warning:", w.Error())
	}
	return c, nil
}

// withStore opens the database alone.
func withStore(ctx context.Context, f func(ctx context.Context, c *config.Config, db *store.DB) error) error {
	c, err := configuration()
	if err != nil {
		return err
	}
	db, err := app.OpenStore(ctx, c, app.Deps{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return f(ctx, c, db)
}

// withApp opens the whole installation.
func withApp(ctx context.Context, f func(ctx context.Context, a *app.App) error) error {
	c, err := configuration()
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, c, app.Deps{})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	return f(ctx, a)
}
