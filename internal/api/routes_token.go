package api

// tokenRoutes is everything about tokens.
func (a *API) tokenRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/token/", Who: adminOrUser, Steps: steps(a.on("token_list")), Do: a.tokenList},
		{Method: "POST", Path: "/token/init", Who: adminOrUser, Steps: append(a.enrolSteps(), a.keepPINChange, a.on("token_init")), Do: a.tokenInit},
		{Method: "GET", Path: "/token/challenges/", Who: adminOnly, Steps: steps(a.needs("getchallenges"), a.on("token_getchallenges")), Do: a.tokenChallenges},
		{Method: "GET", Path: "/token/challenges/{serial}", Who: adminOnly, Steps: steps(a.needs("getchallenges"), a.on("token_getchallenges")), Do: a.tokenChallenges},
		{Method: "POST", Path: "/token/assign", Who: adminOrUser, Steps: steps(first(a.limitRealm), first(a.limitUser), a.needs("assign"), first(a.encryptPIN), first(a.checkPIN), a.on("token_assign")), Do: a.tokenAssign},
		{Method: "POST", Path: "/token/unassign", Who: adminOrUser, Steps: steps(a.needs("unassign"), a.on("token_unassign")), Do: a.tokenUnassign},
		{Method: "POST", Path: "/token/revoke", Who: adminOrUser, Steps: steps(a.needs("revoke"), a.on("token_revoke")), Do: a.tokenRevoke},
		{Method: "POST", Path: "/token/revoke/{serial}", Who: adminOrUser, Steps: steps(a.needs("revoke"), a.on("token_revoke")), Do: a.tokenRevoke},
		{Method: "POST", Path: "/token/enable", Who: adminOrUser, Steps: steps(first(a.limitUser), a.needs("enable"), a.on("token_enable")), Do: a.tokenEnable},
		{Method: "POST", Path: "/token/enable/{serial}", Who: adminOrUser, Steps: steps(first(a.limitUser), a.needs("enable"), a.on("token_enable")), Do: a.tokenEnable},
		{Method: "POST", Path: "/token/disable", Who: adminOrUser, Steps: steps(a.needs("disable"), a.on("token_disable")), Do: a.tokenDisable},
		{Method: "POST", Path: "/token/disable/{serial}", Who: adminOrUser, Steps: steps(a.needs("disable"), a.on("token_disable")), Do: a.tokenDisable},
		{Method: "DELETE", Path: "/token/{serial}", Who: adminOrUser, Steps: steps(a.needs("delete"), a.on("token_delete")), Do: a.tokenDelete},
		{Method: "POST", Path: "/token/reset", Who: adminOrUser, Steps: steps(a.needs("reset"), a.on("token_reset")), Do: a.tokenReset},
		{Method: "POST", Path: "/token/reset/{serial}", Who: adminOrUser, Steps: steps(a.needs("reset"), a.on("token_reset")), Do: a.tokenReset},
		{Method: "POST", Path: "/token/resync", Who: adminOrUser, Steps: steps(a.needs("resync"), a.on("token_resync")), Do: a.tokenResync},
		{Method: "POST", Path: "/token/resync/{serial}", Who: adminOrUser, Steps: steps(a.needs("resync"), a.on("token_resync")), Do: a.tokenResync},
		{Method: "POST", Path: "/token/setpin", Who: adminOrUser, Steps: steps(a.needs("setpin"), first(a.encryptPIN), first(a.checkPIN), a.keepPINChange, a.on("token_setpin")), Do: a.tokenSetPIN},
		{Method: "POST", Path: "/token/setpin/{serial}", Who: adminOrUser, Steps: steps(a.needs("setpin"), first(a.encryptPIN), first(a.checkPIN), a.keepPINChange, a.on("token_setpin")), Do: a.tokenSetPIN},
		{Method: "POST", Path: "/token/setrandompin", Who: adminOrUser, Steps: steps(a.needs("setrandompin"), first(a.setRandomPIN), first(a.encryptPIN), a.keepPINChange, a.on("token_setrandompin")), Do: a.tokenSetRandomPIN},
		{Method: "POST", Path: "/token/setrandompin/{serial}", Who: adminOrUser, Steps: steps(a.needs("setrandompin"), first(a.setRandomPIN), first(a.encryptPIN), a.keepPINChange, a.on("token_setrandompin")), Do: a.tokenSetRandomPIN},
		{Method: "POST", Path: "/token/description", Who: adminOrUser, Steps: steps(a.needs("setdescription"), a.on("token_set")), Do: a.tokenDescribe},
		{Method: "POST", Path: "/token/description/{serial}", Who: adminOrUser, Steps: steps(a.needs("setdescription"), a.on("token_set")), Do: a.tokenDescribe},
		{Method: "POST", Path: "/token/set", Who: adminOnly, Steps: steps(a.needs("set"), a.on("token_set")), Do: a.tokenSet},
		{Method: "POST", Path: "/token/set/{serial}", Who: adminOnly, Steps: steps(a.needs("set"), a.on("token_set")), Do: a.tokenSet},
		{Method: "POST", Path: "/token/realm/{serial}", Who: adminOnly, Steps: steps(first(a.limitRealm), a.needs("tokenrealms"), a.on("token_realm")), Do: a.tokenRealms},
		{Method: "POST", Path: "/token/load/{filename}", Who: adminOnly, Steps: steps(first(a.mayImport), a.on("token_load")), Do: a.tokenLoad},
		{Method: "POST", Path: "/token/copypin", Who: adminOnly, Steps: steps(a.needs("copytokenpin"), a.on("token_copypin")), Do: a.tokenCopyPIN},
		{Method: "POST", Path: "/token/copyuser", Who: adminOnly, Steps: steps(a.needs("copytokenuser"), a.on("token_copyuser")), Do: a.tokenCopyUser},
		{Method: "POST", Path: "/token/lost/{serial}", Who: adminOrUser, Steps: steps(a.needs("losttoken"), a.on("token_lost")), Do: a.tokenLost},
		{Method: "POST", Path: "/token/sshcertificate/{serial}", Who: adminOrUser, Steps: steps(a.needs("enrollSSHKEY"), a.on("token_sshcertificate")), Do: a.tokenSSHCertificate},
		{Method: "GET", Path: "/token/getserial/{otp}", Who: adminOnly, Steps: steps(a.needs("getserial"), a.on("token_getserial")), Do: a.tokenByValue},
		{Method: "POST", Path: "/token/info/{serial}/{key}", Who: adminOnly, Steps: steps(a.needs("settokeninfo"), a.on("token_info")), Do: a.tokenInfoSet},
		{Method: "DELETE", Path: "/token/info/{serial}/{key}", Who: adminOnly, Steps: steps(a.needs("settokeninfo"), a.on("token_info")), Do: a.tokenInfoDelete},
		{Method: "POST", Path: "/token/info/{serial}", Who: adminOnly, Steps: steps(a.needs("settokeninfo"), a.on("token_info")), Do: a.tokenInfoChange},
		{Method: "POST", Path: "/token/group/{serial}/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroups"), a.on("token_assign_group")), Do: a.tokenGroupAdd},
		{Method: "POST", Path: "/token/group/{serial}", Who: adminOnly, Steps: steps(a.needs("tokengroups"), a.on("token_assign_group")), Do: a.tokenGroupSet},
		{Method: "DELETE", Path: "/token/group/{serial}/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroups"), a.on("token_unassign_group")), Do: a.tokenGroupRemove},
	}
}

// tokenGroupRoutes is about token groups.
func (a *API) tokenGroupRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/tokengroup/", Who: adminOnly, Steps: steps(a.needs("tokengroup_list"), a.on("tokengroup_list")), Do: a.tokenGroups},
		{Method: "GET", Path: "/tokengroup/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroup_list"), a.on("tokengroup_list")), Do: a.tokenGroups},
		{Method: "POST", Path: "/tokengroup/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroup_add"), a.on("tokengroup_add")), Do: a.tokenGroupSave},
		{Method: "DELETE", Path: "/tokengroup/{groupname}", Who: adminOnly, Steps: steps(a.needs("tokengroup_delete"), a.on("tokengroup_delete")), Do: a.tokenGroupDelete},
	}
}
