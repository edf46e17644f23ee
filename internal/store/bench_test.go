package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/store"
	"edumfa/internal/store/storetest"
	"edumfa/internal/token"
)

// BenchmarkApply writes what a login with a counter does, without the signature:
// the token's new counter, three notes and the audit row, in one commit. The
// second run has 16 requests at a time.
func BenchmarkApply(b *testing.B) {
	for _, product := range storetest.Products() {
		b.Run(product, func(b *testing.B) {
			const tokens = 64
			uri := storetest.URI(b, product)
			db := storetest.Open(b, uri, store.Options{})
			if err := db.CreateTables(b.Context()); err != nil {
				b.Fatal(err)
			}
			raw := storetest.Raw(b, uri)
			for i := range tokens {
				if _, err := raw.ExecContext(b.Context(), fmt.Sprintf("INSERT INTO token (id, serial, tokentype, count, failcount, maxfail, active, locked, revoked, otplen, count_window, sync_window)"+
					" VALUES (%d, 'T%d', 'hotp', 0, 0, 10, TRUE, FALSE, FALSE, 6, 10, 1000)", i+1, i)); err != nil {
					b.Fatal(err)
				}
			}
			counters := make([]int64, tokens)
			login := func(i int) error {
				id, seen := int64(i+1), counters[i]
				counters[i]++
				now := time.Now()
				row := audit.Row{Date: &now, Action: text("POST /validate/check"), Serial: text("T"), Info: text("matching 1 tokens")}
				return db.Apply(b.Context(), []change.Change{
					change.UseToken{ID: id, Seen: seen, Next: seen + 1}, change.CountInfo{ID: id, Key: token.InfoCountSuccess},
					change.CountInfo{ID: id, Key: token.InfoCount}, change.SetInfo{ID: id, Key: token.InfoLastAuth, Value: "now"},
				}, &audit.Entry{Row: row, Sign: func(r *audit.Row) error {
					s := strings.Repeat("0", 527)
					r.Signature = &s
					return nil
				}})
			}
			for i := range tokens { // notes are there already, as after a first login
				if err := login(i); err != nil {
					b.Fatal(err)
				}
			}
			b.Run("one", func(b *testing.B) {
				for b.Loop() {
					if err := login(0); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("many", func(b *testing.B) {
				free := make(chan int, tokens)
				for i := range tokens {
					free <- i
				}
				b.SetParallelism(8)
				b.RunParallel(func(p *testing.PB) {
					i := <-free
					defer func() { free <- i }()
					for p.Next() {
						if err := login(i); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		})
	}
}

func text(s string) *string { return &s }
