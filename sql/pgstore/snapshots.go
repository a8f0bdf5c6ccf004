package pgstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

func snapshotPlace(tenant, conn, account string, at time.Time) []byte {
	return place("snapshots.contacts", tenant, conn, account, at.UTC().Format(time.RFC3339Nano))
}

// SaveSnapshot keeps a before-image. A second one of the same account and
// microsecond is the same one.
func (s *Store) SaveSnapshot(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, snap holds.Snapshot) error {
	snap = clean(snap)
	account := safeKey(snap.Account.ID)
	doc, err := encode("a snapshot", snap)
	if err != nil {
		return err
	}
	var sealed []byte
	if len(snap.Contacts) > 0 {
		contacts, err := json.Marshal(snap.Contacts)
		if err != nil {
			return err
		}
		if sealed, err = s.keys.seal(contacts, snapshotPlace(string(tenant), string(conn), account, snap.At)); err != nil {
			return err
		}
	}
	return s.inTenant(ctx, tenant, "keep a snapshot", func(t *tx) error {
		return t.InsertSnapshot(ctx, pgdb.InsertSnapshotParams{
			TenantID: string(tenant), ConnectionID: string(conn), AccountID: account, TakenAt: snap.At, Document: doc, Contacts: sealed,
		})
	})
}

// SnapshotBefore is the newest snapshot taken before a moment; not found when
// there is none.
func (s *Store) SnapshotBefore(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string,
	before time.Time,
) (snap holds.Snapshot, err error) {
	err = s.inTenant(ctx, tenant, "read a snapshot", func(t *tx) error {
		snap, err = t.snapshotBefore(ctx, conn, account, cleanTime(before))
		return err
	})
	return snap, err
}

func (t *tx) snapshotBefore(ctx context.Context, conn holds.ConnectionID, account string, before time.Time) (snap holds.Snapshot, err error) {
	row, err := t.GetSnapshot(ctx, pgdb.GetSnapshotParams{
		TenantID: string(t.tenant), ConnectionID: string(conn), AccountID: safeKey(account), Before: before,
	})
	if err != nil {
		return snap, err
	}
	if err := decode("a snapshot", row.Document, &snap); err != nil {
		return snap, err
	}
	if row.Contacts == nil {
		return snap, nil
	}
	contacts, err := t.store.keys.open(row.Contacts, snapshotPlace(row.TenantID, row.ConnectionID, row.AccountID, row.TakenAt))
	if err != nil {
		return snap, err
	}
	return snap, decode("recovery attributes", contacts, &snap.Contacts)
}

// newest is an account's newest snapshot; false when there is none.
func (t *tx) newest(ctx context.Context, conn holds.ConnectionID, account string) (holds.Snapshot, bool, error) {
	snap, err := t.snapshotBefore(ctx, conn, account, time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC))
	if errors.Is(err, sql.ErrNoRows) {
		return holds.Snapshot{}, false, nil
	}
	return snap, err == nil, err
}
