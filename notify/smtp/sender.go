package smtp

import (
	"context"
	"crypto/tls"
	"net/mail"
	"strings"

	"github.com/countersign/countersign/holds"
)

// Sender sends mails through one server, each over a connection of its own. It
// may be used by many goroutines.
type Sender struct {
	c      Config        // without the password
	secret func() string // a function, because formatting prints strings
	from   *mail.Address
	tls    *tls.Config
	hello  string
}

// most is how many bytes are read from the server in one conversation,
// certificates included.
const most = 256 << 10

// New checks the configuration; it does not connect.
func New(c Config) (*Sender, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	from, err := c.sender()
	if err != nil {
		return nil, err
	}
	t, err := c.encryption()
	if err != nil {
		return nil, err
	}
	hello := c.HelloName
	if hello == "" {
		hello = domain(from.Address)
	}
	password := c.Password
	c.Password = ""
	return &Sender{c: c, secret: func() string { return password }, from: from, tls: t, hello: hello}, nil
}

// Send sends one notice as a mail with a text and an HTML part and returns the
// server's id of it, when it gave one. The error is a *holds.Error: Unavailable
// when trying again can help, Invalid when the message, its address or the
// server's final answer rules it out.
func (s *Sender) Send(ctx context.Context, n holds.Notice, subject, text, html string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	l, err := s.compose(n, subject, text, html)
	if err != nil {
		return "", err
	}
	return s.converse(ctx, l)
}

// domain is the part of an address after the at sign.
func domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
