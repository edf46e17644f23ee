// Package radius is the token type radius: a RADIUS server decides whether a value
// is right, and may ask for more.
package radius

import (
	"context"
	"encoding/hex"
	"net"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/challenge"
	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy/action"
	"edumfa/internal/radius"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const name = "radius"

// Tokeninfo and parameters of the type.
const (
	infoDefinition = "radius.identifier"
	infoUser       = "radius.user"
	infoLocalPIN   = "radius.local_checkpin"
	infoServer     = "radius.server" // host or host:port, without a definition
	infoSecret     = "radius.secret" // kept by older tokens; new ones have it as their key
	infoSettings   = "radius.system_settings"
)

// otpLength is what follows the PIN where that is kept here.
const otpLength = 6

// question is asked when the server says nothing of its own.
const question = "Enter your RADIUS tokencode:"

// Type is the token type radius.
type Type struct{}

var (
	_ tokentype.Type           = Type{}
	_ tokentype.Forwarder      = Type{}
	_ tokentype.Splitter       = Type{}
	_ tokentype.Opener         = Type{}
	_ tokentype.Prompter       = Type{}
	_ tokentype.Responder      = Type{}
	_ tokentype.MoreChallenges = Type{}
	_ tokentype.InfoViewer     = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: name, Prefix: "PIRA", Title: "RADIUS Token", Description: "RADIUS: another server decides.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll keeps the name of a server's definition, or a server and its secret.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	definition, _ := p.Text(infoDefinition)
	server, _ := p.Text(infoServer)
	shared, _ := p.Text(infoSecret)
	own := definition == "" && !p.Bool(infoSettings)
	if own {
		for _, need := range []string{infoServer, infoSecret} {
			if _, given := p.Text(need); !given {
				return tokentype.Enrolled{}, mfaerr.NewParameter("Missing parameter: '%s'", need)
			}
		}
		if _, _, err := divide(server); err != nil {
			return tokentype.Enrolled{}, err
		}
	}
	user, given := p.Text(infoUser)
	if !given {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Missing parameter: '%s'", infoUser)
	}
	if t.ID == 0 {
		t.OTPLen = otpLength
	}
	out, err := e.TakeKey(t, p, tokentype.KeyRules{})
	if err != nil {
		return out, err
	}
	delete(t.Info, infoSecret)
	if own {
		if t.Key, err = e.Keys.Seal(hex.EncodeToString([]byte(shared))); err != nil {
			return out, err
		}
		settings, _ := p.Text(infoSettings)
		t.Info[infoSettings] = token.Info{Value: settings}
	}
	local, given := p.Text(infoLocalPIN)
	if !given || local == "" {
		local = "0"
	}
	t.Info[infoDefinition], t.Info[infoUser], t.Info[infoLocalPIN] = token.Info{Value: definition}, token.Info{Value: user}, token.Info{Value: local}
	t.Info[token.InfoKind] = token.Info{Value: token.KindVirtual}
	return tokentype.Enrolled{Detail: map[string]any{}}, nil
}

// ViewInfo hides the secret that older tokens have in their tokeninfo.
func (Type) ViewInfo(info map[string]any) {
	if _, has := info[infoSecret]; has {
		info[infoSecret] = field.Censored
	}
}

// PINHere reports whether the PIN is kept here.
func (Type) PINHere(t *token.Token) bool { return isTrue(t.InfoText(infoLocalPIN)) }

func isTrue(s string) bool {
	return slices.Contains([]string{"1", "true", "yes"}, strings.ToLower(strings.TrimSpace(s)))
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
	a, err := ask(ctx, e, t, otp, nil)
	if err != nil {
		m.Reason = err.Error()
		return m, ctx.Err()
	}
	m.OK = a.Code == radius.Accept
	return m, nil
}

// Open makes the server's question one of this server, where the policy
// challenge_response allows it for the type.
func (x Type) Open(ctx context.Context, e *tokentype.Env, t *token.Token, pass secret.String) (tokentype.Prompt, bool, error) {
	if x.PINHere(t) || !e.Usable(t) {
		return tokentype.Prompt{}, false, nil
	}
	types, err := e.Rules.Words("authentication", "challenge_response")
	if err != nil || !slices.ContainsFunc(types, func(s string) bool { return strings.EqualFold(s, name) }) {
		return tokentype.Prompt{}, false, err
	}
	a, err := ask(ctx, e, t, pass, nil) // was asked by Verify
	if err != nil || a.Code != radius.Challenge {
		return tokentype.Prompt{}, false, ctx.Err()
	}
	return prompt(a), true, nil
}

// Prompt asks for a value that the server has not asked for.
func (Type) Prompt(context.Context, *tokentype.Env, *token.Token) (tokentype.Prompt, error) {
	return prompt(radius.Answer{}), nil
}

func prompt(a radius.Answer) tokentype.Prompt {
	p := tokentype.Prompt{Message: a.Message, Attributes: map[string]any{"state": nil}, Data: hex.EncodeToString(a.State)}
	if p.Message == "" {
		p.Message = question
	}
	p.Challenge = p.Message
	return p
}

// again marks the state of a further question, which may be empty.
const again = "again:"

// Respond sends the answer to a challenge. That the server asks further is no
// wrong answer.
func (Type) Respond(ctx context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, answer secret.String) (tokentype.Match, error) {
	m := tokentype.Match{Next: t.Count}
	if !e.Usable(t) {
		m.Reason = "the token may not be used"
		return m, nil
	}
	state, err := hex.DecodeString(c.Data)
	if err != nil {
		m.Reason = "the state of the challenge cannot be read"
		return m, nil
	}
	a, err := ask(ctx, e, t, answer, state)
	if err != nil {
		m.Reason = err.Error()
		return m, ctx.Err()
	}
	switch a.Code {
	case radius.Accept:
		m.OK = true
	case radius.Challenge:
		m.OK, m.State = true, again+hex.EncodeToString(a.State)+":"+a.Message
	}
	return m, nil
}

// More is the server's further question.
func (Type) More(_ context.Context, _ *tokentype.Env, _ *token.Token, _ challenge.Challenge, m tokentype.Match) (tokentype.Prompt, bool, error) {
	rest, more := strings.CutPrefix(m.State, again)
	if !more {
		return tokentype.Prompt{}, false, nil
	}
	state, message, _ := strings.Cut(rest, ":")
	p := prompt(radius.Answer{Message: message})
	p.Data = state
	return p, true, nil
}

// ask sends a value to the token's server, once in a request.
func ask(ctx context.Context, e *tokentype.Env, t *token.Token, value secret.String, state []byte) (radius.Answer, error) {
	key := strings.Join([]string{name, t.Serial, string(state), value.Reveal()}, "\x00")
	return tokentype.Once(e, key, func() (radius.Answer, error) {
		q := radius.Question{User: t.InfoText(infoUser), Password: value, State: state, NASIdentifier: e.NASIdentifier()}
		if definition := t.InfoText(infoDefinition); definition != "" {
			return e.Servers.RADIUS(ctx, definition, q)
		}
		s, err := server(e, t)
		if err != nil {
			return radius.Answer{}, err
		}
		return e.Servers.RADIUSAt(ctx, s, q)
	})
}

// server is the one that the settings or the token itself name.
func server(e *tokentype.Env, t *token.Token) (radius.Server, error) {
	address, shared := t.InfoText(infoServer), ""
	if isTrue(t.InfoText(infoSettings)) {
		address, shared = e.Settings.Text("radius.server", ""), e.Settings.Text("radius.secret", "")
	} else {
		key, err := e.Keys.Open(t.Key)
		if err != nil {
			return radius.Server{}, err
		}
		b, err := hex.DecodeString(key)
		if err != nil {
			return radius.Server{}, mfaerr.NewTokenAdmin("The secret of the token %s cannot be read.", t.Serial)
		}
		shared = string(b)
	}
	host, port, err := divide(address)
	return radius.Server{Host: host, Port: port, Secret: secret.New(shared), NeedSigned: e.Settings.Bool("radius.enforce_ma", false)}, err
}

// divide reads host, host:port, [IPv6]:port or a bare IPv6 address. Port 0 is the
// usual one.
func divide(address string) (host string, port int, err error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", 0, mfaerr.NewParameter("A RADIUS server needs an address.")
	}
	if strings.Count(address, ":") != 1 && !strings.HasPrefix(address, "[") {
		return address, 0, nil
	}
	host, digits, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(digits)
	}
	if err != nil || host == "" || port < 1 || port > 65535 {
		return "", 0, mfaerr.NewParameter("The address of the RADIUS server is not of the form host or host:port.")
	}
	return host, port, nil
}
