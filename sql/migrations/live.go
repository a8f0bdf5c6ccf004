package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// A change of a table waits for whoever uses it, and everybody who comes later
// waits behind the change. lockTimeout is how long a migration lets others wait
// before it gives its place up and queues anew: providers give a webhook three
// seconds.
const lockTimeout = 2 * time.Second

// The waits between tries leave the others time to catch up.
const (
	lockTries = 30
	lockPause = 2 * time.Second
)

// askPause is between two questions whether another migration is over.
const askPause = 100 * time.Millisecond

// lockNotAvailable is the SQLSTATE of a lock that was not had in time.
const lockNotAvailable = "55P03"

// connect opens a database so that no statement waits long for a lock.
func connect(ownerDSN string) (*sql.DB, error) {
	cfg, err := pq.NewConfig(ownerDSN)
	if err != nil {
		return nil, errors.New("the owner's connection string cannot be read") // the cause could quote the password
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	cfg.Runtime["lock_timeout"] = fmt.Sprint(lockTimeout.Milliseconds())
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, errors.New("the owner's connection string cannot be used")
	}
	return sql.OpenDB(connector), nil
}

// patiently repeats what gave up waiting for a lock. A migration is a
// transaction, or else bears being run again.
func patiently(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		var pe *pq.Error
		if err == nil || !errors.As(err, &pe) || pe.Code != lockNotAvailable {
			return err
		}
		if try == lockTries {
			return fmt.Errorf("somebody holds a table that must be changed, also after %d tries; end long transactions and migrate again: %w", try, err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(lockPause):
		}
	}
}

// alone waits until no other process migrates. It asks again and again: a
// statement that waited would keep an old view of the database, and building an
// index beside running writers waits until there is none.
func alone(ctx context.Context, lock *sql.Conn) error {
	for {
		var got bool
		if err := lock.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, int64(lockID)).Scan(&got); err != nil || got {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askPause):
		}
	}
}
