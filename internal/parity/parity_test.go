package parity

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRepository(t *testing.T) {
	_, faults, err := Check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error(f)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, list string
		want       string // "" for no fault
	}{
		{"all is well", "A-1\tdone\ttest x TestX; a remark\nA-2\trefused\tunsafe\nA-3\topen\t\n", ""},
		{"a demanded scenario", "A-1\tbetter\tscenario auth/one\nA-2\topen\nA-3\topen\n", ""},
		{"an id is missing", "A-1\topen\nA-2\topen\n", "A-3 is missing"},
		{"an unknown id", "A-1\topen\nA-2\topen\nA-3\topen\nA-4\topen\n", "A-4 is no known id"},
		{"an id twice", "A-1\topen\nA-1\topen\nA-2\topen\nA-3\topen\n", "A-1 is there twice"},
		{"done without evidence", "A-1\tdone\tI believe so\nA-2\topen\nA-3\topen\n", "neither test nor scenario"},
		{"a test that is not there", "A-1\tdone\ttest x TestY\nA-2\topen\nA-3\topen\n", "no TestY"},
		{"a scenario that nobody demands", "A-1\tdone\tscenario user/one\nA-2\topen\nA-3\topen\n", "not demanded"},
		{"refused without a reason", "A-1\trefused\nA-2\topen\nA-3\topen\n", "without a reason"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, faults, err := Check(fstest.MapFS{
				ListFile: {Data: []byte(c.list)}, IDsFile: {Data: []byte("A-1\nA-2\nA-3\n")}, AreasFile: {Data: []byte("# demanded\n^auth/\n")},
				"x/x_test.go": {Data: []byte("func TestX(t *testing.T) {}")},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(faults, "\n")
			if c.want == "" && got != "" || c.want != "" && (!strings.Contains(got, c.want) || len(faults) != 1) {
				t.Errorf("faults %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("A-1\tdone\ttest x TestX; scenario a/b\n# remark\n\nA-2\topen\n")
	f.Add("A-1")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := Parse(text)
		if err != nil && lines != nil {
			t.Error("an error comes with lines")
		}
		for _, l := range lines {
			_ = l.Group()
		}
	})
}
