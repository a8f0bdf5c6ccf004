package keeper

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// braking is a store in which somebody pulled brakes: announce and mark say what
// it refuses.
type braking struct {
	*memory
	announce func(holds.Change) error
	mark     func(holds.IntentID) error
	go1      []holds.Key
}

func (b *braking) Update(ctx context.Context, key holds.Key, now time.Time, change func(holds.Hold) (*holds.Change, error)) (holds.Hold, error) {
	return b.memory.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		c, err := change(h)
		if err == nil && c != nil && b.announce != nil {
			err = b.announce(*c)
		}
		return c, err
	})
}

func (b *braking) Tried(ctx context.Context, key holds.Key, id holds.IntentID, at time.Time) error {
	if b.mark != nil {
		if err := b.mark(id); err != nil {
			return err
		}
	}
	return b.memory.Tried(ctx, key, id, at)
}

func (b *braking) Resumable(context.Context, time.Time, func(holds.Hold, holds.Snapshot) *holds.Restraint) ([]holds.Key, error) {
	return b.go1, nil
}

func (b *braking) Lapse(context.Context, time.Time) error { return nil }

// brakes gives a world a store with brakes.
func brakes(w *world) *braking {
	b := &braking{memory: w.memory}
	w.Keeper.Holds, w.Options.Intents, w.Brakes = b, b, b
	return b
}

func stopped(b holds.Brake) func(holds.Change) error {
	return func(c holds.Change) error {
		if c.Under == b {
			return &holds.Braked{Brake: b, Why: "all " + string(b) + " is stopped by tove: wrong people"}
		}
		return nil
	}
}

// free lets everything go on that waits.
func (w *world) free(t *testing.T, b *braking) {
	t.Helper()
	b.announce, b.mark, b.go1 = nil, nil, []holds.Key{w.key(t)}
	w.Resume(context.Background())
	w.Resume(context.Background()) // the other replica finds nothing to do
}

// TestG16StoppedContainmentWaits, wherever the stop comes in between, and goes on
// by itself; each call takes effect once.
func TestG16StoppedContainmentWaits(t *testing.T) {
	for name, c := range map[string]struct {
		pull  func(*world, *braking)
		calls int
	}{
		"G16 before the calls are announced": {func(_ *world, b *braking) { b.announce = stopped(holds.BrakeContainment) }, 0},
		"G16 before the first call leaves": {func(_ *world, b *braking) {
			b.mark = func(holds.IntentID) error {
				return &holds.Braked{Brake: holds.BrakeContainment, Why: "stopped by tove: wrong people"}
			}
		}, 0},
		"G16 between two calls": {func(w *world, b *braking) {
			b.mark = func(holds.IntentID) error {
				if len(w.provider.calls) > 0 {
					return &holds.Braked{Brake: holds.BrakeContainment, Why: "stopped by tove: wrong people"}
				}
				return nil
			}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := brakes(w)
			w.happens(t, resetAll("e1"))
			c.pull(w, b)
			if errs := w.run(holds.EffectContain); len(errs) > 0 {
				t.Fatalf("the job goes on trying: %v", errs)
			}
			h := w.the(t)
			if h.State != holds.Pending || h.Standing != holds.Observed || !strings.Contains(strings.Join(h.Doubts, ";"), "tove: wrong people") {
				t.Fatalf("%s %s %v", h.State, h.Standing, h.Doubts)
			}
			if len(w.provider.calls) != c.calls {
				t.Fatalf("calls: %v", w.provider.calls)
			}
			w.free(t, b)
			if errs := w.run(holds.EffectContain); len(errs) > 0 {
				t.Fatal(errs)
			}
			if h := contained(t, w); len(h.Doubts) != 0 {
				t.Errorf("it still says %v", h.Doubts)
			}
			onceEach(t, w, holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount)
		})
	}
}

// TestG16StoppedReleaseStaysApproved and goes on when two have resumed it.
func TestG16StoppedReleaseStaysApproved(t *testing.T) {
	w := newWorld(t)
	b := brakes(w)
	approved(t, w)
	b.announce = stopped(holds.BrakeRelease)
	if errs := w.run(holds.EffectLift); len(errs) > 0 {
		t.Fatal(errs)
	}
	if h := w.the(t); h.State != holds.Approved || !h.ReleaseBegun.IsZero() || !w.provider.account.Restrained {
		t.Fatalf("%s, restrained %v", h.State, w.provider.account.Restrained)
	}
	w.free(t, b)
	w.run(holds.EffectLift)
	if h := w.the(t); h.State != holds.Released || w.provider.account.Restrained {
		t.Fatalf("%s, restrained %v", h.State, w.provider.account.Restrained)
	}
}

// TestG16StoppedContainmentStopsUndoing: a removed factor is what nobody can give
// back; the account stays restrained meanwhile.
func TestG16StoppedContainmentStopsUndoing(t *testing.T) {
	w := newWorld(t)
	b := brakes(w)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectContain)
	if _, err := w.Keeper.Decide(context.Background(), w.key(t), "adam", holds.Deny, w.the(t).Version, "not her"); err != nil {
		t.Fatal(err)
	}
	b.announce = stopped(holds.BrakeContainment)
	if errs := w.run(holds.EffectRevert); len(errs) > 0 {
		t.Fatal(errs)
	}
	if h := w.the(t); h.State != holds.Denied || h.Standing != holds.Contained {
		t.Fatalf("%s %s", h.State, h.Standing)
	}
	w.free(t, b)
	w.run(holds.EffectRevert)
	if h := w.the(t); h.State != holds.Reverted {
		t.Fatal(h.State)
	}
}

// TestG2LastAdministratorKeepsAccess: sessions are ended once, nothing else is
// done, people are paged, and it is restrained when there is another one.
func TestG2LastAdministratorKeepsAccess(t *testing.T) {
	w := newWorld(t)
	b := brakes(w)
	w.connection1(func(c *Connection) { c.Caps, c.TopRoles = holds.DefaultCaps(300), []string{"SUPER_ADMIN"} })
	w.provider.account.Roles = []holds.Role{{ID: "r1", Kind: "SUPER_ADMIN", Privileged: true}}
	w.happens(t, resetAll("e1"))
	last := func(c holds.Change) error {
		if c.Restraint != nil {
			return c.Restraint.Admit(holds.Load{Roles: []holds.RoleLoad{{Kind: c.Restraint.Roles[0]}}}, "")
		}
		return nil
	}
	b.announce = last
	w.run(holds.EffectContain)
	w.free(t, b)
	b.announce = last
	w.provider.account.Status = holds.StatusActive
	if errs := w.run(holds.EffectContain); len(errs) > 0 {
		t.Fatal(errs)
	}
	h := w.the(t)
	if h.Standing != holds.Observed || h.Waits.Cap != holds.CapLast || len(w.provider.calls) != 1 || w.provider.effects[holds.ClearSessions] != 1 {
		t.Fatalf("%s %+v calls %v", h.Standing, h.Waits, w.provider.calls)
	}
	if j := take(t, w, holds.EffectPage); j.Why == "" { // the opening's
		t.Fatal("nobody is paged")
	}
	if j := take(t, w, holds.EffectPage); !strings.Contains(j.Why, "last active account") {
		t.Fatalf("paged: %s", j.Why)
	}
	w.free(t, b)
	w.run(holds.EffectContain)
	contained(t, w)
	onceEach(t, w, holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount)
}

// TestG2NeverSuspended: of an account that the organisation cannot do without the
// sessions are ended, once, and no more; people are paged, and it is released as
// every other, without a call.
func TestG2NeverSuspended(t *testing.T) {
	w := newWorld(t)
	w.connection1(func(c *Connection) { c.NeverSuspended = []string{"00UVICTIM"} })
	w.happens(t, resetAll("e1"))
	w.provider.before, w.provider.err = 1, holds.Refuse(holds.Unavailable, "later")
	for range 3 {
		w.run(holds.EffectContain)
	}
	h := w.the(t)
	if h.Containment != holds.ContainmentFailed || h.Standing != holds.Observed || !strings.Contains(strings.Join(h.Doubts, " "), "never suspended") {
		t.Fatalf("%s %s %v", h.Containment, h.Standing, h.Doubts)
	}
	onceEach(t, w, holds.ClearSessions)
	if len(w.provider.effects) != 1 {
		t.Fatalf("effects %v", w.provider.effects)
	}
	paged := false
	for _, j := range w.queue {
		paged = paged || j.Kind == holds.EffectPage && strings.Contains(j.Why, "never suspended")
	}
	if !paged {
		t.Error("nobody is paged because of it")
	}
}

// connection1 changes the only connection.
func (w *world) connection1(change func(*Connection)) {
	c := w.connections["acme-okta"]
	change(&c)
	w.connections["acme-okta"] = c
}

// TestG1G2UntouchableWhenTheCallWouldLeave: an id that the configuration names
// after the hold was opened, in whichever case, is never restrained.
func TestG1G2UntouchableWhenTheCallWouldLeave(t *testing.T) {
	for name, change := range map[string]func(*Connection){
		"G1 break-glass": func(c *Connection) { c.BreakGlass = []string{"00UVICTIM", "00ubreakglass"} },
		"G2 our own":     func(c *Connection) { c.OwnAccounts = []string{"00uvictim"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.happens(t, resetAll("e1"))
			w.connection1(change)
			if errs := w.run(holds.EffectContain); len(errs) > 0 || len(w.provider.calls) != 0 {
				t.Fatalf("%v, calls %v", errs, w.provider.calls)
			}
			if h := w.the(t); h.Containment != holds.ContainmentFailed || h.Standing != holds.Observed {
				t.Fatalf("%s %s", h.Containment, h.Standing)
			}
		})
	}
}
