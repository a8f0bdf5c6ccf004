package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/health"
	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper"
	"github.com/countersign/countersign/sql/pgstore"
)

// monitor is what machines are told of this process. It has connections to the
// database of its own: whoever uses up the others must not make it look gone.
type monitor struct {
	*health.Health
	pool   *sql.DB
	server *gateway.Server // nil when none is configured
	// unstored is when a delivery could not be stored last, in nanoseconds of the Unix
	// clock, and 0 once another one was.
	unstored atomic.Int64
}

// unstoredFor is how long a delivery that could not be stored keeps us from being
// ready, unless another one is. A balancer that takes us out for it must try again.
const unstoredFor = 5 * time.Second

// answers tells whether the database is there and takes what it is given: one whose
// disk is full still answers.
func (m *monitor) answers(ctx context.Context) error {
	if at := m.unstored.Load(); at != 0 && time.Since(time.Unix(0, at)) < unstoredFor {
		return errors.New("the last delivery could not be stored")
	}
	return m.pool.PingContext(ctx)
}

// storing notes whether something that arrived could be stored.
func (m *monitor) storing(stored bool) {
	if stored {
		m.unstored.Store(0)
		return
	}
	m.unstored.Store(time.Now().UnixNano())
}

// openMonitor makes the figures, and the listener where there is one. Parts that are
// made later count into them.
func (s *service) openMonitor() error {
	pool, err := sql.Open("postgres", s.db.app)
	if err != nil {
		return fmt.Errorf("open the monitor's connections: %w", err)
	}
	pool.SetMaxOpenConns(2)
	s.monitor.pool = pool
	token, err := s.config.healthToken()
	if err != nil {
		return err
	}
	var connections []health.Connection
	for _, t := range s.config.Tenants {
		for _, n := range t.Connections {
			connections = append(connections, health.Connection{ID: holds.ConnectionID(n.ID), Provider: n.Provider})
		}
	}
	s.monitor.Health, err = health.New(health.Options{
		Ready: s.monitor.answers, Looker: looker{config: s.config, store: s.store, pool: pool}, Connections: connections,
		Version: version, Token: token, Now: s.store.Now, Logger: s.log,
	})
	if err != nil || s.config.Health.Listen == noHealth {
		return err
	}
	e := gateway.NewEcho(gateway.Options{Logger: s.log})
	s.monitor.Routes(e)
	s.monitor.server, err = gateway.NewServer(gateway.ServerOptions{Addr: s.config.Health.Listen, Handler: e, Logger: s.log})
	if err != nil {
		return fmt.Errorf("health.listen: %w", err)
	}
	return nil
}

// run serves until the context ends.
func (m *monitor) run(ctx context.Context) error {
	if m.server == nil {
		<-ctx.Done()
		return nil
	}
	return m.server.Run(ctx)
}

func (m *monitor) close() error {
	var errs []error
	if m.server != nil {
		errs = append(errs, m.server.Close())
	}
	return errors.Join(append(errs, pgstore.Hangup(m.pool))...)
}

// looker reads what the doctor reads, for the figures.
type looker struct {
	config *Config
	store  *pgstore.Store
	pool   *sql.DB
}

// Look is health.Looker's.
func (l looker) Look(ctx context.Context) (health.Look, error) {
	d, err := diagnose(ctx, l.config, l.store, l.pool)
	if err != nil {
		return health.Look{}, err
	}
	out := health.Look{
		Undecided: d.Inbox.Waiting, Failed: d.Inbox.Failed, Oldest: d.Inbox.Oldest, Open: map[holds.ConnectionID]map[holds.Standing]int{},
	}
	for _, b := range d.Jobs {
		out.Jobs = append(out.Jobs, health.Jobs{Kind: b.Kind, Waiting: b.Waiting, GivenUp: b.GivenUp, Oldest: b.Oldest})
	}
	for _, p := range d.Connections {
		f := health.Feed{Connection: p.Connection, Deaf: p.Hearing == holds.Deaf, Polled: p.Polled, Telling: p.Telling}
		for _, found := range p.Findings {
			f.Found = append(f.Found, found.Kind)
		}
		out.Feeds = append(out.Feeds, f)
	}
	for _, t := range l.config.Tenants {
		open, err := l.store.OpenHolds(ctx, holds.TenantID(t.ID))
		if err != nil {
			return health.Look{}, err
		}
		for conn, n := range open {
			out.Open[conn] = n
		}
	}
	return out, nil
}

// delivered counts what a hook's door answered.
func (s *service) delivered(conn holds.ConnectionID, what intake.Outcome, _ time.Duration) {
	if what == intake.Accepted || what == intake.NotStored {
		s.monitor.storing(what == intake.Accepted)
	}
	s.monitor.Delivered(conn, holds.FromHook, string(what))
}

// countedPages counts the pages of logs that pollers store.
type countedPages struct {
	*pgstore.Store
	monitor *monitor
}

// AppendPage is the pollers' Pages.
func (c countedPages) AppendPage(ctx context.Context, d holds.Delivery, cursor string, at time.Time) error {
	err := c.Store.AppendPage(ctx, d, cursor, at)
	switch {
	case err != nil:
		c.monitor.storing(false)
		c.monitor.Delivered(d.Connection, holds.FromPoller, "not_stored")
	case len(d.Body) > 0:
		c.monitor.storing(true)
		c.monitor.Delivered(d.Connection, holds.FromPoller, "stored")
	}
	return err
}

// pages is where pollers keep what they read.
func (s *service) pages() countedPages {
	return countedPages{Store: s.store, monitor: &s.monitor}
}

// measuredHolds measures how long it takes until an account is restrained.
type measuredHolds struct {
	keeper.Holds
	restrained func(conn holds.ConnectionID, occurred, received, restrained time.Time)
}

// Update is keeper.Holds'. Only the first containment of a hold that people decide
// tells how fast we are: what is restrained anew was found undone, and a follower
// waits for its leader.
func (m measuredHolds) Update(ctx context.Context, key holds.Key, now time.Time, change func(holds.Hold) (*holds.Change, error)) (holds.Hold, error) {
	first := false
	h, err := m.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		c, err := change(h)
		first = err == nil && c != nil && h.Restrained.IsZero() && !c.Hold.Restrained.IsZero() && c.Hold.ContainRound <= 1 && c.Hold.Leader == ""
		return c, err
	})
	if err == nil && first {
		m.restrained(h.Connection, h.Occurred, h.Received, h.Restrained)
	}
	return h, err
}
