package event

import (
	"errors"
	"net/netip"
	"testing"
)

// The cases are those of the recorded conversations event/condition-*.
func TestConditions(t *testing.T) {
	used := &Token{
		Type: "hotp", Realms: []string{"realm1", "realm2"}, Resolvers: []string{"reso", "reso2"}, FailCount: 3, MaxFail: 10, Counter: 4,
		RolloutState: "enrolled", HasOwner: true, Valid: true,
		Info: map[string]string{
			"count_auth": "5", "count_auth_success": "2", "last_auth": "2020-05-04 10:20:30.000000+0000",
			"colour": "red", "size": "9", "bought": "2020-02-03T10:00+0000", "sold": "2090-02-03T10:00+0000",
		},
	}
	fresh := &Token{Type: "hotp", MaxFail: 10}
	locked := &Token{FailCount: 1, MaxFail: 1}
	alice := User{Login: "alice", Realm: "realm1", Resolver: "reso"}
	client := netip.MustParseAddr("10.1.2.3")
	withMessage := map[string]any{"detail": map[string]any{"message": "wrong otp value"}, "result": map[string]any{"status": true, "value": false}}

	type cases map[string]bool
	for _, group := range []struct {
		name   string
		facts  testFacts
		answer map[string]any
		kind   string
		cases  cases
	}{
		{"realm", testFacts{user: alice}, nil, "realm", cases{"realm1": true, "realm2": false, "REALM1": false, "realm1,realm2": false, "": false}},
		{"realm of nobody", testFacts{}, nil, "realm", cases{"realm1": false, "": true}},
		{"resolver", testFacts{user: alice}, nil, "resolver", cases{"reso": true, "reso2": false}},
		{"token realm", testFacts{token: used}, nil, "tokenrealm", cases{"realm1": true, "realm9,realm2": true, "realm9": false, "": false}},
		{"token in no realm", testFacts{token: fresh}, nil, "tokenrealm", cases{"realm9": true}},
		{"token resolver", testFacts{token: used}, nil, "tokenresolver", cases{"reso2": true, "reso9": false}},
		{"token type", testFacts{token: used}, nil, "tokentype", cases{"hotp": true, "totp": false, "totp,hotp": true, "totp, hotp": true, "": false}},
		{"several tokens count as met", testFacts{user: alice, tokens: 2}, nil, "tokentype", cases{"webauthn": true}},
		{"serial", testFacts{serial: "LIB0001"}, nil, "serial", cases{"LIB": true, "IB": false, ".*01": true, `^LIB\d+$`: true, "lib": false, "LIB0002|LIB0001": true, "": true}},
		{"no serial counts as met", testFacts{}, nil, "serial", cases{"NOT": true}},
		{"locked", testFacts{token: locked}, nil, "token_locked", cases{"True": true, "False": false, "true": false}},
		{"not locked", testFacts{token: used}, nil, "token_locked", cases{"True": false, "False": true, "true": true}},
		{"one of several locked", testFacts{locked: true}, nil, "token_locked", cases{"True": true, "False": true}},
		{"none of several locked", testFacts{}, nil, "token_locked", cases{"True": false, "False": false}},
		{"owner", testFacts{token: used}, nil, "token_has_owner", cases{"True": true, "False": false, "x": false}},
		{"no owner", testFacts{token: fresh}, nil, "token_has_owner", cases{"True": false, "False": true}},
		{"orphaned", testFacts{token: used, orphaned: true}, nil, "token_is_orphaned", cases{"True": true, "False": false}},
		{"validity", testFacts{token: used}, nil, "token_validity_period", cases{"True": true, "False": false}},
		{"rollout state", testFacts{token: used}, nil, "rollout_state", cases{"enrolled": true, "": false}},
		{"counter of the token", testFacts{token: used}, nil, "otp_counter", cases{"4": true, ">3": true, "<4": false, "!=4": false, " >= 4": true, "=<4": true, "": false}},
		{"fail counter", testFacts{token: used}, nil, "failcounter", cases{"3": true, ">=3": true, "<3": false}},
		{"logins", testFacts{token: used}, nil, "count_auth", cases{"5": true, ">5": false, "=5": true, "many": false, "5.0": false}},
		{"successes", testFacts{token: used}, nil, "count_auth_success", cases{"2": true, "<2": false}},
		{"failures", testFacts{token: used}, nil, "count_auth_fail", cases{"3": true, ">3": false, "<=3": true}},
		{"never used", testFacts{token: fresh}, nil, "count_auth_fail", cases{"0": true, "<1": true}},
		{"last login", testFacts{token: used}, nil, "last_auth", cases{"1h": true, "300d": true, "80y": false, " 3 h": true}},
		{"never logged in", testFacts{token: fresh}, nil, "last_auth", cases{"1h": false, "2y": false}},
		{"unreadable login", testFacts{token: &Token{Info: map[string]string{"last_auth": "once"}}}, nil, "last_auth", cases{"1h": true}},
		{"tokeninfo", testFacts{token: used}, nil, "tokeninfo", cases{
			"colour == red": true, "colour==red": true, "colour == blue": false, "colour > blue": true, "colour < blue": false,
			"size > 10": false, "size < 10": true, "size == 09": true, "size > 8": true,
			"bought < {now}": true, "bought > {now}": false, "bought < {now}-10d": true, "sold > {now}": true, "sold < {now}+30d": false,
			"bought < 2021-01-01T00:00+0000": true, "bought == 2020-02-03T11:00+0100": true,
			"missing == 3": false, "colour < 3": false, "colour > 3": true, "missing > 3": false,
		}},
		{"event counter", testFacts{}, nil, "counter", cases{"enabled == 5": true, "enabled > 5": false, "enabled<6": true, "none == 0": true, "below < -1": true, "enabled > x": false}},
		{"role", testFacts{role: "admin"}, nil, "logged_in_user", cases{"admin": true, "user": false, "anyone": false}},
		{"client", testFacts{client: client}, nil, "client_ip", cases{
			"10.1.2.3": true, "10.1.2.4": false, "10.1.0.0/16": true, "10.1.9.9/16": true, "10.9.0.0/16, 10.1.2.3": true, "10.1.0.0/16, !10.1.2.3": false,
			"10.1.0.0/16, -10.1.2.4": true, "!10.1.2.4": false, "-10.1.2.3": false, "127.0.0.1": false, "": false, "::/0": false,
		}},
		{"mapped client", testFacts{client: netip.MustParseAddr("::ffff:10.1.2.3")}, nil, "client_ip", cases{"10.1.2.3": true}},
		{"unknown client", testFacts{}, nil, "client_ip", cases{"10.1.2.3": true}},
		{"value", testFacts{}, withMessage, "result_value", cases{"True": false, "False": true}},
		{"status", testFacts{}, withMessage, "result_status", cases{"True": true, "False": false}},
		{"value that is an object", testFacts{}, map[string]any{"result": map[string]any{"value": map[string]any{}}}, "result_value", cases{"True": false, "False": true}},
		{"value that is a number", testFacts{}, map[string]any{"result": map[string]any{"value": 1}}, "result_value", cases{"True": true, "False": false}},
		{"value before there is one", testFacts{}, nil, "result_value", cases{"True": false, "False": true}},
		{"message", testFacts{}, withMessage, "detail_message", cases{"wrong": true, "^wrong otp": true, "OTP VALUE": false, "otp v[a-z]+e$": true}},
		{"message of an error", testFacts{}, withMessage, "detail_error_message", cases{"wrong": false, ".*": true}},
		{"no detail", testFacts{}, map[string]any{"detail": nil}, "detail_message", cases{"x": false, "": true}},
		{"tokens of the user", testFacts{user: alice, tokens: 2}, nil, "user_token_number", cases{">1": true, "2": true, "0": false}},
		{"tokens of nobody", testFacts{}, nil, "user_token_number", cases{"7": true}},
		{"unknown condition", testFacts{}, nil, "weekday", cases{"Monday": true}},
	} {
		for value, want := range group.cases {
			facts := group.facts
			p := &probe{Facts: &facts, lang: testLang{}, now: now, answer: group.answer}
			got, err := p.met(t.Context(), map[string]string{group.kind: value})
			if err != nil || got != want {
				t.Errorf("%s: %s %q: %v %v", group.name, group.kind, value, got, err)
			}
		}
	}
}

func TestConditions_AllMustHold(t *testing.T) {
	f := &testFacts{role: "admin", serial: "SEV1", user: User{"alice", "realm1", "reso"}, token: &Token{Type: "hotp"}}
	want := map[string]string{"realm": "realm1", "tokentype": "hotp", "serial": "SEV", "logged_in_user": "admin", "token_is_orphaned": "False"}
	p := &probe{Facts: f, lang: testLang{}, now: now}
	if ok, err := p.met(t.Context(), want); err != nil || !ok {
		t.Errorf("%v %v", ok, err)
	}
	f.asked = nil
	want["logged_in_user"] = "user"
	if ok, err := p.met(t.Context(), want); err != nil || ok {
		t.Errorf("%v %v", ok, err)
	}
	if f.asked != nil {
		t.Errorf("asked for %v although a cheap condition fails", f.asked)
	}
}

func TestConditions_ThatCannotBeDecided(t *testing.T) {
	tok := &Token{Type: "hotp", Info: map[string]string{"colour": "red", "last_auth": "2020-05-04 10:20:30.000000+0000"}}
	client := netip.MustParseAddr("10.1.2.3")
	for _, c := range [][2]string{
		{"tokeninfo", "colour"}, {"tokeninfo", "colour != red"}, {"tokeninfo", "colour =="}, {"tokeninfo", "colour == {later}"}, {"tokeninfo", "size >= 3"},
		{"tokeninfo", ""}, {"last_auth", "3w"}, {"counter", "enabled"}, {"counter", "enabled >= 3"}, {"serial", "("}, {"client_ip", "localhost"},
		{"client_ip", "-"}, {"client_ip", "10.0.0.0/99"}, {"detail_message", "["},
	} {
		p := &probe{Facts: &testFacts{serial: "S", token: tok, client: client}, lang: testLang{}, now: now}
		if ok, err := p.met(t.Context(), map[string]string{c[0]: c[1]}); err == nil || ok {
			t.Errorf("%v: %v %v", c, ok, err)
		}
	}
	down := errors.New("no database")
	for _, name := range []string{"realm", "tokentype", "token_locked", "user_token_number", "counter"} {
		p := &probe{Facts: &testFacts{err: down}, lang: testLang{}, now: now}
		if ok, err := p.met(t.Context(), map[string]string{name: "a == 1"}); !errors.Is(err, down) || ok {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
}

func FuzzConditions(f *testing.F) {
	for _, s := range []string{"colour == red", "bought < {now}-10d", ">=3", "10.1.0.0/16, !10.1.2.3", "-", "{now}+", "{}", "a==b==c", "True", "1h"} {
		for _, k := range conditions() {
			f.Add(k.name, s)
		}
	}
	tok := &Token{Type: "hotp", Info: map[string]string{"colour": "red", "last_auth": "x"}}
	f.Fuzz(func(t *testing.T, name, value string) {
		p := &probe{Facts: &testFacts{serial: "S", token: tok, client: netip.MustParseAddr("10.1.2.3")}, lang: testLang{}, now: now}
		if ok, err := p.met(t.Context(), map[string]string{name: value}); err != nil && ok {
			t.Errorf("%s %q holds with an error", name, value)
		}
	})
}
