// Package freeradius starts a FreeRADIUS server for a test: an own one on a free
// port of the loopback address, in a temporary folder, gone with the test. Needs
// the Debian package freeradius (scripts/install-test-servers).
package freeradius

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edumfa/test/need"
)

// program is where Debian puts the server.
const program = "/usr/sbin/freeradius"

// Server is a running FreeRADIUS.
type Server struct {
	Port   int
	Secret string
}

// Options of Start.
type Options struct {
	// Users are passwords by name.
	Users map[string]string
	// Asked are users who are asked for a second value after their password.
	Asked map[string]string
	// Sign puts a Message-Authenticator into every answer.
	Sign bool
}

// State and Question are what users in Options.Asked are asked with.
const (
	State    = "from-here-on"
	Question = "Zweiter Wert für Sie:"
)

// Start starts a server that drops requests without a Message-Authenticator. It
// skips the test when FreeRADIUS is not installed, and fails it when the
// environment variable EDUMFA_REQUIRE names freeradius.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	need.Program(t, "freeradius", program)
	dir := t.TempDir()
	s := &Server{Port: freePort(t), Secret: "gemeinsames Geheimnis ß"}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var users strings.Builder
	for _, m := range []map[string]string{o.Users, o.Asked} {
		for name, password := range m {
			fmt.Fprintf(&users, "%q Cleartext-Password := %q\n", name, password)
		}
	}
	write("users", users.String())
	write("radiusd.conf", s.config(dir, o))
	cmd := exec.Command(program, "-f", "-l", "stdout", "-d", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	var said strings.Builder // until ended
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(&said, lines.Text())
			if strings.Contains(lines.Text(), "Ready to process requests") {
				close(ready)
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait()
	})
	select {
	case <-ready:
	case <-ended:
		t.Fatalf("freeradius ended: %s", said.String())
	case <-time.After(30 * time.Second):
		t.Fatal("freeradius does not get ready")
	}
	return s
}

func freePort(t testing.TB) int {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

func (s *Server) config(dir string, o Options) string {
	sign := ""
	if o.Sign {
		sign = "update reply {\n Message-Authenticator := 0x00\n }"
	}
	var asked strings.Builder
	for name := range o.Asked {
		fmt.Fprintf(&asked, `
  if (&User-Name == %q && !&State) {
   update reply {
    State := 0x%x
    Reply-Message := %q
   }
   update control {
    Response-Packet-Type := Access-Challenge
   }
   %s
   handled
  }
  if (&User-Name == %q && &State != 0x%x) {
   reject
  }
`, name, State, Question, sign, name, State)
	}
	return fmt.Sprintf(`prefix = /usr
libdir = /usr/lib/freeradius
run_dir = %[1]s
pidfile = %[1]s/pid
security {
 reject_delay = 0
 allow_vulnerable_openssl = yes
}
thread pool {
 start_servers = 1
 max_servers = 4
}
client test {
 ipaddr = 127.0.0.1
 secret = %[2]q
 require_message_authenticator = yes
}
modules {
 pap {
 }
 always handled {
  rcode = handled
 }
 always reject {
  rcode = reject
 }
 files {
  usersfile = %[1]s/users
 }
}
server test {
 listen {
  type = auth
  ipaddr = 127.0.0.1
  port = %[3]d
 }
 authorize {
%[4]s
  files
  pap
 }
 authenticate {
  Auth-Type PAP {
   pap
  }
 }
 post-auth {
  %[5]s
  Post-Auth-Type REJECT {
   %[5]s
  }
 }
}
`, dir, s.Secret, s.Port, asked.String(), sign)
}
