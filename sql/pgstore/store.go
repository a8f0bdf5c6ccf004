package pgstore

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/prepared"
)

// Queue takes jobs in the transaction that decided them. jobs.Inserter is one.
type Queue interface {
	// Enqueue queues jobs in tx, so that they exist if and only if tx commits.
	Enqueue(ctx context.Context, tx *sql.Tx, jobs ...holds.Job) error
	// Kick wakes the workers of these jobs after the commit.
	Kick(jobs ...holds.Job)
}

// Options of [Open].
type Options struct {
	// DSN is lib/pq's connection string for the application's role. It must say
	// its sslmode: a default that changes would change what the wire shows.
	DSN string
	// Keys seal personal values. Without them nothing sealed can be written or
	// read, and Open refuses.
	Keys *Keyring
	// Logger is told of what no caller hears; nil logs nothing.
	Logger *slog.Logger
	// Jobs takes the effects of changes. A store without it refuses changes that
	// have any.
	Jobs Queue
	// MaxConns bounds the connections to the database, 10 if zero. Four more are
	// kept for taking deliveries.
	MaxConns int
	// Depth bounds how many deliveries wait to be decided.
	Depth Depth
	// AllowUnsafe accepts a server that can lose what it committed. It is for
	// tests, whose servers do not outlive them.
	AllowUnsafe bool
	// Unprepared sends every statement whole, instead of keeping it prepared. It is
	// for tests, which recognise statements as they pass.
	Unprepared bool
}

// Store is the database as the rest of the program sees it. It is safe for
// concurrent use.
type Store struct {
	db     *sql.DB // everything but what follows
	intake *sql.DB // Receive's writers
	doors  *sql.DB // what a request must know before it is let in
	dsn    string
	keys   *Keyring
	log    *slog.Logger
	jobs   Queue
	offset time.Duration
	opened time.Time // by the database's clock
	self   string    // names this process in notifications

	wake   chan struct{} // deliveries are waiting
	notify chan struct{} // other replicas are to be told so
	queued chan struct{} // entries wait for their numbers in the audit log
	stuck  atomic.Bool   // the audit log does not grow

	arrivals arrivals
	depth    Depth
	depths   *depths
	lanes    lanes
	turns    turnstile
}

// The connections to the database, by what they are for. Searches of the console
// and the draining of the inbox can use up the first; deliveries are taken all
// the same.
const (
	defaultConns = 10
	intakeConns  = maxWriters
	doorConns    = 2
)

// Open connects, and refuses a database that cannot be relied on; the error
// says what is wrong with it and what to do. It changes nothing.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Keys == nil {
		return nil, errors.New("the store needs a keyring to seal personal values with")
	}
	connector, err := connect(o.DSN, false)
	if err != nil {
		return nil, err
	}
	writers, err := connect(o.DSN, true)
	if err != nil {
		return nil, err
	}
	if !o.Unprepared {
		connector, writers = prepared.Connector(connector), prepared.Connector(writers)
	}
	s := &Store{
		db: pool(connector, cmp.Or(max(o.MaxConns, 0), defaultConns)), intake: pool(writers, intakeConns), doors: pool(connector, doorConns),
		dsn: o.DSN, keys: o.Keys, log: o.Logger, jobs: o.Jobs, self: uuid.NewString(),
		wake: make(chan struct{}, 1), notify: make(chan struct{}, 1), queued: make(chan struct{}, 1), depth: o.Depth.withDefaults(), depths: newDepths(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.examine(ctx, o.AllowUnsafe); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.opened = s.Now()
	return s, nil
}

// Close closes the connections, also those that are dead. Calls under way fail.
func (s *Store) Close() error {
	return Hangup(s.intake, s.doors, s.db)
}

// Now is the time of this process corrected by the difference to the
// database's clock that was measured at the start, in UTC and microseconds.
func (s *Store) Now() time.Time { return cleanTime(time.Now().Add(s.offset)) }

// connect reads a connection string and adds what every connection has. In one
// trip lib/pq sends a statement together with its arguments: for Receive the way
// to the server and back is a large part of what is not waiting for the disk.
func connect(dsn string, inOneTrip bool) (driver.Connector, error) {
	if !saysSSLMode(dsn) {
		return nil, errors.New("the database's connection string must say its sslmode: add sslmode=verify-full, or sslmode=disable on a unix socket")
	}
	cfg, err := pq.NewConfig(dsn)
	if err != nil {
		return nil, errors.New("the database's connection string cannot be read") // the cause could quote the password
	}
	if err := safeWire(cfg); err != nil {
		return nil, err
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	for name, value := range map[string]string{
		"timezone":          "UTC",
		"statement_timeout": "30000", // milliseconds
		// Whoever waits for a lock must then see what its holder committed.
		"default_transaction_isolation": "read committed",
		// A replica that hangs in a transaction must not hold its locks for ever.
		"idle_in_transaction_session_timeout": "60000",
	} {
		cfg.Runtime[name] = value
	}
	if cfg.ApplicationName == "" {
		cfg.FallbackApplicationName = "countersign"
	}
	cfg.BinaryParameters = inOneTrip
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, errors.New("the database's connection string cannot be used")
	}
	return connector, nil
}

// pool is a number of connections, none of which is made before it is needed.
func pool(connector driver.Connector, conns int) *sql.DB {
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(30 * time.Minute)
	return db
}

// saysSSLMode tells whether a connection string, a URL or key=value pairs, sets
// its sslmode itself.
func saysSSLMode(dsn string) bool {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		u, err := url.Parse(dsn)
		return err == nil && u.Query().Get("sslmode") != ""
	}
	return regexp.MustCompile(`(^|\s)sslmode\s*=\s*\S`).MatchString(dsn)
}

// everywhere runs fn in a transaction that sees no tenant's rows, for the
// questions that functions of the owner answer.
func (s *Store) everywhere(ctx context.Context, op string, fn func(*tx) error) error {
	return s.run(ctx, op, &sql.TxOptions{ReadOnly: true}, fn)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
