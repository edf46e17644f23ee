package usernotification

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/qr"
	"edumfa/test/need"
)

func TestSendMail_Receipt(t *testing.T) {
	pdftotext, pdfimages := need.Program(t, "poppler", "pdftotext"), need.Program(t, "poppler", "pdfimages")
	code, err := qr.DataURI("otpauth://totp/S1")
	if err != nil {
		t.Fatal(err)
	}
	img := func(uri string) map[string]any { return map[string]any{"googleurl": map[string]any{"img": uri}} }
	for name, c := range map[string]struct {
		o      options
		detail map[string]any
		text   []string // nil for no receipt
		image  bool
	}{
		"not asked for":     {options{}, img(code), nil, false},
		"with a picture":    {options{"attach_receipt": "1"}, img(code), []string{"Hello", "S1", "ALICE"}, true},
		"without one":       {options{"attach_receipt": "1"}, nil, []string{"Hello", "S1"}, false},
		"a text of its own": {options{"attach_receipt": "1", "receipt": "Gut aufheben, {username}! {unknown}"}, img(code), []string{"Gut aufheben, alice! {unknown}"}, true},
		"a damaged picture": {options{"attach_receipt": "1"}, img("data:image/png;base64,iVA="), []string{"S1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := someWorld()
			c.o["emailconfig"], c.o["subject"] = "post", "Hello"
			if err := w.handler("").Do(t.Context(), w.call("sendmail", c.o, c.detail)); err != nil {
				t.Fatal(err)
			}
			files := w.mails[0].Files
			if c.text == nil {
				if len(files) != 0 {
					t.Errorf("%d files", len(files))
				}
				return
			}
			if len(files) != 1 || files[0].Name != "S1.pdf" || files[0].Type != "application/pdf" {
				t.Fatalf("files %+v", files)
			}
			path := filepath.Join(t.TempDir(), files[0].Name)
			if err := os.WriteFile(path, files[0].Data, 0o600); err != nil {
				t.Fatal(err)
			}
			text, err := exec.Command(pdftotext, path, "-").CombinedOutput() //nolint:gosec // found in PATH
			if err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			for _, want := range c.text {
				if !strings.Contains(string(text), want) {
					t.Errorf("no %q in %q", want, text)
				}
			}
			list, err := exec.Command(pdfimages, "-list", path).CombinedOutput() //nolint:gosec // found in PATH
			if err != nil {
				t.Fatalf("%v: %s", err, list)
			}
			if has := strings.Count(strings.TrimSpace(string(list)), "\n") > 1; has != c.image {
				t.Errorf("pictures: %s", list)
			}
		})
	}
}
