package tokentype

import (
	"encoding/hex"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/token"
)

// KeyRules say how a type takes its key at enrolment.
type KeyRules struct {
	// Size is how many bytes a generated OTP key has.
	Size int
	// Required: without a key in the request or "genkey" the enrolment fails.
	Required bool
	// PreferGenerated: with both genkey and otpkey a key is generated. Other types
	// refuse both at once.
	PreferGenerated bool
	// Generate makes a key of another form than hex; nil generates Size bytes.
	Generate func() (string, error)
	// Combine joins the server's part (hex) with the client's in two-step
	// enrolment.
	Combine func(server, client string) (string, error)
}

// TakeKey does what all types have in common when they get their key: it reads
// genkey, otpkey, otpkeyformat and 2stepinit, sets the key, the description, the
// length of the OTP and the type's own tokeninfo.
func (e *Env) TakeKey(t *token.Token, p EnrollParams, r KeyRules) (Enrolled, error) {
	if d, ok := p.Text("description"); ok {
		t.Description = d
	}
	given, hasKey, err := e.givenKey(p)
	if err != nil {
		return Enrolled{}, err
	}
	generate := p.Bool("genkey")
	twoStep := p.Bool("2stepinit")
	if twoStep {
		if p.Bool("rollover") {
			t.State = ""
		}
		if t.State == token.StateClientWait {
			return Enrolled{}, mfaerr.NewParameter("2stepinit is only for the first step of an enrolment.")
		}
		generate, t.Active = true, false
	}
	if generate && hasKey {
		if !r.PreferGenerated {
			return Enrolled{}, mfaerr.NewRequest(344, "[ParameterError] You may either specify genkey or otpkey, but not both!")
		}
		hasKey = false
	}
	if !hasKey && generate {
		if given, err = e.generate(r); err != nil {
			return Enrolled{}, err
		}
		hasKey = true
	}
	if _, verifying := p.Text("verify"); !hasKey && r.Required && !verifying {
		return Enrolled{}, mfaerr.NewParameter("Missing parameter: 'otpkey'")
	}
	out := Enrolled{Detail: map[string]any{}}
	if hasKey {
		if out.Key, err = e.setKey(t, given, r); err != nil {
			return Enrolled{}, err
		}
		out.HasKey = true
	}
	if twoStep {
		t.State = token.StateClientWait
	}
	n, err := p.Int("otplen", t.OTPLen)
	if err != nil {
		return Enrolled{}, err
	}
	t.OTPLen = n
	for _, name := range p.Names() {
		// how a text was made is not kept with it
		if generate && r.Generate != nil && (name == t.Type+".length" || name == t.Type+".contents") {
			continue
		}
		if strings.HasPrefix(name, t.Type+".") {
			v, _ := p.Text(name)
			t.Info[name] = token.Info{Value: v}
		}
	}
	t.Info[token.InfoKind] = token.Info{Value: token.KindSoftware}
	return out, nil
}

func (e *Env) givenKey(p EnrollParams) (string, bool, error) {
	given, ok := p.Text("otpkey")
	if !ok {
		return "", false, nil
	}
	format, _ := p.Text("otpkeyformat")
	if format == "" || format == "hex" {
		return given, true, nil
	}
	key, err := otp.DecodeKey(given, format)
	if err != nil {
		return "", false, err
	}
	return hex.EncodeToString(key), true, nil
}

func (e *Env) generate(r KeyRules) (string, error) {
	if r.Generate != nil {
		return r.Generate()
	}
	size := r.Size
	if size == 0 {
		size = 20
	}
	b, err := otp.GenerateKey(e.Rand, size)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(b), nil
}

func (e *Env) setKey(t *token.Token, key string, r KeyRules) (string, error) {
	if t.State == token.StateClientWait {
		server, err := e.Keys.Open(t.Key)
		if err != nil {
			return "", err
		}
		combine := r.Combine
		if combine == nil {
			combine = otp.JoinTwoStep
		}
		if key, err = combine(server, key); err != nil {
			return "", err
		}
		t.State, t.Active = "", true
	}
	sealed, err := e.Keys.Seal(key)
	if err != nil {
		return "", err
	}
	t.Key, t.Count, t.FailCount = sealed, 0, 0
	return key, nil
}
