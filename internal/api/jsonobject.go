package api

import (
	"bytes"
	"encoding/json"

	"edumfa/internal/mfaerr"
	"edumfa/internal/pyjson"
)

// jsonObject reads a parameter that is an object, or the JSON text of one.
func jsonObject(name string, v any) (map[string]any, error) {
	if s, isText := v.(string); isText {
		d := json.NewDecoder(bytes.NewReader([]byte(s)))
		d.UseNumber()
		v = nil
		if err := d.Decode(&v); err != nil || d.More() {
			return nil, mfaerr.NewParameter("%s: expected dictionary, got no JSON", name)
		}
	}
	object, isObject := v.(map[string]any)
	if !isObject {
		shown, err := pyjson.Marshal(v)
		if err != nil {
			return nil, mfaerr.NewParameter("%s: expected dictionary", name)
		}
		return nil, mfaerr.NewParameter("%s: expected dictionary, got %s", name, bytes.ReplaceAll(shown, []byte(`"`), []byte("'")))
	}
	return object, nil
}
