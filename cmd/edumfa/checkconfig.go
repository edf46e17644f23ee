package main

import (
	"errors"
	"fmt"
	"os"

	"edumfa/internal/app"
	"edumfa/internal/config"
)

func checkConfig() error {
	failed := false
	for _, p := range config.Check(os.LookupEnv, os.ReadFile) {
		fmt.Println(p.Error())
		failed = failed || p.Severity == config.Error
	}
	if failed {
		return errors.New("the configuration cannot be used")
	}
	fmt.Println("the configuration can be used")
	return nil
}

func version() error {
	fmt.Println("eduMFA interface", app.Version)
	return nil
}
