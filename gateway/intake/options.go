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
	Okta  Provider = "okta"
	Entra Provider = "entra"
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

// Feeds knows the subscriptions through which Entra calls us.
type Feeds interface {
	// Feeds lists a connection's feeds as every replica left them; none for a
	// connection that has none or does not exist. It honours the context's
	// deadline.
	Feeds(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID) ([]holds.Feed, error)
}

// Waker is told of what Entra tells us. Both methods return at once.
type Waker interface {
	// Wake says that something changed at a connection's directory. It may be
	// called any number of times in a row.
	Wake(conn holds.ConnectionID)
	// Lifecycle says what became of one of a connection's subscriptions, in
	// Microsoft's words: reauthorizationRequired, subscriptionRemoved or missed
	// (https://learn.microsoft.com/graph/change-notifications-lifecycle-events).
	Lifecycle(conn holds.ConnectionID, subscription, event string)
}

// Connection is one provider's organisation that may deliver.
type Connection struct {
	Tenant   holds.TenantID
	ID       holds.ConnectionID
	Provider Provider
	// DirectoryTenant is the id of Entra's directory, which every notification
	// names. The fields below it are Okta's.
	DirectoryTenant string
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
	Malformed       Outcome = "malformed"
	// Saturated is a delivery that was not taken since too many wait already.
	Saturated Outcome = "saturated"
	// Refused is a body without a single notification of the provider's.
	Refused Outcome = "refused"
)

// Options are what New needs to know.
type Options struct {
	Connections []Connection
	Store       Store
	// Feeds and Waker are needed for connections to Entra.
	Feeds Feeds
	Waker Waker
	// Refused, when set, is told how many notifications of a request to a
	// connection were not the provider's, for people to see. It returns at once.
	Refused func(conn holds.ConnectionID, n int)
	// Saturated, when set, tells whether too many deliveries of a connection, or of
	// all, wait to be decided, so that no more of it may be taken for now. It
	// answers at once, from memory, and is asked only about callers with the right
	// credential.
	Saturated func(tenant holds.TenantID, conn holds.ConnectionID) bool
	// MaxBody is the most bytes a delivery may have; zero is 1 MiB.
	MaxBody int64
	// MaxInFlight is how many deliveries of one connection are worked on at a
	// time, which with MaxBody bounds the memory that a stolen secret can take;
	// zero is 128.
	MaxInFlight int
	// StoreTimeout bounds Receive, and the look at the feeds together with it; zero
	// is 2.5 s, since Okta and Microsoft wait for 3 s.
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
	if o.Refused == nil {
		o.Refused = func(holds.ConnectionID, int) {}
	}
	if o.Saturated == nil {
		o.Saturated = func(holds.TenantID, holds.ConnectionID) bool { return false }
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
	case c.Provider == Entra:
		return c.checkEntra()
	case c.Provider != Okta:
		return fmt.Errorf("there is no provider %q", c.Provider)
	case c.DirectoryTenant != "":
		return errors.New("only connections to Entra have a directory's id")
	}
	if err := checkHeader(c.header()); err != nil {
		return err
	}
	return checkHost(c.SourceHost)
}

// checkEntra refuses what an Okta hook has and Entra has not: a notification is
// authenticated by the client state of its subscription.
func (c Connection) checkEntra() error {
	switch {
	case !isGUID(c.DirectoryTenant):
		return errors.New("the directory's id is not a GUID; Entra's overview page shows it as the tenant ID")
	case c.HeaderName != "" || c.SourceHost != "" || c.Secrets.Current != "" || c.Secrets.Previous != "":
		return errors.New("a connection to Entra has no header, secret or host; its subscriptions carry their own")
	}
	return nil
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		switch dash := i == 8 || i == 13 || i == 18 || i == 23; {
		case dash && r != '-', !dash && !strings.ContainsRune("0123456789abcdefABCDEF", r):
			return false
		}
	}
	return true
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
