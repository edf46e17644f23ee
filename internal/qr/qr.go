// Package qr draws QR codes (ISO/IEC 18004) as PNG images for web pages and
// mails.
package qr

import (
	"encoding/base64"

	"rsc.io/qr"

	"edumfa/internal/mfaerr"
)

// moduleSize is the width of one dot in pixels.
const moduleSize = 10

// PNG is the image of a text at the lowest error correction, with a white
// border. Errors: 905 for a text of more than 2953 bytes.
func PNG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, mfaerr.NewParameter("The text is too long for a QR code").WithCause(err)
	}
	code.Scale = moduleSize
	return code.PNG(), nil
}

// DataURI is the image of a text as "data:image/png;base64,…": clients put it
// into a page, and one of them cuts the beginning off by its length.
func DataURI(text string) (string, error) {
	image, err := PNG(text)
	if err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(image), nil
}
