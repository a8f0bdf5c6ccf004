package pgstore

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// gatherLock names the lock on a contact point: whoever plans a message to it, or
// writes a digest, takes it first.
func gatherLock(tenant holds.TenantID, point []byte) string {
	return "tell " + string(tenant) + " " + hex.EncodeToString(point)
}

// lockPoints keeps others from planning messages to the same contact points until
// this transaction ends, so that the number of them is what the next one counts.
func (t *tx) lockPoints(ctx context.Context, notices []holds.Notice) error {
	if len(notices) == 0 {
		return nil
	}
	names := make([]string, 0, len(notices))
	for _, n := range notices {
		names = append(names, gatherLock(t.tenant, t.store.pointKey(n.Tenant, n.Point)))
	}
	slices.Sort(names)
	return t.lock(ctx, slices.Compact(names)...)
}

// gather asks how a planned message goes to its contact point, which is locked.
func (t *tx) gather(ctx context.Context, n holds.Notice, h holds.Hold) (bearer holds.NoticeID, due time.Time, err error) {
	rows, err := t.SpokenNotices(ctx, pgdb.SpokenNoticesParams{
		Now: nullTime(n.Created), TenantID: string(n.Tenant), PointKey: t.store.pointKey(n.Tenant, n.Point),
		Since: n.Created.Add(-holds.TellWindow), Audience: string(n.Audience), OwnerID: string(h.Owner),
	})
	if err != nil {
		return "", time.Time{}, err
	}
	recent := make([]holds.Spoken, 0, len(rows))
	for _, r := range rows {
		recent = append(recent, holds.Spoken{
			Notice: holds.NoticeID(r.NoticeID.String()), Gravity: int(r.Gravity), Due: fromNull(r.DueAt),
			Open: r.DueAt.Valid && r.Status == string(holds.NoticeQueued), Carries: int(r.Carries),
		})
	}
	bearer, due = holds.Gather(n, n.Gravity(h), recent, n.Created)
	return bearer, due, nil
}

// Gathered lists the messages that a digest stands for beside itself, oldest
// first, and closes it: what is planned from then on goes into another.
func (s *Store) Gathered(ctx context.Context, tenant holds.TenantID, notice holds.NoticeID) (out []holds.Notice, err error) {
	key, err := id(notice)
	if err != nil {
		return nil, err
	}
	err = s.inTenant(ctx, tenant, "close a digest", func(t *tx) error {
		out = nil
		if err := t.fence(ctx); err != nil {
			return err
		}
		row, err := t.GetNotice(ctx, pgdb.GetNoticeParams{TenantID: string(tenant), NoticeID: key})
		if err != nil {
			return err
		}
		if err := t.lock(ctx, gatherLock(tenant, row.PointKey)); err != nil {
			return err
		}
		if _, err := t.CloseDigest(ctx, pgdb.CloseDigestParams{TenantID: string(tenant), NoticeID: key}); err != nil {
			return err
		}
		rows, err := t.ListGathered(ctx, pgdb.ListGatheredParams{TenantID: string(tenant), NoticeID: uuid.NullUUID{UUID: key, Valid: true}})
		if err != nil {
			return err
		}
		for _, row := range rows {
			n, err := s.notice(row)
			if err != nil {
				return err
			}
			out = append(out, n)
		}
		return nil
	})
	return out, err
}

// attemptedWith writes a digest's last attempt into the ledger of each message
// that it stands for.
func (t *tx) attemptedWith(ctx context.Context, a holds.Attempt, of pgdb.MoveNoticeRow, digest uuid.UUID) error {
	if a.Status == holds.NoticeFailed && a.Again {
		return nil
	}
	rows, err := t.MoveGathered(ctx, pgdb.MoveGatheredParams{
		Status: string(a.Status), TenantID: string(t.tenant), NoticeID: uuid.NullUUID{UUID: digest, Valid: true},
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		t.record(a.At, "", holds.HoldID(row.HoldID.String()), holds.Entry{
			Kind: "notice.attempted", By: holds.BySystem("notify"), Facts: map[string]string{
				"notice": row.NoticeID.String(), "audience": of.Audience, "channel": of.Channel, "status": string(a.Status), "digest": digest.String(),
			},
		})
		err := t.InsertAttempt(ctx, pgdb.InsertAttemptParams{
			TenantID: string(t.tenant), NoticeID: row.NoticeID, Status: string(a.Status), Reference: a.Reference, Detail: a.Detail, At: a.At, Again: a.Again,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
