package pgstore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// checkedOnce is a hold that waits for its last approval.
func (w *world) checkedOnce(account string) holds.Hold {
	w.Helper()
	h := w.held(account)
	for n, e := range []holds.Evidence{
		{Kind: holds.HRRecord, Verifier: "vera", Requester: "olga", Reference: "case 7"},
		{Kind: holds.InPerson, Verifier: "vera", Requester: "olga", Reference: "visit 1", Witness: "wim", Place: "reception"},
	} {
		e.ID = newID()
		h = w.apply(h, holds.Checked{Evidence: e}, 6+n)
	}
	return w.apply(h, holds.Decided{Decision: holds.Decision{ID: newID(), Kind: holds.Approve, Approver: "adam", Reason: "verified", Version: h.Version}}, 8)
}

// says applies a fact through a replica as somebody who saw the hold as it was.
func (w *world) says(s *pgstore.Store, h holds.Hold, f holds.Fact) error {
	_, err := s.Update(w.Context(), keyOf(h), at(70), func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, f, at(70))
		return &c, err
	})
	return err
}

// TestF9TheLastApprovalRaces, on two replicas at once: against a deny, the owner's
// "not me", the deadline, and a change at the provider. Whoever comes first, the
// graver word stands, there is one outcome, and who was not heard is told.
func TestF9TheLastApprovalRaces(t *testing.T) {
	w := newWorld(t)
	decides := func(h holds.Hold, kind holds.DecisionKind, who holds.PersonID) holds.Fact {
		return holds.Decided{Decision: holds.Decision{ID: newID(), Kind: kind, Approver: who, Reason: "because", Version: h.Version}}
	}
	for name, c := range map[string]struct {
		rival func(holds.Hold) holds.Fact
		// both is what the hold is when both were taken, first what it is when the
		// approval was not.
		both, first holds.State
		frozen      bool
	}{
		"a deny":       {func(h holds.Hold) holds.Fact { return decides(h, holds.Deny, "carl") }, holds.Denied, holds.Denied, false},
		"the owner":    {func(holds.Hold) holds.Fact { return holds.OwnerSaid{By: holds.ByOwner("olga"), NotMe: true} }, holds.Denied, holds.Denied, true},
		"the deadline": {func(holds.Hold) holds.Fact { return holds.DeadlinePassed{} }, holds.Approved, holds.Approved, false},
		"a rollback at the provider": {func(h holds.Hold) holds.Fact {
			e := event("undone-"+h.Subject.ID, h.Subject.ID)
			e.Verb = holds.Revoke
			return holds.Joined{Event: holds.Ref(e), Terms: terms()}
		}, holds.Pending, holds.Pending, false},
	} {
		t.Run(name, func(t *testing.T) {
			approvedFirst := 0
			for round := range 12 {
				h := w.checkedOnce(fmt.Sprintf("00uf9%02d%d", round, len(name)))
				var approveErr, rivalErr error
				var both sync.WaitGroup
				gate := make(chan struct{})
				approve, rival := decides(h, holds.Approve, "beth"), c.rival(h)
				stores := []*pgstore.Store{w.Store, w.Second}
				both.Go(func() { <-gate; approveErr = w.says(stores[round%2], h, approve) })
				both.Go(func() { <-gate; rivalErr = w.says(stores[1-round%2], h, rival) })
				close(gate)
				both.Wait()
				v, err := w.View(t.Context(), keyOf(h))
				w.must(err)
				want := c.both
				if approveErr != nil {
					want = c.first
				} else {
					approvedFirst++
				}
				if v.Hold.State != want || v.Hold.Frozen() != c.frozen {
					t.Fatalf("%s, frozen %v, want %s; the approval was answered %v, its rival %v", v.Hold.State, v.Hold.Frozen(), want, approveErr, rivalErr)
				}
				for who, err := range map[string]error{"approver": approveErr, "rival": rivalErr} {
					if k := holds.KindOf(err); err != nil && k != holds.Conflict && k != holds.Forbidden {
						t.Errorf("the %s is told %v", who, err)
					}
				}
				if rivalErr != nil && name != "the deadline" {
					t.Errorf("the graver word was refused: %v", rivalErr)
				}
				if want != holds.Approved && len(v.Hold.Approvals(holds.Approve)) != 0 {
					t.Errorf("%d approvals still count", len(v.Hold.Approvals(holds.Approve)))
				}
				lift := w.says(w.Store, h, holds.LiftBegun{})
				if (lift == nil) != (v.Hold.State == holds.Approved) {
					t.Errorf("a hold that is %s begins to give the account back: %v", v.Hold.State, lift)
				}
			}
			t.Logf("the approval was taken in %d of 12 rounds", approvedFirst)
		})
	}
}

// TestF9TheReleaseHasBegun: from then on nothing is recalled; a deny and the owner are
// refused in words, and a deny among them decides nothing.
func TestF9TheReleaseHasBegun(t *testing.T) {
	w := newWorld(t)
	for round := range 12 {
		h := w.decided(fmt.Sprintf("00ubegun%02d", round))
		var lift, deny error
		var both sync.WaitGroup
		gate := make(chan struct{})
		d := holds.Decided{Decision: holds.Decision{ID: newID(), Kind: holds.Deny, Approver: "carl", Reason: "because", Version: h.Version}}
		both.Go(func() { <-gate; lift = w.says(w.Store, h, holds.LiftBegun{}) })
		both.Go(func() { <-gate; deny = w.says(w.Second, h, d) })
		close(gate)
		both.Wait()
		v, err := w.View(t.Context(), keyOf(h))
		w.must(err)
		switch {
		case lift == nil && holds.KindOf(deny) == holds.Conflict && deny != nil && v.Hold.State == holds.Approved && !v.Hold.ReleaseBegun.IsZero():
		case deny == nil && lift != nil && v.Hold.State == holds.Denied && v.Hold.ReleaseBegun.IsZero():
		default:
			t.Fatalf("%s, begun %v; the release was answered %v, the deny %v", v.Hold.State, !v.Hold.ReleaseBegun.IsZero(), lift, deny)
		}
	}
}
