package app_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
)

// together is how many requests are sent at once.
const together = 64

// rounds is how often each race is run: EDUMFA_ROUNDS, else 5, with -short 1.
func rounds(t *testing.T) int {
	t.Helper()
	if s := os.Getenv("EDUMFA_ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("EDUMFA_ROUNDS: %v", err)
		}
		return n
	}
	if testing.Short() {
		return 1
	}
	return 5
}

const parallelKey = "3132333435363738393031323334353637383930"

// hotpValue is RFC 4226 with six digits: of our own, so that the server is not
// asked what it wants to hear.
func hotpValue(counter uint64) string {
	key, _ := hex.DecodeString(parallelKey)
	h := hmac.New(sha1.New, key)
	_ = binary.Write(h, binary.BigEndian, counter)
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1e6)
}

// race is one kind of one-time value. prepare makes a fresh one and returns the
// request that uses it.
type race struct {
	name    string
	prepare func(t *testing.T, n *apptest.Node, round int) apptest.P
}

func races(now time.Time) []race {
	return []race{
		{"HOTP value", func(t *testing.T, n *apptest.Node, round int) apptest.P {
			serial := fmt.Sprintf("RACEH%d", round)
			n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": serial, "otpkey": parallelKey, "pin": "1234"})
			return apptest.P{"serial": serial, "pass": "1234" + hotpValue(3)}
		}},
		{"TOTP value", func(t *testing.T, n *apptest.Node, round int) apptest.P {
			serial := fmt.Sprintf("RACET%d", round)
			n.Must("POST /token/init", apptest.P{"type": "totp", "serial": serial, "otpkey": parallelKey, "pin": "1234"})
			return apptest.P{"serial": serial, "pass": "1234" + hotpValue(uint64(now.Unix()/30))}
		}},
		{"TAN", func(_ *testing.T, n *apptest.Node, round int) apptest.P {
			serial := fmt.Sprintf("RACEL%d", round)
			n.Must("POST /token/init", apptest.P{"type": "tan", "serial": serial, "tans": "111111 222222 333333", "pin": "1234"})
			return apptest.P{"serial": serial, "pass": "1234222222"}
		}},
		{"mOTP value", func(_ *testing.T, n *apptest.Node, round int) apptest.P {
			serial := fmt.Sprintf("RACEM%d", round)
			n.Must("POST /token/init", apptest.P{"type": "motp", "serial": serial, "otpkey": parallelKey, "motppin": "99", "pin": "1234"})
			return apptest.P{"serial": serial, "pass": "1234" + motpValue(now, parallelKey, "99")}
		}},
		{"Yubikey value", func(_ *testing.T, n *apptest.Node, round int) apptest.P {
			serial := fmt.Sprintf("RACEY%d", round)
			n.Must("POST /token/init", apptest.P{"type": "yubikey", "serial": serial, "otpkey": blueKey.OTPKey, "pin": "1234"})
			return apptest.P{"serial": serial, "pass": "1234" + blueKey.yubikey()}
		}},
		{"answer to a challenge", func(t *testing.T, n *apptest.Node, round int) apptest.P {
			serial := fmt.Sprintf("RACEC%d", round)
			n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": serial, "otpkey": parallelKey, "pin": "1234"})
			r := n.Must("POST /validate/triggerchallenge", apptest.P{"serial": serial})
			return apptest.P{"serial": serial, "transaction_id": r.Text("detail.transaction_id"), "pass": hotpValue(0)}
		}},
		{"registration code", func(t *testing.T, n *apptest.Node, round int) apptest.P {
			serial := fmt.Sprintf("RACER%d", round)
			r := n.Must("POST /token/init", apptest.P{"type": "registration", "serial": serial})
			return apptest.P{"serial": serial, "pass": r.Text("detail.registrationcode")}
		}},
	}
}

// One value is good for one login, however many ask at once and whichever server
// they ask.
func TestOneTimeValuesAreUsedOnce(t *testing.T) {
	now := time.Now()
	for _, e := range apptest.Isolations(t) {
		t.Run(string(e), func(t *testing.T) {
			in := apptest.New(t, apptest.Options{Engine: e, Now: func() time.Time { return now }})
			nodes := []*apptest.Node{in.Serve(), in.Serve()}
			if e != apptest.SQLite { // a file has one writing server
				nodes[1] = in.AnotherNode()
			}
			for _, r := range races(now) {
				t.Run(r.name, func(t *testing.T) {
					for round := range rounds(t) {
						p := r.prepare(t, in.Serve(), round)
						if won, kinds := run(t, nodes, p); won != 1 {
							t.Errorf("round %d: %d of %d requests succeeded, want 1: %v", round, won, together, kinds)
						}
					}
				})
			}
		})
	}
}

// run sends the request many times at once and returns how many succeeded, and
// how many answers of each kind there were.
// Refusals must be orderly: every answer is 200, or 503 where the server says
// that too many come at once, or an error the client can act on.
func run(t *testing.T, nodes []*apptest.Node, p apptest.P) (won int, kinds map[string]int) {
	t.Helper()
	replies := make([]*apptest.Reply, together)
	errs := make([]error, together)
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range together {
		wait.Go(func() {
			<-start
			replies[i], errs[i] = nodes[i%len(nodes)].Try("POST /validate/check", p)
		})
	}
	close(start)
	wait.Wait()
	kinds = map[string]int{}
	for i, r := range replies {
		if r != nil {
			kinds[fmt.Sprintf("%d %s %s", r.Status, r.Text("detail.message"), r.Text("result.error.message"))]++
		}
		switch {
		case errs[i] != nil:
			t.Errorf("request %d: %v", i, errs[i])
		case r.Accepted():
			won++
		case r.Status >= 500 && r.Status != http.StatusServiceUnavailable:
			t.Errorf("request %d: %d %s", i, r.Status, r.Raw)
		}
	}
	return won, kinds
}
