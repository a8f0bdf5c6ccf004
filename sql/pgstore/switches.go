package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// Stop pulls a brake of a tenant, durably, with its audit entry and a page to the
// people on duty. One that is pulled already is pulled anew: the new stop has its
// own reason and time, and what was said towards resuming the old one is void.
// From the commit on no call that it stops leaves any replica.
func (s *Store) Stop(ctx context.Context, stop holds.Stop) error {
	stop = clean(stop)
	which, err := id(stop.ID)
	if err != nil {
		return err
	}
	return s.inTenant(ctx, stop.Tenant, "stop "+string(stop.Brake), func(t *tx) error {
		if err := t.lock(ctx, brakeLock(stop.Tenant)); err != nil {
			return err
		}
		open, err := t.OpenStops(ctx, string(stop.Tenant))
		if err != nil {
			return err
		}
		for _, o := range open {
			if o.Brake != string(stop.Brake) {
				continue
			}
			if err := t.endStop(ctx, o, stop.At, "renewed"); err != nil {
				return err
			}
		}
		err = t.InsertStop(ctx, pgdb.InsertStopParams{
			TenantID: string(stop.Tenant), StopID: which, Brake: string(stop.Brake), ByID: string(stop.By), Door: string(stop.Door),
			Reason: stop.Reason, At: stop.At, Until: nullTime(stop.Until),
		})
		if err != nil {
			return err
		}
		t.record(stop.At, "", "", holds.Entry{Kind: "brake.pulled", By: holds.ByPerson(stop.By), Facts: map[string]string{
			"brake": string(stop.Brake), "stop": stop.ID, "door": string(stop.Door),
		}})
		return t.tellOfStop(ctx, stop.At, "stop:"+stop.ID, "countersign.stopped", stopWords(stop), stop.Reason)
	})
}

// stopWords name who stopped what, and for how long. The reason is not in them:
// they are mailed, and nobody can tell what somebody writes in haste.
func stopWords(s holds.Stop) string {
	until := "until two people resume it in the console"
	if !s.Until.IsZero() {
		until = "until " + s.Until.UTC().Format("15:04 MST") + ", or until two people resume it in the console"
	}
	return fmt.Sprintf("%s stopped all %s %s; the console says why", s.By, s.Brake, until)
}

// tellOfStop pages the people on duty of a tenant, by an observation about the
// first of its connections: a page belongs to a hold.
func (t *tx) tellOfStop(ctx context.Context, now time.Time, id, kind, what, reason string) error {
	conn, err := t.FirstConnection(ctx, string(t.tenant))
	if errors.Is(err, sql.ErrNoRows) {
		return nil // nothing is guarded, so nobody is on duty
	}
	if err != nil {
		return err
	}
	return t.raise(ctx, now, holds.ConnectionID(conn), id, kind, what, "the reason given: "+reason)
}

// brakeLock keeps two from pulling and freeing the brakes of a tenant at once.
func brakeLock(tenant holds.TenantID) string { return "brakes " + string(tenant) }

func (t *tx) endStop(ctx context.Context, row pgdb.Stop, at time.Time, how string) error {
	n, err := t.EndStop(ctx, pgdb.EndStopParams{At: cleanTime(at), How: how, TenantID: row.TenantID, StopID: row.StopID})
	if err != nil || n == 0 {
		return err
	}
	t.record(at, "", "", holds.Entry{Kind: "brake.freed", By: holds.BySystem("store"), Facts: map[string]string{
		"brake": row.Brake, "stop": row.StopID.String(), "how": how,
	}})
	return nil
}

// Resume records one person's word that what was stopped may go on, and ends the
// stop with the last word that is needed. The refusal is that of holds.Stop.
func (s *Store) Resume(ctx context.Context, tenant holds.TenantID, stop string, r holds.Resume) (out holds.Stop, err error) {
	which, err := id(stop)
	if err != nil {
		return out, err
	}
	r = clean(r)
	err = s.inTenant(ctx, tenant, "resume what was stopped", func(t *tx) error {
		if err := t.lock(ctx, brakeLock(tenant)); err != nil {
			return err
		}
		row, err := t.LockStop(ctx, pgdb.LockStopParams{TenantID: string(tenant), StopID: which})
		if err != nil {
			return err
		}
		was, err := t.stop(ctx, row)
		if err != nil {
			return err
		}
		if out, err = was.Resumed(r); err != nil {
			return &callerError{err}
		}
		err = t.InsertResume(ctx, pgdb.InsertResumeParams{
			TenantID: string(tenant), StopID: which, ByID: string(r.By), Door: string(r.Door), Reason: out.Resumes[len(out.Resumes)-1].Reason, At: r.At,
		})
		if err != nil {
			return err
		}
		t.record(r.At, "", "", holds.Entry{Kind: "brake.resume", By: holds.ByPerson(r.By), Facts: map[string]string{
			"brake": row.Brake, "stop": stop, "door": string(r.Door),
		}})
		if out.Ended.IsZero() {
			return nil
		}
		if err := t.endStop(ctx, row, r.At, "resumed"); err != nil {
			return err
		}
		what := fmt.Sprintf("%s and %s resumed all %s", out.Resumes[0].By, r.By, out.Brake)
		return t.tellOfStop(ctx, r.At, "resume:"+stop, "countersign.resumed", what, r.Reason)
	})
	return out, err
}

// Stops lists what is stopped for a tenant at a moment.
func (s *Store) Stops(ctx context.Context, tenant holds.TenantID, now time.Time) (out []holds.Stop, err error) {
	err = s.inTenant(ctx, tenant, "read what is stopped", func(t *tx) error {
		out = nil
		rows, err := t.OpenStops(ctx, string(tenant))
		if err != nil {
			return err
		}
		for _, row := range rows {
			stop, err := t.stop(ctx, row)
			if err != nil {
				return err
			}
			if stop.InForce(now) {
				out = append(out, stop)
			}
		}
		return nil
	})
	return out, err
}

func (t *tx) stop(ctx context.Context, row pgdb.Stop) (holds.Stop, error) {
	out := stopOf(row)
	rows, err := t.ListResumes(ctx, pgdb.ListResumesParams{TenantID: row.TenantID, StopID: row.StopID})
	for _, r := range rows {
		out.Resumes = append(out.Resumes, holds.Resume{By: holds.PersonID(r.ByID), Door: holds.Door(r.Door), Reason: r.Reason, At: r.At.UTC()})
	}
	return out, err
}

func stopOf(row pgdb.Stop) holds.Stop {
	return holds.Stop{
		ID: row.StopID.String(), Tenant: holds.TenantID(row.TenantID), Brake: holds.Brake(row.Brake), By: holds.PersonID(row.ByID),
		Door: holds.Door(row.Door), Reason: row.Reason, At: row.At.UTC(), Until: fromNull(row.Until), Ended: fromNull(row.EndedAt),
	}
}

// notStopped refuses what people have stopped.
func (t *tx) notStopped(ctx context.Context, b holds.Brake, at time.Time) error {
	row, err := t.StopInForce(ctx, pgdb.StopInForceParams{TenantID: string(t.tenant), Brake: string(b), At: cleanTime(at)})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return &callerError{stopOf(row).Refusal()}
}

// Lapse writes off the stops whose time has passed. They stop nothing by
// themselves any more; this is for the record.
func (s *Store) Lapse(ctx context.Context, now time.Time) error {
	var lapsed []pgdb.LapsedStopsRow
	err := s.everywhere(ctx, "read which stops have lapsed", func(t *tx) (err error) {
		lapsed, err = t.LapsedStops(ctx, cleanTime(now))
		return err
	})
	for _, l := range lapsed {
		if err != nil {
			return err
		}
		err = s.inTenant(ctx, holds.TenantID(l.TenantID), "write a stop off", func(t *tx) error {
			row, err := t.LockStop(ctx, pgdb.LockStopParams(l))
			if err != nil || row.EndedAt.Valid {
				return err
			}
			return t.endStop(ctx, row, row.Until.Time, "lapsed")
		})
	}
	return err
}
