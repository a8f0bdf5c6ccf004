package pgstore_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/keeper/keepertest"
	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/pgstore"
)

// TestStoreKeepsThePorts asks the store over Postgres, with two replicas, what the
// store in memory is asked, over which the model of the keeper runs.
func TestStoreKeepsThePorts(t *testing.T) {
	keepertest.Run(t, func(t *testing.T, s keepertest.Setup) keepertest.Bench { return newBench(t, s) })
}

// bench is two stores over one database, and the superuser's look at it.
type bench struct {
	*testing.T
	stores []*pgstore.Store
	super  *sql.DB
	known  map[holds.Key]holds.Hold
}

func newBench(t *testing.T, s keepertest.Setup) *bench {
	t.Helper()
	w := &world{T: t, db: database(t)}
	w.opts = pgstore.Options{DSN: w.db.AppDSN, Keys: keyring(t), AllowUnsafe: true, MaxConns: 5}
	queue, err := jobs.NewInserter(nil)
	w.must(err)
	w.opts.Jobs = queue
	b := &bench{T: t, stores: []*pgstore.Store{w.open(), w.open()}, super: w.sql(w.db.SuperDSN), known: map[holds.Key]holds.Hold{}}
	var tenants []pgstore.TenantConfig
	var places []pgstore.ConnectionConfig
	people := map[holds.TenantID][]holds.Person{}
	for _, p := range s.Places {
		if tenant := (pgstore.TenantConfig{Tenant: p.Tenant}); !slices.Contains(tenants, tenant) {
			tenants = append(tenants, tenant)
		}
		places = append(places, pgstore.ConnectionConfig{Tenant: p.Tenant, Connection: p.Connection, Provider: "okta", Mode: p.Mode})
	}
	for _, p := range s.People {
		people[p.Tenant] = append(people[p.Tenant], p)
	}
	w.must(b.stores[0].Sync(t.Context(), "test", tenants, places))
	for tenant, list := range people {
		_, _, _, err := b.stores[0].ImportPeople(t.Context(), tenant, holds.BySystem("test"), list)
		w.must(err)
	}
	return b
}

// keyring is made once: it costs more than a database.
func keyring(t *testing.T) *pgstore.Keyring {
	t.Helper()
	keys, err := pgstore.CreateKeyring(t.TempDir() + "/keyring.json")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// Replica implements keepertest.Bench.
func (b *bench) Replica(n int) keepertest.Store { return b.stores[n%len(b.stores)] }

// rows calls scan for each row of a query.
func (b *bench) rows(ctx context.Context, query string, scan func(*sql.Rows) error) error {
	rows, err := b.super.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// State implements keepertest.Bench.
func (b *bench) State(ctx context.Context) (keepertest.State, error) {
	out := keepertest.State{Log: map[holds.HoldID]int{}}
	for _, read := range []func(context.Context, *keepertest.State) error{
		b.readHolds, b.readIntents, b.readNotices, b.readInbox, b.readRulings, b.readJobs, b.readLog,
	} {
		if err := read(ctx, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// readHolds reads the holds that have changed since they were read last.
func (b *bench) readHolds(ctx context.Context, out *keepertest.State) error {
	type line struct {
		holds.Key
		revision int
	}
	var lines []line
	err := b.rows(ctx, `SELECT tenant_id, hold_id, revision FROM holds ORDER BY recorded_at, hold_id`, func(r *sql.Rows) error {
		var l line
		err := r.Scan(&l.Tenant, &l.Hold, &l.revision)
		lines = append(lines, l)
		return err
	})
	if err != nil {
		return err
	}
	for _, l := range lines {
		if b.known[l.Key].Revision != l.revision {
			v, err := b.stores[0].View(ctx, l.Key)
			if err != nil {
				return err
			}
			b.known[l.Key] = v.Hold
		}
		out.Holds = append(out.Holds, b.known[l.Key])
	}
	return nil
}

func (b *bench) readIntents(ctx context.Context, out *keepertest.State) error {
	const all = `SELECT i.tenant_id, i.intent_id, i.hold_id, i.connection_id, i.purpose, i.round, i.action, i.account_id, i.object_id,
		i.created_at, i.tried_at, coalesce(o.status, '') FROM intents i LEFT JOIN outcomes o USING (tenant_id, intent_id) ORDER BY i.seq`
	return b.rows(ctx, all, func(r *sql.Rows) error {
		var i holds.Intent
		var tried sql.NullTime
		err := r.Scan(&i.Tenant, &i.ID, &i.Hold, &i.Connection, &i.Purpose, &i.Round, &i.Action.Kind, &i.Action.Account, &i.Action.Object,
			&i.Created, &tried, &i.Result.Status)
		i.Tried = tried.Time
		out.Intents = append(out.Intents, i)
		return err
	})
}

func (b *bench) readNotices(ctx context.Context, out *keepertest.State) error {
	const all = `SELECT tenant_id, notice_id, hold_id, version, audience, status, tries, used_at FROM notices ORDER BY seq`
	return b.rows(ctx, all, func(r *sql.Rows) error {
		var n holds.Notice
		var used sql.NullTime
		err := r.Scan(&n.Tenant, &n.ID, &n.Hold, &n.Version, &n.Audience, &n.Status, &n.Tries, &used)
		n.Used = used.Time
		out.Notices = append(out.Notices, n)
		return err
	})
}

func (b *bench) readInbox(ctx context.Context, out *keepertest.State) error {
	const all = `SELECT delivery_id, tenant_id, digest, decided_at IS NOT NULL, failed_at IS NOT NULL, attempts FROM deliveries ORDER BY delivery_id`
	return b.rows(ctx, all, func(r *sql.Rows) error {
		var d keepertest.Received
		var digest []byte
		err := r.Scan(&d.ID, &d.Tenant, &digest, &d.Decided, &d.Failed, &d.Attempts)
		copy(d.Digest[:], digest)
		out.Inbox = append(out.Inbox, d)
		return err
	})
}

func (b *bench) readRulings(ctx context.Context, out *keepertest.State) error {
	const all = `SELECT tenant_id, connection_id, event_id, subject_id, verdict, reason, coalesce(hold_id::text, '') FROM event_verdicts
		ORDER BY recorded_at, event_id, subject_id`
	return b.rows(ctx, all, func(r *sql.Rows) error {
		var v keepertest.Ruled
		err := r.Scan(&v.Tenant, &v.Connection, &v.Event, &v.Subject, &v.Verdict, &v.Reason, &v.Hold)
		out.Rulings = append(out.Rulings, v)
		return err
	})
}

func (b *bench) readLog(ctx context.Context, out *keepertest.State) error {
	if err := b.stores[0].Sequence(ctx); err != nil {
		return err
	}
	return b.rows(ctx, `SELECT body FROM audit_leaves ORDER BY seq`, func(r *sql.Rows) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		e, err := audit.ParseEntry([]byte(body))
		out.Log[holds.HoldID(e.Hold)]++
		out.Size++
		return err
	})
}

func (b *bench) readJobs(ctx context.Context, out *keepertest.State) error {
	const waiting = `SELECT id, args, attempt, state = 'running' FROM river.river_job WHERE finalized_at IS NULL ORDER BY id`
	return b.rows(ctx, waiting, func(r *sql.Rows) error {
		var q keepertest.Queued
		var args []byte
		if err := r.Scan(&q.ID, &args, &q.Job.Attempt, &q.Running); err != nil {
			return err
		}
		var err error
		q.Job, err = jobOf(args, q.Job.Attempt)
		out.Jobs = append(out.Jobs, q)
		return err
	})
}

// jobOf reads the stored form of a job.
func jobOf(args []byte, attempt int) (holds.Job, error) {
	var a struct {
		Effect holds.EffectKind `json:"effect"`
		holds.Key
		Connection holds.ConnectionID `json:"connection"`
		Notice     holds.NoticeID     `json:"notice"`
		Why        string             `json:"why"`
		Round      int                `json:"round"`
		At         time.Time          `json:"at"`
		Epoch      int64              `json:"epoch"`
	}
	err := json.Unmarshal(args, &a)
	return holds.Job{
		Effect: holds.Effect{Kind: a.Effect, At: a.At, Notice: a.Notice, Why: a.Why, Round: a.Round},
		Key:    a.Key, Connection: a.Connection, Epoch: a.Epoch, Attempt: attempt,
	}, err
}

// Claim implements keepertest.Bench.
func (b *bench) Claim(ctx context.Context, id int64) (holds.Job, error) {
	const claim = `UPDATE river.river_job SET state = 'running', attempt = attempt + 1, attempted_at = now()
		WHERE id = $1 AND finalized_at IS NULL RETURNING args, attempt`
	var args []byte
	var attempt int
	if err := b.super.QueryRowContext(ctx, claim, id).Scan(&args, &attempt); err != nil {
		return holds.Job{}, err
	}
	return jobOf(args, attempt)
}

// End implements keepertest.Bench.
func (b *bench) End(ctx context.Context, id int64) error {
	_, err := b.super.ExecContext(ctx, `UPDATE river.river_job SET state = 'completed', finalized_at = now() WHERE id = $1 AND finalized_at IS NULL`, id)
	return err
}

// Again implements keepertest.Bench.
func (b *bench) Again(ctx context.Context, id int64) error {
	_, err := b.super.ExecContext(ctx, `UPDATE river.river_job SET state = 'available' WHERE id = $1 AND finalized_at IS NULL`, id)
	return err
}

// Verify implements keepertest.Bench.
func (b *bench) Verify(ctx context.Context, heads []keepertest.Head) error {
	return b.stores[0].ReadAudit(ctx, func(src audit.Source) error { return keepertest.Verify(ctx, src, heads) })
}

// Head implements keepertest.Bench.
func (b *bench) Head(ctx context.Context) (keepertest.Head, error) {
	if err := b.stores[0].Sequence(ctx); err != nil {
		return keepertest.Head{}, err
	}
	size, root, err := b.stores[0].Root(ctx)
	return keepertest.Head{Size: size, Root: root}, err
}

// Leaves implements keepertest.Bench.
func (b *bench) Leaves(ctx context.Context, from int64) (out [][]byte, err error) {
	err = b.rows(ctx, `SELECT body FROM audit_leaves WHERE seq >= `+strconv.FormatInt(from, 10)+` ORDER BY seq`, func(r *sql.Rows) error {
		var body []byte
		err := r.Scan(&body)
		out = append(out, body)
		return err
	})
	return out, err
}

// Jobs implements keepertest.Bench.
func (b *bench) Jobs(ctx context.Context) ([]keepertest.Queued, error) {
	var s keepertest.State
	err := b.readJobs(ctx, &s)
	return s.Jobs, err
}

// Undecided implements keepertest.Bench.
func (b *bench) Undecided(ctx context.Context) (n int, err error) {
	err = b.super.QueryRowContext(ctx, `SELECT count(*) FROM deliveries WHERE decided_at IS NULL AND failed_at IS NULL`).Scan(&n)
	return n, err
}
