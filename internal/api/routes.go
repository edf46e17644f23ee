package api

import "slices"

// routes is every endpoint of the server; each group is a function in routes_*.go.
// Steps run from left to right, each around those behind it.
func (a *API) routes() []Route {
	return slices.Concat(
		a.authRoutes(),
		a.validateRoutes(),
		a.deviceRoutes(),
		a.tokenRoutes(),
		a.tokenGroupRoutes(),
		a.browserRoutes(),
		a.userRoutes(),
		a.accountRoutes(),
		a.systemRoutes(),
		a.smtpRoutes(),
		a.smsRoutes(),
		a.radiusRoutes(),
		a.remoteRoutes(),
		a.serviceRoutes(),
		a.caRoutes(),
		a.machineRoutes(),
		a.policyRoutes(),
		a.eventRoutes(),
		a.auditRoutes(),
		a.taskRoutes(),
		a.monitoringRoutes(),
	)
}
