package user

import (
	"context"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/resolver"
)

// Attributes of Active Directory that tell the state of an account. They count
// when the resolver maps them, under any name of its own or these.
const (
	adControl  = "userAccountControl"
	adComputed = "msDS-User-Account-Control-Computed"
	adExpires  = "accountExpires"

	adDisabled = 0x0002
	adLocked   = 0x0010
)

// BlockedSetting names an attribute that blocks an account: "nsAccountLock" does
// when it is true, yes or a number other than 0, "status=inactive" when it has
// just that value.
const BlockedSetting = "account.blocked_attribute"

// Messages of blocked accounts.
const (
	MsgDisabled = "The account is disabled."
	MsgLocked   = "The account is locked."
	MsgExpired  = "The account has expired."
)

// Blocked says why an account may not log in, "" when it may, as far as the
// user's store tells. A password would be refused by the store itself; logins
// that need none ask here. What is kept beside the store says nothing, for users
// may change it.
func (f *Finder) Blocked(ctx context.Context, u User, setting string, now time.Time) (string, error) {
	own := *f
	own.Attributes = nil
	info, err := own.Info(ctx, u)
	if err != nil {
		return "", err
	}
	return blocked(info, setting, now), nil
}

func blocked(info resolver.Attributes, setting string, now time.Time) string {
	control, _ := strconv.ParseInt(attribute(info, adControl), 10, 64)
	computed, _ := strconv.ParseInt(attribute(info, adComputed), 10, 64)
	switch {
	case control&adDisabled != 0:
		return MsgDisabled
	case (control|computed)&adLocked != 0:
		return MsgLocked
	case adExpired(attribute(info, adExpires), now):
		return MsgExpired
	}
	name, value, exact := strings.Cut(setting, "=")
	if name = strings.TrimSpace(name); name == "" {
		return ""
	}
	got := strings.TrimSpace(attribute(info, name))
	if exact && strings.EqualFold(got, strings.TrimSpace(value)) || !exact && truth(got) {
		return MsgLocked
	}
	return ""
}

// attribute reads an attribute without regard to the letter case of its name.
func attribute(info resolver.Attributes, name string) string {
	if v := info.Text(name); v != "" {
		return v
	}
	for k := range info {
		if strings.EqualFold(k, name) {
			return info.Text(k)
		}
	}
	return ""
}

// adExpired reads a moment as Active Directory writes it: in units of 100 ns
// since 1601. 0 and the greatest number mean never.
func adExpired(text string, now time.Time) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n == 1<<63-1 {
		return false
	}
	const since1601 = 11644473600 // seconds from 1601 to 1970
	return !now.Before(time.Unix(n/10_000_000-since1601, n%10_000_000*100))
}

func truth(text string) bool {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "locked", "disabled":
		return true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n != 0
}
