package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/mail"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/countersign/countersign/holds"
)

// The ways to encrypt.
const (
	// StartTLS begins in clear and must change to TLS before anything is said.
	StartTLS = "starttls"
	// ImplicitTLS is TLS from the first byte (RFC 8314 §3.3:
	// https://www.rfc-editor.org/rfc/rfc8314#section-3.3).
	ImplicitTLS = "implicit"
	// NoTLS is for a server on this machine only.
	NoTLS = "none"
)

// Config says which mail server to use and how.
type Config struct {
	// Host is the server's name (or address), as its certificate has it.
	Host string
	// Port is 587 for starttls, 465 for implicit and 25 for none when it is zero.
	Port int
	// TLS is starttls, implicit or none; starttls when empty.
	TLS string
	// RootCAs are the certificates (PEM) to trust instead of the system's.
	RootCAs []byte
	// Username and Password sign in at the server; without a username there is no
	// sign-in.
	Username string
	Password string
	// From is the sender, with or without a name: Acme security <security@acme.example>.
	From string
	// HelloName is how we introduce ourselves; the domain of From when empty.
	HelloName string
	// Timeout is for one message from connecting to the answer; 30 s when zero.
	Timeout time.Duration
}

// Format keeps the password out of everything that is printed.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "mail server %s:%d (%s)", c.Host, c.Port, c.TLS)
}

// MarshalJSON keeps the password out of structured logs as well.
func (c Config) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%q", fmt.Sprint(c)), nil
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)

// withDefaults fills in what may be left out.
func (c Config) withDefaults() Config {
	if c.TLS == "" {
		c.TLS = StartTLS
	}
	if c.Port == 0 {
		c.Port = map[string]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25}[c.TLS]
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	return c
}

// check refuses what cannot work or must not.
func (c Config) check() error {
	_, addrErr := netip.ParseAddr(c.Host)
	switch {
	case c.TLS != StartTLS && c.TLS != ImplicitTLS && c.TLS != NoTLS:
		return holds.Refuse(holds.Invalid, "The mail server's tls must be starttls, implicit or none.")
	case addrErr != nil && !hostForm.MatchString(c.Host):
		return holds.Refuse(holds.Invalid, "The mail server's host must be a host name or an address without a port.")
	case c.Port < 1 || c.Port > 65535:
		return holds.Refuse(holds.Invalid, "The mail server's port must lie between 1 and 65535.")
	case c.TLS == NoTLS && !loopback(c.Host):
		return holds.Refuse(holds.Invalid, "Mail to %s must be encrypted: tls none is for a mail server on this machine. Use starttls or implicit.", c.Host)
	case c.TLS == NoTLS && c.Username != "":
		return holds.Refuse(holds.Invalid, "A password is never sent in clear: leave out username and password, or use starttls or implicit.")
	case (c.Username == "") != (c.Password == ""):
		return holds.Refuse(holds.Invalid, "The mail server's username and password belong together: give both or neither.")
	case strings.ContainsFunc(c.Username+c.Password, unicode.IsControl):
		return holds.Refuse(holds.Invalid, "The mail server's username or password contains a control character, perhaps the line end of the file it was read from.")
	case c.HelloName != "" && !hostForm.MatchString(c.HelloName):
		return holds.Refuse(holds.Invalid, "The name to introduce ourselves with must be a host name.")
	case c.Timeout < time.Second || c.Timeout > 10*time.Minute:
		return holds.Refuse(holds.Invalid, "The time limit for a mail must lie between one second and ten minutes.")
	}
	return nil
}

// sender reads From.
func (c Config) sender() (*mail.Address, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil || strings.ContainsFunc(c.From, unicode.IsControl) || strings.ContainsAny(from.Address, " <>\"") {
		return nil, holds.Refuse(holds.Invalid, "The sender of mails must be an address such as security@acme.example, or a name with the address in angle brackets.")
	}
	return from, nil
}

// encryption makes the TLS settings: the server's name is always checked.
func (c Config) encryption() (*tls.Config, error) {
	t := &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}
	if len(c.RootCAs) == 0 {
		return t, nil
	}
	t.RootCAs = x509.NewCertPool()
	if !t.RootCAs.AppendCertsFromPEM(c.RootCAs) {
		return nil, holds.Refuse(holds.Invalid, "The certificates to trust for the mail server are not in PEM form.")
	}
	return t, nil
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.IsLoopback()
}
