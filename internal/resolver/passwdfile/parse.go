package passwdfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine bounds a line in bytes.
const maxLine = 1 << 20

// entry is one user of the file.
type entry struct {
	login, hash, id     string
	comment             string
	givenname, surname  string
	phone, mobile, mail string
}

// content of a file, ready for lookups.
type content struct {
	entries []entry        // in the order of the file
	byID    map[string]int // index into entries
	byLogin map[string]string
	broken  int // lines that were left out
}

// parse reads a file. Blank lines are skipped; lines that have fewer than five
// fields are left out and counted, so that one slip does not lock everybody
// out. Of lines with the same id the last counts, and so it is for names; names
// of earlier lines still lead to their ids.
func parse(r io.Reader) (*content, error) {
	c := &content{byID: map[string]int{}, byLogin: map[string]string{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		fields := strings.SplitN(strings.ToValidUTF8(line, "\uFFFD"), ":", 8)
		if len(fields) < 5 {
			c.broken++
			continue
		}
		c.add(entry{login: fields[0], hash: fields[1], id: fields[2], comment: fields[4]})
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
	} else if err != nil {
		return nil, err
	}
	return c, nil
}

func (c *content) add(e entry) {
	e.readComment()
	c.byLogin[e.login] = e.id
	if i, ok := c.byID[e.id]; ok {
		c.entries[i] = e
		return
	}
	c.byID[e.id] = len(c.entries)
	c.entries = append(c.entries, e)
}

// readComment takes the comment apart: full name, room, mobile and phone, then
// anything, the last mail address of which counts. Mobile and phone need four
// parts.
func (e *entry) readComment() {
	parts := strings.Split(e.comment, ",")
	e.givenname, e.surname, _ = strings.Cut(parts[0], " ")
	if len(parts) < 4 {
		return
	}
	e.mobile, e.phone = parts[2], parts[3]
	for _, part := range parts[4:] {
		if isMail(part) {
			e.mail = part
		}
	}
}

// isMail looks for an @ with something before it, and behind it a dot with
// something on both sides.
func isMail(s string) bool {
	if s == "" {
		return false
	}
	at := strings.IndexByte(s[1:], '@') + 1
	if at == 0 {
		return false
	}
	host := s[at+1:]
	return len(host) > 2 && strings.IndexByte(host[1:len(host)-1], '.') >= 0
}
