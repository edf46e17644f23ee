package email

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

// EnrolAtLogin asks for the address.
func (Type) EnrolAtLogin() tokentype.LoginEnrolment {
	return tokentype.LoginEnrolment{Params: map[string]any{infoDynamic: "1"}, Message: "Please enter your new email address!"}
}

// EnrolAnswer takes the address that the user gave.
func (Type) EnrolAnswer(_ context.Context, _ *tokentype.Env, t *token.Token, answer secret.String) ([]change.Change, error) {
	address := strings.TrimSpace(answer.Reveal())
	if address == "" || len(address) > 254 || strings.ContainsFunc(address, func(r rune) bool { return r < ' ' }) {
		return nil, mfaerr.NewParameter("This is no mail address.")
	}
	delete(t.Info, infoDynamic)
	t.Info[infoAddress] = token.Info{Value: address}
	return []change.Change{change.DeleteInfo{ID: t.ID, Key: infoDynamic}, change.SetInfo{ID: t.ID, Key: infoAddress, Value: address}}, nil
}
