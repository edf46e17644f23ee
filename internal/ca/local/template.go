package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"edumfa/internal/pyliteral"
	"edumfa/internal/yamltext"
)

// mostConfig bounds files of settings.
const mostConfig = 1 << 20

// template is what one template says; zero values leave it to the configuration.
type template struct {
	days       int
	extensions string
}

// path is a file of the settings: relative names begin at the working folder,
// and that at the folder of the server's configuration.
func (c *connector) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	if folder := c.values.String(setFolder, ""); folder != "" {
		name = filepath.Join(folder, name)
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.deps.Dir, name)
}

// Templates are those of the file. A file that is not there has none.
func (c *connector) Templates(context.Context) (map[string]any, error) {
	d, err := c.templateFile()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		c.deps.Log.Warn("templates of a CA connector cannot be read", "connector", c.name, "error", err)
		return map[string]any{}, nil
	}
	if err != nil || d == nil {
		return nil, err
	}
	return plain(d).(map[string]any), nil
}

// templateFile reads the file; nil when it is empty, an empty dictionary when
// there are no templates.
func (c *connector) templateFile() (*pyliteral.Dict, error) {
	name := c.values.String(setTemplates, "")
	if name == "" {
		return pyliteral.NewDict(), nil
	}
	b, err := readFile(c.path(name))
	if err != nil {
		return nil, err
	}
	return parseTemplates(string(b))
}

func parseTemplates(src string) (*pyliteral.Dict, error) {
	v, err := yamltext.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	if v == nil {
		return nil, nil
	}
	d, ok := v.(*pyliteral.Dict)
	if !ok {
		return nil, errors.New("templates: a mapping of names is expected")
	}
	return d, nil
}

// findTemplate finds one template.
func findTemplate(d *pyliteral.Dict, name string) (template, error) {
	if d == nil {
		return template{}, fmt.Errorf("there is no template %q", name)
	}
	v, ok := d.Get(name)
	if !ok {
		return template{}, fmt.Errorf("there is no template %q", name)
	}
	t, ok := v.(*pyliteral.Dict)
	if !ok {
		return template{}, fmt.Errorf("the template %q is no mapping", name)
	}
	var out template
	if days, ok := t.Get("days"); ok && days != nil {
		n, err := strconv.Atoi(pyliteral.Str(days))
		if err != nil || n < 1 || n > mostDays {
			return template{}, fmt.Errorf("the days of the template %q are not between 1 and %d", name, mostDays)
		}
		out.days = n
	}
	if x, ok := t.Get("extensions"); ok && x != nil {
		out.extensions = pyliteral.Str(x)
	}
	return out, nil
}

// mostDays bounds how long something may be valid.
const mostDays = 36500

// plain turns values of a file into those of an answer.
func plain(v any) any {
	switch x := v.(type) {
	case *pyliteral.Dict:
		out := map[string]any{}
		for k, e := range x.All() {
			out[pyliteral.Str(k)] = plain(e)
		}
		return out
	case pyliteral.List:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = plain(e)
		}
		return out
	case nil, bool, int64, float64, string:
		return x
	}
	return pyliteral.Str(v)
}

// readFile reads a file that is not unreasonably large.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name) // before it is opened: a pipe would wait for a writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > mostConfig {
		return nil, fmt.Errorf("%s is no file, or too large", name)
	}
	return os.ReadFile(name)
}
