package snapshot

import (
	"context"
	"errors"
	"testing"
	"time"

	"edumfa/internal/smsprovider"
	"edumfa/internal/smtpserver"
)

// outletRows are the tables of outlets.
type outletRows struct {
	name  string
	err   error
	reads int
}

func (r *outletRows) SMSGateways(context.Context) ([]smsprovider.Gateway, error) {
	r.reads++
	return []smsprovider.Gateway{{Name: r.name}}, r.err
}

func (r *outletRows) SMTPServers(context.Context) ([]smtpserver.Server, error) {
	r.reads++
	return []smtpserver.Server{{Identifier: r.name}}, r.err
}

func TestOutlets(t *testing.T) {
	now := time.Unix(1000, 0)
	h := &Holder{now: func() time.Time { return now }}
	h.current.Store(&Snapshot{})
	r := &outletRows{}
	o := NewOutlets(h, r)
	for _, x := range []struct {
		name string
		do   func()
		row  string // what the tables have then
		want string // what is asked for and found
		read bool
	}{
		{"the first", func() {}, "a", "a", true},
		{"again", func() {}, "b", "a", false},
		{"a change by this program", func() { h.current.Store(&Snapshot{}) }, "b", "b", true},
		{"soon", func() { now = now.Add(outletAge - 1) }, "c", "b", false},
		{"a change by another program", func() { now = now.Add(1) }, "c", "c", true},
		{"the clock goes back", func() { now = now.Add(-time.Hour) }, "d", "d", true},
	} {
		x.do()
		r.name, r.reads = x.row, 0
		g, found, err := o.SMSGateway(t.Context(), x.want)
		if err != nil || !found || g.Name != x.want {
			t.Errorf("%s: gateway %v %v, %v", x.name, g, found, err)
		}
		m, found, err := o.SMTPServer(t.Context(), x.want)
		if err != nil || !found || m.Identifier != x.want {
			t.Errorf("%s: mail server %v %v, %v", x.name, m, found, err)
		}
		if want := map[bool]int{true: 2}[x.read]; r.reads != want {
			t.Errorf("%s: %d readings, want %d", x.name, r.reads, want)
		}
	}
	r.name = "new"
	if _, found, err := o.SMSGateway(t.Context(), "new"); !found || err != nil {
		t.Errorf("one that is new: %v, %v", found, err)
	}
	if _, found, err := o.SMSGateway(t.Context(), "nobody"); found || err != nil {
		t.Errorf("one that does not exist: %v, %v", found, err)
	}
	r.err = errors.New("no database")
	h.current.Store(&Snapshot{})
	if _, _, err := o.SMSGateway(t.Context(), "new"); !errors.Is(err, r.err) {
		t.Errorf("a gateway without a database: %v", err)
	}
}

// Without a holder every call reads.
func TestOutlets_NothingKept(t *testing.T) {
	r := &outletRows{name: "a"}
	o := NewOutlets(nil, r)
	for range 2 {
		if _, found, err := o.SMSGateway(t.Context(), "a"); !found || err != nil {
			t.Errorf("%v, %v", found, err)
		}
	}
	if r.reads != 2 {
		t.Errorf("%d readings", r.reads)
	}
}
