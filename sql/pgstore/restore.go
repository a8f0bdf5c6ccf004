package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/pgdb"
)

// A database that was restored from a backup, or failed over to a replica that
// lacked the last commits, does not know what was done since. Until that was
// looked up at the providers nothing may act on the outside world: the
// installation is in restore mode.
//
//	         NoteRestore                     FinishRestore
//	acting ───────────────► restore mode ───────────────────► acting, next epoch
//	       any process that                the owner's role,
//	       sees it, or people              by people alone
//
// In restore mode deliveries are taken and judged, holds open, jobs are queued,
// and every job waits, since Start refuses.

// Restoring tells since when the installation is in restore mode and why; the
// zero time when it is not.
func (s *Store) Restoring(ctx context.Context) (since time.Time, why string, err error) {
	err = s.everywhere(ctx, "look whether the installation was restored", func(t *tx) error {
		row, err := t.GetInstallation(ctx)
		since, why = fromNull(row.RestoringSince), row.RestoringWhy
		return err
	})
	return since, why, err
}

// NoteRestore puts the installation into restore mode, for every replica. It
// reports false when it is in it already.
func (s *Store) NoteRestore(ctx context.Context, why string) (noted bool, err error) {
	now := s.Now()
	err = s.run(ctx, "enter restore mode", nil, func(t *tx) error {
		if noted, err = t.NoteRestore(ctx, pgdb.NoteRestoreParams{At: now, Why: shorten(cleanText(why))}); err != nil || !noted {
			return err
		}
		t.record(now, "", "", holds.Entry{Kind: "installation.restoring", By: holds.BySystem("restore")})
		return nil
	})
	return noted, err
}

// RecordRestore appends to the audit log what a restore found; facts are sizes,
// roots and counts.
func (s *Store) RecordRestore(ctx context.Context, by holds.By, facts map[string]string) error {
	now := s.Now()
	return s.run(ctx, "record the restore", nil, func(t *tx) error {
		t.record(now, "", "", holds.Entry{Kind: "installation.restored", By: by, Facts: facts})
		return nil
	})
}

// FinishRestore ends restore mode as the owner's role, which is the only one that
// may: it raises the epoch and takes the waiting jobs over into it, all in one
// transaction. Jobs of the time before the backup that nobody takes over (those
// of another database, whose epoch is another) never act. Conflict when the
// installation is not in restore mode.
func FinishRestore(ctx context.Context, ownerDSN string) (epoch, taken int64, err error) {
	connector, err := connect(ownerDSN, false)
	if err != nil {
		return 0, 0, err
	}
	s := &Store{db: pool(connector, 1)}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	if err := s.checkSchema(ctx); err != nil {
		return 0, 0, err
	}
	err = s.run(ctx, "end restore mode", nil, func(t *tx) error {
		if epoch, err = t.RaiseEpoch(ctx); errors.Is(err, sql.ErrNoRows) {
			return holds.Refuse(holds.Conflict, "The installation is not in restore mode.")
		} else if err != nil {
			return err
		}
		taken, err = jobs.Adopt(ctx, t.sql, epoch-1, epoch)
		return err
	})
	return epoch, taken, err
}

// Unended lists a tenant's holds that have not ended, whatever their number.
func (s *Store) Unended(ctx context.Context, tenant holds.TenantID) (keys []holds.Key, err error) {
	const page = 1000
	for behind := (uuid.UUID{}); ; {
		var found []uuid.UUID
		err := s.inTenant(ctx, tenant, "list the holds that have not ended", func(t *tx) (err error) {
			found, err = t.ListUnended(ctx, pgdb.ListUnendedParams{TenantID: string(tenant), Behind: behind, Most: page})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			keys = append(keys, holds.Key{Tenant: tenant, Hold: holds.HoldID(id.String())})
		}
		if len(found) < page {
			return keys, nil
		}
		behind = found[len(found)-1]
	}
}

// RootAt is the root that the audit log had when it had size entries.
func (s *Store) RootAt(ctx context.Context, size int64) (root audit.Hash, err error) {
	err = s.run(ctx, "read an earlier root of the audit log", snapshotOptions(), func(t *tx) error {
		root, err = audit.Root(size, t.hashes(ctx))
		return err
	})
	return root, err
}
