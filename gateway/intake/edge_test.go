package intake_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
)

// The secrets of the tests. Canaries: none may ever turn up in a log or answer.
const (
	acmeSecret = "Basic YWNtZTpjYW5hcnktb25lLTE="
	acmeOld    = "Basic YWNtZTpjYW5hcnktdHdvLTI="
	bolt       = "bolt-canary-three-3333"
)

// fakeStore keeps deliveries in memory. It can fail before and after it stored,
// and it can wait.
type fakeStore struct {
	mu         sync.Mutex
	stored     []holds.Delivery
	calls      int
	forget     bool // counts the calls only, for tests with very many
	failBefore error
	failAfter  error
	entered    chan struct{} // when set, told of every call
	release    chan struct{} // when set, every call waits for it or for its deadline
}

func (s *fakeStore) Receive(ctx context.Context, d holds.Delivery) error {
	s.mu.Lock()
	s.calls++
	entered, release := s.entered, s.release
	s.mu.Unlock()
	if entered != nil {
		entered <- struct{}{}
	}
	if release != nil {
		select {
		case <-release:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failBefore != nil {
		return s.failBefore
	}
	if !s.forget {
		s.stored = append(s.stored, d)
	}
	return s.failAfter
}

func (s *fakeStore) all() []holds.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]holds.Delivery(nil), s.stored...)
}

func (s *fakeStore) called() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *fakeStore) only(t *testing.T) holds.Delivery {
	t.Helper()
	all := s.all()
	if len(all) != 1 {
		t.Fatalf("%d deliveries are stored, want 1", len(all))
	}
	return all[0]
}

// edge is an intake behind a real listener.
type edge struct {
	*gateway.Server
	router http.Handler // what the server serves
	store  *fakeStore
	log    *lockedBuffer
	stop   context.CancelFunc
	done   chan error
	mu     sync.Mutex
	seen   map[intake.Outcome]int
}

// lockedBuffer is a log that a test reads while handlers write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buf.Len() > 16<<20 {
		return len(p), nil // a test with very many requests
	}
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func noon() time.Time { return time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC) }

// connections are two tenants: acme is changing its secret, bolt has a header
// of its own.
func connections() []intake.Connection {
	return []intake.Connection{
		{
			Tenant: "acme", ID: "acme-okta", Provider: intake.Okta, SourceHost: "acme.okta.example",
			Secrets: intake.Secrets{Current: acmeSecret, Previous: acmeOld, PreviousUntil: noon().Add(time.Hour)},
		},
		{
			Tenant: "bolt", ID: "bolt-okta", Provider: intake.Okta, SourceHost: "bolt.okta.example",
			HeaderName: "x-hook-secret", Secrets: intake.Secrets{Current: bolt},
		},
	}
}

func open(t testing.TB, change func(*intake.Options)) *edge {
	t.Helper()
	e := &edge{store: &fakeStore{}, log: &lockedBuffer{}, done: make(chan error, 1), seen: map[intake.Outcome]int{}}
	logger := slog.New(slog.NewTextHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := intake.Options{
		Connections: connections(), Store: e.store, Now: noon, Logger: logger,
		Seen: func(_ holds.ConnectionID, what intake.Outcome, _ time.Duration) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.seen[what]++
		},
	}
	if change != nil {
		change(&o)
	}
	in, err := intake.New(o)
	if err != nil {
		t.Fatal(err)
	}
	router := gateway.NewEcho(gateway.Options{Logger: logger})
	in.Routes(router)
	e.router = router
	e.Server, err = gateway.NewServer(gateway.ServerOptions{Addr: "127.0.0.1:0", Handler: router, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, e.stop = context.WithCancel(context.Background())
	go func() {
		e.done <- e.Run(ctx)
		close(e.done)
	}()
	t.Cleanup(func() {
		e.stop()
		<-e.done
		for _, canary := range []string{"canary", "YWNtZTpj"} {
			if strings.Contains(e.log.String(), canary) {
				t.Errorf("I7: a secret is in the log:\n%s", e.log.String())
			}
		}
	})
	return e
}

func (e *edge) count(what intake.Outcome) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seen[what]
}

type reply struct {
	status int
	header http.Header
	body   string
}

// say sends a request as written (lines end with \n in a script) and reads the
// answer.
func (e *edge) say(t testing.TB, script string, body ...byte) reply {
	t.Helper()
	r, err := e.try(script, body)
	if err != nil {
		t.Fatalf("%v after:\n%s", err, script)
	}
	return r
}

func (e *edge) try(script string, body []byte) (reply, error) {
	return e.send(script, body, func(net.Conn) error { return nil })
}

// cut is a sender that goes away after what it sent.
func (e *edge) cut(script string, body []byte) (reply, error) {
	return e.send(script, body, func(c net.Conn) error { return c.(*net.TCPConn).CloseWrite() })
}

func (e *edge) send(script string, body []byte, then func(net.Conn) error) (reply, error) {
	conn, err := net.DialTimeout("tcp", e.Addr(), 5*time.Second)
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return reply{}, err
	}
	head := strings.ReplaceAll(script, "\n", "\r\n")
	if _, err := conn.Write(append([]byte(head), body...)); err != nil {
		return reply{}, err
	}
	if err := then(conn); err != nil {
		return reply{}, err
	}
	method, _, _ := strings.Cut(script, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(text)}, err
}

// deliver posts a body to acme's hook with the current secret; headers replace
// the ones of the same name, and a header without a value takes one away.
func (e *edge) deliver(t testing.TB, body string, headers ...string) reply {
	t.Helper()
	return e.post(t, "acme-okta", body, append([]string{"Authorization: " + acmeSecret}, headers...)...)
}

func (e *edge) post(t testing.TB, connection, body string, headers ...string) reply {
	t.Helper()
	lines := map[string][]string{"content-type": {"Content-Type: application/json"}, "content-length": {"Content-Length: " + strconv.Itoa(len(body))}}
	order := []string{"content-type", "content-length"}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		name = strings.ToLower(name)
		if _, ok := lines[name]; !ok {
			order = append(order, name)
		}
		if strings.TrimSpace(value) == "" {
			lines[name] = nil
			continue
		}
		lines[name] = []string{h}
	}
	script := "POST /hooks/okta/" + connection + " HTTP/1.1\nHost: gate.example\nConnection: close\n"
	for _, name := range order {
		for _, h := range lines[name] {
			script += h + "\n"
		}
	}
	return e.say(t, script+"\n", []byte(body)...)
}

// problem checks that the answer is a problem document of that status and
// tells nothing secret.
func problem(t testing.TB, r reply, status int) gateway.Details {
	t.Helper()
	var d gateway.Details
	if r.status != status || r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %q, want a %d problem: %s", r.status, r.header.Get("Content-Type"), status, r.body)
		return d
	}
	if err := json.Unmarshal([]byte(r.body), &d); err != nil || d.Status != status {
		t.Errorf("not a problem document: %v: %s", err, r.body)
	}
	if strings.Contains(r.body, "canary") || strings.Contains(r.body, "YWNtZTpj") {
		t.Errorf("I7: a secret is in the answer: %s", r.body)
	}
	return d
}

// event is a delivery as Okta sends one.
func event(id string) string {
	return `{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","cloudEventsVersion":"0.1",` +
		`"source":"https://acme.okta.example/api/v1/eventHooks/who1","eventId":"` + id + `","eventTime":"2026-11-02T11:59:59.000Z",` +
		`"contentType":"application/json","data":{"events":[{"uuid":"11111111-2222-3333-4444-555555555555","eventType":"user.mfa.factor.reset_all",` +
		`"published":"2026-11-02T11:59:58.000Z","actor":{"id":"00u1","type":"User"},"outcome":{"result":"SUCCESS"},` +
		`"target":[{"id":"00u2","type":"User","alternateId":"dana@acme.example"}]}]}}`
}

var errDown = errors.New("the database is down")
