package api

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/api/params"
	"edumfa/internal/mfaerr"
	"edumfa/internal/smsprovider"
)

type smsStore interface {
	SMSGateways(ctx context.Context) ([]smsprovider.Gateway, error)
	SaveSMSGateway(ctx context.Context, g smsprovider.Gateway) (id int64, err error)
	DeleteSMSGateway(ctx context.Context, name string) (id int64, err error)
	DeleteSMSGatewayOption(ctx context.Context, gateway int64, key string, header bool) (id int64, err error)
}

// smsList shows the definitions of SMS gateways, or the one with a number,
// without what is secret of them. What is no number asks for all.
func (a *API) smsList(ctx context.Context, r *Request) (*Answer, error) {
	list, err := a.Store.SMSGateways(ctx)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.HTTP.PathValue("gwid"), 10, 64)
	one := err == nil
	out := []any{}
	for _, g := range list {
		if one && g.ID != id {
			continue
		}
		var description any
		if g.Description != nil {
			description = *g.Description
		}
		out = append(out, map[string]any{
			"id": g.ID, "name": g.Name, "providermodule": g.Module, "description": description, "options": shown(g.Options), "headers": shown(g.Headers),
		})
	}
	r.Audit.Success = 1
	return ok(out), nil
}

func shown(values map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range values {
		switch {
		case v == "":
			out[k] = v
		case smsprovider.Sensitive(k):
			out[k] = censored
		case strings.HasSuffix(k, "URL") || strings.HasSuffix(k, "PROXY"):
			out[k] = withoutPassword(v)
		default:
			out[k] = v
		}
	}
	return out
}

// withoutPassword hides the password of a URL.
func withoutPassword(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), censored)
	}
	return u.String()
}

// smsProviders describes the ways to send messages.
func (a *API) smsProviders(ctx context.Context, r *Request) (*Answer, error) {
	servers, err := a.Store.SMTPServers(ctx)
	if err != nil {
		return nil, err
	}
	names := []any{}
	for _, s := range servers {
		names = append(names, s.Identifier)
	}
	out := map[string]any{}
	for _, k := range a.SMSKinds {
		list := map[string]any{}
		for _, p := range k.Parameters {
			d := map[string]any{"description": p.Help}
			if p.Required {
				d["required"] = true
			}
			if p.Type != "" {
				d["type"] = p.Type
			}
			if p.MailServers {
				d["values"] = names
			} else if len(p.Values) > 0 {
				d["values"] = texts(p.Values)
			}
			list[p.Name] = d
		}
		out[k.Module] = map[string]any{"options_allowed": k.FreeOptions, "headers_allowed": k.Headers, "parameters": list}
	}
	r.Audit.Success = 1
	return ok(out), nil
}

// smsSet makes a definition, or replaces all of one.
func (a *API) smsSet(ctx context.Context, r *Request) (*Answer, error) {
	g := smsprovider.Gateway{Options: map[string]string{}, Headers: map[string]string{}}
	var err error
	if g.Name, err = r.Params.RequiredNonEmpty("name"); err != nil {
		return nil, err
	}
	if g.Module, err = r.Params.RequiredNonEmpty("module"); err != nil {
		return nil, err
	}
	// modules of the field that are not built keep their definitions
	if !smsprovider.Known(g.Module) {
		return nil, mfaerr.NewParameter("There is no SMS provider %q.", g.Module)
	}
	list, err := a.Store.SMSGateways(ctx)
	if err != nil {
		return nil, err
	}
	var old smsprovider.Gateway
	if i := slices.IndexFunc(list, func(x smsprovider.Gateway) bool { return x.Name == g.Name }); i >= 0 {
		old = list[i]
	}
	description, sent := r.Params.Text("description")
	if sent || old.ID == 0 {
		g.Description = &description
	}
	for _, name := range r.Params.Names() {
		v := params.AsText(r.Params.Raw(name))
		if key, is := strings.CutPrefix(name, "option."); is {
			g.Options[key] = v
		} else if key, is := strings.CutPrefix(name, "header."); is {
			g.Headers[key] = v
		}
	}
	if err := keepSecrets(&g, old); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(a.SMSKinds, func(k smsprovider.Kind) bool { return k.Module == g.Module }); i >= 0 && a.SMSKinds[i].Check != nil {
		if err := a.SMSKinds[i].Check(g); err != nil {
			return nil, mfaerr.NewConfig("%v", err)
		}
	}
	id, err := a.Store.SaveSMSGateway(ctx, g)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info = text(strconv.FormatInt(id, 10))
	return ok(id), nil
}

// keepSecrets puts stored secrets where the request only shows that there is one.
// They stay with the server they are for: else they could be had by naming one's
// own.
func keepSecrets(g *smsprovider.Gateway, old smsprovider.Gateway) error {
	asked := false
	for _, x := range []struct{ now, was map[string]string }{{g.Options, old.Options}, {g.Headers, old.Headers}} {
		for k, v := range x.now {
			was, has := x.was[k]
			if !strings.Contains(v, censored) || !has || v != params.AsText(shown(map[string]string{k: was})[k]) {
				continue
			}
			x.now[k], asked = was, true
		}
	}
	same := g.Module == old.Module
	for _, k := range []string{"URL", "POST_CHECK_URL", "PROXY", "HTTP_PROXY", "HTTPS_PROXY", "CHECK_SSL", "SMSC_HOST", "SMSC_PORT"} {
		same = same && g.Options[k] == old.Options[k]
	}
	if asked && !same {
		return mfaerr.NewParameter("The stored secrets are not used for another server: please enter them.")
	}
	return nil
}

func (a *API) smsDelete(ctx context.Context, r *Request) (*Answer, error) {
	name := r.HTTP.PathValue("identifier")
	id, err := a.Store.DeleteSMSGateway(ctx, name)
	if errors.Is(err, a.NotFound) {
		return nil, mfaerr.NewNotFound("The requested SMSGateway could not be found.").WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info = text(name)
	return ok(id), nil
}

// smsDeleteOption removes an option, "header.<name>" a header.
func (a *API) smsDeleteOption(ctx context.Context, r *Request) (*Answer, error) {
	missing := mfaerr.NewNotFound("The requested SMSGatewayOption could not be found.")
	gwid, key := r.HTTP.PathValue("gwid"), r.HTTP.PathValue("key")
	gateway, err := strconv.ParseInt(gwid, 10, 64)
	if err != nil {
		return nil, missing
	}
	kind, name, typed := strings.Cut(key, ".")
	if !typed {
		kind, name = "option", key
	}
	if kind != "option" && kind != "header" {
		return nil, missing
	}
	id, err := a.Store.DeleteSMSGatewayOption(ctx, gateway, name, kind == "header")
	if errors.Is(err, a.NotFound) {
		return nil, missing.WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info = text(gwid + "/" + name)
	return ok(id), nil
}
