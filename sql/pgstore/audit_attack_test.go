package pgstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds/audit"
)

// J2: however the application's role treats its transaction, what it committed in
// the queue gets into the log once, in order, and what it rolled back does not;
// nothing is left in the queue, and the log verifies.
func TestJ2WhatWasQueuedGetsIntoTheLog(t *testing.T) {
	w := newWorld(t)
	put := func(tenant, word string) string {
		e := audit.Entry{Time: at(1), Tenant: tenant, Kind: "note.recorded", Actor: "person:" + word}
		head, tail, err := e.Unnumbered()
		w.must(err)
		return fmt.Sprintf(`INSERT INTO audit_queue (tenant_id, head, tail) VALUES ('%s', '%s', '%s')`, tenant, head, tail)
	}
	own := func(number int, tenant, word string) string {
		return strings.NewReplacer("(tenant_id,", "(entry_id, tenant_id,", "VALUES (", fmt.Sprintf("OVERRIDING SYSTEM VALUE VALUES (%d, ", number)).Replace(put(tenant, word))
	}
	w.exec(`GRANT TEMPORARY ON DATABASE "` + w.db.Name + `" TO countersign_app`)
	as := func(tenant string) string { return `SELECT set_config('countersign.tenant', '` + tenant + `', true)` }
	for name, c := range map[string]struct {
		statements []string
		want       string
	}{
		"two tenants": {[]string{as("acme"), put("acme", "a"), as("globe"), put("globe", "b"), put("", "c")}, "abc"},
		"rolled back in part": {[]string{
			as("acme"), put("acme", "a"), `SAVEPOINT s`, put("acme", "x"), `ROLLBACK TO SAVEPOINT s`, put("acme", "b"), `SAVEPOINT s`, put("acme", "c"), `RELEASE SAVEPOINT s`,
		}, "abc"},
		"shadowed": {[]string{
			as("acme"), `SET search_path = pg_temp, public`, `CREATE TEMP TABLE audit_leaves (LIKE public.audit_leaves)`, `CREATE TEMP TABLE audit_hashes (LIKE public.audit_hashes)`,
			`CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$SELECT '\x00'::bytea$$`, put("acme", "a"),
		}, "a"},
		"numbers of its own": {[]string{as("acme"), put("acme", "b"), own(1, "acme", "c"), own(-5, "acme", "a")}, "acb"},
		"settings":           {[]string{as("acme"), `SET LOCAL statement_timeout = 1000`, `SET LOCAL enable_indexscan = off`, `SET LOCAL work_mem = '64kB'`, put("acme", "a")}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.verify(w.db.AppDSN)
			conn, err := w.sql(w.db.AppDSN).Conn(context.WithoutCancel(t.Context()))
			w.must(err)
			defer conn.Close()
			tx, err := conn.BeginTx(t.Context(), &sql.TxOptions{})
			w.must(err)
			for _, s := range c.statements {
				_, err := tx.ExecContext(t.Context(), s)
				w.must(err)
			}
			w.must(tx.Commit())
			_, err = conn.ExecContext(t.Context(), `SELECT sequence_audit(1), sequence_audit(100)`)
			w.must(err)
			var got string
			w.must(w.sql(w.db.SuperDSN).QueryRowContext(t.Context(), `SELECT coalesce(string_agg(substring(body from '"person:(.)"'), '' ORDER BY seq), '')
				FROM audit_leaves WHERE seq >= $1`, before.Size).Scan(&got))
			if got != c.want || w.count("audit_queue") != 0 {
				t.Errorf("the log got %q, want %q, and %d entries wait", got, c.want, w.count("audit_queue"))
			}
			if r := w.verify(w.db.AppDSN); r.Finding != nil || r.Size != before.Size+int64(len(c.want)) {
				t.Errorf("%+v, %d before", r, before.Size)
			}
		})
	}
}
