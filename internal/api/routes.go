package api

// routes is every endpoint of the server. Steps run from left to right, each
// around those behind it.
func (a *API) routes() []Route {
	return []Route{
		// who is calling
		{Method: "POST", Path: "/auth", Do: a.auth, Steps: steps(a.on("auth")), Login: true},
		{Method: "GET", Path: "/auth/rights", Who: adminOrUser, Do: a.authRights},

		// is it right
		{Method: "GET,POST", Path: "/validate/check", Steps: steps(a.validated, a.serialOrUser, a.apiKey, a.on("validate_check")), Do: a.validateCheck},
		{Method: "GET,POST", Path: "/validate/radiuscheck", Steps: steps(a.radiusStatus, a.validated, a.serialOrUser, a.apiKey, a.on("validate_check")), Do: a.validateCheck},
		{Method: "GET,POST", Path: "/validate/samlcheck", Steps: steps(a.validated, a.serialOrUser, a.apiKey, a.on("validate_check")), Do: a.validateSAML},
		{Method: "GET,POST", Path: "/validate/triggerchallenge", Who: adminOnly, Steps: steps(a.clientMode, a.serialOrUser, a.needs("triggerchallenge"), a.on("validate_triggerchallenge")), Do: a.triggerChallenge},
		{Method: "GET", Path: "/validate/polltransaction", Steps: steps(a.apiKey, a.on("validate_poll_transaction")), Do: a.pollTransaction},
		{Method: "GET", Path: "/validate/polltransaction/{transaction_id}", Steps: steps(a.apiKey, a.on("validate_poll_transaction")), Do: a.pollTransaction},

		// tokens
		{Method: "GET", Path: "/token/", Who: adminOrUser, Steps: steps(a.on("token_list")), Do: a.tokenList},
		{Method: "POST", Path: "/token/init", Who: adminOrUser, Steps: steps(a.on("token_init")), Do: a.tokenInit},
		{Method: "DELETE", Path: "/token/{serial}", Who: adminOrUser, Steps: steps(a.needs("delete"), a.on("token_delete")), Do: a.tokenDelete},

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
		{Method: "GET", Path: "/user/attribute", Who: adminOrUser, Steps: steps(a.on("get_user_attribute")), Do: a.attributeGet},
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

		{Method: "POST", Path: "/system/test/{tokentype}", Who: adminOnly, Steps: steps(a.needs("configwrite")), Do: a.systemTest, Light: true},

		// mail servers
		{Method: "GET", Path: "/smtpserver/", Who: adminOnly, Steps: steps(a.needs("smtpserver_read")), Do: a.smtpList, Light: true},
		{Method: "POST", Path: "/smtpserver/send_test_email", Who: adminOnly, Steps: steps(a.needs("smtpserver_write")), Do: a.smtpTest, Light: true},
		{Method: "POST", Path: "/smtpserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("smtpserver_write")), Do: a.smtpSet, Light: true},
		{Method: "DELETE", Path: "/smtpserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("smtpserver_write")), Do: a.smtpDelete, Light: true},

		// policies
		{Method: "GET", Path: "/policy/", Who: adminOnly, Steps: steps(a.needs("policyread")), Do: a.policyList},
		{Method: "GET", Path: "/policy/{name}", Who: adminOnly, Steps: steps(a.needs("policyread")), Do: a.policyList},
		{Method: "GET", Path: "/policy/export/{export}", Who: adminOnly, Steps: steps(a.needs("policyread")), Do: a.policyExport},
		{Method: "GET", Path: "/policy/check", Who: adminOnly, Do: a.policyCheck},
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
		{Method: "GET", Path: "/audit/", Who: adminOrUser, Steps: steps(a.needs("auditlog")), Do: a.auditSearch},
		{Method: "GET", Path: "/audit/{csvfile}", Who: adminOnly, Steps: steps(a.needs("auditlog_download")), Do: a.auditFile},
		{Method: "GET", Path: "/client/", Who: adminOnly, Steps: steps(a.needs("clienttype")), Do: a.clientList},
	}
}
