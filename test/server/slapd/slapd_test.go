package slapd

import (
	"slices"
	"testing"
)

func TestStart_KeepsDataOverARestart(t *testing.T) {
	people := "ou=people," + Suffix
	s := Start(t, Options{Entries: []Entry{OU("people", Suffix), Person("ines", people, "Ines", "Jäger")}})
	s.Add(Person("kim", people, "Kim", "Kuhn", "mail: kim@campus.test"))
	s.Modify("dn: uid=kim," + people + "\nchangetype: modify\nreplace: mail\nmail: kk@campus.test\n")
	s.Restart()
	if got := s.Read("uid=kim,"+people, "uid", "mail"); !slices.Equal(got, []string{"uid: kim", "mail: kk@campus.test"}) {
		t.Errorf("kim: %q", got)
	}
	if got := s.Read("uid=ines,"+people, "sn"); !slices.Equal(got, []string{"sn: Jäger"}) {
		t.Errorf("ines: %q", got)
	}
	s.Delete("uid=kim," + people)
	if got := s.Read("uid=kim,"+people, "uid"); got != nil {
		t.Errorf("after delete: %q", got)
	}
	s.Stop()
	s.Stop()
}
