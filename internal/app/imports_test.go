package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pkg is what the go command tells of a package; tests are not part of it.
type pkg struct {
	ImportPath string
	Imports    []string
}

// name is the path below the module: "internal/store".
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, "edumfa/") }

// testSupport are packages that only tests import: what they may do is as wide
// as what tests may do.
func testSupport(name string) bool {
	return name == "internal/app/apptest" || name == "internal/store/storetest" || name == "internal/fido/fidotest" || name == "internal/ca/catest" || within(name, "test", "internal/bench")
}

// within reports whether a package is one of the folders or below one.
func within(name string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return name == f || strings.HasPrefix(name, f+"/") })
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImports(t *testing.T) {
	kinds := func(i string) bool {
		return strings.HasPrefix(i, "edumfa/internal/tokentype/") && i != "edumfa/internal/tokentype/oath" ||
			strings.HasPrefix(i, "edumfa/internal/resolver/") || strings.HasPrefix(i, "edumfa/internal/smsprovider/") || strings.HasPrefix(i, "edumfa/internal/ca/") || strings.HasPrefix(i, "edumfa/internal/machine/") || strings.HasPrefix(i, "edumfa/internal/application/") || strings.HasPrefix(i, "edumfa/internal/event/handler/") || strings.HasPrefix(i, "edumfa/internal/task/")
	}
	rules := []struct {
		name   string
		target func(imported string) bool
		may    func(importer string) bool
		why    string
	}{
		{"nothing but commands imports app", is("edumfa/internal/app"), in("cmd"),
			"app knows everybody; who imports it knows everybody too"},
		{"only app imports kinds", kinds, in("internal/app"),
			"a kind is compiled in by its line in builtin.go alone"},
		{"only app and the command line import the store", is("edumfa/internal/store"), in("internal/app", "cmd/edumfa-manage"),
			"domain packages declare the few store methods they use, so that they can be read and tested without SQL"},
		{"only the store speaks SQL", is("database/sql"), in("internal/store", "internal/resolver/sqlusers"),
			"three dialects stay in one place; the user store of the kind SQL speaks to databases of others"},
		{"only the API and outgoing HTTP import net/http", is("net/http"), in("internal/api", "internal/app", "internal/outhttp", "internal/mfaerr", "internal/metrics", "internal/cahttp", "internal/ca/est", "internal/ca/vault", "cmd/edumfa"),
			"operations return answers, they do not write them; mfaerr maps kinds of errors to status numbers; metrics have a page of their own; authorities are asked by HTTP"},
		{"only the API and app import the API", is("edumfa/internal/api"), in("internal/app", "internal/api"),
			"the domain does not know how it is asked"},
		{"only config and commands read the environment", is("edumfa/internal/config"), in("internal/app", "cmd"),
			"everything else is given its settings"},
		{"nothing imports unsafe", is("unsafe"), in("internal/passhash", "cmd/edumfa-manage"),
			"memory safety; the hashing pool maps memory, the command line asks the terminal not to echo"},
		{"nothing imports weak randomness", func(i string) bool { return i == "math/rand" || i == "math/rand/v2" }, in(),
			"everything random here is a secret or the name of one"},
		{"nothing imports package log", is("log"), in(),
			"log/slog is given as a field"},
		{"tests' tools stay in tests", func(i string) bool { return i == "testing" || within(strings.TrimPrefix(i, "edumfa/"), "test") }, in(),
			"the shipped programs carry no test code"},
	}
	all := packages(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, p := range all {
				if testSupport(p.name()) || r.may(p.name()) {
					continue
				}
				for _, i := range p.Imports {
					if r.target(i) {
						t.Errorf("%s imports %s: %s", p.name(), i, r.why)
					}
				}
			}
		})
	}
}

func is(wanted string) func(string) bool { return func(i string) bool { return i == wanted } }

func in(folders ...string) func(string) bool {
	return func(importer string) bool { return within(importer, folders...) }
}

// TestImports_Kinds holds that a kind never imports a sibling: what two share
// goes down into a package that is no kind.
func TestImports_Kinds(t *testing.T) {
	families := []string{"edumfa/internal/tokentype/", "edumfa/internal/resolver/", "edumfa/internal/event/handler/", "edumfa/internal/ca/", "edumfa/internal/machine/", "edumfa/internal/application/", "edumfa/internal/task/"}
	shared := []string{"edumfa/internal/tokentype/oath"}
	for _, p := range packages(t) {
		for _, f := range families {
			if !strings.HasPrefix(p.ImportPath, f) {
				continue
			}
			own := f + strings.SplitN(strings.TrimPrefix(p.ImportPath, f), "/", 2)[0]
			for _, i := range p.Imports {
				if strings.HasPrefix(i, f) && i != own && !strings.HasPrefix(i, own+"/") && !slices.Contains(shared, i) {
					t.Errorf("%s imports its sibling %s", p.name(), i)
				}
			}
		}
	}
}

// TestImports_Libraries holds that each outside library is imported by one
// package: to replace it is then one folder's work.
func TestImports_Libraries(t *testing.T) {
	users := map[string]map[string]bool{}
	for _, p := range packages(t) {
		if testSupport(p.name()) {
			continue
		}
		for _, i := range p.Imports {
			if lib, ok := library(i); ok {
				if users[lib] == nil {
					users[lib] = map[string]bool{}
				}
				users[lib][p.name()] = true
			}
		}
	}
	// The standard library's extension is one module of many unrelated packages.
	delete(users, "golang.org/x/crypto")
	for lib, by := range users {
		if len(by) > 1 {
			t.Errorf("%s is imported by %v", lib, slices.Sorted(maps.Keys(by)))
		}
	}
	if len(users) == 0 {
		t.Error("no library found: the test does not see the imports")
	}
}

// library is the module of an outside import, as far as the path tells: host,
// owner and name.
func library(imported string) (string, bool) {
	parts := strings.Split(imported, "/")
	if !strings.Contains(parts[0], ".") {
		return "", false
	}
	return strings.Join(parts[:min(len(parts), 3)], "/"), true
}

func TestHouseRules_PackageNames(t *testing.T) {
	for _, p := range packages(t) {
		switch base := path.Base(p.ImportPath); base {
		case "util", "utils", "common", "helper", "helpers", "types", "misc", "base":
			t.Errorf("%s: the name %q says nothing about what the package owns", p.name(), base)
		}
	}
}

// TestHouseRules_NoInit: what happens at the start is written in main and app.
func TestHouseRules_NoInit(t *testing.T) {
	// The assembler part asks once which instructions the processor has; the
	// database drivers give themselves to database/sql when they are loaded.
	exceptions := []string{"internal/passhash/argon2"}
	drivers := []string{"internal/dburi"}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if !within(rel, "cmd", "internal", "test") || within(path.Dir(rel), exceptions...) {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("%s: %w", rel, err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", rel)
			}
		}
		if within(path.Dir(rel), drivers...) {
			return nil
		}
		for _, c := range file.Imports {
			if c.Name != nil && (c.Name.Name == "_" && c.Path.Value != `"embed"` || c.Name.Name == ".") {
				t.Errorf("%s imports %s for what it does when it is loaded", rel, c.Path.Value)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
