package fido

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// Types of client data.
const (
	typeCreate = "webauthn.create"
	typeGet    = "webauthn.get"
)

// ClientData is what the client says of a ceremony (section 5.8.1).
type ClientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"` // base64url
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
	TopOrigin   string `json:"topOrigin"`
}

// ParseClientData reads the JSON of client data. Members that are not known are
// left alone, as the standard asks.
func ParseClientData(data []byte) (ClientData, error) {
	var c ClientData
	if len(data) > maxClientData {
		return c, refuse("client data of %d bytes", len(data))
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := json.Unmarshal(data, &c); err != nil {
		return ClientData{}, refuse("client data: %v", err)
	}
	return c, nil
}

// ChallengeBytes decodes the challenge.
func (c ClientData) ChallengeBytes() ([]byte, error) {
	b, err := Decode(c.Challenge)
	if err != nil || len(b) == 0 {
		return nil, refuse("client data without a challenge")
	}
	return b, nil
}

// check holds client data against what was asked for: type, challenge, origin
// (sections 7.1 steps 7 to 11, 7.2 steps 10 to 14). header is the Origin header
// of the request that brought the data, which must name the same origin: a
// gateway sends on where its page is, not what the page says.
func (c ClientData) check(typ string, challenges [][]byte, rp RelyingParty, header string) error {
	if c.Type != typ {
		return refuse("client data of type %q instead of %q", c.Type, typ)
	}
	got, err := c.ChallengeBytes()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(challenges, func(want []byte) bool {
		return len(want) > 0 && subtle.ConstantTimeCompare(want, got) == 1
	}) {
		return refuse("another challenge")
	}
	switch {
	case header == "":
		return refuse("the request has no Origin header")
	case !sameOrigin(c.Origin, header):
		return refuse("origin %q, but the request comes from %q", c.Origin, header)
	case !rp.Accepts(c.Origin):
		return refuse("origin %q does not belong to %q", c.Origin, rp.ID)
	case c.CrossOrigin && !rp.AllowCrossOrigin && !rp.Accepts(c.TopOrigin):
		return refuse("made in a frame of %q, which does not belong to %q", c.TopOrigin, rp.ID)
	case !c.CrossOrigin && c.TopOrigin != "":
		return refuse("a page around the frame without a frame")
	}
	return nil
}

// Decode reads base64url, with or without padding; standard base64 is read as
// well, for clients that send it.
func Decode(text string) ([]byte, error) {
	text = strings.TrimRight(text, "=")
	text = strings.NewReplacer("+", "-", "/", "_").Replace(text)
	if strings.ContainsAny(text, "\r\n") {
		return nil, refuse("line break in base64")
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, refuse("no base64url: %v", err)
	}
	return b, nil
}

// Encode writes base64url without padding.
func Encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// checkExtensions refuses results of client extensions that were not asked for.
// data is a JSON object, empty for none.
func checkExtensions(data []byte, known ...string) (map[string]json.RawMessage, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if len(data) > maxExtensions {
		return nil, refuse("extension results of %d bytes", len(data))
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, refuse("extension results: %v", err)
	}
	for name := range m {
		if !slices.Contains(known, name) {
			return nil, refuse("results of the extension %q, which was not asked for", name)
		}
	}
	return m, nil
}
