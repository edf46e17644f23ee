package requestmangler

import (
	"log/slog"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/api/params"
	"edumfa/internal/event"
)

type lang struct{ event.Language }

func (lang) Match(pattern, text string) ([]string, bool, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, false, err
	}
	g := re.FindStringSubmatch(text)
	return g, g != nil, nil
}

func TestDo(t *testing.T) {
	type m = map[string]string
	request := map[string]any{"user": "alice", "pass": "7552241234", "number": int64(7)}
	for _, c := range []struct {
		name, action string
		options      m
		parameter    string
		want         any
		fails        bool
	}{
		{"sets", "set", m{"parameter": "pin", "value": "x"}, "pin", "x", false},
		{"replaces", "set", m{"parameter": "pass", "value": "x"}, "pass", "x", false},
		{"sets the empty text", "set", m{"parameter": "pass", "value": ""}, "pass", "", false},
		{"letter case of the action", "SET", m{"parameter": "pass", "value": "x"}, "pass", "x", false},
		{"transports", "set", m{"parameter": "webauthn_allowed_transports", "value": "usb ble nfc internal"}, "webauthn_allowed_transports", "usb ble nfc internal", false},
		{"braces without a pattern stay", "set", m{"parameter": "pass", "value": "{0}"}, "pass", "{0}", false},
		{"deletes", "delete", m{"parameter": "pass"}, "pass", nil, false},
		{"deletes what is not there", "delete", m{"parameter": "unknown"}, "unknown", nil, false},
		{"no parameter", "set", m{"value": "x"}, "pass", "7552241234", false},
		{"no value", "set", m{"parameter": "pass"}, "pass", "7552241234", false},
		{"unknown action", "shuffle", m{"parameter": "pass", "value": "x"}, "pass", "7552241234", false},
		{"groups", "set", m{"parameter": "pass", "value": "{1}{0}", "match_parameter": "pass", "match_pattern": `(\d{6})(\d{4})`}, "pass", "1234755224", false},
		{"groups in turn", "set", m{"parameter": "pass", "value": "{}-{}", "match_parameter": "pass", "match_pattern": `(\d{6})(\d{4})`}, "pass", "755224-1234", false},
		{"doubled braces", "set", m{"parameter": "pass", "value": "{{{0}}}", "match_parameter": "pass", "match_pattern": `(\d).*`}, "pass", "{7}", false},
		{"the whole value has to match", "set", m{"parameter": "pass", "value": "x", "match_parameter": "pass", "match_pattern": `\d{6}`}, "pass", "7552241234", false},
		{"another parameter", "set", m{"parameter": "realm", "value": "of-{0}", "match_parameter": "user", "match_pattern": `(.*)`}, "realm", "of-alice", false},
		{"the other one is missing", "set", m{"parameter": "pass", "value": "x", "match_parameter": "otp", "match_pattern": `.*`}, "pass", "7552241234", false},
		{"no pattern", "set", m{"parameter": "pass", "value": "x", "match_parameter": "pass"}, "pass", "7552241234", false},
		{"too few groups", "set", m{"parameter": "pass", "value": "{0}{1}{2}", "match_parameter": "pass", "match_pattern": `(.)(.*)`}, "pass", "7552241234", false},
		{"a number matches as text", "set", m{"parameter": "pass", "value": "x{0}", "match_parameter": "number", "match_pattern": `(.*)`}, "pass", "x7", false},
		{"a name is no group", "set", m{"parameter": "pass", "value": "x{a}", "match_parameter": "pass", "match_pattern": `.*`}, "pass", "7552241234", true},
		{"an open brace", "set", m{"parameter": "pass", "value": "x{", "match_parameter": "pass", "match_pattern": `.*`}, "pass", "7552241234", true},
		{"a closing brace", "set", m{"parameter": "pass", "value": "x}", "match_parameter": "pass", "match_pattern": `.*`}, "pass", "7552241234", true},
		{"a broken pattern", "set", m{"parameter": "pass", "value": "x", "match_parameter": "pass", "match_pattern": `(`}, "pass", "7552241234", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := params.New(request)
			call := event.Call{
				Definition: event.Definition{Action: c.action, Options: c.options}, Params: p,
				Lang: lang{}, Now: time.Unix(0, 0), Log: slog.New(slog.DiscardHandler),
			}
			if err := (Handler{}).Do(t.Context(), call); (err != nil) != c.fails {
				t.Errorf("error %v", err)
			}
			if got := p.Raw(c.parameter); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestInfo_IsWhatTheCatalogSays(t *testing.T) {
	c, err := event.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	want, _ := c.Module("RequestMangler")
	if diff := cmp.Diff(want, Handler{}.Info()); diff != "" {
		t.Error(diff)
	}
}

func FuzzFill(f *testing.F) {
	for _, s := range []string{"{0}", "{1}{0}", "{}", "{{", "}", "{-1}", "{9999999999999999999}", "x{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, template string) {
		text, enough, err := fill(template, []string{"a", "b"})
		if (err != nil || !enough) && text != "" {
			t.Errorf("%q: %q", template, text)
		}
	})
}
