package app_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/queue"
)

const withJobQueue = "EDUMFA_JOB_QUEUE_CLASS = 'edumfa.lib.queues.huey_queue.HueyQueue'"

// queued makes an installation whose mails go through the job queue, and tokens
// that mail their values.
func queued(t *testing.T, o apptest.Options, tokens int) (*apptest.Installation, *mailServer) {
	t.Helper()
	o.Config = withJobQueue
	in := apptest.New(t, o)
	n, s := in.Serve(), newMailServer(t)
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": s.port, "sender": "mfa@example.org", "enqueue_job": "1"})
	n.Must("POST /system/setConfig", apptest.P{"email.identifier": "post"})
	for i := range tokens {
		n.Must("POST /token/init", apptest.P{"type": "email", "serial": fmt.Sprintf("M%d", i), "email": fmt.Sprintf("m%d@example.org", i), "pin": "pin", "genkey": "1"})
	}
	return in, s
}

// ids are the Message-IDs of the mails so far.
func (s *mailServer) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, m := range s.mails {
		out = append(out, m.Header.Get("Message-Id"))
	}
	return out
}

// The mail server stops during a thousand logins: none of them is slower for it,
// and every mail arrives once when it is back, also if the server was started
// anew in between.
func TestQueue_MailServerStopsDuringLogins(t *testing.T) {
	const tokens, logins, limit = 8, 1000, 2 * time.Second
	for _, e := range []apptest.Engine{apptest.SQLite, apptest.PostgreSQL, apptest.MariaDB} {
		t.Run(string(e), func(t *testing.T) {
			c := clockAt(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
			in, s := queued(t, apptest.Options{Engine: e, Now: c.now}, tokens)
			n := in.Serve()
			ctx, stop := context.WithCancel(t.Context())
			var worker, load sync.WaitGroup
			worker.Go(func() { n.App.Queue.Work(ctx) })
			var asked atomic.Int64
			var slowest atomic.Int64
			for i := range tokens {
				load.Go(func() {
					for asked.Load() < logins {
						began := time.Now()
						r, err := n.Try("POST /validate/check", apptest.P{"serial": fmt.Sprintf("M%d", i), "pass": "pin"})
						if took := int64(time.Since(began)); took > slowest.Load() {
							slowest.Store(took)
						}
						if err != nil || r.Text("result.authentication") != "CHALLENGE" {
							t.Errorf("login: %v %s", err, r.Raw)
							return
						}
						if asked.Add(1) == logins/3 {
							s.stop()
						}
					}
				})
			}
			load.Wait()
			if took := time.Duration(slowest.Load()); took > limit {
				t.Errorf("the slowest login took %s", took)
			}
			stop()
			worker.Wait()
			other := in.AnotherNode()
			s.start(t)
			drain(t, c, other)
			codes, want := s.bodies(), int(asked.Load())
			ids := s.ids()
			slices.Sort(ids)
			if len(codes) != want || len(slices.Compact(ids)) != want {
				t.Errorf("%d logins, %d mails, %d of them different", want, len(codes), len(slices.Compact(ids)))
			}
		})
	}
}

// drain works the queue off, in time lapse.
func drain(t *testing.T, c *clock, n *apptest.Node) {
	t.Helper()
	for range 100 {
		c.add(time.Minute)
		if _, err := n.App.Queue.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := n.App.Store.Jobs(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return
		}
	}
	t.Error("the queue does not become empty")
}

// A mail belongs to a login that was stored: at rest it is sealed, and its value
// is good.
func TestQueue_MailOfALogin(t *testing.T) {
	c := clockAt(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
	in, s := queued(t, apptest.Options{Now: c.now}, 1)
	n := in.Serve()
	id := n.Call("POST /validate/check", apptest.P{"serial": "M0", "pass": "pin"}).Text("detail.transaction_id")
	jobs, err := n.App.Store.Jobs(t.Context(), false)
	if err != nil || len(jobs) != 1 || len(s.bodies()) != 0 {
		t.Fatalf("%v, jobs %v, mails %v", err, jobs, s.bodies())
	}
	for _, clear := range []string{"m0@example.org", "Your OTP"} {
		if strings.Contains(jobs[0].Sealed, clear) {
			t.Errorf("at rest %q can be read", clear)
		}
	}
	drain(t, c, n)
	if len(s.bodies()) != 1 || s.ids()[0] != "<"+jobs[0].ID+"@edumfa.invalid>" {
		t.Fatalf("mails %v %v", s.bodies(), s.ids())
	}
	if r := n.Call("POST /validate/check", apptest.P{"serial": "M0", "pass": s.bodies()[0], "transaction_id": id}); !r.Accepted() {
		t.Errorf("the mailed value: %s", r.Raw)
	}
	if r := n.Call("POST /validate/check", apptest.P{"serial": "M0", "pass": "wrong"}); r.Accepted() {
		t.Errorf("%s", r.Raw)
	}
	if jobs, err := n.App.Store.Jobs(t.Context(), false); err != nil || len(jobs) != 0 {
		t.Errorf("a refused login leaves jobs: %v %v", err, jobs)
	}
}

// What no attempt can change is given up at once; when the server was put right,
// it can be tried again.
func TestQueue_DeadLetters(t *testing.T) {
	c := clockAt(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
	in, s := queued(t, apptest.Options{Now: c.now}, 1)
	n := in.Serve()
	n.Call("POST /validate/check", apptest.P{"serial": "M0", "pass": "pin"})
	n.Must("DELETE /smtpserver/post", nil)
	if _, err := n.App.Queue.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	dead, err := n.App.Store.Jobs(t.Context(), true)
	if err != nil || len(dead) != 1 || !strings.Contains(dead[0].Problem, "SMTP server") {
		t.Fatalf("%v %+v", err, dead)
	}
	if err := n.App.Queue.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if counts, _, failed := n.App.Queue.State(); counts != (queue.Counts{Dead: 1}) || failed != 1 {
		t.Errorf("%+v, %d failures", counts, failed)
	}
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": s.port, "sender": "mfa@example.org", "enqueue_job": "1"})
	if err := n.App.Store.RetryJob(t.Context(), dead[0], c.now(), c.now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	drain(t, c, n)
	if len(s.bodies()) != 1 {
		t.Errorf("mails: %v", s.bodies())
	}
}

// A mail that some have is sent to the others alone, and to none of those who
// refused it for good.
func TestQueue_RecipientsRefused(t *testing.T) {
	c := clockAt(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
	in, s := queued(t, apptest.Options{Now: c.now}, 0)
	n := in.Serve()
	s.refuse(map[string]string{"gone@example.org": "550 gone", "busy@example.org": "450 later"})
	payload := `{"server": "post", "message": {"To": ["ops@example.org", "gone@example.org", "busy@example.org"], "Subject": "x", "Body": "for many"}}`
	if err := n.App.Queue.Enqueue(t.Context(), "mail", "mail:post", []byte(payload)); err != nil {
		t.Fatal(err)
	}
	if _, err := n.App.Queue.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.refuse(nil)
	drain(t, c, n)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mails) != 2 || s.mails[1].Header.Get("To") != "busy@example.org" || s.mails[0].Header.Get("Message-Id") != s.mails[1].Header.Get("Message-Id") {
		t.Errorf("mails: %+v", s.mails)
	}
}

// Servers that are killed lose no mail. One that was on its way may come twice,
// under the same Message-ID.
func TestQueue_Kill(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	binary := filepath.Join(t.TempDir(), "edumfa")
	if out, err := exec.Command("go", "build", "-o", binary, "edumfa/cmd/edumfa").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, e := range []apptest.Engine{apptest.SQLite, apptest.PostgreSQL, apptest.MariaDB} {
		t.Run(string(e), func(t *testing.T) {
			c := clockAt(time.Now())
			in, s := queued(t, apptest.Options{Engine: e, Now: c.now}, 8)
			n := in.Serve()
			const mails, kills = 400, 5
			for i := range mails {
				n.Must("POST /validate/triggerchallenge", apptest.P{"serial": fmt.Sprintf("M%d", i%8)})
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			v := &victim{t: t, binary: binary, dir: in.Dir, address: l.Addr().String()}
			_ = l.Close()
			for i := range kills {
				v.start()
				for len(s.bodies()) < (i+1)*mails/(kills+2) {
					<-time.After(time.Millisecond)
				}
				v.kill()
			}
			c.set(time.Now().Add(6 * time.Minute)) // the leases of the dead are over
			drain(t, c, n)
			ids := s.ids()
			all := len(ids)
			slices.Sort(ids)
			if different := len(slices.Compact(ids)); different != mails || all > mails+8*kills {
				t.Errorf("%d logins, %d mails, %d of them different", mails, all, different)
			} else {
				t.Logf("%d mails came twice", all-different)
			}
		})
	}
}
