package api

// machineRoutes is about machines, what tokens are used for on them, and the
// stores that know them.
func (a *API) machineRoutes() []Route {
	manage, fetch := steps(a.needsOnMachine("manage_machine_tokens")), steps(first(a.mangle), a.needsOnMachine("fetch_authentication_items"))
	return []Route{
		{Method: "GET", Path: "/machine/", Who: adminOnly, Steps: steps(a.needs("machinelist")), Do: a.machineList, Light: true},
		{Method: "POST", Path: "/machine/token", Who: adminOnly, Steps: manage, Do: a.machineAttach, Light: true},
		{Method: "GET", Path: "/machine/token", Who: adminOnly, Steps: manage, Do: a.machineTokens, Light: true},
		{Method: "DELETE", Path: "/machine/token/{serial}/{machineid}/{resolver}/{application}", Who: adminOnly, Steps: manage, Do: a.machineDetach, Light: true},
		{Method: "DELETE", Path: "/machine/token/{serial}/{application}/{mtid}", Who: adminOnly, Steps: manage, Do: a.machineDetachOne, Light: true},
		{Method: "POST", Path: "/machine/tokenoption", Who: adminOnly, Steps: manage, Do: a.machineOptions, Light: true},
		{Method: "GET", Path: "/machine/authitem", Who: adminOnly, Steps: fetch, Do: a.authItems, Light: true},
		{Method: "GET", Path: "/machine/authitem/{application}", Who: adminOnly, Steps: fetch, Do: a.authItems, Light: true},
		{Method: "GET", Path: "/application/", Who: adminOnly, Do: a.applicationList},
		{Method: "GET", Path: "/machineresolver/", Who: adminOnly, Steps: steps(a.needs("mresolverread")), Do: a.machineStores, Light: true},
		{Method: "GET", Path: "/machineresolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("mresolverread")), Do: a.machineStores, Light: true},
		{Method: "POST", Path: "/machineresolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("mresolverwrite")), Do: a.machineStoreSet, Light: true},
		{Method: "POST", Path: "/machineresolver/test", Who: adminOnly, Steps: steps(a.needs("mresolverwrite")), Do: a.machineStoreTest, Light: true},
		{Method: "DELETE", Path: "/machineresolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("mresolverdelete")), Do: a.machineStoreDelete, Light: true},
	}
}
