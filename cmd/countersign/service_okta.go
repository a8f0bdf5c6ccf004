package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper"
	"github.com/countersign/countersign/providers/okta"
)

// oktaConnection is one Okta org: its client and the poller of its log.
type oktaConnection struct {
	tenant Tenant
	config Connection
	client *okta.Client
	poller *okta.Poller
}

// openProviders makes the clients; nothing is called yet.
func (s *service) openProviders(x seams) error {
	for _, t := range s.config.Tenants {
		for _, n := range t.Connections {
			c, err := s.openOkta(t, n, x)
			if err != nil {
				return fmt.Errorf("connection %s: %w", n.ID, err)
			}
			s.okta = append(s.okta, c)
		}
	}
	return nil
}

func (s *service) openOkta(t Tenant, n Connection, x seams) (oktaConnection, error) {
	out := oktaConnection{tenant: t, config: n}
	o, err := s.config.oktaOptions(t, n, s.store.Now, s.log)
	if err != nil {
		return out, err
	}
	o.Timeout, o.Base = x.timeout, x.transport
	if out.client, err = okta.New(o); err != nil {
		return out, err
	}
	out.poller = out.client.NewPoller(okta.PollerOptions{Pages: s.store, Interval: n.Okta.PollEvery, Report: s.polled(t, n)})
	return out, nil
}

// oktaOptions is what a client of an org is made of.
func (c *Config) oktaOptions(t Tenant, n Connection, now func() time.Time, log *slog.Logger) (okta.Options, error) {
	o := okta.Options{
		Tenant: holds.TenantID(t.ID), Connection: holds.ConnectionID(n.ID), OrgURL: n.Okta.OrgURL,
		ClientID: n.Okta.ClientID, Scopes: n.Okta.Scopes, RestraintGroup: n.Okta.RestraintGroup, HookID: n.Hook.ID,
		OwnAccounts: n.Okta.OwnAccounts, Now: now, Logger: log, Loopback: loopback(hostOf(n.Okta.OrgURL)),
	}
	if n.Okta.TokenID != "" {
		o.OwnTokens = []string{n.Okta.TokenID}
	}
	var err error
	if n.Okta.TokenFile != "" {
		o.Token, err = c.readSecret("okta.token_file", n.Okta.TokenFile)
	} else {
		o.KeyPEM, err = c.readSecret("okta.key_file", n.Okta.KeyFile)
	}
	return o, err
}

// keeperConnections is what the keeper knows of the connections; judges are the
// tenants' policies.
func (s *service) keeperConnections(judges map[string]keeper.Judge) []keeper.Connection {
	out := make([]keeper.Connection, 0, len(s.okta))
	for _, c := range s.okta {
		out = append(out, keeper.Connection{
			Tenant: holds.TenantID(c.tenant.ID), ID: holds.ConnectionID(c.config.ID), Mode: holds.Mode(c.config.Mode),
			Judge: judges[c.tenant.ID], Provider: c.client, BreakGlass: c.config.BreakGlass, OwnAccounts: c.config.Okta.OwnAccounts,
		})
	}
	return out
}

// intakeConnections is what the webhook's door knows of them.
func (c *Config) intakeConnections() ([]intake.Connection, error) {
	var out []intake.Connection
	for _, t := range c.Tenants {
		for _, n := range t.Connections {
			door := intake.Connection{
				Tenant: holds.TenantID(t.ID), ID: holds.ConnectionID(n.ID), Provider: intake.Okta,
				HeaderName: n.Hook.Header, SourceHost: hostOf(n.Okta.OrgURL),
			}
			var err error
			if door.Secrets, err = c.hookSecrets(n.Hook); err != nil {
				return nil, fmt.Errorf("connection %s: %w", n.ID, err)
			}
			out = append(out, door)
		}
	}
	return out, nil
}

func (c *Config) hookSecrets(h Hook) (s intake.Secrets, err error) {
	current, err := c.readSecret("hook.secret_file", h.SecretFile)
	if err != nil || h.PreviousSecretFile == "" {
		return intake.Secrets{Current: intake.Secret(current)}, err
	}
	previous, err := c.readSecret("hook.previous_secret_file", h.PreviousSecretFile)
	return intake.Secrets{Current: intake.Secret(current), Previous: intake.Secret(previous), PreviousUntil: h.PreviousUntil}, err
}
