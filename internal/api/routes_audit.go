package api

// auditRoutes tells what happened.
func (a *API) auditRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/audit/", Who: adminOrUser, Steps: steps(a.needsAnywhere("auditlog")), Do: a.auditSearch},
		{Method: "GET", Path: "/audit/{csvfile}", Who: adminOnly, Steps: steps(a.needs("auditlog_download")), Do: a.auditFile},
		{Method: "GET", Path: "/client/", Who: adminOnly, Steps: steps(a.needs("clienttype")), Do: a.clientList},
	}
}
