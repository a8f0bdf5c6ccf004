package cutproxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server answers each line with "did " and the line, and remembers what it did.
type server struct {
	address string
	name    string
	mu      sync.Mutex
	did     []string
}

func serve(t *testing.T, network, address, name string) *server {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{address: l.Addr().String(), name: name}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.talk(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return s
}

func (s *server) talk(c net.Conn) {
	defer c.Close()
	lines := bufio.NewReader(c)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return // half a line is none
		}
		s.mu.Lock()
		s.did = append(s.did, strings.TrimSpace(line))
		s.mu.Unlock()
		if _, err := fmt.Fprintf(c, "%s %s", s.name, line); err != nil {
			return
		}
	}
}

func (s *server) done() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.did, ",")
}

// caller is a connection through the proxy.
type caller struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

func call(t *testing.T, p *Proxy) *caller {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		return &caller{t: t} // it was broken at once
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &caller{t: t, c: c, r: bufio.NewReader(c)}
}

// ask sends a line and returns its answer; "" when the connection breaks.
func (c *caller) ask(line string) string {
	if c.c == nil {
		return ""
	}
	if _, err := io.WriteString(c.c, line+"\n"); err != nil {
		return ""
	}
	answer, err := c.r.ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimSpace(answer)
}

func start(t *testing.T) (*Proxy, *server) {
	t.Helper()
	s := serve(t, "tcp", "127.0.0.1:0", "did")
	p, err := Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, s
}

// What a cut says is lost is lost, and what it says passed has passed.
func TestCuts(t *testing.T) {
	for name, c := range map[string]struct {
		cut     Cut
		asked   string // lines in order
		answers string // what was answered to each
		done    string // what the server did
	}{
		"none":                        {Cut{Pattern: "never"}, "a b", "did a,did b", "a,b"},
		"a request":                   {Cut{Pattern: "b"}, "a b c", "did a,,", "a"},
		"an answer":                   {Cut{Pattern: "b", Moment: Answer}, "a b c", "did a,,", "a,b"},
		"the answer after the next":   {Cut{Pattern: "a", Moment: Answer, Turns: 1}, "a b c", "did a,,", "a,b"},
		"the second time":             {Cut{Pattern: "a", Skip: 1}, "a a a", "did a,,", "a"},
		"by what the server says":     {Cut{From: Target, Pattern: "did b"}, "a b c", "did a,,", "a,b"},
		"after bytes of the caller":   {Cut{Bytes: 3}, "a b c", "did a,,", "a"},
		"after bytes of the server":   {Cut{From: Target, Bytes: 8}, "a b c", "did a,,", "a,b"},
		"a stall that keeps it open":  {Cut{From: Caller, Pattern: "c", Stall: true}, "a b", "did a,did b", "a,b"},
		"what comes after a pattern":  {Cut{Pattern: "a", Then: "c"}, "c a b c d", "did c,did a,did b,,", "c,a,b"},
		"its answer":                  {Cut{Pattern: "a", Then: "c", Moment: Answer}, "c a b c d", "did c,did a,did b,,", "c,a,b,c"},
		"a pattern over two readings": {Cut{Pattern: "bb\ncc"}, "a bb cc d", "did a,did bb,,", "a,bb"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, s := start(t)
			p.Arm(c.cut)
			conn := call(t, p)
			var answers []string
			for _, line := range strings.Fields(c.asked) {
				answers = append(answers, conn.ask(line))
			}
			if got := strings.Join(answers, ","); got != c.answers {
				t.Errorf("answered %q, want %q", got, c.answers)
			}
			if got := s.done(); got != c.done {
				t.Errorf("the server did %q, want %q", got, c.done)
			}
			if struck := len(p.Journal()) > 0; struck != strings.Contains(c.answers+",", ",,") {
				t.Errorf("the journal: %+v", p.Journal())
			}
			if again := call(t, p); c.cut.Times == 0 && again.ask("z") != "did z" && c.cut.Pattern != "" {
				t.Error("a new connection does not work after the one strike")
			}
		})
	}
}

// A stalled direction is silent until somebody mends it; the other one goes on.
func TestStall(t *testing.T) {
	p, s := start(t)
	p.Arm(Cut{From: Target, Pattern: "did b", Stall: true})
	conn := call(t, p)
	if got := conn.ask("a"); got != "did a" {
		t.Fatal(got)
	}
	if _, err := io.WriteString(conn.c, "b\n"); err != nil {
		t.Fatal(err)
	}
	if got := p.Struck(t.Context(), 1); len(got) != 1 || got[0].What != WasStalled || got[0].Bytes != 6 {
		t.Fatalf("%+v", got)
	}
	if s.done() != "a,b" {
		t.Errorf("the server did %q", s.done())
	}
	p.Mend()
	if answer, err := conn.r.ReadString('\n'); err == nil {
		t.Errorf("after a stall something comes with a hole before it: %q", answer)
	}
	if got := call(t, p).ask("c"); got != "did c" {
		t.Errorf("a new connection answers %q", got)
	}
}

// New connections are refused, sent elsewhere, and cut all at once.
func TestConnections(t *testing.T) {
	p, _ := start(t)
	standing := call(t, p)
	if got := standing.ask("a"); got != "did a" {
		t.Fatal(got)
	}
	p.Refuse()
	if got := call(t, p).ask("b"); got != "" {
		t.Errorf("refused, and yet %q", got)
	}
	p.Mend()
	socket := filepath.Join(t.TempDir(), "s")
	serve(t, "unix", socket, "elsewhere")
	p.Target("unix", socket)
	if got := standing.ask("c"); got != "did c" {
		t.Errorf("a connection that stands was changed: %q", got)
	}
	if got := call(t, p).ask("d"); got != "elsewhere d" {
		t.Errorf("the new target: %q", got)
	}
	p.CutAll()
	if got := standing.ask("e"); got != "" {
		t.Errorf("cut, and yet %q", got)
	}
	p.Target("tcp", "127.0.0.1:1")
	if got := call(t, p).ask("f"); got != "" {
		t.Errorf("no target, and yet %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	words := ""
	for _, e := range p.Struck(ctx, 100) {
		words += string(e.What) + ","
	}
	if words != "refused,cut,cut,no target," && words != "refused,cut,no target," {
		t.Errorf("the journal says %s", words)
	}
	if p.Opened() != 4 {
		t.Errorf("%d connections", p.Opened())
	}
}
