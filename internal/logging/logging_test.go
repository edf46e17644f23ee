package logging

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const sectionsForm = `# as the field delivers it
[formatters]
keys=detail

[handlers]
keys=file,audit,con

[formatter_detail]
class=some.module.Formatter
format=[%(asctime)s][%(levelname)s][%(name)s:%(lineno)d] %(message)s

[handler_file]
class=logging.handlers.RotatingFileHandler
backupCount=14
maxBytes=10000000
formatter=detail
level=DEBUG
args=('edumfa.log',)

[handler_audit]
class=logging.handlers.RotatingFileHandler
level=WARNING
args=('audit.log', 'a', 60, 2)

[handler_con]
class=StreamHandler
level=ERROR
args=(sys.stdout,)

[loggers]
keys=root,edumfa,audit

[logger_edumfa]
handlers=file
qualname=edumfa
level=INFO

[logger_root]
level=ERROR
handlers=con

[logger_audit]
handlers=audit
qualname=edumfa.lib.auditmodules.loggeraudit
level=INFO
propagate=0
`

const yamlForm = `version: 1
formatters:
  detail:
    (): edumfa.lib.log.SecureFormatter
    format: '[%(asctime)s][%(levelname)s][%(name)s:%(lineno)d]
      %(message)s'
handlers:
  file:
    class: logging.handlers.RotatingFileHandler
    backupCount: 5
    filename: edumfa.log
    formatter: detail
    level: DEBUG
    maxBytes: 10000000
  audit:
    class: logging.handlers.RotatingFileHandler
    backupCount: 2
    maxBytes: 60
    filename: audit.log
  con:
    class: logging.StreamHandler
    stream: ext://sys.stdout
    level: ERROR
root:
  level: ERROR
  handlers: [con]
loggers:
  edumfa:
    handlers: [file]
    level: INFO
  audit:
    handlers: [audit]
    qualname: edumfa.lib.auditmodules.loggeraudit
    propagate: 0
`

func moment() time.Time { return time.Date(2026, 5, 1, 12, 30, 0, 5_000_000, time.UTC) }

func open(t *testing.T, src string, stdout *bytes.Buffer) (*Logs, string) {
	t.Helper()
	s, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	l, err := Open(s, Options{Dir: dir, Stdout: stdout, Now: moment})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLogs_BothForms(t *testing.T) {
	for name, src := range map[string]string{"sections": sectionsForm, "yaml": yamlForm} {
		t.Run(name, func(t *testing.T) {
			var stdout bytes.Buffer
			l, dir := open(t, src, &stdout)
			log := l.Logger("edumfa.server")
			log.Debug("not at this level")
			log.Info("begins", "user", "al\nice")
			log.With("node", "n1").Error("ends")
			lines := strings.Split(read(t, filepath.Join(dir, "edumfa.log")), "\n")
			if len(lines) != 3 || !strings.HasSuffix(lines[0], `[INFO][edumfa.server:0] begins user="al\nice"`) || !strings.HasSuffix(lines[1], "[ERROR][edumfa.server:0] ends node=n1") {
				t.Errorf("%q", lines)
			}
			if got := stdout.String(); got != "ends node=n1\n" {
				t.Errorf("the root has %q", got)
			}
			for _, row := range []string{"row 1 " + strings.Repeat("x", 30), "row 2 " + strings.Repeat("x", 30), "row 3", "row 4 " + strings.Repeat("x", 50), "row 5" + strings.Repeat("x", 50)} {
				if err := l.Audit("edumfa.lib.auditmodules.loggeraudit", row); err != nil {
					t.Fatal(err)
				}
			}
			audit := filepath.Join(dir, "audit.log")
			if read(t, audit)[:5] != "row 5" || read(t, audit+".1")[:5] != "row 4" || read(t, audit+".2")[:5] != "row 2" {
				t.Error("the files are not rotated")
			}
			if _, err := os.Stat(audit + ".3"); err == nil {
				t.Error("more old files than wanted")
			}
			if strings.Contains(stdout.String(), "row") {
				t.Error("a logger that is alone hands lines on")
			}
		})
	}
}

func TestLogs_LinesStayLines(t *testing.T) {
	f := compile(Formatter{Format: "%(levelname)-8s|%(name)s|%(message)s|%(nosuch)s|100%%"})
	if got := f.text(line{moment(), Warning, "n", "a\r\nb\x1b[31m"}); got != "WARNING |n|a..b.[31m|%(nosuch)|100%\n" {
		t.Errorf("%q", got)
	}
	f = compile(Formatter{Format: "%(asctime)s %(msecs)03d", Date: "%d/%b/%Y:%H:%M:%S.%f %z %%"})
	if got := f.text(line{moment(), Info, "n", ""}); got != "01/May/2026:12:30:00.005000 +0000 % 005\n" {
		t.Errorf("%q", got)
	}
}

func TestLogs_ReopenAfterTheFileWasMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	l, err := Open(Default(path, Info), Options{Now: moment})
	if err != nil {
		t.Fatal(err)
	}
	log := l.Logger("edumfa")
	log.Info("one")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	log.Info("two")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(read(t, path), " two\n") || !strings.HasSuffix(read(t, path+".old"), " one\n") {
		t.Errorf("%q, %q", read(t, path), read(t, path+".old"))
	}
}

func TestLogs_FilesOfDays(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.log")
	f, err := openFile(Handler{Class: "logging.handlers.TimedRotatingFileHandler", When: "midnight", Backups: 2}, path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		at := moment().AddDate(0, 0, i)
		if err := f.write(line{at: at}, at.Format("2006-01-02")+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(path + "*")
	if len(files) != 3 || read(t, path) != "2026-05-05\n" || read(t, path+".2026-05-04") != "2026-05-04\n" {
		t.Error(files)
	}
}

func TestLogs_Syslog(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	l, _ := open(t, "version: 1\nhandlers:\n  s:\n    class: logging.handlers.SysLogHandler\n    facility: local3\n    address: "+server.LocalAddr().String()+
		"\nroot:\n  handlers: [s]\n", nil)
	if err := l.Audit("x", "row"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	_ = server.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, _, err := server.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "<158>row" {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

func TestLogs_AuditFailsLoudly(t *testing.T) {
	l, _ := open(t, "version: 1\nhandlers:\n  n:\n    class: logging.NullHandler\nloggers:\n  a:\n    handlers: [n]\n", nil)
	if l.Takes("a") || l.Takes("b") {
		t.Error("nothing takes rows")
	}
	if err := l.Audit("b", "row"); err == nil {
		t.Error("a row went nowhere without a word")
	}
	l.outputs["n"] = stream{failing{}}
	if err := l.Audit("a", "row"); err == nil {
		t.Error("a row was not written, without a word")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestParse_Refuses(t *testing.T) {
	for name, src := range map[string]string{
		"empty":               "",
		"no mapping":          "- a\n",
		"no loggers":          "version: 1\n",
		"no such handler":     "loggers:\n  a:\n    handlers: [x]\n",
		"no such formatter":   "handlers:\n  h:\n    class: logging.NullHandler\n    formatter: f\nroot:\n  handlers: [h]\n",
		"level":               "root:\n  level: LOUD\n",
		"size":                "handlers:\n  h:\n    class: x.RotatingFileHandler\n    maxBytes: many\nroot:\n  handlers: [h]\n",
		"text before section": "[loggers]\nkeys=root\n[logger_root]\nnonsense\n",
		"missing section":     "[loggers]\nkeys=root\n",
		"args":                "[handlers]\nkeys=h\n[handler_h]\nclass=FileHandler\nargs=(open('x'),)\n[loggers]\nkeys=root\n[logger_root]\nhandlers=h\n",
	} {
		if _, err := Parse(src); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	s, err := Parse("handlers:\n  h:\n    class: logging.handlers.SMTPHandler\nroot:\n  handlers: [h]\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s, Options{}); err == nil {
		t.Error("a class that is not supported was opened")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sectionsForm)
	f.Add(yamlForm)
	f.Fuzz(func(t *testing.T, src string) {
		s, err := Parse(src)
		if err != nil {
			return
		}
		for _, fm := range s.Formatters {
			if text := compile(fm).text(line{moment(), Info, "n", "m"}); strings.Count(text, "\n") != 1 {
				t.Errorf("%q", text)
			}
		}
	})
}
