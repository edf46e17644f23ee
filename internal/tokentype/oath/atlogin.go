package oath

import "edumfa/internal/tokentype"

// EnrolAtLogin is how a counting type is enrolled during a login: the key is
// shown, and the first value of it ends the login.
func EnrolAtLogin() tokentype.LoginEnrolment {
	return tokentype.LoginEnrolment{Params: map[string]any{"genkey": "1"}, Message: "Please scan the QR code!", Shown: true}
}
