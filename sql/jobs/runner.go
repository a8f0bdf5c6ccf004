package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"github.com/countersign/countersign/holds"
)

const (
	defaultTimeout = 15 * time.Second
	defaultWorkers = 8
	// defaultShare is how many of a queue's workers one connection may have.
	defaultShare = 4

	// fetchCooldown is the least time between two looks into a queue.
	fetchCooldown = 5 * time.Millisecond
	// pollInterval is how often a queue is looked into when nothing is heard of
	// it. River throttles its notifications and does not repeat one it left out,
	// so this stays below a second, listener or not. River adds up to a tenth.
	pollInterval = 900 * time.Millisecond
	// rescueGrace is how long after its timeout a job counts as abandoned.
	rescueGrace = 5 * time.Second
	rescueEvery = 4 * time.Second
	// beatEvery is how often a runner says that it lives, and beatSilence after how
	// long without that its jobs are taken over. With rescueEvery, the wait of a
	// first attempt and the poll that is less than thirty seconds.
	beatEvery   = 4 * time.Second
	beatSilence = 20 * time.Second
	// softStop is how long running jobs may go on when the program stops, and
	// hardStop how long they then have to notice that their context has ended.
	softStop = 3 * time.Second
	hardStop = 4 * time.Second

	discardTimeout  = 4 * time.Second
	databaseTimeout = 10 * time.Second
	completedKept   = 24 * time.Hour
	// idleKept is how many connections are kept of a pool that has no bound.
	idleKept = 16
	// givenUpKept is long enough for the people who were told of it.
	givenUpKept = 90 * 24 * time.Hour
)

// Options is what a runner needs.
type Options struct {
	// DB is the pool of the application's role. Runners share nothing else.
	DB *sql.DB
	// DSN is for the one connection that listens for new jobs; it must reach the
	// server itself, not a pooler in transaction mode. It is never logged.
	DSN string
	// Inserter, when set, wakes this runner with Kick.
	Inserter *Inserter
	// Handlers does the effects. Jobs of an effect without one are left to other
	// runners.
	Handlers map[holds.EffectKind]Handler
	// Workers is how many jobs of an effect run at a time here; zero is eight.
	Workers map[holds.EffectKind]int
	// Share is how many of an effect's jobs run at a time for one connection; zero
	// is four. The rest is for the others, however slow its provider is.
	Share int
	// Timeout ends the context of a job; zero is 15 seconds. A job whose process
	// died is given to another runner within thirty seconds, or at most ten seconds
	// after it would have timed out, whichever comes first.
	Timeout time.Duration
	// Logger gets what happens to jobs; nil logs nothing.
	Logger *slog.Logger
	// OnDiscard hears of each job that is given up, at least once, before the
	// row of the job says so, with the handler's own error. It has four seconds.
	// Jobs of another epoch are only logged.
	OnDiscard func(ctx context.Context, job holds.Job, err error)

	tuning tuning // by tests
}

// tuning is what tests change to be quick, or to take one way out of the game.
type tuning struct {
	poll, rescueAfter, rescueEvery, beatEvery, beatSilence, doubtful, softStop, hardStop, aged time.Duration
	unstaggered                                                                                bool
	looked                                                                                     func(queue string, took time.Duration, found int)
}

// Runner runs jobs.
type Runner struct {
	client   *river.Client[*sql.Tx]
	db       *sql.DB
	listener *listener
	teller   *teller
	rescuer  *rescuer
	lanes    *lanes
	pulse    *pulse
	inserter *Inserter
	log      *slog.Logger
	tuning   tuning

	ran  atomic.Bool
	stop atomic.Bool
}

// NewRunner makes a runner without touching the database. The error says which
// option is missing or wrong.
func NewRunner(o Options) (*Runner, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	keepIdle(o.DB)
	queues := make([]string, 0, len(o.Handlers))
	for _, k := range slices.Sorted(maps.Keys(o.Handlers)) {
		queues = append(queues, string(k))
	}
	r := &Runner{
		db: o.DB, inserter: o.Inserter, log: o.Logger, tuning: o.tuning,
		listener: newListener(o.DSN, queues, o.Logger), lanes: newLanes(o.Share),
		rescuer: &rescuer{
			db: o.DB, queues: queues, log: o.Logger,
			after: o.tuning.rescueAfter, every: o.tuning.rescueEvery, aged: o.tuning.aged, said: newSaid(saidEvery),
		},
	}
	config, err := r.config(o)
	if err != nil {
		return nil, err
	}
	r.client, err = river.NewClient(&driver{Driver: riverdatabasesql.New(o.DB), listener: r.listener, db: o.DB, lanes: r.lanes, looked: o.tuning.looked}, config)
	if err != nil {
		return nil, fmt.Errorf("preparing to run jobs: %w", err)
	}
	r.pulse = &pulse{db: o.DB, runner: r.client.ID(), every: o.tuning.beatEvery, silence: o.tuning.beatSilence, log: o.Logger}
	r.rescuer.pulse, r.rescuer.working = r.pulse, r.lanes.jobs
	r.listener.by, r.lanes.wake = r.client.ID(), r.listener.kick
	r.teller = &teller{db: o.DB, by: r.client.ID(), log: o.Logger, said: newSaid(saidEvery), more: make(chan struct{}, 1)}
	return r, nil
}

// keepIdle keeps as many connections as there may be, instead of database/sql's
// two: making one costs more than anything that is done with it here.
func keepIdle(db *sql.DB) {
	most := db.Stats().MaxOpenConnections
	if most == 0 {
		most = idleKept
	}
	db.SetMaxIdleConns(most)
}

// config is River's configuration.
func (r *Runner) config(o Options) (*river.Config, error) {
	workers := river.NewWorkers()
	err := river.AddWorkerSafely(workers, &worker{
		handlers: o.Handlers, onDiscard: o.OnDiscard, log: o.Logger, stopping: r.stop.Load,
		lanes: r.lanes,
		held:  r.held, doubtful: o.tuning.doubtful,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing to run jobs: %w", err)
	}
	queues := make(map[string]river.QueueConfig, len(o.Handlers))
	for kind := range o.Handlers {
		queues[string(kind)] = river.QueueConfig{MaxWorkers: o.Workers[kind]}
	}
	return &river.Config{
		CancelledJobRetentionPeriod: givenUpKept, // given up at once
		DiscardedJobRetentionPeriod: givenUpKept, // given up after the last attempt
		CompletedJobRetentionPeriod: completedKept,
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           o.tuning.poll,
		JobStuckThreshold:           rescueGrace,
		JobTimeout:                  o.Timeout,
		Logger:                      quiet(o.Logger, r.stop.Load),
		MaxAttempts:                 maxAttempts,
		Queues:                      queues,
		ReindexerIndexNames:         []string{}, // our role may not: it takes the owner
		RescueStuckJobsAfter:        2 * o.tuning.rescueAfter,
		RetryPolicy:                 retryPolicy{},
		Schema:                      schema,
		SoftStopTimeout:             o.tuning.softStop,
		TestOnly:                    o.tuning.unstaggered,
		Workers:                     workers,
	}, nil
}

// check finds what is missing or wrong. It never shows the DSN, and neither
// may the error of a parser that has seen it.
func (o Options) check() error {
	if o.DB == nil || o.OnDiscard == nil || len(o.Handlers) == 0 {
		return holds.Refuse(holds.Invalid, "running jobs needs a database, somebody to tell of discarded jobs, and a handler")
	}
	if o.DSN == "" {
		return holds.Refuse(holds.Invalid, "running jobs needs a connection string to listen with")
	}
	if _, err := pq.NewConnector(o.DSN); err != nil {
		return holds.Refuse(holds.Invalid, "the connection string to listen for jobs with cannot be understood")
	}
	if o.Share < 0 {
		return holds.Refuse(holds.Invalid, "a share of %d workers for each connection makes no sense", o.Share)
	}
	if o.Timeout < 0 {
		return holds.Refuse(holds.Invalid, "the timeout of jobs is negative: %s", o.Timeout)
	}
	for kind, handler := range o.Handlers {
		if handler == nil || !slices.Contains(holds.EffectKinds(), kind) {
			return holds.Refuse(holds.Invalid, "the handler of the effect %q is missing, or there is no such effect", string(kind))
		}
	}
	for kind, n := range o.Workers {
		if n < 0 || o.Handlers[kind] == nil {
			return holds.Refuse(holds.Invalid, "%d workers for the effect %q make no sense, or it has no handler", n, string(kind))
		}
	}
	return nil
}

// withDefaults fills in what was left out, without changing the caller's maps.
func (o Options) withDefaults() Options {
	workers := make(map[holds.EffectKind]int, len(o.Handlers))
	for kind := range o.Handlers {
		workers[kind] = cmp.Or(o.Workers[kind], defaultWorkers)
	}
	o.Workers = workers
	o.Handlers = maps.Clone(o.Handlers)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.Share = cmp.Or(o.Share, defaultShare)
	o.tuning.aged = cmp.Or(o.tuning.aged, agedAfter)
	o.tuning.poll = cmp.Or(o.tuning.poll, pollInterval)
	o.tuning.rescueAfter = cmp.Or(o.tuning.rescueAfter, o.Timeout+rescueGrace)
	o.tuning.rescueEvery = cmp.Or(o.tuning.rescueEvery, rescueEvery)
	o.tuning.beatEvery = cmp.Or(o.tuning.beatEvery, beatEvery)
	o.tuning.beatSilence = cmp.Or(o.tuning.beatSilence, beatSilence)
	o.tuning.doubtful = cmp.Or(o.tuning.doubtful, o.tuning.beatSilence/2)
	o.tuning.softStop = cmp.Or(o.tuning.softStop, softStop)
	o.tuning.hardStop = cmp.Or(o.tuning.hardStop, hardStop)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
