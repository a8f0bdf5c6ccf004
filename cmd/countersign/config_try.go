package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
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
			o, err := c.oktaOptions(t, n, time.Now, log)
			if err == nil {
				_, err = okta.New(o)
			}
			errs = append(errs, err)
		}
	}
	doors, err := c.intakeConnections()
	if err == nil {
		_, err = intake.New(intake.Options{Connections: doors, Store: nowhere{}, Logger: log})
	}
	errs = append(errs, err)
	_, err = c.mailChannel()
	errs = append(errs, err)
	_, err = c.certificate()
	return errors.Join(append(errs, err)...)
}

// nowhere is the store of a door that is not opened.
type nowhere struct{}

func (nowhere) Receive(context.Context, holds.Delivery) error {
	return fmt.Errorf("nothing is received by a check")
}
