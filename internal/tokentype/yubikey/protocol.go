package yubikey

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Words for the status of an answer.
const (
	statusOK           = "OK"
	statusBadOTP       = "BAD_OTP"
	statusBadSignature = "BAD_SIGNATURE"
	statusNoClient     = "NO_SUCH_CLIENT"
	statusMissing      = "MISSING_PARAMETER"
)

// longPrefix is the length of the longest public part in letters.
const longPrefix = 16

// settingClient is the setting of a client's key in Base64, before its id.
const settingClient = "yubikey.apiid."

// shownTime is the form of the answer's time, with microseconds at the end.
const shownTime = "2006-01-02T15:04:05Z"

// TextEndpoint answers requests of the validation protocol 2.0 of Yubico with
// the lines nonce, otp, status, timestamp and h. Clients sign requests, if they
// do, and check answers with their key; otp may have a PIN in front.
func (Type) TextEndpoint(ctx context.Context, e *tokentype.Env, d tokentype.Desk) (string, error) {
	q := map[string]string{}
	for _, name := range requestFields() {
		if v, ok := e.Params.Text(name); ok {
			q[name] = v
		}
	}
	now := e.Now.In(e.Local)
	answer := map[string]string{"nonce": line(q["nonce"]), "otp": line(q["otp"]),
		"timestamp": now.Format(shownTime) + fmt.Sprintf("%06d", now.Nanosecond()/1000)}
	key, err := base64.StdEncoding.DecodeString(e.Settings.Text(settingClient+q["id"], ""))
	if err != nil || len(key) == 0 || q["id"] == "" {
		answer["status"] = statusNoClient
		return lines(answer, ""), nil
	}
	if answer["status"], err = status(ctx, d, q, key); err != nil {
		return "", err
	}
	return lines(answer, sign(answer, key)), nil
}

func status(ctx context.Context, d tokentype.Desk, q map[string]string, key []byte) (string, error) {
	if q["otp"] == "" || q["nonce"] == "" {
		return statusMissing, nil
	}
	if h, signed := q["h"]; signed && h != "" && !otp.Equal(h, sign(q, key)) {
		return statusBadSignature, nil
	}
	right, err := login(ctx, d, q["otp"])
	if err != nil || !right {
		return statusBadOTP, err
	}
	return statusOK, nil
}

// login tries the tokens that the public part of the value names.
func login(ctx context.Context, d tokentype.Desk, pass string) (bool, error) {
	if len(pass) < valueLength {
		return false, nil
	}
	for _, f := range named(pass[:len(pass)-valueLength]) {
		list, err := d.Tokens(ctx, f)
		if err != nil {
			return false, err
		}
		for _, t := range list {
			if right, err := d.Login(ctx, t, secret.New(pass)); err != nil || right {
				return right, err
			}
		}
		if len(list) > 0 {
			return false, nil
		}
	}
	return false, nil
}

// named are the filters for tokens of a public part, which may follow a PIN: by
// what is known of the token, or by the serial that imports make of it.
func named(front string) []token.Filter {
	var out []token.Filter
	for _, n := range []int{longPrefix, usualLength - valueLength} {
		prefix := front[max(0, len(front)-n):]
		if prefix == "" {
			break
		}
		out = append(out, token.Filter{Type: "yubikey", InfoKey: infoPrefix, InfoVal: prefix})
		if b, ok := decodeModhex(prefix); ok {
			number := binary.BigEndian.Uint64(append(make([]byte, 8-len(b)), b...))
			out = append(out, token.Filter{Type: "yubikey", Serials: []string{fmt.Sprintf("UBAM%08d_1", number), fmt.Sprintf("UBAM%08d_2", number)}})
		}
	}
	return out
}

// requestFields are those of the protocol, which a signature covers.
func requestFields() []string {
	return []string{"id", "otp", "nonce", "h", "timestamp", "sl", "timeout"}
}

// sign is the Base64 HMAC-SHA1 of the fields but h, sorted, as k=v&k=v.
func sign(fields map[string]string, key []byte) string {
	var list []string
	for k, v := range fields {
		if k != "h" {
			list = append(list, k+"="+v)
		}
	}
	slices.Sort(list)
	h := hmac.New(sha1.New, key)
	h.Write([]byte(strings.Join(list, "&")))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// lines writes an answer.
func lines(a map[string]string, h string) string {
	return "nonce=" + a["nonce"] + "\notp=" + a["otp"] + "\nstatus=" + a["status"] + "\ntimestamp=" + a["timestamp"] + "\nh=" + h + "\n"
}

// line keeps a value of the request from adding lines to the answer.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, s)
}
