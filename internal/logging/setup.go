package logging

import (
	"fmt"
	"strconv"
	"strings"

	"edumfa/internal/pyliteral"
	"edumfa/internal/yamltext"
)

// Levels of Python's logging.
const (
	Debug    = 10
	Info     = 20
	Warning  = 30
	Error    = 40
	Critical = 50
)

// Setup says where log lines go.
type Setup struct {
	Formatters map[string]Formatter
	Handlers   map[string]Handler
	// Loggers by name; "" is the root.
	Loggers map[string]Logger
}

// Formatter is the form of lines.
type Formatter struct {
	Format string // with %(name)s; "" is the message alone
	Date   string // strftime; "" is 2006-01-02 15:04:05,000
}

// Handler is a place for lines.
type Handler struct {
	Class     string // "logging.StreamHandler" and others
	Level     int
	Formatter string
	File      string // of file handlers, as in the set-up
	MaxBytes  int64  // of rotating files; 0 is no limit
	Backups   int
	When      string // of files that are rotated by time: "midnight", "D", "H"
	Stream    string // "stdout" or "stderr"
	Address   string // of syslog: a socket's path, or host:port
	Facility  string
}

// Logger sends lines of a name, and of all names below it, to handlers.
type Logger struct {
	Level    int // 0 is that of the logger above
	Handlers []string
	// Alone loggers do not hand lines on to the logger above.
	Alone bool
}

// Default is the set-up without a set-up file: one file, rotated at 10 MB, with
// five old ones kept.
func Default(file string, level int) Setup {
	return Setup{
		Formatters: map[string]Formatter{"detail": {Format: "[%(asctime)s][%(process)d][%(thread)d][%(levelname)s][%(name)s:%(lineno)d] %(message)s"}},
		Handlers:   map[string]Handler{"file": {Class: "logging.handlers.RotatingFileHandler", File: file, MaxBytes: 10_000_000, Backups: 5, Formatter: "detail"}},
		Loggers:    map[string]Logger{"": {Level: level, Handlers: []string{"file"}}},
	}
}

// Parse reads a set-up in either form. The sections begin with "[", which no YAML
// mapping does.
func Parse(src string) (Setup, error) {
	s := Setup{Formatters: map[string]Formatter{}, Handlers: map[string]Handler{}, Loggers: map[string]Logger{}}
	read := s.yaml
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			read = s.sections
		}
		break
	}
	if err := read(src); err != nil {
		return Setup{}, err
	}
	return s, s.check()
}

func (s Setup) check() error {
	for name, l := range s.Loggers {
		for _, h := range l.Handlers {
			if _, ok := s.Handlers[h]; !ok {
				return fmt.Errorf("logger %q: there is no handler %q", name, h)
			}
		}
	}
	for name, h := range s.Handlers {
		if _, ok := s.Formatters[h.Formatter]; !ok && h.Formatter != "" {
			return fmt.Errorf("handler %q: there is no formatter %q", name, h.Formatter)
		}
	}
	if len(s.Loggers) == 0 {
		return fmt.Errorf("there is no logger")
	}
	return nil
}

// dict is a mapping of the YAML form.
type dict struct{ *pyliteral.Dict }

func (d dict) text(key string) string {
	if d.Dict == nil {
		return ""
	}
	v, ok := d.Get(key)
	if !ok || v == nil {
		return ""
	}
	return pyliteral.Str(v)
}

func (d dict) below(key string) dict {
	if d.Dict == nil {
		return dict{}
	}
	v, _ := d.Get(key)
	m, _ := v.(*pyliteral.Dict)
	return dict{m}
}

func (d dict) list(key string) (out []string) {
	if d.Dict == nil {
		return nil
	}
	v, _ := d.Get(key)
	list, _ := v.(pyliteral.List)
	for _, e := range list {
		out = append(out, pyliteral.Str(e))
	}
	return out
}

// each calls f for every mapping in a mapping.
func (d dict) each(f func(name string, d dict) error) error {
	if d.Dict == nil {
		return nil
	}
	for k, v := range d.All() {
		name := pyliteral.Str(k)
		m, ok := v.(*pyliteral.Dict)
		if !ok {
			return fmt.Errorf("%q is no mapping", name)
		}
		if err := f(name, dict{m}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (s Setup) yaml(src string) error {
	v, err := yamltext.Parse(src)
	if err != nil {
		return err
	}
	m, ok := v.(*pyliteral.Dict)
	if !ok {
		return fmt.Errorf("the set-up is no mapping")
	}
	top := dict{m}
	if err := top.below("formatters").each(func(name string, d dict) error {
		s.Formatters[name] = Formatter{Format: d.text("format"), Date: d.text("datefmt")}
		return nil
	}); err != nil {
		return err
	}
	if err := top.below("handlers").each(s.yamlHandler); err != nil {
		return err
	}
	if err := top.below("loggers").each(s.yamlLogger); err != nil {
		return err
	}
	if root := top.below("root"); root.Dict != nil {
		return s.yamlLogger("root", root)
	}
	return nil
}

func (s Setup) yamlHandler(name string, d dict) error {
	h := Handler{Class: d.text("class"), Formatter: d.text("formatter"), File: d.text("filename"), When: d.text("when"),
		Stream: strings.TrimPrefix(d.text("stream"), "ext://sys."), Facility: d.text("facility")}
	var err error
	if h.Level, err = level(d.text("level")); err != nil {
		return err
	}
	if err := h.sizes(d.text("maxBytes"), d.text("backupCount")); err != nil {
		return err
	}
	h.Address = d.text("address")
	if parts := d.list("address"); len(parts) == 2 {
		h.Address = parts[0] + ":" + parts[1]
	}
	s.Handlers[name] = h
	return nil
}

// yamlLogger reads a logger. Its key is its name; a qualname, which belongs to
// the other form, names it as well.
func (s Setup) yamlLogger(name string, d dict) error {
	n, err := level(d.text("level"))
	if err != nil {
		return err
	}
	l := Logger{Level: n, Handlers: d.list("handlers"), Alone: isNo(d.text("propagate"))}
	s.Loggers[rootName(name)] = l
	if q := d.text("qualname"); q != "" {
		s.Loggers[rootName(q)] = l
	}
	return nil
}

func (h *Handler) sizes(maxBytes, backups string) (err error) {
	if maxBytes != "" {
		if h.MaxBytes, err = strconv.ParseInt(maxBytes, 10, 64); err != nil || h.MaxBytes < 0 {
			return fmt.Errorf("maxBytes %q is no number", maxBytes)
		}
	}
	if backups != "" {
		if h.Backups, err = strconv.Atoi(backups); err != nil || h.Backups < 0 || h.Backups > 10000 {
			return fmt.Errorf("backupCount %q is no number of files", backups)
		}
	}
	return nil
}

func rootName(name string) string {
	if name == "root" {
		return ""
	}
	return name
}

func isNo(s string) bool { return s == "0" || s == "False" || s == "false" || s == "no" }

// level reads a level: its name or its number; "" is 0.
func level(s string) (int, error) {
	switch strings.ToUpper(strings.TrimPrefix(s, "logging.")) {
	case "", "NOTSET":
		return 0, nil
	case "DEBUG":
		return Debug, nil
	case "INFO":
		return Info, nil
	case "WARNING", "WARN":
		return Warning, nil
	case "ERROR":
		return Error, nil
	case "CRITICAL", "FATAL":
		return Critical, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("the level %q is not known", s)
	}
	return n, nil
}
