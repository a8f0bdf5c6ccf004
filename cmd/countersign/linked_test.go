package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// holdAt waits for an account's newest hold in one organisation: both have the
// same ids.
func (w *world) holdAt(o *org, account, what string, ready func(holds.View) bool) (v holds.View) {
	w.Helper()
	w.until(what, func() (bool, string) {
		for _, h := range w.holdsOf(account) {
			if h.Hold.Connection == o.id {
				v = h
			}
		}
		return v.Hold.ID != "" && ready(v), stands(v)
	})
	return v
}

// A person's account in another organisation is held with the first one, with a
// standing of its own; what the help desk also did stands on the hold; one release
// lets both go.
func TestLinkedAccountsThroughTheWholeProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{second: true, edit: func(l *layout) {
		l.People += "aiko,,,,," + string(connection) + "-2:" + oktasim.Engineer + ",,,,\n"
	}})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.EngineerTwo))
	w.hold(oktasim.EngineerTwo, "the first reset's hold", isContained)
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	leader := w.holdAt(w.orgs[0], oktasim.Engineer, "what was also done", func(v holds.View) bool {
		return isContained(v) && len(v.Hold.Children) > 0
	})
	follower := w.holdAt(w.orgs[1], oktasim.Engineer, "the other account's hold", isContained)
	restrained(t, w.sim(), oktasim.Engineer)
	restrained(t, w.orgs[1].Sim, oktasim.Engineer)
	if follower.Hold.Leader != leader.Hold.ID || follower.Hold.Owner != "aiko" {
		t.Errorf("it follows %q and is %q's", follower.Hold.Leader, follower.Hold.Owner)
	}
	for _, c := range leader.Hold.Children {
		if c.Actor.ID != oktasim.HelpDesk && c.Actor.ID != oktasim.Engineer {
			t.Errorf("somebody else's doing is a child: %s by %s", c.Type, c.Actor.ID)
		}
	}
	p := w.reviewer(oktasim.Reviewer).hold(leader.Hold.ID)
	p.shows("Other accounts of this person")
	p.shows("Also done by the same people")
	p = w.reviewer(oktasim.Reviewer).hold(follower.Hold.ID)
	p.shows("Nothing is decided here")
	if n := p.Find(`form[action$="/decision"], form[action$="/evidence"]`).Length(); n != 0 {
		t.Errorf("the follower's page has %d forms", n)
	}
	if out := w.good("holds", "show", string(leader.Hold.ID)); !strings.Contains(out, "also held: ") || !strings.Contains(out, string(follower.Hold.ID)) {
		t.Errorf("holds show says\n%s", out)
	}
	if out := w.good("holds", "show", string(follower.Hold.ID)); !strings.Contains(out, "held with hold "+string(leader.Hold.ID)) {
		t.Errorf("holds show of the follower says\n%s", out)
	}
	w.settled()
	w.released(w.view(leader.Hold.ID), w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
	w.holdAt(w.orgs[1], oktasim.Engineer, "the other account's release", inState(holds.Released))
	free(t, w.sim(), oktasim.Engineer)
	free(t, w.orgs[1].Sim, oktasim.Engineer)
	w.settled()
	if n := w.count("SELECT count(*) FROM notices WHERE hold_id = $1", follower.Hold.ID); n != 0 {
		t.Errorf("%d messages were about the follower", n)
	}
}

// C8: an account of the same sign-in name in another organisation is named and not
// touched.
func TestC8SameNameIsNamedOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{second: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "the other account to be named", func(v holds.View) bool { return isContained(v) && len(v.Hold.Unlinked) == 1 })
	if said := v.Hold.Unlinked[0]; !strings.Contains(said, string(w.orgs[1].id)) || !strings.Contains(said, "is linked to nobody") {
		t.Errorf("the hold says %q", said)
	}
	w.settled()
	free(t, w.orgs[1].Sim, oktasim.Engineer)
	if all := w.holdsOf(oktasim.Engineer); len(all) != 1 {
		t.Errorf("%d holds", len(all))
	}
	w.reviewer(oktasim.Reviewer).hold(v.Hold.ID).shows("Not restrained with this account:")
}
