package qr

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"strings"
	"testing"
)

func TestDataURI(t *testing.T) {
	uri, err := DataURI("otpauth://hotp/S1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=1&digits=6&issuer=eduMFA")
	if err != nil {
		t.Fatal(err)
	}
	data, ok := strings.CutPrefix(uri, "data:image/png;base64,")
	if !ok {
		t.Fatal(uri)
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	if size.X != size.Y || size.X%moduleSize != 0 {
		t.Errorf("size %v", size)
	}
	const border = 4 * moduleSize
	if r, _, _, _ := img.At(border-1, border-1).RGBA(); r == 0 {
		t.Error("no white border")
	}
	if r, _, _, _ := img.At(border, border).RGBA(); r != 0 {
		t.Error("no finder pattern behind the border")
	}
	if len(raw) > 8<<10 {
		t.Errorf("%d bytes", len(raw))
	}
}

func TestDataURI_TooLong(t *testing.T) {
	if _, err := DataURI(strings.Repeat("x", 2953)); err != nil {
		t.Errorf("the longest text: %v", err)
	}
	if uri, err := DataURI(strings.Repeat("x", 2954)); err == nil || uri != "" {
		t.Error("a text that does not fit")
	}
}
