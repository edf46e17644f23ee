package attributes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"edumfa/internal/event"
)

type facts struct {
	event.Facts
	owner event.Person
	err   error
}

func (f facts) Owner(context.Context) (event.Person, error) { return f.owner, f.err }
func (f facts) Caller() event.Caller                        { return event.Caller{Name: "bob", Realm: "realm1"} }
func (f facts) Find(_ context.Context, login, realm string) (event.Person, error) {
	return event.Person{ID: "id of " + login + "@" + realm, RealmID: 2, User: event.User{Resolver: "r"}}, f.err
}

type noted struct{ did string }

func (n *noted) SetCustomAttribute(_ context.Context, id, resolver string, realmID int64, key, value, kind string) (int64, error) {
	n.did = fmt.Sprint(id, " ", resolver, " ", realmID, " ", key, "=", value, kind)
	return 7, nil
}

func (n *noted) DeleteCustomAttribute(_ context.Context, id, resolver string, realmID int64, key string) (int64, error) {
	n.did = fmt.Sprint(id, " ", resolver, " ", realmID, " -", key)
	return 0, nil
}

func TestDo(t *testing.T) {
	alice := event.Person{ID: "1", RealmID: 1, User: event.User{Login: "alice", Resolver: "reso"}}
	type o = map[string]string
	for _, c := range []struct {
		name, action string
		options      o
		facts        facts
		want         string
		fails        bool
	}{
		{"sets", "set_custom_user_attributes", o{"user": "tokenowner", "attrkey": "k", "attrvalue": "v"}, facts{owner: alice}, "1 reso 1 k=v", false},
		{"owner if nothing is said", "SET_custom_user_attributes", o{"attrkey": "k"}, facts{owner: alice}, "1 reso 1 k=", false},
		{"who is logged in", "set_custom_user_attributes", o{"user": "logged_in_user", "attrkey": "k", "attrvalue": "v"}, facts{owner: alice}, "id of bob@realm1 r 2 k=v", false},
		{"deletes what is not there", "delete_custom_user_attributes", o{"user": "tokenowner", "attrkey": "k"}, facts{owner: alice}, "1 reso 1 -k", false},
		{"no owner", "set_custom_user_attributes", o{"user": "tokenowner", "attrkey": "k"}, facts{}, "", true},
		{"anybody else", "set_custom_user_attributes", o{"user": "everybody", "attrkey": "k"}, facts{owner: alice}, "", true},
		{"no name", "delete_custom_user_attributes", o{"user": "tokenowner"}, facts{owner: alice}, "", true},
		{"a long name", "set_custom_user_attributes", o{"attrkey": strings.Repeat("k", 256)}, facts{owner: alice}, "", true},
		{"the store does not answer", "set_custom_user_attributes", o{"attrkey": "k"}, facts{owner: alice, err: errors.New("down")}, "", true},
		{"unknown action", "dance", o{"attrkey": "k"}, facts{owner: alice}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &noted{}
			err := Handler{Store: s}.Do(t.Context(), event.Call{Facts: c.facts, Definition: event.Definition{Action: c.action, Options: c.options}})
			if (err != nil) != c.fails || s.did != c.want {
				t.Errorf("%q, %v", s.did, err)
			}
		})
	}
}
