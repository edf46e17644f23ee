package sshkey

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
	"edumfa/internal/resolver"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Actions of the scope enrollment about certificates.
const (
	actAuthority  = "sshkey_certificate_ca"
	actPrincipals = "sshkey_certificate_principals"
	actValidity   = "sshkey_certificate_validity"
	actExtensions = "sshkey_certificate_extensions"
	actSource     = "sshkey_certificate_source_address"
)

const (
	defaultPrincipals = "{username}"
	defaultValidity   = 8 * time.Hour
	// maxValidity: SSH certificates cannot be taken back, they end.
	maxValidity = 30 * 24 * time.Hour
	// clockSkew is how far a server's clock may be behind ours.
	clockSkew = 5 * time.Minute
)

func usualExtensions() []string {
	return []string{"permit-pty", "permit-user-rc", "permit-agent-forwarding", "permit-port-forwarding", "permit-X11-forwarding"}
}

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	of := func(name, help string) action.Definition {
		return action.Definition{Scope: policy.ScopeEnrollment, Name: name, Type: action.String, Group: "token", Help: help}
	}
	return []action.Definition{
		of(actAuthority, "CA connector of the type ssh that signs certificates for the keys of sshkey tokens."),
		of(actPrincipals, "Accounts that such a certificate is good for, with blanks between them: names or attributes of the owner in braces ({username})."),
		of(actValidity, "How long such a certificate is good: 30m, 8h (the default), up to 30d."),
		of(actExtensions, "Extensions of such a certificate with blanks between them, instead of all that ssh-keygen sets; none for none."),
		of(actSource, "Networks with blanks between them that such a certificate can be used from."),
	}
}

// SSHCertificate says what a certificate for the token's key contains, and which
// connector signs it.
func (Type) SSHCertificate(ctx context.Context, e *tokentype.Env, t *token.Token) (connector string, r ca.SSHRequest, err error) {
	connector, ok, err := e.Rules.Word(policy.ScopeEnrollment, actAuthority)
	if err != nil {
		return "", r, err
	}
	if !ok || connector == "" {
		return "", r, mfaerr.NewPolicy("There is no policy that names an authority for certificates of SSH keys.")
	}
	sealed := t.Info[infoKey]
	key, err := e.Keys.OpenPassword(sealed.Value)
	if err != nil {
		return "", r, err
	}
	r.Key = t.InfoText(infoType) + " " + key
	r.KeyID = fmt.Sprintf("%s@%s %s", e.OwnerLogin, e.OwnerRealm, t.Serial)
	if r.Principals, err = principals(ctx, e, t); err != nil {
		return "", r, err
	}
	if r.From, r.Until, err = validity(e, t); err != nil {
		return "", r, err
	}
	r.Extensions = usualExtensions()
	text, set, err := e.Rules.Text(policy.ScopeEnrollment, actExtensions)
	if err != nil {
		return "", r, err
	}
	if set {
		r.Extensions = slices.DeleteFunc(strings.Fields(text), func(w string) bool { return w == "none" })
	}
	source, _, err := e.Rules.Text(policy.ScopeEnrollment, actSource)
	r.SourceAddress = strings.Join(strings.Fields(source), ",")
	return connector, r, err
}

// principals fills the names of the policy. An attribute that the owner does not
// have gives none; one with several values gives them all.
func principals(ctx context.Context, e *tokentype.Env, t *token.Token) ([]string, error) {
	text, ok, err := e.Rules.Text(policy.ScopeEnrollment, actPrincipals)
	if err != nil {
		return nil, err
	}
	if !ok || strings.TrimSpace(text) == "" {
		text = defaultPrincipals
	}
	owner, err := e.Owner(ctx, t)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, word := range strings.Fields(text) {
		for _, name := range fill(word, e, owner) {
			if !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	return list, nil
}

// fill replaces the first attribute of a word by each of its values, and so on.
func fill(word string, e *tokentype.Env, owner resolver.Attributes) []string {
	before, rest, open := strings.Cut(word, "{")
	name, after, closed := strings.Cut(rest, "}")
	if !open || !closed {
		return []string{word}
	}
	var out []string
	for _, value := range values(name, e, owner) {
		// the value itself is never read for attributes
		for _, end := range fill(after, e, owner) {
			out = append(out, before+value+end)
		}
	}
	return out
}

func values(name string, e *tokentype.Env, owner resolver.Attributes) []string {
	switch name {
	case "username":
		return []string{e.OwnerLogin}
	case "realm":
		return []string{e.OwnerRealm}
	}
	var list []string
	switch v := owner[name].(type) {
	case string:
		list = []string{v}
	case []string:
		list = v
	case []any:
		for _, x := range v {
			if s, ok := x.(string); ok {
				list = append(list, s)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
}

// validity is from now on, but not beyond the token's own.
func validity(e *tokentype.Env, t *token.Token) (from, until time.Time, err error) {
	length := defaultValidity
	text, ok, err := e.Rules.Word(policy.ScopeEnrollment, actValidity)
	if err != nil {
		return from, until, err
	}
	if ok {
		if length, err = timespec.ParsePeriod(text); err != nil || length <= 0 {
			return from, until, mfaerr.NewPolicy("The policy %s has no time that can be read.", actValidity)
		}
	}
	from, until = e.Now.Add(-clockSkew), e.Now.Add(min(length, maxValidity))
	if end := t.InfoTime(token.InfoValidTo, e.Local); !end.IsZero() && end.Before(until) {
		until = end
	}
	return from, until, nil
}
