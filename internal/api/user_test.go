package api_test

import (
	"slices"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/session"
)

// names are the users of a list.
func names(r *apptest.Reply) []string {
	list, _ := r.Value().([]any)
	var out []string
	for _, x := range list {
		m, _ := x.(map[string]any)
		name, _ := m["username"].(string)
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func TestUserAttributes_OfOthers(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			n.Must("POST /policy/root", P{"scope": "admin", "action": "*, set_custom_user_attributes=:*: *, delete_custom_user_attributes=*", "realm": ""})
			n.Must("POST /policy/self", P{"scope": "user", "action": "set_custom_user_attributes=:*: *, delete_custom_user_attributes=*", "realm": ""})
			n.Must("POST /user/attribute", P{"user": "bob", "realm": "realm1", "key": "shoe", "value": "42"})
			if r := n.User("alice", "DELETE /user/attribute/shoe/bob/realm1", nil); r.Status != 403 {
				t.Errorf("alice deletes what is bob's: %d %s", r.Status, r.Raw)
			}
			if r := n.Must("GET /user/attribute", P{"user": "bob", "key": "shoe"}); r.Value() != "42" {
				t.Error(r.Value())
			}
			if r := n.User("bob", "DELETE /user/attribute/shoe/bob/realm1", nil); r.Status != 200 || r.Value() != 1.0 {
				t.Errorf("%d %s", r.Status, r.Raw)
			}
			if r := n.Admin("POST /user/attribute", P{"user": "nobody", "realm": "realm1", "key": "shoe", "value": "42"}); r.Status != 400 {
				t.Errorf("a user that is nowhere: %d", r.Status)
			}
		})
	}
}

func TestUserList_OfRealms(t *testing.T) {
	in := apptest.New(t, apptest.Options{Config: "SUPERUSER_REALM = ['super']\n"})
	n := in.Serve()
	n.Must("POST /realm/realm2", P{"resolvers": "reso"})
	n.Must("POST /realm/super", P{"resolvers": "reso"})
	n.Must("POST /resolver/other", P{"type": "passwdresolver", "fileName": in.Dir + "/passwd"})
	n.Must("POST /realm/realm3", P{"resolvers": "other"})
	n.Must("POST /policy/root", P{"scope": "admin", "action": "*", "adminuser": "admin", "realm": ""})
	n.Must("POST /policy/desk", P{"scope": "admin", "action": "userlist", "adminrealm": "super", "realm": "realm1,realm2"})
	desk := apptest.As(n.JWT("alice", "super", session.RoleAdmin))
	all := names(n.Admin("GET /user/", P{"realm": "realm1"}))
	if len(all) == 0 || !slices.Equal(names(n.Call("GET /user/", nil, desk)), all) {
		t.Error("an administrator of realms sees their users")
	}
	if got := names(n.Call("GET /user/", P{"resolver": "other"}, desk)); len(got) != len(all) {
		t.Errorf("users of a resolver beyond the realms: %v", got)
	}
	if r := n.Call("GET /user/", P{"realm": "realm3"}, desk); r.Status != 403 {
		t.Errorf("users of a realm beyond: %d", r.Status)
	}
	if got := names(n.User("alice", "GET /user/", P{"username": "*"})); !slices.Equal(got, []string{"alice"}) {
		t.Errorf("a user sees %v", got)
	}
	if r := n.Admin("GET /user/", nil); strings.Contains(string(r.Raw), "$6$") {
		t.Error("hashes are shown")
	}
}

func TestUserUpdate_OnlyOneself(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	if r := n.User("alice", "PUT /user/", P{"userid": "1002", "email": "x@example.org"}); r.Status == 200 {
		t.Errorf("%s", r.Raw)
	}
}
