package main

import (
	"context"
	"fmt"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper"
)

// platform is one identity platform as the service runs it, whoever its
// provider is.
type platform struct {
	tenant   Tenant
	config   Connection
	provider adapter
	// run are its loops, such as the poller of its log; each ends with its context.
	run []func(context.Context) error
	// wake makes the poller look, and lifecycle is told what became of a
	// subscription; both only where the provider notifies through subscriptions.
	wake      func()
	lifecycle func(subscription, event string)
	// feeds is what is expected of the ways on which its changes reach us.
	feeds holds.FeedTerms
}

// adapter is what a provider does for the keeper.
type adapter interface {
	keeper.Provider
	keeper.Objects
	keeper.Records
}

// openProviders makes the clients; nothing is called yet.
func (s *service) openProviders(x seams) error {
	for _, t := range s.config.Tenants {
		for _, n := range t.Connections {
			c, err := s.openConnection(t, n, x)
			if err != nil {
				return fmt.Errorf("connection %s: %w", n.ID, err)
			}
			s.platforms = append(s.platforms, c)
		}
	}
	return nil
}

func (s *service) openConnection(t Tenant, n Connection, x seams) (platform, error) {
	if n.Provider == providerEntra {
		return s.openEntra(t, n, x)
	}
	return s.openOkta(t, n, x)
}

// Wake makes the poller of a connection look at once.
func (s *service) Wake(conn holds.ConnectionID) {
	for _, c := range s.platforms {
		if c.config.ID == string(conn) && c.wake != nil {
			c.wake()
		}
	}
}

// Lifecycle passes on what a provider says of one of its subscriptions.
func (s *service) Lifecycle(conn holds.ConnectionID, subscription, event string) {
	for _, c := range s.platforms {
		if c.config.ID == string(conn) && c.lifecycle != nil {
			c.lifecycle(subscription, event)
		}
	}
}

// keeperConnections is what the keeper knows of the connections; judges are the
// tenants' policies, and accounts how many there are of each.
func (s *service) keeperConnections(judges map[string]keeper.Judge, accounts map[holds.ConnectionID]int) []keeper.Connection {
	out := make([]keeper.Connection, 0, len(s.platforms))
	for _, c := range s.platforms {
		n := keeper.Connection{
			Tenant: holds.TenantID(c.tenant.ID), ID: holds.ConnectionID(c.config.ID), Mode: holds.Mode(c.config.Mode),
			Judge: judges[c.tenant.ID], Provider: c.provider, Objects: c.provider, Records: c.provider,
			BreakGlass: c.config.BreakGlass, NeverSuspended: c.config.NeverSuspend, OwnAccounts: c.config.ownAccounts(), Feeds: c.feeds,
			Caps: c.tenant.caps(c.config, accounts[holds.ConnectionID(c.config.ID)]), TopRoles: c.config.topRoles(),
		}
		n.Listening, _ = c.provider.(keeper.Listening) // Okta's hook; Entra's subscriptions are looked after by their feeds
		out = append(out, n)
	}
	return out
}

// intakeConnections is what the doors of webhooks know of them.
func (c *Config) intakeConnections() ([]intake.Connection, error) {
	var out []intake.Connection
	for _, t := range c.Tenants {
		for _, n := range t.Connections {
			if n.Provider == providerEntra {
				out = append(out, entraDoor(t, n))
				continue
			}
			door, err := c.oktaDoor(t, n)
			if err != nil {
				return nil, fmt.Errorf("connection %s: %w", n.ID, err)
			}
			out = append(out, door)
		}
	}
	return out, nil
}
