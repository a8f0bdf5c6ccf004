package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit/anchor"
	"github.com/countersign/countersign/holds/keeper"
	"github.com/countersign/countersign/holds/policy"
	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/pgstore"
	"github.com/countersign/countersign/sql/prepared"
)

// service is everything that runs: made part by part, in the order in which
// one part needs another, and run until the first one fails or the context
// ends.
type service struct {
	config    *Config
	log       *slog.Logger
	keys      *keyDirectory
	db        *database
	pool      *sql.DB // the jobs' own connections
	store     *pgstore.Store
	platforms []platform
	refused   *refusals
	keeper    *keeper.Keeper
	runner    *jobs.Runner
	anchor    *anchor.Loop
	monitor   monitor
	public    *gateway.Server
	console   *gateway.Server
}

// newService makes the service. What was started when a later part fails is
// stopped again.
func newService(ctx context.Context, c *Config, log *slog.Logger) (s *service, err error) {
	s = &service{config: c, log: log, refused: newRefusals()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
		}
	}()
	if s.keys, err = c.openKeys(); err != nil {
		return s, err
	}
	if s.db, err = c.openDatabase(ctx, log); err != nil {
		return s, err
	}
	if err = s.openStore(ctx); err != nil {
		return s, err
	}
	if err = s.openMonitor(); err != nil {
		return s, err
	}
	if err = s.openProviders(seamsOf(ctx)); err != nil {
		return s, err
	}
	if err = s.makeKeeper(ctx); err != nil {
		return s, err
	}
	if err = s.openAnchor(); err != nil {
		return s, err
	}
	s.noticeRestore(ctx)
	if err = s.openPublic(); err != nil {
		return s, err
	}
	return s, s.openConsole()
}

func (s *service) openStore(ctx context.Context) error {
	inserter, err := jobs.NewInserter(s.log)
	if err != nil {
		return err
	}
	s.store, err = pgstore.Open(ctx, pgstore.Options{
		DSN: s.db.app, Keys: s.keys.seal, Logger: s.log, Jobs: inserter, AllowUnsafe: seamsOf(ctx).unsafe, Unprepared: seamsOf(ctx).unprepared,
		Depth: pgstore.Depth{Total: s.config.Intake.MaxWaiting, PerConnection: s.config.Intake.MaxWaitingPerConnection},
	})
	if err != nil {
		return err
	}
	if err := s.sync(ctx); err != nil {
		return err
	}
	if err := s.importPeople(ctx); err != nil {
		return err
	}
	open := prepared.Open
	if seamsOf(ctx).unprepared {
		open = func(dsn string) (*sql.DB, error) { return sql.Open("postgres", dsn) }
	}
	if s.pool, err = open(s.db.app); err != nil {
		return fmt.Errorf("open the jobs' connections: %w", err)
	}
	s.pool.SetMaxOpenConns(12)
	s.runner, err = jobs.NewRunner(jobs.Options{
		DB: s.pool, DSN: s.db.app, Inserter: inserter, Handlers: s.handlers(), Timeout: cmp.Or(seamsOf(ctx).job, jobTimeout),
		Logger: s.log, OnDiscard: s.discarded,
	})
	return err
}

// jobTimeout bounds one run of a job; a provider job makes a handful of calls
// of at most ten seconds each.
const jobTimeout = 45 * time.Second

// handlers defers to the keeper, which is made later than the runner.
func (s *service) handlers() map[holds.EffectKind]jobs.Handler {
	out := map[holds.EffectKind]jobs.Handler{}
	for _, kind := range holds.EffectKinds() {
		out[kind] = func(ctx context.Context, j holds.Job) error { return s.keeper.Handlers()[kind](ctx, j) }
	}
	return out
}

// discarded is told of jobs that are given up: people must see them.
func (s *service) discarded(ctx context.Context, j holds.Job, err error) {
	s.log.Error("a job was given up; its hold needs a person", "effect", j.Kind, "hold", j.Key.Hold, "error", err)
	if nerr := s.keeper.GivenUp(ctx, j, err); nerr != nil {
		s.log.Error("the hold could not be told of it", "hold", j.Key.Hold, "error", nerr)
	}
}

// sync brings tenants and connections in line with the configuration.
func (s *service) sync(ctx context.Context) error {
	var tenants []pgstore.TenantConfig
	var connections []pgstore.ConnectionConfig
	for _, t := range s.config.Tenants {
		tenants = append(tenants, pgstore.TenantConfig{Tenant: holds.TenantID(t.ID)})
		for _, n := range t.Connections {
			connections = append(connections, pgstore.ConnectionConfig{
				Tenant: holds.TenantID(t.ID), Connection: holds.ConnectionID(n.ID), Provider: n.Provider, Mode: holds.Mode(n.Mode),
			})
		}
	}
	return s.store.Sync(ctx, s.config.Installation, tenants, connections)
}

func (s *service) makeKeeper(ctx context.Context) error {
	messenger, err := s.messenger()
	if err != nil {
		return err
	}
	judges, err := s.judges()
	if err != nil {
		return err
	}
	accounts, err := s.countAccounts(ctx)
	if err != nil {
		return err
	}
	s.keeper = keeper.New(keeper.Options{
		Inbox: s.store, Holds: measuredHolds{s.store, s.monitor.Restrained}, Intents: s.store, Snapshots: s.store, Notices: s.store, Directory: s.store,
		Messenger: messenger, Codes: s.links(), Judge: policy.NewStarter(policy.Settings{}), Brakes: s.store, Connections: s.keeperConnections(judges, accounts),
		Classifiers: classifiers, Tellings: s.store, Footing: s.store, Now: s.store.Now, NewID: newID, Logger: s.log,
	})
	return nil
}

// classifiers is how many deliveries are decided at a time: deciding one is some forty
// questions to the database, one after the other.
const classifiers = 4

// judges are the tenants' policies.
func (s *service) judges() (map[string]keeper.Judge, error) {
	out := map[string]keeper.Judge{}
	for _, t := range s.config.Tenants {
		settings, err := s.config.policySettings(t)
		if err != nil {
			return nil, fmt.Errorf("policy of tenant %s: %w", t.ID, err)
		}
		out[t.ID] = policy.NewStarter(settings)
	}
	return out, nil
}

// newID makes a UUID of version 7. It panics only when the machine has no
// randomness, in which case nothing of this program may run.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// Run runs every part until the context ends or one of them fails.
func (s *service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.runner.Run(ctx) })
	g.Go(func() error { return s.store.Listen(ctx) })
	g.Go(func() error { return s.store.Measure(ctx) })
	g.Go(func() error { return s.store.KeepDoubting(ctx) })
	g.Go(func() error { return s.keeper.Classify(ctx, s.store.Wake()) })
	g.Go(func() error { return s.keeper.Sweep(ctx) })
	g.Go(func() error { return s.keeper.Baseline(ctx) })
	g.Go(func() error { return s.store.KeepSequenced(ctx) })
	g.Go(func() error { return s.anchor.Run(ctx) })
	g.Go(func() error { return s.watchRestore(ctx) })
	g.Go(func() error { return s.store.KeepPruned(ctx, s.config.retention()) })
	g.Go(func() error { return s.public.Run(ctx) })
	g.Go(func() error { return s.console.Run(ctx) })
	g.Go(func() error { return s.monitor.run(ctx) })
	g.Go(func() error { return s.recordRefusals(ctx) })
	for _, c := range s.platforms {
		for _, run := range c.run {
			g.Go(func() error { return run(ctx) })
		}
	}
	g.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-s.db.stopped():
			return errors.New("the private database has stopped")
		}
	})
	return g.Wait()
}

// close gives everything back, in the opposite order.
func (s *service) close(ctx context.Context) error {
	var errs []error
	for _, server := range []*gateway.Server{s.public, s.console} {
		if server != nil {
			errs = append(errs, server.Close())
		}
	}
	errs = append(errs, s.monitor.close())
	errs = append(errs, pgstore.Hangup(s.pool))
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.close(ctx))
	}
	return errors.Join(errs...)
}
