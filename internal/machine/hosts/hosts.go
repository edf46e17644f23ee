// Package hosts is the machine store of a hosts file, as /etc/hosts: one line for
// each machine with its address and its names. The address is the machine's id.
package hosts

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"edumfa/internal/field"
	"edumfa/internal/machine"
)

// maxFile bounds a hosts file, in bytes.
const maxFile = 16 << 20

// Kind is the sort of machine store "hosts". Relative file names start in dir.
func Kind(dir string) machine.Kind {
	return machine.Kind{
		Name:   "hosts",
		Fields: []field.Field{{Name: "filename", Type: "string", Required: true, Help: "File in the form of /etc/hosts"}},
		New: func(_ string, v field.Values) (machine.Store, error) {
			name := v["filename"]
			if name == "" {
				return nil, errors.New("option filename is missing")
			}
			if !filepath.IsAbs(name) {
				name = filepath.Join(dir, name)
			}
			return store{name}, nil
		},
	}
}

type store struct{ file string }

// Machines reads the file anew: it is small, and may be changed at any time.
func (s store) Machines(_ context.Context, q machine.Filter) ([]machine.Machine, error) {
	f, err := os.Open(s.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := parse(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.file, err)
	}
	return slices.DeleteFunc(all, func(m machine.Machine) bool { return !fits(m, q) }), nil
}

// Close does nothing.
func (s store) Close() error { return nil }

// parse reads the lines "address name…"; # begins a comment. Lines without a
// name, and those that do not begin with an address, are left out.
func parse(r io.Reader) ([]machine.Machine, error) {
	limited := &io.LimitedReader{R: r, N: maxFile + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, 1<<20)
	var out []machine.Machine
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		ip, err := netip.ParseAddr(words[0])
		if err != nil {
			continue
		}
		out = append(out, machine.Machine{ID: words[0], IP: ip.String(), Hostnames: words[1:]})
	}
	if limited.N <= 0 {
		return nil, errors.New("the file is too long")
	}
	return out, lines.Err()
}

func fits(m machine.Machine, q machine.Filter) bool {
	part := func(whole, part string) bool {
		if q.Exact {
			return whole == part
		}
		return strings.Contains(whole, part)
	}
	if q.Any != "" && !strings.Contains(m.ID, q.Any) && !strings.Contains(m.IP, q.Any) &&
		!slices.ContainsFunc(m.Hostnames, func(name string) bool { return strings.Contains(name, q.Any) }) {
		return false
	}
	if q.ID != "" && !part(m.ID, q.ID) {
		return false
	}
	if q.Hostname != "" && !slices.ContainsFunc(m.Hostnames, func(name string) bool { return part(name, q.Hostname) }) {
		return false
	}
	return q.IP == "" || m.IP == q.IP
}
