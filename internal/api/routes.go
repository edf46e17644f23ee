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

		// resolvers and realms
		{Method: "POST", Path: "/resolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.resolverSet, Light: true},
		{Method: "POST", Path: "/realm/{realm}", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.realmSet},
		{Method: "POST", Path: "/defaultrealm/{realm}", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.defaultRealmSet},

		// system configuration
		{Method: "GET", Path: "/system/", Who: adminOrUser, Do: a.systemGet},
		{Method: "GET", Path: "/system/{key}", Who: adminOrUser, Do: a.systemGet},
		{Method: "POST", Path: "/system/setConfig", Who: adminOnly, Steps: steps(a.needs("configwrite")), Do: a.systemSet, Light: true},
		{Method: "DELETE", Path: "/system/{key}", Who: adminOnly, Steps: steps(a.needs("configdelete")), Do: a.systemDelete},

		// policies
		{Method: "POST", Path: "/policy/{name}", Who: adminOnly, Steps: steps(a.needs("policywrite")), Do: a.policySet},
	}
}
