package api

// radiusRoutes is about RADIUS servers.
func (a *API) radiusRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/radiusserver/", Who: adminOnly, Steps: steps(a.needs("radiusserver_read")), Do: a.radiusList, Light: true},
		{Method: "POST", Path: "/radiusserver/test_request", Who: adminOnly, Steps: steps(a.needs("radiusserver_write")), Do: a.radiusTest, Light: true},
		{Method: "POST", Path: "/radiusserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("radiusserver_write")), Do: a.radiusSet, Light: true},
		{Method: "DELETE", Path: "/radiusserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("radiusserver_write")), Do: a.radiusDelete, Light: true},
	}
}

// remoteRoutes is about other eduMFA servers.
func (a *API) remoteRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/edumfaserver/", Who: adminOnly, Steps: steps(a.needs("edumfaserver_read")), Do: a.remoteList, Light: true},
		{Method: "POST", Path: "/edumfaserver/test_request", Who: adminOnly, Steps: steps(a.needs("edumfaserver_write")), Do: a.remoteTest, Light: true},
		{Method: "POST", Path: "/edumfaserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("edumfaserver_write")), Do: a.remoteSet, Light: true},
		{Method: "DELETE", Path: "/edumfaserver/{identifier}", Who: adminOnly, Steps: steps(a.needs("edumfaserver_write")), Do: a.remoteDelete, Light: true},
	}
}

// serviceRoutes is about the names of services.
func (a *API) serviceRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/serviceid/", Who: adminOnly, Steps: steps(a.needs("serviceid_list"), a.on("serviceid_list")), Do: a.serviceIDs},
		{Method: "GET", Path: "/serviceid/{name}", Who: adminOnly, Steps: steps(a.needs("serviceid_list"), a.on("serviceid_list")), Do: a.serviceIDs},
		{Method: "POST", Path: "/serviceid/{name}", Who: adminOnly, Steps: steps(a.needs("serviceid_add"), a.on("serviceid_add")), Do: a.serviceIDSave},
		{Method: "DELETE", Path: "/serviceid/{name}", Who: adminOnly, Steps: steps(a.needs("serviceid_delete"), a.on("serviceid_delete")), Do: a.serviceIDDelete},
	}
}
