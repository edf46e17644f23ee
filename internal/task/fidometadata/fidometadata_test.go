package fidometadata

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"edumfa/internal/task"
)

// blobs are "signed <number>" here; what a signature is, package fido tests.
func check(_ string, data []byte) (Blob, error) {
	number, ok := strings.CutPrefix(string(data), "signed ")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return Blob{}, errors.New("not signed")
	}
	return Blob{Number: n}, nil
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name, there, served string
		options             task.Values
		fails               bool
		want                string
	}{
		{"the first", "", "signed 5", nil, false, "signed 5"},
		{"a newer one", "signed 5", "signed 6", nil, false, "signed 6"},
		{"the same", "signed 5", "signed 5", nil, false, "signed 5"},
		{"an older one", "signed 6", "signed 5", nil, true, "signed 6"},
		{"no signature", "signed 5", "signet 6", nil, true, "signed 5"},
		{"nothing", "signed 5", "", nil, true, "signed 5"},
		{"a damaged file", "sig", "signed 5", nil, false, "signed 5"},
		{"dry run", "signed 5", "signed 6", task.Values{"dry_run": "1"}, false, "signed 5"},
		{"no URL", "signed 5", "signed 6", task.Values{"url": "file:///etc/passwd"}, true, "signed 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "blob.jwt")
			if c.there != "" {
				if err := os.WriteFile(file, []byte(c.there), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			k := Kind{Check: check, File: func(context.Context) (string, error) { return file, nil },
				Fetch: func(_ context.Context, url string) ([]byte, error) {
					if url != DefaultURL || c.served == "" {
						return nil, errors.New("no answer")
					}
					return []byte(c.served), nil
				}}
			report, err := k.Run(t.Context(), c.options)
			if (err != nil) != c.fails {
				t.Errorf("%q %v", report, err)
			}
			got, _ := os.ReadFile(file)
			if string(got) != c.want {
				t.Errorf("the file has %q, want %q", got, c.want)
			}
			if left, _ := os.ReadDir(dir); len(left) != 1 {
				t.Errorf("files: %v", left)
			}
		})
	}
}
