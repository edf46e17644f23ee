package machine

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

// desk is where attachments lie.
type desk struct{ list []Attachment }

func (d *desk) Attachments(_ context.Context, f Attachments) ([]Attachment, error) {
	var out []Attachment
	for _, a := range d.list {
		if a.Serial == f.Serial && a.Application == f.Application && *f.At == (Place{a.Resolver, a.MachineID}) {
			out = append(out, a)
		}
	}
	return out, nil
}

func (d *desk) AttachToken(_ context.Context, a Attachment) (int64, error) {
	d.list = append(d.list, a)
	return int64(len(d.list)), nil
}

// two stores have the machine 10.7.0.2, one has 10.7.0.1.
type stores struct{}

func (stores) MachineStores(context.Context) ([]Definition, error) {
	return []Definition{{ID: 1, Name: "one", Kind: "test"}, {ID: 2, Name: "two", Kind: "test"}}, nil
}

type hosts struct{ ids []string }

func (h hosts) Machines(_ context.Context, f Filter) ([]Machine, error) {
	var out []Machine
	for _, id := range h.ids {
		if id == f.ID {
			out = append(out, Machine{ID: id})
		}
	}
	return out, nil
}

func TestAttach(t *testing.T) {
	type o = map[string]string
	for _, c := range []struct {
		name, application, machine string
		options                    o
		want                       []Attachment
		code                       int
	}{
		{"any machine", "ssh", "", o{"user": "root"}, []Attachment{{Serial: "T1", Application: "ssh", Options: o{"user": "root"}}}, 0},
		{"one machine", "ssh", "10.7.0.1", nil, []Attachment{{Serial: "T1", Application: "ssh", Resolver: "one", MachineID: "10.7.0.1"}}, 0},
		{"an application nobody knows", "unheard", "", nil, []Attachment{{Serial: "T1", Application: "unheard"}}, 0},
		{"a machine of two stores", "ssh", "10.7.0.2", nil, nil, 905},
		{"a machine that is nowhere", "ssh", "10.9.9.9", nil, nil, 601},
		{"no application", "", "", nil, nil, 905},
		{"options that make no sense", "bad", "", nil, nil, 905},
		{"an option that is too long", "ssh", "", o{"user": strings.Repeat("u", 65)}, nil, 905},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &desk{}
			x := Attacher{Store: d, Machines: testFinder(), Check: func(name string, _ map[string]string) error {
				if name == "bad" {
					return mfaerr.NewParameter("no")
				}
				return nil
			}}
			for range 2 { // once more changes nothing
				err := x.Attach(t.Context(), "T1", c.application, c.machine, c.options)
				code := 0
				if e, is := errors.AsType[*mfaerr.Error](err); is {
					code = e.Code
				}
				if code != c.code || (err != nil) != (c.code != 0) {
					t.Errorf("%v", err)
				}
			}
			if diff := cmp.Diff(c.want, d.list); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func (hosts) Close() error { return nil }

func testFinder() *Finder {
	return &Finder{Definitions: stores{}, Log: slog.New(slog.DiscardHandler), Decrypt: func(s string) string { return s }, Kinds: []Kind{{
		Name: "test", New: func(name string, _ field.Values) (Store, error) {
			if name == "one" {
				return hosts{[]string{"10.7.0.1", "10.7.0.2"}}, nil
			}
			return hosts{[]string{"10.7.0.2"}}, nil
		},
	}}}
}
