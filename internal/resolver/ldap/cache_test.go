package ldap

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

func somebody(id, login string) person {
	return person{dn: "uid=" + login, user: resolver.User{ID: id, Login: login, Attributes: resolver.Attributes{"username": login, "mobile": []string{"1"}}}}
}

func TestCacheTimeout(t *testing.T) {
	s := campus(t)
	for _, c := range []struct {
		timeout string
		pass    time.Duration
		old     bool // the old value is answered after pass
	}{
		{"120", 0, true}, {"120", 119 * time.Second, true}, {"120", 120 * time.Second, false}, {"0", 0, false}, {"", 119 * time.Second, true},
	} {
		t.Run(fmt.Sprint(c.timeout, " ", c.pass), func(t *testing.T) {
			set := func(v string) {
				s.Modify("dn: uid=kim,ou=staff," + people + "\nchangetype: modify\nreplace: telephoneNumber\ntelephoneNumber: " + v + "\n")
			}
			set("1")
			cl := newClock()
			u := makeAt(t, options(s, field.Values{"CACHE_TIMEOUT": c.timeout}), cl)
			if _, err := u.ByLogin(t.Context(), "kim"); err != nil {
				t.Fatal(err)
			}
			set("2")
			cl.add(c.pass)
			want := map[bool]string{true: "1", false: "2"}[c.old]
			byLogin, err1 := u.ByLogin(t.Context(), "kim")
			byID, err2 := u.ByID(t.Context(), "9023")
			many, err3 := u.ManyByID(t.Context(), []string{"9023"})
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Fatal(err)
			}
			for name, got := range map[string]resolver.User{"ByLogin": byLogin, "ByID": byID, "ManyByID": many["9023"]} {
				if got.Attributes["phone"] != want {
					t.Errorf("%s: %v, want %v", name, got.Attributes["phone"], want)
				}
			}
		})
	}
}

func TestCache_UnknownUsersAreNotRemembered(t *testing.T) {
	s := campus(t)
	u := make1(t, options(s, field.Values{"CACHE_TIMEOUT": "120"}))
	if _, err := u.ByLogin(t.Context(), "ines"); err != nil {
		t.Fatal(err)
	}
	if _, err := u.ByLogin(t.Context(), "kim"); err != nil {
		t.Fatal(err)
	}
	s.Delete("uid=ines," + people)
	u.cache.now = func() time.Time { return newClock().now().Add(time.Hour) }
	if _, err := u.ByLogin(t.Context(), "ines"); !errors.Is(err, resolver.ErrNoUser) {
		t.Fatal(err)
	}
	if _, err := u.ByID(t.Context(), "9021"); !errors.Is(err, resolver.ErrNoUser) {
		t.Fatal(err)
	}
	s.Stop()
	if got, err := u.ByLogin(t.Context(), "ines"); !errors.Is(err, resolver.ErrUnavailable) {
		t.Errorf("deleted before the directory went down: %+v %v", got, err)
	}
	if _, err := u.ByLogin(t.Context(), "kim"); err != nil {
		t.Error(err)
	}
}

func TestCache_CallersCannotChangeIt(t *testing.T) {
	s := campus(t)
	u := make1(t, options(s, field.Values{"CACHE_TIMEOUT": "120"}))
	a, _ := u.ByLogin(t.Context(), "ines")
	a.Attributes["email"] = "x"
	a.Attributes["mobile"].([]string)[0] = "x"
	b, _ := u.ByLogin(t.Context(), "ines")
	if b.Attributes.Text("email") != "ines@campus.test" || b.Attributes.Text("mobile") != "0170 21" {
		t.Errorf("%v", b.Attributes)
	}
}

func TestCache_IsBounded(t *testing.T) {
	c := newCache(time.Hour, newClock().now)
	for i := range maxCached + 10 {
		id := fmt.Sprint(i)
		c.put(id, "l"+id, somebody(id, "l"+id), 0)
	}
	for i := range 100 {
		c.put("42424", fmt.Sprint("spelling", i), somebody("42424", "x"), 0)
	}
	if len(c.byID) != maxCached || c.users.Len() != maxCached || len(c.byLogin) > maxCached+maxLogins {
		t.Errorf("%d users, %d in order, %d logins", len(c.byID), c.users.Len(), len(c.byLogin))
	}
	if _, ok := c.id("0", time.Hour); ok {
		t.Error("the oldest is still there")
	}
	if _, ok := c.login("l0", time.Hour); ok {
		t.Error("the oldest is still found by login")
	}
	if p, ok := c.login("spelling99", time.Hour); !ok || p.user.ID != "42424" {
		t.Error("the newest spelling is lost")
	}
}

func TestCache_LoginsMoveAndAge(t *testing.T) {
	cl := newClock()
	c := newCache(time.Minute, cl.now)
	c.put("1", "ines", somebody("1", "ines"), 0)
	c.put("2", "ines", somebody("2", "ines"), 0)
	if p, _ := c.login("ines", time.Minute); p.user.ID != "2" {
		t.Errorf("the name passed to %s", p.user.ID)
	}
	c.forgetID("1")
	if p, ok := c.login("ines", time.Minute); !ok || p.user.ID != "2" {
		t.Error("forgetting the one forgot the name of the other")
	}
	cl.add(50 * time.Second)
	c.put("2", "", somebody("2", "ina"), 0)
	cl.add(20 * time.Second)
	if _, ok := c.login("ines", time.Minute); ok {
		t.Error("a name stays fresh because its user was asked for by id")
	}
	if _, ok := c.login("ines", time.Hour); !ok {
		t.Error("the name is lost for the time the directory is down")
	}
	c.forgetLogin("ines")
	if _, ok := c.login("ines", time.Hour); ok {
		t.Error("the name is not forgotten")
	}
}

func TestCache_AnswersFromBeforeAChangeAreNotKept(t *testing.T) {
	c := newCache(time.Minute, newClock().now)
	gen := c.generation()
	c.changed("1")
	c.put("1", "ines", somebody("1", "old"), gen)
	if _, ok := c.id("1", time.Minute); ok {
		t.Error("kept")
	}
}

func TestFlights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fs flights
		asked := 0
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Second+time.Millisecond)
				defer cancel()
				p, err := fs.do(ctx, "key", func(context.Context) (person, error) {
					asked++
					time.Sleep(5 * time.Second)
					return somebody("1", "ines"), nil
				})
				switch {
				case i < 5 && !errors.Is(err, resolver.ErrUnavailable):
					t.Errorf("%d: %v", i, err)
				case i >= 5 && (err != nil || p.user.ID != "1"):
					t.Errorf("%d: %+v %v", i, p, err)
				}
			})
		}
		wg.Wait()
		if asked != 1 || len(fs.m) != 0 {
			t.Errorf("asked %d times, %d left", asked, len(fs.m))
		}
		if _, err := fs.do(t.Context(), "key", func(context.Context) (person, error) { panic("bug") }); err == nil {
			t.Error("a panic is no error")
		}
	})
}
