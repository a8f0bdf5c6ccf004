package keeper

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds"
)

// told decides events as the store does: each once, for each account it names.
func (w *world) told(t *testing.T, events ...holds.Event) {
	t.Helper()
	for _, e := range events {
		if key := "acme-okta " + e.ID; w.stored[key] {
			continue
		} else {
			w.stored[key] = true
		}
		for n := range max(1, len(e.Held())) {
			a, err := w.fold(w.ask(holds.Delivery{Tenant: "acme", Connection: "acme-okta", Source: holds.FromPoller, Received: w.now}, e, n))
			if err != nil {
				t.Fatal(err)
			}
			if a.Change != nil {
				w.commit(*a.Change)
			}
		}
	}
}

// outline is what a hold came to, without what depends on the moment it was
// opened at.
func outline(w *world) string {
	var out []string
	for _, h := range w.holds {
		var ids []string
		for _, e := range h.Events {
			ids = append(ids, e.ID)
		}
		out = append(out, fmt.Sprintf("%s %s %s %s %v since %s", h.Subject.ID, h.Class, h.State, h.Terms.Tier, ids, h.Occurred.Format(time.TimeOnly)))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// TestC3AnyOrderIsTheOrderInWhichItHappened: a reset and an enrolment, a request
// and its approval, in any order of arrival, are the same hold.
func TestC3AnyOrderIsTheOrderInWhichItHappened(t *testing.T) {
	step := func(id string, class holds.Class, verb holds.Verb, minute int) holds.Event {
		e := resetAll(id)
		e.Class, e.Verb, e.Occurred = class, verb, start.Add(time.Duration(minute)*time.Minute)
		return e
	}
	story := []holds.Event{
		step("a-reset", holds.MFAChange, holds.Reset, 0), step("b-deactivate", holds.MFAChange, holds.Remove, 0),
		step("c-enrol", holds.MFAChange, holds.Enrol, 3), step("d-grant", holds.RoleActivation, holds.Grant, 4),
	}
	inOrder := all(t)
	inOrder.told(t, story...)
	want := outline(inOrder)
	for range 24 {
		w := all(t)
		shuffled := slices.Clone(story)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		w.told(t, shuffled...)
		if got := outline(w); got != want {
			t.Fatalf("in another order it is\n%s\nand was\n%s", got, want)
		}
	}
}

// TestC6OneDecisionForEachTarget: however the accounts of an event are ordered,
// and however often one is named, each is held once; actor or not.
func TestC6OneDecisionForEachTarget(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		accounts := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"00uvictim", "00uhelp", "00ua", "00ub", "00ubreakglass", "00uourselves"}), 1, 6, rapid.ID).Draw(r, "accounts")
		events := func(order []string) *world {
			w := all(t)
			e := resetAll("e1")
			e.Subjects = nil
			for _, a := range order {
				e.Subjects = append(e.Subjects, holds.Account{ID: a})
			}
			// The store sorts and compacts before it asks; the fold itself must bear a
			// repetition, too, since two events may name one account.
			w.told(t, e)
			return w
		}
		repeated := append(slices.Clone(accounts), rapid.SliceOfN(rapid.SampledFrom(accounts), 0, 4).Draw(r, "repeated")...)
		shuffled := rapid.Permutation(repeated).Draw(r, "order")
		want := slices.Clone(accounts)
		slices.Sort(want)
		a, b := events(want), each(t, shuffled)
		if len(a.holds) != len(accounts) || outline(a) != outline(b) {
			r.Fatalf("%d holds of %d accounts:\n%s\nand\n%s", len(a.holds), len(accounts), outline(a), outline(b))
		}
	})
}

// each decides one event about each account in turn, as often as it is named.
func each(t *testing.T, order []string) *world {
	w := all(t)
	asked := map[string]bool{}
	for _, a := range order {
		e := resetAll("e1")
		e.Subjects = []holds.Account{{ID: a}}
		answer, err := w.fold(w.question(e))
		if asked[a] != (holds.KindOf(err) == holds.Conflict && err != nil) {
			t.Fatalf("%s asked about again: %v", a, err)
		}
		if asked[a] = true; err == nil && answer.Change != nil {
			w.commit(*answer.Change)
		}
	}
	return w
}

// TestC14FiveFactorEventsAreOneHold: a provider tells one reset factor by factor;
// a late one attaches and moves the version on.
func TestC14FiveFactorEventsAreOneHold(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		e := resetAll(fmt.Sprintf("e%d", i))
		e.Type, e.Verb, e.Factor, e.Transaction = "user.mfa.factor.deactivate", holds.Remove, holds.Object{Type: "push", ID: fmt.Sprintf("f%d", i)}, "tx"
		if i == 4 {
			w.settle(t)
			if w.the(t).Version != 4 {
				t.Fatalf("version %d before the late one", w.the(t).Version)
			}
		}
		w.told(t, e)
	}
	w.settle(t)
	if h := w.the(t); len(h.Events) != 5 || h.Version != 5 || h.ContainRound != 1 || w.provider.effects[holds.SuspendAccount] != 1 {
		t.Fatalf("%d events, version %d, restrained %d times", len(h.Events), h.Version, w.provider.effects[holds.SuspendAccount])
	}
}

// TestC15Clocks: the provider's clock is ten minutes ahead or two hours behind,
// and ours is set back an hour in the middle: nothing ends before its time, nothing
// is released early, and the before-image is still the one from before.
func TestC15Clocks(t *testing.T) {
	for name, skew := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -2 * time.Hour, "right": 0} {
		t.Run("C15 provider "+name, func(t *testing.T) {
			w := all(t)
			w.Judge = holdAll{func() holds.Terms { x := strict(); x.Wait = 30 * time.Minute; return x }()}
			w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-3 * time.Hour), Roles: []holds.Role{{ID: "old"}}})
			e := roleGranted(holds.Object{Name: "Super"})
			e.Occurred = start.Add(skew)
			w.told(t, e)
			w.settle(t)
			h := contained(t, w)
			if !h.Due.Equal(start.Add(time.Hour)) || h.Restrained.Before(h.Opened) || h.Opened.Before(h.Received) {
				t.Fatalf("due %s, opened %s, restrained %s", h.Due, h.Opened, h.Restrained)
			}
			j := job{Keeper: w.Keeper, hold: h}
			if b, known := j.beforeImage(t.Context()); !known || len(b.Roles) != 1 || b.Roles[0].ID != "old" {
				t.Fatalf("the before-image is %+v", b)
			}
			w.approve(t, w.key(t))
			lift := take(t, w, holds.EffectLift)
			for _, now := range []time.Duration{20 * time.Minute, -40 * time.Minute} { // ours steps back an hour
				w.now = start.Add(now)
				w.Escalate(t.Context())
				w.Drift(t.Context())
				if err := w.lift(t.Context(), lift); holds.KindOf(err) != holds.Unavailable || holds.RetryAfter(err) <= 0 {
					t.Fatalf("a lift before its time: %v", err)
				}
			}
			w.settle(t)
			if h := w.the(t); h.State != holds.Approved || h.Escalations != 0 || !w.provider.account.Restrained {
				t.Fatalf("%s before the waiting period ended, escalated %d times", h.State, h.Escalations)
			}
			w.now = start.Add(31 * time.Minute)
			if err := w.lift(t.Context(), lift); err != nil {
				t.Fatal(err)
			}
			if h := w.the(t); h.State != holds.Released || h.ClosedAt.Before(h.Opened) {
				t.Fatalf("%s, closed %s", h.State, h.ClosedAt)
			}
		})
	}
}

// TestC16TwinsAreOneHold: an activation is told by the platform's role service and
// by the directory, and renewed and ended; it is one hold, decided once.
func TestC16TwinsAreOneHold(t *testing.T) {
	activation := func(id string, minute int, by holds.Party) holds.Event {
		e := roleGranted(holds.Object{ID: "62e90394-69f5-4237-9190-012177145e10", Name: "Global Administrator"})
		e.ID, e.Type, e.Rank, e.Way, e.Actor = id, "Add member to role completed (PIM activation)", holds.RankTop, holds.WayActivation, by
		e.Occurred = start.Add(time.Duration(minute) * time.Minute)
		return e
	}
	person, platform := holds.Party{ID: "00uvictim", Kind: holds.PartyPerson}, holds.Party{ID: "pim", Kind: holds.PartyPlatform, Name: "MS-PIM"}
	expired := activation("4-expired", 3, platform)
	expired.Verb = holds.Revoke
	asked := activation("0-requested", -1, person)
	asked.Class = holds.None
	story := []holds.Event{asked, activation("1-completed", 0, person), activation("2-twin", 0, platform), activation("3-renewed", 2, person), expired}
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {2, 1, 0, 4, 3}} {
		w := newWorld(t)
		for _, i := range order {
			w.told(t, story[i])
		}
		h := w.the(t)
		if h.Class != holds.RoleActivation || h.Terms.Tier != holds.TierHigh {
			t.Fatalf("%s, tier %s", h.Class, h.Terms.Tier)
		}
		if slices.ContainsFunc(h.Events, func(e holds.EventRef) bool { return e.ID == "0-requested" }) || len(h.Events) < 2 {
			t.Fatalf("events %+v", h.Events)
		}
	}
}

// TestC17AChainIsOneHold: a recovery address changed and changed back, a temporary
// code issued and a key registered within minutes are one story on the strictest
// terms of them, not four small ones; so is an identity provider that somebody adds
// on the way, as a hold of whoever added it.
func TestC17AChainIsOneHold(t *testing.T) {
	step := func(id string, class holds.Class, verb holds.Verb, seconds int) holds.Event {
		e := resetAll(id)
		e.Class, e.Verb, e.Type, e.Occurred = class, verb, id, start.Add(time.Duration(seconds)*time.Second)
		return e
	}
	own := func(e holds.Event) holds.Event { e.Actor.ID = "00uvictim"; return e }
	changed, back := step("changed", holds.RecoveryChange, holds.Update, 0), step("back", holds.RecoveryChange, holds.Update, 40)
	pass, key := step("pass", holds.MFAChange, holds.Enrol, 90), own(step("key", holds.MFAChange, holds.Enrol, 200))
	pass.Factor, key.Factor = holds.Object{Type: "temporaryAccessPass"}, holds.Object{Type: "webauthn"}
	idp := step("idp", holds.OtherTakeover, holds.Grant, 240)
	idp.Subjects, idp.Actor.ID = nil, "00uvictim"
	w := newWorld(t)
	w.told(t, changed, back, pass, key, idp)
	h := w.the(t)
	if len(h.Events) < 4 || h.Class != holds.MFAChange && h.Class != holds.OtherTakeover {
		t.Fatalf("%s of %d events", h.Class, len(h.Events))
	}
	grave := strict()
	w = all(t)
	mild := grave
	mild.Tier, mild.Items, mild.Paths, mild.Rule = holds.TierMedium, 1, 1, "mild"
	w.Judge = holdAll{mild}
	w.told(t, changed, back)
	w.Judge = holdAll{grave}
	w.told(t, pass, key, idp)
	if h = w.the(t); h.Terms.Tier != holds.TierHigh || h.Terms.Items != 2 || h.Class != holds.OtherTakeover || len(h.Events) != 5 {
		t.Fatalf("tier %s, %d checks, %s of %d events", h.Terms.Tier, h.Terms.Items, h.Class, len(h.Events))
	}
}

// TestC8SameLoginTwoPlatforms: two accounts that are called alike are two, decided
// by connection and immutable id alone.
func TestC8SameLoginTwoPlatforms(t *testing.T) {
	w := all(t)
	p := w.joins("acme-entra", "00uvictim", holds.ModeContain) // even the id is the same
	for _, conn := range []holds.ConnectionID{"acme-okta", p.id} {
		for _, login := range []string{"admin@acme.example", "ADMIN@acme.example", "admın@acme.example"} {
			e := resetAll("e-" + login)
			e.Subjects = []holds.Account{{ID: "00uvictim", Login: login}}
			a, err := w.fold(w.ask(holds.Delivery{Tenant: "acme", Connection: conn, Received: w.now}, e, 0))
			if err != nil {
				t.Fatal(err)
			}
			w.commit(*a.Change)
		}
	}
	if len(w.holds) != 2 || len(w.at(t, "acme-okta").Events) != 3 || len(w.at(t, p.id).Events) != 3 {
		t.Fatalf("%d holds", len(w.holds))
	}
	other := all(t)
	for i, id := range []string{"00uadmin", "00uADMIN", "00uadmın"} {
		e := resetAll(fmt.Sprint("e", i))
		e.Subjects = []holds.Account{{ID: id, Login: "admin@acme.example"}}
		other.told(t, e)
	}
	if len(other.holds) != 3 {
		t.Fatalf("ids that look alike became %d accounts", len(other.holds))
	}
}

// TestWideChangeIsTheActorsHold: a change to the whole organisation holds the
// account that made it, and its person decides nothing.
func TestWideChangeIsTheActorsHold(t *testing.T) {
	w := all(t)
	w.links("otto", holds.PersonAccount{Connection: "acme-okta", Account: "00uadmin"})
	e := made(holds.OtherTakeover, holds.DeactivateIDP, "idp-1")
	e.Subjects, e.Actor = nil, holds.Party{ID: "00uadmin", Kind: holds.PartyPerson, Login: "otto@acme.example"}
	w.told(t, e)
	w.settle(t)
	h := contained(t, w)
	if h.Subject.ID != "00uadmin" || h.Owner != "otto" || h.Requester != "otto" {
		t.Fatalf("%s of %s, asked for by %q", h.Subject.ID, h.Owner, h.Requester)
	}
	if _, err := w.Keeper.Decide(t.Context(), w.key(t), "otto", holds.Deny, h.Version, "x"); holds.KindOf(err) != holds.Forbidden {
		t.Fatalf("the actor decided: %v", err)
	}
	if _, err := w.Keeper.Decide(t.Context(), w.key(t), "adam", holds.Deny, h.Version, "nobody ordered it"); err != nil {
		t.Fatal(err)
	}
	w.settle(t)
	if !w.provider.ended["idp-1"] || w.the(t).State != holds.Reverted {
		t.Fatalf("ended %v, hold %s", w.provider.ended, w.the(t).State)
	}
}
