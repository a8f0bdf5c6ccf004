package pgstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/sql/pgdb"
)

// record remembers an audit entry for the end of the transaction.
func (t *tx) record(at time.Time, conn holds.ConnectionID, hold holds.HoldID, e holds.Entry) {
	if at.IsZero() {
		at = t.store.Now()
	}
	facts := make(map[string]string, len(e.Facts))
	for name, value := range e.Facts {
		facts[name] = cleanFact(value)
	}
	t.entries = append(t.entries, audit.Entry{
		Time: at, Tenant: string(t.tenant), Kind: e.Kind, Actor: string(e.By), Hold: string(hold),
		Connection: string(conn), Digests: maps.Clone(e.Digests), Facts: facts,
	})
}

// cleanFact makes a value one that the log takes. Facts are our own words, but
// some, such as a provider's id of an event, are not ours to choose, and a
// change must not fail because of them.
func cleanFact(s string) string {
	const most = 256
	out := make([]byte, 0, min(len(s), most))
	for i := 0; i < len(s) && i < most; i++ {
		c := s[i]
		if c < 0x20 || c > 0x7e || strings.IndexByte(`"\<>&@`, c) >= 0 {
			c = '?'
		}
		out = append(out, c)
	}
	return string(out)
}

// queueEntries writes what was recorded to the queue of the log, in the transaction
// that it tells of. Sequence gives it numbers after the commit.
func (t *tx) queueEntries(ctx context.Context) error {
	if len(t.entries) == 0 {
		return nil
	}
	if t.store.stuck.Load() {
		return away(nil, "Nothing can be decided, because the audit log does not grow; the log of the program says why.")
	}
	var rows pgdb.QueueEntriesParams
	for _, e := range t.entries {
		head, tail, err := e.Unnumbered()
		if err != nil {
			return fmt.Errorf("append %q: %w", e.Kind, err)
		}
		rows.Tenants = append(rows.Tenants, e.Tenant)
		rows.Heads = append(rows.Heads, string(head))
		rows.Tails = append(rows.Tails, string(tail))
	}
	return t.QueueEntries(ctx, rows)
}

// hashes reads stored hashes for package audit.
func (t *tx) hashes(ctx context.Context) audit.HashReader {
	return audit.HashReaderFunc(func(indexes []int64) ([]audit.Hash, error) {
		rows, err := t.GetHashes(ctx, indexes)
		if err != nil {
			return nil, err
		}
		found := make(map[int64]audit.Hash, len(rows))
		for _, row := range rows {
			if found[row.Index], err = audit.ParseHash(row.Hash); err != nil {
				return nil, err
			}
		}
		out := make([]audit.Hash, len(indexes))
		for i, index := range indexes {
			h, ok := found[index]
			if !ok {
				return nil, fmt.Errorf("the stored hash %d of the audit log is missing", index)
			}
			out[i] = h
		}
		return out, nil
	})
}

// Root is the size of the audit log and its root, for a checkpoint.
func (s *Store) Root(ctx context.Context) (size int64, root audit.Hash, err error) {
	err = s.run(ctx, "read the root of the audit log", snapshotOptions(), func(t *tx) error {
		if size, err = t.AuditSize(ctx); err != nil {
			return err
		}
		root, err = audit.Root(size, t.hashes(ctx))
		return err
	})
	return size, root, err
}

// ProveTree proves that the log of size newer begins with the log of size
// older, for a witness that keeps only checkpoints.
func (s *Store) ProveTree(ctx context.Context, newer, older int64) (proof audit.TreeProof, err error) {
	err = s.run(ctx, "prove that the audit log only grew", snapshotOptions(), func(t *tx) error {
		proof, err = audit.ProveTree(newer, older, t.hashes(ctx))
		return err
	})
	return proof, err
}

func snapshotOptions() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// ReadAudit calls fn with the whole audit log as it is at one moment, for
// audit.Verify. The error of fn is returned as it is.
func (s *Store) ReadAudit(ctx context.Context, fn func(audit.Source) error) error {
	return s.run(ctx, "read the audit log", snapshotOptions(), func(t *tx) error {
		if err := fn(source{t.Queries}); err != nil {
			return &callerError{err}
		}
		return nil
	})
}

// VerifyAudit verifies the audit log of a database without opening the store:
// it needs no keyring and works for the owner's role as for the application's.
// What is queued gets its number first, unless nothing can be written there.
// What is wrong with the log is in the report; the error is for a log that
// could not be read.
func VerifyAudit(ctx context.Context, dsn string, opts audit.Options) (report audit.Report, err error) {
	connector, err := connect(dsn, false)
	if err != nil {
		return report, err
	}
	s := &Store{db: pool(connector, 1)}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	if err := s.checkSchema(ctx); err != nil {
		return report, err
	}
	trouble := s.sequenceFirst(ctx)
	err = s.ReadAudit(ctx, func(src audit.Source) error {
		report, err = audit.Verify(ctx, src, opts)
		return err
	})
	if report.OK() { // else the finding says why nothing could be numbered
		err = errors.Join(err, trouble)
	}
	return report, err
}

// source is the log in one transaction.
type source struct{ q *pgdb.Queries }

// Leaves implements audit.Source.
func (s source) Leaves(ctx context.Context, from int64, limit int, fn func(seq int64, body []byte) error) error {
	rows, err := s.q.AuditPage(ctx, pgdb.AuditPageParams{First: from, Most: int32(limit)}) //nolint:gosec // a page size
	if err != nil {
		return translate("read the audit log", err)
	}
	for _, row := range rows {
		if err := fn(row.Seq, []byte(row.Body)); err != nil {
			return err
		}
	}
	return nil
}

// Hashes implements audit.Source.
func (s source) Hashes(ctx context.Context, from int64, limit int, fn func(index int64, hash []byte) error) error {
	rows, err := s.q.ListHashes(ctx, pgdb.ListHashesParams{Index: from, Limit: int32(limit)}) //nolint:gosec // a page size
	if err != nil {
		return translate("read the hashes of the audit log", err)
	}
	for _, row := range rows {
		if err := fn(row.Index, row.Hash); err != nil {
			return err
		}
	}
	return nil
}

// SaveCheckpoint keeps a copy of a checkpoint that was published, for the
// console. Verification never trusts it.
func (s *Store) SaveCheckpoint(ctx context.Context, size int64, note string, at time.Time) error {
	return s.run(ctx, "save a checkpoint", nil, func(t *tx) error {
		return t.InsertCheckpoint(ctx, pgdb.InsertCheckpointParams{Size: size, Note: cleanText(note), SignedAt: cleanTime(at)})
	})
}

// LastCheckpoint is the newest copy and when it was signed; not found if there
// is none.
func (s *Store) LastCheckpoint(ctx context.Context) (note string, at time.Time, err error) {
	err = s.everywhere(ctx, "read the last checkpoint", func(t *tx) error {
		row, err := t.LastCheckpoint(ctx)
		note, at = row.Note, row.SignedAt.UTC()
		return err
	})
	return note, at, err
}

// digestOf is the name of a delivery in the audit log.
func digestOf(d holds.Delivery) string { return hex.EncodeToString(d.Digest[:]) }
