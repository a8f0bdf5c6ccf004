package jobs

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgtest"
)

const (
	patience = 40 * time.Second
	epoch    = int64(7)
	never    = time.Hour // a poll that does not happen within a test
)

// rig is a fresh migrated database with an inserter and the application's pool.
type rig struct {
	t        testing.TB
	db       pgtest.Database
	pool     *sql.DB
	inserter *Inserter
	log      *logbook
}

func newRig(t testing.TB) *rig {
	t.Helper()
	db := pgtest.New(t, "jobs", func(ctx context.Context, dsn string) error {
		owner, err := sql.Open("postgres", dsn)
		if err != nil {
			return err
		}
		defer func() { _ = owner.Close() }()
		return Migrate(ctx, owner)
	})
	inserter, err := NewInserter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, db: db, pool: open(t, db.AppDSN), inserter: inserter, log: newLogbook()}
}

func open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// options are those of a runner that polls quickly and refuses to discard.
func (r *rig) options(handlers map[holds.EffectKind]Handler) Options {
	return Options{
		DB: r.pool, DSN: r.db.AppDSN, Inserter: r.inserter, Handlers: handlers,
		Logger: slog.New(r.log),
		OnDiscard: func(_ context.Context, job holds.Job, err error) {
			r.t.Errorf("discarded %s: %v", job.Kind, err)
		},
		tuning: tuning{poll: 20 * time.Millisecond, unstaggered: true},
	}
}

// start runs a runner until stop is called or the test ends; stop gives what
// Run returned.
func (r *rig) start(o Options) (stop func() error) {
	r.t.Helper()
	runner, err := NewRunner(o)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return wait(r.t, ended)
	})
	r.t.Cleanup(func() { _ = stop() })
	return stop
}

func (r *rig) begin() *sql.Tx {
	r.t.Helper()
	tx, err := r.pool.BeginTx(context.Background(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// enqueue commits jobs without kicking.
func (r *rig) enqueue(jobs ...holds.Job) {
	r.t.Helper()
	tx := r.begin()
	if err := r.inserter.Enqueue(context.Background(), tx, jobs...); err != nil {
		r.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		r.t.Fatal(err)
	}
}

// states lists the states of all jobs, in order of insertion.
func (r *rig) states() string {
	r.t.Helper()
	return r.text(`SELECT coalesce(string_agg(state::text, ' ' ORDER BY id), '') FROM river.river_job`)
}

func (r *rig) text(query string, args ...any) string {
	r.t.Helper()
	var s string
	if err := r.pool.QueryRow(query, args...).Scan(&s); err != nil {
		r.t.Fatal(err)
	}
	return s
}

// job is an effect of a hold, in this epoch.
func job(kind holds.EffectKind, hold holds.HoldID) holds.Job {
	j := holds.Job{
		Effect: holds.Effect{Kind: kind, Round: 1}, Connection: "okta-main",
		Key: holds.Key{Tenant: "acme", Hold: hold}, Epoch: epoch,
	}
	if kind == holds.EffectSend {
		j.Notice = "n1"
	}
	return j
}

// signal is a handler that says on a channel which job it got.
func signal(ch chan<- holds.Job) Handler {
	return func(_ context.Context, j holds.Job) error {
		ch <- j
		return nil
	}
}

func only(kind holds.EffectKind, h Handler) map[holds.EffectKind]Handler {
	return map[holds.EffectKind]Handler{kind: h}
}

// wait receives a value or fails the test.
func wait[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

// logbook keeps log records and lets a test wait for one.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
	slog.Handler
}

func newLogbook() *logbook {
	l := &logbook{more: make(chan struct{}, 1)}
	l.Handler = slog.NewTextHandler(l, nil)
	return l
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until the log contains a text.
func (l *logbook) await(t testing.TB, text string) {
	t.Helper()
	deadline := time.After(patience)
	for !strings.Contains(l.String(), text) {
		select {
		case <-l.more:
		case <-deadline:
			t.Fatalf("the log never said %q:\n%s", text, l)
		}
	}
}
