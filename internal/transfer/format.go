package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"edumfa/internal/pyjson"
	"edumfa/internal/pyliteral"
	"edumfa/internal/yamltext"
)

// Formats names the forms of an export.
func Formats() []string { return []string{"python", "json", "yaml"} }

// Format writes an export in one of the Formats, a line end at the end.
func Format(v any, form string) (string, error) {
	switch strings.ToLower(form) {
	case "python":
		return pyliteral.Repr(v) + "\n", nil
	case "yaml":
		return yamltext.Format(v), nil
	case "json":
		b, err := pyjson.Marshal(toJSON(v))
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		if err := json.Indent(&out, b, "", "  "); err != nil {
			return "", err
		}
		return out.String() + "\n", nil
	}
	return "", fmt.Errorf("there is no format %q", form)
}

// Pretty writes an export for people to edit, without a line end at the end.
func Pretty(v any) string { return pyliteral.PPrint(v, 4, 80) }

// Parse reads a Python literal, JSON or YAML; whichever fits first. JSON comes
// in before YAML for its better errors.
func Parse(src string) (any, error) {
	v, literal := ParseLiteral(src)
	if literal == nil {
		return v, nil
	}
	v, err := yamltext.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("the text is no Python literal (%w), no JSON and no YAML (%s)", literal, err)
	}
	switch v.(type) {
	case *pyliteral.Dict, pyliteral.List:
		return v, nil
	}
	return nil, fmt.Errorf("the text is no Python literal (%w), no JSON and no YAML dictionary", literal)
}

// ParseLiteral reads a Python literal or JSON.
func ParseLiteral(src string) (any, error) {
	v, err := pyliteral.Parse(src)
	if err == nil {
		return v, nil
	}
	j, jsonErr := pyjson.Unmarshal([]byte(src))
	if jsonErr != nil {
		return nil, err
	}
	return fromJSON(j), nil
}

// ParseFile reads a file with the configuration of one kind, or of several
// ("" for kindName). Old files of one kind are a bare list.
func ParseFile(src, kindName string) (*pyliteral.Dict, error) {
	v, err := ParseLiteral(src)
	if err != nil {
		return nil, fmt.Errorf("the file is neither a Python literal nor JSON: %w", err)
	}
	switch x := v.(type) {
	case *pyliteral.Dict:
		if kindName == "" {
			return x, nil
		}
		part, ok := x.Get(kindName)
		if !ok {
			return nil, fmt.Errorf("the file has no part %q", kindName)
		}
		return pyliteral.NewDict(pyliteral.Pair{Key: kindName, Value: part}), nil
	case pyliteral.List:
		if kindName == "" {
			return nil, errors.New("the file is a bare list: it does not say of what")
		}
		return pyliteral.NewDict(pyliteral.Pair{Key: kindName, Value: x}), nil
	}
	return nil, errors.New("the file is no dictionary")
}

func fromJSON(v any) any {
	switch x := v.(type) {
	case pyjson.Object:
		d := pyliteral.NewDict()
		for _, m := range x {
			d.Set(m.Key, fromJSON(m.Value))
		}
		return d
	case []any:
		out := make(pyliteral.List, len(x))
		for i, e := range x {
			out[i] = fromJSON(e)
		}
		return out
	case json.Number: // beyond 64 bits
		return x.String()
	}
	return v
}

func toJSON(v any) any {
	switch x := v.(type) {
	case *pyliteral.Dict:
		o := pyjson.Object{}
		for k, e := range x.All() {
			o = append(o, pyjson.Member{Key: asText(k), Value: toJSON(e)})
		}
		return o
	case pyliteral.List:
		return listToJSON(x)
	case pyliteral.Tuple:
		return listToJSON(x)
	}
	return v
}

func listToJSON(list []any) []any {
	out := make([]any, len(list))
	for i, e := range list {
		out[i] = toJSON(e)
	}
	return out
}
