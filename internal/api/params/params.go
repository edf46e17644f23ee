// Package params reads the parameters of a request, wherever a client puts
// them, into one set of named values: query, form, multipart, JSON body and path.
// Handlers, policies and event handlers read and change that set; nothing else
// looks at the raw request.
package params

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/mfaerr"
)

// Params are the merged parameters of one request. A value is nil (JSON null),
// a string, a bool, an int64, a float64, a []any or a map[string]any of these;
// all but strings come from JSON bodies. Not safe for concurrent use.
type Params struct {
	values map[string]any
	files  map[string]File
}

// File is an uploaded file of a multipart form.
type File struct {
	Name string // file name as the client gave it, without folders
	Data []byte
}

// New makes parameters of values that already are of the kinds that [Params]
// allows, and of int.
func New(values map[string]any) *Params {
	p := &Params{values: make(map[string]any, len(values))}
	for k, v := range values {
		p.Set(k, v)
	}
	return p
}

// Clone is a copy that can be changed on its own; lists and objects in it are
// shared.
func (p *Params) Clone() *Params {
	return &Params{values: maps.Clone(p.values), files: p.files}
}

// Has reports whether the parameter was sent, even as null or empty.
func (p *Params) Has(name string) bool {
	_, ok := p.values[name]
	return ok
}

// Raw is the value as it came, nil when it is missing.
func (p *Params) Raw(name string) any { return p.values[name] }

// Set adds or replaces a parameter.
func (p *Params) Set(name string, value any) {
	if p.values == nil {
		p.values = map[string]any{}
	}
	if n, ok := value.(int); ok {
		value = int64(n)
	}
	p.values[name] = value
}

// Delete removes a parameter; a missing one is no error.
func (p *Params) Delete(name string) { delete(p.values, name) }

// Names are the names of all parameters, sorted.
func (p *Params) Names() []string { return slices.Sorted(maps.Keys(p.values)) }

// Prefixed are the parameters whose names begin with prefix ("option."), under
// the rest of their names.
func (p *Params) Prefixed(prefix string) map[string]any {
	out := map[string]any{}
	for k, v := range p.values {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			out[rest] = v
		}
	}
	return out
}

// File is an uploaded file.
func (p *Params) File(name string) (File, bool) {
	f, ok := p.files[name]
	return f, ok
}

// Text is the parameter as text; see [AsText]. It is missing when it was not
// sent or is null.
func (p *Params) Text(name string) (string, bool) {
	v := p.values[name]
	if v == nil {
		return "", false
	}
	return AsText(v), true
}

// TextOr is [Params.Text] with a value for a missing parameter.
func (p *Params) TextOr(name, missing string) string {
	if s, ok := p.Text(name); ok {
		return s
	}
	return missing
}

// Required is a parameter that must be there; it may be empty. The error is 905
// in the words that clients match on.
func (p *Params) Required(name string) (string, error) {
	if s, ok := p.Text(name); ok {
		return s, nil
	}
	return "", mfaerr.NewParameter("Missing parameter: '%s'", name)
}

// RequiredNonEmpty is a parameter that must be there and not be empty.
func (p *Params) RequiredNonEmpty(name string) (string, error) {
	s, err := p.Required(name)
	if err == nil && s == "" {
		err = mfaerr.NewParameter("Parameter '%s' must not be empty", name)
	}
	return s, err
}

// Bool is the parameter as a flag; a missing one is false. See [AsBool].
func (p *Params) Bool(name string) bool { return AsBool(p.values[name]) }

// BoolOr is [Params.Bool] with a value for a missing parameter.
func (p *Params) BoolOr(name string, missing bool) bool {
	if v := p.values[name]; v != nil {
		return AsBool(v)
	}
	return missing
}

// Int is the parameter as a whole number; missing is returned for one that is
// not there or is empty. The error is 905.
func (p *Params) Int(name string, missing int) (int, error) {
	v := p.values[name]
	if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f), nil
	}
	text := strings.TrimSpace(AsText(v))
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, mfaerr.NewParameter("Parameter '%s' must be a whole number", name)
	}
	return n, nil
}

// List is the parameter as several texts: a JSON list, or a text with commas
// around which blanks do not count. Empty parts are left out.
func (p *Params) List(name string) []string {
	var out []string
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	switch v := p.values[name].(type) {
	case []any:
		for _, x := range v {
			add(AsText(x))
		}
	default:
		for part := range strings.SplitSeq(AsText(v), ",") {
			add(part)
		}
	}
	return out
}

// AsText writes a parameter value as text: null is empty, flags are True and
// False (as stored settings spell them), lists are joined with commas, objects
// are JSON.
func AsText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		texts := make([]string, len(v))
		for i, x := range v {
			texts[i] = AsText(x)
		}
		return strings.Join(texts, ",")
	}
	data, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(data)
}

// AsBool reads the spellings of true that clients use: 1, "1", true, "true",
// "True", "TRUE". Everything else is false.
func AsBool(value any) bool {
	switch v := value.(type) {
	case bool:
		return v
	case int64:
		return v == 1
	case float64:
		return v == 1
	case string:
		return v == "1" || v == "true" || v == "True" || v == "TRUE"
	}
	return false
}
