package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/secret"
	"edumfa/internal/timespec"
)

// loginStore keeps what is known of logins.
type loginStore interface {
	RememberedLogins(ctx context.Context, username, realm, resolver string, since, usedSince time.Time, limit int) ([]login.Remembered, error)
	CountLogins(ctx context.Context, l audit.Logins, limit int) (int, error)
}

// rememberedMost is how many remembered logins a password is compared with: each
// costs as much as a PIN.
const rememberedMost = 20

// authCache is what the policy auth_cache says.
type authCache struct {
	on       bool
	begun    time.Duration // since the password was checked
	unused   time.Duration // since it was believed last; 0 is any time
	uses     int64         // 0 is any number
	policies []string
}

// authCache reads the policy: a period, and behind a slash the period within
// which the password has to be used again, or how often it is believed. Answers
// to challenges are not remembered: without the PIN they say too little.
func (a *API) authCache(ctx context.Context, r *Request) (authCache, error) {
	var out authCache
	v, ok, err := r.Snap.Policies.Value(ctx, a.userQuery(r, policy.ScopeAuthentication, "auth_cache", r.User), policy.Words)
	if err != nil || !ok || !r.User.Exists() || r.TransactionID() != "" {
		return out, err
	}
	out.on, out.policies = true, v.Policies
	first, second, two := strings.Cut(v.Text, "/")
	if out.begun, err = timespec.ParsePeriod(first); err == nil && two {
		if n, numErr := strconv.ParseInt(second, 10, 64); numErr == nil {
			out.uses = n
		} else {
			out.unused, err = timespec.ParsePeriod(second)
		}
	}
	if err != nil {
		return out, mfaerr.NewPolicy("The policy %s sets auth_cache to neither a period nor a period with a limit.", policy.JoinList(v.Policies)).WithCause(err)
	}
	return out, nil
}

func (c authCache) since(now time.Time) (begun, used time.Time) {
	begun = now.Add(-c.begun)
	used = begun
	if c.unused > 0 {
		used = now.Add(-c.unused)
	}
	return begun, used
}

// remembered accepts a password that was right not long ago.
func (a *API) remembered(ctx context.Context, r *Request, c authCache, pass secret.String) (bool, login.Reply, error) {
	if !c.on || pass.Empty() {
		return false, login.Reply{}, nil
	}
	u := r.User
	begun, used := c.since(r.Now)
	list, err := a.Store.RememberedLogins(ctx, u.Login, u.Realm, u.Resolver, begun, used, rememberedMost)
	if err != nil {
		return false, login.Reply{}, err
	}
	for _, x := range list {
		if c.uses > 0 && x.Uses >= c.uses || !strings.HasPrefix(x.Hash, "$argon2") {
			continue
		}
		key := "remembered\x00" + x.Hash
		right, known := r.pins[key]
		if !known {
			if right, err = a.Logins.PINs.Check(ctx, x.Hash, "", pass); err != nil {
				return false, login.Reply{}, err
			}
			r.pins[key] = right
		}
		if right {
			r.Audit.Policy(c.policies...)
			r.Changes.Add(change.UseRemembered{ID: x.ID, Seen: x.Uses, At: r.Now})
			return true, login.Reply{Message: "Authenticated by AuthCache."}, nil
		}
	}
	return false, login.Reply{}, nil
}

// remember keeps a password that was right, and forgets what is over.
func (a *API) remember(ctx context.Context, r *Request, c authCache, pass secret.String) error {
	if !c.on || pass.Empty() {
		return nil
	}
	hash, err := a.PINs.Make(ctx, pass, false)
	if err != nil {
		return err
	}
	u := r.User
	begun, used := c.since(r.Now)
	r.Changes.Add(
		change.ForgetLogins{Username: u.Login, Realm: u.Realm, Resolver: u.Resolver, Since: begun, UsedSince: used, Uses: c.uses},
		change.RememberLogin{Username: u.Login, Realm: u.Realm, Resolver: u.Resolver, Hash: hash, At: r.Now})
	return nil
}
