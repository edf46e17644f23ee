package action

import (
	"slices"
	"testing"

	"edumfa/internal/policy"
)

func TestStatic_NamesNothingTwice(t *testing.T) {
	seen := map[[2]string]bool{}
	for _, d := range Static(Dynamic{}) {
		key := [2]string{d.Scope, d.Name}
		if seen[key] {
			t.Errorf("%v is defined twice", key)
		}
		seen[key] = true
	}
}

func TestCatalog_Menus(t *testing.T) {
	catalog := NewCatalog(Static(Dynamic{}))
	for name, want := range map[string][]string{"assign": {"tokens", "users"}, "resolverread": nil, "copytokenpin": nil, "nonsense": nil} {
		if got := catalog.Menus(policy.ScopeAdmin, name); !slices.Equal(got, want) {
			t.Errorf("%s opens %v", name, got)
		}
	}
	if names := catalog.Names(policy.ScopeRegister); !slices.Equal(names, []string{"realm", "registration_body", "requiredemail", "resolver", "smtpconfig"}) {
		t.Errorf("register has %v", names)
	}
	for scope, want := range map[string]bool{"register": true, "audit": false, "nonsense": false} {
		if defs, ok := catalog.JSON(scope); ok != want || len(defs) != len(catalog.Names(scope)) {
			t.Errorf("scope %s: got %v, %v", scope, defs, ok)
		}
	}
}
