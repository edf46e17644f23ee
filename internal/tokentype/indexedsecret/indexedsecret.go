// Package indexedsecret is the token that asks for single characters of a secret
// that it shares with the user.
package indexedsecret

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const (
	defaultPrompt = "Please enter the positions {0} from your secret."
	defaultCount  = 2
	// maxCount bounds what a policy may ask for: the positions are kept in a column
	// of 512 characters.
	maxCount = 64
	// infoOneByOne makes the token ask for one position after the other.
	infoOneByOne = "multichallenge"
	validUntil   = "2006-01-02 15:04:05.000000"
)

// Type is the token type indexedsecret.
type Type struct{}

var (
	_ tokentype.Type              = Type{}
	_ tokentype.Prompter          = Type{}
	_ tokentype.Responder         = Type{}
	_ tokentype.MoreChallenges    = Type{}
	_ tokentype.OwnerDefaults     = Type{}
	_ tokentype.EnrolmentVerifier = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "indexedsecret", Prefix: "PIIX", Title: "Indexed Secret Token", Description: "IndexedSecret: some characters of a shared secret.",
		ClientMode: tokentype.Interactive, Challenges: true, NativeChallenge: true, Verifiable: true,
		EnrollableBy: []string{"admin", "user"},
	}
}

// OwnerDefaults takes the secret from an attribute of the user where a policy
// says so, whatever the request gives.
func (Type) OwnerDefaults(scope string, r tokentype.Rules) (map[string]string, error) {
	attribute, ok, err := r.Text(scope, "indexedsecret_force_attribute")
	if err != nil || !ok || attribute == "" {
		return nil, err
	}
	return map[string]string{"otpkey": attribute}, nil
}

// Enroll keeps the given secret, or makes one.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	_, key := p.Text("otpkey")
	_, generate := p.Text("genkey")
	if !key && !generate {
		p = generated{p}
	}
	return e.TakeKey(t, p, tokentype.KeyRules{Required: true})
}

// generated asks for a generated secret.
type generated struct{ tokentype.EnrollParams }

func (g generated) Bool(name string) bool { return name == "genkey" || g.EnrollParams.Bool(name) }

// Verify finds nothing right: the secret is only asked for in parts.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}

// Prompt asks for positions of the secret.
func (Type) Prompt(_ context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	return ask(e, t, 0)
}

// ask chooses the positions; session is how many were answered one by one.
func ask(e *tokentype.Env, t *token.Token, session int) (tokentype.Prompt, error) {
	text, ok, err := e.Rules.Text("authentication", "indexedsecret_challenge_text")
	if err != nil {
		return tokentype.Prompt{}, err
	}
	if !ok || text == "" {
		text = defaultPrompt
	}
	n := 1
	if t.InfoText(infoOneByOne) == "" {
		if n, err = count(e); err != nil {
			return tokentype.Prompt{}, err
		}
	}
	key, err := e.Keys.Open(t.Key)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	length := len([]rune(key))
	if length == 0 {
		return tokentype.Prompt{}, mfaerr.NewRequest(mfaerr.CodeValidate, "The indexedsecret token has an empty secret and can not be used for authentication.")
	}
	positions, err := choose(e, n, length)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	words := make([]string, len(positions))
	for i, at := range positions {
		words[i] = strconv.Itoa(at)
	}
	data := strings.Join(words, ",")
	valid := e.Settings.ChallengeValidity("indexedsecret")
	p := tokentype.Prompt{
		Message: strings.NewReplacer("{0}", data, "{}", data).Replace(text), Data: data, Valid: valid,
		Attributes: map[string]any{"state": nil, "random_positions": positions, "valid_until": e.Now.In(e.Local).Add(valid).Format(validUntil)},
	}
	if session > 0 {
		p.Session = strconv.Itoa(session)
	}
	return p, nil
}

// choose are n positions from 1 to length. None comes twice before all have come:
// who looks over a shoulder shall not guess twice by one character.
func choose(e *tokentype.Env, n, length int) ([]int, error) {
	out := make([]int, 0, n)
	var left []int
	for len(out) < n {
		if len(left) == 0 {
			for i := range length {
				left = append(left, i+1)
			}
		}
		i, err := randtext.Below(e.Rand, len(left))
		if err != nil {
			return nil, err
		}
		out = append(out, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return out, nil
}

// count is how many positions the policy wants.
func count(e *tokentype.Env) (int, error) {
	text, ok, err := e.Rules.Text("authentication", "indexedsecret_count")
	if err != nil || !ok || strings.TrimSpace(text) == "" {
		return defaultCount, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 || n > maxCount {
		return 0, mfaerr.NewPolicy("The policy indexedsecret_count is no number from 1 to %d: %q", maxCount, text)
	}
	return n, nil
}

// Respond compares the characters at the positions that the challenge asks for.
func (Type) Respond(_ context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, answer secret.String) (tokentype.Match, error) {
	key, err := e.Keys.Open(t.Key)
	if err != nil {
		return tokentype.Match{}, err
	}
	chars := []rune(key)
	var want []rune
	for word := range strings.SplitSeq(c.Data, ",") {
		at, err := strconv.Atoi(word)
		if err != nil || at < 1 || at > len(chars) {
			return tokentype.Match{}, nil
		}
		want = append(want, chars[at-1])
	}
	return tokentype.Match{OK: otp.Equal(string(want), answer.Reveal()), Next: t.Count}, nil
}

// More asks for the next position of a token that asks one by one.
func (Type) More(_ context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, _ tokentype.Match) (tokentype.Prompt, bool, error) {
	if t.InfoText(infoOneByOne) == "" {
		return tokentype.Prompt{}, false, nil
	}
	want, err := count(e)
	if err != nil {
		return tokentype.Prompt{}, false, err
	}
	done, _ := strconv.Atoi(c.Session)
	if done++; done >= want {
		return tokentype.Prompt{}, false, nil
	}
	p, err := ask(e, t, done)
	return p, err == nil, err
}

// AskVerification asks for positions of the new secret.
func (Type) AskVerification(_ context.Context, e *tokentype.Env, t *token.Token) (map[string]any, error) {
	p, err := ask(e, t, 0)
	if err != nil {
		return nil, err
	}
	id, err := randtext.TransactionID(e.Rand)
	if err != nil {
		return nil, err
	}
	now := e.Now.UTC()
	e.Changes.Add(change.EndChallenges{Serial: t.Serial}, change.NewChallenge{Challenge: challenge.Challenge{
		TransactionID: id, Serial: t.Serial, Data: p.Data, Timestamp: now, Expiration: now.Add(p.Valid),
	}})
	return map[string]any{"message": p.Message}, nil
}

// CheckVerification takes the answer. The secret stays the one that was enrolled.
func (x Type) CheckVerification(ctx context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	rows, err := e.Challenges(ctx, t.Serial, "")
	if err != nil {
		return tokentype.Match{}, err
	}
	for _, row := range rows {
		if !row.Open(e.Now.UTC()) {
			continue
		}
		m, err := x.Respond(ctx, e, t, row, value)
		if err != nil {
			return m, err
		}
		if m.OK {
			m.Changes = []change.Change{change.EndChallenges{Serial: t.Serial}}
			return m, nil
		}
		e.Changes.Add(change.AnswerReceived{ID: row.ID})
	}
	return tokentype.Match{}, nil
}
