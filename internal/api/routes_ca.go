package api

import "edumfa/internal/ocspwire"

// caRoutes is about connectors to certificate authorities.
func (a *API) caRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/caconnector/", Who: adminOnly, Steps: steps(a.needs("caconnectorread")), Do: a.caList, Light: true},
		{Method: "GET", Path: "/caconnector/{name}", Who: adminOnly, Steps: steps(a.needs("caconnectorread")), Do: a.caList, Light: true},
		{Method: "GET", Path: "/caconnector/specific/{catype}", Who: adminOnly, Steps: steps(a.needs("caconnectorread")), Do: a.caSpecific, Light: true},
		{Method: "POST", Path: "/caconnector/{name}", Who: adminOnly, Steps: steps(a.needs("caconnectorwrite")), Do: a.caSet, Light: true},
		{Method: "DELETE", Path: "/caconnector/{name}", Who: adminOnly, Steps: steps(a.needs("caconnectordelete")), Do: a.caDelete, Light: true},
		{Method: "GET", Path: "/certificate/crl/{caconnector}", Do: a.caCRL, Light: true, NoAudit: true},
		{Method: "GET", Path: "/certificate/ca/{caconnector}", Do: a.caCertificate, Light: true, NoAudit: true},
		{Method: "GET", Path: "/certificate/ocsp/{caconnector}/{request}", Do: a.caOCSP, Light: true, NoAudit: true},
		{Method: "POST", Path: "/certificate/ocsp/{caconnector}", Do: a.caOCSP, Light: true, NoAudit: true, RawBody: ocspwire.MaxRequest},
		{Method: "GET", Path: "/certificate/ssh/{caconnector}", Do: a.sshAuthority, Light: true},
	}
}
