// Package foureyes is the token type 4eyes: it lets its owner in when the owners
// of several other tokens log in with him, all in one password or one after the
// other.
package foureyes

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy/action"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const (
	name             = "4eyes"
	infoRealms       = "4eyes"
	infoSeparator    = "separator"
	defaultSeparator = " "
	// maxParts bounds how many passwords one request is taken apart into: each is
	// tried on the tokens of whole realms.
	maxParts = 16
	// maxData is what the column for a challenge's data holds, in characters.
	maxData    = 512
	validUntil = "2006-01-02 15:04:05.000000"
)

// Type is the token type 4eyes.
type Type struct{}

var (
	_ tokentype.Type           = Type{}
	_ tokentype.Splitter       = Type{}
	_ tokentype.Prompter       = Type{}
	_ tokentype.Opener         = Type{}
	_ tokentype.Responder      = Type{}
	_ tokentype.MoreChallenges = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: name, Prefix: "PI4E", Title: "4Eyes Token", Description: "4Eyes: several owners log in together.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, NativeChallenge: true,
		EnrollableBy: []string{"admin"},
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll keeps how many tokens of which realms are needed, and what separates
// their passwords.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	needed, err := needs(p)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	separator, given := p.Text(infoSeparator)
	if !given {
		separator = defaultSeparator
	}
	if utf8.RuneCountInString(separator) > 1 {
		return tokentype.Enrolled{}, mfaerr.NewParameter("The separator must only be one single character")
	}
	out, err := e.TakeKey(t, p, tokentype.KeyRules{})
	if err != nil {
		return out, err
	}
	t.Info[infoRealms] = token.Info{Value: needed}
	t.Info[infoSeparator] = token.Info{Value: separator}
	t.Info[token.InfoKind] = token.Info{Value: token.KindVirtual}
	return out, nil
}

// Split takes all that was typed as the passwords of the others: the token has
// its PIN for asking only.
func (Type) Split(_ *tokentype.Env, _ *token.Token, pass string) (pin, otp string, ok bool) {
	return "", pass, true
}

// Verify takes the passwords of all others at once. No token counts twice.
func (Type) Verify(ctx context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	m := tokentype.Match{WithoutPIN: true, Next: t.Count}
	needed := readNeeds(t.InfoText(infoRealms))
	total := needed.total()
	if total == 0 || !e.Usable(t) {
		return m, nil
	}
	separator := t.InfoText(infoSeparator)
	if separator == "" {
		separator = defaultSeparator
	}
	parts := strings.Split(value.Reveal(), separator)
	if len(parts) > max(maxParts, total) {
		return m, nil
	}
	used := found{}
	var changes, spent []change.Change
	// one password alone opens the chain of challenges, where it is looked at
	if len(parts) > 1 || total == 1 {
		for _, part := range parts {
			h, realm, ok, err := help(ctx, e, needed, used, secret.New(part))
			if err != nil {
				return m, err
			}
			if ok {
				used[realm] = append(used[realm], h.Serial)
				changes, spent = append(changes, h.Changes...), append(spent, h.Spent...)
			}
		}
	}
	for _, n := range needed {
		if have := len(used[n.realm]); have < n.count {
			m.Detail = map[string]any{"foureyes": fmt.Sprintf("Only found %d tokens in realm %s", have, n.realm)}
			m.Changes = spent
			return m, nil
		}
	}
	m.OK, m.Changes = true, changes
	return m, nil
}

// Prompt asks for the first password.
func (Type) Prompt(_ context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	return ask(e, t, found{})
}

// Open takes the first of the passwords instead of the PIN.
func (Type) Open(ctx context.Context, e *tokentype.Env, t *token.Token, pass secret.String) (tokentype.Prompt, bool, error) {
	needed, used := readNeeds(t.InfoText(infoRealms)), found{}
	if needed.total() < 2 || !e.Usable(t) {
		return tokentype.Prompt{}, false, nil
	}
	h, realm, ok, err := help(ctx, e, needed, used, pass)
	if err != nil || !ok {
		return tokentype.Prompt{}, false, err
	}
	used[realm] = []string{h.Serial}
	p, err := ask(e, t, used)
	p.Then = h.Changes
	return p, err == nil, err
}

// Respond takes the password of one more token. Which ones were used is read
// from the challenge alone.
func (Type) Respond(ctx context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, answer secret.String) (tokentype.Match, error) {
	used := found{}
	if c.Data != "" {
		if err := json.Unmarshal([]byte(c.Data), &used); err != nil {
			return tokentype.Match{}, nil
		}
	}
	if !e.Usable(t) {
		return tokentype.Match{}, nil
	}
	h, realm, ok, err := help(ctx, e, readNeeds(t.InfoText(infoRealms)), used, answer)
	if err != nil || !ok {
		return tokentype.Match{}, err
	}
	used[realm] = append(used[realm], h.Serial)
	data, err := json.Marshal(used)
	return tokentype.Match{OK: err == nil, Next: t.Count, Changes: h.Changes, State: string(data)}, err
}

// More asks for the next password while tokens are missing.
func (Type) More(_ context.Context, e *tokentype.Env, t *token.Token, _ challenge.Challenge, m tokentype.Match) (tokentype.Prompt, bool, error) {
	used := found{}
	if err := json.Unmarshal([]byte(m.State), &used); err != nil {
		return tokentype.Prompt{}, false, err
	}
	if len(readNeeds(t.InfoText(infoRealms)).open(used)) == 0 {
		return tokentype.Prompt{}, false, nil
	}
	p, err := ask(e, t, used)
	return p, err == nil, err
}

func ask(e *tokentype.Env, t *token.Token, used found) (tokentype.Prompt, error) {
	open := readNeeds(t.InfoText(infoRealms)).open(used)
	if len(open) == 0 {
		return tokentype.Prompt{Failed: true, Message: "The token needs no other token."}, nil
	}
	valid := e.Settings.ChallengeValidity(name)
	p := tokentype.Prompt{
		Message: "Please authenticate with another token from either realm: " + strings.Join(open, ", ") + ".", Valid: valid,
		Attributes: map[string]any{"valid_until": e.Now.In(e.Local).Add(valid).Format(validUntil)},
	}
	if len(used) > 0 {
		b, err := json.Marshal(used)
		if err != nil {
			return p, err
		}
		if p.Data = string(b); utf8.RuneCountInString(p.Data) > maxData {
			return p, mfaerr.NewConfig("The token %s needs more tokens than one login can remember.", t.Serial)
		}
	}
	return p, nil
}

// help tries a password on the tokens of the realms that still are needed.
func help(ctx context.Context, e *tokentype.Env, needed needList, used found, pass secret.String) (h tokentype.Helper, realm string, ok bool, err error) {
	yes := true
	for _, realm := range needed.open(used) {
		list, err := e.Tokens(ctx, token.Filter{Realm: realm, Assigned: &yes, Active: &yes})
		if err != nil {
			return h, "", false, err
		}
		var others []*token.Token
		for _, o := range list {
			if o.TypeKey() != name && !used.has(o.Serial) {
				others = append(others, o)
			}
		}
		if h, ok, err = e.Help(ctx, others, pass); err != nil || ok {
			return h, realm, ok, err
		}
	}
	return h, "", false, nil
}
