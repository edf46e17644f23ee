package app_test

import (
	"slices"
	"strings"
	"testing"

	"edumfa/internal/app"
	"edumfa/internal/app/apptest"
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
	"edumfa/internal/session"
)

// rightNeeded is a call that one right of the scope admin opens.
type rightNeeded struct {
	right, call string
	p           apptest.P
	// refused: with the right it is refused too, but for another reason.
	refused bool
}

// rightsNeeded are calls that change little enough to be made one after the
// other. Things they need are made by TestRights_EachOpensItsCall.
func rightsNeeded() []rightNeeded {
	return []rightNeeded{
		{right: "tokenlist", call: "GET /token/", p: apptest.P{"serial": "T1"}},
		{right: "assign", call: "POST /token/assign", p: apptest.P{"serial": "FREE", "user": "alice", "realm": "realm1"}},
		{right: "unassign", call: "POST /token/unassign", p: apptest.P{"serial": "FREE"}},
		{right: "disable", call: "POST /token/disable/T1"},
		{right: "enable", call: "POST /token/enable/T1"},
		{right: "reset", call: "POST /token/reset/T1"},
		{right: "resync", call: "POST /token/resync/T1", p: apptest.P{"otp1": "111111", "otp2": "222222"}},
		{right: "setpin", call: "POST /token/setpin/T1", p: apptest.P{"otppin": "1234"}},
		{right: "setrandompin", call: "POST /token/setrandompin/T1", refused: true},
		{right: "set", call: "POST /token/set/T1", p: apptest.P{"max_failcount": "12"}},
		{right: "setdescription", call: "POST /token/description/T1", p: apptest.P{"description": "new"}},
		{right: "settokeninfo", call: "POST /token/info/T1/key", p: apptest.P{"value": "v"}},
		{right: "settokeninfo", call: "DELETE /token/info/T1/key"},
		{right: "tokenrealms", call: "POST /token/realm/T1", p: apptest.P{"realms": "realm1"}},
		{right: "tokengroup_add", call: "POST /tokengroup/g2", p: apptest.P{"description": "d"}},
		{right: "tokengroup_list", call: "GET /tokengroup/"},
		{right: "tokengroups", call: "POST /token/group/T1/g1"},
		{right: "tokengroups", call: "DELETE /token/group/T1/g1"},
		{right: "tokengroup_delete", call: "DELETE /tokengroup/g2"},
		{right: "copytokenpin", call: "POST /token/copypin", p: apptest.P{"from": "T1", "to": "T2"}},
		{right: "copytokenuser", call: "POST /token/copyuser", p: apptest.P{"from": "T1", "to": "T2"}},
		{right: "losttoken", call: "POST /token/lost/T1"},
		{right: "getserial", call: "GET /token/getserial/111111"},
		{right: "getchallenges", call: "GET /token/challenges/"},
		{right: "importtokens", call: "POST /token/load/tokens.csv", p: apptest.P{"type": "oathcsv", "file": "IMP1, " + strings.Repeat("31", 20) + ", hotp, 6"}, refused: true},
		{right: "triggerchallenge", call: "POST /validate/triggerchallenge", p: apptest.P{"user": "alice", "realm": "realm1"}},
		{right: "revoke", call: "POST /token/revoke/T2"},
		{right: "delete", call: "DELETE /token/T2"},

		{right: "userlist", call: "GET /user/", p: apptest.P{"realm": "realm1"}},
		{right: "adduser", call: "POST /user/", p: apptest.P{"resolver": "none", "user": "carol"}, refused: true},
		{right: "updateuser", call: "PUT /user/", p: apptest.P{"resolver": "none", "user": "carol"}, refused: true},
		{right: "deleteuser", call: "DELETE /user/reso/alice", refused: true},

		{right: "auditlog", call: "GET /audit/"},
		{right: "auditlog_download", call: "GET /audit/rows.csv"},
		{right: "clienttype", call: "GET /client/"},
		{right: "getrandom", call: "GET /system/random"},
		{right: "system_documentation", call: "GET /system/documentation"},
		{right: "set_hsm_password", call: "POST /system/hsm", p: apptest.P{"password": "x"}, refused: true},

		{right: "configwrite", call: "POST /system/setConfig", p: apptest.P{"AnyKey": "v"}},
		{right: "configwrite", call: "POST /system/setDefault", p: apptest.P{"DefaultMaxFailCount": "12"}},
		{right: "configwrite", call: "POST /system/test/hotp", refused: true},
		{right: "configdelete", call: "DELETE /system/AnyKey"},
		{right: "policyread", call: "GET /policy/"},
		{right: "policyread", call: "GET /policy/export/all.cfg"},
		{right: "policywrite", call: "POST /policy/more", p: apptest.P{"scope": "user", "action": "disable", "realm": ""}},
		{right: "policywrite", call: "POST /policy/disable/more"},
		{right: "policywrite", call: "POST /policy/enable/more"},
		{right: "policydelete", call: "DELETE /policy/more"},
		{right: "resolverread", call: "GET /resolver/"},
		{right: "resolverwrite", call: "POST /resolver/test", p: apptest.P{"type": "passwdresolver"}, refused: true},
		{right: "resolverwrite", call: "POST /realm/realm2", p: apptest.P{"resolvers": "users"}, refused: true},
		{right: "resolverwrite", call: "POST /defaultrealm/realm1"},
		{right: "resolverdelete", call: "DELETE /defaultrealm"},
		{right: "resolverdelete", call: "DELETE /realm/realm2", refused: true},
		{right: "resolverdelete", call: "DELETE /resolver/none", refused: true},
		{right: "eventhandling_read", call: "GET /event/"},
		{right: "eventhandling_write", call: "POST /event", p: apptest.P{"name": "n"}, refused: true},
		{right: "eventhandling_write", call: "POST /event/enable/9", refused: true},
		{right: "eventhandling_write", call: "DELETE /event/9", refused: true},
		{right: "smtpserver_read", call: "GET /smtpserver/"},
		{right: "smtpserver_write", call: "POST /smtpserver/relay", p: apptest.P{"server": "127.0.0.1", "sender": "mfa@example.org"}},
		{right: "smtpserver_write", call: "DELETE /smtpserver/relay"},
		{right: "smsgateway_read", call: "GET /smsgateway/"},
		{right: "smsgateway_write", call: "POST /smsgateway", p: apptest.P{"name": "g"}, refused: true},
		{right: "smsgateway_write", call: "DELETE /smsgateway/none", refused: true},
		{right: "radiusserver_read", call: "GET /radiusserver/"},
		{right: "radiusserver_write", call: "POST /radiusserver/r", p: apptest.P{}, refused: true},
		{right: "radiusserver_write", call: "DELETE /radiusserver/r", refused: true},
		{right: "edumfaserver_read", call: "GET /edumfaserver/"},
		{right: "edumfaserver_write", call: "POST /edumfaserver/other", p: apptest.P{"url": "https://mfa.example.org"}},
		{right: "edumfaserver_write", call: "DELETE /edumfaserver/other"},
		{right: "serviceid_list", call: "GET /serviceid/"},
		{right: "serviceid_add", call: "POST /serviceid/s1", p: apptest.P{"description": "d"}},
		{right: "serviceid_delete", call: "DELETE /serviceid/s1"},
		{right: "caconnectorread", call: "GET /caconnector/"},
		{right: "caconnectorwrite", call: "POST /caconnector/c", p: apptest.P{}, refused: true},
		{right: "caconnectordelete", call: "DELETE /caconnector/c", refused: true},
		{right: "mresolverread", call: "GET /machineresolver/"},
		{right: "mresolverwrite", call: "POST /machineresolver/m", p: apptest.P{}, refused: true},
		{right: "mresolverdelete", call: "DELETE /machineresolver/m", refused: true},
		{right: "machinelist", call: "GET /machine/"},
		{right: "manage_machine_tokens", call: "POST /machine/token", p: apptest.P{"serial": "T1", "application": "ssh", "hostname": "h"}, refused: true},
		{right: "statistics_read", call: "GET /monitoring/"},
		{right: "statistics_read", call: "GET /monitoring/key"},
		{right: "statistics_read", call: "GET /monitoring/key/last"},
		{right: "statistics_delete", call: "DELETE /monitoring/key"},
		{right: "periodictask_read", call: "GET /periodictask/"},
		{right: "periodictask_read", call: "GET /periodictask/9", refused: true},
		{right: "periodictask_write", call: "POST /periodictask/", p: apptest.P{"name": "t", "active": "1", "interval": "0 0 * * *", "nodes": "localnode", "ordering": "1", "taskmodule": "SimpleStats", "options": "{}"}},
		{right: "periodictask_write", call: "POST /periodictask/enable/9", refused: true},
		{right: "periodictask_write", call: "POST /periodictask/disable/9", refused: true},
		{right: "periodictask_write", call: "DELETE /periodictask/9", refused: true},
		{right: "fetch_authentication_items", call: "GET /machine/authitem", p: apptest.P{"hostname": "h"}, refused: true},
	}
}

// rightsElsewhere are rights of the scope admin that open no call of their own.
func rightsElsewhere() map[string]string {
	return map[string]string{
		"configread":         "menus of the user interface ask for it, no call does",
		"managesubscription": "there are no subscriptions",
		"enrollpin":          "without it the PIN of an enrolment is dropped: policy/admin-pin-rules",
		"certificate_trusted_Attestation_CA_path": "no right",
	}
}

// TestRights_EachOpensItsCall makes every call as an administrator who has all
// rights but one, and as one who has only that.
func TestRights_EachOpensItsCall(t *testing.T) {
	n := apptest.New(t, apptest.Options{Config: "EDUMFA_LOGLEVEL = 50"}).Serve()
	for _, serial := range []string{"T1", "T2"} {
		n.Must("POST /token/init", apptest.P{"type": "hotp", "genkey": "1", "serial": serial, "user": "alice", "realm": "realm1"})
	}
	n.Must("POST /token/init", apptest.P{"type": "hotp", "genkey": "1", "serial": "FREE"})
	n.Must("POST /tokengroup/g1", apptest.P{"description": "d"})
	n.Must("POST /policy/super", apptest.P{"scope": "admin", "adminuser": "admin", "action": "*", "realm": ""})
	helpdesk := apptest.As(n.JWT("helpdesk", "", session.RoleAdmin))
	may := func(rights ...string) {
		n.Must("POST /policy/helpdesk", apptest.P{"scope": "admin", "adminuser": "helpdesk", "action": strings.Join(rights, ","), "realm": ""})
	}
	all := rightsOf(policy.ScopeAdmin)
	for _, c := range rightsNeeded() {
		t.Run(c.right+" "+c.call, func(t *testing.T) {
			may(slices.DeleteFunc(slices.Clone(all), func(r string) bool { return r == c.right })...)
			r := n.Call(c.call, c.p, helpdesk)
			if c.right == "tokenlist" {
				// a list without the right is empty, not refused
				if r.At("result.value.count") != 0.0 {
					t.Errorf("without the right: %s", r.Raw)
				}
			} else if r.Status != 403 || r.ErrorCode() != 303 {
				t.Errorf("without the right: %d %s", r.Status, r.Raw)
			}
			may(c.right)
			r = n.Call(c.call, c.p, helpdesk)
			if r.ErrorCode() == 303 || !c.refused && r.Status != 200 || r.Status == 404 && r.Body == nil || r.Status >= 500 {
				t.Errorf("with the right: %d %s", r.Status, r.Raw)
			}
		})
	}
}

// TestRights_NoneIsForgotten holds that every yes-or-no action of the scope admin
// opens a call of the table, enrols a type, or has its reason.
func TestRights_NoneIsForgotten(t *testing.T) {
	var known []string
	for _, c := range rightsNeeded() {
		known = append(known, c.right)
	}
	elsewhere := rightsElsewhere()
	for _, right := range rightsOf(policy.ScopeAdmin) {
		if !slices.Contains(known, right) && elsewhere[right] == "" && !strings.HasPrefix(right, "enroll") && !strings.HasSuffix(right, "_force_server_generate") {
			t.Errorf("no call needs the right %q", right)
		}
	}
}

// rightsOf are the yes-or-no actions of a scope.
func rightsOf(scope string) []string {
	var list []string
	for _, d := range app.PolicyActions(app.TokenTypes(), action.Dynamic{}).Scope(scope) {
		if d.Type == action.Bool {
			list = append(list, d.Name)
		}
	}
	slices.Sort(list)
	return list
}
