package responsemangler

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/event"
)

type object = map[string]any

func answer() object {
	return object{"id": 1, "jsonrpc": "2.0", "empty": "", "list": []any{"a"}, "detail": object{"message": "no", "serial": "S1"}, "result": object{"status": true, "value": false}}
}

func TestDo(t *testing.T) {
	with := func(change func(object)) object { a := answer(); change(a); return a }
	same := answer()
	for _, c := range []struct {
		name, action, pointer, kind, value string
		want                               object
		fails                              bool
	}{
		{"sets a text", "set", "/detail/message", "string", "all is well", with(func(a object) { a["detail"].(object)["message"] = "all is well" }), false},
		{"letter case of the action", "Set", "/detail/message", "string", "x", with(func(a object) { a["detail"].(object)["message"] = "x" }), false},
		{"sets a number", "set", "/result/value", "integer", " 12 ", with(func(a object) { a["result"].(object)["value"] = int64(12) }), false},
		{"what is no number stays a text", "set", "/result/value", "integer", "many", with(func(a object) { a["result"].(object)["value"] = "many" }), false},
		{"a number too large stays a text", "set", "/x", "integer", "99999999999999999999", with(func(a object) { a["x"] = "99999999999999999999" }), false},
		{"sets true", "set", "/result/value", "bool", "1", with(func(a object) { a["result"].(object)["value"] = true }), false},
		{"yes is not true", "set", "/result/status", "bool", "yes", with(func(a object) { a["result"].(object)["status"] = false }), false},
		{"unknown type", "set", "/x", "float", "1.5", with(func(a object) { a["x"] = "1.5" }), false},
		{"at the top, without slash", "set", "x", "string", "y", with(func(a object) { a["x"] = "y" }), false},
		{"makes objects", "set", "/a/b/c", "string", "y", with(func(a object) { a["a"] = object{"b": object{"c": "y"}} }), false},
		{"in place of what is empty", "set", "/empty/b", "string", "y", with(func(a object) { a["empty"] = object{"b": "y"} }), false},
		{"double slashes", "set", "//detail///message/", "string", "y", with(func(a object) { a["detail"].(object)["message"] = "y" }), false},
		{"below a number", "set", "/id/below", "string", "y", same, true},
		{"below a list", "set", "/list/0", "string", "y", same, true},
		{"below a text in an object", "set", "/detail/message/x", "string", "y", same, true},
		{"too deep", "set", "/a/b/c/d", "string", "y", same, false},
		{"no pointer", "set", "", "string", "y", same, false},
		{"only slashes", "delete", "///", "", "", same, false},
		{"deletes", "delete", "/detail/message", "", "", with(func(a object) { delete(a["detail"].(object), "message") }), false},
		{"deletes an object", "delete", "/detail", "", "", with(func(a object) { delete(a, "detail") }), false},
		{"deletes what is not there", "delete", "/nothing/here", "", "", same, false},
		{"deletes what is not there, three deep", "delete", "/result/a/b", "", "", same, false},
		{"deletes below a number", "delete", "/id/below", "", "", same, true},
		{"unknown action", "shuffle", "/detail", "", "", same, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &event.Response{Status: 200, Body: answer()}
			err := Handler{}.Do(t.Context(), event.Call{Response: r, Log: slog.New(slog.DiscardHandler),
				Definition: event.Definition{Action: c.action, Options: map[string]string{"JSON pointer": c.pointer, "type": c.kind, "value": c.value}}})
			if (err != nil) != c.fails {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(c.want, r.Body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDo_LeavesFilesAlone(t *testing.T) {
	r := &event.Response{Status: 200, Body: object{}, Plain: true}
	err := Handler{}.Do(t.Context(), event.Call{Response: r, Definition: event.Definition{Action: "set", Options: map[string]string{"JSON pointer": "/x", "value": "y"}}})
	if err != nil || len(r.Body) != 0 {
		t.Errorf("%v %v", r.Body, err)
	}
}

func FuzzDo(f *testing.F) {
	for _, s := range []string{"/detail/message", "/a/b/c/d", "", "///", "/list/0", "/~1/é"} {
		f.Add(s, "set", "1")
		f.Add(s, "delete", "")
	}
	f.Fuzz(func(t *testing.T, pointer, action, value string) {
		r := &event.Response{Body: answer()}
		err := Handler{}.Do(t.Context(), event.Call{Response: r, Log: slog.New(slog.DiscardHandler),
			Definition: event.Definition{Action: action, Options: map[string]string{"JSON pointer": pointer, "value": value}}})
		if err == nil {
			return
		}
		if diff := cmp.Diff(answer(), r.Body); diff != "" {
			t.Errorf("an error changed the answer: %s", diff)
		}
	})
}
