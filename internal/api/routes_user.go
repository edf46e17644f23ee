package api

// userRoutes is about resolvers, realms and users.
func (a *API) userRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/resolver/", Who: adminOnly, Steps: steps(a.needs("resolverread")), Do: a.resolverList},
		{Method: "GET", Path: "/resolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("resolverread")), Do: a.resolverList, Light: true},
		{Method: "POST", Path: "/resolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.resolverSet, Light: true},
		{Method: "POST", Path: "/resolver/test", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.resolverTest, Light: true},
		{Method: "DELETE", Path: "/resolver/{resolver}", Who: adminOnly, Steps: steps(a.needs("resolverdelete")), Do: a.resolverDelete, Light: true},
		{Method: "GET", Path: "/realm/", Who: adminOnly, Do: a.realmList},
		{Method: "GET", Path: "/realm/superuser", Who: adminOnly, Do: a.realmSuperuser},
		{Method: "POST", Path: "/realm/{realm}", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.realmSet},
		{Method: "DELETE", Path: "/realm/{realm}", Who: adminOnly, Steps: steps(a.needs("resolverdelete")), Do: a.realmDelete},
		{Method: "GET", Path: "/defaultrealm", Who: adminOnly, Do: a.defaultRealmGet},
		{Method: "POST", Path: "/defaultrealm/{realm}", Who: adminOnly, Steps: steps(a.needs("resolverwrite")), Do: a.defaultRealmSet},
		{Method: "DELETE", Path: "/defaultrealm", Who: adminOnly, Steps: steps(a.needs("resolverdelete")), Do: a.defaultRealmDelete},
		{Method: "GET", Path: "/user/", Who: adminOrUser, Steps: steps(a.needs("userlist"), a.on("user_list")), Do: a.userList},
		{Method: "POST", Path: "/user", Who: adminOnly, Steps: steps(a.needs("adduser"), a.on("user_add")), Do: a.userAdd},
		{Method: "POST", Path: "/user/", Who: adminOnly, Steps: steps(a.needs("adduser"), a.on("user_add")), Do: a.userAdd},
		{Method: "PUT", Path: "/user", Who: adminOrUser, Steps: steps(a.needs("updateuser"), a.on("user_update")), Do: a.userUpdate},
		{Method: "PUT", Path: "/user/", Who: adminOrUser, Steps: steps(a.needs("updateuser"), a.on("user_update")), Do: a.userUpdate},
		{Method: "DELETE", Path: "/user/{resolvername}/{username}", Who: adminOnly, Steps: steps(a.pathUser, a.needs("deleteuser"), a.on("user_delete")), Do: a.userDelete},
		{Method: "GET", Path: "/user/attribute", Who: adminOrUser, Steps: steps(first(a.withinReach), a.on("get_user_attribute")), Do: a.attributeGet},
		{Method: "POST", Path: "/user/attribute", Who: adminOrUser, Steps: steps(a.attributeSettable, a.on("set_custom_user_attribute")), Do: a.attributeSet},
		{Method: "DELETE", Path: "/user/attribute/{attrkey}/{username}/{realm}", Who: adminOrUser, Steps: steps(a.attributeTarget, a.attributeDeletable, a.on("delete_custom_user_attribute")), Do: a.attributeDelete},
		{Method: "GET", Path: "/user/editable_attributes/", Who: adminOrUser, Steps: steps(a.on("get_editable_attributes")), Do: a.attributesEditable},
	}
}
