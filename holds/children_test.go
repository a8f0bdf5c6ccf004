package holds

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// also is something else that was done, a minute into the story.
func also(id string, minute int) EventRef {
	return Ref(Event{ID: id, Type: "system.api_token.create", Class: OtherTakeover, Verb: Grant, Occurred: at(minute), Actor: Party{ID: "00uvictim", Name: "Olga"}})
}

// looks are the times at which a change has it looked back.
func looks(c Change) (out []time.Time) {
	for _, e := range c.Effects {
		if e.Kind == EffectLookBack {
			out = append(out, e.At)
		}
	}
	return out
}

// TestLooksBackAtReadBackAndAtEffectiveBy: once for each containment, and again
// when access issued before has ended; not with every read-back.
func TestLooksBackAtReadBackAndAtEffectiveBy(t *testing.T) {
	c, err := Apply(opened(), RestraintConfirmed{EffectiveBy: at(60)}, at(1))
	if err != nil || !slices.Equal(looks(c), []time.Time{{}, at(60)}) {
		t.Fatalf("%v %v", err, looks(c))
	}
	again, _ := Apply(c.Hold, RestraintConfirmed{EffectiveBy: at(60)}, at(6))
	if len(looks(again)) != 0 {
		t.Fatalf("a read-back looks back again: %v", looks(again))
	}
	if c, _ = Apply(opened(), RestraintConfirmed{}, at(1)); len(looks(c)) != 1 {
		t.Fatalf("effective at once: %v", looks(c))
	}
	drifted := must(t, c.Hold, RestraintDrifted{"undone"})
	if c, _ = Apply(drifted, RestraintConfirmed{}, at(9)); len(looks(c)) != 1 {
		t.Fatalf("after a drift: %v", looks(c))
	}
}

// TestChildrenAreNewFactsForReviewers: sorted, each once, without the hold's own
// events; they void approvals and page once, and what is known already does
// neither.
func TestChildrenAreNewFactsForReviewers(t *testing.T) {
	h := opened()
	h.Terms.Approvers = 2
	h = must(t, h, RestraintConfirmed{}, callback("vera"), managerSays("vera"))
	h = must(t, h, vote(h, Approve, "anna"))
	own := h.Events[0]
	c, err := Apply(h, LookedBack{Children: []EventRef{also("b", 2), also("a", 1), also("b", 2), own}}, at(9))
	if err != nil || len(c.Hold.Children) != 2 || c.Hold.Children[0].ID != "a" || !hasEffect(c, EffectPage) {
		t.Fatalf("%v, children %+v, %v", err, c.Hold.Children, c.Effects)
	}
	if c.Hold.Version != h.Version+1 || len(c.Hold.Approvals(Approve)) != 0 {
		t.Fatalf("version %d, %d approvals left", c.Hold.Version, len(c.Hold.Approvals(Approve)))
	}
	if _, err := Apply(c.Hold, vote(h, Approve, "adam"), at(10)); KindOf(err) != Conflict {
		t.Fatalf("an approval of what was not seen counted: %v", err)
	}
	next, err := Apply(c.Hold, LookedBack{Children: []EventRef{also("a", 1)}}, at(60))
	if err != nil || next.Hold.Version != c.Hold.Version || hasEffect(next, EffectPage) || !next.Hold.LookedBack.Equal(at(60)) {
		t.Fatalf("%v, version %d, %v", err, next.Hold.Version, next.Effects)
	}
}

// TestChildThatJoinsIsAnEvent and no child any more.
func TestChildThatJoinsIsAnEvent(t *testing.T) {
	h := must(t, opened(), RestraintConfirmed{}, LookedBack{Children: []EventRef{also("a", 1), also("b", 2)}})
	h = must(t, h, Joined{also("a", 1), demand()})
	if len(h.Children) != 1 || h.Children[0].ID != "b" || !h.Has("a") {
		t.Fatalf("children %+v", h.Children)
	}
	if h = must(t, h, LookedBack{Children: []EventRef{also("a", 1), also("b", 2)}}); len(h.Children) != 1 {
		t.Fatalf("it came back: %+v", h.Children)
	}
}

// TestManyChildrenAreCounted, once, however often they are looked up.
func TestManyChildrenAreCounted(t *testing.T) {
	var many []EventRef
	for i := range 230 {
		many = append(many, also(fmt.Sprintf("c%03d", i), i))
	}
	h := must(t, opened(), RestraintConfirmed{}, LookedBack{Children: many})
	version := h.Version
	h = must(t, h, LookedBack{Children: many})
	if len(h.Children) != maxChildren || h.ChildrenMore != 30 || h.Version != version || h.Children[0].ID != "c000" {
		t.Fatalf("%d children and %d more, version %d", len(h.Children), h.ChildrenMore, h.Version)
	}
}

// TestUnseenIsADoubt that read-backs do not settle, and a better look does.
func TestUnseenIsADoubt(t *testing.T) {
	h := must(t, opened(), RestraintConfirmed{}, LookedBack{Unseen: "the log was down"}, RestraintConfirmed{})
	if !slices.Contains(h.Doubts, "the log was down") {
		t.Fatalf("doubts %q", h.Doubts)
	}
	if h = must(t, h, LookedBack{}, RestraintConfirmed{}); len(h.Doubts) != 0 {
		t.Fatalf("doubts %q", h.Doubts)
	}
}

// TestChildrenDuringALift cannot recall it, and are shown.
func TestChildrenDuringALift(t *testing.T) {
	h := must(t, in(t, Approved), LiftBegun{})
	version := h.Version
	if h = must(t, h, LookedBack{Children: []EventRef{also("a", 1)}}); h.State != Approved || h.Version != version+1 || len(h.Children) != 1 {
		t.Fatalf("%s, version %d, %+v", h.State, h.Version, h.Children)
	}
}

// TestChildrenOnTheTimeline say who also did it.
func TestChildrenOnTheTimeline(t *testing.T) {
	h := must(t, opened(), RestraintConfirmed{}, LookedBack{Children: []EventRef{also("a", 1)}})
	var lines []string
	for _, m := range (View{Hold: h}).Timeline() {
		lines = append(lines, m.What+": "+m.Detail)
	}
	if all := strings.Join(lines, "\n"); !strings.Contains(all, "also done: system.api_token.create by Olga") || !strings.Contains(all, "looked back: at what else was done since, 1 change") {
		t.Fatal(all)
	}
}
