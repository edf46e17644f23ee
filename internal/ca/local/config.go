package local

import (
	"crypto"
	_ "embed" // the usual configuration
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/opensslcnf"
)

//go:embed openssl.cnf
var usualConfig string

// systemConfig is read when the settings name no file.
const systemConfig = "/etc/ssl/openssl.cnf"

// options are what the configuration says about the CA: the section that
// default_ca of the section ca names.
type options struct {
	file *opensslcnf.File

	database, issued, serial, crlNumber string // file names

	hash         crypto.Hash
	policy       policy // nil takes subjects as they are
	copyNames    bool   // copy_extensions: alternative names of requests are wanted
	email        bool   // e-mail addresses stay in the subject
	unique       bool   // one valid certificate for a subject
	randomSerial bool
	crlValid     time.Duration // 0 when the configuration does not say
}

// readOptions reads the configuration of the CA. Without a file that has a
// section ca, the usual one counts.
func (c *connector) readOptions() (*options, error) {
	named := c.values.String(setConfig, "")
	file := c.path(named)
	if named == "" {
		file = systemConfig
	}
	f, err := readConfig(file)
	if named == "" && (errors.Is(err, fs.ErrNotExist) || err == nil && !hasFolder(c, f)) {
		f, err = opensslcnf.Parse(usualConfig, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("the configuration of the CA: %w", err)
	}
	return c.options(f)
}

// hasFolder reports whether the system's configuration describes a CA that is
// there.
func hasFolder(c *connector, f *opensslcnf.File) bool {
	o, err := c.options(f)
	if err != nil {
		return false
	}
	_, err = readFile(o.database)
	return err == nil
}

func readConfig(name string) (*opensslcnf.File, error) {
	b, err := readFile(name)
	if err != nil {
		return nil, err
	}
	return opensslcnf.Parse(string(b), func(other string) (string, error) {
		if !filepath.IsAbs(other) {
			other = filepath.Join(filepath.Dir(name), other)
		}
		b, err := readFile(other)
		return string(b), err
	})
}

func (c *connector) options(f *opensslcnf.File) (*options, error) {
	section, found, err := f.Value("ca", "default_ca")
	if err != nil || !found {
		return nil, errors.Join(errors.New("the configuration has no default_ca in the section ca"), err)
	}
	r := reader{file: f, section: section}
	o := &options{
		file: f, database: c.path(r.text("database", "index.txt")), issued: c.path(r.text("new_certs_dir", ".")),
		serial: c.path(r.text("serial", "serial")), hash: digest(r.text("default_md", "default")),
		email: r.truth("email_in_dn", true), unique: r.truth("unique_subject", true), randomSerial: r.truth("rand_serial", false),
	}
	o.crlNumber = filepath.Join(filepath.Dir(o.database), "crlnumber")
	if n := r.text("crlnumber", ""); n != "" {
		o.crlNumber = c.path(n)
	}
	extras := r.text("copy_extensions", "none")
	o.copyNames = extras == "copy" || extras == "copyall"
	o.crlValid = time.Duration(r.number("default_crl_days"))*24*time.Hour + time.Duration(r.number("default_crl_hours"))*time.Hour
	if p := r.text("policy", ""); p != "" && !r.truth("preserve", false) {
		rules, ok := f.Section(p)
		if !ok || len(rules) == 0 {
			return nil, fmt.Errorf("the policy %q is not there", p)
		}
		o.policy = rules
	}
	if err := o.subjectsOnce(); err != nil {
		return nil, err
	}
	return o, r.err
}

// subjectsOnce reads unique_subject from the file beside the index, which counts
// more than the configuration.
func (o *options) subjectsOnce() error {
	f, err := readConfig(o.database + ".attr")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	r := reader{file: f, section: opensslcnf.Default}
	o.unique = r.truth("unique_subject", o.unique)
	return r.err
}

// reader reads values and keeps the first error.
type reader struct {
	file    *opensslcnf.File
	section string
	err     error
}

func (r *reader) text(name, missing string) string {
	v, found, err := r.file.Value(r.section, name)
	if err != nil && r.err == nil {
		r.err = err
	}
	if !found || v == "" {
		return missing
	}
	return v
}

// truth reads yes, no, true, false, 1 and 0 by their first letter, as openssl
// does.
func (r *reader) truth(name string, missing bool) bool {
	switch strings.ToLower(r.text(name, " ")[:1]) {
	case "y", "t", "1":
		return true
	case "n", "f", "0":
		return false
	}
	return missing
}

func (r *reader) number(name string) int {
	v := r.text(name, "0")
	n, err := strconv.Atoi(v)
	if (err != nil || n < 0 || n > mostDays) && r.err == nil {
		r.err = fmt.Errorf("%s is not a number between 0 and %d", name, mostDays)
	}
	return n
}

// digest is the hash of signatures. Those that are broken become SHA-256.
func digest(name string) crypto.Hash {
	switch strings.ToLower(strings.ReplaceAll(name, "-", "")) {
	case "sha384":
		return crypto.SHA384
	case "sha512":
		return crypto.SHA512
	}
	return crypto.SHA256
}
