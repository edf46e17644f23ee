package user

import (
	"testing"
	"time"

	"edumfa/internal/resolver"
)

func TestBlocked(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		info    resolver.Attributes
		setting string
		want    string
	}{
		"nothing known":                {resolver.Attributes{"username": "alice"}, "", ""},
		"normal account":               {resolver.Attributes{"userAccountControl": "512", "accountExpires": "0"}, "", ""},
		"disabled":                     {resolver.Attributes{"useraccountcontrol": "514"}, "", MsgDisabled},
		"locked out":                   {resolver.Attributes{"msDS-User-Account-Control-Computed": "16"}, "", MsgLocked},
		"expired":                      {resolver.Attributes{"accountExpires": "132539328000000000"}, "", MsgExpired}, // 2021
		"expires later":                {resolver.Attributes{"accountExpires": "155000000000000000"}, "", ""},
		"never expires":                {resolver.Attributes{"accountExpires": "9223372036854775807"}, "", ""},
		"named attribute":              {resolver.Attributes{"nsAccountLock": "TRUE"}, "nsaccountlock", MsgLocked},
		"named attribute, not set":     {resolver.Attributes{"nsAccountLock": "false"}, "nsAccountLock", ""},
		"named attribute and value":    {resolver.Attributes{"status": "Inactive"}, "status = inactive", MsgLocked},
		"named attribute, other value": {resolver.Attributes{"status": "active"}, "status=inactive", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := blocked(c.info, c.setting, now); got != c.want {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
}
