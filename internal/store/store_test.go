package store_test

import (
	"log/slog"
	"os"
	"testing"

	"edumfa/internal/dburi"
	"edumfa/internal/store/storetest"
)

func TestMain(m *testing.M) {
	_ = dburi.LogTo(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// TestProducts runs the suite on every database product that is there.
func TestProducts(t *testing.T) {
	for _, product := range storetest.Products() {
		t.Run(product, func(t *testing.T) { storetest.Run(t, product) })
	}
}
