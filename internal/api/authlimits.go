package api

import (
	"context"
	"fmt"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/timespec"
)

// withinLimits refuses users who have failed or succeeded as often as the
// policies auth_max_fail and auth_max_success allow in a time. Too many failures
// refuse a right value, too.
func (a *API) withinLimits(ctx context.Context, r *Request, yes bool, reply login.Reply, err error) (bool, login.Reply, error) {
	if err != nil {
		return yes, reply, err
	}
	exceeded, text, err := a.exceeds(ctx, r, "auth_max_fail", false, "failed")
	if err == nil && !exceeded && yes {
		exceeded, text, err = a.exceeds(ctx, r, "auth_max_success", true, "successful")
	}
	if err != nil || !exceeded {
		return yes, reply, err
	}
	reply.Message = text
	return false, reply, nil
}

// exceeds compares how often the user succeeded or failed with the limit of a
// policy, and says what it is.
func (a *API) exceeds(ctx context.Context, r *Request, action string, success bool, word string) (bool, string, error) {
	v, ok, err := r.Snap.Policies.Value(ctx, a.userQuery(r, policy.ScopeAuthorization, action, r.User), policy.Words)
	if err != nil || !ok {
		return false, "", err
	}
	limit, err := timespec.ParseLimit(v.Text)
	if err != nil {
		return false, "", mfaerr.NewPolicy("The policy %s sets %s to something other than a number of times within a time.", policy.JoinList(v.Policies), action).WithCause(err)
	}
	// as the audit has it: long names are cut there
	row := audit.Row{User: text(r.User.Login), Realm: text(r.User.Realm)}
	row.Truncate(a.Config.AuditColumnLengths())
	n := 0
	if limit.Count > 0 {
		n, err = a.Store.CountLogins(ctx, audit.Logins{User: *row.User, Realm: *row.Realm, Success: success, Since: r.Now.Add(-limit.Within)}, limit.Count)
		if err != nil || n < limit.Count {
			return false, "", err
		}
	}
	r.Audit.Policy(v.Policies...)
	return true, fmt.Sprintf("Only %d %s authentications per %s", limit.Count, word, clockText(limit.Within)), nil
}

// clockText writes a period as days and a clock: 0:10:00, "2 days, 1:00:00".
func clockText(d time.Duration) string {
	const day = 24 * time.Hour
	days, rest := int(d/day), d%day
	out := fmt.Sprintf("%d:%02d:%02d", int(rest.Hours()), int(rest.Minutes())%60, int(rest.Seconds())%60)
	switch days {
	case 0:
		return out
	case 1:
		return "1 day, " + out
	}
	return fmt.Sprintf("%d days, %s", days, out)
}
