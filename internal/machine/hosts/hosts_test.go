package hosts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"edumfa/internal/field"
	"edumfa/internal/machine"
)

const sample = `# machines of the lab
10.1.0.1	alpha.lab.example alpha   # the old one
10.1.0.30 gamma.lab.example

fe80:0::1 delta.lab.example
10.1.0.9
not.an.ip somewhere.example
`

func open(t *testing.T, content string) machine.Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hosts"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Kind(dir).New("lab", field.Values{"filename": "hosts"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMachines(t *testing.T) {
	s := open(t, sample)
	for _, c := range []struct {
		name string
		q    machine.Filter
		want []string // ids
	}{
		{"all", machine.Filter{}, []string{"10.1.0.1", "10.1.0.30", "fe80:0::1"}},
		{"part of a name", machine.Filter{Hostname: "lab.ex"}, []string{"10.1.0.1", "10.1.0.30", "fe80:0::1"}},
		{"second name", machine.Filter{Hostname: "alpha", Exact: true}, []string{"10.1.0.1"}},
		{"part is no name", machine.Filter{Hostname: "alph", Exact: true}, nil},
		{"comment is no name", machine.Filter{Hostname: "old"}, nil},
		{"part of an id", machine.Filter{ID: "10.1"}, []string{"10.1.0.1", "10.1.0.30"}},
		{"id", machine.Filter{ID: "10.1.0.3", Exact: true}, nil},
		{"address", machine.Filter{IP: "10.1.0.1"}, []string{"10.1.0.1"}},
		{"address in another notation", machine.Filter{IP: "fe80::1"}, []string{"fe80:0::1"}},
		{"any: name", machine.Filter{Any: "gamma"}, []string{"10.1.0.30"}},
		{"any: address", machine.Filter{Any: "fe80::1"}, []string{"fe80:0::1"}},
		{"all of several", machine.Filter{Any: "lab", IP: "10.1.0.30"}, []string{"10.1.0.30"}},
	} {
		list, err := s.Machines(t.Context(), c.q)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var ids []string
		for _, m := range list {
			ids = append(ids, m.ID)
		}
		if !slices.Equal(ids, c.want) {
			t.Errorf("%s: %v, want %v", c.name, ids, c.want)
		}
	}
}

func TestMachines_FileIsGone(t *testing.T) {
	s, err := Kind(t.TempDir()).New("lab", field.Values{"filename": "gone"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Machines(t.Context(), machine.Filter{}); err == nil {
		t.Error("a file that is not there has machines")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("::1%eth0 x\n#\n\x00 y")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parse(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, m := range list {
			if m.ID == "" || m.IP == "" || len(m.Hostnames) == 0 || slices.Contains(m.Hostnames, "") {
				t.Errorf("half a machine: %+v", m)
			}
		}
	})
}
