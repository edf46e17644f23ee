package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
)

// Whatever bytes a stranger sends, the server finds no fault with itself, and
// the request has its audit row.
func TestStrangeBytes_AreAnsweredAndAudited(t *testing.T) {
	host := func(r *http.Request) { r.Host = strings.Repeat("h", 3000) }
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			count := func(call string) any {
				return n.Admin("GET /audit/?action="+url.QueryEscape(call), nil).At("result.value.count")
			}
			for _, c := range []struct {
				name, call string
				params     apptest.P
				option     apptest.Option
			}{
				{"user of a zero byte", "POST /validate/check", apptest.P{"user": "\x00", "pass": "1"}, nil},
				{"user encoded twice", "POST /validate/check", apptest.P{"user": "%00", "pass": "1"}, nil},
				{"serial", "POST /validate/check", apptest.P{"serial": "\x00\xff", "pass": "1"}, nil},
				{"transaction", "POST /validate/check", apptest.P{"user": "alice", "transaction_id": "\x00", "pass": "1"}, nil},
				{"transaction to poll", "GET /validate/polltransaction", apptest.P{"transaction_id": "\x00"}, nil},
				{"name of an administrator", "POST /auth", apptest.P{"username": "\x00", "password": "\x00"}, nil},
				{"long name", "POST /auth", apptest.P{"username": strings.Repeat("a", 70000), "password": "x"}, nil},
				{"client", "POST /validate/check", apptest.P{"user": "alice", "pass": "1"}, apptest.Header("User-Agent", "\xff\xfe/1")},
				{"host", "POST /validate/check", apptest.P{"user": "alice", "pass": "1"}, host},
			} {
				t.Run(c.name, func(t *testing.T) {
					var options []apptest.Option
					if c.option != nil {
						options = append(options, c.option)
					}
					before := count(c.call)
					if r := n.Call(c.call, c.params, options...); r.Status >= 500 {
						t.Errorf("status %d: %s", r.Status, r.Raw)
					}
					if after := count(c.call); after == before {
						t.Errorf("%v audit rows before and after", after)
					}
				})
			}
		})
	}
}
