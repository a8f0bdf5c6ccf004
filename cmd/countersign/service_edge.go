package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/console"
	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/gateway/owner"
	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/audit/anchor"
	"github.com/countersign/countersign/notify"
	"github.com/countersign/countersign/notify/smtp"
)

// links is how addresses in messages are made.
func (s *service) links() links {
	return links{minter: s.keys.links, public: s.config.Public.URL, console: s.consoleURL, log: s.log}
}

// consoleURL is where reviewers find the console: the host as it is configured,
// with the port it was given.
func (s *service) consoleURL() string {
	host, _, err := net.SplitHostPort(s.config.Console.Listen)
	_, port, perr := net.SplitHostPort(s.console.Addr())
	if err != nil || perr != nil || host == "" {
		return "http://" + s.console.Addr()
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (s *service) messenger() (*notify.Messenger, error) {
	channel, err := s.config.mailChannel()
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Options{
		Channels: map[holds.PointKind]notify.Channel{holds.EmailPoint: channel}, Links: s.links(), Duty: s.duty(),
		Organisation: s.organisation, Contact: s.contact, Now: s.store.Now,
	})
}

func (c *Config) mailChannel() (*smtp.Sender, error) {
	m := c.Mail
	o := smtp.Config{Host: m.Host, Port: m.Port, TLS: m.TLS, Username: m.Username, From: m.From}
	var err error
	if m.CAFile != "" {
		if o.RootCAs, err = os.ReadFile(c.path(m.CAFile)); err != nil {
			return nil, fmt.Errorf("mail.ca_file: %w", err)
		}
	}
	if m.PasswordFile != "" {
		if o.Password, err = c.readSecret("mail.password_file", m.PasswordFile); err != nil {
			return nil, err
		}
	}
	return smtp.New(o)
}

// duty is who is paged, by tenant.
func (s *service) duty() map[holds.TenantID][]holds.ContactPoint {
	out := map[holds.TenantID][]holds.ContactPoint{}
	for _, t := range s.config.Tenants {
		for i, address := range t.Duty {
			out[holds.TenantID(t.ID)] = append(out[holds.TenantID(t.ID)], holds.ContactPoint{
				ID: fmt.Sprintf("duty-%d", i), Kind: holds.EmailPoint, Value: address, Source: "configuration",
			})
		}
	}
	return out
}

func (s *service) tenant(id holds.TenantID) Tenant {
	for _, t := range s.config.Tenants {
		if t.ID == string(id) {
			return t
		}
	}
	return Tenant{}
}

func (s *service) organisation(t holds.TenantID) string { return s.tenant(t).Organisation }

func (s *service) contact(t holds.TenantID) string { return s.tenant(t).Contact }

// inbox counts the deliveries that wait and those that failed.
func (s *service) inbox(ctx context.Context, t holds.TenantID) (waiting, failed int64, err error) {
	st, err := s.store.Stats(ctx, t)
	return st.Undecided, st.Failed, err
}

// reviewer tells whether a person may check identity and decide, by the
// configuration as it is now.
func (s *service) reviewer(tenant holds.TenantID, person holds.PersonID) bool {
	return slices.Contains(s.tenant(tenant).Reviewers, string(person))
}

// openAnchor opens the directory that checkpoints go to.
func (s *service) openAnchor() error {
	dir, err := anchor.Open(s.config.path(s.config.Audit.Checkpoints), s.keys.verifier)
	if err != nil {
		return fmt.Errorf("audit.checkpoints: %w", err)
	}
	s.anchor = &anchor.Loop{
		Directory: dir, Signer: s.keys.signer, Head: s.head, Grew: s.grew, Now: s.store.Now, Log: s.log,
	}
	return nil
}

// head is what a checkpoint is about: the log with all that was committed.
func (s *service) head(ctx context.Context) (size int64, root audit.Hash, err error) {
	if err := s.store.Sequence(ctx); err != nil {
		return 0, audit.Hash{}, err
	}
	return s.store.Root(ctx)
}

func (s *service) grew(ctx context.Context, newer, older int64) (audit.TreeProof, error) {
	return s.store.ProveTree(ctx, newer, older)
}

func (c *Config) proxies() []netip.Prefix {
	var out []netip.Prefix
	for _, n := range c.Public.TrustedProxies {
		out = append(out, netip.MustParsePrefix(n)) // checked when the file was read
	}
	return out
}

// hostOf is the host and port of an address that was checked before.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// openPublic opens what providers and account owners reach: the hooks and the
// owners' pages.
func (s *service) openPublic() error {
	e := gateway.NewEcho(gateway.Options{Logger: s.log, TrustedProxies: s.config.proxies()})
	connections, err := s.config.intakeConnections()
	if err != nil {
		return err
	}
	in, err := intake.New(intake.Options{
		Connections: connections, Store: s.store, Feeds: s.store, Waker: s, Refused: s.refused.add, Saturated: s.store.Saturated, Seen: s.delivered,
		Now: s.store.Now, Logger: s.log,
	})
	if err != nil {
		return err
	}
	in.Routes(e)
	pages, err := owner.New(owner.Options{
		Links: s.links(), Notices: s.store, Answers: s.keeper,
		Organisation: s.organisation, Contact: s.contact, Now: s.store.Now,
	})
	if err != nil {
		return err
	}
	pages.Mount(e)
	certificate, err := s.config.certificate()
	if err != nil {
		return err
	}
	s.public, err = gateway.NewServer(gateway.ServerOptions{
		Addr: s.config.Public.Listen, Handler: e, TLS: certificate, TrustedProxies: s.config.proxies(), Logger: s.log,
	})
	if err != nil {
		return fmt.Errorf("public.listen: %w", err)
	}
	return nil
}

func (c *Config) certificate() (*tls.Config, error) {
	p := c.Public
	if p.Certificate == "" {
		return nil, nil //nolint:nilnil // there is none: a proxy ends TLS, or this is loopback
	}
	// A group may read it: that is how distributions share such keys.
	if info, err := os.Stat(c.path(p.Key)); err == nil && info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("public.key: %s can be read by everybody; run chmod o= on it", c.path(p.Key))
	}
	pair, err := tls.LoadX509KeyPair(c.path(p.Certificate), c.path(p.Key))
	if err != nil {
		return nil, fmt.Errorf("public.certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// openConsole opens what reviewers reach, on loopback.
func (s *service) openConsole() error {
	door, err := signin.New(signin.Options{Store: s.store, Reviewer: s.reviewer, Now: s.store.Now})
	if err != nil {
		return err
	}
	pages, err := console.New(console.Options{
		Reader: s.store, Keeper: s.keeper, Brakes: s.store, Inbox: s.inbox, Require: door.Require, Who: signin.Who,
		Reviewer: s.reviewer, Organisation: s.organisation, Now: s.store.Now, NewID: newID,
	})
	if err != nil {
		return err
	}
	e := gateway.NewEcho(gateway.Options{Logger: s.log, Page: pages.Problem})
	door.Mount(e)
	pages.Mount(e)
	s.console, err = gateway.NewServer(gateway.ServerOptions{Addr: s.config.Console.Listen, Handler: e, Logger: s.log})
	if err != nil {
		return fmt.Errorf("console.listen: %w", err)
	}
	return nil
}

// polled records how the reading of a provider's log goes. What fails is told
// together with the last time it went well.
func (s *service) polled(t Tenant, n Connection) func(time.Time, string) {
	var last time.Time
	return func(at time.Time, trouble string) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if last.IsZero() && at.IsZero() {
			last = s.lastPolled(ctx, t, n)
		}
		if !at.IsZero() {
			last = at
		}
		err := s.store.SaveHealth(ctx, holds.ConnectionHealth{
			Tenant: holds.TenantID(t.ID), Connection: holds.ConnectionID(n.ID), Mode: holds.Mode(n.Mode), Polled: last, Trouble: trouble,
		})
		if err != nil {
			s.log.Warn("a poller's health could not be recorded", "connection", n.ID, "error", err)
		}
	}
}

// lastPolled is when an earlier process read the log, zero when none did.
func (s *service) lastPolled(ctx context.Context, t Tenant, n Connection) time.Time {
	all, err := s.store.Health(ctx, holds.TenantID(t.ID))
	if err != nil {
		return time.Time{}
	}
	for _, h := range all {
		if h.Connection == holds.ConnectionID(n.ID) {
			return h.Polled
		}
	}
	return time.Time{}
}
