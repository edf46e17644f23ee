package radius

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/secret"
)

// fake is a server on loopback that does what a test says: the packets it returns
// for the n-th request are sent back.
func fake(t *testing.T, do func(n int, request []byte) [][]byte) Server {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { pc.Close(); wg.Wait() })
	wg.Go(func() {
		buf := make([]byte, maxPacket)
		for n := 1; ; n++ {
			k, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			for _, out := range do(n, buf[:k]) {
				_, _ = pc.WriteTo(out, from)
			}
		}
	})
	return Server{Host: "127.0.0.1", Port: pc.LocalAddr().(*net.UDPAddr).Port, Secret: secret.New("s"), Timeout: 5 * time.Second, Tries: 1}
}

// to answers a request.
func to(request []byte, f func(*answer)) []byte {
	a := answer{code: codeAccept, id: request[1], to: [16]byte(request[4:20]), secret: "s", sign: true}
	if f != nil {
		f(&a)
	}
	return a.packet()
}

var gina = Question{User: "gina", Password: secret.New("x")}

// Forged answers do not take the true one away.
func TestAsk_ForgedAnswersBeforeTheTrueOne(t *testing.T) {
	s := fake(t, func(_ int, r []byte) [][]byte {
		return [][]byte{
			to(r, func(a *answer) { a.secret = "t" }),
			to(r, func(a *answer) { a.id++ }),
			to(r, func(a *answer) { a.sign = false }),
			{1, 2, 3},
			to(r, func(a *answer) { a.code = codeReject }),
			to(r, nil),
		}
	})
	s.NeedSigned = true
	if a, err := client().Ask(t.Context(), s, gina); err != nil || a.Code != Reject {
		t.Errorf("%+v %v", a, err)
	}
}

func TestAsk_TriesAgainWithTheSamePacket(t *testing.T) {
	var first string
	s := fake(t, func(n int, r []byte) [][]byte {
		if n == 1 {
			first = string(r)
			return nil
		}
		if string(r) != first {
			return nil
		}
		return [][]byte{to(r, nil)}
	})
	s.Timeout, s.Tries = 300*time.Millisecond, 4
	if a, err := client().Ask(t.Context(), s, gina); err != nil || a.Code != Accept {
		t.Errorf("%+v %v", a, err)
	}
}

// The answer to a request that is over belongs to no other.
func TestAsk_LateAnswers(t *testing.T) {
	var late []byte
	s := fake(t, func(n int, r []byte) [][]byte {
		if n == 1 {
			late = to(r, nil)
			return nil
		}
		return [][]byte{late, to(r, func(a *answer) { a.code = codeReject })}
	})
	c := client()
	s.Timeout = 50 * time.Millisecond
	if _, err := c.Ask(t.Context(), s, gina); !errors.Is(err, ErrNoAnswer) {
		t.Fatalf("%v", err)
	}
	s.Timeout = 5 * time.Second
	if a, err := c.Ask(t.Context(), s, gina); err != nil || a.Code != Reject {
		t.Errorf("%+v %v", a, err)
	}
}

// A server that has signed once is not believed unsigned any more (CVE-2024-3596).
func TestAsk_AServerThatSignsMustSign(t *testing.T) {
	s := fake(t, func(n int, r []byte) [][]byte {
		return [][]byte{to(r, func(a *answer) { a.sign = n == 2 })}
	})
	c := client()
	s.Timeout = 50 * time.Millisecond
	for n, want := range []error{nil, nil, errUnsigned} {
		if _, err := c.Ask(t.Context(), s, gina); !errors.Is(err, want) {
			t.Errorf("answer %d: %v, want %v", n+1, err, want)
		}
	}
}

func TestAsk_EndsWithItsCaller(t *testing.T) {
	s := fake(t, func(int, []byte) [][]byte { return nil })
	s.Timeout, s.Tries = time.Hour, 100
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := client().Ask(ctx, s, gina); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAsk_LeavesADeadServerAlone(t *testing.T) {
	now := time.Unix(1000, 0)
	c := client()
	c.Now = func() time.Time { return now }
	asked := 0
	dead := fake(t, func(int, []byte) [][]byte { asked++; return nil })
	dead.Timeout = time.Millisecond
	alive := fake(t, func(_ int, r []byte) [][]byte { return [][]byte{to(r, nil)} })
	for range failures {
		if _, err := c.Ask(t.Context(), dead, gina); !errors.Is(err, ErrNoAnswer) {
			t.Fatalf("%v", err)
		}
	}
	if _, err := c.Ask(t.Context(), dead, gina); !errors.Is(err, breaker.ErrOpen) {
		t.Errorf("asked again: %v", err)
	}
	if _, err := c.Ask(t.Context(), alive, gina); err != nil {
		t.Errorf("another server suffers: %v", err)
	}
	now = now.Add(pause)
	if _, err := c.Ask(t.Context(), dead, gina); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("never asked again: %v", err)
	}
}

func TestAsk_NobodyThere(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := pc.LocalAddr().(*net.UDPAddr).Port
	pc.Close()
	if _, err := client().Ask(t.Context(), Server{Host: "127.0.0.1", Port: port}, gina); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("%v", err)
	}
	if _, err := client().Ask(t.Context(), Server{Host: "no such host"}, gina); err == nil {
		t.Error("a host that is none was asked")
	}
}

func TestAsk_RemembersABoundedNumber(t *testing.T) {
	c := client()
	for i := range 3 * mostServers {
		c.server(string(rune(i)))
	}
	if len(c.known) > mostServers {
		t.Errorf("%d servers are remembered", len(c.known))
	}
}
