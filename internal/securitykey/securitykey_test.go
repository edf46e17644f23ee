package securitykey

import (
	"testing"

	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
)

func TestAllowed(t *testing.T) {
	const issuer, serial, subject = "CN=Sample Root 1,O=Sample Keys,C=DE", "4711", "CN=Model-Seven,O=Sample Keys,C=DE"
	for name, c := range map[string]struct {
		filters []string
		certed  bool
		want    bool
		bad     bool
	}{
		"no filter":                    {nil, true, true, false},
		"no filter and no certificate": {nil, false, true, false},
		"found anywhere":               {[]string{"subject/Model-Seven/"}, true, true, false},
		"all must fit":                 {[]string{"subject/Model-Seven/", "issuer/Nobody/"}, true, false, false},
		"all fit":                      {[]string{"subject/Model-Seven/", "issuer/Root.1/", "serial/^4711$/"}, true, true, false},
		"another serial":               {[]string{"serial/^47$/"}, true, false, false},
		"a pattern with slashes":       {[]string{"subject/a/b/"}, true, false, false},
		"empty pattern":                {[]string{"subject//"}, false, true, false},
		"anything, but no certificate": {[]string{"subject/.*/"}, false, false, false},
		"another field":                {[]string{"vendor/.*/"}, true, false, true},
		"no filter at all":             {[]string{"Model-Seven"}, true, false, true},
		"pattern without an end":       {[]string{"subject/Model"}, true, false, true},
		"pattern that cannot be read":  {[]string{"subject/(/"}, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			tok := &token.Token{Info: map[string]token.Info{}}
			if c.certed {
				Set(tok, InfoIssuer, issuer)
				Set(tok, InfoSerial, serial)
				Set(tok, InfoSubject, subject)
			}
			got, err := TokenAllowed(c.filters, tok)
			if got != c.want || mfaerr.Is(err, mfaerr.Policy) != c.bad {
				t.Fatalf("%v, %v", got, err)
			}
		})
	}
}

func TestText(t *testing.T) {
	for template, want := range map[string]string{"Touch {0} please": "Touch red key please", "Touch {}": "Touch red key", "Touch": "Touch", "{other}": "{other}"} {
		if got := Text(template, "red key"); got != want {
			t.Errorf("%q: %q", template, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	tok := &token.Token{}
	long := ""
	for range 100 {
		long += "ü"
	}
	if Describe(tok, long); len([]rune(tok.Description)) != 80 {
		t.Errorf("%d characters", len([]rune(tok.Description)))
	}
	tok.Description = "mine"
	if Describe(tok, "other"); tok.Description != "mine" {
		t.Error("a description is replaced")
	}
}

func FuzzAllowed(f *testing.F) {
	f.Add("subject/Model.*/", "CN=Model")
	f.Fuzz(func(_ *testing.T, filter, text string) { _, _ = Allowed([]string{filter}, text, text, text) })
}
