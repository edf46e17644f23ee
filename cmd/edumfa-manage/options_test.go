package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Scripts name commands and options as they were; what each does is shown by
// the sessions of TestScripts.
func TestOptions(t *testing.T) {
	file, err := os.ReadFile("testdata/options.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		path, options, _ := strings.Cut(line, "\t")
		words := strings.Fields(path)
		c, rest, err := root().Find(words)
		if err != nil || len(rest) > 0 || (len(words) > 0 && c.Name() != words[len(words)-1]) {
			t.Errorf("there is no command %q", path)
			continue
		}
		c.InitDefaultVersionFlag()
		for _, o := range longMarks(slices.DeleteFunc(strings.Split(options, ","), func(o string) bool { return o == "" })) {
			name, long := strings.CutPrefix(o, "--")
			if long && c.Flags().Lookup(name) != nil {
				continue
			}
			if !long && c.Flags().ShorthandLookup(strings.TrimPrefix(o, "-")) != nil {
				continue
			}
			t.Errorf("%q has no option %s", path, o)
		}
	}
}
