package api

// authRoutes finds out who is calling.
func (a *API) authRoutes() []Route {
	return []Route{
		{Method: "POST", Path: "/auth", Do: a.auth, Steps: steps(a.sessionGranted, a.ownTransports, a.on("auth")), Login: true},
		{Method: "GET", Path: "/auth/rights", Who: adminOrUser, Do: a.authRights},
	}
}

// validateRoutes asks whether a login is right.
func (a *API) validateRoutes() []Route {
	return []Route{
		{Method: "GET,POST", Path: "/validate/check", Steps: steps(a.offlineItems, a.validated, a.ownTransports, first(a.setRealm), first(a.mangle), a.serialOrUser, a.apiKey, a.on("validate_check")), Do: a.validateCheck},
		{Method: "GET,POST", Path: "/validate/radiuscheck", Steps: steps(a.radiusStatus, a.validated, first(a.setRealm), first(a.mangle), a.serialOrUser, a.apiKey, a.on("validate_check")), Do: a.validateCheck},
		{Method: "GET,POST", Path: "/validate/samlcheck", Steps: steps(a.validated, first(a.setRealm), first(a.mangle), a.serialOrUser, a.apiKey, a.on("validate_check")), Do: a.validateSAML},
		{Method: "GET,POST", Path: "/validate/triggerchallenge", Who: adminOnly, Steps: steps(a.clientMode, a.ownTransports, a.serialOrUser, a.needs("triggerchallenge"), a.on("validate_triggerchallenge")), Do: a.triggerChallenge},
		{Method: "POST", Path: "/validate/offlinerefill", Steps: steps(a.serialOrUser, a.on("validate_offlinerefill")), Do: a.offlineRefill},
		{Method: "GET", Path: "/validate/polltransaction", Steps: steps(a.apiKey, a.on("validate_poll_transaction")), Do: a.pollTransaction},
		{Method: "GET", Path: "/validate/polltransaction/{transaction_id}", Steps: steps(a.apiKey, a.on("validate_poll_transaction")), Do: a.pollTransaction},
	}
}

// deviceRoutes talks with devices and browsers.
func (a *API) deviceRoutes() []Route {
	return []Route{
		{Method: "GET,POST", Path: "/ttype/{ttype}", Do: a.typeEndpoint},
	}
}
