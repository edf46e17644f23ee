package app_test

import (
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/audit"
)

// Defects of the programs before this one, and the tests that fail when one of
// them comes back:
//
//	user name of a blank                     TestSafety_BlankUserIsRefused
//	one OTP twice in a race                  TestOneTimeValuesAreUsedOnce, TestCrash, storetest "one of many writers wins"
//	unknown user raises fail counters        TestSafety_UnknownUserHurtsNobody
//	random bytes in the audit                TestDefect_RandomBytesInTheAudit
//	passwords of mail servers shown          TestSMTPServer_PasswordsStayHere
//	% and _ as wildcards                     TestDefect_WildcardsOfSQL, storetest "tokens are found by each filter"
//	a mail server that is down fails logins  TestNotify_FailuresAndLogins
//	realm that is not set means everybody    TestNotify_People, usernotification TestSendMail_Recipients
//	right on one's own attributes only       TestDefect_AttributesOfOthers
//	triggering counted as a failed login     TestSafety_TriggeringIsNoLogin
//	trigger right of one realm               TestSafety_TriggerRightOfOneRealm
//	token type policy and challenges         TestSafety_TokenTypePolicyCountsForAnswers
//	deny_access leaves a challenge           TestSafety_DeniedAccessLeavesNoChallenge
//	samlcheck shows a password hash          TestSafety_SAMLWithoutHashes
//	PIN rules by serial alone                TestPINRulesWithoutUser
//	administrators reach other tokens        TestAdministratorsOfOneRealm
//	editing a policy switches it on          TestDefect_EditingSwitchesOn
//	duplicates in the count of a list        TestDefect_CountsWithDuplicates
//	realm with custom attributes             TestDefect_RealmWithAttributes, storetest "realms"
//	tables after an interruption             storetest "schema is completed after an interruption"
//	changed resolvers until a restart        TestTrap13_WhatOnlySeemedToWork
//	attached tokens cannot be deleted        TestTrap13_WhatOnlySeemedToWork, storetest "deleted tokens leave nothing behind"

func TestDefect_RandomBytesInTheAudit(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	r := n.Admin("GET /system/random", apptest.P{"len": "32"})
	random, _ := r.Value().(string)
	if len(random) < 32 {
		t.Fatalf("%d %s", r.Status, r.Raw)
	}
	err := n.App.Store.EachAudit(t.Context(), audit.Filter{}, func(row audit.Row) error {
		if strings.Contains(audit.SignedText(row), random) {
			t.Errorf("the audit has the random bytes: %s", audit.SignedText(row))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDefect_WildcardsOfSQL(t *testing.T) {
	for _, e := range []apptest.Engine{apptest.SQLite, apptest.PostgreSQL, apptest.MariaDB} {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			for _, s := range []string{"A_1", "Ab1", "Abc1"} {
				n.Must("POST /token/init", apptest.P{"type": "spass", "serial": s, "user": "alice"})
			}
			for asked, want := range map[string]float64{"%": 0, "A%": 0, "A_1": 1, "*A_*": 1, "A*": 3} {
				r := n.Admin("GET /token/", apptest.P{"serial": strings.ReplaceAll(asked, "%", "%25")})
				if got := r.At("result.value.count"); got != want {
					t.Errorf("serial=%s: %v tokens, want %v", asked, got, want)
				}
			}
			for asked, want := range map[string]bool{"%25": false, "al_ce": false, "al*": true, "alice": true} {
				r := n.Admin("GET /audit/", apptest.P{"user": asked})
				if got, _ := r.At("result.value.count").(float64); (got > 0) != want {
					t.Errorf("audit of user=%s: %v rows", asked, got)
				}
			}
		})
	}
}

func TestDefect_AttributesOfOthers(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /policy/all", apptest.P{"scope": "admin", "realm": "", "action": "*, set_custom_user_attributes=:*: *, delete_custom_user_attributes=*"})
	n.Must("POST /policy/own", apptest.P{"scope": "user", "realm": "", "action": "delete_custom_user_attributes=*"})
	n.Must("POST /user/attribute", apptest.P{"user": "alice", "realm": "realm1", "key": "k", "value": "v"})
	n.User("bob", "DELETE /user/attribute/k/alice/realm1", nil)
	r := n.Admin("GET /user/attribute", apptest.P{"user": "alice", "realm": "realm1"})
	if r.Text("result.value.k") != "v" {
		t.Errorf("bob deleted alice's attribute: %s", r.Raw)
	}
}

func TestDefect_EditingSwitchesOn(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /policy/p", apptest.P{"scope": "authentication", "action": "otppin=none", "realm": ""})
	n.Must("POST /policy/disable/p", nil)
	n.Must("POST /policy/p", apptest.P{"scope": "authentication", "action": "otppin=userstore", "realm": ""})
	if r := n.Admin("GET /policy/p", nil); r.At("result.value.0.active") != false {
		t.Errorf("the policy is on: %s", r.Raw)
	}
}

func TestDefect_CountsWithDuplicates(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /realm/realm2", apptest.P{"resolvers": "reso"})
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1", "user": "alice"})
	n.Must("POST /token/realm/S1", apptest.P{"realms": "realm1,realm2"})
	if r := n.Admin("GET /token/", apptest.P{"tokenrealm": "realm*"}); r.At("result.value.count") != 1.0 {
		t.Errorf("%s", r.Raw)
	}
}

func TestDefect_RealmWithAttributes(t *testing.T) {
	for _, e := range []apptest.Engine{apptest.SQLite, apptest.PostgreSQL, apptest.MariaDB} {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			n.Must("POST /policy/all", apptest.P{"scope": "admin", "realm": "", "action": "*, set_custom_user_attributes=:*: *"})
			n.Must("POST /user/attribute", apptest.P{"user": "alice", "realm": "realm1", "key": "k", "value": "v"})
			n.Must("DELETE /realm/realm1", nil)
		})
	}
}
