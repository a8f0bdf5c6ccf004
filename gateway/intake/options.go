package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// Provider is the identity platform behind a connection.
type Provider string

// The providers that deliver here.
const (
	Okta Provider = "okta"
)

// Store is where deliveries become durable.
type Store interface {
	// Receive commits one delivery and returns nil only after the commit. When it
	// returns an error the delivery may or may not have been stored; it will be
	// sent again, so a repetition must be harmless. It honours the context's
	// deadline and may be called by many goroutines at once. The delivery's ID is
	// the store's to give.
	Receive(ctx context.Context, d holds.Delivery) error
}

// Connection is one hook that may deliver.
type Connection struct {
	Tenant   holds.TenantID
	ID       holds.ConnectionID
	Provider Provider
	// HeaderName is the header with the secret; empty is Authorization.
	HeaderName string
	Secrets    Secrets
	// SourceHost is the organisation's host (with its port, if it has one), as
	// deliveries name it in "source": "acme.okta.com".
	SourceHost string
	// Verifying tells whether a verification is expected now. Nil is always: with
	// the right secret the answer has no effect and tells nothing.
	Verifying func() bool
}

// Outcome is what became of a request, for metrics.
type Outcome string

// The outcomes.
const (
	Accepted        Outcome = "accepted"
	Verified        Outcome = "verified"
	Unauthenticated Outcome = "unauthenticated"
	ForeignSource   Outcome = "foreign_source"
	Unsupported     Outcome = "unsupported"
	TooLarge        Outcome = "too_large"
	BadChallenge    Outcome = "bad_challenge"
	Unexpected      Outcome = "unexpected_verification"
	Broken          Outcome = "broken_body"
	Busy            Outcome = "busy"
	NotStored       Outcome = "not_stored"
)

// Options are what New needs to know.
type Options struct {
	Connections []Connection
	Store       Store
	// MaxBody is the most bytes a delivery may have; zero is 1 MiB.
	MaxBody int64
	// MaxInFlight is how many deliveries of one connection are worked on at a
	// time, which with MaxBody bounds the memory that a stolen secret can take;
	// zero is 128.
	MaxInFlight int
	// StoreTimeout bounds Receive; zero is 2.5 s, since Okta waits for 3 s.
	StoreTimeout time.Duration
	// Now is the clock for Delivery.Received; nil is time.Now.
	Now func() time.Time
	// Logger takes refusals of callers, at a bounded rate; nil logs nothing.
	Logger *slog.Logger
	// Seen, when set, is told of every request that reached a hook's address. The
	// connection is empty when there is no such connection.
	Seen func(conn holds.ConnectionID, what Outcome, took time.Duration)
}

func (o Options) withDefaults() (Options, error) {
	if o.Store == nil {
		return o, errors.New("intake: no store is given")
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 128
	}
	if o.StoreTimeout == 0 {
		o.StoreTimeout = 2500 * time.Millisecond
	}
	if o.MaxBody < 0 || o.MaxInFlight < 0 || o.StoreTimeout < 0 {
		return o, errors.New("intake: a limit is negative")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Seen == nil {
		o.Seen = func(holds.ConnectionID, Outcome, time.Duration) {}
	}
	return o, nil
}

// check refuses a connection that could not be served safely.
func (c Connection) check() error {
	switch {
	case c.Tenant == "":
		return errors.New("it names no tenant")
	case !plainID(string(c.ID)):
		return errors.New("its name must be lower-case letters, digits and dashes")
	case c.Provider != Okta:
		return fmt.Errorf("there is no provider %q", c.Provider)
	}
	if err := checkHeader(c.header()); err != nil {
		return err
	}
	return checkHost(c.SourceHost)
}

func (c Connection) header() string {
	if c.HeaderName == "" {
		return "Authorization"
	}
	return c.HeaderName
}

func plainID(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// checkHeader refuses names that are not one, and those that HTTP gives a
// meaning of its own.
func checkHeader(name string) error {
	token := !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	})
	name = textproto.CanonicalMIMEHeaderKey(name)
	taken := []string{"Host", "Connection", "Transfer-Encoding", "Cookie", "Te", "Trailer", "Upgrade", "Expect", "Forwarded", challengeHeader}
	if !token || slices.Contains(taken, name) || strings.HasPrefix(name, "Content-") || strings.HasPrefix(name, "X-Forwarded-") {
		return fmt.Errorf("the header %q cannot carry a secret", name)
	}
	return nil
}

func checkHost(host string) error {
	u, err := url.Parse("https://" + host)
	if err != nil || host == "" || u.Host != host || u.Hostname() == "" {
		return fmt.Errorf("the organisation's host %q is not a host name; write it as in acme.okta.com", host)
	}
	return nil
}

// challengeHeader carries the value that a verification wants back.
const challengeHeader = "X-Okta-Verification-Challenge"
