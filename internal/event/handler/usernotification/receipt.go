package usernotification

import (
	"context"

	"edumfa/internal/event"
	"edumfa/internal/mail"
	"edumfa/internal/receipt"
	"edumfa/internal/texttag"
)

// defaultReceipt is the text of a receipt where the definition says nothing.
const defaultReceipt = `{action}

Token: {serial} ({tokentype})
{description}

Owner: {user} {surname} ({username}, {userrealm})
Time: {date} {time}
`

// receipt is a PDF to keep: the text of the option receipt, and the picture of the
// enrolment if the answer has one. That it cannot be made is no reason not to send
// the mail.
func (t texts) receipt(ctx context.Context, c event.Call, title string) []mail.File {
	template, _ := c.Option("receipt")
	if template == "" {
		template = defaultReceipt
	}
	page := receipt.Receipt{Title: title, Text: texttag.Fill(template, t.tags), At: c.Now}
	if kind, data, err := readDataURI(t.image); err == nil && kind == "image/png" {
		page.Image = data
	}
	file, err := page.PDF()
	if err != nil && page.Image != nil {
		c.Log.WarnContext(ctx, "receipt has no picture", "error", err)
		page.Image = nil
		file, err = page.PDF()
	}
	if err != nil {
		c.Log.WarnContext(ctx, "receipt is not attached", "error", err)
		return nil
	}
	name := plainName(t.tags["serial"])
	if name == "" {
		name = "receipt"
	}
	return []mail.File{{Name: name + ".pdf", Type: "application/pdf", Data: file}}
}
