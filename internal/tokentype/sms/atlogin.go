package sms

import (
	"context"
	"strings"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

var (
	_ tokentype.LoginEnroller = Type{}
	_ tokentype.EnrolAnswerer = Type{}
)

// EnrolAtLogin asks for the number.
func (Type) EnrolAtLogin() tokentype.LoginEnrolment {
	return tokentype.LoginEnrolment{Params: map[string]any{infoDynamic: "1"}, Message: msgNumber}
}

// maxNumber is the longest number that is taken, in characters: 15 digits
// (ITU-T E.164), and what people write between them.
const maxNumber = 40

// EnrolAnswer takes the number that the user gave.
func (Type) EnrolAnswer(_ context.Context, _ *tokentype.Env, t *token.Token, answer secret.String) ([]change.Change, error) {
	number := strings.TrimSpace(answer.Reveal())
	if len(number) > maxNumber || !strings.ContainsAny(number, "0123456789") || strings.ContainsFunc(number, strange) {
		return nil, mfaerr.NewParameter("This is no phone number.")
	}
	delete(t.Info, infoDynamic)
	t.Info[infoPhone] = token.Info{Value: number}
	return []change.Change{change.DeleteInfo{ID: t.ID, Key: infoDynamic}, change.SetInfo{ID: t.ID, Key: infoPhone, Value: number}}, nil
}

// strange is a character that people do not write into phone numbers.
func strange(r rune) bool { return !strings.ContainsRune("0123456789+-/(). ", r) }
