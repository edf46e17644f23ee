package ca_test

import (
	"context"
	"crypto/x509"
	"errors"
	"sync"
	"testing"

	"edumfa/internal/ca"
	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

// fake is a kind that counts.
type fake struct {
	mu             sync.Mutex
	opened, closed int
	err            error
}

func (*fake) Name() string          { return "fake" }
func (*fake) Fields() []field.Field { return []field.Field{{Name: "must", Required: true}} }
func (k *fake) Open(c ca.Config, _ ca.Deps) (ca.Connector, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opened++
	if k.err != nil {
		return nil, k.err
	}
	return &connection{kind: k, value: c.Values["must"]}, nil
}

type connection struct {
	kind  *fake
	value string
}

func (*connection) Sign(context.Context, ca.Request) (ca.Issued, error)        { return ca.Issued{}, nil }
func (*connection) Revoke(context.Context, *x509.Certificate, ca.Reason) error { return nil }
func (c *connection) Choices(context.Context) (map[string]any, error) {
	return map[string]any{"value": c.value}, nil
}
func (c *connection) Close() error {
	c.kind.mu.Lock()
	defer c.kind.mu.Unlock()
	c.kind.closed++
	return nil
}

func stored(id int64, name, kind, value string) ca.Definition {
	return ca.Definition{ID: id, Name: name, Kind: kind, Options: []ca.Option{{Key: "must", Value: value, Type: ca.TypePassword}}}
}

// Connectors are opened when they are asked for, once, and closed when their
// settings have changed; names are found without regard to letter case, the exact
// one first.
func TestDirectory(t *testing.T) {
	k := &fake{}
	o := &ca.Opener{Kinds: []ca.Kind{k}, Decrypt: func(s string) string { return "open " + s }}
	var retired []func()
	picture := func(list ...ca.Definition) *ca.Directory {
		return o.Picture(list, func(f func()) { retired = append(retired, f) })
	}
	first := picture(stored(1, "pki", "fake", "a"), stored(2, "PKI", "fake", "b"), stored(3, "bad", "none", "c"))
	if k.opened != 0 {
		t.Error("opened before anybody asked")
	}
	c, name, err := first.Connector("Pki")
	if err != nil || name != "pki" || c.(*connection).value != "open a" {
		t.Errorf("%v %q %v", c, name, err)
	}
	if c, name, _ := first.Connector("PKI"); name != "PKI" || c.(*connection).value != "open b" {
		t.Errorf("the exact name: %q", name)
	}
	for _, wrong := range []string{"bad", "gone", ""} {
		_, _, err := first.Connector(wrong)
		if e, ok := errors.AsType[*mfaerr.Error](err); !ok || e.Code != mfaerr.CodeCA {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	second := picture(stored(1, "pki", "fake", "a"), stored(2, "PKI", "fake", "changed"), stored(4, "late", "fake", "d"))
	same, _, _ := second.Connector("pki")
	if same != c || k.opened != 2 || len(retired) != 2 {
		t.Errorf("unchanged: %t, %d opened, %d retired", same == c, k.opened, len(retired))
	}
	for _, f := range retired {
		f()
	}
	if k.closed != 1 {
		t.Errorf("%d closed", k.closed)
	}
	if c, _, _ := second.Connector("PKI"); c.(*connection).value != "open changed" {
		t.Error("the old settings")
	}
	retired = nil
	last := picture()
	for _, f := range retired {
		f()
	}
	if i, _ := second.Named("late"); len(last.All()) != 0 {
		t.Error("something is left")
	} else if _, err := i.Connector(); err == nil {
		t.Error("a connector is opened after it was retired")
	}
	o.Close()
	if k.closed != 3 || (*ca.Directory)(nil).All() != nil {
		t.Errorf("%d closed at the end", k.closed)
	}
}

func TestOpener_Choices(t *testing.T) {
	k := &fake{}
	o := &ca.Opener{Kinds: []ca.Kind{k}}
	got, err := o.Choices(t.Context(), k, field.Values{"must": "x"})
	if err != nil || got["value"] != "x" || k.closed != 1 {
		t.Errorf("%v, %v, %d closed", got, err, k.closed)
	}
	if _, err := o.Choices(t.Context(), k, field.Values{}); err == nil {
		t.Error("without a required value")
	}
	k.err = errors.New("no")
	if _, err := o.Choices(t.Context(), k, field.Values{"must": "x"}); !errors.Is(err, k.err) {
		t.Errorf("got %v", err)
	}
}
