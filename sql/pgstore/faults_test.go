package pgstore_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/localpg"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgstore"
	"github.com/countersign/countersign/sql/pgtest"
)

// writes are one of each way to change something.
func (w *world) writes(h holds.Hold) map[string]func() error {
	return map[string]func() error{
		"a delivery": func() error { return w.Receive(w.Context(), delivery("x")) },
		"a page":     func() error { return w.AppendPage(w.Context(), delivery("y"), "c", at(1)) },
		"a decision": func() error {
			_, err := w.Update(w.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
				return &holds.Change{
					Hold: h, Notes: []holds.Note{{By: "person:p1", Text: "n", At: at(5)}},
					Entries: []holds.Entry{{Kind: "note.recorded", By: "person:p1"}},
				}, nil
			})
			return err
		},
	}
}

// state is everything a write could have left behind.
func (w *world) state() [4]int {
	w.Helper()
	db, err := sql.Open("postgres", w.db.SuperDSN) // closed before anybody cuts it
	w.must(err)
	defer func() { w.must(db.Close()) }()
	var out [4]int
	for i, table := range []string{"deliveries", "notes", "audit_leaves", "poll_cursors"} {
		w.must(db.QueryRowContext(w.Context(), "SELECT count(*) FROM "+table).Scan(&out[i]))
	}
	return out
}

// H4: the same name leads to a standby after a failover. Whatever would change
// something is refused as something to try again, and nothing is half done; once
// the standby was promoted the same store writes again.
func TestH4AStandbyRefusesWritesAndIsLeft(t *testing.T) {
	server := pgtest.Server(t)
	w := &world{T: t, keys: filepath.Join(t.TempDir(), "keyring.json")}
	w.must(server.CreateDatabase(t.Context(), "h4", ""))
	w.db = pgtest.Database{
		Name: "h4", OwnerDSN: server.DSN(localpg.RoleOwner, "h4"), AppDSN: server.DSN(localpg.RoleApp, "h4"), SuperDSN: server.DSN(localpg.RoleSuper, "h4"),
	}
	w.must(migrations.Up(t.Context(), w.db.OwnerDSN))
	keys, err := pgstore.CreateKeyring(w.keys)
	w.must(err)
	queue, err := jobs.NewInserter(nil)
	w.must(err)
	w.opts = pgstore.Options{DSN: w.db.AppDSN, Keys: keys, Jobs: queue, AllowUnsafe: true}
	w.Store = w.open()
	w.must(w.Sync(t.Context(), "test", tenantConfigs(), connectionConfigs()))
	h := w.held("00uh4")
	before := w.state()

	w.must(server.Stop(context.WithoutCancel(t.Context())))
	w.must(os.WriteFile(filepath.Join(server.Root(), "data", "standby.signal"), nil, 0o600))
	owner, err := os.Stat(filepath.Join(server.Root(), "data", "PG_VERSION"))
	w.must(err)
	w.must(os.Chown(filepath.Join(server.Root(), "data", "standby.signal"), int(owner.Sys().(*syscall.Stat_t).Uid), -1))
	standby, err := localpg.Start(t.Context(), localpg.Options{Root: server.Root(), Unsafe: true, Settings: map[string]string{"max_connections": "250"}})
	w.must(err)
	t.Cleanup(func() { _ = standby.Stop(context.Background()) })
	if w.count(`(SELECT 1 WHERE pg_is_in_recovery()) s`) != 1 {
		t.Fatal("it is no standby")
	}
	for what, write := range w.writes(h) {
		for range 3 {
			if err := write(); holds.KindOf(err) != holds.Unavailable {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if _, err := w.Connections(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
	if got := w.state(); got != before {
		t.Errorf("left behind: %v, before %v", got, before)
	}
	w.exec(`SELECT pg_promote()`)
	for what, write := range w.writes(h) {
		w.eventually(what, func() bool { return write() == nil })
	}
	if w.count("notes") != 1 {
		t.Error("a decision was taken twice")
	}
}

func (w *world) eventually(what string, ok func() bool) {
	w.Helper()
	for deadline := time.Now().Add(40 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			w.Fatalf("waited in vain for %s", what)
		}
	}
}

// H5: too many connections, and a lock that is not had: to be tried again, with
// nothing half done; when it is over the same store goes on.
func TestH5TooManyConnectionsIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	h := w.held("00uh5")
	before := w.state()
	name := `"` + w.db.Name + `"`
	w.exec(`ALTER DATABASE ` + name + ` CONNECTION LIMIT 0`)
	w.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = 'countersign_app'`, w.db.Name)
	for what, write := range w.writes(h) {
		if err := write(); holds.KindOf(err) != holds.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := w.state(); got != before {
		t.Errorf("left behind: %v, before %v", got, before)
	}
	w.exec(`ALTER DATABASE ` + name + ` CONNECTION LIMIT -1`)
	for what, write := range w.writes(h) {
		w.eventually(what, func() bool { return write() == nil })
	}
}

// H5: two transactions that wait for each other: the server ends one, which is
// run again by itself.
func TestH5ADeadlockIsRunAgain(t *testing.T) {
	w := newWorld(t)
	h := w.held("00udl")
	super, err := w.sql(w.db.SuperDSN).BeginTx(t.Context(), nil)
	w.must(err)
	defer func() { _ = super.Rollback() }()
	_, err = super.ExecContext(t.Context(), `LOCK TABLE notes`)
	w.must(err)
	done := make(chan error, 1)
	go func() { done <- w.writes(h)["a decision"]() }() // has the hold, and waits for the notes
	w.eventually("the decision to wait for the notes", func() bool { return w.count(`pg_locks WHERE locktype = 'relation' AND NOT granted`) > 0 })
	_, err = super.ExecContext(t.Context(), `SELECT 1 FROM holds WHERE hold_id = $1 FOR UPDATE`, string(h.ID)) // has the notes, and waits for the hold
	if err == nil {
		w.must(super.Commit())
	} else {
		w.must(super.Rollback()) // the server chose us; there was a deadlock all the same
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if w.count("notes") != 1 {
		t.Error("it was not done once")
	}
}

// J4: what cannot be written to the audit log is not decided.
func TestJ4WithoutTheAuditLogNothingIsDecided(t *testing.T) {
	decide := func(w *world, h holds.Hold) error {
		_, err := w.Update(t.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
			c, err := holds.Apply(h, holds.RestraintFailed{Reason: "no"}, at(5))
			return &c, err
		})
		return err
	}
	refused := func(w *world, h holds.Hold) error {
		w.Helper()
		jobs, before := w.count("river.river_job"), w.state()
		err := decide(w, h)
		if err == nil {
			t.Fatal("it was decided")
		}
		if got := w.state(); got != before || w.count("river.river_job") != jobs {
			t.Errorf("left behind: %v, before %v", got, before)
		}
		if v, err := w.View(t.Context(), keyOf(h)); err != nil || v.Hold.Revision != h.Revision {
			t.Errorf("revision %d, %v", v.Hold.Revision, err)
		}
		return err
	}
	t.Run("no right to queue for it", func(t *testing.T) {
		w := newWorld(t)
		h := w.held("00uj4")
		w.exec(`REVOKE INSERT ON audit_queue FROM countersign_app`)
		_ = refused(w, h)
	})
	t.Run("it does not grow", func(t *testing.T) {
		w := newWorld(t)
		w.logged()
		w.exec(`ALTER TABLE audit_hashes ADD CONSTRAINT no_place CHECK (index < 1) NOT VALID`)
		h := w.held("00uj4") // it waits for its number
		if err := w.Sequence(t.Context()); err == nil || holds.KindOf(err) == holds.Unavailable {
			t.Fatal(err)
		}
		w.kind(holds.Unavailable, refused(w, h))
		w.exec(`ALTER TABLE audit_hashes DROP CONSTRAINT no_place`)
		if n := w.count(`audit_leaves WHERE body LIKE '%hold.opened%'`); n != 1 {
			t.Errorf("%d entries of what had been decided before", n)
		}
		w.must(decide(w, h))
		if r := w.verify(w.db.AppDSN); r.Finding != nil {
			t.Errorf("%+v", r)
		}
	})
}

// J3: a process dies in the middle of an append: its connection is cut between
// the leaf and its hashes. What it had begun is gone, what was decided is not, and
// the log goes on whole.
func TestJ3DyingInTheMiddleOfAnAppend(t *testing.T) {
	w := newWorld(t)
	h := w.held("00uj3")
	w.logged()
	before := w.state()
	w.exec(`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$`)
	w.exec(`CREATE TRIGGER die BEFORE INSERT ON audit_hashes EXECUTE FUNCTION die()`)
	w.must(w.writes(h)["a decision"]())
	w.kind(holds.Unavailable, w.Sequence(t.Context()))
	w.exec(`DROP TRIGGER die ON audit_hashes`)
	if got := w.state(); got[2] != before[2] {
		t.Errorf("the log has %d entries, before %d", got[2], before[2])
	}
	w.logged()
	if got := w.state(); got[2] <= before[2] {
		t.Error("what was decided is not in the log")
	}
	if r := w.verify(w.db.AppDSN); r.Finding != nil {
		t.Errorf("%+v", r)
	}
}

// J3: the clock steps back and forth between two replicas. The log has one order,
// that of the changes, and no fork; what time each entry says it was is only said.
func TestJ3AClockThatStepsBack(t *testing.T) {
	w := newWorld(t)
	h := w.held("00uj3c")
	other := w.open()
	w.logged()
	steps := []int{60, 5, 120, -600, 61}
	for i, minute := range steps {
		store := w.Store
		if i%2 == 1 {
			store = other
		}
		_, err := store.Update(t.Context(), keyOf(h), at(minute), func(h holds.Hold) (*holds.Change, error) {
			return &holds.Change{Hold: h, Entries: []holds.Entry{{Kind: "note.recorded", By: "person:p1", Facts: map[string]string{"step": strconv.Itoa(i)}}}}, nil
		})
		w.must(err)
		if i%2 == 0 { // some are numbered together, some alone
			w.must(store.Sequence(t.Context()))
		}
	}
	w.logged()
	var order string
	w.must(w.sql(w.db.SuperDSN).QueryRowContext(t.Context(),
		`SELECT string_agg(substring(body FROM '"step":"([0-9])"'), ' ' ORDER BY seq) FROM audit_leaves`).Scan(&order))
	if order != "0 1 2 3 4" {
		t.Errorf("the log has them in the order %s", order)
	}
	if r := w.verify(w.db.AppDSN); r.Finding != nil {
		t.Errorf("%+v", r)
	}
}

// H15: whatever time zone the server, the database or the role is set to, and
// through the night that has 02:30 twice, what is stored is the same moment and
// what is due is due to the second.
func TestH15TimeZonesOfTheSession(t *testing.T) {
	w := newWorld(t)
	for _, zone := range []string{"Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin"} {
		w.exec(`ALTER DATABASE "` + w.db.Name + `" SET timezone = '` + zone + `'`)
		store := w.open()
		account := "00u" + strings.ToLower(strings.NewReplacer("/", "", "+", "").Replace(zone))
		night := time.Date(2026, time.October, 25, 0, 30, 0, 0, time.UTC) // 02:30 in Berlin, for the first time
		d := delivery("at " + zone)
		d.Received = night
		w.must(store.Receive(t.Context(), d))
		e := event("evt-"+account, account)
		e.Occurred = night
		if _, err := store.Decide(t.Context(), night, returns(e), openOrJoin); err != nil {
			t.Fatal(err)
		}
		list, err := store.Queue(t.Context(), acme, holds.Filter{Subject: account})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		v, err := store.View(t.Context(), list[0].Key)
		w.must(err)
		if got := v.Hold; !got.Opened.Equal(night) || got.Opened.Location() != time.UTC || !got.Due.Equal(night.Add(time.Hour)) {
			t.Errorf("%s: opened %s, due %s", zone, got.Opened, got.Due)
		}
		for at, want := range map[time.Time]int{night.Add(time.Hour - time.Second): 0, night.Add(time.Hour): 1} {
			due, err := store.Due(t.Context(), at, 10)
			n := 0
			for _, k := range due {
				if k == list[0].Key {
					n++
				}
			}
			if err != nil || n != want {
				t.Errorf("%s: at %s %d are due, want %d (%v)", zone, at, n, want, err)
			}
		}
	}
}

// H18: no identity and no sequence of ours wraps at two thousand million.
func TestH18NumbersDoNotWrap(t *testing.T) {
	w := newWorld(t)
	if n := w.count(`information_schema.columns WHERE table_schema IN ('public', 'river') AND is_identity = 'YES'`); n < 5 {
		t.Fatalf("%d identity columns: this test looks at nothing", n)
	}
	for what, query := range map[string]string{
		"identity columns": `information_schema.columns WHERE table_schema IN ('public', 'river') AND is_identity = 'YES' AND data_type <> 'bigint' AND table_name <> 'goose_db_version'`,
		"sequences":        `pg_sequences WHERE schemaname IN ('public', 'river') AND data_type <> 'bigint'::regtype AND sequencename NOT LIKE 'goose%'`,
		"times without a zone": `information_schema.columns WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'
			AND table_name <> 'goose_db_version'`,
	} {
		if n := w.count(query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	// And the code takes what lies beyond it.
	w.exec(`ALTER TABLE deliveries ALTER COLUMN delivery_id RESTART WITH 5000000000`)
	h := w.held("00ubig")
	if w.count(`holds WHERE hold_id = $1 AND delivery_id >= 5000000000`, string(h.ID)) != 1 {
		t.Error("the delivery of a hold is another")
	}
}

// J9: what crosses a network is encrypted, or nothing starts.
func TestJ9TheDatabaseIsNotReachedInClear(t *testing.T) {
	w := newWorld(t)
	for dsn, refused := range map[string]bool{
		"host=db.example sslmode=disable password=secret":                  true,
		"host=localhost hostaddr=10.0.0.7 sslmode=disable password=secret": true,
		"host=10.0.0.7 sslmode=prefer password=secret":                     true,
		"postgres://u:secret@db.example/d?sslmode=allow":                   true,
		"host=localhost,db.example sslmode=disable password=secret":        true,
		"postgres://u:secret@127.0.0.1:1/d?sslmode=disable":                false,
		"host=::1 port=1 sslmode=disable password=secret":                  false,
		"host=/nonexistent sslmode=disable password=secret":                false,
		"host=127.0.0.1 port=1 sslmode=verify-full password=secret":        false,
		"host=localhost port=1 sslmode=disable user=u password=secret x":   true,
	} {
		o := w.opts
		o.DSN = dsn
		_, err := pgstore.Open(t.Context(), o)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v", err)
		} else if got := strings.Contains(err.Error(), "on the way") || strings.Contains(err.Error(), "cannot be read"); got != refused {
			t.Errorf("%s: %v", strings.ReplaceAll(dsn, "secret", "…"), err)
		}
	}
}
