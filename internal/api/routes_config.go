package api

// systemRoutes is the system configuration.
func (a *API) systemRoutes() []Route {
	return []Route{
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
		{Method: "GET", Path: "/system/names/caconnector", Who: adminOrUser, Steps: steps(a.needs("enrollCERTIFICATE")), Do: a.caNames},
		{Method: "POST", Path: "/system/test/{tokentype}", Who: adminOnly, Steps: steps(a.needs("configwrite")), Do: a.systemTest},
	}
}

// smtpRoutes is about mail servers.
func (a *API) smtpRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/smtpserver/", Who: adminOnly, Steps: steps(a.needs("smtpserver_read")), Do: a.smtpList, Light: true},
		{Method: "POST", Path: "/smtpserver/send_test_email", Who: adminOnly, Steps: steps(a.needs("smtpserver_write")), Do: a.smtpTest, Light: true},
		{Method: "POST", Path: "/smtpserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("smtpserver_write")), Do: a.smtpSet, Light: true},
		{Method: "DELETE", Path: "/smtpserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("smtpserver_write")), Do: a.smtpDelete, Light: true},
	}
}

// smsRoutes is about SMS gateways.
func (a *API) smsRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/smsgateway/", Who: adminOnly, Steps: steps(a.needs("smsgateway_read")), Do: a.smsList, Light: true},
		{Method: "GET", Path: "/smsgateway/{gwid}", Who: adminOnly, Steps: steps(a.needs("smsgateway_read")), Do: a.smsList, Light: true},
		{Method: "GET", Path: "/smsgateway/providers", Who: adminOnly, Steps: steps(a.needs("smsgateway_read")), Do: a.smsProviders, Light: true},
		{Method: "POST", Path: "/smsgateway", Who: adminOnly, Steps: steps(a.needs("smsgateway_write")), Do: a.smsSet, Light: true},
		{Method: "DELETE", Path: "/smsgateway/{identifier}", Who: adminOnly, Steps: steps(a.needs("smsgateway_write")), Do: a.smsDelete, Light: true},
		{Method: "DELETE", Path: "/smsgateway/option/{gwid}/{key}", Who: adminOnly, Steps: steps(a.needs("smsgateway_write")), Do: a.smsDeleteOption, Light: true},
	}
}

// policyRoutes is about policies.
func (a *API) policyRoutes() []Route {
	return []Route{
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
	}
}

// eventRoutes says what happens when.
func (a *API) eventRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/event/", Who: adminOnly, Steps: steps(a.needs("eventhandling_read")), Do: a.eventList},
		{Method: "GET", Path: "/event/{eventid}", Who: adminOnly, Steps: steps(a.needs("eventhandling_read")), Do: a.eventGet},
		{Method: "GET", Path: "/event/positions/{handlermodule}", Who: adminOnly, Do: a.eventAbout(a.eventPositions)},
		{Method: "GET", Path: "/event/actions/{handlermodule}", Who: adminOnly, Do: a.eventAbout(a.eventActions)},
		{Method: "GET", Path: "/event/conditions/{handlermodule}", Who: adminOnly, Do: a.eventAbout(a.eventConditions)},
		{Method: "POST", Path: "/event", Who: adminOnly, Steps: steps(a.needs("eventhandling_write")), Do: a.eventSet},
		{Method: "POST", Path: "/event/enable/{eventid}", Who: adminOnly, Steps: steps(a.needs("eventhandling_write")), Do: a.eventSwitch(true)},
		{Method: "POST", Path: "/event/disable/{eventid}", Who: adminOnly, Steps: steps(a.needs("eventhandling_write")), Do: a.eventSwitch(false)},
		{Method: "DELETE", Path: "/event/{eid}", Who: adminOnly, Steps: steps(a.needs("eventhandling_write")), Do: a.eventDelete},
	}
}
