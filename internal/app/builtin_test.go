package app_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"edumfa/internal/app"
	"edumfa/internal/application"
	"edumfa/internal/event"
	"edumfa/internal/machine/ldaphosts"
	"edumfa/internal/tokentype"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestBuiltin compares what is compiled in with a table in testdata: a kind, an
// ability or an option that got lost shows as a changed line.
func TestBuiltin(t *testing.T) {
	var b strings.Builder
	for _, typ := range app.TokenTypes() {
		i := typ.Info()
		if i.Planned {
			fmt.Fprintf(&b, "token type\t%s\t%s\tplanned\n", i.Name, i.Prefix)
			continue
		}
		fmt.Fprintf(&b, "token type\t%s\t%s\t%s\n", i.Name, i.Prefix, strings.Join(abilities(typ), " "))
	}
	for _, k := range app.ResolverKinds(noPasswords{}, noPasswords{}) {
		var options []string
		for _, f := range k.Fields {
			options = append(options, f.Name+":"+f.Type)
		}
		fmt.Fprintf(&b, "resolver\t%s\ttest=%t\t%s\n", k.Name, k.Test != nil, strings.Join(options, " "))
	}
	for _, k := range app.CAKinds() {
		var options []string
		for _, f := range k.Fields() {
			options = append(options, f.Name+":"+f.Type)
		}
		fmt.Fprintf(&b, "CA connector\t%s\t%s\n", k.Name(), strings.Join(options, " "))
	}
	catalog, err := event.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range app.MachineKinds("", ldaphosts.Library{}) {
		var options []string
		for _, f := range k.Fields {
			options = append(options, f.Name+":"+f.Type)
		}
		fmt.Fprintf(&b, "machine store\t%s\ttest=%t\t%s\n", k.Name, k.Test != nil, strings.Join(options, " "))
	}
	for _, a := range app.Applications(nil) {
		var options []string
		for _, o := range a.Options() {
			options = append(options, o.Name+":"+o.Type)
		}
		fmt.Fprintf(&b, "application\t%s\trefill=%t\t%s\n", a.Name(), can[application.Refiller](a), strings.Join(options, " "))
	}
	for _, h := range app.EventHandlers(app.HandlerDeps{}) {
		i := h.Info()
		if m, known := catalog.Module(i.Name); !known || !slices.Equal(m.Positions, i.Positions) {
			t.Errorf("event handler %s %v is not what the catalog tells clients: %v", i.Name, i.Positions, m.Positions)
		}
		fmt.Fprintf(&b, "event handler\t%s\t%v\n", i.Name, i.Positions)
	}
	compare(t, filepath.Join("testdata", "builtin.tsv"), b.String())
}

func abilities(typ tokentype.Type) []string {
	i := typ.Info()
	var out []string
	for _, a := range []struct {
		name string
		has  bool
	}{
		{"authenticates", i.Authenticates}, {"challenges", i.Challenges}, {"native-challenge", i.NativeChallenge},
		{"no-pin", i.NoPIN}, {"verifiable", i.Verifiable}, {"two-step", i.TwoStep},
		{"Splitter", can[tokentype.Splitter](typ)}, {"Prompter", can[tokentype.Prompter](typ)},
		{"Responder", can[tokentype.Responder](typ)}, {"AfterSuccess", can[tokentype.AfterSuccess](typ)},
		{"Resyncer", can[tokentype.Resyncer](typ)}, {"Finder", can[tokentype.Finder](typ)},
		{"Defaults", can[tokentype.Defaults](typ)}, {"Tester", can[tokentype.Tester](typ)},
		{"Follower", can[tokentype.Follower](typ)},
		{"Nameless", can[tokentype.Nameless](typ)}, {"Endpoint", can[tokentype.Endpoint](typ)},
		{"MoreChallenges", can[tokentype.MoreChallenges](typ)}, {"Opener", can[tokentype.Opener](typ)}, {"Forwarder", can[tokentype.Forwarder](typ)}, {"OwnerDefaults", can[tokentype.OwnerDefaults](typ)},
	} {
		if a.has {
			out = append(out, a.name)
		}
	}
	for _, r := range i.EnrollableBy {
		out = append(out, "by-"+r)
	}
	for _, a := range typ.Actions() {
		out = append(out, fmt.Sprintf("%s/%s", a.Scope, a.Name))
	}
	return out
}

func can[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want, have := strings.Split(string(text), "\n"), strings.Split(got, "\n")
	for _, l := range want {
		if !slices.Contains(have, l) {
			t.Errorf("gone: %s", l)
		}
	}
	for _, l := range have {
		if !slices.Contains(want, l) {
			t.Errorf("new: %s", l)
		}
	}
	if t.Failed() {
		t.Log("if that is meant, run the test with -update and commit the table")
	}
}

// noPasswords stands for hash functions that the table does not need.
type noPasswords struct{}

func (noPasswords) Verify(string, string) bool          { return false }
func (noPasswords) Hash(string, string) (string, error) { return "", nil }
