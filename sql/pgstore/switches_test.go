package pgstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// stop pulls a brake at a minute.
func (w *world) stop(b holds.Brake, minute int) holds.Stop {
	w.Helper()
	s, err := holds.NewStop(newID(), acme, b, "tove", holds.DoorConsole, "we restrain the wrong people", at(minute))
	w.must(err)
	w.must(w.Stop(w.Context(), s))
	return s
}

// begin announces the calls of a containment, as the keeper does.
func begin(s *pgstore.Store, w *world, h holds.Hold, now time.Time, r *holds.Restraint) error {
	_, err := s.Update(w.Context(), keyOf(h), now, func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, holds.RestraintBegun{Restraint: r, Intents: []holds.Intent{{
			ID: holds.IntentID(newID()), Connection: h.Connection, Purpose: holds.ToContain, Round: h.ContainRound,
			Action: holds.Action{Kind: holds.SuspendAccount, Account: h.Subject.ID},
		}}}, now)
		return &c, err
	})
	return err
}

// braked fails unless an error is the refusal of a brake or cap.
func (w *world) braked(err error, b holds.Brake, c holds.Cap) *holds.Braked {
	w.Helper()
	var out *holds.Braked
	if !errors.As(err, &out) || out.Brake != b || out.Cap != c || holds.KindOf(err) != holds.Unavailable {
		w.Fatalf("want the brake %s with the cap %q, got %v", b, c, err)
	}
	return out
}

// TestG16AStopHoldsOnEveryReplicaAtOnce: what one replica committed, the next
// statement of another one obeys, and so does one that starts afterwards.
func TestG16AStopHoldsOnEveryReplicaAtOnce(t *testing.T) {
	w := newWorld(t)
	h, other := w.held("00u1"), w.held("00u2")
	announced := w.intend(other, 1, holds.Action{Kind: holds.SuspendAccount, Account: "00u2"})[0].ID
	w.stop(holds.BrakeContainment, 10)
	for name, s := range map[string]*pgstore.Store{"the other replica": w.Second, "one that starts now": w.open()} {
		t.Run("G16 "+name, func(*testing.T) {
			w.braked(begin(s, w, h, at(11), nil), holds.BrakeContainment, "")
			w.braked(s.Tried(t.Context(), keyOf(other), announced, at(11)), holds.BrakeContainment, "")
		})
	}
	if n := w.count(`intents WHERE hold_id = $1 OR tried_at IS NOT NULL`, string(h.ID)); n != 0 {
		t.Fatalf("%d calls were announced or marked", n)
	}
	t.Run("G16 another tenant goes on", func(*testing.T) {
		list, err := w.Stops(t.Context(), globe, at(11))
		if w.must(err); len(list) != 0 {
			t.Fatalf("%v", list)
		}
	})
	t.Run("G16 it lapses after an hour by itself", func(*testing.T) {
		w.must(w.Second.Tried(t.Context(), keyOf(other), announced, at(70)))
		w.must(begin(w.Second, w, h, at(70), nil))
		w.must(w.Lapse(t.Context(), at(70)))
		w.must(w.Second.Lapse(t.Context(), at(71)))
		if n := w.count(`stops WHERE ended_how = 'lapsed' AND ended_at = until`); n != 1 {
			t.Fatalf("%d stops were written off", n)
		}
	})
}

// TestG16AStopOfReleaseDoesNotLapse, and leaves an approved hold approved.
func TestG16AStopOfReleaseDoesNotLapse(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	w.change(keyOf(h), func(c *holds.Change) {
		c.Hold.State, c.Hold.Outcome, c.Hold.DecidedAt = holds.Approved, holds.Approve, at(4)
	})
	w.stop(holds.BrakeRelease, 10)
	lift := func() error {
		_, err := w.Second.Update(t.Context(), keyOf(h), at(60*24*30), func(h holds.Hold) (*holds.Change, error) {
			return &holds.Change{Hold: h, Under: holds.BrakeRelease}, nil
		})
		return err
	}
	w.braked(lift(), holds.BrakeRelease, "")
	w.must(begin(w.Second, w, w.held("00u2"), at(11), nil)) // containment goes on
	list, err := w.Stops(t.Context(), acme, at(60*24*30))
	if w.must(err); len(list) != 1 || list[0].By != "tove" || list[0].Reason != "we restrain the wrong people" {
		t.Fatalf("%+v", list)
	}
	for _, who := range []holds.PersonID{"rolf", "sara"} {
		_, err := w.Resume(t.Context(), acme, list[0].ID, holds.Resume{By: who, Door: holds.DoorConsole, Reason: "mended", At: at(60)})
		w.must(err)
	}
	w.must(lift())
}

// TestG16OneStopsTwoResume: nobody is two people, and the command line is one.
func TestG16OneStopsTwoResume(t *testing.T) {
	w := newWorld(t)
	s := w.stop(holds.BrakeContainment, 10)
	resume := func(store *pgstore.Store, stop string, by holds.PersonID, door holds.Door) (holds.Stop, error) {
		return store.Resume(t.Context(), acme, stop, holds.Resume{By: by, Door: door, Reason: "mended", At: at(12)})
	}
	first, err := resume(w.Store, s.ID, "rolf", holds.DoorShell)
	if w.must(err); !first.InForce(at(12)) {
		t.Fatal("one person resumed")
	}
	_, err = resume(w.Second, s.ID, "rolf", holds.DoorConsole)
	w.kind(holds.Conflict, err)
	_, err = resume(w.Second, s.ID, "sara", holds.DoorShell)
	w.kind(holds.Forbidden, err)
	t.Run("G16 nor past the program, by the database's own word", func(t *testing.T) {
		_, err := w.sql(w.db.AppDSN).ExecContext(t.Context(), `SELECT 1`)
		w.must(err)
		_, err = w.sql(w.db.SuperDSN).ExecContext(t.Context(), `INSERT INTO stop_resumes (tenant_id, stop_id, by_id, door, reason, at)
			VALUES ('acme', $1, 'sara', 'shell', 'x', now())`, s.ID)
		if err == nil {
			t.Fatal("the command line counted twice")
		}
	})
	t.Run("G16 a stop that is pulled anew needs two anew", func(*testing.T) {
		again := w.stop(holds.BrakeContainment, 13)
		_, err := resume(w.Second, s.ID, "sara", holds.DoorConsole)
		w.kind(holds.Conflict, err)
		_, err = resume(w.Second, again.ID, "sara", holds.DoorConsole)
		w.must(err)
		if list, err := w.Stops(t.Context(), acme, at(14)); err != nil || len(list) != 1 || len(list[0].Resumes) != 1 {
			t.Fatalf("%+v %v", list, err)
		}
		last, err := resume(w.Store, again.ID, "rolf", holds.DoorConsole)
		if w.must(err); last.InForce(at(14)) {
			t.Fatal("two people did not resume")
		}
	})
	t.Run("G16 it is on record and people are paged", func(t *testing.T) {
		for kind, want := range map[string]int{"brake.pulled": 2, "brake.resume": 3, "brake.freed": 2} {
			if n := w.count(`audit_leaves WHERE body LIKE '%"kind":"` + kind + `"%'`); n != want {
				t.Errorf("%d entries of %s, want %d", n, kind, want)
			}
		}
		if n := w.count(`deliveries WHERE source = 'keeper'`); n != 3 { // two stops and one end
			t.Errorf("people were told %d times", n)
		}
		if n := w.count(`audit_leaves WHERE body LIKE '%wrong people%'`); n != 0 {
			t.Error("the reason, in which people write what they like, is in the audit log")
		}
	})
}

// caps are small ones: ten an hour, of which eight for everybody.
func caps() holds.Caps { return holds.Caps{PerHour: 10, PerActor: 100, Reserve: 20, RoleShare: 50} }

// contended opens holds of ordinary accounts and lets both replicas restrain them
// at once; it returns those that were refused.
func (w *world) contended(n int, r holds.Restraint, name string) (admitted int, refused []holds.Hold) {
	w.Helper()
	type answer struct {
		h   holds.Hold
		err error
	}
	answers := make(chan answer, n)
	var list []holds.Hold
	for i := range n {
		list = append(list, w.held(fmt.Sprintf("00u%s%02d", name, i)))
	}
	for i, h := range list {
		s := []*pgstore.Store{w.Store, w.Second}[i%2]
		go func() { answers <- answer{h, begin(s, w, h, at(10), &r)} }()
	}
	for range n {
		a := <-answers
		var b *holds.Braked
		switch {
		case a.err == nil:
			admitted++
		case errors.As(a.err, &b):
			refused = append(refused, a.h)
			_, err := w.Update(w.Context(), keyOf(a.h), at(10), func(h holds.Hold) (*holds.Change, error) {
				c, err := holds.Apply(h, holds.BrakeHit{Braked: *b}, at(10))
				return &c, err
			})
			w.must(err)
		default:
			w.Fatal(a.err)
		}
	}
	return admitted, refused
}

// TestG3CapPerHour: two replicas restrain together no more than the cap allows,
// what privileged accounts need is kept for them, people are paged once, and what
// waits goes on by urgency and age as room returns.
func TestG3CapPerHour(t *testing.T) {
	w := newWorld(t)
	admitted, refused := w.contended(12, holds.Restraint{Caps: caps()}, "o")
	if admitted != 8 || len(refused) != 4 {
		t.Fatalf("%d admitted, %d refused", admitted, len(refused))
	}
	if n := w.count(`circuits WHERE closed_at IS NULL`); n != 1 {
		t.Fatalf("the circuit opened %d times", n)
	}
	if n := w.count(`river.river_job WHERE args ->> 'effect' = 'page' AND args ->> 'why' LIKE 'containment goes on more slowly%'`); n != 1 {
		t.Fatalf("people were paged %d times", n)
	}
	admitted, _ = w.contended(3, holds.Restraint{Caps: caps(), Privileged: true}, "p")
	if admitted != 2 {
		t.Fatalf("%d of the reserve were used, want 2", admitted)
	}
	none := func(holds.Hold, holds.Snapshot) *holds.Restraint { return &holds.Restraint{Caps: caps()} }
	keys, err := w.Resumable(t.Context(), at(11), none)
	if w.must(err); len(keys) != 0 {
		t.Fatalf("there is no room, and %d go on", len(keys))
	}
	urgent := refused[len(refused)-1]
	_, err = w.Update(t.Context(), keyOf(urgent), at(12), func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, holds.OwnerSaid{By: "owner:olga", NotMe: true}, at(12))
		return &c, err
	})
	w.must(err)
	keys, err = w.Second.Resumable(t.Context(), at(71), none)
	if w.must(err); len(keys) != 5 || keys[0] != keyOf(urgent) {
		t.Fatalf("%d go on, the first is %v, want %s", len(keys), keys, urgent.ID)
	}
	t.Run("G3 nobody passes who came later", func(*testing.T) {
		late := w.held("00ulate")
		r := holds.Restraint{Caps: holds.Caps{PerHour: 5, PerActor: 100, RoleShare: 50}}
		if b := w.braked(begin(w.Store, w, late, at(71), &r), holds.BrakeContainment, holds.CapHour); b.Scope != "" {
			t.Fatalf("%+v", b)
		}
	})
	for _, key := range keys {
		_, err := w.Update(t.Context(), key, at(71), func(h holds.Hold) (*holds.Change, error) {
			c, err := holds.Apply(h, holds.BrakeFreed{}, at(71))
			return &c, err
		})
		w.must(err)
	}
	_, err = w.Resumable(t.Context(), at(72), none)
	if w.must(err); w.count(`circuits WHERE closed_at IS NULL`) != 0 || w.count(`holds WHERE waits <> ''`) != 0 {
		t.Fatal("the circuit did not close")
	}
}

// TestG3CapPerActor: one actor's changes use up their own room and nobody else's.
func TestG3CapPerActor(t *testing.T) {
	w := newWorld(t)
	c := holds.Caps{PerHour: 100, PerActor: 4, Reserve: 25, RoleShare: 50}
	if admitted, _ := w.contended(6, holds.Restraint{Caps: c}, "a"); admitted != 3 {
		t.Fatalf("%d admitted, want 3", admitted)
	}
	if b := w.braked(begin(w.Store, w, w.held("00ua99"), at(10), &holds.Restraint{Caps: c}), holds.BrakeContainment, holds.CapActor); b.Scope != "00uadmin" {
		t.Fatalf("%+v", b)
	}
	h := w.held("00uelse")
	w.change(keyOf(h), func(c *holds.Change) { c.Hold.Actor.ID = "00uanother" })
	w.must(begin(w.Second, w, h, at(10), &holds.Restraint{Caps: c}))
}

// TestG2G3TopRole: at most a share of the members of a top role that are known is
// restrained at a time, and never the last, on two replicas at once.
func TestG2G3TopRole(t *testing.T) {
	w := newWorld(t)
	admin := func(id string, s holds.Status) {
		w.must(w.SaveSnapshot(t.Context(), acme, okta, holds.Snapshot{
			Account: holds.Account{ID: id}, At: at(3), Status: s, Roles: []holds.Role{{ID: "r" + id, Kind: "SUPER_ADMIN", Privileged: true}},
		}))
	}
	for i := range 4 {
		admin(fmt.Sprintf("00us%02d", i), holds.StatusActive)
	}
	admin("00ugone", holds.StatusInactive) // cannot sign in, so does not count
	c := holds.Caps{PerHour: 100, PerActor: 100, Reserve: 25, RoleShare: 50}
	r := holds.Restraint{Caps: c, Privileged: true, Roles: []string{"SUPER_ADMIN"}}
	admitted, refused := w.contended(4, r, "s")
	if admitted != 2 {
		t.Fatalf("%d of 4 were restrained, want 2", admitted)
	}
	w.braked(begin(w.Store, w, refused[0], at(11), &r), holds.BrakeContainment, holds.CapRole)
	t.Run("G2 the last one active", func(*testing.T) {
		admin(refused[1].Subject.ID, holds.StatusActive)
		w.must(w.SaveSnapshot(t.Context(), acme, okta, holds.Snapshot{Account: holds.Account{ID: refused[1].Subject.ID}, At: at(4), Status: holds.StatusActive}))
		w.braked(begin(w.Second, w, refused[0], at(12), &r), holds.BrakeContainment, holds.CapLast)
	})
}
