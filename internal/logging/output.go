package logging

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// output is where lines of a handler end up. Calls do not overlap.
type output interface {
	write(l line, text string) error
	// reopen lets go of a file that was moved away.
	reopen() error
	close() error
}

type stream struct{ io.Writer }

func (s stream) write(_ line, text string) error {
	_, err := io.WriteString(s.Writer, text)
	return err
}
func (stream) reopen() error { return nil }
func (stream) close() error  { return nil }

// nothing takes lines and forgets them.
type nothing struct{}

func (nothing) write(line, string) error { return nil }
func (nothing) reopen() error            { return nil }
func (nothing) close() error             { return nil }

// file is a file that lines are appended to. It is moved away when it would
// become larger than max, or at the beginning of a new period.
type file struct {
	path    string
	max     int64
	backups int
	when    string
	f       *os.File
	size    int64
	period  string
}

func openFile(h Handler, path string) (*file, error) {
	f := &file{path: path, max: h.MaxBytes, backups: h.Backups}
	if h.short() == "TimedRotatingFileHandler" {
		f.max, f.when = 0, strings.ToUpper(h.When)
		if !slices.Contains([]string{"MIDNIGHT", "D", "H"}, f.when) {
			return nil, fmt.Errorf("when %q is not supported: midnight, D and H are", h.When)
		}
	}
	return f, f.open()
}

func (f *file) open() error {
	o, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	info, err := o.Stat()
	if err != nil {
		return errors.Join(err, o.Close())
	}
	f.f, f.size = o, info.Size()
	if f.size > 0 {
		f.period = f.periodOf(info.ModTime())
	}
	return nil
}

func (f *file) periodOf(t time.Time) string {
	switch f.when {
	case "MIDNIGHT", "D":
		return t.Format("2006-01-02")
	case "H":
		return t.Format("2006-01-02_15")
	}
	return ""
}

func (f *file) write(l line, text string) error {
	if f.f == nil { // it could not be opened again; perhaps now it can
		if err := f.open(); err != nil {
			return err
		}
	}
	period := f.periodOf(l.at)
	if f.period != "" && f.period != period {
		if err := f.moveAway(f.period); err != nil {
			return err
		}
	}
	f.period = period
	if f.max > 0 && f.backups > 0 && f.size > 0 && f.size+int64(len(text)) > f.max {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	n, err := io.WriteString(f.f, text)
	f.size += int64(n)
	return err
}

// rotate moves log to log.1, log.1 to log.2 and so on.
func (f *file) rotate() error {
	for i := f.backups - 1; i >= 1; i-- {
		if err := os.Rename(f.path+"."+strconv.Itoa(i), f.path+"."+strconv.Itoa(i+1)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return f.moveTo(f.path + ".1")
}

// moveAway names the file after its period and removes the oldest.
func (f *file) moveAway(period string) error {
	if err := f.moveTo(f.path + "." + period); err != nil || f.backups == 0 {
		return err
	}
	old, err := filepath.Glob(f.path + ".[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*")
	if err != nil {
		return err
	}
	slices.Sort(old)
	for len(old) > f.backups {
		if err := os.Remove(old[0]); err != nil {
			return err
		}
		old = old[1:]
	}
	return nil
}

func (f *file) moveTo(path string) error {
	if err := os.Rename(f.path, path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return f.reopen()
}

func (f *file) reopen() error {
	if f.f != nil {
		_ = f.f.Close()
		f.f = nil
	}
	return f.open()
}

func (f *file) close() error {
	if f.f == nil {
		return nil
	}
	return f.f.Close()
}

// syslogTime is how long a syslog server may take for a line.
const syslogTime = 2 * time.Second

// syslog is the local socket or a server reached by datagrams; each line is one,
// with facility and severity in front (RFC 3164 §4.1.1).
type syslog struct {
	network, address string
	facility         int
	conn             net.Conn
}

func openSyslog(h Handler) (*syslog, error) {
	s := &syslog{network: "udp", address: h.Address}
	if s.address == "" {
		s.address = "localhost:514"
	}
	if strings.HasPrefix(s.address, "/") {
		s.network = "unixgram"
	}
	var err error
	s.facility, err = facility(h.Facility)
	return s, err
}

// facility reads a facility of RFC 5424 §6.2.1; none is user.
func facility(name string) (int, error) {
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < 24 {
		return n, nil
	}
	known := []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "security", "console", "solaris-cron",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
	name = strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	name = strings.TrimPrefix(name, "log_")
	if name == "" {
		return 1, nil
	}
	if i := slices.Index(known, name); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("the facility %q is not known", name)
}

func (s *syslog) write(l line, text string) error {
	severity := map[string]int{"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}[levelName(l.level)]
	packet := fmt.Sprintf("<%d>%s", s.facility*8+severity, strings.TrimSuffix(text, "\n"))
	err := s.send(packet)
	if err != nil { // the server may have been started anew
		_ = s.reopen()
		err = s.send(packet)
	}
	return err
}

func (s *syslog) send(packet string) error {
	if s.conn == nil {
		c, err := net.DialTimeout(s.network, s.address, syslogTime)
		if err != nil {
			return err
		}
		s.conn = c
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(syslogTime)); err != nil {
		return err
	}
	_, err := io.WriteString(s.conn, packet)
	return err
}

func (s *syslog) reopen() error {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
	return nil
}

func (s *syslog) close() error { return s.reopen() }
