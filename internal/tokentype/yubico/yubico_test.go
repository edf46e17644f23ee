package yubico

import (
	"context"
	"errors"
	"testing"
	"time"

	"edumfa/internal/secret"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/typetest"
	"edumfa/internal/yubicocloud"
)

const otp = "vvabcdefghijvvabcdefghijvvabcdefghijvvabcdef"

type servers struct {
	tokentype.Servers
	right bool
	err   error
	asked []yubicocloud.Service
}

func (s *servers) Yubico(_ context.Context, to yubicocloud.Service, _ secret.String) (bool, error) {
	s.asked = append(s.asked, to)
	return s.right, s.err
}

func env(s *servers) *tokentype.Env {
	e := typetest.Env(time.Date(2027, 7, 5, 12, 0, 0, 0, time.UTC), map[string]string{"yubico.id": "87", "yubico.secret": "a2V5", "yubico.url": "https://val.example/verify", "yubico.do_post": "1"}, nil)
	e.Servers, e.Answers = s, tokentype.Answers{}
	return e
}

func TestEnroll(t *testing.T) {
	tok := typetest.Token(name, "", 6, nil)
	for _, p := range []typetest.Params{{}, {infoID: "vvabc"}} {
		if _, err := (Type{}).Enroll(t.Context(), env(nil), tok, p); err == nil {
			t.Errorf("%v was taken", p)
		}
	}
	if _, err := (Type{}).Enroll(t.Context(), env(nil), tok, typetest.Params{infoID: otp, "otplen": "6"}); err != nil || tok.InfoText(infoID) != otp[:12] || tok.OTPLen != 44 {
		t.Errorf("%v %+v", err, tok)
	}
}

func TestVerify(t *testing.T) {
	tok := typetest.Token(name, "", 44, map[string]string{infoID: otp[:12]})
	s := &servers{right: true}
	e := env(s)
	for range 2 { // it is used up there by the first question
		if m, err := (Type{}).Verify(t.Context(), e, tok, secret.New(otp)); err != nil || !m.OK {
			t.Errorf("%+v %v", m, err)
		}
	}
	want := yubicocloud.Service{URL: "https://val.example/verify", ID: "87", Key: secret.New("a2V5"), Post: true}
	if len(s.asked) != 1 || s.asked[0] != want {
		t.Errorf("%+v", s.asked)
	}
	for name, value := range map[string]string{"another Yubikey": "c" + otp[1:], "short": otp[:43], "long": otp + "v", "nothing": ""} {
		if m, err := (Type{}).Verify(t.Context(), e, tok, secret.New(value)); err != nil || m.OK || len(s.asked) != 1 {
			t.Errorf("%s: %+v %v, asked %d times", name, m, err, len(s.asked))
		}
	}
	for _, s := range []*servers{{}, {right: true, err: errors.New("dead")}} {
		if m, err := (Type{}).Verify(t.Context(), env(s), tok, secret.New(otp)); err != nil || m.OK {
			t.Errorf("%+v %v", m, err)
		}
	}
	tok.FailCount = tok.MaxFail
	if _, _ = (Type{}).Verify(t.Context(), env(s), tok, secret.New(otp)); len(s.asked) != 1 {
		t.Error("asked for a token at its limit")
	}
}
