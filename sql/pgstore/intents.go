package pgstore

import (
	"context"
	"strconv"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

func intent(row pgdb.ListIntentsRow) holds.Intent {
	i := row.Intent
	return holds.Intent{
		ID: holds.IntentID(i.IntentID.String()), Hold: holds.HoldID(i.HoldID.String()), Tenant: holds.TenantID(i.TenantID),
		Connection: holds.ConnectionID(i.ConnectionID), Purpose: holds.Purpose(i.Purpose), Round: int(i.Round),
		Action:  holds.Action{Kind: holds.ActionKind(i.Action), Account: i.AccountID, Object: i.ObjectID},
		Created: i.CreatedAt.UTC(), Tried: fromNull(i.TriedAt),
		Result: holds.Result{
			Status: holds.ResultStatus(row.Status.String), Detail: row.Detail.String, At: fromNull(row.At),
			EffectiveBy: fromNull(row.EffectiveBy),
		},
	}
}

// listIntents is a hold's intents with their outcomes, oldest first.
func (t *tx) listIntents(ctx context.Context, key holds.Key) ([]holds.Intent, error) {
	hold, err := id(key.Hold)
	if err != nil {
		return nil, err
	}
	rows, err := t.ListIntents(ctx, pgdb.ListIntentsParams{TenantID: string(key.Tenant), HoldID: hold})
	if err != nil {
		return nil, err
	}
	out := make([]holds.Intent, 0, len(rows))
	for _, row := range rows {
		out = append(out, intent(row))
	}
	return out, nil
}

// Intents lists a hold's intents with their outcomes, oldest first.
func (s *Store) Intents(ctx context.Context, key holds.Key) (out []holds.Intent, err error) {
	err = s.inTenant(ctx, key.Tenant, "read the intents of a hold", func(t *tx) error {
		out, err = t.listIntents(ctx, key)
		return err
	})
	return out, err
}

// Tried marks an intent, in a commit of its own, as one whose call is about to be
// made: only when it returns nil may the call leave. The newest mark counts. An
// intent of another hold is not found. While people have stopped calls of its
// purpose the mark is refused with a holds.Braked: what was marked before the
// stop was committed may still leave, what was not does not.
func (s *Store) Tried(ctx context.Context, key holds.Key, intent holds.IntentID, at time.Time) error {
	hold, err := id(key.Hold)
	if err != nil {
		return err
	}
	which, err := id(intent)
	if err != nil {
		return err
	}
	return s.inTenant(ctx, key.Tenant, "mark a call as tried", func(t *tx) error {
		if err := t.fence(ctx); err != nil {
			return err
		}
		purpose, err := t.TryIntent(ctx, pgdb.TryIntentParams{
			At: cleanTime(at), TenantID: string(key.Tenant), HoldID: hold, IntentID: which,
		})
		if err != nil {
			return err
		}
		return t.notStopped(ctx, holds.Purpose(purpose).Brake(), at)
	})
}

// Outcome records what became of an intent, once, with its audit entry. A
// second outcome is a conflict; an intent of another hold is not found.
func (s *Store) Outcome(ctx context.Context, key holds.Key, intent holds.IntentID, result holds.Result) error {
	hold, err := id(key.Hold)
	if err != nil {
		return err
	}
	which, err := id(intent)
	if err != nil {
		return err
	}
	result = clean(result)
	return s.inTenant(ctx, key.Tenant, "record the outcome of a call", func(t *tx) error {
		if err := t.fence(ctx); err != nil {
			return err
		}
		row, err := t.GetIntent(ctx, pgdb.GetIntentParams{TenantID: string(key.Tenant), HoldID: hold, IntentID: which})
		if err != nil {
			return err
		}
		t.record(result.At, holds.ConnectionID(row.ConnectionID), key.Hold, holds.Entry{
			Kind: "intent.outcome", By: holds.BySystem("keeper"), Facts: map[string]string{
				"intent": which.String(), "purpose": row.Purpose, "action": row.Action,
				"round": strconv.Itoa(int(row.Round)), "status": string(result.Status),
			},
		})
		return t.InsertOutcome(ctx, pgdb.InsertOutcomeParams{
			TenantID: string(key.Tenant), IntentID: which, Status: string(result.Status), Detail: result.Detail, At: result.At,
			EffectiveBy: nullTime(result.EffectiveBy),
		})
	})
}
