package mailsink

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
)

// running serves a sink and returns its SMTP address.
func running(t *testing.T, opt Options) (*Sink, string) {
	t.Helper()
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.ServeSMTP(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; err != nil {
			t.Errorf("the SMTP server ended with %v", err)
		}
	})
	return s, l.Addr().String()
}

// dial connects, over TLS when asked.
func dial(t *testing.T, s *Sink, addr string, secure bool) *smtp.Client {
	t.Helper()
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if secure {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM([]byte(s.CertificatePEM()))
		if err := c.StartTLS(&tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func send(c *smtp.Client, message string) error {
	if err := c.Mail("sender@nordwind.example"); err != nil {
		return err
	}
	if err := c.Rcpt("reader@home.example"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	_, _ = io.WriteString(w, strings.ReplaceAll(message, "\n", "\r\n"))
	return w.Close()
}

func TestReceives(t *testing.T) {
	s, addr := running(t, Options{})
	for _, secure := range []bool{false, true} {
		arrived := s.Arrived()
		if err := send(dial(t, s, addr, secure), "Subject: =?utf-8?q?Caf=C3=A9?=\n\nHello\n"); err != nil {
			t.Fatal(err)
		}
		<-arrived
		m := s.Mails()[len(s.Mails())-1]
		if m.Subject != "Café" || strings.TrimSpace(m.Text) != "Hello" || m.From != "sender@nordwind.example" || m.To[0] != "reader@home.example" || m.TLS != secure {
			t.Errorf("received %+v", m)
		}
	}
}

// loginAuth speaks AUTH LOGIN, which net/smtp does not have.
type loginAuth struct{ user, password string }

func (a loginAuth) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }

func (a loginAuth) Next(from []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if strings.HasPrefix(string(from), "User") {
		return []byte(a.user), nil
	}
	return []byte(a.password), nil
}

func TestAuthentication(t *testing.T) {
	s, addr := running(t, Options{Username: "notices", Password: "right"})
	for _, c := range []struct {
		name string
		auth smtp.Auth
		ok   bool
	}{
		{"PLAIN", smtp.PlainAuth("", "notices", "right", "127.0.0.1"), true},
		{"LOGIN", loginAuth{"notices", "right"}, true},
		{"PLAIN wrong", smtp.PlainAuth("", "notices", "wrong", "127.0.0.1"), false},
		{"LOGIN wrong", loginAuth{"notices", "wrong"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := dial(t, s, addr, true)
			if err := conn.Auth(c.auth); (err == nil) != c.ok {
				t.Fatalf("AUTH: %v, want success %v", err, c.ok)
			}
			if c.ok {
				if err := send(conn, "Subject: x\n\nx\n"); err != nil {
					t.Fatal(err)
				}
				if m := s.Mails(); m[len(m)-1].Login != "notices" {
					t.Errorf("login %q", m[len(m)-1].Login)
				}
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		if err := send(dial(t, s, addr, true), "Subject: x\n\nx\n"); err == nil {
			t.Error("a sender who did not authenticate was accepted")
		}
	})
	t.Run("not without TLS", func(t *testing.T) {
		if ok, _ := dial(t, s, addr, false).Extension("AUTH"); ok {
			t.Error("AUTH is offered without TLS")
		}
	})
}

func TestRefuseNextIsTemporary(t *testing.T) {
	s, addr := running(t, Options{})
	s.RefuseNext(1)
	if err := send(dial(t, s, addr, true), "Subject: x\n\nx\n"); err == nil || !strings.HasPrefix(err.Error(), "451") {
		t.Fatalf("error %v, want 451", err)
	}
	if err := send(dial(t, s, addr, true), "Subject: x\n\nx\n"); err != nil || len(s.Mails()) != 1 {
		t.Fatalf("the second try: %v, %d mails", err, len(s.Mails()))
	}
}

const hostile = `Subject: <script>alert(1)</script>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Open https://countersign.example/owner/abc?x=3D1. <img src=3D"https://track.example/p"> javascript:alert(1)
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+SGVsbG88L3A+PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==
--b--
`

// get fetches a page of the sink.
func get(t *testing.T, s *Sink, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestPages(t *testing.T) {
	s, addr := running(t, Options{})
	if body := get(t, s, "/").Body.String(); !strings.Contains(body, "No mail yet") {
		t.Errorf("empty list: %s", body)
	}
	if err := send(dial(t, s, addr, true), hostile); err != nil {
		t.Fatal(err)
	}
	t.Run("the list escapes and links", func(t *testing.T) {
		body := get(t, s, "/").Body.String()
		if strings.Contains(body, "<script") || !strings.Contains(body, `href="/mails/1"`) {
			t.Errorf("list: %s", body)
		}
	})
	t.Run("the text has links to follow and no markup of its own", func(t *testing.T) {
		w := get(t, s, "/mails/1")
		body := w.Body.String()
		if !strings.Contains(body, `href="https://countersign.example/owner/abc?x=1">`) {
			t.Errorf("the link is not followable: %s", body)
		}
		if strings.Contains(body, "<img") || strings.Contains(body, "<script") || strings.Contains(body, `href="javascript`) {
			t.Errorf("the mail's markup got through: %s", body)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("policy %q", csp)
		}
		if !strings.Contains(body, `<iframe sandbox="allow-popups" src="/mails/1/html"`) {
			t.Error("the HTML part is not in a sandboxed frame")
		}
	})
	t.Run("the HTML part comes sandboxed and without anything remote", func(t *testing.T) {
		w := get(t, s, "/mails/1/html")
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox allow-popups; default-src 'none'") {
			t.Errorf("policy %q", csp)
		}
		if !strings.Contains(w.Body.String(), "<p>Hello</p>") {
			t.Errorf("body %s", w.Body)
		}
	})
	t.Run("JSON", func(t *testing.T) {
		var list []Mail
		if err := json.Unmarshal(get(t, s, "/mails.json").Body.Bytes(), &list); err != nil || len(list) != 1 || list[0].Raw != "" {
			t.Fatalf("list %v, %v", list, err)
		}
		if later := get(t, s, "/mails.json?since=1").Body.String(); strings.TrimSpace(later) != "[]" {
			t.Errorf("since=1: %s", later)
		}
		var one Mail
		if err := json.Unmarshal(get(t, s, "/mails/1.json").Body.Bytes(), &one); err != nil || !strings.Contains(one.Raw, "boundary=b") || one.HTML == "" {
			t.Errorf("one %+v, %v", one, err)
		}
	})
	t.Run("what is not there", func(t *testing.T) {
		for _, path := range []string{"/mails/2", "/mails/x", "/mails/2.json", "/mails/2/html", "/else"} {
			if w := get(t, s, path); w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
	})
}

// TestKeepsTheNewest bounds the memory.
func TestKeepsTheNewest(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range maxMails + 3 {
		if err := s.keep(Mail{}, []byte("Subject: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	if m := s.Mails(); len(m) != maxMails || m[0].N != 4 {
		t.Errorf("%d mails, the oldest is number %d", len(m), m[0].N)
	}
}
