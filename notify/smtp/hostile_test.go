package smtp

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestTLSRequired: a server without STARTTLS, or somebody who strikes it from
// the server's greeting, gets nothing of the message, and cannot call it off
// for good.
func TestTLSRequired(t *testing.T) {
	box := &mailbox{}
	c := serve(t, box, NoTLS)
	c.TLS = StartTLS
	if _, err := send(t, c, notice()); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), "no encryption (STARTTLS)") {
		t.Errorf("error %v", err)
	}
	if len(box.taken()) != 0 {
		t.Error("a mail went out")
	}
	c, s := scripted(t, func(s *stage) {
		s.say("220 ready")
		s.hear()
		s.say("250-mail")
		s.say("250 AUTH PLAIN LOGIN")
		for s.hear() != "" {
			s.say("250 go on")
		}
	})
	c.Username, c.Password = username, password
	if _, err := send(t, c, notice()); err == nil {
		t.Error("sent in clear")
	}
	if got := s.heard(); got != "EHLO acme.example\r\n" {
		t.Errorf("the server heard %q", got)
	}
}

// TestTLSRefused: what in the way of certificates and protocols is not trusted.
func TestTLSRefused(t *testing.T) {
	other, otherRoots := authority(t, "elsewhere.example")
	_, strangerRoots := authority(t)
	for _, encryption := range []string{StartTLS, ImplicitTLS} {
		box := &mailbox{}
		c := serve(t, box, encryption)
		c.Username, c.Password = username, password
		for name, roots := range map[string][]byte{"an authority nobody knows": strangerRoots, "the system's authorities": nil} {
			c.RootCAs = roots
			if _, err := send(t, c, notice()); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), "certificate was not valid") {
				t.Errorf("%s, %s: %v", encryption, name, err)
			}
		}
		if len(box.taken()) != 0 || box.signedIn != 0 {
			t.Errorf("%s: a mail or a password went out", encryption)
		}
	}
	t.Run("another name", func(t *testing.T) {
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{other}})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go shake(l)
		if _, err := send(t, config(l.Addr(), ImplicitTLS, otherRoots), notice()); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), "certificate was not valid") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("an old protocol", func(t *testing.T) {
		cert, roots := authority(t)
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go shake(l)
		if _, err := send(t, config(l.Addr(), ImplicitTLS, roots), notice()); holds.KindOf(err) != holds.Unavailable {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no TLS at all", func(t *testing.T) {
		c := serve(t, &mailbox{}, NoTLS)
		c.TLS = ImplicitTLS
		if _, err := send(t, c, notice()); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), "did not speak TLS") {
			t.Errorf("error %v", err)
		}
	})
}

// shake does handshakes until the listener is closed.
func shake(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.(*tls.Conn).Handshake()
		_ = c.Close()
	}
}

// TestInjectedBeforeTLS: what was said in clear behind STARTTLS is not taken for
// something said over TLS (CVE-2011-0411 and its family).
func TestInjectedBeforeTLS(t *testing.T) {
	c, s := scripted(t, func(s *stage) {
		s.say("220 ready")
		s.hear()
		s.say("250-mail\r\n250 STARTTLS")
		s.hear()
		s.say("220 go\r\n250-mail\r\n250 AUTH PLAIN")
		encrypted := tls.Server(s.conn, &tls.Config{Certificates: []tls.Certificate{s.cert}})
		if encrypted.Handshake() == nil {
			s.take(encrypted)
			s.hear()
			s.say("250 mail") // over TLS, no way to sign in is offered
			s.hear()
		}
	})
	c.Username, c.Password = username, password
	if _, err := send(t, c, notice()); err == nil || strings.Contains(s.heard(), "AUTH") {
		t.Errorf("what was injected was believed: %v", err)
	}
}

// TestE9Hangs: a server that falls silent at any point is left at the deadline,
// and what it was told last decides what the ledger says.
func TestE9Hangs(t *testing.T) {
	for _, c := range []struct {
		name string
		talk func(*stage)
		want string
	}{
		{"before the greeting", func(s *stage) { s.hang() }, "While greeting the mail server, there was no answer in time."},
		{"before TLS", func(s *stage) {
			s.say("220 ready")
			s.hear()
			s.say("250-mail\r\n250 STARTTLS")
			s.hear()
			s.say("220 go")
			s.hang()
		}, "While encrypting the line to the mail server, there was no answer in time."},
		{"before the message", func(s *stage) {
			if s.encrypt() {
				s.hang()
			}
		}, "While naming the sender, there was no answer in time."},
		{"after the message", func(s *stage) {
			if s.upToData() {
				s.hang()
			}
		}, "While waiting for the answer to the message, there was no answer in time. It is not known whether the server took the message."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config, _ := scripted(t, c.talk)
			config.Timeout = time.Second
			begun := time.Now()
			if _, err := send(t, config, notice()); holds.KindOf(err) != holds.Unavailable || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestE9LineLost: a line that breaks after the message leaves its fate unknown;
// one that breaks after the 250 does not.
func TestE9LineLost(t *testing.T) {
	c, _ := scripted(t, func(s *stage) { s.upToData() })
	if _, err := send(t, c, notice()); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), "not known whether") {
		t.Errorf("error %v", err)
	}
	for name, after := range map[string]func(*stage){
		"closes":        func(*stage) {},
		"says nonsense": func(s *stage) { s.say("what?") },
		"hangs":         func(s *stage) { s.hang() },
	} {
		t.Run("accepted, then "+name, func(t *testing.T) {
			c, _ := scripted(t, func(s *stage) {
				if s.upToData() {
					s.say("250 2.0.0 Ok: queued as 4bXyzK1zP9z")
					after(s)
				}
			})
			begun := time.Now()
			if ref, err := send(t, c, notice()); err != nil || ref != "4bXyzK1zP9z" {
				t.Errorf("reference %q, error %v", ref, err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("waited %v for a farewell", took)
			}
		})
	}
}

// TestFlood: a server that talks without end is cut off.
func TestFlood(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	for name, talk := range map[string]func(*stage){
		"one long line": func(s *stage) {
			s.say("220 ready%s", strings.Repeat(long, 64))
		},
		"many lines": func(s *stage) {
			for range 64 {
				s.say("220-%s", long)
			}
			s.say("220 ready")
		},
		"over TLS": func(s *stage) {
			if s.encrypt() {
				for range 64 {
					s.say("250-%s", long)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, talk)
			if _, err := send(t, c, notice()); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), "more than a conversation needs") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestNonsense: answers that are none, and a final no before TLS, which anybody
// in between could say.
func TestNonsense(t *testing.T) {
	for name, c := range map[string]struct {
		talk func(*stage)
		want string
	}{
		"not SMTP":     {func(s *stage) { s.say("HTTP/1.1 200 OK anna@private.example " + password) }, "could not be understood"},
		"554 greeting": {func(s *stage) { s.say("554 5.7.1 go away " + password) }, "it answered 554 (5.7.1)."},
		"500 to EHLO": {func(s *stage) {
			s.say("220 ready")
			s.hear()
			s.say("500 what")
			s.hear()
			s.say("500 what")
			s.hear()
		}, "it answered 500."},
		"odd code":     {func(s *stage) { s.say("999 x") }, "it answered 999."},
		"odd enhanced": {func(s *stage) { s.say("421 4.7.0anna " + password) }, "it answered 421."},
		"STARTTLS refused": {func(s *stage) {
			s.say("220 r")
			s.hear()
			s.say("250-mail\r\n250 STARTTLS")
			s.hear()
			s.say("502 5.5.1 no")
		}, "it answered 502 (5.5.1)."},
	} {
		t.Run(name, func(t *testing.T) {
			config, _ := scripted(t, c.talk)
			if _, err := send(t, config, notice()); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestClearStaysHere: a name of this machine that leads elsewhere is not spoken
// to in clear.
func TestClearStaysHere(t *testing.T) {
	l, err := net.Listen("tcp", net.JoinHostPort(outside(t), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := New(config(l.Addr(), NoTLS, nil))
	if err != nil {
		t.Fatal(err)
	}
	s.c.Host = outside(t) // as if localhost were looked up to it
	if _, err := s.Send(t.Context(), notice(), "s", "t", ""); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), "not to be on this machine") {
		t.Errorf("error %v", err)
	}
}

// outside is an address of this machine that others can reach.
func outside(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback, so there is no elsewhere to lead to")
	return ""
}
