package local

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"edumfa/internal/ca"
)

// Flags of entries.
const (
	flagValid   = "V"
	flagRevoked = "R"
	flagExpired = "E"
)

// entry is a line of the index (openssl-ca(1), "database"): six fields parted by
// tabs.
type entry struct {
	flag    string
	expires string // YYMMDDHHMMSSZ, or with the century from 2050 on
	revoked string // "", or when and why
	serial  string // hex
	file    string // "unknown"
	subject string // as openssl shows names on one line
}

// index is the list of all certificates.
type index struct {
	entries []entry
	at      map[string]int // by serial, without leading zeros
}

// parseIndex reads the file. An unreadable line is an error: a list that loses
// lines loses revoked certificates.
func parseIndex(src string) (*index, error) {
	x := &index{at: map[string]int{}}
	n := 0
	for line := range strings.SplitSeq(src, "\n") {
		n++
		line = strings.TrimSuffix(line, "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		f := fields(line)
		if len(f) != 6 {
			return nil, fmt.Errorf("index, line %d: %d fields, want 6", n, len(f))
		}
		e := entry{flag: f[0], expires: f[1], revoked: f[2], serial: f[3], file: f[4], subject: f[5]}
		if e.flag != flagValid && e.flag != flagRevoked && e.flag != flagExpired {
			return nil, fmt.Errorf("index, line %d: the flag is not known", n)
		}
		number, err := parseSerial(e.serial)
		if err != nil {
			return nil, fmt.Errorf("index, line %d: %w", n, err)
		}
		if e.flag == flagRevoked {
			if _, err := e.revocation(); err != nil {
				return nil, fmt.Errorf("index, line %d: %w", n, err)
			}
		}
		if _, twice := x.at[number.Text(16)]; twice {
			return nil, fmt.Errorf("index, line %d: the serial number %s is there twice", n, e.serial)
		}
		x.at[number.Text(16)] = len(x.entries)
		x.entries = append(x.entries, e)
	}
	return x, nil
}

// fields parts a line at tabs; a backslash before one makes it a part of the
// field.
func fields(line string) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && line[i+1] == '\t':
			i++
			b.WriteByte('\t')
		case line[i] == '\t':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(line[i])
		}
	}
	return append(out, b.String())
}

// String is the file.
func (x *index) String() string {
	var b strings.Builder
	for _, e := range x.entries {
		for i, f := range []string{e.flag, e.expires, e.revoked, e.serial, e.file, e.subject} {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(strings.ReplaceAll(f, "\t", "\\\t"))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// find finds an entry, nil when the number is not listed.
func (x *index) find(serial *big.Int) *entry {
	if i, ok := x.at[serial.Text(16)]; ok {
		return &x.entries[i]
	}
	return nil
}

func (x *index) add(e entry, serial *big.Int) {
	x.at[serial.Text(16)] = len(x.entries)
	x.entries = append(x.entries, e)
}

// valid reports whether a valid certificate has the subject.
func (x *index) valid(subject string) bool {
	for _, e := range x.entries {
		if e.flag == flagValid && e.subject == subject {
			return true
		}
	}
	return false
}

// mostSerial bounds serial numbers: 20 octets (RFC 5280, 4.1.2.2).
const mostSerial = 159

// parseSerial reads a serial number: hex, positive or zero.
func parseSerial(s string) (*big.Int, error) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return nil, errors.New("a serial number is not hexadecimal")
	}
	n, ok := new(big.Int).SetString(s, 16)
	if !ok || n.BitLen() > mostSerial {
		return nil, errors.New("a serial number is too long")
	}
	return n, nil
}

// indexTime writes a moment as ASN.1 does: UTCTime until 2049, then
// GeneralizedTime.
func indexTime(t time.Time) string {
	t = t.UTC()
	if t.Year() < 2050 {
		return t.Format("060102150405Z")
	}
	return t.Format("20060102150405Z")
}

func parseIndexTime(s string) (time.Time, error) {
	layout := "060102150405Z"
	if len(s) == len("20060102150405Z") {
		layout = "20060102150405Z"
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return time.Time{}, errors.New("a time is not readable")
	}
	if len(s) == len("060102150405Z") && t.Year() >= 2050 {
		t = t.AddDate(-100, 0, 0)
	}
	return t, nil
}

// revocation is when and why a certificate was revoked.
type revocation struct {
	at     time.Time
	reason ca.Reason
	// since is when the key was lost, when that is known (invalidityDate).
	since time.Time
}

// revocation reads the third field: the time, and a reason with what belongs to
// it behind commas.
func (e entry) revocation() (revocation, error) {
	parts := strings.Split(e.revoked, ",")
	var r revocation
	var err error
	if r.at, err = parseIndexTime(parts[0]); err != nil {
		return r, err
	}
	if len(parts) == 1 || parts[1] == "" {
		return r, nil
	}
	switch parts[1] {
	case "keyTime":
		r.reason = ca.KeyCompromise
	case "CAkeyTime":
		r.reason = ca.CACompromise
	case "holdInstruction", "certificateHold":
		r.reason = reasonHold
	default:
		known := false
		for reason, name := range reasonNames() {
			if strings.EqualFold(name, parts[1]) {
				r.reason, known = reason, true
			}
		}
		if !known {
			return r, fmt.Errorf("the reason %.40q is not known", parts[1])
		}
	}
	if len(parts) > 2 && strings.HasSuffix(parts[1], "eyTime") {
		if r.since, err = parseIndexTime(parts[2]); err != nil {
			return r, err
		}
	}
	return r, nil
}

// Reasons that openssl can have written, which administrators do not give here.
const (
	reasonHold   ca.Reason = 6
	reasonRemove ca.Reason = 8
)

func reasonNames() map[ca.Reason]string {
	return map[ca.Reason]string{
		ca.Unspecified: "unspecified", ca.KeyCompromise: "keyCompromise", ca.CACompromise: "CACompromise",
		ca.AffiliationChanged: "affiliationChanged", ca.Superseded: "superseded", ca.CessationOfOperation: "cessationOfOperation",
		reasonHold: "certificateHold", reasonRemove: "removeFromCRL",
	}
}
