package sshkey

import (
	"testing"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
	"edumfa/internal/tokentype/typetest"
)

func TestEnroll(t *testing.T) {
	for name, c := range map[string]struct {
		line               string
		kind, key, comment string // kind "" for an error
	}{
		"with a comment":         {"ssh-ed25519 AAAAC3 alice at home", "ssh-ed25519", "AAAAC3", "alice at home"},
		"without one":            {"ssh-rsa QUJDREVG", "ssh-rsa", "QUJDREVG", ""},
		"of a file":              {"ssh-rsa QUJDREVG me@host\n", "ssh-rsa", "QUJDREVG", "me@host"},
		"of a security key":      {"sk-ssh-ed25519@openssh.com AAAA x", "sk-ssh-ed25519@openssh.com", "AAAA", "x"},
		"of an unsupported kind": {line: "ssh-dss QUJDREVG old"},
		"without a key":          {line: "ssh-rsa"},
		"with a blank for a key": {line: "ssh-rsa  x"},
		"empty":                  {line: ""},
		"with a second line":     {line: "ssh-rsa QUJDREVG me\nssh-rsa QUJD intruder"},
		"with options":           {line: `command="sh" ssh-rsa QUJDREVG`},
	} {
		t.Run(name, func(t *testing.T) {
			p := typetest.Params{"sshkey": c.line}
			tok := typetest.Token("sshkey", "", 6, nil)
			out, err := Type{}.Enroll(t.Context(), typetest.Env(time.Time{}, nil, p), tok, p)
			if c.kind == "" {
				if !mfaerr.Is(err, mfaerr.Request) {
					t.Errorf("error: %v", err)
				}
				return
			}
			if err != nil || out.HasKey {
				t.Fatal(out, err)
			}
			kept := tok.Info[infoKey]
			key, err := typetest.Keys{}.OpenPassword(kept.Value)
			if err != nil || key != c.key || kept.Type != token.InfoTypePassword || tok.InfoText(infoType) != c.kind || tok.InfoText(infoComment) != c.comment {
				t.Errorf("%+v, key %q %v", tok.Info, key, err)
			}
		})
	}
	if _, err := (Type{}).Enroll(t.Context(), typetest.Env(time.Time{}, nil, nil), typetest.Token("sshkey", "", 6, nil), typetest.Params{}); !mfaerr.Is(err, mfaerr.Request) {
		t.Errorf("without the parameter: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("ssh-ed25519 AAAAC3 alice at home")
	f.Fuzz(func(t *testing.T, line string) {
		if kind, key, _, err := parse(line); err == nil && (kind == "" || key == "") {
			t.Errorf("%q: %q %q", line, kind, key)
		}
	})
}
