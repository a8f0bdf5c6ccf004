package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// maxCodeTries is how many wrong codes a notice's page takes before its code is
// void.
const maxCodeTries = 5

// noticePoint is what is kept of a contact point beside its sealed value.
type noticePoint struct {
	ID       string             `json:"id,omitempty"`
	Person   holds.PersonID     `json:"person,omitempty"`
	Kind     holds.PointKind    `json:"kind"`
	Source   string             `json:"source,omitempty"`
	Recorded time.Time          `json:"recorded,omitzero"`
	Within   holds.ConnectionID `json:"within,omitempty"`
}

func noticePlace(tenant string, notice uuid.UUID) []byte {
	return place("notices.point_value", tenant, notice.String())
}

// noticeParams is the row of a planned notice, its point sealed.
func (s *Store) noticeParams(n holds.Notice, hold uuid.UUID, h holds.Hold) (pgdb.InsertNoticeParams, error) {
	notice, err := id(n.ID)
	if err != nil {
		return pgdb.InsertNoticeParams{}, fmt.Errorf("a notice without an id: %w", err)
	}
	bearer, err := id(n.Bearer)
	if err != nil {
		return pgdb.InsertNoticeParams{}, fmt.Errorf("a notice that nothing says: %w", err)
	}
	p := n.Point
	sealed, err := s.keys.seal([]byte(p.Value), noticePlace(string(n.Tenant), notice))
	if err != nil {
		return pgdb.InsertNoticeParams{}, err
	}
	doc, err := encode("a contact point", noticePoint{
		ID: p.ID, Person: p.Person, Kind: p.Kind, Source: p.Source, Recorded: p.Recorded, Within: p.Within,
	})
	status := n.Status
	if status == "" {
		status = holds.NoticeQueued
	}
	return pgdb.InsertNoticeParams{
		TenantID: string(n.Tenant), NoticeID: notice, HoldID: hold, Version: int32(n.Version), //nolint:gosec // a count
		Audience: string(n.Audience), Channel: n.Channel, PointKey: s.pointKey(n.Tenant, p), Point: doc, PointValue: sealed,
		Occasion: occasion(n, h), Why: n.Why, Status: string(status), CreatedAt: n.Created, ExpiresAt: nullTime(n.Expires),
		Gravity: int16(n.Gravity(h)), Bearer: uuid.NullUUID{UUID: bearer, Valid: true}, DueAt: nullTime(n.Due), //nolint:gosec // 1 to 4
	}, err
}

// pointKey is equal for equal contact points of a tenant and tells nothing
// about them without the keyring.
func (s *Store) pointKey(tenant holds.TenantID, p holds.ContactPoint) []byte {
	return s.keys.digest("point", string(tenant), string(p.Kind), normal(p.Kind, p.Value))
}

func (s *Store) notice(row pgdb.Notice) (holds.Notice, error) {
	var p noticePoint
	if err := decode("a contact point", row.Point, &p); err != nil {
		return holds.Notice{}, err
	}
	value, err := s.keys.open(row.PointValue, noticePlace(row.TenantID, row.NoticeID))
	var bearer holds.NoticeID
	if row.Bearer.Valid && row.Bearer.UUID != row.NoticeID {
		bearer = holds.NoticeID(row.Bearer.UUID.String())
	}
	return holds.Notice{
		ID: holds.NoticeID(row.NoticeID.String()), Tenant: holds.TenantID(row.TenantID), Hold: holds.HoldID(row.HoldID.String()),
		Version: int(row.Version), Audience: holds.Audience(row.Audience), Channel: row.Channel,
		Point: holds.ContactPoint{
			ID: p.ID, Person: p.Person, Kind: p.Kind, Value: string(value), Source: p.Source, Recorded: p.Recorded, Within: p.Within,
		},
		Why: row.Why, Status: holds.NoticeStatus(row.Status), Created: row.CreatedAt.UTC(), Expires: fromNull(row.ExpiresAt),
		Tries: int(row.Tries), Used: fromNull(row.UsedAt), Bearer: bearer, Due: fromNull(row.DueAt),
	}, err
}

// Notice reads one notice, its contact point in clear.
func (s *Store) Notice(ctx context.Context, tenant holds.TenantID, notice holds.NoticeID) (n holds.Notice, err error) {
	key, err := id(notice)
	if err != nil {
		return n, err
	}
	err = s.inTenant(ctx, tenant, "read a notice", func(t *tx) error {
		row, err := t.GetNotice(ctx, pgdb.GetNoticeParams{TenantID: string(tenant), NoticeID: key})
		if err != nil {
			return err
		}
		n, err = s.notice(row)
		return err
	})
	return n, err
}

// Attempted appends a line to the ledger of a notice and moves its status, and
// where that is final also to those of the messages that it stands for.
func (s *Store) Attempted(ctx context.Context, tenant holds.TenantID, a holds.Attempt) error {
	key, err := id(a.Notice)
	if err != nil {
		return err
	}
	a = clean(a)
	return s.inTenant(ctx, tenant, "record an attempt to tell somebody", func(t *tx) error {
		if err := t.fence(ctx); err != nil {
			return err
		}
		row, err := t.MoveNotice(ctx, pgdb.MoveNoticeParams{Status: string(a.Status), TenantID: string(tenant), NoticeID: key})
		if err != nil {
			return err
		}
		t.record(a.At, "", holds.HoldID(row.HoldID.String()), holds.Entry{
			Kind: "notice.attempted", By: holds.BySystem("notify"), Facts: map[string]string{
				"notice": key.String(), "audience": row.Audience, "channel": row.Channel, "status": string(a.Status),
			},
		})
		err = t.InsertAttempt(ctx, pgdb.InsertAttemptParams{
			TenantID: string(tenant), NoticeID: key, Status: string(a.Status), Reference: a.Reference, Detail: a.Detail,
			At: a.At, Again: a.Again,
		})
		if err != nil {
			return err
		}
		return t.attemptedWith(ctx, a, row, key)
	})
}

// CodeTry counts a try at a notice's code and uses the code up when right is
// true, in one statement that does nothing once the code is used, expired or
// tried too often; then the result is false.
func (s *Store) CodeTry(ctx context.Context, tenant holds.TenantID, notice holds.NoticeID, right bool, now time.Time) (bool, error) {
	key, err := id(notice)
	if err != nil {
		return false, err
	}
	var n int64
	err = s.inTenant(ctx, tenant, "try a code", func(t *tx) error {
		n, err = t.TryCode(ctx, pgdb.TryCodeParams{
			TenantID: string(tenant), NoticeID: key, Correct: right, At: cleanTime(now), Most: maxCodeTries,
		})
		return err
	})
	return n == 1, err
}
