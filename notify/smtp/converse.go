package smtp

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// step is a part of the conversation, for errors.
type step string

// The steps in order. From naming the sender on, the talk is of the message.
const (
	connecting step = "connecting to the mail server"
	greeting   step = "greeting the mail server"
	encrypting step = "encrypting the line to the mail server"
	signingIn  step = "signing in at the mail server"
	sender     step = "naming the sender"
	receiver   step = "naming the receiver"
	handing    step = "handing over the message"
	waiting    step = "waiting for the answer to the message"
)

// ofMessage tells whether an answer at this step is about the message.
func (s step) ofMessage() bool {
	return slices.Contains([]step{sender, receiver, handing, waiting}, s)
}

var (
	errNoStartTLS = errors.New("the server offers no STARTTLS")
	errNoAuth     = errors.New("the server offers no way to sign in that we use")
)

// converse hands a letter over and returns the server's id of it.
func (s *Sender) converse(ctx context.Context, l letter) (string, error) {
	conn, end, err := s.dial(ctx)
	if err != nil {
		return "", refusal(ctx, connecting, err)
	}
	defer end()
	c, err := smtp.NewClient(conn, s.c.Host)
	if err != nil {
		return "", refusal(ctx, greeting, err)
	}
	if at, err := s.prepare(c); err != nil {
		return "", refusal(ctx, at, err)
	}
	c.SkipSMTPUTF8(l.ascii) // a next server without it would send the mail back
	answer, at, err := s.deliver(c, l)
	if err != nil {
		return "", refusal(ctx, at, err)
	}
	// The letter is the server's now. A farewell is polite; its failure says
	// nothing, and a server that does not answer it is not waited for.
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	_ = c.Quit()
	return reference(answer), nil
}

// prepare greets, encrypts and signs in.
func (s *Sender) prepare(c *smtp.Client) (step, error) {
	if err := c.Hello(s.hello); err != nil {
		return greeting, err
	}
	if s.c.TLS == StartTLS {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return encrypting, errNoStartTLS
		}
		if err := c.StartTLS(s.tls); err != nil {
			return encrypting, err
		}
	}
	if s.c.Username == "" {
		return "", nil
	}
	auth, err := s.auth(c)
	if err != nil {
		return signingIn, err
	}
	return signingIn, c.Auth(auth)
}

// auth chooses between the two ways that every server has; over TLS with a
// verified name the password may be said as it is.
func (s *Sender) auth(c *smtp.Client) (smtp.Auth, error) {
	_, offered := c.Extension("AUTH")
	ways := strings.Fields(strings.ToUpper(offered))
	switch {
	case slices.Contains(ways, "PLAIN"):
		return smtp.PlainAuth("", s.c.Username, s.secret(), s.c.Host, false), nil
	case slices.Contains(ways, "LOGIN"):
		return smtp.LoginAuth(s.c.Username, s.secret(), s.c.Host, false), nil
	}
	return nil, errNoAuth
}

// deliver speaks of the message and returns the server's answer to it.
func (s *Sender) deliver(c *smtp.Client, l letter) (string, step, error) {
	if err := c.Mail("<" + s.from.Address + ">"); err != nil {
		return "", sender, err
	}
	if err := c.Rcpt("<" + l.to + ">"); err != nil {
		return "", receiver, err
	}
	w, err := c.Data()
	if err != nil {
		return "", handing, err
	}
	if _, err := w.Write(l.data); err != nil {
		return "", handing, err
	}
	if err := w.Close(); err != nil {
		return "", waiting, err
	}
	if d, ok := w.(*smtp.DataCloser); ok {
		return d.ServerResponse(), "", nil
	}
	return "", "", nil
}

// Servers answer the message with their id of it in ways of their own: Postfix
// and Exim, Exchange, and those that say only Ok and the id.
var referenceForms = []*regexp.Regexp{
	regexp.MustCompile(`(?i)queued as ([A-Za-z0-9._-]{4,80})`),
	regexp.MustCompile(`\bid=([A-Za-z0-9._-]{4,80})`),
	regexp.MustCompile(`InternalId=([0-9]{4,40})`),
	regexp.MustCompile(`(?i)^(?:[0-9]\.[0-9]\.[0-9] )?ok:? ([A-Za-z0-9._-]{12,80})$`),
}

// reference finds the server's id in its answer, empty when there is none that
// is surely an id.
func reference(answer string) string {
	for _, form := range referenceForms {
		if m := form.FindStringSubmatch(strings.TrimSpace(answer)); m != nil {
			return m[1]
		}
	}
	return ""
}
