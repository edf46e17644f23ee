package app_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/token"
)

// More PIN checks than the queue takes are refused with a time to come back,
// and the server goes on answering the others.
func TestHashing_FullQueueAnswers503(t *testing.T) {
	in := apptest.New(t, apptest.Options{Config: "EDUMFA_HASH_QUEUE = {'parallel': 1, 'waiting': 2}\n" +
		"EDUMFA_HASH_ALGO_PARAMS = {'argon2__rounds': 3, 'argon2__memory_cost': 65536, 'argon2__parallelism': 1}"})
	n := in.Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "pin": "pin", "user": "alice"})
	var wg sync.WaitGroup
	replies := make([]*apptest.Reply, 24)
	for i := range replies {
		wg.Go(func() {
			r, err := n.Try("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"})
			if err != nil {
				t.Error(err)
			}
			replies[i] = r
		})
	}
	wg.Wait()
	accepted, refused := 0, 0
	for _, r := range replies {
		switch {
		case r == nil:
		case r.Accepted():
			accepted++
		case r.Status == http.StatusServiceUnavailable && r.Header.Get("Retry-After") != "":
			refused++
		default:
			t.Errorf("neither accepted nor told to come back: %d %v %s", r.Status, r.Header, r.Raw)
		}
	}
	if accepted == 0 || refused == 0 {
		t.Errorf("accepted %d, refused %d: want some of both", accepted, refused)
	}
}

// A stored hash of another cost than the settings want is replaced by the next
// login that proves the PIN or the password.
func TestHashing_OtherCostIsRewritten(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	n := in.Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1", "pin": "pin", "user": "alice"})
	setCost(t, in, "{'argon2__rounds': 1, 'argon2__memory_cost': 128, 'argon2__parallelism': 1}")
	other := in.AnotherNode()
	stored := func() (pin, password string) {
		tok, err := other.App.Store.Token(context.Background(), "S1", token.Parts(0))
		if err != nil {
			t.Fatal(err)
		}
		account, err := other.App.Store.Admin(context.Background(), "admin")
		if err != nil {
			t.Fatal(err)
		}
		return tok.PINHash, account.Password
	}
	const want = "m=128,t=1,p=1"
	if pin, _ := stored(); strings.Contains(pin, want) {
		t.Fatalf("the PIN has the new cost already: %s", pin)
	}
	if r := other.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "wrong"}); r.Accepted() {
		t.Fatal("a wrong PIN was accepted")
	}
	if pin, _ := stored(); strings.Contains(pin, want) {
		t.Errorf("a wrong PIN rewrote the hash")
	}
	for range 2 {
		if r := other.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}); !r.Accepted() {
			t.Fatalf("the right PIN was refused: %s", r.Raw)
		}
		if r := other.Call("POST /auth", apptest.P{"username": "admin", "password": apptest.AdminPassword}); r.Status != http.StatusOK {
			t.Fatalf("the administrator cannot log in: %s", r.Raw)
		}
		pin, password := stored()
		if !strings.Contains(pin, want) || !strings.Contains(password, want) {
			t.Errorf("hashes after a login: %s, %s; want the cost %s", pin, password, want)
		}
	}
}

func setCost(t *testing.T, in *apptest.Installation, params string) {
	t.Helper()
	name := filepath.Join(in.Dir, "edumfa.cfg")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(b, []byte("\nEDUMFA_HASH_ALGO_PARAMS = "+params+"\n")...), 0o600); err != nil {
		t.Fatal(err)
	}
}
