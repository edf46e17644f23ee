package api

// taskRoutes is about periodic tasks.
func (a *API) taskRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/periodictask/taskmodules/", Who: adminOnly, Do: a.taskModules, Light: true},
		{Method: "GET", Path: "/periodictask/nodes/", Who: adminOnly, Do: a.taskNodes, Light: true},
		{Method: "GET", Path: "/periodictask/options/{taskmodule}", Who: adminOnly, Do: a.taskOptions, Light: true},
		{Method: "GET", Path: "/periodictask/", Who: adminOnly, Steps: steps(a.needs("periodictask_read")), Do: a.taskList, Light: true},
		{Method: "GET", Path: "/periodictask/{ptaskid}", Who: adminOnly, Steps: steps(a.needs("periodictask_read")), Do: a.taskGet, Light: true},
		{Method: "POST", Path: "/periodictask/", Who: adminOnly, Steps: steps(a.needs("periodictask_write")), Do: a.taskSet, Light: true},
		{Method: "POST", Path: "/periodictask/enable/{ptaskid}", Who: adminOnly, Steps: steps(a.needs("periodictask_write")), Do: a.taskSwitch(true), Light: true},
		{Method: "POST", Path: "/periodictask/disable/{ptaskid}", Who: adminOnly, Steps: steps(a.needs("periodictask_write")), Do: a.taskSwitch(false), Light: true},
		{Method: "DELETE", Path: "/periodictask/{ptaskid}", Who: adminOnly, Steps: steps(a.needs("periodictask_write")), Do: a.taskDelete, Light: true},
	}
}

// monitoringRoutes are the statistics.
func (a *API) monitoringRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/monitoring/", Who: adminOnly, Steps: steps(a.needs("statistics_read")), Do: a.statsKeys, Light: true},
		{Method: "GET", Path: "/monitoring/{stats_key}", Who: adminOnly, Steps: steps(a.needs("statistics_read")), Do: a.statsValues, Light: true},
		{Method: "GET", Path: "/monitoring/{stats_key}/last", Who: adminOnly, Steps: steps(a.needs("statistics_read")), Do: a.statsLast, Light: true},
		{Method: "DELETE", Path: "/monitoring/{stats_key}", Who: adminOnly, Steps: steps(a.needs("statistics_delete")), Do: a.statsDelete, Light: true},
		{Method: "GET", Path: "/stats/current/users_with_token", Who: adminOnly, Steps: steps(a.needs("statistics_read")), Do: a.usersWithToken, Light: true},
	}
}
