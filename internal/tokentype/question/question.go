// Package question is the questionnaire token: questions whose answers the user
// gave when the token was enrolled. The PIN asks for one of them, or for several
// one after the other.
package question

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"edumfa/internal/challenge"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const (
	defaultAnswers = 5
	// maxQuestion is what the tokeninfo column holds, in characters.
	maxQuestion = 255
	// maxQuestions bounds a token: the numbers of those that were asked are kept in
	// a column of 512 characters.
	maxQuestions = 100
	validUntil   = "2006-01-02 15:04:05.000000"
)

// Type is the token type question.
type Type struct{}

var (
	_ tokentype.Type           = Type{}
	_ tokentype.Prompter       = Type{}
	_ tokentype.Responder      = Type{}
	_ tokentype.MoreChallenges = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "question", Prefix: "QUST", Title: "Questionnaire Token", Description: "Questionnaire: questions and answers.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, NativeChallenge: true,
		EnrollableBy:   []string{"admin", "user"},
		PublicSettings: []string{"question.question."}, // <n>, for the enrolment form
	}
}

// Enroll keeps the answers, encrypted. The parameter questions is an object of
// questions and answers, or a text that holds one.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	answers, err := questions(p)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	if n := e.Settings.Int("question.num_answers", defaultAnswers); len(answers) < n {
		return tokentype.Enrolled{}, mfaerr.NewTokenAdmin("You need to provide at least %d answers.", n)
	}
	if len(answers) > maxQuestions {
		return tokentype.Enrolled{}, mfaerr.NewParameter("There are more than %d questions.", maxQuestions)
	}
	out, err := e.TakeKey(t, p, tokentype.KeyRules{})
	if err != nil {
		return out, err
	}
	for question, answer := range answers {
		if question == "" || utf8.RuneCountInString(question) > maxQuestion {
			return out, mfaerr.NewParameter("A question has from one to %d characters.", maxQuestion)
		}
		sealed, err := e.Keys.SealPassword(answer)
		if err != nil {
			return out, err
		}
		t.Info[question] = token.Info{Value: sealed, Type: token.InfoTypePassword}
	}
	return out, nil
}

func questions(p tokentype.EnrollParams) (map[string]string, error) {
	text, ok := p.Text("questions")
	if !ok {
		return nil, mfaerr.NewParameter("Missing parameter: 'questions'")
	}
	var raw any = text
	if r, can := p.(tokentype.RawParams); can {
		raw = r.Raw("questions")
	}
	if s, isText := raw.(string); isText {
		if err := json.Unmarshal([]byte(s), &raw); err != nil {
			return nil, errForm()
		}
	}
	object, isObject := raw.(map[string]any)
	if !isObject {
		return nil, errForm()
	}
	out := make(map[string]string, len(object))
	for question, answer := range object {
		s, isText := answer.(string)
		if !isText {
			b, err := json.Marshal(answer)
			if err != nil {
				return nil, errForm()
			}
			s = string(b)
		}
		out[question] = s
	}
	return out, nil
}

func errForm() error {
	return mfaerr.NewParameter("The parameter questions is no JSON object of questions and answers.")
}

// Verify finds nothing right: a questionnaire is answered question by question.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}

// Prompt asks one question.
func (Type) Prompt(_ context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	return ask(e, t, nil, 0)
}

// ask chooses one of the questions that were not asked yet, or one of all when
// all were. asked are their numbers, session how many were answered.
func ask(e *tokentype.Env, t *token.Token, asked []string, session int) (tokentype.Prompt, error) {
	all := list(t)
	if len(all) == 0 {
		return tokentype.Prompt{Failed: true, Message: "The token has no questions."}, nil
	}
	if len(asked) >= len(all) {
		asked = nil
	}
	var left []int
	for i := range all {
		if !slices.Contains(asked, strconv.Itoa(i+1)) {
			left = append(left, i)
		}
	}
	if len(left) == 0 {
		return tokentype.Prompt{Failed: true, Message: "The token has no questions."}, nil
	}
	n, err := randtext.Below(e.Rand, len(left))
	if err != nil {
		return tokentype.Prompt{}, err
	}
	chosen := left[n]
	valid := e.Settings.ChallengeValidity("question")
	p := tokentype.Prompt{
		Message: all[chosen], Challenge: all[chosen], Data: strings.Join(append(slices.Clone(asked), strconv.Itoa(chosen+1)), ","), Valid: valid,
		Attributes: map[string]any{"valid_until": e.Now.In(e.Local).Add(valid).Format(validUntil)},
	}
	if session > 0 {
		p.Session = strconv.Itoa(session)
	}
	return p, nil
}

// list are the token's questions in their order.
func list(t *token.Token) []string {
	var out []string
	for key, v := range t.Info {
		if v.Type == token.InfoTypePassword {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// Respond compares the answer, letter by letter.
func (Type) Respond(_ context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, answer secret.String) (tokentype.Match, error) {
	stored, has := t.Info[c.Challenge]
	if !has || stored.Type != token.InfoTypePassword {
		return tokentype.Match{}, nil
	}
	want, err := e.Keys.OpenPassword(stored.Value)
	if err != nil {
		return tokentype.Match{}, err
	}
	return tokentype.Match{OK: want != "" && otp.Equal(want, answer.Reveal()), Next: t.Count}, nil
}

// More asks as many questions as the policy wants. Only the challenge says how
// many were answered, never the request.
func (Type) More(_ context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, _ tokentype.Match) (tokentype.Prompt, bool, error) {
	text, ok, err := e.Rules.Text("authentication", "question_number")
	if err != nil || !ok {
		return tokentype.Prompt{}, false, err
	}
	want, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return tokentype.Prompt{}, false, mfaerr.NewPolicy("The policy question_number is no number: %q", text)
	}
	done, _ := strconv.Atoi(c.Session)
	if done++; done >= want {
		return tokentype.Prompt{}, false, nil
	}
	p, err := ask(e, t, strings.FieldsFunc(c.Data, func(r rune) bool { return r == ',' }), done)
	return p, err == nil, err
}
