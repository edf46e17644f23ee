package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app"
	"edumfa/internal/app/apptest"
	"edumfa/internal/audit"
	"edumfa/internal/store/storetest"
)

// verified runs a verification over an installation's log.
func verified(t *testing.T, in *apptest.Installation, now time.Time, known ...audit.Head) (faults []string, done audit.Verified) {
	t.Helper()
	c := in.Configuration()
	db, err := app.OpenAudit(t.Context(), c, app.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	signing, err := app.AuditSigning(c)
	if err != nil {
		t.Fatal(err)
	}
	v := audit.Verification{Store: db, Verifier: signing.Verifier, MAC: signing.MAC, Known: known, Now: now,
		Report: func(f audit.Fault) { faults = append(faults, f.String()) }}
	if done, err = v.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return faults, done
}

func sameFaults(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := range want {
		ok = ok && strings.HasPrefix(got[i], want[i])
	}
	if !ok {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// Two servers write at once; what is done to their rows afterwards is noticed.
func TestAuditChain(t *testing.T) {
	for _, product := range storetest.Products() {
		t.Run(product, func(t *testing.T) {
			uri := storetest.URI(t, product)
			in := apptest.New(t, apptest.Options{Config: "EDUMFA_AUDIT_CHAIN = True\nEDUMFA_AUDIT_ANCHOR = 'anchor'\nEDUMFA_AUDIT_SQL_URI = '" + uri + "'\n"})
			one, two := in.Serve(), in.AnotherNode()
			stopOne, stopTwo := one.App.Start(t.Context()), two.App.Start(t.Context())
			var all sync.WaitGroup
			for _, n := range []*apptest.Node{one, two} {
				for range 3 {
					all.Go(func() {
						for range 10 {
							if _, err := n.Try("POST /validate/check", apptest.P{"user": "alice", "pass": "x"}); err != nil {
								t.Error(err)
							}
						}
					})
				}
			}
			all.Wait()
			r := one.Must("GET /audit/", apptest.P{"action": "*validate*", "page_size": "100"})
			if n := strings.Count(string(r.Raw), `"sig_check": "OK"`); n != 60 {
				t.Errorf("%d rows are right before they are sealed", n)
			}
			stopOne()
			stopTwo()
			if err := one.App.Close(); err != nil {
				t.Fatal(err)
			}
			if err := two.App.Close(); err != nil {
				t.Fatal(err)
			}
			for range 2 { // servers that end seal what they have written
				n := in.AnotherNode()
				n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x"})
				if err := n.App.Close(); err != nil {
					t.Fatal(err)
				}
			}
			later := time.Now().Add(time.Hour)
			faults, done := verified(t, in, later)
			if done.Sealed != 63 || done.Rows != 63 || done.Checkpoints == 0 || done.Checkpoints > 20 {
				t.Errorf("%+v", done)
			}
			sameFaults(t, "as written", faults)
			anchor, err := app.ReadAnchor(filepath.Join(in.Dir, "anchor"))
			if err != nil {
				t.Fatal(err)
			}
			faults, _ = verified(t, in, later, anchor)
			sameFaults(t, "with the anchor", faults)

			raw := storetest.Raw(t, uri)
			exec := func(q string) {
				t.Helper()
				if _, err := raw.ExecContext(t.Context(), q); err != nil {
					t.Fatal(err)
				}
			}
			exec("UPDATE mfa_audit SET policies = 'other' WHERE id = 10") // no signature ever covered this column
			exec("DELETE FROM mfa_audit WHERE id IN (20, 21)")
			exec("DELETE FROM mfa_audit WHERE id >= 62")
			exec("INSERT INTO mfa_audit (id, date, action, signature) SELECT 70, date, action, signature FROM mfa_audit WHERE id = 30")
			exec("INSERT INTO mfa_audit (id, date, action) SELECT 71, date, action FROM mfa_audit WHERE id = 30")
			faults, _ = verified(t, in, later)
			sameFaults(t, "after the attack", faults, "row 10 changed", "rows 20-21 missing", "rows 62-63 missing", "rows 64-69 gap",
				"row 70 inserted: no checkpoint names it", "row 71 inserted: it has no signature")

			exec("DELETE FROM mfa_audit WHERE id >= 62")
			exec("UPDATE go_audit_checkpoint SET content = '' WHERE number = 1")
			exec("DELETE FROM go_audit_checkpoint WHERE number = 2")
			faults, _ = verified(t, in, later)
			if s := strings.Join(faults, "\n"); !strings.Contains(s, "checkpoint 2 broken: removed") {
				t.Errorf("removed checkpoints are not noticed: %s", s)
			}

			// the newest rows with all that names them: only who knows the checkpoint sees it
			exec("DELETE FROM mfa_audit WHERE id > 1")
			exec("DELETE FROM go_audit_checkpoint WHERE number > 1")
			faults, _ = verified(t, in, later, anchor)
			if s := strings.Join(faults, "\n"); !strings.Contains(s, "broken: it is known and gone") {
				t.Errorf("the newest checkpoint is gone, and nobody says so: %s", s)
			}
			third := in.AnotherNode()
			third.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x"})
			if err := third.App.Close(); err != nil {
				t.Fatal(err)
			}
			faults, _ = verified(t, in, later)
			if s := strings.Join(faults, "\n"); !strings.Contains(s, "broken: removed") {
				t.Errorf("a server that has an anchor hides what was removed: %s", s)
			}
		})
	}
}

// A process that ends suddenly leaves rows that no checkpoint names: the next one
// seals them, but not rows that somebody else has put there.
func TestAuditChain_RowsOfACrash(t *testing.T) {
	now := time.Now()
	in := apptest.New(t, apptest.Options{Config: "EDUMFA_AUDIT_CHAIN = True\n", Now: func() time.Time { return now }})
	n := in.Serve()
	for range 3 {
		n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x"})
	}
	raw := storetest.Raw(t, "sqlite:///"+filepath.Join(in.Dir, "edumfa.sqlite"))
	if _, err := raw.ExecContext(t.Context(), "UPDATE mfa_audit SET info = 'something else' WHERE id = 2"); err != nil {
		t.Fatal(err)
	}
	faults, _ := verified(t, in, now)
	sameFaults(t, "rows on their way", faults, "row 2 inserted")
	faults, _ = verified(t, in, now.Add(time.Hour))
	sameFaults(t, "rows left behind", faults, "row 1 unsealed", "row 2 inserted", "row 3 unsealed")
	now = now.Add(time.Hour)
	next := in.AnotherNode()
	stop := next.App.Start(t.Context())
	for range 100 {
		if _, done := verified(t, in, now); done.Checkpoints > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	if err := next.App.Close(); err != nil {
		t.Fatal(err)
	}
	faults, done := verified(t, in, now)
	sameFaults(t, "adopted", faults, "row 2 inserted")
	if done.Sealed != 2 {
		t.Errorf("%+v", done)
	}
}

// Where rows have a signature each, no checkpoint is needed.
func TestAuditVerify_Signatures(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	n := in.Serve()
	for range 9 {
		n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x"})
	}
	faults, done := verified(t, in, time.Now())
	sameFaults(t, "as written", faults)
	if done.Rows != 9 || done.Signed != 9 {
		t.Errorf("%+v", done)
	}
	raw := storetest.Raw(t, "sqlite:///"+filepath.Join(in.Dir, "edumfa.sqlite"))
	for _, q := range []string{"UPDATE mfa_audit SET info = 'x' WHERE id = 2", "DELETE FROM mfa_audit WHERE id IN (4, 5)", "UPDATE mfa_audit SET signature = NULL WHERE id = 7"} {
		if _, err := raw.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	faults, _ = verified(t, in, time.Now())
	sameFaults(t, "after the attack", faults, "row 2 changed", "rows 4-5 gap", "row 7 inserted")
}

func TestAuditAnchor_Unreadable(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	if err := os.WriteFile(filepath.Join(in.Dir, "anchor"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	in.Configure("EDUMFA_AUDIT_CHAIN = True\nEDUMFA_AUDIT_ANCHOR = 'anchor'\n")
	if _, err := app.Open(t.Context(), in.Configuration(), app.Deps{}); err == nil || !strings.Contains(err.Error(), "EDUMFA_AUDIT_ANCHOR") {
		t.Errorf("%v", err)
	}
}
