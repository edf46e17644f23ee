package logging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Logs are the open places of a set-up. They are safe for concurrent use.
type Logs struct {
	setup   Setup
	now     func() time.Time
	mu      sync.Mutex
	outputs map[string]output
	forms   map[string]form
}

// Options of Open.
type Options struct {
	// Dir is where relative file names begin.
	Dir string
	// Stdout and Stderr are the standard streams; nil are those of the process.
	Stdout, Stderr io.Writer
	Now            func() time.Time
}

// Open opens all places that loggers use.
func Open(s Setup, o Options) (*Logs, error) {
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Logs{setup: s, now: o.Now, outputs: map[string]output{}, forms: map[string]form{}}
	for _, logger := range s.Loggers {
		for _, name := range logger.Handlers {
			if l.outputs[name] != nil {
				continue
			}
			h := s.Handlers[name]
			out, err := openOutput(h, o)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("log handler %q: %w", name, err), l.Close())
			}
			l.outputs[name], l.forms[name] = out, compile(s.Formatters[h.Formatter])
		}
	}
	return l, nil
}

func openOutput(h Handler, o Options) (output, error) {
	switch h.short() {
	case "StreamHandler":
		if h.Stream == "stdout" {
			return stream{o.Stdout}, nil
		}
		return stream{o.Stderr}, nil
	case "FileHandler", "WatchedFileHandler", "RotatingFileHandler", "TimedRotatingFileHandler":
		if h.File == "" {
			return nil, errors.New("there is no file name")
		}
		path := h.File
		if !filepath.IsAbs(path) {
			path = filepath.Join(o.Dir, path)
		}
		return openFile(h, path)
	case "SysLogHandler":
		return openSyslog(h)
	case "NullHandler":
		return nothing{}, nil
	}
	return nil, fmt.Errorf("the class %q is not supported", h.Class)
}

// route lists the handlers that lines of a name go to, and the least level of
// lines that are taken.
func (l *Logs) route(name string) (handlers []string, least int) {
	for {
		logger, ok := l.setup.Loggers[name]
		if ok {
			handlers = append(handlers, logger.Handlers...)
			if least == 0 {
				least = logger.Level
			}
			if logger.Alone {
				return handlers, least
			}
		}
		if name == "" {
			return handlers, least
		}
		name = name[:max(0, strings.LastIndexByte(name, '.'))]
	}
}

// Takes reports whether lines of a name go anywhere.
func (l *Logs) Takes(name string) bool {
	handlers, _ := l.route(name)
	for _, h := range handlers {
		if _, none := l.outputs[h].(nothing); !none {
			return true
		}
	}
	return false
}

// Audit writes a line of a name to all its handlers, whatever their levels are:
// rows of the audit are not left out because they are no warnings. The error says
// that one of them could not write it.
func (l *Logs) Audit(name, message string) error {
	handlers, _ := l.route(name)
	if len(handlers) == 0 {
		return fmt.Errorf("the logger %q has no handler", name)
	}
	entry := line{l.now(), Info, name, message}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range handlers {
		if err := l.outputs[h].write(entry, l.forms[h].text(entry)); err != nil {
			return fmt.Errorf("log handler %q: %w", h, err)
		}
	}
	return nil
}

// write writes a line to the handlers whose levels let it pass.
func (l *Logs) write(entry line, handlers []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all error
	for _, h := range handlers {
		if entry.level >= l.setup.Handlers[h].Level {
			all = errors.Join(all, l.outputs[h].write(entry, l.forms[h].text(entry)))
		}
	}
	return all
}

// Reopen opens all files anew, so that what moved them away can have the old ones.
func (l *Logs) Reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all error
	for _, o := range l.outputs {
		all = errors.Join(all, o.reopen())
	}
	return all
}

// Close ends all.
func (l *Logs) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all error
	for _, o := range l.outputs {
		all = errors.Join(all, o.close())
	}
	return all
}

// Logger is the logger of a name.
func (l *Logs) Logger(name string) *slog.Logger {
	handlers, least := l.route(name)
	buf := &textBuffer{}
	drop := func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
			return slog.Attr{}
		}
		return a
	}
	inner := slog.NewTextHandler(&buf.b, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: drop})
	return slog.New(&handler{logs: l, name: name, handlers: handlers, least: max(least, Debug), buf: buf, attrs: inner})
}

// textBuffer is where the attributes of one record are written at a time.
type textBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

type handler struct {
	logs     *Logs
	name     string
	handlers []string
	least    int
	buf      *textBuffer
	attrs    slog.Handler
}

// python is a level as numbers of Python's logging.
func python(n slog.Level) int {
	switch {
	case n < slog.LevelInfo:
		return Debug
	case n < slog.LevelWarn:
		return Info
	case n < slog.LevelError:
		return Warning
	}
	return Error
}

func (h *handler) Enabled(_ context.Context, n slog.Level) bool { return python(n) >= h.least }

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	h.buf.mu.Lock()
	h.buf.b.Reset()
	err := h.attrs.Handle(ctx, r)
	attrs := strings.TrimSpace(h.buf.b.String())
	h.buf.mu.Unlock()
	if err != nil {
		return err
	}
	return h.logs.write(line{r.Time, python(r.Level), h.name, strings.TrimSpace(r.Message + " " + attrs)}, h.handlers)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = h.attrs.WithAttrs(attrs)
	return &c
}

func (h *handler) WithGroup(name string) slog.Handler {
	c := *h
	c.attrs = h.attrs.WithGroup(name)
	return &c
}
