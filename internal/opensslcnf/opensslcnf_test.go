package opensslcnf

import (
	"errors"
	"strings"
	"testing"
)

const sample = `
HOME = .
RANDFILE = $ENV::NOTHING/.rnd   # there is no environment
[ ca ]
default_ca = the_ca # a comment
[the_ca]
dir = /srv/ca
certs = $dir/certs
database=${dir}/index.txt
other = $(ca::default_ca)/x
quoted = "a # b" 'c $dir'
escaped = a\#b\nc\\
long = one \
 two
twice = 1
twice = 2
other_section::key = v
[ empty ]
[ default ]
late = 1
`

func TestParse(t *testing.T) {
	f, err := Parse(sample, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ section, name, want string }{
		{"ca", "default_ca", "the_ca"},
		{"the_ca", "certs", "/srv/ca/certs"},
		{"the_ca", "database", "/srv/ca/index.txt"},
		{"the_ca", "other", "the_ca/x"},
		{"the_ca", "quoted", "a # b c $dir"},
		{"the_ca", "escaped", "a#b\nc\\"},
		{"the_ca", "long", "one  two"},
		{"the_ca", "twice", "2"},
		{"other_section", "key", "v"},
		{"the_ca", "HOME", "."},
		{"ca", "late", "1"},
	} {
		if got, found, err := f.Value(c.section, c.name); got != c.want || !found || err != nil {
			t.Errorf("%s::%s = %q, %t, %v; want %q", c.section, c.name, got, found, err, c.want)
		}
	}
	if _, found, err := f.Value("ca", "RANDFILE"); !found || err == nil {
		t.Errorf("a variable of the environment: %t, %v", found, err)
	}
	if _, found, _ := f.Value("ca", "missing"); found {
		t.Error("something is there that is not")
	}
	if s, ok := f.Section("empty"); !ok || len(s) != 0 {
		t.Errorf("an empty section: %v, %t", s, ok)
	}
	if _, ok := f.Section("nowhere"); ok {
		t.Error("a section is there that is not")
	}
}

func TestParse_Include(t *testing.T) {
	f, err := Parse("[a]\n.include more.cnf\nz=$y\n", func(name string) (string, error) {
		if name != "more.cnf" {
			return "", errors.New("no such file")
		}
		return "y=1\n[b]\n", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if v, _, err := f.Value("a", "y"); v != "1" || err != nil {
		t.Errorf("included: %q, %v", v, err)
	}
	_, err = Parse(".include = me\n", func(string) (string, error) { return ".include me\n", nil })
	if err == nil {
		t.Error("a file that includes itself")
	}
}

func TestParse_Errors(t *testing.T) {
	for _, src := range []string{"[a", "[a] b", "no value", "=x", ".include x", strings.Repeat("x", maxSource+1)} {
		if _, err := Parse(src, nil); err == nil {
			t.Errorf("%.20q is taken", src)
		}
	}
	// values that double with every line
	src := "v0=xxxxxxxx\n"
	for i := range 40 {
		src += "v" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "=$v0$v0\nv0=$v" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "\n"
	}
	f, err := Parse(src, nil)
	if err == nil {
		if _, _, err = f.Value(Default, "v0"); err == nil {
			t.Error("a value without end")
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("a=${b\n")
	f.Add("a=$b::c$(d)\\")
	f.Fuzz(func(t *testing.T, src string) {
		file, err := Parse(src, func(string) (string, error) { return "x=1", nil })
		if err != nil {
			return
		}
		for name, list := range file.sections {
			for _, e := range list {
				_, _, _ = file.Value(name, e.Name)
			}
		}
	})
}
