package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/event"
)

// TestEvents_OfCalls makes a definition for every event and calls what it is
// about: the answer names the event.
func TestEvents_OfCalls(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	catalog, err := event.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "H2", "genkey": "1", "pin": "2"})
	for _, name := range catalog.Events {
		on(n, name, "post", "ResponseMangler", "set", apptest.P{"JSON pointer": "/detail/event", "type": "string", "value": name}, nil)
	}
	n.Must("POST /policy/challenges", apptest.P{"scope": "authentication", "action": "challenge_response=hotp", "realm": "", "active": "1"})
	n.Must("POST /policy/attributes", apptest.P{"scope": "admin", "action": "*, set_custom_user_attributes=:*: *, delete_custom_user_attributes=*", "realm": "", "active": "1"})
	transaction := ""
	type p = apptest.P
	for _, c := range []struct {
		call  string
		p     p
		event string // "" for none
	}{
		{"POST /tokengroup/g", p{"description": "d"}, "tokengroup_add"},
		{"GET /tokengroup/", nil, "tokengroup_list"},
		{"GET /tokengroup/g", nil, "tokengroup_list"},
		{"POST /token/init", p{"type": "hotp", "serial": "H1", "otpkey": parallelKey, "user": "alice", "pin": "1"}, "token_init"},
		{"GET /token/", nil, "token_list"},
		{"GET /token/challenges/", nil, "token_getchallenges"},
		{"GET /token/challenges/H1", nil, "token_getchallenges"},
		{"POST /auth", p{"username": "admin", "password": apptest.AdminPassword}, "auth"},
		{"POST /validate/check", p{"user": "alice", "pass": "1" + hotpValue(0)}, "validate_check"},
		{"GET /validate/check", p{"serial": "H1", "pass": "x"}, "validate_check"},
		{"POST /validate/samlcheck", p{"user": "alice", "pass": "x"}, "validate_check"},
		{"POST /validate/triggerchallenge", p{"user": "alice"}, "validate_triggerchallenge"},
		{"GET /validate/polltransaction", p{"transaction_id": "{transaction}"}, "validate_poll_transaction"},
		{"GET /validate/polltransaction/{transaction}", nil, "validate_poll_transaction"},
		{"POST /token/disable/H1", nil, "token_disable"},
		{"POST /token/enable", p{"serial": "H1"}, "token_enable"},
		{"POST /token/reset/H1", nil, "token_reset"},
		{"POST /token/resync/H1", p{"otp1": hotpValue(5), "otp2": hotpValue(6)}, "token_resync"},
		{"POST /token/setpin/H1", p{"otppin": "1"}, "token_setpin"},
		{"POST /token/set", p{"serial": "H1", "max_failcount": "9"}, "token_set"},
		{"POST /token/set/H1", p{"description": "x"}, "token_set"},
		{"POST /token/description/H1", p{"description": "y"}, "token_set"},
		{"POST /token/realm/H1", p{"realms": "realm1"}, "token_realm"},
		{"POST /token/info/H1/k", p{"value": "v"}, "token_info"},
		{"POST /token/info/H1", p{"info": `{"a": "b"}`}, "token_info"},
		{"DELETE /token/info/H1/k", nil, "token_info"},
		{"POST /token/group/H1/g", nil, "token_assign_group"},
		{"DELETE /token/group/H1/g", nil, "token_unassign_group"},
		{"POST /token/copypin", p{"from": "H1", "to": "H2"}, "token_copypin"},
		{"POST /token/copyuser", p{"from": "H1", "to": "H2"}, "token_copyuser"},
		{"GET /token/getserial/" + hotpValue(9), nil, "token_getserial"},
		{"POST /token/lost/H1", nil, "token_lost"},
		{"POST /token/unassign", p{"serial": "H2"}, "token_unassign"},
		{"POST /token/assign", p{"serial": "H2", "user": "bob"}, "token_assign"},
		{"POST /token/revoke/H2", nil, "token_revoke"},
		{"DELETE /token/H2", nil, "token_delete"},
		{"DELETE /tokengroup/g", nil, "tokengroup_delete"},
		{"POST /serviceid/web", p{"description": "d"}, "serviceid_add"},
		{"GET /serviceid/", nil, "serviceid_list"},
		{"GET /serviceid/web", nil, "serviceid_list"},
		{"DELETE /serviceid/web", nil, "serviceid_delete"},
		{"GET /user/", nil, "user_list"},
		{"POST /user/attribute", p{"user": "alice", "realm": "realm1", "key": "k", "value": "v"}, "set_custom_user_attribute"},
		{"GET /user/attribute", p{"user": "alice", "realm": "realm1"}, "get_user_attribute"},
		{"GET /user/editable_attributes/", p{"user": "alice", "realm": "realm1"}, "get_editable_attributes"},
		{"DELETE /user/attribute/k/alice/realm1", nil, "delete_custom_user_attribute"},
		{"GET /realm/", nil, ""},
		{"GET /policy/", nil, ""},
		{"GET /system/", nil, ""},
		{"GET /audit/", nil, ""},
		{"GET /event/", nil, ""},
		{"GET /auth/rights", nil, ""},
	} {
		call, parameters := strings.ReplaceAll(c.call, "{transaction}", transaction), p{}
		for k, v := range c.p {
			parameters[k] = strings.ReplaceAll(fmt.Sprint(v), "{transaction}", transaction)
		}
		r := n.Admin(call, parameters)
		if id := r.Text("detail.transaction_id"); id != "" {
			transaction = id
		}
		if r.Status != http.StatusOK || r.Text("detail.event") != c.event {
			t.Errorf("%s: %d %.300s", c.call, r.Status, r.Raw)
		}
	}
}
