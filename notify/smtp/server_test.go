package smtp

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/countersign/countersign/holds"
)

const (
	username = "countersign@acme.example"
	password = "correct-horse-battery-staple"
)

// authority makes a certificate for 127.0.0.1 (and others asked for) with the
// authority that signed it.
func authority(t *testing.T, names ...string) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if len(names) == 0 {
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// mailbox is a real mail server's back end: it keeps what it takes and answers
// as it is told.
type mailbox struct {
	mu       sync.Mutex
	mails    []received
	onRcpt   []error // one per call, nil for 250
	onData   []error
	signedIn int
}

type received struct {
	from, to string
	utf8     bool
	data     []byte
	tls      bool
}

func (m *mailbox) NewSession(c *gosmtp.Conn) (gosmtp.Session, error) {
	_, encrypted := c.TLSConnectionState()
	return &session{box: m, now: received{tls: encrypted}}, nil
}

// next takes the first answer of a queue.
func (m *mailbox) next(queue *[]error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(*queue) == 0 {
		return nil
	}
	err := (*queue)[0]
	*queue = (*queue)[1:]
	return err
}

func (m *mailbox) taken() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.mails...)
}

type session struct {
	box *mailbox
	now received
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, u, p string) error {
		if u != username || p != password {
			return &gosmtp.SMTPError{Code: 535, EnhancedCode: gosmtp.EnhancedCode{5, 7, 8}, Message: "wrong: " + u + " " + p}
		}
		s.box.mu.Lock()
		s.box.signedIn++
		s.box.mu.Unlock()
		return nil
	}), nil
}

func (s *session) Mail(from string, o *gosmtp.MailOptions) error {
	s.now.from, s.now.utf8 = from, o.UTF8
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if err := s.box.next(&s.box.onRcpt); err != nil {
		return err
	}
	s.now.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.box.next(&s.box.onData); err != nil {
		return err
	}
	s.now.data = data
	s.box.mu.Lock()
	s.box.mails = append(s.box.mails, s.now)
	s.box.mu.Unlock()
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// answer is an error the server says with this code.
func answer(code int, enhanced gosmtp.EnhancedCode) error {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "anna@private.example says " + password}
}

// serve starts a real mail server and returns the configuration that fits it.
// Encryption is the server's: starttls, implicit or none.
func serve(t *testing.T, box *mailbox, encryption string) Config {
	t.Helper()
	cert, roots := authority(t)
	server := gosmtp.NewServer(box)
	server.Domain, server.EnableSMTPUTF8 = "mail.acme.example", true
	server.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	switch encryption {
	case StartTLS:
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	case ImplicitTLS:
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return config(l.Addr(), encryption, roots)
}

func config(a net.Addr, encryption string, roots []byte) Config {
	return Config{
		Host: "127.0.0.1", Port: a.(*net.TCPAddr).Port, TLS: encryption, RootCAs: roots,
		From: "Acme Security <security@acme.example>", Timeout: 20 * time.Second,
	}
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// scripted is a server that says what a test makes it say and keeps all it is
// told, for what no well-behaved server does.
func scripted(t *testing.T, talk func(s *stage)) (Config, *stage) {
	t.Helper()
	cert, roots := authority(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{cert: cert, gone: make(chan struct{}), reached: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.take(conn)
			talk(s)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		close(s.gone)
		_ = l.Close()
		<-done
	})
	return config(l.Addr(), StartTLS, roots), s
}

type stage struct {
	cert    tls.Certificate
	conn    net.Conn
	r       *bufio.Reader
	mu      sync.Mutex
	told    bytes.Buffer
	gone    chan struct{} // closed when the test is over
	reached chan struct{} // closed by hang
	once    sync.Once
}

func (s *stage) take(c net.Conn) {
	s.conn = c
	s.r = bufio.NewReader(c)
}

func (s *stage) say(format string, args ...any) { _, _ = fmt.Fprintf(s.conn, format+"\r\n", args...) }

// hear reads a line, and returns an empty one when the other side is gone.
func (s *stage) hear() string {
	text, err := s.r.ReadString('\n')
	s.mu.Lock()
	s.told.WriteString(text)
	s.mu.Unlock()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

func (s *stage) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told.String()
}

// hang says nothing until the other side or the test ends.
func (s *stage) hang() {
	s.once.Do(func() { close(s.reached) })
	_, _ = io.Copy(io.Discard, s.r)
}

// encrypt plays the server up to the end of the second greeting.
func (s *stage) encrypt(extensions ...string) bool {
	s.say("220 ready")
	s.hear()
	s.say("250-mail")
	s.say("250 STARTTLS")
	if s.hear() != "STARTTLS" {
		return false
	}
	s.say("220 go")
	encrypted := tls.Server(s.conn, &tls.Config{Certificates: []tls.Certificate{s.cert}})
	if encrypted.Handshake() != nil {
		return false
	}
	s.take(encrypted)
	s.hear()
	s.say("250-mail")
	for _, e := range extensions {
		s.say("250-%s", e)
	}
	s.say("250 8BITMIME")
	return true
}

// upToData plays a server that takes everything up to the end of the message.
func (s *stage) upToData() bool {
	if !s.encrypt() {
		return false
	}
	for _, reply := range []string{"250 ok", "250 ok", "354 go"} {
		s.hear()
		s.say("%s", reply)
	}
	for {
		switch s.hear() {
		case ".":
			return true
		case "":
			if _, err := s.r.Peek(1); err != nil {
				return false
			}
		}
	}
}

func notice() holds.Notice {
	return holds.Notice{
		ID: "0198C2F2-0000-7000-8000-000000000001", Tenant: "acme", Hold: "h", Audience: holds.ToOwner,
		Point: holds.ContactPoint{Person: "anna", Kind: holds.EmailPoint, Value: "anna@private.example"},
	}
}

// send sends one notice and checks that an error is one a ledger may hold.
func send(t *testing.T, c Config, n holds.Notice) (string, error) {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := s.Send(t.Context(), n, "Änderung: was this you?", "text äöü\n", "<p>html</p>")
	if err == nil {
		return ref, nil
	}
	var e *holds.Error
	if !errors.As(err, &e) || ref != "" {
		t.Errorf("reference %q, error %v", ref, err)
	}
	for _, secret := range []string{password, "private.example", "anna"} {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, e), secret) {
			t.Errorf("the error tells %q: %v", secret, err)
		}
	}
	return "", err
}
