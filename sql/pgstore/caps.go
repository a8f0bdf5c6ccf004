package pgstore

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// underBrakes refuses a change whose calls people have stopped or that a cap does
// not allow, in the transaction that would announce them. The lock on the
// connection makes replicas count one after the other.
func (t *tx) underBrakes(ctx context.Context, now time.Time, c holds.Change, key uuid.UUID) error {
	if c.Under == "" {
		return nil
	}
	if err := t.notStopped(ctx, c.Under, now); err != nil || c.Restraint == nil {
		return err
	}
	if err := t.lock(ctx, "containments "+string(c.Hold.Connection)); err != nil {
		return err
	}
	l, err := t.load(ctx, now, c.Hold, key, *c.Restraint)
	if err != nil {
		return err
	}
	if b := c.Restraint.Admit(l, c.Hold.Actor.ID); b != nil {
		return &callerError{b}
	}
	return nil
}

// load is what counts against the caps beside a hold.
func (t *tx) load(ctx context.Context, now time.Time, h holds.Hold, key uuid.UUID, r holds.Restraint) (holds.Load, error) {
	var l holds.Load
	n, err := t.CountContained(ctx, pgdb.CountContainedParams{
		TenantID: string(t.tenant), ConnectionID: string(h.Connection), HoldID: key, Round: int32(h.ContainRound), //nolint:gosec // a count
		ActorID: h.Actor.ID, Since: cleanTime(now.Add(-holds.CapWindow)),
	})
	if err != nil {
		return l, err
	}
	l.Hour, l.Actor = int(n.Hour), int(n.ByActor)
	ahead, err := t.CountAhead(ctx, pgdb.CountAheadParams{
		TenantID: string(t.tenant), ConnectionID: string(h.Connection), HoldID: key, Privileged: r.Privileged,
	})
	if err != nil {
		return l, err
	}
	l.Ahead = int(ahead)
	for _, kind := range r.Roles {
		m, err := t.roleLoad(ctx, h, kind)
		if err != nil {
			return l, err
		}
		l.Roles = append(l.Roles, m)
	}
	return l, nil
}

// roleLoad counts the other members of a top role that are known. An account that
// another hold restrains already adds nothing to what is restrained.
func (t *tx) roleLoad(ctx context.Context, h holds.Hold, kind string) (holds.RoleLoad, error) {
	rows, err := t.RoleMembers(ctx, pgdb.RoleMembersParams{TenantID: string(t.tenant), ConnectionID: string(h.Connection), Kind: kind})
	m := holds.RoleLoad{Kind: kind}
	for _, row := range rows {
		switch {
		case row.AccountID == safeKey(h.Subject.ID):
		case row.Restrained:
			m.Restrained++
		case row.Status == string(holds.StatusActive):
			m.Active++
		}
	}
	return m, err
}

// openCircuit notes that a cap was reached, and pages people about it once, until
// nothing waits for it any more.
func (t *tx) openCircuit(ctx context.Context, now time.Time, c *holds.Change) error {
	w := c.Circuit
	if w.Cap == "" {
		return nil
	}
	n, err := t.OpenCircuit(ctx, pgdb.OpenCircuitParams{
		TenantID: string(t.tenant), ConnectionID: string(c.Hold.Connection), Cap: string(w.Cap), Scope: safeKey(w.Scope), OpenedAt: cleanTime(now),
	})
	if err != nil || n == 0 {
		return err
	}
	c.Effects = append(c.Effects, holds.Effect{Kind: holds.EffectPage, Round: c.Hold.Version, Why: "containment goes on more slowly: " + w.Why + ". What waits is observed, and follows by severity and age"})
	c.Entries = append(c.Entries, holds.Entry{Kind: "circuit.opened", By: holds.BySystem("keeper"), Facts: map[string]string{"cap": string(w.Cap)}})
	return nil
}

// maxResumed is how many holds of one connection go on at a time.
const maxResumed = 50

// Resumable lists the holds that wait and may go on, of every tenant, most urgent
// first within each connection: what people stopped and resumed, and as many as
// there is room for under the caps that restraint tells. It also closes the
// circuits that nothing waits for.
func (s *Store) Resumable(ctx context.Context, now time.Time, restraint func(holds.Hold, holds.Snapshot) *holds.Restraint) (keys []holds.Key, err error) {
	var braked []pgdb.BrakedConnectionsRow
	err = s.everywhere(ctx, "read what waits", func(t *tx) (err error) {
		braked, err = t.BrakedConnections(ctx)
		return err
	})
	for _, b := range braked {
		if err != nil {
			return nil, err
		}
		err = s.inTenant(ctx, holds.TenantID(b.TenantID), "read what waits at a connection", func(t *tx) error {
			more, err := t.resumable(ctx, now, b.ConnectionID, restraint)
			keys = append(keys, more...)
			return err
		})
	}
	return keys, err
}

func (t *tx) resumable(ctx context.Context, now time.Time, conn string, restraint func(holds.Hold, holds.Snapshot) *holds.Restraint) ([]holds.Key, error) {
	closed, err := t.CloseCircuits(ctx, pgdb.CloseCircuitsParams{At: cleanTime(now), TenantID: string(t.tenant), ConnectionID: conn})
	if err != nil {
		return nil, err
	}
	for _, which := range closed {
		t.record(now, holds.ConnectionID(conn), "", holds.Entry{Kind: "circuit.closed", By: holds.BySystem("keeper"), Facts: map[string]string{"cap": which}})
	}
	stopped := map[holds.Brake]bool{}
	for _, b := range holds.Brakes() {
		err := t.notStopped(ctx, b, now)
		var braked *holds.Braked
		if stopped[b] = errors.As(err, &braked); err != nil && !stopped[b] {
			return nil, err
		}
	}
	rows, err := t.WaitingHolds(ctx, pgdb.WaitingHoldsParams{TenantID: string(t.tenant), ConnectionID: conn, Most: maxList})
	if err != nil {
		return nil, err
	}
	room := &room{tx: t, now: now, restraint: restraint, actors: map[string]int{}, roles: map[string]int{}}
	var keys []holds.Key
	for _, row := range rows {
		h, err := outline(row)
		if err != nil {
			return nil, err
		}
		if stopped[h.Waits.Brake] || len(keys) == maxResumed {
			continue
		}
		fits, err := room.fits(ctx, h, row.HoldID)
		if err != nil {
			return nil, err
		}
		if fits {
			keys = append(keys, holds.Key{Tenant: t.tenant, Hold: h.ID})
		}
	}
	return keys, nil
}

// room follows how the caps fill up as one hold after the other goes on.
type room struct {
	*tx
	now       time.Time
	restraint func(holds.Hold, holds.Snapshot) *holds.Restraint
	all       int
	actors    map[string]int
	roles     map[string]int
}

// fits asks the caps about a hold, beside those that go on before it. Nothing is
// decided here: the job asks again in the transaction that announces its calls.
func (r *room) fits(ctx context.Context, h holds.Hold, key uuid.UUID) (bool, error) {
	if h.Waits.Brake != holds.BrakeContainment || h.State == holds.Denied && h.Waits.Cap == "" {
		return true, nil
	}
	snap, _, err := r.newest(ctx, h.Connection, h.Subject.ID)
	if err != nil {
		return false, err
	}
	need := r.restraint(h, snap)
	if need == nil {
		return true, nil
	}
	l, err := r.load(ctx, r.now, h, key, *need)
	if err != nil {
		return false, err
	}
	l.Ahead = 0 // they come in order
	l.Hour += r.all
	l.Actor += r.actors[h.Actor.ID]
	for i := range l.Roles {
		taken := r.roles[l.Roles[i].Kind]
		l.Roles[i].Restrained += taken
		l.Roles[i].Active -= min(taken, l.Roles[i].Active)
	}
	if need.Admit(l, h.Actor.ID) != nil {
		return false, nil
	}
	r.all++
	r.actors[h.Actor.ID]++
	for _, kind := range need.Roles {
		r.roles[kind]++
	}
	return true, nil
}
