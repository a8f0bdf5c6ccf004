package main

import (
	"fmt"

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
	o := okta.Options{
		Tenant: holds.TenantID(t.ID), Connection: holds.ConnectionID(n.ID), OrgURL: n.Okta.OrgURL,
		ClientID: n.Okta.ClientID, Scopes: n.Okta.Scopes, RestraintGroup: n.Okta.RestraintGroup, HookID: n.Hook.ID,
		OwnAccounts: n.Okta.OwnAccounts, Now: s.store.Now, Logger: s.log, Loopback: loopback(hostOf(n.Okta.OrgURL)),
		Timeout: x.timeout, Base: x.transport,
	}
	if n.Okta.TokenID != "" {
		o.OwnTokens = []string{n.Okta.TokenID}
	}
	var err error
	if n.Okta.TokenFile != "" {
		o.Token, err = s.config.readSecret("okta.token_file", n.Okta.TokenFile)
	} else {
		o.KeyPEM, err = s.config.readSecret("okta.key_file", n.Okta.KeyFile)
	}
	if err != nil {
		return out, err
	}
	if out.client, err = okta.New(o); err != nil {
		return out, err
	}
	out.poller = out.client.NewPoller(okta.PollerOptions{Pages: s.store, Interval: n.Okta.PollEvery, Report: s.polled(t, n)})
	return out, nil
}

// keeperConnections is what the keeper knows of the connections.
func (s *service) keeperConnections() []keeper.Connection {
	out := make([]keeper.Connection, 0, len(s.okta))
	for _, c := range s.okta {
		out = append(out, keeper.Connection{
			Tenant: holds.TenantID(c.tenant.ID), ID: holds.ConnectionID(c.config.ID), Mode: holds.Mode(c.config.Mode),
			Provider: c.client, BreakGlass: c.config.BreakGlass, OwnAccounts: c.config.Okta.OwnAccounts,
		})
	}
	return out
}

// intakeConnections is what the webhook's door knows of them.
func (s *service) intakeConnections() ([]intake.Connection, error) {
	out := make([]intake.Connection, 0, len(s.okta))
	for _, c := range s.okta {
		hook := c.config.Hook
		n := intake.Connection{
			Tenant: holds.TenantID(c.tenant.ID), ID: holds.ConnectionID(c.config.ID), Provider: intake.Okta,
			HeaderName: hook.Header, SourceHost: hostOf(c.config.Okta.OrgURL),
		}
		current, err := s.config.readSecret("hook.secret_file", hook.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("connection %s: %w", c.config.ID, err)
		}
		n.Secrets.Current = intake.Secret(current)
		if hook.PreviousSecretFile != "" {
			previous, err := s.config.readSecret("hook.previous_secret_file", hook.PreviousSecretFile)
			if err != nil {
				return nil, fmt.Errorf("connection %s: %w", c.config.ID, err)
			}
			n.Secrets.Previous, n.Secrets.PreviousUntil = intake.Secret(previous), hook.PreviousUntil
		}
		out = append(out, n)
	}
	return out, nil
}
