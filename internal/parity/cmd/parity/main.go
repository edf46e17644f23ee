// Command parity prints how much of eduMFA 2.9.5 is there, group by group, and
// fails when docs/parity.tsv is wrong. It runs at the root of the repository.
package main

import (
	"fmt"
	"os"

	"edumfa/internal/parity"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "parity:", err)
		os.Exit(1)
	}
}

func run() error {
	lines, faults, err := parity.Check(os.DirFS("."))
	if err != nil {
		return err
	}
	var order []string
	groups := map[string][]parity.Line{}
	for _, l := range lines {
		g := l.Group()
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], l)
	}
	for _, g := range order {
		printSums(g, groups[g])
	}
	printSums("all", lines)
	for _, f := range faults {
		fmt.Fprintln(os.Stderr, f)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d faults", len(faults))
	}
	return nil
}

func printSums(name string, lines []parity.Line) {
	sum := parity.Sum(lines)
	fmt.Printf("%-26s %4d", name, len(lines))
	for _, s := range parity.States() {
		fmt.Printf("  %s %4d", s, sum[s])
	}
	fmt.Println()
}
