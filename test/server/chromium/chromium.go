// Package chromium starts a headless Chromium for a test and drives it by the
// DevTools protocol over a pipe.
package chromium

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/test/need"
)

// patience is how long one command may take.
const patience = 60 * time.Second

// Browser is a running browser.
type Browser struct {
	t     testing.TB
	write *os.File

	mu      sync.Mutex
	next    int
	waiting map[int]chan answer
	events  map[string][]chan struct{}
}

type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// Start starts a browser that takes the given public key, base64 of the SHA-256
// of its SubjectPublicKeyInfo, for a certificate of any site. The test is skipped
// without Chromium, unless the environment variable EDUMFA_REQUIRE names it.
func Start(t testing.TB, publicKey string) *Browser {
	t.Helper()
	program, err := find()
	if err != nil {
		need.Missing(t, "chromium", err)
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--user-data-dir="+t.TempDir(), "--ignore-certificate-errors-spki-list="+publicKey, "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	_ = theirIn.Close()
	_ = theirOut.Close()
	b := &Browser{t: t, write: ourOut, waiting: map[int]chan answer{}, events: map[string][]chan struct{}{}}
	go b.read(ourIn)
	t.Cleanup(func() {
		_, _ = b.try("", "Browser.close", nil)
		_ = ourOut.Close()
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			stop()
			<-done
		}
		stop()
		_ = ourIn.Close()
		if t.Failed() {
			t.Logf("the browser said: %.2000s", said.String())
		}
	})
	return b
}

func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", exec.ErrNotFound
}

// read hands out what the browser says; messages end with a zero byte.
func (b *Browser) read(from *os.File) {
	r := bufio.NewReaderSize(from, 1<<20)
	for {
		line, err := r.ReadBytes(0)
		if err != nil {
			b.mu.Lock()
			for id, c := range b.waiting {
				close(c)
				delete(b.waiting, id)
			}
			b.mu.Unlock()
			return
		}
		var m struct {
			ID     int
			Method string
			answer
		}
		if json.Unmarshal(line[:len(line)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		if c, asked := b.waiting[m.ID]; asked {
			c <- m.answer
			delete(b.waiting, m.ID)
		}
		for _, c := range b.events[m.Method] {
			close(c)
		}
		delete(b.events, m.Method)
		b.mu.Unlock()
	}
}

func (b *Browser) try(session, method string, params any) (json.RawMessage, error) {
	b.mu.Lock()
	b.next++
	id, c := b.next, make(chan answer, 1)
	b.waiting[id] = c
	b.mu.Unlock()
	m := map[string]any{"id": id, "method": method}
	if params != nil {
		m["params"] = params
	}
	if session != "" {
		m["sessionId"] = session
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if _, err := b.write.Write(append(data, 0)); err != nil {
		return nil, err
	}
	select {
	case a, open := <-c:
		switch {
		case !open:
			return nil, fmt.Errorf("%s: the browser is gone", method)
		case a.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, a.Error.Message)
		}
		return a.Result, nil
	case <-time.After(patience):
		return nil, fmt.Errorf("%s: no answer", method)
	}
}

// Page is a tab.
type Page struct {
	b       *Browser
	session string
}

// Open opens a tab.
func (b *Browser) Open() *Page {
	b.t.Helper()
	var target struct{ TargetID string }
	b.ask("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.ask("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p := &Page{b: b, session: attached.SessionID}
	p.Ask("Page.enable", nil, nil)
	return p
}

func (b *Browser) ask(session, method string, params, result any) {
	b.t.Helper()
	raw, err := b.try(session, method, params)
	if err == nil && result != nil {
		err = json.Unmarshal(raw, result)
	}
	if err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
}

// Ask sends a command of the DevTools protocol; result may be nil.
func (p *Page) Ask(method string, params, result any) {
	p.b.t.Helper()
	p.b.ask(p.session, method, params, result)
}

// Go opens an address and waits until the page is there.
func (p *Page) Go(url string) {
	p.b.t.Helper()
	loaded := make(chan struct{})
	p.b.mu.Lock()
	p.b.events["Page.loadEventFired"] = append(p.b.events["Page.loadEventFired"], loaded)
	p.b.mu.Unlock()
	var result struct{ ErrorText string }
	p.Ask("Page.navigate", map[string]any{"url": url}, &result)
	if result.ErrorText != "" {
		p.b.t.Fatalf("%s: %s", url, result.ErrorText)
	}
	select {
	case <-loaded:
	case <-time.After(patience):
		p.b.t.Fatalf("%s does not load", url)
	}
}

// Run runs a JavaScript expression, waits for its promise, and decodes its value.
func (p *Page) Run(expression string, result any) error {
	p.b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	p.Ask("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true}, &r)
	if r.ExceptionDetails != nil {
		return fmt.Errorf("%s %s", r.ExceptionDetails.Text, r.ExceptionDetails.Exception.Description)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(r.Result.Value, result)
}
