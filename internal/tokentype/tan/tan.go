// Package tan is the printed list of one-time passwords that are used in any
// order.
package tan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/oath"
)

// countOf names the parameter and the policy action of the list's length.
const countOf = "tantoken_count"

const (
	// infoTAN begins the tokeninfo of each TAN that is left: "salt:hash".
	infoTAN = "tan.tan"
	// shownCount stands for them in lists.
	shownCount = "tan.count"

	saltSize = 4 // bytes
	maxTANs  = 10000
)

// Type is the token type tan.
type Type struct{}

var (
	_ tokentype.Type       = Type{}
	_ tokentype.Prescriber = Type{}
	_ tokentype.InfoViewer = Type{}
	_ tokentype.Finder     = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "tan", Prefix: "PITN", Title: "TAN Token", Description: "TAN: a printed list.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, Verifiable: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Prescribed is the length of the list.
func (Type) Prescribed() []string { return []string{countOf} }

// Enroll keeps hashes of the TANs of the request, or makes TANs and shows them.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	text, given := p.Text("tans")
	if given {
		return enrolGiven(ctx, e, t, p, strings.Fields(text))
	}
	n, err := oath.CountOf(p, countOf)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	out, err := oath.EnrollList(e, t, p)
	if err != nil {
		return out, err
	}
	shown, err := oath.List(t, out, n)
	if err != nil {
		return out, err
	}
	list := make([]string, n)
	for i := range n {
		list[i] = shown[strconv.Itoa(i)].(string)
	}
	if err := keep(e, t, list); err != nil {
		return out, err
	}
	return out, oath.DescribeList(ctx, e, t, p, &out, shown)
}

// enrolGiven takes the TANs of the request; the first one gives their length.
func enrolGiven(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, list []string) (tokentype.Enrolled, error) {
	if len(list) > maxTANs {
		return tokentype.Enrolled{}, mfaerr.NewParameter("These are more than %d TANs.", maxTANs)
	}
	out, err := oath.EnrollList(e, t, lengthless{p})
	if err != nil {
		return out, err
	}
	if len(list) > 0 {
		t.OTPLen = utf8.RuneCountInString(list[0])
	}
	if err := keep(e, t, list); err != nil {
		return out, err
	}
	return out, oath.DescribeList(ctx, e, t, p, &out, map[string]any{})
}

// lengthless hides a length that the TANs themselves have.
type lengthless struct{ tokentype.EnrollParams }

func (l lengthless) Int(name string, def int) (int, error) {
	if name == "otplen" {
		return def, nil
	}
	return l.EnrollParams.Int(name, def)
}

// keep replaces the token's TANs.
func keep(e *tokentype.Env, t *token.Token, list []string) error {
	for key := range t.Info {
		if strings.HasPrefix(key, infoTAN) {
			delete(t.Info, key)
		}
	}
	for i, v := range list {
		salt := make([]byte, saltSize)
		if _, err := io.ReadFull(e.Rand, salt); err != nil {
			return err
		}
		t.Info[infoTAN+strconv.Itoa(i)] = token.Info{Value: stored(v, hex.EncodeToString(salt))}
	}
	return nil
}

// stored is what is kept of a TAN: the salt and the hex SHA-256 of the TAN
// followed by the text of the salt.
func stored(tan, salt string) string {
	sum := sha256.Sum256([]byte(tan + salt))
	return salt + ":" + hex.EncodeToString(sum[:])
}

// ViewInfo shows how many TANs are left instead of their hashes.
func (Type) ViewInfo(info map[string]any) {
	n := 0
	for key := range info {
		if strings.HasPrefix(key, infoTAN) {
			delete(info, key)
			n++
		}
	}
	info[shownCount] = n
}

// Verify looks for the TAN among those that are left. Taking it goes with the
// attempt: of two at once, one finds it gone.
func (Type) Verify(_ context.Context, _ *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	for key, kept := range t.Info {
		if !strings.HasPrefix(key, infoTAN) {
			continue
		}
		salt, _, ok := strings.Cut(kept.Value, ":")
		if ok && otp.Equal(stored(value.Reveal(), salt), kept.Value) {
			return tokentype.Match{OK: true, Next: t.Count, Changes: []change.Change{change.TakeInfo{ID: t.ID, Key: key, Value: kept.Value}}}, nil
		}
	}
	return tokentype.Match{}, nil
}

// Find is Verify: a TAN that is looked for is used up.
func (x Type) Find(ctx context.Context, e *tokentype.Env, t *token.Token, value secret.String, _ int) (tokentype.Match, error) {
	return x.Verify(ctx, e, t, value)
}
