// Package slapd starts an OpenLDAP server for a test: an own one on free ports
// of the loopback address, in a temporary folder, gone with the test. It speaks
// plain LDAP, STARTTLS and LDAPS with a certificate of a CA made for it, and can
// be stopped, restarted and frozen. Needs the Debian packages slapd and
// ldap-utils (scripts/install-test-servers).
package slapd

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"edumfa/test/need"
)

// Suffix is the base of the directory. Its entry is there already.
const Suffix = "dc=campus,dc=test"

// Admin and AdminPassword may read and write everything.
const (
	Admin         = "cn=manager," + Suffix
	AdminPassword = "manager-pw"
)

// program is where Debian puts the server.
const program = "/usr/sbin/slapd"

// Server is a running slapd.
type Server struct {
	Port    int    // plain LDAP and STARTTLS
	TLSPort int    // LDAPS
	CAFile  string // PEM of the CA that signed the server's certificate
	t       testing.TB
	dir     string
	cmd     *exec.Cmd
}

// Options of Start. The zero value is a directory without people.
type Options struct {
	// Entries below the suffix, parents first.
	Entries []Entry
	// Config is put into the database section of slapd.conf: limits, access.
	Config string
}

// Start starts a server with the entries for the length of the test. It skips
// the test when slapd is not installed, and fails it when the environment
// variable EDUMFA_REQUIRE names slapd.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	need.Program(t, "slapd", program)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &Server{Port: freePort(t), TLSPort: freePort(t), CAFile: filepath.Join(dir, "ca.pem"), t: t, dir: dir}
	if err := writeCertificates(dir); err != nil {
		t.Fatal(err)
	}
	s.write("extra.schema", extraSchema)
	s.write("slapd.conf", s.config(o.Config))
	s.write("base.ldif", LDIF(append([]Entry{{Suffix, []string{"objectClass: dcObject", "objectClass: organization", "o: Campus", "dc: campus"}}}, o.Entries...)...))
	s.run("/usr/sbin/slapadd", "-q", "-f", s.path("slapd.conf"), "-l", s.path("base.ldif"))
	t.Cleanup(s.Stop)
	s.start()
	return s
}

// URI is the plain address by number.
func (s *Server) URI() string { return fmt.Sprintf("ldap://127.0.0.1:%d", s.Port) }

// NameURI is the plain address by a name that the certificate has.
func (s *Server) NameURI() string { return fmt.Sprintf("ldap://localhost:%d", s.Port) }

// TLSURI is the LDAPS address by a name that the certificate has.
func (s *Server) TLSURI() string { return fmt.Sprintf("ldaps://localhost:%d", s.TLSPort) }

// Stop ends the server at once, as a crash would. Its data stay.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Restart stops the server if it runs and starts it again on the same ports.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	s.start()
}

// Hang freezes a server that runs: connections are still accepted by the kernel
// and nothing is answered any more.
func (s *Server) Hang() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
	// The signal takes its time to reach all threads; the kernel tells when.
	var state syscall.WaitStatus
	if _, err := syscall.Wait4(s.cmd.Process.Pid, &state, syscall.WUNTRACED, nil); err != nil || !state.Stopped() {
		s.t.Fatalf("slapd does not stop: %v", err)
	}
}

// Resume lets a frozen server go on.
func (s *Server) Resume() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) start() {
	s.t.Helper()
	log, err := os.OpenFile(s.path("slapd.out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd = exec.Command(program, "-d", "0", "-f", s.path("slapd.conf"),
		"-h", fmt.Sprintf("%s/ ldaps://127.0.0.1:%d/", s.URI(), s.TLSPort))
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		s.t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.TLSPort)); err == nil {
			c.Close()
			return
		}
		<-tick.C
	}
	out, _ := os.ReadFile(s.path("slapd.out"))
	s.t.Fatalf("slapd does not listen: %s", out)
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Server) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) run(name string, args ...string) {
	s.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v: %s", name, err, out)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *Server) config(more string) string {
	return fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
include %[1]s/extra.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/slapd.pid
TLSCACertificateFile %[1]s/ca.pem
TLSCertificateFile %[1]s/server.pem
TLSCertificateKeyFile %[1]s/server.key
database mdb
suffix "%[2]s"
rootdn "%[3]s"
rootpw %[4]s
directory %[1]s/db
maxsize 16777216
index objectClass,uid eq
%[5]s
access to attrs=userPassword by anonymous auth by * none
access to * by users read by anonymous auth
`, s.dir, Suffix, Admin, AdminPassword, more)
}

// extraSchema gives entries the attributes that Active Directory has and
// OpenLDAP has not, under the auxiliary class adLike.
const extraSchema = `attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'adLike' SUP top AUXILIARY MAY ( objectGUID $ accountExpires $ sAMAccountName ) )
`
