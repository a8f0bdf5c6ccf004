package prepared_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/lib/pq"

	"github.com/countersign/countersign/sql/pgtest"
	"github.com/countersign/countersign/sql/prepared"
)

// open is a pool of one connection to a fresh database, which is what all of a
// test happens on, and a plain one beside it.
func open(t *testing.T) (db, plain *sql.DB) {
	t.Helper()
	dsn := pgtest.New(t, "", func(context.Context, string) error { return nil }).OwnerDSN
	db, err := prepared.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	if plain, err = sql.Open("postgres", dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plain.Close() })
	if _, err := plain.Exec(`CREATE TABLE things (id int PRIMARY KEY, word text)`); err != nil {
		t.Fatal(err)
	}
	return db, plain
}

const insert = `INSERT INTO things VALUES ($1, $2)`

// statements are what the session of the pool has prepared, and how often each
// was planned.
func statements(t *testing.T, db *sql.DB) map[string]int {
	t.Helper()
	rows, err := db.Query(`SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var text string
		var n int
		if err := rows.Scan(&text, &n); err != nil {
			t.Fatal(err)
		}
		out[text] += n
	}
	return out
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

// TestStatementsArePreparedOnce: however often they run, in a transaction, in one
// that is rolled back or in none; what has no arguments is not.
func TestStatementsArePreparedOnce(t *testing.T) {
	db, _ := open(t)
	for i := range 5 {
		exec(t, db, insert, i, "x")
	}
	for i := range 4 {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		var word string
		if err := tx.QueryRow(`SELECT word FROM things WHERE id = $1`, i).Scan(&word); err != nil || word != "x" {
			t.Fatal(word, err)
		}
		if i%2 == 0 {
			err = tx.Rollback()
		} else {
			err = tx.Commit()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	got := statements(t, db)
	if len(got) != 2 || got[insert] != 5 || got[`SELECT word FROM things WHERE id = $1`] != 4 {
		t.Fatalf("prepared: %v", got)
	}
}

// TestAFailedStatementIsRunAgain: what the server refuses, it refuses as without
// us, and the statement serves the next call.
func TestAFailedStatementIsRunAgain(t *testing.T) {
	db, _ := open(t)
	exec(t, db, insert, 1, "x")
	_, err := db.Exec(insert, 1, "again")
	var pe *pq.Error
	if !errors.As(err, &pe) || pe.Code != "23505" {
		t.Fatal(err)
	}
	if _, err := db.Exec(`SELECT nothing WHERE $1`, true); !errors.As(err, &pe) || pe.Code != "42703" {
		t.Fatal(err)
	}
	exec(t, db, insert, 2, "y")
	if got := statements(t, db); len(got) != 1 || got[insert] != 3 {
		t.Fatalf("prepared: %v", got)
	}
}

// TestH4ATableChangesUnderAPreparedStatement: the first to meet it fails with an
// error that says it can be run again; then all of the pool's connections know.
func TestH4ATableChangesUnderAPreparedStatement(t *testing.T) {
	db, plain := open(t)
	db.SetMaxOpenConns(2)
	exec(t, plain, insert, 1, "x")
	all := func(tx *sql.Tx) error {
		rows, err := tx.Query(`SELECT * FROM things WHERE id = $1`, 1)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
		}
		return rows.Err()
	}
	both := func() (errs []error) {
		var txs []*sql.Tx
		for range 2 {
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			txs = append(txs, tx)
		}
		for _, tx := range txs {
			errs = append(errs, all(tx))
			_ = tx.Rollback()
		}
		return errs
	}
	if errs := both(); errors.Join(errs...) != nil {
		t.Fatal(errs)
	}
	exec(t, plain, `ALTER TABLE things ADD COLUMN more text`)
	if errs := both(); !prepared.Stale(errs[0]) || errs[1] != nil {
		t.Fatalf("after the change: %v", errs)
	}
	if errs := both(); errors.Join(errs...) != nil {
		t.Fatal(errs)
	}
}

// TestASessionThatLostItsStatements: DISCARD ALL, as a pooler sends it.
func TestASessionThatLostItsStatements(t *testing.T) {
	db, _ := open(t)
	exec(t, db, insert, 1, "x")
	exec(t, db, `DISCARD ALL`)
	if _, err := db.Exec(insert, 2, "y"); !prepared.Stale(err) {
		t.Fatal(err)
	}
	exec(t, db, insert, 2, "y")
}

// TestACancelledStatementsSessionIsNotUsedAgain: the request to cancel could reach
// it when it belongs to somebody else.
func TestACancelledStatementsSessionIsNotUsedAgain(t *testing.T) {
	db, plain := open(t)
	session := func() (pid int) {
		ctx, done := context.WithCancel(t.Context())
		defer done() // after the statement has ended, as most contexts do
		if err := db.QueryRowContext(ctx, `SELECT pg_backend_pid() WHERE $1`, true).Scan(&pid); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	first := session()
	if again := session(); again != first {
		t.Fatalf("session %d and then %d, without a reason", first, again)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := db.ExecContext(ctx, `SELECT pg_sleep($1)`, 600)
		done <- err
	}()
	for n := 0; n == 0; {
		if err := plain.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`, first).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; err == nil {
		t.Fatal("it was not cancelled")
	}
	if next := session(); next == first {
		t.Fatal("the session is used again")
	}
}

// TestItDoesNotKeepStatementsWithoutEnd: a program that writes its statements at
// run time fills no server's memory.
func TestItDoesNotKeepStatementsWithoutEnd(t *testing.T) {
	db, _ := open(t)
	for i := range 1005 {
		exec(t, db, fmt.Sprintf(`SELECT %d WHERE $1`, i), true)
	}
	if n := len(statements(t, db)); n != 5 {
		t.Fatalf("%d statements are kept", n)
	}
}
