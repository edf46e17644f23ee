package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// randomBytes is the real source of randomness.
type randomBytes struct{}

func (randomBytes) Read(p []byte) (int, error) { return rand.Read(p) }

// measureProcess starts the built server, measures the time to its first answer
// and its memory under load. The load has no password hash in it, so the memory
// is that beside Argon2.
func (in *installation) measureProcess(ctx context.Context, r *report) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	_ = l.Close()
	in.say("start of %s", in.Binary)
	for range 5 {
		took, stop, err := in.startProcess(ctx, address, nil)
		if err != nil {
			return err
		}
		stop()
		if r.start == 0 || took < r.start {
			r.start = took
		}
	}
	var pid int
	_, stop, err := in.startProcess(ctx, address, &pid)
	if err != nil {
		return err
	}
	defer stop()
	if r.idle, err = residentBytes(pid); err != nil {
		return err
	}
	t, err := in.traffic(address)
	if err != nil {
		return err
	}
	defer t.close()
	in.say("memory under load")
	for _, work := range []func(int) error{t.trigger, t.answer, t.tokenPage, t.auditPage} {
		if _, err := in.run(in.Concurrency, work); err != nil && !errors.Is(err, errNoRoute) {
			return err
		}
		n, err := residentBytes(pid)
		if err != nil {
			return err
		}
		r.resident = max(r.resident, n)
	}
	return nil
}

// startProcess starts the server and waits for its first answer.
func (in *installation) startProcess(ctx context.Context, address string, pid *int) (time.Duration, func(), error) {
	cmd := exec.CommandContext(ctx, in.Binary, "serve", "--listen", address)
	cmd.Env = append(os.Environ(), "EDUMFA_CONFIGFILE="+in.configFile(moderate))
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	stop := func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	if pid != nil {
		*pid = cmd.Process.Pid
	}
	c := &client{address: address}
	defer c.close()
	for time.Since(begin) < 20*time.Second {
		if _, err := c.must("GET", "/validate/polltransaction?transaction_id=00000000000000000000", "", "", nil); err == nil {
			return time.Since(begin), stop, nil
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	return 0, nil, fmt.Errorf("%s does not answer at %s", in.Binary, address)
}

// residentBytes is how much of a process is in memory. Linux only.
func residentBytes(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}

// processTime is what this process has taken of the processors until now.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
