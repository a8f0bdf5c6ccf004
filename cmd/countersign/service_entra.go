package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra"
)

// openEntra makes a directory's client, the poller of its audit log and what
// looks after its subscriptions.
func (s *service) openEntra(t Tenant, n Connection, x seams) (platform, error) {
	out := platform{tenant: t, config: n}
	o, err := s.config.entraOptions(t, n, s.store.Now, s.log)
	if err != nil {
		return out, err
	}
	o.Timeout, o.Base = x.timeout, x.graph
	client, err := entra.New(o)
	if err != nil {
		return out, err
	}
	poller := client.NewPoller(entra.PollerOptions{
		Pages: s.store, Interval: n.Entra.PollEvery, Retention: time.Duration(n.Entra.LogDays) * 24 * time.Hour, Report: s.polled(t, n),
	})
	feeds, err := client.NewFeeds(entra.FeedsOptions{
		Store: s.store, NotificationURL: n.Entra.NotificationURL, Backfill: poller.Backfill, Every: x.feeds,
	})
	if err != nil {
		return out, err
	}
	out.provider, out.advice = client, entra.FeedAdvice
	out.run = []func(context.Context) error{poller.Run, feeds.Run}
	out.wake = poller.Kick
	out.lifecycle = func(subscription, event string) {
		switch event {
		case "reauthorizationRequired":
			feeds.Reauthorize(subscription)
		case "subscriptionRemoved":
			feeds.Kick() // which notices the loss, and reads back what was missed
		case "missed":
			poller.Backfill()
		}
	}
	return out, nil
}

// entraOptions is what a client of a directory is made of.
func (c *Config) entraOptions(t Tenant, n Connection, now func() time.Time, log *slog.Logger) (entra.Options, error) {
	o := entra.Options{
		Tenant: holds.TenantID(t.ID), Connection: holds.ConnectionID(n.ID), DirectoryTenant: n.Entra.DirectoryTenant,
		ClientID: n.Entra.ClientID, RestraintGroup: n.Entra.RestraintGroup, BreakGlass: n.BreakGlass, OwnAccounts: n.Entra.OwnAccounts,
		GraphURL: n.Entra.GraphURL, LoginURL: n.Entra.LoginURL, Now: now, Logger: log, Loopback: n.Entra.GraphURL != "",
	}
	return o, c.proof(n.Entra, &o)
}

// proof reads what the application proves itself with. A federated token is read
// by the client at each use, since the platform renews it.
func (c *Config) proof(e Entra, o *entra.Options) (err error) {
	switch {
	case e.ClientSecretFile != "":
		o.Secret, err = c.readSecret("entra.client_secret_file", e.ClientSecretFile)
	case e.KeyFile != "":
		if o.KeyPEM, err = c.readSecret("entra.key_file", e.KeyFile); err != nil {
			return err
		}
		var raw []byte
		if raw, err = os.ReadFile(c.path(e.CertificateFile)); err != nil {
			return fmt.Errorf("entra.certificate_file: %w", err)
		}
		o.CertPEM = string(raw)
	default:
		o.TokenFile = c.path(e.FederatedTokenFile)
	}
	return err
}

// entraDoor is what the webhook's door knows of a directory.
func entraDoor(t Tenant, n Connection) intake.Connection {
	return intake.Connection{
		Tenant: holds.TenantID(t.ID), ID: holds.ConnectionID(n.ID), Provider: intake.Entra, DirectoryTenant: n.Entra.DirectoryTenant,
	}
}
