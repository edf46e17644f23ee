package api

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"edumfa/internal/policy"
	"edumfa/internal/snapshot"
	"edumfa/internal/user"
)

// BenchmarkLoginRules asks the policies what every login asks them: of none, and
// of 200, most of which name other realms.
func BenchmarkLoginRules(b *testing.B) {
	for _, n := range []int{0, 200} {
		b.Run(fmt.Sprint(n, " policies"), func(b *testing.B) {
			rows := make([]policy.Row, n)
			for i := range rows {
				rows[i] = policy.Row{Name: fmt.Sprint("p", i), Active: true, Priority: 1, Scope: policy.ScopeAuthentication,
					Action: "otppin=none, challenge_response=hotp totp", Realm: fmt.Sprint("realm", i), Client: "10.0.0.0/8"}
			}
			now := time.Date(2027, 7, 4, 12, 0, 0, 0, time.UTC)
			snap := &snapshot.Snapshot{Policies: policy.NewSet(rows, func() time.Time { return now })}
			a := &API{}
			first := &Request{HTTP: httptest.NewRequest("POST", "/validate/check", nil), Now: now, Node: "n1", Client: netip.MustParseAddr("10.1.2.3"),
				User: user.User{Login: "alice", Realm: "realm3", Resolver: "users", ID: "1", RealmID: 1}, Snap: snap}
			b.ReportAllocs()
			for b.Loop() {
				r := *first
				if _, err := a.loginRules(b.Context(), &r, nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
