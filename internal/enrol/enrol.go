// Package enrol makes tokens: it checks what a request asks for, lets the type
// fill the token, and stores it whole or not at all.
package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/pyliteral"
	"edumfa/internal/qr"
	"edumfa/internal/secret"
	"edumfa/internal/serial"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// Store is what enrolment needs of the database.
type Store interface {
	Token(ctx context.Context, serial string, with token.Parts) (*token.Token, error)
	SerialExists(ctx context.Context, serial string) (bool, error)
	CountTokens(ctx context.Context, f token.Filter) (int, error)
	InsertToken(ctx context.Context, t *token.Token) error
	UpdateToken(ctx context.Context, before, t *token.Token) error
	DeleteToken(ctx context.Context, id int64, serial string) error
}

// PINs makes what is stored of a PIN.
type PINs interface {
	Make(ctx context.Context, pin secret.String, encrypted bool) (string, error)
}

// Params are the parameters of the request.
type Params interface {
	tokentype.EnrollParams
	Raw(name string) any
	List(name string) []string
}

// Service makes tokens.
type Service struct {
	Types *tokentype.Registry
	Store Store
	PINs  PINs
	// NotFound tells the store's "no such row" from other errors.
	NotFound error
	// SafeStore reads every new token back and compares its key.
	SafeStore bool
}

// Request is one enrolment.
type Request struct {
	Params Params
	User   user.User // the future owner; empty for nobody
	// Realms the token is put into beside the owner's.
	Realms []string
	// Verify leaves the token of a type that can ask for a value in the state
	// verify, until a right value comes.
	Verify bool
	// Kind is the tokeninfo tokenkind, if the type shall not choose.
	Kind string
}

// Init makes a token, or enrols an existing one again when the request names its
// serial. It returns the token and what the client is told.
func (s *Service) Init(ctx context.Context, e *tokentype.Env, r Request) (*token.Token, map[string]any, error) {
	typ, err := s.typeOf(r.Params)
	if err != nil {
		return nil, nil, err
	}
	if !r.User.Empty() && r.User.Login != "" && !r.User.Exists() {
		return nil, nil, user.ErrMissing()
	}
	before, t, err := s.begin(ctx, e, typ, r)
	if err != nil {
		return nil, nil, err
	}
	if err := s.place(t, r); err != nil {
		return nil, nil, err
	}
	out, err := typ.Enroll(ctx, e, t, r.Params)
	if err != nil {
		return nil, nil, err
	}
	if r.Verify && typ.Info().Verifiable && slices.Contains([]string{"", token.StateEnrolled, token.StateVerify}, t.State) {
		t.State = token.StateVerify
	}
	if err := s.finish(ctx, e, t, r, typ.Info().ReadablePIN); err != nil {
		return nil, nil, err
	}
	if err := s.store(ctx, before, t, &out); err != nil {
		return nil, nil, err
	}
	if s.SafeStore {
		if err := s.compare(ctx, t); err != nil {
			return nil, nil, err
		}
	}
	detail, err := describe(t, out)
	return t, detail, err
}

func (s *Service) typeOf(p Params) (tokentype.Type, error) {
	name, ok := p.Text("type")
	if !ok || name == "" {
		name = "hotp"
	}
	typ, known := s.Types.Get(strings.ToLower(name))
	if !known {
		return nil, mfaerr.NewTokenAdmin("init token failed: unknown token type %q", name)
	}
	return typ, nil
}

// begin finds the token to enrol again or makes a new one. before is what is
// stored of it, nil for a new one.
func (s *Service) begin(ctx context.Context, e *tokentype.Env, typ tokentype.Type, r Request) (before, t *token.Token, err error) {
	info := typ.Info()
	number, _ := r.Params.Text("serial")
	if number != "" {
		if err := serial.Check(number); err != nil {
			return nil, nil, err
		}
		old, err := s.Store.Token(ctx, number, token.Whole)
		if err == nil {
			if old.TypeKey() != info.Name {
				return nil, nil, mfaerr.NewTokenAdmin("initToken failed: token '%s' already exist with type '%s'. Can not initialize token with new type '%s'", number, old.Type, info.Name)
			}
			if old.Locked {
				return nil, nil, token.ErrLocked()
			}
			return old, old.Clone(), nil
		}
		if !errors.Is(err, s.NotFound) {
			return nil, nil, err
		}
	} else if number, err = s.newSerial(ctx, e, info, r.Params); err != nil {
		return nil, nil, err
	}
	c := e.Settings
	return nil, &token.Token{
		Serial: number, Type: info.Name, Active: true, Info: map[string]token.Info{},
		OTPLen: c.Int("DefaultOtpLen", 6), CountWindow: c.Int("DefaultCountWindow", 10),
		MaxFail: c.Int("DefaultMaxFailCount", 10), SyncWindow: c.Int("DefaultSyncWindow", 1000),
	}, nil
}

func (s *Service) newSerial(ctx context.Context, e *tokentype.Env, info tokentype.Info, p Params) (string, error) {
	n, err := s.Store.CountTokens(ctx, token.Filter{Type: info.Name})
	if err != nil {
		return "", err
	}
	prefix, ok := p.Text("prefix")
	if !ok || prefix == "" {
		prefix = info.Prefix
	}
	g := serial.Generator{Rand: e.Rand, Length: e.Settings.Int("SerialLength", 8), Exists: s.Store.SerialExists}
	return g.New(ctx, prefix, n)
}

// place sets owner and realms.
func (s *Service) place(t *token.Token, r Request) error {
	realms := slices.Clone(r.Realms)
	if r.User.Exists() {
		if t.Owner != nil && (t.Owner.UserID != r.User.ID || t.Owner.Resolver != r.User.Resolver) {
			return mfaerr.NewTokenAdmin("This token is already assigned to another user.")
		}
		t.Owner = &token.Owner{UserID: r.User.ID, Resolver: r.User.Resolver, RealmID: r.User.RealmID, Realm: r.User.Realm}
		realms = append(realms, r.User.Realm)
	}
	if len(realms) > 0 {
		slices.Sort(realms)
		t.Realms = slices.Compact(realms)
	}
	return nil
}

// finish sets what every token has after its type has filled it.
func (s *Service) finish(ctx context.Context, e *tokentype.Env, t *token.Token, r Request, readablePIN bool) error {
	p, kind := r.Params, r.Kind
	if v := p.Raw("pin"); v != nil {
		pin, isText := v.(string)
		if !isText {
			return mfaerr.NewParameter("The PIN must be a text.")
		}
		enc, _ := p.Text("encryptpin")
		stored, err := s.PINs.Make(ctx, secret.New(pin), readablePIN || strings.EqualFold(enc, "true"))
		if err != nil {
			return err
		}
		t.PINHash, t.PINSeed = stored, ""
	}
	extra, err := InfoParam(p.Raw("info"))
	if err != nil {
		return err
	}
	for k, v := range extra {
		if v != "" {
			t.Info[k] = token.Info{Value: v}
		}
	}
	for _, key := range []string{token.InfoValidFrom, token.InfoValidTo} {
		if v, ok := p.Text(key); ok {
			if err := SetValidity(t, key, v, e.Now.In(e.Local)); err != nil {
				return err
			}
		}
	}
	if v, ok := p.Text("useTimeShift"); ok && v != "default" {
		t.Info["useTimeShift"] = token.Info{Value: v}
	}
	if kind != "" {
		t.Info[token.InfoKind] = token.Info{Value: kind}
	}
	if t.Key == (token.Sealed{}) {
		// programs of the field decrypt the key of every token, also where there is none
		if t.Key, err = e.Keys.Seal(""); err != nil {
			return err
		}
	}
	t.Info[token.InfoCreated] = token.Info{Value: timespec.FormatMicros(e.Now.In(e.Local))}
	return checkLengths(t)
}

// SetValidity sets one end of a token's validity period, named by its key of
// tokeninfo, to a date as people write it; an empty one removes it. now has the
// zone of dates without one. The error is 301.
func SetValidity(t *token.Token, key, value string, now time.Time) error {
	if value == "" {
		delete(t.Info, key)
		return nil
	}
	d, err := timespec.ReadValidity(value, now)
	if err != nil {
		end := "start"
		if key == token.InfoValidTo {
			end = "end"
		}
		return mfaerr.NewTokenAdmin("Could not parse validity period %s date!", end).WithCause(err)
	}
	t.Info[key] = token.Info{Value: d.String()}
	return nil
}

// InfoParam reads the parameter info: an object, or a text that holds one.
func InfoParam(v any) (map[string]string, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case string:
		if strings.TrimSpace(x) == "" {
			return nil, nil
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(x), &m); err != nil {
			return nil, mfaerr.NewParameter("The parameter info is no JSON object.")
		}
		return InfoParam(m)
	case map[string]any:
		out := make(map[string]string, len(x))
		for k, e := range x {
			if e == nil {
				out[k] = ""
				continue
			}
			if s, isText := e.(string); isText {
				out[k] = s
				continue
			}
			out[k] = pyliteral.Repr(pyValue(e))
		}
		return out, nil
	}
	return nil, mfaerr.NewParameter("The parameter info is neither an object nor a text that holds one.")
}

// pyValue turns a JSON value into what the literal writer knows.
func pyValue(v any) any {
	switch x := v.(type) {
	case float64:
		if x == float64(int64(x)) {
			return int64(x)
		}
		return x
	case int64, bool, string:
		return x
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// checkLengths refuses what the table's columns cannot hold, before it is
// written to one database and refused by another.
func checkLengths(t *token.Token) error {
	if len([]rune(t.Description)) > 80 {
		return mfaerr.NewParameter("The description is longer than 80 characters.")
	}
	return nil
}

func (s *Service) compare(ctx context.Context, t *token.Token) error {
	back, err := s.Store.Token(ctx, t.Serial, 0)
	if err != nil {
		return err
	}
	if back.Key != t.Key {
		return mfaerr.NewTokenAdmin("The token %s was not stored as it should be.", t.Serial)
	}
	return nil
}

// describe puts together what the client is told.
func describe(t *token.Token, out tokentype.Enrolled) (map[string]any, error) {
	d := out.Detail
	if d == nil {
		d = map[string]any{}
	}
	d["serial"] = t.Serial
	if !out.HasKey {
		return d, nil
	}
	key, _ := d["otpkey"].(map[string]any)
	if key == nil {
		key = map[string]any{}
	}
	value := "seed://" + out.Key
	img, err := qr.DataURI(out.Key)
	if err != nil {
		return nil, err
	}
	key["description"], key["value"], key["img"] = "OTP seed", value, img
	d["otpkey"] = key
	return d, nil
}
