package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra"
	"github.com/countersign/countersign/providers/okta"
)

// try makes what a start makes of the configuration and its files, as far as
// nothing listens and nobody is called, so that check-config refuses what serve
// would.
func (c *Config) try() error {
	log := slog.New(slog.DiscardHandler)
	var errs []error
	if c.Database.Private == "" {
		app, err := c.connectionString("database.url_file", c.Database.URLFile, "DATABASE_URL")
		if err == nil && app == "" {
			err = errNoDatabase
		}
		errs = append(errs, err)
	}
	for _, t := range c.Tenants {
		for _, n := range t.Connections {
			errs = append(errs, c.tryConnection(t, n, log))
		}
	}
	doors, err := c.intakeConnections()
	if err == nil {
		_, err = intake.New(intake.Options{Connections: doors, Store: nowhere{}, Feeds: nowhere{}, Waker: nowhere{}, Logger: log})
	}
	errs = append(errs, err)
	_, err = c.mailChannel()
	errs = append(errs, err)
	_, err = c.certificate()
	return errors.Join(append(errs, err)...)
}

// tryConnection makes a connection's client.
func (c *Config) tryConnection(t Tenant, n Connection, log *slog.Logger) error {
	if n.Provider == providerOkta {
		o, err := c.oktaOptions(t, n, time.Now, log)
		if err == nil {
			_, err = okta.New(o)
		}
		return err
	}
	o, err := c.entraOptions(t, n, time.Now, log)
	if err != nil {
		return err
	}
	client, err := entra.New(o)
	if err != nil {
		return err
	}
	_, err = client.NewFeeds(entra.FeedsOptions{NotificationURL: n.Entra.NotificationURL})
	return err
}

// nowhere stands behind a door that is not opened.
type nowhere struct{}

func (nowhere) Receive(context.Context, holds.Delivery) error {
	return fmt.Errorf("nothing is received by a check")
}

func (nowhere) Feeds(context.Context, holds.TenantID, holds.ConnectionID) ([]holds.Feed, error) {
	return nil, fmt.Errorf("nothing is looked up by a check")
}

func (nowhere) Wake(holds.ConnectionID) {}

func (nowhere) Lifecycle(holds.ConnectionID, string, string) {}
