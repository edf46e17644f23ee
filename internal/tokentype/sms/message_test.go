package sms

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOldOptions(t *testing.T) {
	const web, names = "edumfa.lib.smsprovider.HttpSMSProvider.HttpSMSProvider", "edumfa.lib.smsprovider.HttpMessageToUidProvider.HttpMessageToUidProvider"
	for name, c := range map[string]struct {
		module, text string
		want         map[string]string // nil for an error
	}{
		"as little as there is": {web, `{"URL": "http://sms/"}`, map[string]string{"URL": "http://sms/", "phone": "{phone}", "sms": "{otp}"}},
		"all of it": {web, `{"URL": "http://sms/", "HTTP_Method": "POST", "SMS_PHONENUMBER_KEY": "to", "SMS_TEXT_KEY": "text", "CHECK_SSL": false, "PARAMETER": {"from": "{MFA}", "n": 7}}`,
			map[string]string{"URL": "http://sms/", "HTTP_METHOD": "POST", "to": "{phone}", "text": "{otp}", "CHECK_SSL": "no", "from": "{{MFA}}", "n": "7"}},
		"certificates are checked": {web, `{"URL": "u", "CHECK_SSL": true}`, map[string]string{"URL": "u", "phone": "{phone}", "sms": "{otp}"}},
		"to names":                 {names, `{"URL": "u", "POST_CHECK_URL": "d"}`, map[string]string{"URL": "u", "POST_CHECK_URL": "d", "uid": "{uid}", "message": "{otp}"}},
		"to names of their own":    {names, `{"URL": "u", "SMS_UID_KEY": "who", "SMS_TEXT_KEY": "text"}`, map[string]string{"URL": "u", "who": "{uid}", "text": "{otp}"}},
		"by mail":                  {"m", `{"IDENTIFIER": "post", "MAILTO": "x@y"}`, map[string]string{"SMTPIDENTIFIER": "post", "MAILTO": "x@y"}},
		"no object":                {web, `[]`, nil},
		"no JSON":                  {web, `URL=x`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := oldOptions(c.module, c.text)
			if diff := cmp.Diff(c.want, got); diff != "" || (err == nil) != (c.want != nil) {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func FuzzOldOptions(f *testing.F) {
	f.Add("m", `{"URL": "u", "PARAMETER": {"a": null}, "CHECK_SSL": []}`)
	f.Add("x.HttpMessageToUidProvider", `{"URL": 1, "PARAMETER": 2}`)
	f.Fuzz(func(_ *testing.T, module, text string) { _, _ = oldOptions(module, text) })
}
