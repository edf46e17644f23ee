// Command edumfa is the server.
package main

import (
	"fmt"
	"os"
	"slices"
)

const usage = `usage: edumfa [serve] [--listen HOST:PORT]   serve the REST interface
       edumfa quickstart [FOLDER] [--listen HOST:PORT]
                                             the same; where EDUMFA_CONFIGFILE names no installation,
                                             make one in FOLDER (var) at the first start
       edumfa check-config                   say what is wrong with the configuration
       edumfa version
`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "edumfa:", oneLine(err))
		os.Exit(1)
	}
}

func run(args []string) error {
	if slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" }) {
		args = []string{"help"}
	}
	name := "serve"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	switch name {
	case "serve":
		return serve(args)
	case "quickstart":
		return quickstart(args)
	case "check-config":
		return checkConfig()
	case "version":
		return version()
	case "help":
		fmt.Print(usage)
		return nil
	}
	return fmt.Errorf("there is no command %q; see \"edumfa help\"", name)
}
