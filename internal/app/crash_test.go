package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/audit"
	"edumfa/internal/token"
)

// TestCrash kills the server at random moments of a load of logins and starts it
// again. Afterwards every answered login has its signed audit row, and no value
// was good twice. EDUMFA_CRASH_SECONDS makes it longer.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	binary := filepath.Join(t.TempDir(), "edumfa")
	if out, err := exec.Command("go", "build", "-o", binary, "edumfa/cmd/edumfa").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	seconds, err := strconv.Atoi(os.Getenv("EDUMFA_CRASH_SECONDS"))
	if err != nil {
		seconds = 3
	}
	for _, e := range []apptest.Engine{apptest.SQLite, apptest.PostgreSQL, apptest.MariaDB} {
		t.Run(string(e), func(t *testing.T) {
			in := apptest.New(t, apptest.Options{Engine: e})
			crash(t, in, binary, time.Duration(seconds)*time.Second)
		})
	}
}

// victim is the server that is killed.
type victim struct {
	t       *testing.T
	binary  string
	dir     string
	address string
	cmd     *exec.Cmd
	// restarting is held from a kill until the server answers again.
	restarting sync.RWMutex
}

func (v *victim) start() {
	v.cmd = exec.Command(v.binary, "serve", "--listen", v.address)
	v.cmd.Env = append(os.Environ(), "EDUMFA_CONFIGFILE="+filepath.Join(v.dir, "edumfa.cfg"))
	v.cmd.Stderr = v.t.Output()
	if err := v.cmd.Start(); err != nil {
		v.t.Error(err)
		return
	}
	for range 2000 {
		if c, err := net.DialTimeout("tcp", v.address, time.Second); err == nil {
			_ = c.Close()
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	v.t.Error("the server does not start")
}

func (v *victim) kill() {
	_ = v.cmd.Process.Kill()
	_ = v.cmd.Wait()
}

// ask sends one login; answered is false when no complete answer came.
func (v *victim) ask(form url.Values) (value bool, transaction string, answered bool) {
	c := http.Client{Timeout: 20 * time.Second}
	r, err := c.PostForm("http://"+v.address+"/validate/check", form)
	if err != nil {
		return false, "", false
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	var body struct {
		Detail struct {
			TransactionID string `json:"transaction_id"`
		}
		Result struct{ Value bool }
	}
	if err != nil || json.Unmarshal(b, &body) != nil {
		return false, "", false
	}
	if r.StatusCode != http.StatusOK {
		v.t.Errorf("%d %s", r.StatusCode, b)
	}
	return body.Result.Value, body.Detail.TransactionID, true
}

// person is somebody who logs in again and again.
type person struct {
	serial            string
	key               fixtureToken
	counter           int64 // next value of the device
	answered, granted int   // requests that were answered; those with yes
	used              map[int64]int
}

// login uses the device's next value, directly or as the answer to a challenge.
// What the server left open is tried once more, and so is what it granted.
func (p *person) login(v *victim) {
	form := url.Values{"serial": {p.serial}}
	value := p.key.otp(p.counter)
	if p.counter%3 == 0 {
		_, id, answered := v.ask(url.Values{"serial": {p.serial}, "pass": {"pin"}})
		if p.count(false, answered); id == "" {
			return
		}
		form.Set("transaction_id", id)
	} else {
		value = "pin" + value
	}
	form.Set("pass", value)
	for range 2 {
		granted, _, answered := v.ask(form)
		p.count(granted, answered)
		if granted {
			p.used[p.counter]++
		}
		if !answered {
			v.restarting.RLock()
			//lint:ignore SA2001 nothing is done but wait until it is there again
			v.restarting.RUnlock()
		}
	}
	p.counter++
}

func (p *person) count(granted, answered bool) {
	if answered {
		p.answered++
	}
	if granted {
		p.granted++
	}
}

func crash(t *testing.T, in *apptest.Installation, binary string, length time.Duration) {
	n := in.Serve()
	n.Must("POST /policy/cr", apptest.P{"scope": "authentication", "action": "challenge_response=hotp", "realm": ""})
	people := make([]*person, 4)
	for i := range people {
		p := &person{serial: fmt.Sprintf("C%d", i), used: map[int64]int{}}
		p.key.OTPKey, p.key.DB.OTPLen = fmt.Sprintf("%040d", i+1), 6
		n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": p.serial, "otpkey": p.key.OTPKey, "pin": "pin"})
		n.Must("POST /token/set", apptest.P{"serial": p.serial, "max_failcount": "100000"})
		people[i] = p
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{t: t, binary: binary, dir: in.Dir, address: l.Addr().String()}
	_ = l.Close()
	v.start()
	over := make(chan struct{})
	var load sync.WaitGroup
	for _, p := range people {
		load.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					p.login(v)
				}
			}
		})
	}
	kills := 0
	for end := time.Now().Add(length); time.Now().Before(end); kills++ {
		<-time.After(time.Duration(100+rand.IntN(600)) * time.Millisecond)
		v.restarting.Lock()
		v.kill()
		v.start()
		v.restarting.Unlock()
	}
	close(over)
	load.Wait()
	v.kill()
	verify(t, n, people)
	t.Logf("killed %d times", kills)
}

// verify compares what people were told with what is stored.
func verify(t *testing.T, n *apptest.Node, people []*person) {
	rows, granted := map[string]int{}, map[string]int{}
	verifier := n.App.Signer.Verifier(false)
	err := n.App.Store.EachAudit(t.Context(), audit.Filter{}, func(r audit.Row) error {
		if r.Signature == nil || !verifier.Verify([]byte(audit.SignedText(r)), *r.Signature) {
			t.Errorf("audit row %d is not signed properly", r.ID)
		}
		if r.Action != nil && *r.Action == "POST /validate/check" && r.Serial != nil {
			rows[*r.Serial]++
			if r.Success != nil && *r.Success == 1 {
				granted[*r.Serial]++
			}
		} else if r.Action != nil && *r.Action == "POST /validate/check" {
			rows[""]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all, answered, logins := rows[""], 0, 0
	for _, p := range people {
		all, answered, logins = all+rows[p.serial], answered+p.answered, logins+p.granted
		if granted[p.serial] < p.granted {
			t.Errorf("%s: %d logins were granted, the audit knows %d", p.serial, p.granted, granted[p.serial])
		}
		if granted[p.serial] > int(p.counter)+1 {
			t.Errorf("%s: %d logins with %d values", p.serial, granted[p.serial], p.counter+1)
		}
		for c, times := range p.used {
			if times > 1 {
				t.Errorf("%s: value %d was good %d times", p.serial, c, times)
			}
		}
		stored, err := n.App.Store.Token(t.Context(), p.serial, token.WithInfo)
		if err != nil {
			t.Fatal(err)
		}
		if got := stored.InfoText(token.InfoCountSuccess); got != strconv.Itoa(granted[p.serial]) {
			t.Errorf("%s: %s logins are counted, the audit has %d", p.serial, got, granted[p.serial])
		}
		if stored.Count > p.counter+1 {
			t.Errorf("%s: the counter is at %d, the device at %d", p.serial, stored.Count, p.counter)
		}
	}
	if all < answered {
		t.Errorf("%d requests were answered, the audit has %d rows", answered, all)
	}
	if logins < 10 {
		t.Errorf("only %d logins", logins)
	}
	t.Logf("%d requests answered, %d logins", answered, logins)
}
