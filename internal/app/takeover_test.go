package app_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/secret"
	"edumfa/internal/store"
	"edumfa/internal/store/storetest"
)

// The folder testdata/edumfa-2.9.5 is an installation that eduMFA 2.9.5 made and
// used. The tests below run it as an operator does who only exchanges the
// program: configuration, keys and database stay as they are.

// manifest says what the installation holds and what must work on it.
type manifest struct {
	Tokens map[string]fixtureToken
	Users  map[string]struct {
		Username, UserID, Resolver string
		Realms                     []string
		Password                   *string
		LoginOK                    *bool `json:"login_ok"`
	}
	Admins []struct {
		Username string
		Password *string
		Email    *string
	}
	APIKeys    map[string]string `json:"api_keys"`
	TrustedJWT []struct {
		Key    string
		Claims map[string]string
	} `json:"trusted_jwt"`
	Secrets    map[string]string
	Challenges []struct {
		TransactionID string `json:"transaction_id"`
		Serial        string
	}
	Counts map[string]int
	MadeAt time.Time `json:"made_at"`
}

type fixtureToken struct {
	Serial, Type, OTPKey, HashLib, Auth, Password string
	User, Realm, PIN                              *string
	MOTPPin                                       string
	PrivateID                                     string `json:"private_id"`
	PublicPrefix                                  string `json:"public_prefix"`
	TANs                                          []string
	Next                                          struct{ Usage, Session int }
	OTPLen                                        int
	Expect                                        any
	DB                                            struct {
		ID         int64
		OTPLen     int
		Count      int64
		FailCount  int
		PinStorage string `json:"pin_storage"`
		Realms     []string
	}
	TokenInfo map[string]string
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	b, err := os.ReadFile("testdata/edumfa-2.9.5/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// takeover is the installation on one database product.
type takeover struct {
	*testing.T
	*apptest.Node
	manifest manifest
	dir, uri string
	product  string
	clock    *clock
}

// clock stands still until a test moves it. Servers read it at the same time.
type clock struct{ at atomic.Int64 } // Unix nanoseconds

func clockAt(t time.Time) *clock {
	c := &clock{}
	c.set(t)
	return c
}

func (c *clock) now() time.Time      { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) set(t time.Time)     { c.at.Store(t.UnixNano()) }
func (c *clock) add(d time.Duration) { c.at.Add(int64(d)) }

// takeOver copies the installation, moves its rows to the product, and serves it.
func takeOver(t *testing.T, product string) *takeover {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/edumfa-2.9.5")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "edumfa.cfg")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	uri := "sqlite:///" + filepath.Join(dir, "edumfa.sqlite")
	text := string(b)
	if product != "sqlite" {
		to := storetest.URI(t, product)
		storetest.Copy(t, uri, to, product)
		text = strings.Replace(text, "sqlite:///edumfa.sqlite", to, 1)
		uri = to
	}
	// only so that the tests do not take minutes: new hashes are made cheaper
	text += "\nEDUMFA_HASH_ALGO_PARAMS = {'argon2__rounds': 1, 'argon2__memory_cost': 64, 'argon2__parallelism': 1}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m := readManifest(t)
	c := clockAt(m.MadeAt.Add(5 * time.Minute))
	in := apptest.Adopt(t, dir, apptest.Options{Now: c.now})
	x := &takeover{T: t, Node: in.Serve(), manifest: m, dir: dir, uri: uri, product: product, clock: c}
	if product != "sqlite" {
		x.cheapPINs()
	}
	return x
}

// cheapPINs replaces the PIN hashes of today's form: what they take of time and
// memory was proven on SQLite and is the same everywhere.
func (x *takeover) cheapPINs() {
	x.Helper()
	raw := storetest.Raw(x.T, x.uri)
	for serial, f := range x.manifest.Tokens {
		if f.DB.PinStorage != "argon2id" {
			continue
		}
		h, err := x.App.Hasher.Hash(x.Context(), secret.New(deref(f.PIN)))
		if err != nil {
			x.Fatal(err)
		}
		if _, err := raw.Exec(storetest.Rebind(x.product, "UPDATE token SET pin_hash = ? WHERE serial = ?"), h, serial); err != nil {
			x.Fatal(err)
		}
	}
}

// onEachProduct runs a test on a fresh copy per product.
func onEachProduct(t *testing.T, f func(*takeover)) {
	for _, product := range storetest.Products() {
		if testing.Short() && product != "sqlite" {
			continue
		}
		t.Run(product, func(t *testing.T) { f(takeOver(t, product)) })
	}
}

func TestTakeover(t *testing.T) {
	onEachProduct(t, func(x *takeover) {
		for _, c := range []struct {
			name string
			test func(*takeover)
		}{
			{"audit rows", (*takeover).auditRows},
			{"nothing is lost", (*takeover).nothingLost},
			{"tokens", (*takeover).tokens},
			{"challenges", (*takeover).openChallenges},
			{"users", (*takeover).users},
			{"administrators", (*takeover).administrators},
			{"API keys", (*takeover).apiKeys},
			{"trusted applications", (*takeover).trustedApplications},
			{"secrets", (*takeover).secrets},
			{"the certificate authority", (*takeover).authority},
		} {
			x.Run(c.name, func(t *testing.T) {
				y := *x
				y.T = t
				c.test(&y)
			})
		}
	})
}

// The stamp stays, and every row is still there after the first start.
func (x *takeover) nothingLost() {
	if rev, err := x.App.Store.Revision(x.Context()); err != nil || rev != store.Head {
		x.Errorf("revision %q, %v", rev, err)
	}
	raw := storetest.Raw(x.T, x.uri)
	for table, want := range x.manifest.Counts {
		var n int
		if err := raw.QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
			x.Fatal(err)
		}
		if n < want {
			x.Errorf("%s: %d rows, there were %d", table, n, want)
		}
	}
	// types that this program does not have yet are listed like all others
	r := x.Admin("GET /token/", apptest.P{"pagesize": "100"})
	listed := map[string]bool{}
	list, _ := r.At("result.value.tokens").([]any)
	for _, e := range list {
		serial, _ := e.(map[string]any)["serial"].(string)
		listed[serial] = true
	}
	for serial := range x.manifest.Tokens {
		if !listed[serial] {
			x.Errorf("token %s is not listed (%d %s)", serial, r.Status, r.Text("result.error.message"))
		}
	}
}
