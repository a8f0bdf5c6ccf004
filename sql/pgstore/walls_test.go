package pgstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// populate fills every table with something of acme's that carries canaries,
// and returns the hold.
func populate(w *world) holds.Hold {
	w.Helper()
	p := anna()
	p.Points[0].Value = "canary-point@private.example"
	w.imports(p, boris())
	snap := holds.Snapshot{Account: holds.Account{ID: "00u1"}, At: at(-1), Contacts: map[string]string{"mobilePhone": "canary-contact"}}
	w.must(w.SaveSnapshot(w.Context(), acme, okta, snap))
	e := event("evt", "00u1")
	e.Fields = []holds.FieldChange{{Field: "secondEmail", Old: "canary-old", New: "canary-new"}}
	d := delivery(`{"canary-body": true}`)
	w.must(w.AppendPage(w.Context(), d, "cursor", at(1)))
	w.drain(at(2), []holds.Event{e}, openOrJoin)
	list, err := w.Queue(w.Context(), acme, holds.Filter{})
	w.must(err)
	h := holds.Hold{ID: list[0].Key.Hold, Tenant: acme, Connection: okta, Version: 1}
	w.change(keyOf(h), func(c *holds.Change) {
		c.Evidence = []holds.Evidence{{ID: "e1", Kind: holds.Callback, Verifier: "p2", Reference: "r", Point: "canary-called", OnFile: at(-9000), At: at(3)}}
		c.Decisions = []holds.Decision{{ID: "d1", Kind: holds.Approve, Approver: "p2", Reason: "ok", Version: 1, At: at(3)}}
		c.Notes = []holds.Note{{By: "person:p2", Text: "n", At: at(3)}}
	})
	intent := w.intend(h, 1, holds.Action{Kind: holds.ClearSessions, Account: "00u1"})[0]
	w.must(w.Outcome(w.Context(), keyOf(h), intent.ID, holds.Result{Status: holds.Applied, At: at(6)}))
	n := w.plan(h, holds.ToOwner, "", "canary-notice@private.example")[0]
	w.must(w.Attempted(w.Context(), acme, holds.Attempt{Notice: n.ID, Status: holds.NoticeAccepted, At: at(6)}))
	w.must(w.CreateLink(w.Context(), acme, "p1", [32]byte{1}, at(100), holds.BySystem("cli")))
	w.must(w.CreateSession(w.Context(), holds.Session{Token: [32]byte{2}, Tenant: acme, Person: "p1", Created: at(0), Expires: at(100)}))
	w.must(w.SaveCheckpoint(w.Context(), 1, "note", at(1)))
	w.must(w.UpdateFeed(w.Context(), acme, okta, "users", func(f holds.Feed) (holds.Feed, error) { return f, nil }))
	stop, err := holds.NewStop("0192e1a0-0000-7000-8000-000000000001", acme, holds.BrakeRelease, "p1", holds.DoorConsole, "a drill", at(5))
	w.must(err)
	w.must(w.Stop(w.Context(), stop))
	_, err = w.Resume(w.Context(), acme, stop.ID, holds.Resume{By: "p2", Door: holds.DoorConsole, Reason: "over", At: at(6)})
	w.must(err)
	w.change(keyOf(h), func(c *holds.Change) {
		c.Circuit = holds.Waits{Brake: holds.BrakeContainment, Cap: holds.CapHour, Why: "many"}
	})
	v, err := w.View(w.Context(), keyOf(h))
	w.must(err)
	return v.Hold
}

// tables lists our tables, and whether each has a tenant.
func (w *world) tables() map[string]bool {
	w.Helper()
	rows, err := w.sql(w.db.SuperDSN).QueryContext(w.Context(), `SELECT c.relname, EXISTS (SELECT FROM pg_attribute a
		WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') FROM pg_class c
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'goose_db_version'`)
	w.must(err)
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var name string
		var tenant bool
		w.must(rows.Scan(&name, &tenant))
		out[name] = tenant
	}
	w.must(rows.Err())
	return out
}

// TestEveryTableHasItsTenant: but for the three that have none to have. The queue
// of the audit log is empty once the log has grown.
func TestEveryTableHasItsTenant(t *testing.T) {
	w := newWorld(t)
	populate(w)
	for name, tenant := range w.tables() {
		if none := name == "installation" || name == "audit_hashes" || name == "checkpoints"; none == tenant {
			t.Errorf("table %s: has a tenant %v", name, tenant)
		}
		if name == "audit_queue" {
			if n := w.count(name); n != 0 {
				t.Errorf("%d entries did not leave %s for the log", n, name)
			}
			continue
		}
		if w.count(name) == 0 {
			t.Errorf("table %s is empty: populate does not reach it, and the tests that use it prove nothing about it", name)
		}
	}
}

// TestJ1RawSQLSeesOneTenant: the second wall, for the application's role, with
// no help from any query of ours.
func TestJ1RawSQLSeesOneTenant(t *testing.T) {
	w := newWorld(t)
	populate(w)
	w.logged()
	db := w.sql(w.db.AppDSN)
	seen := func(table, tenant string) (n int) {
		t.Helper()
		tx, err := db.BeginTx(t.Context(), nil)
		w.must(err)
		defer tx.Rollback() //nolint:errcheck // it only read
		if tenant != "" {
			_, err = tx.ExecContext(t.Context(), `SELECT set_config('countersign.tenant', $1, true)`, tenant)
			w.must(err)
		}
		w.must(tx.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table+` WHERE tenant_id = 'acme'`).Scan(&n))
		return n
	}
	for table, tenant := range w.tables() {
		if !tenant || table == "audit_queue" { // which nobody may read at all, see J2
			continue
		}
		if seen(table, "") != 0 || seen(table, string(globe)) != 0 || seen(table, "%") != 0 {
			t.Errorf("%s shows a tenant's rows to others", table)
		}
		if seen(table, string(acme)) == 0 {
			t.Errorf("%s hides a tenant's own rows", table)
		}
	}
	t.Run("and cannot write for another", func(t *testing.T) {
		tx, err := db.BeginTx(t.Context(), nil)
		w.must(err)
		defer tx.Rollback() //nolint:errcheck // it is meant to fail
		_, err = tx.ExecContext(t.Context(), `SELECT set_config('countersign.tenant', 'globe', true)`)
		w.must(err)
		if _, err = tx.ExecContext(t.Context(), `INSERT INTO tenants (tenant_id) VALUES ('third')`); err == nil || !strings.Contains(err.Error(), "row-level security") {
			t.Fatalf("got %v", err)
		}
	})
}

// TestJ1EveryMethodWithTheOtherTenant: with swapped tenants nothing is there.
func TestJ1EveryMethodWithTheOtherTenant(t *testing.T) {
	w := newWorld(t)
	h := populate(w)
	ctx := t.Context()
	v, err := w.View(ctx, keyOf(h))
	w.must(err)
	notice, intent := v.Notices[0].Notice.ID, v.Intents[0].ID
	key := holds.Key{Tenant: globe, Hold: h.ID}
	for name, call := range map[string]func() error{
		"View": func() error { _, err := w.View(ctx, key); return err },
		"Update": func() error {
			_, err := w.Update(ctx, key, at(9), func(h holds.Hold) (*holds.Change, error) { return &holds.Change{Hold: h}, nil })
			return err
		},
		"Outcome":        func() error { return w.Outcome(ctx, key, intent, holds.Result{Status: holds.Applied, At: at(9)}) },
		"Tried":          func() error { return w.Tried(ctx, key, intent, at(9)) },
		"OpenHold":       func() error { _, err := w.OpenHold(ctx, globe, okta, "00u1"); return err },
		"SnapshotBefore": func() error { _, err := w.SnapshotBefore(ctx, globe, okta, "00u1", at(9)); return err },
		"SaveSnapshot": func() error {
			return w.SaveSnapshot(ctx, globe, okta, holds.Snapshot{Account: holds.Account{ID: "00u1"}, At: at(9)})
		},
		"SaveHealth": func() error {
			return w.SaveHealth(ctx, holds.ConnectionHealth{Tenant: globe, Connection: okta, Polled: at(9)})
		},
		"Notice": func() error { _, err := w.Notice(ctx, globe, notice); return err },
		"Attempted": func() error {
			return w.Attempted(ctx, globe, holds.Attempt{Notice: notice, Status: holds.NoticeFailed, At: at(9)})
		},
		"Person":     func() error { _, err := w.Person(ctx, globe, "p1"); return err },
		"PersonOf":   func() error { _, err := w.PersonOf(ctx, globe, okta, "00u1"); return err },
		"UseLink":    func() error { _, err := w.UseLink(ctx, globe, [32]byte{1}, at(9)); return err },
		"CreateLink": func() error { return w.CreateLink(ctx, globe, "p1", [32]byte{5}, at(9), "system:x") },
		"Session":    func() error { _, err := w.Session(ctx, globe, [32]byte{2}, at(9)); return err },
		"CreateSession": func() error {
			return w.CreateSession(ctx, holds.Session{Tenant: globe, Person: "p1", Token: [32]byte{8}})
		},
		"AppendPage": func() error {
			d := delivery("x")
			d.Tenant = globe
			return w.AppendPage(ctx, d, "c", at(9))
		},
		"RetryDelivery": func() error { return w.RetryDelivery(ctx, globe, 1, "system:x") },
		"UpdateFeed": func() error {
			return w.UpdateFeed(ctx, globe, okta, "users", func(f holds.Feed) (holds.Feed, error) { return f, nil })
		},
		"CountTold":    func() error { _, err := w.CountTold(ctx, globe, okta, at(9)); return err },
		"CountRefused": func() error { return w.CountRefused(ctx, globe, okta, 1, at(9)) },
	} {
		t.Run(name, func(t *testing.T) { w.kind(holds.NotFound, call()) })
	}
	for name, count := range map[string]func() (int, error){
		"Intents":          func() (int, error) { l, err := w.Intents(ctx, key); return len(l), err },
		"Queue":            func() (int, error) { l, err := w.Queue(ctx, globe, holds.Filter{}); return len(l), err },
		"Ended":            func() (int, error) { l, err := w.Queue(ctx, globe, holds.Filter{Ended: true}); return len(l), err },
		"People":           func() (int, error) { l, err := w.People(ctx, globe); return len(l), err },
		"Events":           func() (int, error) { l, err := w.Events(ctx, globe, 10); return len(l), err },
		"HoldEvents":       func() (int, error) { l, err := w.HoldEvents(ctx, key); return len(l), err },
		"FailedDeliveries": func() (int, error) { l, err := w.FailedDeliveries(ctx, globe, 10); return len(l), err },
		"Feeds":            func() (int, error) { l, err := w.Feeds(ctx, globe, okta); return len(l), err },
		"Cursor":           func() (int, error) { c, err := w.Cursor(ctx, globe, okta); return len(c), err },
		"CodeTry": func() (int, error) {
			ok, err := w.CodeTry(ctx, globe, notice, true, at(9))
			return map[bool]int{true: 1}[ok], err
		},
		"Health": func() (int, error) {
			l, err := w.Health(ctx, globe)
			for _, c := range l {
				if c.Connection == okta {
					return 1, err
				}
			}
			return 0, err
		},
		"EndSession": func() (int, error) { return 0, w.EndSession(ctx, globe, [32]byte{2}, at(9)) },
	} {
		t.Run(name, func(t *testing.T) {
			if n, err := count(); n != 0 || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
		})
	}
	if _, err := w.Session(ctx, acme, [32]byte{2}, at(9)); err != nil {
		t.Fatal("the other tenant ended the session:", err)
	}
	if again, err := w.View(ctx, keyOf(h)); err != nil || again.Hold.Revision != h.Revision {
		t.Fatal("the other tenant changed the hold")
	}
}

// TestNothingAcrossTenantsTellsContent: the owner's functions answer with keys.
func TestNothingAcrossTenantsTellsContent(t *testing.T) {
	w := newWorld(t)
	rows, err := w.sql(w.db.SuperDSN).QueryContext(t.Context(), `SELECT p.proname, pg_get_function_result(p.oid), p.prosecdef,
		array_to_string(p.proconfig, ' ') FROM pg_proc p WHERE pronamespace = 'public'::regnamespace`)
	w.must(err)
	defer rows.Close()
	want := map[string]string{
		"claim_delivery":   "TABLE(tenant_id text, delivery_id bigint)",
		"due_holds":        "TABLE(tenant_id text, hold_id uuid)",
		"restrained_holds": "TABLE(tenant_id text, hold_id uuid)",
		"all_connections":  "TABLE(tenant_id text, connection_id text, provider text, mode text)",
		"inbox_counts":     "TABLE(undecided bigint, failed bigint)",
		"audit_size":       "bigint",
		"audit_page":       "TABLE(seq bigint, body text)",
		"sequence_audit":   "integer",

		"braked_connections": "TABLE(tenant_id text, connection_id text)",
		"doubtful_events":    "TABLE(tenant_id text, hold_id uuid, connection_id text, event_id text, type text, confirmed boolean)",
		"lapsed_stops":       "TABLE(tenant_id text, stop_id uuid)",
		"claim_next":         "TABLE(tenant_id text, delivery_id bigint, lane text)",
		"claim_waiting":      "TABLE(tenant_id text, delivery_id bigint, lane text, oldest bigint, this bigint)",
		"waiting_deliveries": "TABLE(tenant_id text, connection_id text, source text, waiting bigint)",
		"prune_deliveries":   "TABLE(last bigint, emptied integer, events integer, removed integer)",
		"prune_snapshots":    "TABLE(last_tenant text, last_connection text, last_account text, removed integer)",
		"prune_signin":       "integer",
		"prune_checkpoints":  "integer",
		"note_restore":       "boolean",
	}
	for rows.Next() {
		var name, result, config string
		var definer bool
		w.must(rows.Scan(&name, &result, &definer, &config))
		if !definer && want[name] == "" {
			continue // it runs with its caller's rights, behind the wall
		}
		path, planning, _ := strings.Cut(config, " plan_cache_mode=") // how it is planned is no matter of walls
		if want[name] != result || !definer || path != "search_path=pg_catalog, public, pg_temp" || strings.Contains(planning, "role") {
			t.Errorf("%s returns %s, definer %v, %q", name, result, definer, config)
		}
	}
	w.must(rows.Err())
}

// TestI7SealedColumnsHoldNoPlaintext: the whole database as text, searched.
func TestI7SealedColumnsHoldNoPlaintext(t *testing.T) {
	w := newWorld(t)
	h := populate(w)
	super := w.sql(w.db.SuperDSN)
	tables := w.tables()
	tables["river.river_job"] = false
	for table := range tables {
		var dump string
		w.must(super.QueryRowContext(t.Context(), `SELECT coalesce(string_agg(r::text, E'\n'), '') FROM `+table+` r`).Scan(&dump))
		for _, canary := range []string{"canary-", fmt.Sprintf("%x", "canary-"), "1234567", fmt.Sprintf("%x", "1234567")} {
			if i := strings.Index(dump, canary); i >= 0 {
				t.Errorf("%s holds %q in clear: %s", table, canary, dump[max(0, i-40):min(len(dump), i+40)])
			}
		}
		if table == "audit_leaves" && (strings.Contains(dump, "@") || strings.Contains(dump, "Anna") || strings.Contains(dump, "Name of")) {
			t.Errorf("the audit log holds personal data: %s", dump)
		}
	}
	t.Run("and come back in clear to whom they belong", func(t *testing.T) {
		v, err := w.HoldEvents(t.Context(), keyOf(h))
		if w.must(err); v[0].Event.Fields[0].New != "canary-new" {
			t.Fatal(v[0].Event.Fields)
		}
		s, err := w.SnapshotBefore(t.Context(), acme, okta, "00u1", at(0))
		if w.must(err); s.Contacts["mobilePhone"] != "canary-contact" || h.Evidence[0].Point != "canary-called" {
			t.Fatal(s.Contacts, h.Evidence)
		}
	})
	t.Run("and open in their own row only", func(t *testing.T) {
		w.exec(`UPDATE contact_points SET value = (SELECT value FROM contact_points WHERE kind = 'email') WHERE kind = 'phone'`)
		if _, err := w.Person(t.Context(), acme, "p1"); err == nil || !strings.Contains(err.Error(), "does not open") {
			t.Fatalf("got %v", err)
		}
	})
}

// TestJ2AppendOnly: what the application's role may not do, whatever its code.
func TestJ2AppendOnly(t *testing.T) {
	w := newWorld(t)
	populate(w)
	db := w.sql(w.db.AppDSN)
	refused := func(query string) {
		t.Helper()
		tx, err := db.BeginTx(t.Context(), nil)
		w.must(err)
		defer tx.Rollback() //nolint:errcheck // it is meant to fail
		_, err = tx.ExecContext(t.Context(), `SELECT set_config('countersign.tenant', 'acme', true)`)
		w.must(err)
		if _, err = tx.ExecContext(t.Context(), query); err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be owner") {
			t.Errorf("%s: %v", query, err)
		}
	}
	for _, table := range []string{
		"audit_leaves", "checkpoints", "outcomes", "intents", "evidence", "notes", "notice_attempts",
		"events", "event_verdicts", "snapshots", "installation", "tenants",
	} {
		refused("UPDATE " + table + " SET recorded_at = now()")
		refused("DELETE FROM " + table)
		refused("TRUNCATE " + table)
	}
	for table, columns := range map[string][]string{
		"audit_hashes":   {"hash", "index"},
		"deliveries":     {"body", "digest", "received_at", "tenant_id", "envelope", "connection_id"},
		"holds":          {"hold_id", "tenant_id", "connection_id", "subject_id", "opened_at", "delivery_id", "received_at"},
		"decisions":      {"kind", "approver_id", "version", "reason", "at"},
		"notices":        {"point_value", "hold_id", "version", "created_at", "expires_at"},
		"contact_points": {"value", "on_file_at", "person_id", "value_key"},
		"signin_links":   {"person_id", "expires_at"},
		"sessions":       {"person_id", "expires_at"},
		"feeds":          {"tenant_id", "connection_id", "resource"},
		"events":         {"told_by", "document", "class", "delivery_id"},
	} {
		for _, column := range columns {
			refused(fmt.Sprintf("UPDATE %s SET %s = %s", table, column, column))
		}
		refused("DELETE FROM " + table)
		refused("TRUNCATE " + table)
	}
	for _, query := range []string{
		`INSERT INTO audit_leaves (seq, tenant_id, body) VALUES (1000, 'acme', '{}')`,
		`INSERT INTO audit_hashes (index, hash) VALUES (10000, sha256(''))`,
		`SELECT * FROM audit_queue`, `DELETE FROM audit_queue`, `UPDATE audit_queue SET tail = ''`, `TRUNCATE audit_queue`,
		`SELECT audit_index(0, 1)`,
	} {
		refused(query)
	}
	refused("ALTER TABLE holds DISABLE ROW LEVEL SECURITY")
	refused("DROP POLICY tenant_wall ON holds")
	refused("CREATE TABLE public.mine (x int)")
	refused("DELETE FROM goose_db_version")
}

// TestH19EndedContext: a context that has ended changes
// nothing and says that it is no fault of the input (H19).
func TestH19EndedContext(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.kind(holds.Unavailable, w.Receive(ctx, delivery("x")))
	w.must(w.Receive(context.WithoutCancel(ctx), delivery("x")))
	if n := w.count("deliveries"); n != 1 {
		t.Fatalf("%d deliveries", n)
	}
}

// TestNoTenantIsLeftBehind: a connection goes back to the pool seeing nobody's
// rows, after a success as after a failure.
func TestNoTenantIsLeftBehind(t *testing.T) {
	w := newWorld(t)
	w.opts.MaxConns = 1
	one := w.open()
	for range 2 {
		w.must(one.Receive(t.Context(), delivery("x")))
		_, err := one.Person(t.Context(), acme, "nobody")
		w.kind(holds.NotFound, err)
		_, err = one.Decide(t.Context(), at(2), returns(event("a", "00u1")), openOrJoin)
		w.must(err)
		var tenant string
		var seen int
		w.must(one.DB().QueryRowContext(t.Context(),
			`SELECT coalesce(current_setting('countersign.tenant', true), ''), (SELECT count(*) FROM deliveries)`).Scan(&tenant, &seen))
		if tenant != "" || seen != 0 {
			t.Fatalf("tenant %q and %d rows are left in view", tenant, seen)
		}
	}
}
