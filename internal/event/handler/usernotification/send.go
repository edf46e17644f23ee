package usernotification

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"edumfa/internal/event"
	"edumfa/internal/mail"
	"edumfa/internal/smsprovider"
)

// imageID is what HTML bodies call the picture of the enrolment: cid:token_image.
const imageID = "token_image"

func (h Handler) sendMail(ctx context.Context, c event.Call) error {
	kind, set := c.Option("To")
	if !set {
		kind = toOwner
	}
	to, found, err := find(ctx, c, "To", kind)
	if err != nil {
		return err
	}
	if !found {
		return nobody(ctx, c, "there is no recipient")
	}
	addresses, bad := usable(to.addresses)
	if bad > 0 {
		c.Log.WarnContext(ctx, "mail addresses that are none are left out", "count", bad)
	}
	if len(addresses) == 0 {
		if bad > 0 {
			return errors.New("the recipient has no mail address that can be used")
		}
		return nobody(ctx, c, "the recipient has no mail address")
	}
	m := mail.Message{To: addresses, ReplyTo: replyTo(ctx, c)}
	t, err := tagsFor(ctx, c, to)
	if err != nil {
		return err
	}
	kindOfText, _ := c.Option("mimetype")
	m.HTML = strings.EqualFold(kindOfText, "html")
	if m.Body, err = t.body(ctx, c, m.HTML, defaultBody); err != nil {
		return err
	}
	if m.Subject, err = t.subject(c); err != nil {
		return err
	}
	if c.Flag("attach_qrcode") {
		m.Inline = t.picture(ctx, c)
	}
	if c.Flag("attach_receipt") {
		m.Files = t.receipt(ctx, c, m.Subject)
	}
	server, _ := c.Option("emailconfig")
	ctx, cancel := inTime(ctx, c)
	defer cancel()
	return h.Mailer.Send(ctx, server, m)
}

// replyTo are the addresses that answers go to; "" leaves the sender. Whom to
// answer is no reason not to send.
func replyTo(ctx context.Context, c event.Call) string {
	kind, _ := c.Option("reply_to")
	if kind == "" {
		return ""
	}
	to, found, err := find(ctx, c, "reply_to", kind)
	addresses, bad := usable(to.addresses)
	if err != nil || !found || bad > 0 {
		c.Log.WarnContext(ctx, "not everybody is found to whom answers go", "kind", kind, "error", err)
	}
	if kind == toAddresses && len(addresses) > 1 {
		addresses = addresses[:1]
	}
	return strings.Join(addresses, ",")
}

// picture is the picture of the enrolment, if the answer has one.
func (t texts) picture(ctx context.Context, c event.Call) []mail.Inline {
	if t.image == "" {
		return nil
	}
	kind, data, err := readDataURI(t.image)
	if err != nil {
		c.Log.WarnContext(ctx, "picture is not attached", "error", err)
		return nil
	}
	return []mail.Inline{{ContentID: imageID, Name: plainName(t.tags["serial"]) + ".png", Type: kind, Data: data}}
}

// readDataURI reads a picture of the form data:image/png;base64,… (RFC 2397).
func readDataURI(uri string) (mediaType string, data []byte, err error) {
	rest, ok := strings.CutPrefix(uri, "data:")
	head, encoded, hasData := strings.Cut(rest, ",")
	mediaType, isBase64 := strings.CutSuffix(head, ";base64")
	if !ok || !hasData || !isBase64 || !strings.HasPrefix(mediaType, "image/") {
		return "", nil, errors.New("the answer has no picture as data URI")
	}
	data, err = base64.StdEncoding.DecodeString(encoded)
	return mediaType, data, err
}

func (h Handler) sendText(ctx context.Context, c event.Call) error {
	kind, set := c.Option("To")
	if !set {
		kind = toOwner
	}
	to, found, err := find(ctx, c, "To", kind)
	if err != nil {
		return err
	}
	if !found {
		return nobody(ctx, c, "there is no recipient")
	}
	t, err := tagsFor(ctx, c, to)
	if err != nil {
		return err
	}
	body, err := t.body(ctx, c, false, defaultBody)
	if err != nil {
		return err
	}
	gateway, _ := c.Option("smsconfig")
	ctx, cancel := inTime(ctx, c)
	defer cancel()
	err = h.Texter.Text(ctx, smsprovider.Via{Gateway: gateway}, smsprovider.Recipient{Phone: to.mobile, Login: to.login}, body)
	if errors.Is(err, smsprovider.ErrNobody) {
		return nobody(ctx, c, "the recipient has no phone number")
	}
	return err
}

// inTime gives sending its time.
func inTime(ctx context.Context, c event.Call) (context.Context, context.CancelFunc) {
	if _, own := c.Option(event.TimeoutOption); own || c.Flag(event.AbortOption) {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}
