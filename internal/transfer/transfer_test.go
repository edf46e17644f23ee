package transfer

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"edumfa/internal/pyliteral"
	"edumfa/internal/secret"
	"edumfa/internal/task"
)

func TestParseFile(t *testing.T) {
	for name, c := range map[string]struct {
		src, kind string
		ok        bool
	}{
		"a part":               {"{'policy': [], 'event': []}", "policy", true},
		"a bare list":          {"[{'name': 'x'}]", "policy", true},
		"JSON":                 {`{"policy": [{"active": true, "realm": null}]}`, "policy", true},
		"everything":           {"{'policy': []}", "", true},
		"another part":         {"{'event': []}", "policy", false},
		"a list of what":       {"[]", "", false},
		"a text":               {"'policy'", "policy", false},
		"code":                 {"{'policy': [open('x')]}", "policy", false},
		"nothing":              {"", "policy", false},
		"YAML is not for this": {"policy: []\n", "policy", false},
	} {
		t.Run(name, func(t *testing.T) {
			if d, err := ParseFile(c.src, c.kind); (err == nil) != c.ok {
				t.Errorf("%v, %v", d, err)
			}
		})
	}
}

func TestFormatsAreReadBack(t *testing.T) {
	v := pyliteral.NewDict(pyliteral.Pair{Key: "policy", Value: pyliteral.List{pyliteral.NewDict(
		pyliteral.Pair{Key: "name", Value: "Büro 'x'"}, pyliteral.Pair{Key: "active", Value: true}, pyliteral.Pair{Key: "priority", Value: int64(3)},
		pyliteral.Pair{Key: "realm", Value: nil}, pyliteral.Pair{Key: "conditions", Value: pyliteral.List{pyliteral.List{"a", "b", false}}})}})
	for _, form := range Formats() {
		text, err := Format(v, form)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(text)
		if err != nil || Pretty(got) != Pretty(v) {
			t.Errorf("%s: %v\n%s", form, err, text)
		}
	}
	if _, err := Format(v, "xml"); err == nil {
		t.Error("xml")
	}
}

func TestArchive(t *testing.T) {
	b, err := Pack(BackupName+"-x.py", []byte("{}"), time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Unpack(b); err != nil || string(got) != "{}" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Unpack([]byte("{'policy': []}")); err != nil || string(got) != "{'policy': []}" {
		t.Errorf("%q, %v", got, err)
	}
	other, err := Pack("another.py", []byte("{}"), time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Unpack(other); err == nil {
		t.Error("an archive of something else")
	}
}

func TestInternalStore(t *testing.T) {
	for uri, want := range map[string]string{
		"sqlite:////var/lib/x.sqlite":             "sqlite|/||/var/lib/x.sqlite",
		"postgresql+psycopg2://u:p%40@h:5433/mfa": "postgresql+psycopg2|h:5433|u p@|mfa",
	} {
		d, err := InternalStore(secret.New(uri), "own")
		if err != nil {
			t.Fatal(err)
		}
		account := strings.TrimSpace(textOf(d, "User") + " " + textOf(d, "Password"))
		if got := strings.Join([]string{textOf(d, "Driver"), textOf(d, "Server"), account, textOf(d, "Database")}, "|"); got != want || textOf(d, "Table") != "users_own" {
			t.Errorf("%s: %s", uri, got)
		}
	}
}

func TestReadEventRefuses(t *testing.T) {
	const good = "'name': 'n', 'event': 'auth', 'handlermodule': 'Token', 'action': 'x'"
	if _, err := readEvent(parseDict(t, "{"+good+"}")); err != nil {
		t.Error(err)
	}
	for _, more := range []string{"'name': ''", "'event': []", "'handlermodule': None", "'action': ''", "'position': 'between'", "'ordering': 'first'", "'options': []"} {
		if r, err := readEvent(parseDict(t, "{"+good+", "+more+"}")); err == nil {
			t.Errorf("%s: %+v", more, r)
		}
	}
}

func parseDict(t *testing.T, src string) *pyliteral.Dict {
	t.Helper()
	d, err := ParseDict(src)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "{'event': [{'name': 'x', 'event': 'a,b'}]}", `{"realm": {"a": {"resolver": ["x", {"name": "y", "priority": 1}]}}}`, "a:\n- b\n", "(1,)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		v, err := Parse(src)
		if err != nil {
			return
		}
		for _, form := range Formats() {
			_, _ = Format(v, form)
		}
		list, _ := objects(v)
		for _, d := range list {
			_, _ = readEvent(d)
			_, _ = readLinks(d)
		}
	})
}

func FuzzUnpack(f *testing.F) {
	b, _ := Pack(BackupName+".py", []byte("{}"), time.Unix(0, 0))
	f.Add(b)
	f.Fuzz(func(_ *testing.T, src []byte) { _, _ = Unpack(src) })
}

func TestReadTaskRefuses(t *testing.T) {
	whole := `{'id': 7, 'name': 'n', 'interval': '@daily', 'nodes': ['a', ' b'], 'taskmodule': 'SimpleStats', 'ordering': 3, 'active': 'False', 'options': {'x': True}, 'last_runs': {}}`
	read := func(src string) (task.Task, error) {
		v, err := pyliteral.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		return readTask(v.(*pyliteral.Dict))
	}
	got, err := read(whole)
	want := task.Task{Name: "n", Retry: true, Interval: "@daily", Nodes: []string{"a", "b"}, Module: "SimpleStats", Ordering: 3, Options: map[string]string{"x": "True"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	for name, change := range map[string][2]string{
		"no name": {`'n'`, `''`}, "no cron expression": {"@daily", "daily"}, "no nodes": {"['a', ' b']", "[]"}, "no module": {"'SimpleStats'", "None"},
		"an ordering that is none": {"3", "-3"}, "options that are none": {"{'x': True}", "[1]"},
	} {
		if got, err := read(strings.Replace(whole, change[0], change[1], 1)); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
