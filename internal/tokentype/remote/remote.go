// Package remote is the token type remote: another eduMFA server decides whether
// a value is right.
package remote

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy/action"
	"edumfa/internal/remoteserver"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const name = "remote"

// Tokeninfo and parameters of the type.
const (
	infoDefinition = "remote.server_id" // number of the server's definition
	infoServer     = "remote.server"    // its address, without a definition
	infoPath       = "remote.path"      // behind the address
	infoLocalPIN   = "remote.local_checkpin"
	infoSerial     = "remote.serial" // of the token there
	infoUser       = "remote.user"   // or the user there
	infoRealm      = "remote.realm"
	infoResolver   = "remote.resolver"
	infoLast       = "last_matching_remote_serial"
)

// otpLength is what follows the PIN where that is kept here.
const otpLength = 6

const checkPath = "/validate/check"

// Type is the token type remote.
type Type struct{}

var (
	_ tokentype.Type      = Type{}
	_ tokentype.Forwarder = Type{}
	_ tokentype.Splitter  = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: name, Prefix: "PIRE", Title: "Remote Token", Description: "Remote: another server of the same kind decides.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, EnrollableBy: []string{"admin"},
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll keeps which server is asked, and for whom.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	if number, given := p.Text(infoDefinition); given {
		id, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil {
			return tokentype.Enrolled{}, mfaerr.NewParameter("Parameter '%s' must be the number of a server.", infoDefinition)
		}
		if _, err := e.Servers.Remote(ctx, id); err != nil {
			return tokentype.Enrolled{}, err
		}
	} else if _, given := p.Text(infoServer); !given {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Missing parameter: '%s'", infoServer)
	}
	if t.ID == 0 {
		t.OTPLen = otpLength
	}
	if _, err := e.TakeKey(t, p, tokentype.KeyRules{}); err != nil {
		return tokentype.Enrolled{}, err
	}
	if t.InfoText(infoLocalPIN) == "" {
		t.Info[infoLocalPIN] = token.Info{Value: "0"}
	}
	t.Info[token.InfoKind] = token.Info{Value: token.KindVirtual}
	return tokentype.Enrolled{Detail: map[string]any{}}, nil
}

// PINHere reports whether the PIN is kept here.
func (Type) PINHere(t *token.Token) bool {
	return slices.Contains([]string{"1", "true", "yes"}, strings.ToLower(strings.TrimSpace(t.InfoText(infoLocalPIN))))
}

// Split takes all as the value where the PIN is not kept here.
func (x Type) Split(e *tokentype.Env, t *token.Token, pass string) (pin, otp string, ok bool) {
	if !x.PINHere(t) {
		return "", pass, true
	}
	return tokentype.SplitPass(pass, t.OTPLen, e.Settings.PrependPIN())
}

// Verify asks the server.
func (x Type) Verify(ctx context.Context, e *tokentype.Env, t *token.Token, otp secret.String) (tokentype.Match, error) {
	m := tokentype.Match{Next: t.Count, WithoutPIN: !x.PINHere(t)}
	o, err := tokentype.Once(e, strings.Join([]string{name, t.Serial, otp.Reveal()}, "\x00"), func() (remoteserver.Outcome, error) {
		return ask(ctx, e, t, otp)
	})
	if err != nil {
		m.Reason = err.Error()
		return m, ctx.Err()
	}
	if m.OK = o.OK; m.OK && o.Serial != "" {
		m.Changes = append(m.Changes, change.SetInfo{ID: t.ID, Key: infoLast, Value: o.Serial})
	}
	return m, nil
}

func ask(ctx context.Context, e *tokentype.Env, t *token.Token, otp secret.String) (remoteserver.Outcome, error) {
	l := remoteserver.Login{Serial: t.InfoText(infoSerial), Pass: otp}
	if l.Serial == "" {
		l.User, l.Realm, l.Resolver = t.InfoText(infoUser), t.InfoText(infoRealm), t.InfoText(infoResolver)
	}
	if l.Serial == "" && l.User == "" {
		return remoteserver.Outcome{}, mfaerr.NewTokenAdmin("The token %s names neither a token nor a user of the other server.", t.Serial)
	}
	number := t.InfoText(infoDefinition)
	if number == "" {
		path := strings.TrimSpace(t.InfoText(infoPath))
		if path == "" {
			path = checkPath
		}
		l.Whole = true // as such tokens always asked
		s := remoteserver.Server{URL: t.InfoText(infoServer), TLS: e.Settings.Bool("remote.verify_ssl_certificate", true)}
		return e.Servers.RemoteLogin(ctx, s, path, l)
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return remoteserver.Outcome{}, mfaerr.NewTokenAdmin("The token %s names a server by no number.", t.Serial)
	}
	s, err := e.Servers.Remote(ctx, id)
	if err != nil {
		return remoteserver.Outcome{}, err
	}
	return e.Servers.RemoteLogin(ctx, s, checkPath, l)
}
