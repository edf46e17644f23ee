package api

// routes is every endpoint of the server. Steps run from left to right, each
// around those behind it.
func (a *API) routes() []Route {
	return []Route{
		// who is calling
		{Method: "POST", Path: "/auth", Do: a.auth, Steps: steps(a.sessionGranted, a.ownTransports, a.on("auth")), Login: true},
		{Method: "GET", Path: "/auth/rights", Who: adminOrUser, Do: a.authRights},

		// is it right
		{Method: "GET,POST", Path: "/validate/check", Steps: steps(a.validated, a.ownTransports, first(a.setRealm), first(a.mangle), a.serialOrUser, a.apiKey, a.on("validate_check")), Do: a.validateCheck},
		{Method: "GET,POST", Path: "/validate/radiuscheck", Steps: steps(a.radiusStatus, a.validated, first(a.setRealm), first(a.mangle), a.serialOrUser, a.apiKey, a.on("validate_check")), Do: a.validateCheck},
		{Method: "GET,POST", Path: "/validate/samlcheck", Steps: steps(a.validated, first(a.setRealm), first(a.mangle), a.serialOrUser, a.apiKey, a.on("validate_check")), Do: a.validateSAML},
		{Method: "GET,POST", Path: "/validate/triggerchallenge", Who: adminOnly, Steps: steps(a.clientMode, a.ownTransports, a.serialOrUser, a.needs("triggerchallenge"), a.on("validate_triggerchallenge")), Do: a.triggerChallenge},
		{Method: "GET", Path: "/validate/polltransaction", Steps: steps(a.apiKey, a.on("validate_poll_transaction")), Do: a.pollTransaction},
		{Method: "GET", Path: "/validate/polltransaction/{transaction_id}", Steps: steps(a.apiKey, a.on("validate_poll_transaction")), Do: a.pollTransaction},

		// devices and browsers
		{Method: "GET,POST", Path: "/ttype/{ttype}", Do: a.typeEndpoint},

		// tokens
		{Method: "GET", Path: "/token/", Who: adminOrUser, Steps: steps(a.on("token_list")), Do: a.tokenList},
		{Method: "POST", Path: "/token/init", Who: adminOrUser, Steps: append(a.enrolSteps(), a.keepPINChange, a.on("token_init")), Do: a.tokenInit},
		{Method: "GET", Path: "/token/challenges/", Who: adminOnly, Steps: steps(a.needs("getchallenges"), a.on("token_getchallenges")), Do: a.tokenChallenges},
		{Method: "GET", Path: "/token/challenges/{serial}", Who: adminOnly, Steps: steps(a.needs("getchallenges"), a.on("token_getchallenges")), Do: a.tokenChallenges},
		{Method: "POST", Path: "/token/assign", Who: adminOrUser, Steps: steps(first(a.limitRealm), first(a.limitUser), a.needs("assign"), first(a.encryptPIN), first(a.checkPIN), a.on("token_assign")), Do: a.tokenAssign},
		{Method: "POST", Path: "/token/unassign", Who: adminOrUser, Steps: steps(a.needs("unassign"), a.on("token_unassign")), Do: a.tokenUnassign},
		{Method: "POST", Path: "/token/revoke", Who: adminOrUser, Steps: steps(a.needs("revoke"), a.on("token_revoke")), Do: a.tokenRevoke},
		{Method: "POST", Path: "/token/revoke/{serial}", Who: adminOrUser, Steps: steps(a.needs("revoke"), a.on("token_revoke")), Do: a.tokenRevoke},
		{Method: "POST", Path: "/token/enable", Who: adminOrUser, Steps: steps(first(a.limitUser), a.needs("enable"), a.on("token_enable")), Do: a.tokenEnable},
		{Method: "POST", Path: "/token/enable/{serial}", Who: adminOrUser, Steps: steps(first(a.limitUser), a.needs("enable"), a.on("token_enable")), Do: a.tokenEnable},
		{Method: "POST", Path: "/token/disable", Who: adminOrUser, Steps: steps(a.needs("disable"), a.on("token_disable")), Do: a.tokenDisable},
		{Method: "POST", Path: "/token/disable/{serial}", Who: adminOrUser, Steps: steps(a.needs("disable"), a.on("token_disable")), Do: a.tokenDisable},
		{Method: "DELETE", Path: "/token/{serial}", Who: adminOrUser, Steps: steps(a.needs("delete"), a.on("token_delete")), Do: a.tokenDelete},
		{Method: "POST", Path: "/token/reset", Who: adminOrUser, Steps: steps(a.needs("reset"), a.on("token_reset")), Do: a.tokenReset},
		{Method: "POST", Path: "/token/reset/{serial}", Who: adminOrUser, Steps: steps(a.needs("reset"), a.on("token_reset")), Do: a.tokenReset},
		{Method: "POST", Path: "/token/resync", Who: adminOrUser, Steps: steps(a.needs("resync"), a.on("token_resync")), Do: a.tokenResync},
		{Method: "POST", Path: "/token/resync/{serial}", Who: adminOrUser, Steps: steps(a.needs("resync"), a.on("token_resync")), Do: a.tokenResync},
		{Method: "POST", Path: "/token/setpin", Who: adminOrUser, Steps: steps(a.needs("setpin"), first(a.encryptPIN), first(a.checkPIN), a.keepPINChange, a.on("token_setpin")), Do: a.tokenSetPIN},
		{Method: "POST", Path: "/token/setpin/{serial}", Who: adminOrUser, Steps: steps(a.needs("setpin"), first(a.encryptPIN), first(a.checkPIN), a.keepPINChange, a.on("token_setpin")), Do: a.tokenSetPIN},
		{Method: "POST", Path: "/token/setrandompin", Who: adminOrUser, Steps: steps(a.needs("setrandompin"), first(a.setRandomPIN), first(a.encryptPIN), a.keepPINChange, a.on("token_setrandompin")), Do: a.tokenSetRandomPIN},
		{Method: "POST", Path: "/token/setrandompin/{serial}", Who: adminOrUser, Steps: steps(a.needs("setrandompin"), first(a.setRandomPIN), first(a.encryptPIN), a.keepPINChange, a.on("token_setrandompin")), Do: a.tokenSetRandomPIN},
		{Method: "POST", Path: "/token/description", Who: adminOrUser, Steps: steps(a.needs("setdescription"), a.on("token_set")), Do: a.tokenDescribe},
		{Method: "POST", Path: "/token/description/{serial}", Who: adminOrUser, Steps: steps(a.needs("setdescription"), a.on("token_set")), Do: a.tokenDescribe},
		{Method: "POST", Path: "/token/set", Who: adminOnly, Steps: steps(a.needs("set"), a.on("token_set")), Do: a.tokenSet},
		{Method: "POST", Path: "/token/set/{serial}", Who: adminOnly, Steps: steps(a.needs("set"), a.on("token_set")), Do: a.tokenSet},
		{Method: "POST", Path: "/token/realm/{serial}", Who: adminOnly, Steps: steps(first(a.limitRealm), a.needs("tokenrealms"), a.on("token_realm")), Do: a.tokenRealms},
		{Method: "POST", Path: "/token/load/{filename}", Who: adminOnly, Steps: steps(first(a.mayImport), a.on("token_load")), Do: a.tokenLoad},
		{Method: "POST", Path: "/token/copypin", Who: adminOnly, Steps: steps(a.needs("copytokenpin"), a.on("token_copypin")), Do: a.tokenCopyPIN},
		{Method: "POST", Path: "/token/copyuser", Who: adminOnly, Steps: steps(a.needs("copytokenuser"), a.on("token_copyuser")), Do: a.tokenCopyUser},
		{Method: "POST", Path: "/token/lost/{serial}", Who: adminOrUser, Steps: steps(a.needs("losttoken"), a.on("token_lost")), Do: a.tokenLost},
		{Method: "GET", Path: "/token/getserial/{otp}", Who: adminOnly, Steps: steps(a.needs("getserial"), a.on("token_getserial")), Do: a.tokenByValue},
		{Method: "POST", Path: "/token/info/{serial}/{key}", Who: adminOnly, Steps: steps(a.needs("settokeninfo"), a.on("token_info")), Do: a.tokenInfoSet},
		{Method: "DELETE", Path: "/token/info/{serial}/{key}", Who: adminOnly, Steps: steps(a.needs("settokeninfo"), a.on("token_info")), Do: a.tokenInfoDelete},
		{Method: "POST", Path: "/token/info/{serial}", Who: adminOnly, Steps: steps(a.needs("settokeninfo"), a.on("token_info")), Do: a.tokenInfoChange},
		{Method: "POST", Path: "/token/group/{serial}/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroups"), a.on("token_assign_group")), Do: a.tokenGroupAdd},
		{Method: "POST", Path: "/token/group/{serial}", Who: adminOnly, Steps: steps(a.needs("tokengroups"), a.on("token_assign_group")), Do: a.tokenGroupSet},
		{Method: "DELETE", Path: "/token/group/{serial}/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroups"), a.on("token_unassign_group")), Do: a.tokenGroupRemove},

		// token groups
		{Method: "GET", Path: "/tokengroup/", Who: adminOnly, Steps: steps(a.needs("tokengroup_list"), a.on("tokengroup_list")), Do: a.tokenGroups},
		{Method: "GET", Path: "/tokengroup/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroup_list"), a.on("tokengroup_list")), Do: a.tokenGroups},
		{Method: "POST", Path: "/tokengroup/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroup_add"), a.on("tokengroup_add")), Do: a.tokenGroupSave},
		{Method: "DELETE", Path: "/tokengroup/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroup_delete"), a.on("tokengroup_delete")), Do: a.tokenGroupDelete},

		// resolvers, realms and users
		{Method: "GET", Path: "/resolver/", Who: adminOnly, Steps: steps(a.needs("resolverread")), Do: a.resolverList},
		{Method: "GET", Path: "/resolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("resolverread")), Do: a.resolverList, Light: true},
		{Method: "POST", Path: "/resolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.resolverSet, Light: true},
		{Method: "POST", Path: "/resolver/test", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.resolverTest, Light: true},
		{Method: "DELETE", Path: "/resolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("resolverdelete")), Do: a.resolverDelete, Light: true},
		{Method: "GET", Path: "/realm/", Who: adminOnly, Do: a.realmList},
		{Method: "GET", Path: "/realm/superuser", Who: adminOnly, Do: a.realmSuperuser},
		{Method: "POST", Path: "/realm/{realm}", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.realmSet},
		{Method: "DELETE", Path: "/realm/{realm}", Who: adminOnly, Steps: steps(a.needs("resolverdelete")), Do: a.realmDelete},
		{Method: "GET", Path: "/defaultrealm", Who: adminOnly, Do: a.defaultRealmGet},
		{Method: "POST", Path: "/defaultrealm/{realm}", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.defaultRealmSet},
		{Method: "DELETE", Path: "/defaultrealm", Who: adminOnly, Steps: steps(a.needs("resolverdelete")), Do: a.defaultRealmDelete},
		{Method: "GET", Path: "/user/", Who: adminOrUser, Steps: steps(a.needs("userlist"), a.on("user_list")), Do: a.userList},
		{Method: "POST", Path: "/user", Who: adminOnly, Steps: steps(a.needs("adduser"), a.on("user_add")), Do: a.userAdd},
		{Method: "POST", Path: "/user/", Who: adminOnly, Steps: steps(a.needs("adduser"), a.on("user_add")), Do: a.userAdd},
		{Method: "PUT", Path: "/user", Who: adminOrUser, Steps: steps(a.needs("updateuser"), a.on("user_update")), Do: a.userUpdate},
		{Method: "PUT", Path: "/user/", Who: adminOrUser, Steps: steps(a.needs("updateuser"), a.on("user_update")), Do: a.userUpdate},
		{Method: "DELETE", Path: "/user/{resolvername}/{username}", Who: adminOnly, Steps: steps(a.pathUser, a.needs("deleteuser"), a.on("user_delete")), Do: a.userDelete},
		{Method: "GET", Path: "/user/attribute", Who: adminOrUser, Steps: steps(first(a.withinReach), a.on("get_user_attribute")), Do: a.attributeGet},
		{Method: "POST", Path: "/user/attribute", Who: adminOrUser, Steps: steps(a.attributeSettable, a.on("set_custom_user_attribute")), Do: a.attributeSet},
		{Method: "DELETE", Path: "/user/attribute/{attrkey}/{username}/{realm}", Who: adminOrUser, Steps: steps(a.attributeTarget, a.attributeDeletable, a.on("delete_custom_user_attribute")), Do: a.attributeDelete},
		{Method: "GET", Path: "/user/editable_attributes/", Who: adminOrUser, Steps: steps(a.on("get_editable_attributes")), Do: a.attributesEditable},

		// system configuration
		{Method: "GET", Path: "/system/", Who: adminOrUser, Do: a.systemGet},
		{Method: "GET", Path: "/system/{key}", Who: adminOrUser, Do: a.systemGet},
		{Method: "DELETE", Path: "/system/{key}", Who: adminOnly, Steps: steps(a.needs("configdelete")), Do: a.systemDelete},
		{Method: "POST", Path: "/system/setConfig", Who: adminOnly, Steps: steps(a.needs("configwrite")), Do: a.systemSet, Light: true},
		{Method: "POST", Path: "/system/setDefault", Who: adminOnly, Steps: steps(a.needs("configwrite")), Do: a.systemSetDefault, Light: true},
		{Method: "GET", Path: "/system/random", Who: adminOnly, Steps: steps(a.needs("getrandom")), Do: a.systemRandom},
		{Method: "GET", Path: "/system/hsm", Who: adminOnly, Do: a.hsmGet},
		{Method: "POST", Path: "/system/hsm", Who: adminOnly, Steps: steps(a.needs("set_hsm_password")), Do: a.hsmUnlock},
		{Method: "GET", Path: "/system/documentation", Who: adminOnly, Steps: steps(a.needs("system_documentation")), Do: a.systemDocumentation},
		{Method: "GET", Path: "/system/gpgkeys", Who: adminOrUser, Do: a.gpgKeys},
		{Method: "GET", Path: "/system/names/radius", Who: adminOrUser, Steps: steps(a.needs("enrollRADIUS")), Do: a.systemNames("radiusserver")},
		{Method: "GET", Path: "/system/names/caconnector", Who: adminOrUser, Steps: steps(a.needs("enrollCERTIFICATE")), Do: a.systemNames("caconnector")},
		{Method: "POST", Path: "/system/test/{tokentype}", Who: adminOnly, Steps: steps(a.needs("configwrite")), Do: a.systemTest},

		// mail servers
		{Method: "GET", Path: "/smtpserver/", Who: adminOnly, Steps: steps(a.needs("smtpserver_read")), Do: a.smtpList, Light: true},
		{Method: "POST", Path: "/smtpserver/send_test_email", Who: adminOnly, Steps: steps(a.needs("smtpserver_write")), Do: a.smtpTest, Light: true},
		{Method: "POST", Path: "/smtpserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("smtpserver_write")), Do: a.smtpSet, Light: true},
		{Method: "DELETE", Path: "/smtpserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("smtpserver_write")), Do: a.smtpDelete, Light: true},

		// SMS gateways
		{Method: "GET", Path: "/smsgateway/", Who: adminOnly, Steps: steps(a.needs("smsgateway_read")), Do: a.smsList, Light: true},
		{Method: "GET", Path: "/smsgateway/{gwid}", Who: adminOnly, Steps: steps(a.needs("smsgateway_read")), Do: a.smsList, Light: true},
		{Method: "GET", Path: "/smsgateway/providers", Who: adminOnly, Steps: steps(a.needs("smsgateway_read")), Do: a.smsProviders, Light: true},
		{Method: "POST", Path: "/smsgateway", Who: adminOnly, Steps: steps(a.needs("smsgateway_write")), Do: a.smsSet, Light: true},
		{Method: "DELETE", Path: "/smsgateway/{identifier}", Who: adminOnly, Steps: steps(a.needs("smsgateway_write")), Do: a.smsDelete, Light: true},
		{Method: "DELETE", Path: "/smsgateway/option/{gwid}/{key}", Who: adminOnly, Steps: steps(a.needs("smsgateway_write")), Do: a.smsDeleteOption, Light: true},

		// policies
		{Method: "GET", Path: "/policy/", Who: adminOnly, Steps: steps(a.needs("policyread")), Do: a.policyList},
		{Method: "GET", Path: "/policy/{name}", Who: adminOnly, Steps: steps(a.needs("policyread")), Do: a.policyList},
		{Method: "GET", Path: "/policy/export/{export}", Who: adminOnly, Steps: steps(a.needs("policyread")), Do: a.policyExport},
		{Method: "GET", Path: "/policy/check", Who: adminOnly, Do: a.policyCheck},
		{Method: "GET", Path: "/policy/explain", Who: adminOnly, Steps: steps(a.needsAnywhere("policyread")), Do: a.policyExplain},
		{Method: "GET", Path: "/policy/defs", Who: adminOnly, Do: a.policyDefs},
		{Method: "GET", Path: "/policy/defs/{scope}", Who: adminOnly, Do: a.policyDefs},
		{Method: "POST", Path: "/policy/{name}", Who: adminOnly, Steps: steps(a.needs("policywrite")), Do: a.policySet},
		{Method: "POST", Path: "/policy/enable/{name}", Who: adminOnly, Steps: steps(a.needs("policywrite")), Do: a.policySwitch(true)},
		{Method: "POST", Path: "/policy/disable/{name}", Who: adminOnly, Steps: steps(a.needs("policywrite")), Do: a.policySwitch(false)},
		{Method: "POST", Path: "/policy/import/{filename}", Who: adminOnly, Steps: steps(a.needs("policywrite")), Do: a.policyImport},
		{Method: "DELETE", Path: "/policy/{name}", Who: adminOnly, Steps: steps(a.needs("policydelete")), Do: a.policyDelete},

		// what happens when
		{Method: "GET", Path: "/event/", Who: adminOnly, Steps: steps(a.needs("eventhandling_read")), Do: a.eventList},
		{Method: "GET", Path: "/event/{eventid}", Who: adminOnly, Steps: steps(a.needs("eventhandling_read")), Do: a.eventGet},
		{Method: "GET", Path: "/event/positions/{handlermodule}", Who: adminOnly, Do: a.eventAbout(a.eventPositions)},
		{Method: "GET", Path: "/event/actions/{handlermodule}", Who: adminOnly, Do: a.eventAbout(a.eventActions)},
		{Method: "GET", Path: "/event/conditions/{handlermodule}", Who: adminOnly, Do: a.eventAbout(a.eventConditions)},
		{Method: "POST", Path: "/event", Who: adminOnly, Steps: steps(a.needs("eventhandling_write")), Do: a.eventSet},
		{Method: "POST", Path: "/event/enable/{eventid}", Who: adminOnly, Steps: steps(a.needs("eventhandling_write")), Do: a.eventSwitch(true)},
		{Method: "POST", Path: "/event/disable/{eventid}", Who: adminOnly, Steps: steps(a.needs("eventhandling_write")), Do: a.eventSwitch(false)},
		{Method: "DELETE", Path: "/event/{eid}", Who: adminOnly, Steps: steps(a.needs("eventhandling_write")), Do: a.eventDelete},

		// what happened
		{Method: "GET", Path: "/audit/", Who: adminOrUser, Steps: steps(a.needsAnywhere("auditlog")), Do: a.auditSearch},
		{Method: "GET", Path: "/audit/{csvfile}", Who: adminOnly, Steps: steps(a.needs("auditlog_download")), Do: a.auditFile},
		{Method: "GET", Path: "/client/", Who: adminOnly, Steps: steps(a.needs("clienttype")), Do: a.clientList},
	}
}
