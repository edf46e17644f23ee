// Package receipt writes one page or more for people to keep: a PDF with a title,
// a text and perhaps a picture. Its letters are those of the Go fonts, which have
// Latin, Greek and Cyrillic.
package receipt

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Sizes in millimetres, of letters in points.
const (
	margin      = 25
	imageSize   = 60
	titlePoints = 16
	textPoints  = 11
	lineHeight  = 6
)

// maxText is how much text a receipt takes, in bytes.
const maxText = 100_000

// Receipt is what a page says.
type Receipt struct {
	Title, Text string
	// Image is a PNG that stands below the text; nil for none.
	Image []byte
	At    time.Time
}

// PDF writes the receipt. Errors: a text that is too long, a picture that is no
// PNG.
func (r Receipt) PDF() (file []byte, err error) {
	defer func() { // the library was not made for every picture
		if p := recover(); p != nil {
			file, err = nil, fmt.Errorf("receipt: %v", p)
		}
	}()
	if len(r.Text)+len(r.Title) > maxText {
		return nil, fmt.Errorf("the text of a receipt is longer than %d bytes", maxText)
	}
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetCatalogSort(true) // the same receipt is the same file
	doc.SetCreationDate(r.At)
	doc.SetModificationDate(r.At)
	doc.SetProducer("edumfa", true)
	doc.SetTitle(r.Title, true)
	doc.SetMargins(margin, margin, margin)
	doc.SetAutoPageBreak(true, margin)
	doc.AddUTF8FontFromBytes("Go", "", goregular.TTF)
	doc.AddUTF8FontFromBytes("Go", "B", gobold.TTF)
	doc.AddPage()
	doc.SetFont("Go", "B", titlePoints)
	doc.MultiCell(0, titlePoints/2, printable(r.Title), "", "L", false)
	doc.Ln(lineHeight)
	doc.SetFont("Go", "", textPoints)
	doc.MultiCell(0, lineHeight, printable(r.Text), "", "L", false)
	if r.Image != nil {
		doc.Ln(lineHeight)
		options := fpdf.ImageOptions{ImageType: "PNG"}
		doc.RegisterImageOptionsReader("image", options, bytes.NewReader(r.Image))
		if _, pageHeight := doc.GetPageSize(); doc.Ok() && doc.GetY()+imageSize > pageHeight-margin {
			doc.AddPage()
		}
		doc.ImageOptions("image", margin, doc.GetY(), imageSize, imageSize, true, options, 0, "")
	}
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	return out.Bytes(), nil
}

// printable leaves out what has no place on paper. The font subset knows letters
// up to U+FFFF.
func printable(text string) string {
	const last = 0xFFFF
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case r > last || !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r\n", "\n"))
}
