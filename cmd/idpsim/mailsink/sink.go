package mailsink

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	maxMails = 500
	maxBytes = 1 << 20
)

// Mail is one message as received.
type Mail struct {
	N        int       `json:"n"`
	Received time.Time `json:"received"`
	From     string    `json:"from"` // envelope sender
	To       []string  `json:"to"`   // envelope recipients
	TLS      bool      `json:"tls"`
	Login    string    `json:"login,omitempty"`
	Subject  string    `json:"subject"`
	Text     string    `json:"text"`
	HTML     string    `json:"html,omitempty"`
	Raw      string    `json:"raw,omitempty"`
}

// Options say how a Sink behaves. With a Username, senders must authenticate.
type Options struct {
	Username, Password string
	Now                func() time.Time // zero: time.Now
}

// Sink keeps mails. Serve it with ServeSMTP and show it with Handler.
type Sink struct {
	opt    Options
	server *smtp.Server
	pem    string

	mu      sync.Mutex
	count   int
	mails   []Mail
	arrived chan struct{} // closed and replaced at each arrival
	refuse  int           // deliveries to refuse, for tests of retries
}

// New makes a sink with a fresh certificate for localhost and 127.0.0.1.
func New(opt Options) (*Sink, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	cert, pem, err := selfSigned(time.Now())
	if err != nil {
		return nil, err
	}
	s := &Sink{opt: opt, pem: pem, arrived: make(chan struct{})}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{sink: s, conn: c}, nil
	}))
	s.server.Domain = "localhost"
	s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	s.server.MaxMessageBytes, s.server.MaxRecipients = maxBytes, 50
	s.server.ReadTimeout, s.server.WriteTimeout = 30*time.Second, 30*time.Second
	s.server.ErrorLog = log.New(io.Discard, "", 0) // a client that hangs up is no news
	return s, nil
}

// CertificatePEM is what a client must trust for STARTTLS.
func (s *Sink) CertificatePEM() string { return s.pem }

// ServeSMTP answers on the listener until Close.
func (s *Sink) ServeSMTP(l net.Listener) error {
	if err := s.server.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

// Close ends the SMTP server and its connections.
func (s *Sink) Close() { _ = s.server.Close() } // a second Close is harmless

// Mails lists what has arrived, oldest first.
func (s *Sink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Arrived is closed when the next mail arrives.
func (s *Sink) Arrived() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrived
}

// RefuseNext answers the next n messages with a temporary error (451).
func (s *Sink) RefuseNext(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = n
}

func (s *Sink) mail(n int) (Mail, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.mails, func(m Mail) bool { return m.N == n })
	if i < 0 {
		return Mail{}, false
	}
	return s.mails[i], true
}

// keep stores a message, or refuses it when told to.
func (s *Sink) keep(m Mail, raw []byte) error {
	m.Raw = string(raw)
	m.Subject, m.Text, m.HTML = parse(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse > 0 {
		s.refuse--
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
	}
	s.count++
	m.N, m.Received = s.count, s.opt.Now().UTC()
	s.mails = append(s.mails, m)
	if len(s.mails) > maxMails {
		s.mails = slices.Clone(s.mails[len(s.mails)-maxMails:])
	}
	close(s.arrived)
	s.arrived = make(chan struct{})
	return nil
}
