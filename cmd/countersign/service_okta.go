package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta"
)

// openOkta makes an org's client and the poller of its System Log.
func (s *service) openOkta(t Tenant, n Connection, x seams) (platform, error) {
	out := platform{tenant: t, config: n}
	o, err := s.config.oktaOptions(t, n, s.store.Now, s.log)
	if err != nil {
		return out, err
	}
	o.Timeout, o.Base = x.timeout, x.transport
	client, err := okta.New(o)
	if err != nil {
		return out, err
	}
	poller := client.NewPoller(okta.PollerOptions{Pages: s.store, Interval: n.Okta.PollEvery, Report: s.polled(t, n)})
	out.provider, out.run, out.advice = client, []func(context.Context) error{poller.Run}, okta.HookAdvice
	return out, nil
}

// oktaOptions is what a client of an org is made of.
func (c *Config) oktaOptions(t Tenant, n Connection, now func() time.Time, log *slog.Logger) (okta.Options, error) {
	o := okta.Options{
		Tenant: holds.TenantID(t.ID), Connection: holds.ConnectionID(n.ID), OrgURL: n.Okta.OrgURL,
		ClientID: n.Okta.ClientID, Scopes: n.Okta.Scopes, RestraintGroup: n.Okta.RestraintGroup, HookID: n.Hook.ID,
		HookURL:     c.Public.URL + "/hooks/okta/" + n.ID,
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

// oktaDoor is what the webhook's door knows of an org.
func (c *Config) oktaDoor(t Tenant, n Connection) (intake.Connection, error) {
	secrets, err := c.hookSecrets(n.Hook)
	return intake.Connection{
		Tenant: holds.TenantID(t.ID), ID: holds.ConnectionID(n.ID), Provider: intake.Okta,
		HeaderName: n.Hook.Header, SourceHost: hostOf(n.Okta.OrgURL), Secrets: secrets,
	}, err
}

func (c *Config) hookSecrets(h Hook) (s intake.Secrets, err error) {
	current, err := c.readSecret("hook.secret_file", h.SecretFile)
	if err != nil || h.PreviousSecretFile == "" {
		return intake.Secrets{Current: intake.Secret(current)}, err
	}
	previous, err := c.readSecret("hook.previous_secret_file", h.PreviousSecretFile)
	return intake.Secrets{Current: intake.Secret(current), Previous: intake.Secret(previous), PreviousUntil: h.PreviousUntil}, err
}
