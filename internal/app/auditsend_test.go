package app_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/store/storetest"
)

// Rows reach the collector although it ends connections and is away for a while,
// and although two servers run.
func TestAuditSyslog(t *testing.T) {
	for _, product := range storetest.Products() {
		t.Run(product, func(t *testing.T) {
			uri := storetest.URI(t, product)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			messages := make(chan string, 100)
			go func() {
				for first := true; ; first = false {
					c, err := l.Accept()
					if err != nil {
						return
					}
					r := bufio.NewReader(c)
					for {
						text, err := r.ReadString(' ')
						if err != nil {
							break
						}
						n, _ := strconv.Atoi(strings.TrimSpace(text))
						b := make([]byte, n)
						if _, err := io.ReadFull(r, b); err != nil {
							break
						}
						if first { // read, and lost
							break
						}
						messages <- string(b)
					}
					_ = c.Close()
				}
			}()
			in := apptest.New(t, apptest.Options{Config: "EDUMFA_AUDIT_SYSLOG = 'tcp://" + l.Addr().String() + "?format=json'\n" +
				"EDUMFA_AUDIT_SQL_URI = '" + uri + "'\n"})
			one, two := in.Serve(), in.AnotherNode()
			defer one.App.Start(t.Context())()
			defer two.App.Start(t.Context())()
			// the cursor begins at the newest row: it must be there before the first
			for range 200 {
				if storetest.Count(t, uri, "go_audit_cursor") > 0 {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			for i := range 4 {
				n := []*apptest.Node{one, two}[i%2]
				n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x"})
			}
			seen := map[string]bool{}
			deadline := time.After(30 * time.Second)
			for len(seen) < 4 {
				select {
				case m := <-messages:
					if !strings.Contains(m, "edumfa - audit - {\"number\":") || !strings.HasPrefix(m, "<84>1 20") {
						t.Fatalf("%s", m)
					}
					seen[m] = true
				case <-deadline:
					t.Fatalf("%d of 4 rows arrived", len(seen))
				}
			}
		})
	}
}
