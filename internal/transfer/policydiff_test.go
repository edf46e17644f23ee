package transfer

import (
	"slices"
	"testing"

	"edumfa/internal/policy"
)

func TestComparePolicies(t *testing.T) {
	before := []policy.Row{{Name: "same", Active: true, Scope: "user", Action: "enable"}, {Name: "gone", Scope: "user"}, {Name: "other", Active: true, Scope: "user", Priority: 1}}
	after := []policy.Row{{Name: "new", Scope: "user"}, {Name: "other", Active: true, Scope: "user", Priority: 2}, before[0]}
	want := []string{"- gone", "+ new", "~ other priority: 1 -> 2"}
	if got := comparePolicies(before, after); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
