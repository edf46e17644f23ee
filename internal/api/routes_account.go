package api

// accountRoutes is what people do for their account who cannot log in: set a new
// password, or begin as a new user.
func (a *API) accountRoutes() []Route {
	return []Route{
		{Method: "POST", Path: "/recover", Steps: steps(first(a.mayRecover)), Do: a.recoverAsk},
		{Method: "POST", Path: "/recover/reset", Steps: steps(first(a.mayRecover)), Do: a.recoverReset},
		{Method: "GET", Path: "/register", Do: a.registerStatus, Light: true},
		{Method: "POST", Path: "/register", Steps: steps(first(a.mailMayRegister)), Do: a.register, Light: true},
	}
}
