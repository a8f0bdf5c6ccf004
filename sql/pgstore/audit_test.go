package pgstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/sql/pgstore"
)

func (w *world) verify(dsn string, checkpoints ...audit.Checkpoint) audit.Report {
	w.Helper()
	r, err := pgstore.VerifyAudit(w.Context(), dsn, audit.Options{Checkpoints: checkpoints, PageSize: 7})
	w.must(err)
	return r
}

// TestAuditVerifies: everything the store does leaves a log that verifies, for
// the owner's role and for the application's, and Root is its root.
func TestAuditVerifies(t *testing.T) {
	w := newWorld(t)
	populate(w)
	size, root, err := w.Root(t.Context())
	w.must(err)
	for _, dsn := range []string{w.db.OwnerDSN, w.db.AppDSN} {
		if r := w.verify(dsn); r.Finding != nil || r.Size != size || r.Root != root || size < 10 {
			t.Fatalf("%+v, root %v of %d", r, root, size)
		}
	}
	var inside audit.Report
	w.must(w.ReadAudit(t.Context(), func(src audit.Source) error {
		inside, err = audit.Verify(t.Context(), src, audit.Options{})
		return err
	}))
	if inside.Root != root {
		t.Fatalf("%+v", inside)
	}
}

// TestDatabaseAppendsAsTlogDoes: the database numbers and hashes as the library
// does that verifies, row by row, for as many entries as have subtrees of all heights.
func TestDatabaseAppendsAsTlogDoes(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	for n := range 70 {
		_, err := w.Update(t.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
			entry := holds.Entry{Kind: "note.recorded", By: "person:p1", Facts: map[string]string{"nth": strconv.Itoa(n)}}
			return &holds.Change{Hold: h, Entries: slices.Repeat([]holds.Entry{entry}, 1+n%3)}, nil
		})
		w.must(err)
		if n%7 == 0 {
			w.logged() // several to a batch, and batches that begin anywhere
		}
	}
	var hashes []tlog.Hash
	stored := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, hashes[i])
		}
		return out, nil
	})
	var size int64
	w.must(w.ReadAudit(t.Context(), func(src audit.Source) error {
		return src.Leaves(t.Context(), 0, 1000, func(seq int64, body []byte) error {
			e, err := audit.ParseEntry(body)
			if err != nil || e.Seq != seq || seq != size {
				t.Fatalf("entry %d of %d is %s: %v", seq, size, body, err)
			}
			more, err := tlog.StoredHashes(seq, body, stored)
			hashes = append(hashes, more...)
			size++
			return err
		})
	}))
	var n int
	w.must(w.ReadAudit(t.Context(), func(src audit.Source) error {
		return src.Hashes(t.Context(), 0, 10_000, func(index int64, hash []byte) error {
			if index != int64(n) || n >= len(hashes) || !bytes.Equal(hash, hashes[n][:]) {
				t.Fatalf("hash %d, after %d of %d, is %x", index, n, len(hashes), hash)
			}
			n++
			return nil
		})
	}))
	if size < 140 || n != len(hashes) {
		t.Fatalf("%d entries, %d of %d hashes", size, n, len(hashes))
	}
	db := w.sql(w.db.OwnerDSN)
	for range 1000 {
		level, node := rand.IntN(20), rand.Int64N(1<<40)
		var got int64
		w.must(db.QueryRowContext(t.Context(), `SELECT audit_index($1, $2)`, level, node).Scan(&got))
		if want := tlog.StoredHashIndex(level, node); got != want {
			t.Fatalf("audit_index(%d, %d) = %d, want %d", level, node, got, want)
		}
	}
}

// TestLogProvablyGrew: between two checkpoints nothing was changed.
func TestLogProvablyGrew(t *testing.T) {
	w := newWorld(t)
	point := func() audit.Checkpoint {
		size, root, err := w.Root(t.Context())
		w.must(err)
		return audit.Checkpoint{Origin: "countersign/test", Size: size, Root: root, Time: at(1)}
	}
	older := point()
	w.held("00u1")
	newer := point()
	proof, err := w.ProveTree(t.Context(), newer.Size, older.Size)
	w.must(err)
	w.must(audit.CheckTree(proof, newer, older))
	if r := w.verify(w.db.AppDSN, older, newer); r.Finding != nil || r.Checkpoints != 2 {
		t.Fatalf("%+v", r)
	}
	if _, err := w.ProveTree(t.Context(), newer.Size+5, older.Size); err == nil {
		t.Fatal("proved something about entries that are not there")
	}
}

// TestAuditSeesTampering: by somebody with all rights in the database.
func TestAuditSeesTampering(t *testing.T) {
	for name, damage := range map[string]string{
		"altered":      `UPDATE audit_leaves SET body = replace(body, 'system:config', 'system:konfig') WHERE seq = 1`,
		"removed":      `DELETE FROM audit_leaves WHERE seq = 1`,
		"cut off":      `DELETE FROM audit_leaves WHERE seq = (SELECT max(seq) FROM audit_leaves)`,
		"another hash": `UPDATE audit_hashes SET hash = sha256(hash) WHERE index = 0`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.held("00u1")
			w.logged()
			w.exec(damage)
			if r := w.verify(w.db.AppDSN); r.Finding == nil {
				t.Fatal("nothing found")
			}
		})
	}
}

// TestFirstEntryOfAHoldNamesItsDelivery by the digest of the raw body.
func TestFirstEntryOfAHoldNamesItsDelivery(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	sum := sha256.Sum256([]byte(`{"for":"00u1"}`))
	var body string
	w.logged()
	w.must(w.sql(w.db.AppDSN).QueryRowContext(t.Context(),
		`SELECT body FROM audit_page(0, 1000) WHERE body LIKE '%' || $1 || '%' ORDER BY seq LIMIT 1`, string(h.ID)).Scan(&body))
	e, err := audit.ParseEntry([]byte(body))
	w.must(err)
	if e.Kind != "hold.opened" || e.Digests["delivery"] != hex.EncodeToString(sum[:]) || e.Connection != string(okta) ||
		e.Tenant != string(acme) || !e.Time.Equal(at(2)) || e.Actor != "system:keeper" {
		t.Fatalf("%+v", e)
	}
}

// TestAuditUnderParallelWriters: a total order without a fork, over two stores
// and two tenants.
func TestAuditUnderParallelWriters(t *testing.T) {
	w := newWorld(t)
	a, b := w.held("00u1"), w.held("00u2")
	before, _, err := w.Root(t.Context())
	w.must(err)
	const writers, each = 6, 10
	var all sync.WaitGroup
	for n := range writers {
		store, h := w.Store, a
		if n%2 == 1 {
			store, h = w.Second, b
		}
		all.Go(func() {
			for range each {
				_, err := store.Update(t.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
					entry := holds.Entry{Kind: "note.recorded", By: "person:p1"}
					return &holds.Change{Hold: h, Entries: []holds.Entry{entry, entry}}, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if r := w.verify(w.db.AppDSN); r.Finding != nil || r.Size != before+writers*each*2 {
		t.Fatalf("%+v", r)
	}
}

// TestEntriesOfAHoldKeepTheirOrder: what is decided one after the other stands in
// the log one after the other, whoever numbers it and whenever.
func TestEntriesOfAHoldKeepTheirOrder(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	ctx, stop := context.WithCancel(t.Context())
	var numbering, writing sync.WaitGroup
	for _, store := range []*pgstore.Store{w.Store, w.Second} {
		numbering.Go(func() {
			for ctx.Err() == nil {
				if err := store.Sequence(context.WithoutCancel(ctx)); err != nil {
					t.Error(err)
				}
			}
		})
		for range 2 {
			writing.Go(func() {
				for range 25 {
					_, err := store.Update(t.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
						nth := map[string]string{"nth": strconv.Itoa(h.Revision)}
						return &holds.Change{Hold: h, Entries: []holds.Entry{{Kind: "note.recorded", By: "person:p1", Facts: nth}}}, nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	writing.Wait()
	stop()
	numbering.Wait()
	var seen []int
	w.must(w.ReadAudit(t.Context(), func(src audit.Source) error {
		return src.Leaves(t.Context(), 0, 1000, func(_ int64, body []byte) error {
			e, err := audit.ParseEntry(body)
			if n, ok := e.Facts["nth"]; ok && e.Hold == string(h.ID) {
				revision, _ := strconv.Atoi(n)
				seen = append(seen, revision)
			}
			return err
		})
	}))
	if len(seen) != 100 || !slices.IsSorted(seen) {
		t.Errorf("%d entries: %v", len(seen), seen)
	}
}

// TestKeepSequenced: a process numbers what it committed without being asked, and
// what another one left.
func TestKeepSequenced(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.KeepSequenced(ctx) }()
	numbered := func(what string, kind string) {
		t.Helper()
		super := w.sql(w.db.SuperDSN)
		w.eventually(what, func() (ok bool) {
			w.must(super.QueryRowContext(t.Context(),
				`SELECT EXISTS (SELECT FROM audit_leaves WHERE body LIKE '%' || $1 || '%') AND NOT EXISTS (SELECT FROM audit_queue)`, kind).Scan(&ok))
			return ok
		})
	}
	w.held("00u1")
	numbered("its own to be numbered", "hold.opened")
	w.must(w.Second.RecordRestore(t.Context(), "system:restore", nil))
	numbered("another one's to be numbered", "installation.restored")
	stop()
	w.must(<-done)
}

// TestFactsNeverStopAChange: a provider chooses some of them.
func TestFactsNeverStopAChange(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	odd := "a@b <ä> \"\\ \x00" + strings.Repeat("x", 1000)
	w.change(keyOf(h), func(c *holds.Change) {
		c.Entries = []holds.Entry{{Kind: "hold.joined", By: "system:keeper", Facts: map[string]string{"event": odd}}}
	})
	if n := w.count(`audit_leaves WHERE body LIKE '%"event":"a?b ???? ?? ???xxx%'`); n != 1 {
		t.Fatalf("%d entries", n)
	}
}

// TestSyncAuditsWhatChanged, and nothing when nothing did.
func TestSyncAuditsWhatChanged(t *testing.T) {
	w := newWorld(t)
	entries := func() int { return w.count(`audit_leaves WHERE body LIKE '%"kind":"config.changed"%'`) }
	if n := entries(); n != 4 {
		t.Fatalf("%d entries after the first start, want two tenants and two connections", n)
	}
	w.must(w.Sync(t.Context(), "test", tenantConfigs(), connectionConfigs()))
	if n := entries(); n != 4 {
		t.Fatalf("%d entries after an equal start", n)
	}
	conns := connectionConfigs()
	conns[0].Mode = holds.ModeNotify
	w.must(w.Second.Sync(t.Context(), "test", tenantConfigs()[:1], conns[:1]))
	if n := w.count(`audit_leaves WHERE body LIKE '%"mode":"notify"%' AND body LIKE '%"was":"contain"%'`); n != 1 || entries() != 6 {
		t.Fatalf("%d entries of the switch, %d in all", n, entries())
	}
	list, err := w.Connections(t.Context())
	if w.must(err); len(list) != 1 || list[0] != conns[0] {
		t.Fatalf("%+v: the other connection should be retired", list)
	}
	w.must(w.Sync(t.Context(), "test", tenantConfigs(), connectionConfigs()))
	if list, err = w.Connections(t.Context()); err != nil || len(list) != 2 {
		t.Fatalf("%+v %v", list, err)
	}
}

func TestSyncRefuses(t *testing.T) {
	w := newWorld(t)
	conns := func(edit func(*pgstore.ConnectionConfig)) []pgstore.ConnectionConfig {
		c := connectionConfigs()
		edit(&c[0])
		return c
	}
	for name, c := range map[string]struct {
		installation string
		tenants      []pgstore.TenantConfig
		connections  []pgstore.ConnectionConfig
		want         holds.Kind
	}{
		"another installation":      {"elsewhere", tenantConfigs(), connectionConfigs(), holds.Invalid},
		"no name":                   {"", tenantConfigs(), connectionConfigs(), holds.Invalid},
		"a tenant with a capital":   {"test", []pgstore.TenantConfig{{Tenant: "Acme"}}, nil, holds.Invalid},
		"an unknown tenant":         {"test", tenantConfigs()[:1], connectionConfigs(), holds.Invalid},
		"an unknown mode":           {"test", tenantConfigs(), conns(func(c *pgstore.ConnectionConfig) { c.Mode = "block" }), holds.Invalid},
		"a name with a slash":       {"test", tenantConfigs(), conns(func(c *pgstore.ConnectionConfig) { c.Connection = "a/b" }), holds.Invalid},
		"a connection twice":        {"test", tenantConfigs(), append(connectionConfigs(), connectionConfigs()[0]), holds.Invalid},
		"a connection of another's": {"test", tenantConfigs(), conns(func(c *pgstore.ConnectionConfig) { c.Tenant = globe })[:1], holds.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			w.kind(c.want, w.Sync(t.Context(), c.installation, c.tenants, c.connections))
		})
	}
}

func TestCheckpointCopies(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.LastCheckpoint(t.Context())
	w.kind(holds.NotFound, err)
	for i := range 3 {
		w.must(w.SaveCheckpoint(t.Context(), 5, fmt.Sprint("note ", i), at(i)))
	}
	w.must(w.SaveCheckpoint(t.Context(), 5, "note 2", at(2))) // harmless
	note, when, err := w.LastCheckpoint(t.Context())
	if w.must(err); note != "note 2" || !when.Equal(at(2)) {
		t.Fatalf("%s at %v", note, when)
	}
}
