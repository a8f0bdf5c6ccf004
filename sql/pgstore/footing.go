package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// SavePushLook records what was seen of a connection's push at its provider. One
// that could not be looked at stays as it was last seen.
func (s *Store) SavePushLook(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, look holds.PushLook) error {
	look = clean(look)
	return s.inTenant(ctx, tenant, "record a look at a connection's push", func(t *tx) error {
		params := pgdb.SavePushLookParams{
			TenantID: string(tenant), ConnectionID: string(conn), At: nullTime(look.At), Trouble: look.Trouble, Unseen: look.Unseen,
		}
		if look.Unseen != "" {
			params.At, params.Trouble = sql.NullTime{}, ""
		}
		return t.SavePushLook(ctx, params)
	})
}

// footing is what is known of a connection besides the reports of its health.
type footing struct {
	row   pgdb.ListFootingRow
	feeds []holds.Feed
}

func (t *tx) footing(ctx context.Context) (map[string]footing, error) {
	rows, err := t.ListFooting(ctx, string(t.tenant))
	if err != nil {
		return nil, err
	}
	feeds, err := t.ListTenantFeeds(ctx, string(t.tenant))
	out := make(map[string]footing, len(rows))
	for _, row := range rows {
		out[row.ConnectionID] = footing{row: row}
	}
	for _, row := range feeds {
		if f, ok := out[row.ConnectionID]; ok {
			f.feeds = append(f.feeds, feed(row))
			out[row.ConnectionID] = f
		}
	}
	return out, err
}

func (f footing) into(h *holds.ConnectionHealth) {
	r := f.row
	h.Provider, h.Configured, h.Subscriptions = r.Provider, r.ConfiguredAt.UTC(), f.feeds
	h.LogTrouble, h.RulesTrouble, h.CursorMoved = r.LogTrouble, r.RulesTrouble, fromNull(r.MovedAt)
	h.Push = holds.PushLook{At: fromNull(r.PushLookedAt), Trouble: r.PushTrouble, Since: fromNull(r.PushSince), Unseen: r.PushUnseen}
}

// OldestUndecided is when the delivery was received that has waited longest for
// its turn; zero when none waits.
func (s *Store) OldestUndecided(ctx context.Context, tenant holds.TenantID) (out time.Time, err error) {
	err = s.inTenant(ctx, tenant, "look for the oldest delivery that waits", func(t *tx) error {
		at, err := t.OldestUndecided(ctx, string(tenant))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		out = at.UTC()
		return err
	})
	return out, err
}

// OpenHolds counts a tenant's holds that have not ended, by connection and by
// what they say of themselves.
func (s *Store) OpenHolds(ctx context.Context, tenant holds.TenantID) (out map[holds.ConnectionID]map[holds.Standing]int, err error) {
	err = s.inTenant(ctx, tenant, "count the open holds", func(t *tx) error {
		out = map[holds.ConnectionID]map[holds.Standing]int{}
		rows, err := t.CountOpenHolds(ctx, string(tenant))
		for _, row := range rows {
			conn := holds.ConnectionID(row.ConnectionID)
			if out[conn] == nil {
				out[conn] = map[holds.Standing]int{}
			}
			out[conn][holds.Standing(row.Standing)] = int(row.Holds)
		}
		return err
	})
	return out, err
}

// Condition is how the database is, for people.
type Condition struct {
	// Server is its version, such as "15.8".
	Server string `json:"server"`
	// Settings are those on which it hangs whether what was confirmed is kept.
	Settings map[string]string `json:"settings"`
	// Schema is the version of the tables.
	Schema int64 `json:"schema"`
	// Offset is how far its clock is from this machine's.
	Offset time.Duration `json:"offset"`
}

// Condition looks at the database as it is now. What would keep the service from
// starting on it is an error of [Open].
func (s *Store) Condition(ctx context.Context) (Condition, error) {
	c := Condition{Settings: map[string]string{}, Offset: s.offset}
	err := s.db.QueryRowContext(ctx, `SELECT current_setting('server_version'), (SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied)`).
		Scan(&c.Server, &c.Schema)
	if err != nil {
		return c, translate("look at the database", err)
	}
	for _, name := range durableSettings() {
		var value string
		if err := s.db.QueryRowContext(ctx, `SELECT current_setting($1)`, name).Scan(&value); err != nil {
			return c, translate("look at the database's settings", err)
		}
		c.Settings[name] = value
	}
	return c, nil
}

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	return translate("reach the database", s.db.PingContext(ctx))
}
