package keeper

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

func denied(t *testing.T, w *world, e holds.Event) {
	t.Helper()
	w.happens(t, e)
	w.run(holds.EffectContain)
	if _, err := w.Keeper.Decide(context.Background(), w.key(t), "adam", holds.Deny, w.the(t).Version, "nobody knows of it"); err != nil {
		t.Fatal(err)
	}
}

func roleGranted(role holds.Object) holds.Event {
	e := resetAll("e1")
	e.Type, e.Class, e.Verb, e.Role = "user.account.privilege.grant", holds.RoleActivation, holds.Grant, role
	return e
}

// TestRevertAgainRemovesNoOtherRole: a second run finds the granted role gone, and
// that is no reason to take one that somebody else gave the account that day.
func TestRevertAgainRemovesNoOtherRole(t *testing.T) {
	w := newWorld(t)
	other, granted := holds.Role{ID: "r1", Kind: "REPORT_ADMIN", Name: "Reports"}, holds.Role{ID: "r2", Kind: "SUPER_ADMIN", Name: "Super Administrator"}
	w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-time.Hour)})
	w.provider.account.Roles = []holds.Role{other, granted}
	denied(t, w, roleGranted(holds.Object{Name: "Super Administrator"}))
	w.provider.after = 1 // the first answer is lost
	w.run(holds.EffectRevert)
	if h := w.the(t); h.State != holds.Reverted || len(h.RevertDone) != 1 || len(h.Irreversible) != 1 {
		t.Fatalf("%s, done %q, left %q", h.State, h.RevertDone, h.Irreversible)
	}
	if roles := w.provider.account.Roles; len(roles) != 1 || roles[0].ID != "r1" {
		t.Fatalf("the account has %v", roles)
	}
}

// TestRevertOfARoleThatIsGone: somebody took the granted role away by hand, and
// the account was given another since; that one is named to people, not removed.
func TestRevertOfARoleThatIsGone(t *testing.T) {
	w := newWorld(t)
	w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-time.Hour)})
	w.provider.account.Roles = []holds.Role{{ID: "r1", Kind: "REPORT_ADMIN", Name: "Reports"}}
	denied(t, w, roleGranted(holds.Object{ID: "r2", Name: "Super Administrator"}))
	w.run(holds.EffectRevert)
	h := w.the(t)
	if len(w.provider.account.Roles) != 1 || w.provider.effects[holds.RemoveRole] != 0 {
		t.Fatalf("the account has %v", w.provider.account.Roles)
	}
	if h.State != holds.Reverted || !strings.Contains(strings.Join(h.Irreversible, ";"), "the role Reports came since") {
		t.Fatalf("%s, left %q", h.State, h.Irreversible)
	}
}

func TestRevertRemovesTheGrantedRoleOnly(t *testing.T) {
	for name, known := range map[string]bool{"with a before-image": true, "by the event's name": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			old, granted := holds.Role{ID: "r1", Kind: "READ_ONLY_ADMIN", Name: "Read-only"}, holds.Role{ID: "r2", Kind: "SUPER_ADMIN", Name: "Super Administrator"}
			if known {
				w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-time.Hour), Roles: []holds.Role{old}})
			}
			w.provider.account.Roles = []holds.Role{old, granted}
			denied(t, w, roleGranted(holds.Object{Name: "Super Administrator"}))
			w.provider.after = 1 // and the answer is lost
			w.run(holds.EffectRevert)
			h := w.the(t)
			if h.State != holds.Reverted || len(h.RevertDone) != 1 || w.provider.effects[holds.RemoveRole] != 1 {
				t.Fatalf("%s, done %v, %d removals", h.State, h.RevertDone, w.provider.effects[holds.RemoveRole])
			}
			if r := w.provider.account.Roles; len(r) != 1 || r[0].ID != "r1" {
				t.Fatalf("roles left: %v", r)
			}
			if h.Standing != holds.Contained || !w.provider.account.Restrained {
				t.Fatal("the account was given back by a deny")
			}
		})
	}
}

// TestRevertOfARoleNamedOtherwise: the log may list the roles there are now, or give
// the one that changed another id and spelling than the list of roles does.
func TestRevertOfARoleNamedOtherwise(t *testing.T) {
	old := holds.Role{ID: "r1", Kind: "APP_ADMIN", Name: "Application Administrator"}
	for name, c := range map[string]struct {
		granted holds.Role
		told    holds.Object
		stays   bool
	}{
		"all there are now":         {holds.Role{ID: "r2", Kind: "ORG_ADMIN", Name: "Organizational Administrator"}, holds.Object{Name: "Application administrator, Organization administrator"}, false},
		"another id, spelt its way": {holds.Role{ID: "r2", Kind: "READ_ONLY_ADMIN", Name: "Read-only Administrator"}, holds.Object{ID: "KVJUKUS7IFCE2SKO", Type: "READ_ONLY_ADMIN", Name: "Read only admin"}, false},
		"another role of their own": {holds.Role{ID: "r2", Kind: holds.CustomRole, Name: "Printers"}, holds.Object{ID: "KVJUKUS7IFCE2SKO", Type: holds.CustomRole, Name: "Badges"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-time.Hour), Roles: []holds.Role{old}})
			w.provider.account.Roles = []holds.Role{old, c.granted}
			denied(t, w, roleGranted(c.told))
			w.run(holds.EffectRevert)
			want := []holds.Role{old}
			if c.stays {
				want = append(want, c.granted)
			}
			if got := w.provider.account.Roles; !slices.Equal(got, want) || w.the(t).State != holds.Reverted {
				t.Fatalf("the account has %v, hold %s", got, w.the(t).State)
			}
		})
	}
}

// TestRevertNeverGuesses: an unknown role is left and named.
func TestRevertNeverGuesses(t *testing.T) {
	w := newWorld(t)
	w.provider.account.Roles = []holds.Role{{ID: "r1", Kind: "ORG_ADMIN"}}
	denied(t, w, roleGranted(holds.Object{}))
	w.run(holds.EffectRevert)
	h := w.the(t)
	if len(w.provider.account.Roles) != 1 || len(h.Irreversible) != 1 || !strings.Contains(h.Irreversible[0], "cannot be told") {
		t.Fatalf("roles %v, %v", w.provider.account.Roles, h.Irreversible)
	}
}

func TestRevertRemovesTheEnrolledFactor(t *testing.T) {
	w := newWorld(t)
	w.provider.account.Factors = []holds.Factor{
		{ID: "f-old", Kind: "push", Created: start.AddDate(-1, 0, 0)},
		{ID: "f-new", Kind: "webauthn", Created: start.Add(2 * time.Second)},
	}
	e := resetAll("e1")
	e.Verb, e.Type = holds.Enrol, "user.mfa.factor.activate"
	denied(t, w, e)
	w.run(holds.EffectRevert)
	if f := w.provider.account.Factors; len(f) != 1 || f[0].ID != "f-old" || w.the(t).State != holds.Reverted {
		t.Fatalf("factors %v, hold %s", f, w.the(t).State)
	}
}

func TestRevertSaysWhatCannotBeUndone(t *testing.T) {
	w := newWorld(t)
	denied(t, w, resetAll("e1"))
	w.run(holds.EffectRevert)
	h := w.the(t)
	if h.State != holds.Reverted || len(h.Irreversible) != 1 || !strings.Contains(h.Irreversible[0], "cannot be put back") {
		t.Fatalf("%s %v", h.State, h.Irreversible)
	}
}

// TestRevertSaysOnceWhatAResetTook: Okta tells a reset and each factor that it took;
// a factor that somebody deleted by itself is another matter.
func TestRevertSaysOnceWhatAResetTook(t *testing.T) {
	w := newWorld(t)
	reset := resetAll("e1")
	reset.Transaction = "tx1"
	w.happens(t, reset)
	for id, transaction := range map[string]string{"taken": "tx1", "taken as well": "tx1", "deleted": "tx2", "deleted by hand": ""} {
		e := resetAll(id)
		e.Verb, e.Type, e.Transaction, e.Factor.Name = holds.Remove, "user.mfa.factor.deactivate", transaction, id
		w.happens(t, e)
	}
	w.run(holds.EffectContain)
	if _, err := w.Keeper.Decide(t.Context(), w.key(t), "adam", holds.Deny, w.the(t).Version, "nobody knows of it"); err != nil {
		t.Fatal(err)
	}
	w.run(holds.EffectRevert)
	said := strings.Join(w.the(t).Irreversible, "\n")
	if len(w.the(t).Irreversible) != 3 || strings.Contains(said, "(taken") || !strings.Contains(said, "(deleted)") || !strings.Contains(said, "(deleted by hand)") {
		t.Fatalf("%s: it says\n%s", w.the(t).State, said)
	}
}

// TestRestoreGivesTheAccountBack after a deny, on fresh proof.
func TestRestoreGivesTheAccountBack(t *testing.T) {
	w := newWorld(t)
	denied(t, w, resetAll("e1"))
	w.run(holds.EffectRevert)
	ctx, key := context.Background(), w.key(t)
	for _, e := range []holds.Evidence{
		{Kind: holds.Callback, Requester: "olga", Reference: "call 18", Point: "p1"},
		{Kind: holds.InPerson, Requester: "olga", Reference: "badge 9", Witness: "wim", Place: "front desk"},
	} {
		if _, err := w.Check(ctx, key, "vera", w.the(t).Version, e); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Keeper.Decide(ctx, key, "anna", holds.Restore, w.the(t).Version, "met her"); err != nil {
		t.Fatal(err)
	}
	w.run(holds.EffectLift)
	if a := w.provider.account; a.Restrained || a.Status != holds.StatusActive || w.the(t).Containment != holds.ContainmentLifted {
		t.Fatalf("%+v %s", a, w.the(t).Containment)
	}
}
