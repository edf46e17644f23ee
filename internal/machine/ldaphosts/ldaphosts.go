// Package ldaphosts is the machine store of an LDAP directory: its computers are
// entries with a name and perhaps an address, as Active Directory keeps them.
package ldaphosts

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"edumfa/internal/field"
	"edumfa/internal/machine"
)

// Defaults of a store that names neither.
const (
	defaultID     = "DN"
	defaultFilter = "(objectClass=computer)"
)

// Directory asks the servers of a directory.
type Directory interface {
	// Find lists the entries below the base that fit a filter; At is the one with
	// a DN.
	Find(ctx context.Context, filter string, attributes []string) ([]Entry, error)
	At(ctx context.Context, dn, filter string, attributes []string) ([]Entry, error)
	Close() error
}

// Entry is one entry; attributes as they were asked for.
type Entry struct {
	DN         string
	Attributes map[string][]string
}

// Library is what this kind needs of LDAP.
type Library struct {
	// Open reads the options of the connection and asks nothing yet.
	Open func(name string, v field.Values) (Directory, error)
	// CheckFilter reads a filter of the settings.
	CheckFilter   func(filter string) (string, error)
	AttributeName func(s string) bool
	// Equals and Contains are conditions on attributes.
	Equals, Contains func(attribute, value string) string
}

// Kind is the sort of machine store "ldap".
func Kind(lib Library) machine.Kind {
	return machine.Kind{
		Name: "ldap", Fields: fields(),
		New:  func(name string, v field.Values) (machine.Store, error) { return open(lib, name, v) },
		Test: func(ctx context.Context, v field.Values) (bool, string) { return test(ctx, lib, v) },
	}
}

// fields are the options in the order of the web form.
func fields() []field.Field {
	return []field.Field{
		{Name: "LDAPURI", Type: "string", Required: true, Help: "Servers, separated by commas: ldap://host or ldaps://host:port"},
		{Name: "LDAPBASE", Type: "string", Required: true, Help: "DN below which machines are looked for"},
		{Name: "BINDDN", Type: "string", Help: "Name of the service account; empty: anonymous"},
		{Name: "BINDPW", Type: "password", Help: "Password of the service account"},
		{Name: "TIMEOUT", Type: "int", Default: "5", Help: "Seconds that one server has for one question"},
		{Name: "SIZELIMIT", Type: "int", Default: "500", Help: "Most machines in a list"},
		{Name: "HOSTNAMEATTRIBUTE", Type: "string", Help: "Attribute with the name of a machine"},
		{Name: "IDATTRIBUTE", Type: "string", Default: defaultID, Help: "What identifies a machine: DN or an attribute"},
		{Name: "IPATTRIBUTE", Type: "string", Help: "Attribute with the address of a machine"},
		{Name: "SEARCHFILTER", Type: "string", Default: defaultFilter, Help: "Filter that all machines fit"},
		{Name: "NOREFERRALS", Type: "bool", Help: "Kept for old settings: referrals are never followed"},
		{Name: "AUTHTYPE", Type: "string", Help: "How to bind: Simple, SASL Digest-MD5 or NTLM"},
		{Name: "TLS_VERIFY", Type: "bool", Default: "False", Help: "Check the servers' certificates and names"},
		{Name: "TLS_CA_FILE", Type: "string", Help: "PEM file of the trusted CAs"},
		{Name: "START_TLS", Type: "bool", Default: "False", Help: "Secure plain connections with STARTTLS"},
	}
}

type store struct {
	lib          Library
	directory    Directory
	filter       string
	id, host, ip string // attributes; id is "" for the DN
	attributes   []string
}

func open(lib Library, name string, v field.Values) (*store, error) {
	s := &store{lib: lib, host: strings.TrimSpace(v["HOSTNAMEATTRIBUTE"]), ip: strings.TrimSpace(v["IPATTRIBUTE"])}
	if s.id = strings.TrimSpace(v.String("IDATTRIBUTE", defaultID)); strings.EqualFold(s.id, "DN") {
		s.id = ""
	}
	if s.host == "" {
		return nil, errors.New("option HOSTNAMEATTRIBUTE is missing")
	}
	for option, attribute := range map[string]string{"HOSTNAMEATTRIBUTE": s.host, "IDATTRIBUTE": s.id, "IPATTRIBUTE": s.ip} {
		switch {
		case attribute == "":
		case !lib.AttributeName(attribute):
			return nil, fmt.Errorf("option %s: %q is no attribute name", option, attribute)
		default:
			s.attributes = append(s.attributes, attribute)
		}
	}
	var err error
	if s.filter, err = lib.CheckFilter(v.String("SEARCHFILTER", defaultFilter)); err != nil {
		return nil, fmt.Errorf("option SEARCHFILTER: %w", err)
	}
	s.directory, err = lib.Open(name, v)
	return s, err
}

// Close ends the connections.
func (s *store) Close() error { return s.directory.Close() }

// Machines asks the directory. Entries without an id are left out, and so is an
// address that is none.
func (s *store) Machines(ctx context.Context, q machine.Filter) ([]machine.Machine, error) {
	filter := "(&" + s.filter + s.conditions(q) + ")"
	var entries []Entry
	var err error
	if s.id == "" && q.ID != "" {
		entries, err = s.directory.At(ctx, q.ID, filter, s.attributes)
	} else {
		entries, err = s.directory.Find(ctx, filter, s.attributes)
	}
	if err != nil {
		return nil, err
	}
	var out []machine.Machine
	for _, e := range entries {
		if m := s.machine(e); m.ID != "" {
			out = append(out, m)
		}
	}
	return out, nil
}

func (s *store) conditions(q machine.Filter) string {
	part := s.lib.Contains
	if q.Exact {
		part = s.lib.Equals
	}
	var b strings.Builder
	add := func(attribute, value string, condition func(attribute, value string) string) {
		if attribute != "" && value != "" {
			b.WriteString(condition(attribute, value))
		}
	}
	if q.Any != "" {
		b.WriteString("(|")
		for _, attribute := range []string{s.id, s.host, s.ip} {
			add(attribute, q.Any, s.lib.Contains)
		}
		b.WriteString(")")
	}
	add(s.id, q.ID, part)
	add(s.host, q.Hostname, part)
	add(s.ip, q.IP, s.lib.Equals) // attributes of addresses are often not searched by parts
	return b.String()
}

func (s *store) machine(e Entry) machine.Machine {
	first := func(attribute string) string {
		if v := e.Attributes[attribute]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	m := machine.Machine{ID: e.DN, One: true}
	if s.id != "" {
		m.ID = first(s.id)
	}
	if name := first(s.host); name != "" {
		m.Hostnames = []string{name}
	}
	if s.ip != "" {
		if ip, err := netip.ParseAddr(first(s.ip)); err == nil {
			m.IP = ip.String()
		}
	}
	return m
}

// test binds with the settings and counts the machines, at most SIZELIMIT.
func test(ctx context.Context, lib Library, v field.Values) (bool, string) {
	s, err := open(lib, "test", v)
	if err != nil {
		return false, "The settings cannot work: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	defer s.Close()
	list, err := s.Machines(ctx, machine.Filter{})
	if err != nil {
		return false, "The directory does not give machines: " + err.Error()
	}
	return true, fmt.Sprintf("Your LDAP config seems to be OK, %d machine objects found.", len(list))
}
