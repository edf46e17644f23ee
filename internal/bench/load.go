package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// now is the clock of the measurements.
func now() time.Time { return time.Now() }

// client is one connection that stays open. It costs less than net/http's, for
// it shares the machine with the server.
type client struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	out     bytes.Buffer
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// send sends a request and returns the status and the body of the answer.
func (c *client) send(method, path, authorization, form string) (int, []byte, error) {
	if c.conn == nil {
		conn, err := net.Dial("tcp", c.address)
		if err != nil {
			return 0, nil, err
		}
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 64<<10)
	}
	c.out.Reset()
	fmt.Fprintf(&c.out, "%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n", method, path)
	if authorization != "" {
		fmt.Fprintf(&c.out, "Authorization: %s\r\n", authorization)
	}
	if method == "POST" {
		fmt.Fprintf(&c.out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %s\r\n", strconv.Itoa(len(form)))
	}
	c.out.WriteString("\r\n" + form)
	if _, err := c.conn.Write(c.out.Bytes()); err != nil {
		c.close()
		return 0, nil, err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.close()
		return 0, nil, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	return res.StatusCode, body, err
}

// reply is what is looked at of an answer.
type reply struct {
	Result struct {
		Status bool            `json:"status"`
		Value  json.RawMessage `json:"value"`
	} `json:"result"`
	Detail struct {
		Message       string `json:"message"`
		TransactionID string `json:"transaction_id"`
	} `json:"detail"`
}

// must sends a request whose answer has to be good.
func (c *client) must(method, path, authorization, form string, good func(reply) bool) (reply, error) {
	var r reply
	status, body, err := c.send(method, path, authorization, form)
	if err != nil {
		return r, err
	}
	if status == http.StatusNotFound && !bytes.HasPrefix(body, []byte("{")) {
		return r, fmt.Errorf("%s %s: %w", method, path, errNoRoute)
	}
	if status != http.StatusOK {
		return r, fmt.Errorf("%s %s: status %d: %.300s", method, path, status, body)
	}
	if good == nil {
		return r, nil
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, err
	}
	if !r.Result.Status || !good(r) {
		return r, fmt.Errorf("%s %s %s: wrong answer: %.300s", method, path, form, body)
	}
	return r, nil
}

// errNoRoute says that the server has no such path.
var errNoRoute = errors.New("there is no such route")

// errDone ends a worker that has nothing left to do.
var errDone = errors.New("done")

// rate runs f in workers for the time of a measurement and returns how many
// times units it was done in a second.
func (in *installation) rate(workers int, units float64, f func(worker int) error) (float64, error) {
	s, err := in.run(workers, f)
	return s.perSecond * units, err
}

// sample is what a measurement found.
type sample struct {
	perSecond     float64
	cpu           time.Duration // of this process, for one
	p50, p95, p99 time.Duration
	n             int
}

// run runs f in workers until the time is over or they have nothing left to do.
func (in *installation) run(workers int, f func(worker int) error) (sample, error) {
	var wg sync.WaitGroup
	var over atomic.Bool
	took := make([][]time.Duration, workers)
	failed := make([]error, workers)
	begin, spent := time.Now(), processTime()
	end := begin.Add(in.Time)
	for w := range workers {
		wg.Go(func() {
			for !over.Load() {
				start := time.Now()
				if start.After(end) {
					return
				}
				if err := f(w); err != nil {
					if !errors.Is(err, errDone) {
						failed[w] = err
						over.Store(true)
					}
					return
				}
				took[w] = append(took[w], time.Since(start))
			}
		})
	}
	wg.Wait()
	all := time.Since(begin)
	if err := errors.Join(failed...); err != nil {
		return sample{}, err
	}
	list := slices.Concat(took...)
	slices.Sort(list)
	s := sample{n: len(list), perSecond: float64(len(list)) / all.Seconds()}
	if len(list) > 0 {
		s.cpu = (processTime() - spent) / time.Duration(len(list))
		at := func(q float64) time.Duration { return list[min(len(list)-1, int(q*float64(len(list))))] }
		s.p50, s.p95, s.p99 = at(0.50), at(0.95), at(0.99)
	}
	return s, nil
}
