package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/pgstore"
)

type doctorCommand struct {
	configFlag
	JSON bool `help:"Print JSON." name:"json"`
}

// The doctor's exit codes beside 0, nothing is wrong.
const (
	somethingWrong = exitCode(1)
	couldNotLook   = exitCode(2)
)

// doctorTimeout bounds the whole look.
const doctorTimeout = 20 * time.Second

// Run looks at everything that changes pass through, as the service last left it,
// and says what is wrong, since when, and what to do. It calls no provider.
func (c doctorCommand) Run(ctx context.Context, std streams) error {
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	d, err := c.look(ctx)
	if err != nil {
		fmt.Fprintln(std.err, "countersign: the doctor could not look:", err)
		return couldNotLook
	}
	if c.JSON {
		err = jsonLines(std.out, []diagnosis{d})
	} else {
		err = d.print(std.out)
	}
	if err == nil && d.wrong() > 0 {
		return somethingWrong
	}
	return err
}

func (c doctorCommand) look(ctx context.Context) (d diagnosis, err error) {
	cfg, err := c.load()
	if err != nil {
		return d, err
	}
	keys, err := cfg.openKeys()
	if err != nil {
		return d, err
	}
	base, err := cfg.attach(ctx)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, base.close(context.WithoutCancel(ctx))) }()
	store, err := pgstore.Open(ctx, pgstore.Options{DSN: base.app, Keys: keys.seal, MaxConns: 2, AllowUnsafe: seamsOf(ctx).unsafe})
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	pool, err := sql.Open("postgres", base.app)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, pgstore.Hangup(pool)) }()
	return diagnose(ctx, cfg, store, pool)
}

// diagnose reads what there is to know. The judgement is the diagnosis' own.
func diagnose(ctx context.Context, cfg *Config, store *pgstore.Store, pool *sql.DB) (diagnosis, error) {
	d := diagnosis{At: store.Now(), Version: version}
	var err error
	if d.Database, err = store.Condition(ctx); err != nil {
		return d, err
	}
	if d.Jobs, err = jobs.Backlogs(ctx, pool); err != nil {
		return d, err
	}
	for _, t := range cfg.Tenants {
		tenant := holds.TenantID(t.ID)
		if err := d.inbox(ctx, store, tenant); err != nil {
			return d, err
		}
		health, err := store.Health(ctx, tenant)
		if err != nil {
			return d, err
		}
		for _, n := range t.Connections {
			d.Connections = append(d.Connections, examine(tenant, n, health, d.At))
		}
	}
	d.judge()
	return d, nil
}

// inbox adds a tenant's deliveries.
func (d *diagnosis) inbox(ctx context.Context, store *pgstore.Store, tenant holds.TenantID) error {
	st, err := store.Stats(ctx, tenant)
	if err != nil {
		return err
	}
	oldest, err := store.OldestUndecided(ctx, tenant)
	if err != nil {
		return err
	}
	d.Inbox.Waiting += st.Undecided
	d.Inbox.Failed += st.Failed
	if !oldest.IsZero() && (d.Inbox.Oldest.IsZero() || oldest.Before(d.Inbox.Oldest)) {
		d.Inbox.Oldest = oldest
	}
	return nil
}

// examine is one connection of the configuration, as it was last seen. The mode is
// the configuration's: the service has it from there at its next start.
func examine(tenant holds.TenantID, n Connection, all []holds.ConnectionHealth, now time.Time) patient {
	h := holds.ConnectionHealth{Tenant: tenant, Connection: holds.ConnectionID(n.ID), Mode: holds.Mode(n.Mode), Provider: n.Provider}
	known := false
	for _, one := range all {
		if one.Connection == h.Connection {
			h, known = one, true
		}
	}
	p := patient{
		Tenant: tenant, Connection: h.Connection, Provider: n.Provider, Mode: h.Mode, Polled: h.Polled, CursorMoved: h.CursorMoved,
		Telling: h.Telling, Restraint: restraint{At: h.Enforcement.At, InForce: h.Enforcement.InForce},
		Hearing: h.Hearing(n.feedTerms(), now), Findings: h.Findings(n.feedTerms(), now),
	}
	if n.Provider == providerOkta {
		p.Hook = &hookLook{At: h.Push.At, InOrder: h.Push.Trouble == "" && !h.Push.At.IsZero()}
	}
	for _, f := range h.Subscriptions {
		p.Subscriptions = append(p.Subscriptions, subscription{Resource: f.Resource, There: f.ID != "", Expires: f.Expires})
	}
	if !known {
		p.Hearing = holds.Deaf
		p.Findings = []holds.Finding{{
			Kind: holds.LogUnread, Wrong: true, What: "The service has never run with this connection.", Do: "Run `countersign serve` with this configuration.",
		}}
	}
	return p
}
