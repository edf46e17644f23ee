package bench

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"
)

// report is what a run found.
type report struct {
	Options
	product        string
	signatures     float64       // per second on all processors
	signature      time.Duration // of a processor for one
	hashes         [2]float64    // per second, at moderate and at high cost
	commits        float64       // of single rows per second
	lines          []line
	start          time.Duration
	idle, resident int64 // bytes
}

type line struct {
	measurement
	sample
}

// withoutHash is how many logins without a password hash could be answered at
// best: each needs two signatures, of its audit row and of its answer, and one
// commit, so its shortest time is the sum of what these take.
func (r *report) withoutHash() float64 { return 1 / (2/r.signatures + 1/r.commits) }

func (r *report) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	users := "SQL table"
	if r.LDAP {
		users = "LDAP directory"
	}
	fmt.Fprintf(w, "%s, %d users (%s), %d tokens, %d audit rows, %d connections, %d processors, %s\n\n", r.product, r.Users, users, r.Tokens, r.AuditRows, r.Concurrency, runtime.GOMAXPROCS(0), runtime.Version())
	fmt.Fprintf(w, "limit of the machine\tper second\n")
	fmt.Fprintf(w, "RSA-2048 PSS signatures\t%.0f\t(%s ms of a processor each)\n", r.signatures, millis2(r.signature))
	fmt.Fprintf(w, "commits of one row\t%.0f\n", r.commits)
	for i, c := range []cost{moderate, high} {
		if r.hashes[i] > 0 {
			fmt.Fprintf(w, "Argon2id %s\t%.2f\n", c, r.hashes[i])
		}
	}
	fmt.Fprintf(w, "login without hash: 1/(2/signatures + 1/commits)\t%.0f\n\n", r.withoutHash())
	fmt.Fprintf(w, "requests\tconnections\tper second\tp50 ms\tp95 ms\tp99 ms\tCPU ms\tlimit\tof limit\n")
	for _, l := range r.lines {
		workers := l.workers
		if workers == 0 {
			workers = r.Concurrency
		}
		fmt.Fprintf(w, "%s\t%d\t%.1f\t%s\t%s\t%s\t%s", l.name, workers, l.perSecond, millis(l.p50), millis(l.p95), millis(l.p99), millis2(l.cpu))
		if l.limit != nil {
			limit := l.limit(r)
			fmt.Fprintf(w, "\t%.1f\t%.0f %%", limit, 100*l.perSecond/limit)
		}
		fmt.Fprintln(w)
	}
	if r.start > 0 {
		fmt.Fprintf(w, "\nstart to first answer\t%s ms\nmemory after start\t%d MB\nmemory under load, beside Argon2\t%d MB\n", millis(r.start), r.idle/1e6, r.resident/1e6)
	}
	return w.Flush()
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }

func millis2(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}
