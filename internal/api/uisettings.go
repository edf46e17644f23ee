package api

import (
	"context"
	"strconv"
	"strings"

	"edumfa/internal/policy"
	"edumfa/internal/qr"
	"edumfa/internal/session"
)

// templateURL is where the user interface looks for policy templates when no
// policy names another place.
const templateURL = "https://raw.githubusercontent.com/edumfa/policy-templates/main/templates/"

// The apps that policies can show QR codes of.
const (
	androidAppURL = "https://play.google.com/store/apps/details?id=it.netknights.piauthenticator"
	iosAppURL     = "https://apps.apple.com/us/app/privacyidea-authenticator/id1445401301"
)

// addUISettings adds what the user interface wants to know after a login. The
// words are the field's, down to the spelling of the default timeout action.
func (a *API) addUISettings(ctx context.Context, r *Request, c session.Caller, value map[string]any) error {
	ui := uiSettings{a: a, ctx: ctx, r: r, c: c}
	value["logout_time"] = ui.number("logout_time", 120)
	value["timeout_action"] = ui.word("timeout_action", "lockscreeen")
	value["audit_page_size"] = ui.number("audit_page_size", 10)
	value["token_page_size"] = ui.number("token_page_size", 15)
	value["user_page_size"] = ui.number("user_page_size", 15)
	value["policy_template_url"] = ui.word("policy_template_url", templateURL)
	value["default_tokentype"] = ui.word("default_tokentype", "hotp")
	value["logout_redirect_url"] = ui.word("logout_redirect", "")
	value["subscription_status"] = 3
	value["subscription_status_push"] = 3
	for _, name := range []string{"user_details", "search_on_enter", "hide_welcome_info", "hide_buttons", "deletion_confirmation", "show_seed"} {
		value[strings.TrimSuffix(name, "_info")] = ui.on(name)
	}
	value["admin_dashboard"] = c.Role == session.RoleAdmin && ui.on("admin_dashboard")
	value["show_node"] = ""
	if ui.on("show_node") {
		value["show_node"] = a.Config.NodeFor("")
	}
	ui.images(value)
	value["token_rollover"] = ui.grouped("token_rollover")
	value["require_description"] = texts(ui.list(policy.ScopeEnrollment, "require_description"))
	if err := ui.wizard(value); err != nil {
		return err
	}
	if c.Role == session.RoleUser {
		if ui.scoped(policy.ScopeUser, "indexedsecret_force_attribute") != "" {
			value["indexedsecret_force_attribute"] = 1
		}
	}
	if v := ui.scoped(policy.ScopeWebUI, "indexedsecret_preset_attribute"); v != "" {
		value["indexedsecret_preset_attribute"] = v
	}
	return ui.err
}

// uiSettings asks the scope webui; the first error is kept.
type uiSettings struct {
	a   *API
	ctx context.Context
	r   *Request
	c   session.Caller
	err error
}

// query asks for the caller; a local administrator counts as of the default
// realm, though he is in none.
func (x *uiSettings) query(scope, action string) policy.Query {
	if !x.r.User.Empty() && x.r.User.Login == x.c.Username && x.c.Realm != "" {
		return x.a.userQuery(x.r, scope, action, x.r.User)
	}
	realm := x.c.Realm
	if realm == "" {
		realm = x.r.Snap.Realms.Default()
	}
	q := x.a.query(x.r, scope, action)
	q.Login, q.Realm = policy.Text(x.c.Username), policy.Text(realm)
	return q
}

func (x *uiSettings) scoped(scope, action string) string {
	if x.err != nil {
		return ""
	}
	v, _, err := x.a.policyValue(x.ctx, x.r, x.query(scope, action), policy.Whole)
	x.err = err
	return v
}

func (x *uiSettings) word(action, def string) string {
	if v := x.scoped(policy.ScopeWebUI, action); v != "" {
		return v
	}
	return def
}

func (x *uiSettings) number(action string, def int) int {
	v := x.scoped(policy.ScopeWebUI, action)
	if v == "" {
		return def
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return def // a setting of the interface is no reason to keep people out
	}
	return n
}

func (x *uiSettings) on(action string) bool {
	if x.err != nil {
		return false
	}
	yes, err := x.a.holds(x.ctx, x.r, x.query(policy.ScopeWebUI, action))
	x.err = err
	return yes
}

func (x *uiSettings) list(scope, action string) []string {
	if x.err != nil {
		return nil
	}
	v, err := x.a.policyValues(x.ctx, x.r, x.query(scope, action), policy.Words)
	x.err = err
	return v
}

// grouped is value to the policies that give it.
func (x *uiSettings) grouped(action string) map[string]any {
	out := map[string]any{}
	if x.err != nil {
		return out
	}
	values, err := x.r.Snap.Policies.Values(x.ctx, x.query(policy.ScopeWebUI, action), policy.Words)
	x.err = err
	for _, v := range values {
		out[v.Text] = texts(v.Policies)
	}
	return out
}

// images are QR codes that lead to apps; nil where none is wanted.
func (x *uiSettings) images(value map[string]any) {
	urls := map[string]string{"qr_image_android": "", "qr_image_ios": "", "qr_image_custom": x.word("show_custom_authenticator", "")}
	if x.on("show_android_privacyidea_authenticator") {
		urls["qr_image_android"] = androidAppURL
	}
	if x.on("show_ios_privacyidea_authenticator") {
		urls["qr_image_ios"] = iosAppURL
	}
	for name, url := range urls {
		value[name] = nil
		if url == "" || x.err != nil {
			continue
		}
		if img, err := qr.DataURI(url); err == nil { // an address too long for an image keeps nobody out
			value[name] = img
		}
	}
}

// wizard: users without a token are led through their first enrolment.
func (x *uiSettings) wizard(value map[string]any) error {
	value["token_wizard"], value["dialog_no_token"], value["token_wizard_2nd"] = false, false, false
	if x.c.Role != session.RoleUser {
		return x.err
	}
	value["token_wizard_2nd"] = x.on("tokenwizard_2nd_token")
	wizard, dialog := x.on("tokenwizard"), x.on("dialog_no_token")
	if x.err != nil || !wizard && !dialog || !x.r.User.Exists() {
		return x.err
	}
	list, err := x.a.tokensOf(x.ctx, x.r.User, "")
	if err != nil {
		return err
	}
	none := len(list) == 0
	value["token_wizard"], value["dialog_no_token"] = wizard && none, dialog && none
	return nil
}
