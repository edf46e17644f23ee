package params

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/useragent"
)

// Limits bound what one request may make the server keep.
type Limits struct {
	Body   int64 // bytes of the body, files included
	Fields int   // values in query, form and multipart together
}

// DefaultLimits fit every request but the import of large files.
func DefaultLimits() Limits { return Limits{Body: 4 << 20, Fields: 10000} }

// Decode reads the parameters of r. path are the values that the route takes
// from the path, decoded once. What comes later replaces what came before: form
// (of POST and the like), query, form of a GET, JSON object in the body, path.
// Inside a query or a form the first of several values counts.
//
// A body that is declared to be neither a form nor JSON is read as JSON if it is
// a JSON object, and left out otherwise. Texts that are not UTF-8 get U+FFFD in
// place of each bad part, and so do zero bytes, which no database keeps in the
// same way. Query, form and path values are percent-decoded a
// second time for most clients, see [useragent.DecodesTwice]; JSON never.
//
// Errors: 905 for JSON that is broken or no object, for a broken multipart body
// and for more than the limits allow. The body is consumed.
func Decode(r *http.Request, path map[string]string, limits Limits) (*Params, error) {
	d := decoder{twice: useragent.DecodesTwice(r.Header.Get("User-Agent")), left: limits.Fields}
	query, err := d.urlEncoded(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	b, err := d.body(r, limits.Body)
	if err != nil {
		return nil, err
	}
	p := &Params{values: map[string]any{}, files: b.files}
	if r.Method == http.MethodGet {
		d.merge(p, query)
		d.merge(p, b.form)
	} else {
		d.merge(p, b.form)
		d.merge(p, query)
	}
	for k, v := range b.object {
		p.values[k] = v
	}
	d.merge(p, path)
	return p, nil
}

type decoder struct {
	twice bool
	left  int // values that may still come
}

func (d *decoder) merge(p *Params, values map[string]string) {
	for k, v := range values {
		if d.twice {
			v = Unquote(v)
		}
		p.values[withoutZero(k)] = withoutZero(v)
	}
}

func withoutZero(s string) string { return strings.ReplaceAll(s, "\x00", "\ufffd") }

// add keeps the first of several values.
func (d *decoder) add(values map[string]string, name, value string) error {
	if d.left--; d.left < 0 {
		return mfaerr.NewParameter("Too many parameters")
	}
	if _, there := values[name]; !there {
		values[name] = value
	}
	return nil
}

// urlEncoded reads application/x-www-form-urlencoded. Broken escapes stay as
// they are and ";" separates nothing, unlike in net/url.
func (d *decoder) urlEncoded(s string) (map[string]string, error) {
	values := map[string]string{}
	for pair := range strings.SplitSeq(s, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if err := d.add(values, unescapeForm(name), unescapeForm(value)); err != nil {
			return nil, err
		}
	}
	return values, nil
}

type body struct {
	form   map[string]string
	object map[string]any
	files  map[string]File
}

func (d *decoder) body(r *http.Request, limit int64) (body, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return body{}, nil
	}
	media, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		media = ""
	}
	content := http.MaxBytesReader(nil, r.Body, limit)
	if media == "multipart/form-data" {
		return d.multipart(content, attributes["boundary"])
	}
	data, err := io.ReadAll(content)
	if err != nil {
		return body{}, bodyError(err)
	}
	switch {
	case media == "application/x-www-form-urlencoded" || media == "application/x-url-encoded":
		form, err := d.urlEncoded(string(data))
		return body{form: form}, err
	case media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"):
		object, err := ParseObject(data)
		return body{object: object}, err
	}
	object, err := ParseObject(data)
	if err != nil {
		return body{}, nil // some other kind of body: its endpoint has no parameters in it
	}
	return body{object: object}, nil
}

func bodyError(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return mfaerr.NewParameter("The request body is longer than %d bytes", tooLarge.Limit)
	}
	return mfaerr.NewParameter("The request body cannot be read").WithCause(err)
}

func (d *decoder) multipart(content io.Reader, boundary string) (body, error) {
	b := body{form: map[string]string{}, files: map[string]File{}}
	if boundary == "" {
		return b, mfaerr.NewParameter("The multipart body has no boundary")
	}
	parts := multipart.NewReader(content, boundary)
	for {
		// Raw: a transfer encoding inside a form (RFC 7578 §4.7) has no meaning.
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, bodyError(err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return b, bodyError(err)
		}
		if err := d.part(&b, part, data); err != nil {
			return b, err
		}
	}
}

func (d *decoder) part(b *body, part *multipart.Part, data []byte) error {
	name := part.FormName()
	if name == "" {
		return nil
	}
	_, attributes, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if _, isFile := attributes["filename"]; !isFile {
		return d.add(b.form, validUTF8(name), validUTF8(string(data)))
	}
	if d.left--; d.left < 0 {
		return mfaerr.NewParameter("Too many parameters")
	}
	if _, there := b.files[name]; !there {
		b.files[name] = File{Name: part.FileName(), Data: data}
	}
	return nil
}

// ParseObject reads a JSON object into the kinds of values that [Params] has:
// whole numbers that fit are int64, others float64. No bytes at all are no
// parameters. Errors: 905 for broken JSON and for JSON that is no object.
func ParseObject(data []byte) (map[string]any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, mfaerr.NewParameter("The request body is not valid JSON").WithCause(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, mfaerr.NewParameter("The request body is not valid JSON")
	}
	object, ok := plain(v).(map[string]any)
	if !ok {
		return nil, mfaerr.NewParameter("The JSON in the request body must be an object")
	}
	return object, nil
}

// plain replaces the decoder's numbers by int64 and float64, and zero bytes.
func plain(v any) any {
	switch v := v.(type) {
	case string:
		return withoutZero(v)
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String() // beyond a float64: the digits are all that is left
		}
		return f
	case []any:
		for i, x := range v {
			v[i] = plain(x)
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[withoutZero(k)] = plain(x)
		}
		return out
	}
	return v
}
