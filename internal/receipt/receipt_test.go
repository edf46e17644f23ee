package receipt_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edumfa/internal/receipt"
	"edumfa/test/need"
)

var at = time.Date(2027, 7, 4, 12, 0, 0, 0, time.UTC)

func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPDF lets poppler read what was written.
func TestPDF(t *testing.T) {
	pdftotext, pdfimages := need.Program(t, "poppler", "pdftotext"), need.Program(t, "poppler", "pdfimages")
	for name, c := range map[string]struct {
		r      receipt.Receipt
		lines  []string
		images int
	}{
		"a token":         {receipt.Receipt{Title: "Beleg", Text: "Token OATH0001\nfür Jörg Ångström, Μαρία, Ольга", Image: picture(t), At: at}, []string{"Beleg", "Token OATH0001", "für Jörg Ångström, Μαρία, Ольга"}, 1},
		"without picture": {receipt.Receipt{Title: "Receipt", Text: "only text", At: at}, []string{"Receipt", "only text"}, 0},
		"hidden letters":  {receipt.Receipt{Title: "a\x00b", Text: "x\u202ey\r\nz\U0001F600", At: at}, []string{"ab", "xy", "z"}, 0},
		"two pages":       {receipt.Receipt{Title: "Long", Text: strings.Repeat("line\n", 80) + "the last", Image: picture(t), At: at}, []string{"the last"}, 1},
		"nothing":         {receipt.Receipt{At: at}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			pdf, err := c.r.PDF()
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := c.r.PDF(); !bytes.Equal(pdf, again) {
				t.Error("the same receipt is another file")
			}
			file := filepath.Join(t.TempDir(), "receipt.pdf")
			if err := os.WriteFile(file, pdf, 0o600); err != nil {
				t.Fatal(err)
			}
			text, err := exec.Command(pdftotext, file, "-").CombinedOutput() //nolint:gosec // found in PATH
			if err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			for _, l := range c.lines {
				if !strings.Contains(string(text), l) {
					t.Errorf("no %q in %q", l, text)
				}
			}
			list, err := exec.Command(pdfimages, "-list", file).CombinedOutput() //nolint:gosec // found in PATH
			if err != nil {
				t.Fatalf("%v: %s", err, list)
			}
			if n := strings.Count(strings.TrimSpace(string(list)), "\n") - 1; n != c.images {
				t.Errorf("%d pictures: %s", n, list)
			}
		})
	}
}

func TestPDF_Refused(t *testing.T) {
	for name, r := range map[string]receipt.Receipt{
		"no PNG":   {Image: []byte("GIF89a")},
		"half PNG": {Image: picture(t)[:40]},
		"too long": {Text: strings.Repeat("x", 200_000)},
	} {
		t.Run(name, func(t *testing.T) {
			if pdf, err := r.PDF(); err == nil || pdf != nil {
				t.Errorf("%d bytes, error %v", len(pdf), err)
			}
		})
	}
}

func FuzzPDF(f *testing.F) {
	f.Add("Title", "text {serial}", picture(f))
	f.Add("", "\u202e\x00\xff", []byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, title, text string, image []byte) {
		pdf, err := receipt.Receipt{Title: title, Text: text, Image: image, At: at}.PDF()
		if err == nil && !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Errorf("%q", pdf[:min(20, len(pdf))])
		}
	})
}
