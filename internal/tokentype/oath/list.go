package oath

import (
	"context"
	"encoding/hex"
	"strconv"

	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const (
	defaultCount = 100
	maxCount     = 10000
)

// EnrollList enrols a token whose values are printed: without a key in the
// request one is made.
func EnrollList(e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	_, given := p.Text("otpkey")
	if !given && !Verifying(p) {
		p = generated{p}
	}
	return Enroll(e, t, p, e.Settings.Text("hotp.hashlib", "sha1"))
}

// Verifying reports whether a request ends an enrolment.
func Verifying(p tokentype.EnrollParams) bool {
	_, yes := p.Text("verify")
	return yes
}

// generated asks for a key to be made.
type generated struct{ tokentype.EnrollParams }

func (g generated) Bool(name string) bool { return name == "genkey" || g.EnrollParams.Bool(name) }

// CountOf is how many values the parameter of an enrolment asks for; 100 when it
// is not there. The error is 905.
func CountOf(p tokentype.EnrollParams, name string) (int, error) {
	if v, given := p.Text(name); given && v == "" {
		return defaultCount, nil
	}
	n, err := p.Int(name, defaultCount)
	if err != nil {
		return 0, err
	}
	if n < 0 || n > maxCount {
		return 0, mfaerr.NewParameter("%s is not between 0 and %d: %d", name, maxCount, n)
	}
	return n, nil
}

// List are the values 0 to n-1 of the key that an enrolment set, by their
// numbers, as clients print them.
func List(t *token.Token, out tokentype.Enrolled, n int) (map[string]any, error) {
	list := make(map[string]any, n)
	key, err := hex.DecodeString(out.Key)
	if err != nil {
		return nil, errKey(t, err)
	}
	h, err := otp.ParseHash(t.InfoText(token.InfoHash))
	if err != nil {
		return nil, err
	}
	for i := range n {
		list[strconv.Itoa(i)] = otp.HOTP(key, h, int64(i), t.OTPLen)
	}
	return list, nil
}

// DescribeList is [Describe] with the printed values as member otps.
func DescribeList(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, out *tokentype.Enrolled, list map[string]any) error {
	if !Verifying(p) {
		out.Detail["otps"] = list
	}
	return Describe(ctx, e, t, p, out, "")
}
