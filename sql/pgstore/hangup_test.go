package pgstore_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/countersign/countersign/sql/pgstore"
)

// H2: a database that went away and came back leaves connections behind of which
// nobody knows yet that they are dead. Closing them is no error, or every stop after
// an outage would be one.
func TestH2DeadConnectionsAreClosedWithoutAnError(t *testing.T) {
	w := newWorld(t)
	w.must(w.DB().PingContext(t.Context()))
	jobs, err := sql.Open("postgres", w.db.AppDSN)
	w.must(err)
	w.must(jobs.PingContext(t.Context()))
	super := w.sql(w.db.SuperDSN)
	super.SetMaxOpenConns(1)
	const others = " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
	_, err = super.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid)"+others)
	w.must(err)
	late := time.After(time.Minute)
	for n := 1; n > 0; {
		w.must(super.QueryRowContext(t.Context(), "SELECT count(*)"+others).Scan(&n))
		select {
		case <-late:
			t.Fatal("the server does not hang up")
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := pgstore.Hangup(jobs, nil); err != nil {
		t.Errorf("the jobs' connections: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("the store's connections: %v", err)
	}
	if err := w.DB().PingContext(t.Context()); err == nil {
		t.Error("the store is not closed")
	}
}
