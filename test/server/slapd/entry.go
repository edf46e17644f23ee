package slapd

import (
	"encoding/base64"
	"fmt"
	"os/exec"
	"strings"
)

// Entry is a DN and its attributes as "name: value" lines.
type Entry struct {
	DN    string
	Attrs []string
}

// OU is an organizational unit below parent.
func OU(name, parent string) Entry {
	return Entry{"ou=" + name + "," + parent, []string{"objectClass: organizationalUnit", "ou: " + name}}
}

// Person is an inetOrgPerson uid=<uid>,<ou> with more attributes.
func Person(uid, ou, given, sn string, more ...string) Entry {
	return Entry{"uid=" + uid + "," + ou, append([]string{
		"objectClass: inetOrgPerson", "uid: " + uid, "cn: " + given + " " + sn, "givenName: " + given, "sn: " + sn,
	}, more...)}
}

// LDIF writes entries (RFC 2849); all values are base64. Values of one attribute
// stand together, as slapadd wants them.
func LDIF(entries ...Entry) string {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "dn:: %s\n", b64(e.DN))
		var order []string
		values := map[string][]string{}
		for _, a := range e.Attrs {
			k, v, _ := strings.Cut(a, ": ")
			if values[k] == nil {
				order = append(order, k)
			}
			values[k] = append(values[k], v)
		}
		for _, k := range order {
			for _, v := range values[k] {
				fmt.Fprintf(&b, "%s:: %s\n", k, b64(v))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Modify applies LDIF change records as Admin.
func (s *Server) Modify(ldif string) {
	s.t.Helper()
	c := exec.Command("ldapmodify", "-x", "-H", s.URI(), "-D", Admin, "-w", AdminPassword)
	c.Stdin = strings.NewReader(ldif)
	if out, err := c.CombinedOutput(); err != nil {
		s.t.Fatalf("ldapmodify: %v: %s", err, out)
	}
}

// Add adds entries as Admin.
func (s *Server) Add(entries ...Entry) {
	s.t.Helper()
	c := exec.Command("ldapadd", "-x", "-H", s.URI(), "-D", Admin, "-w", AdminPassword)
	c.Stdin = strings.NewReader(LDIF(entries...))
	if out, err := c.CombinedOutput(); err != nil {
		s.t.Fatalf("ldapadd: %v: %s", err, out)
	}
}

// Delete removes an entry as Admin.
func (s *Server) Delete(dn string) {
	s.t.Helper()
	s.run("ldapdelete", "-x", "-H", s.URI(), "-D", Admin, "-w", AdminPassword, dn)
}

// Read returns the attributes of an entry as "name: value" lines in the order
// asked for, or nil if there is no such entry.
func (s *Server) Read(dn string, attrs ...string) []string {
	args := append([]string{"-x", "-LLL", "-o", "ldif-wrap=no", "-H", s.URI(), "-D", Admin, "-w", AdminPassword,
		"-b", dn, "-s", "base", "(objectClass=*)"}, attrs...)
	out, err := exec.Command("ldapsearch", args...).Output()
	if err != nil {
		return nil
	}
	res := []string{}
	for _, a := range attrs {
		for l := range strings.SplitSeq(string(out), "\n") {
			if v, ok := strings.CutPrefix(l, a+":: "); ok {
				b, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(v))
				res = append(res, a+": "+string(b))
			} else if strings.HasPrefix(l, a+": ") {
				res = append(res, l)
			}
		}
	}
	return res
}
