package modeltest

import (
	"context"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds"
)

// drawHold is one of the holds that reviewers may see.
func (w *world) drawHold(r *rapid.T, fits func(holds.Hold) bool) holds.Hold {
	list := slices.DeleteFunc(slices.Clone(w.h.Now.Holds), func(h holds.Hold) bool { return h.ToldOnly || !fits(h) })
	if len(list) == 0 {
		r.SkipNow()
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(r, "which hold")]
}

func anyHold(holds.Hold) bool { return true }

func drawPerson(r *rapid.T, label string) holds.PersonID {
	return rapid.SampledFrom([]holds.PersonID{"vera", "adam", "anna", "hank", "olga"}).Draw(r, label)
}

var kinds = []holds.DecisionKind{holds.Approve, holds.Approve, holds.Deny, holds.Restore, holds.RemoveAccess} //nolint:gochecknoglobals // a table

// review is what reviewers do from beginning to end, each on what they have just
// seen: two checks, and as many decisions as are asked for.
func (w *world) review(r *rapid.T) {
	h := w.drawHold(r, func(h holds.Hold) bool { return !h.Ended() && h.Leader == "" })
	kind := rapid.SampledFrom([]holds.DecisionKind{holds.Approve, holds.Approve, holds.Deny}).Draw(r, "how they decide")
	switch h.State {
	case holds.Reverted:
		kind = holds.Restore
	case holds.Denied:
		kind = holds.Deny
	default:
	}
	rep, p := w.drawReplica(r), drawPlan(r)
	misfortune := rapid.IntRange(0, 4).Draw(r, "which act goes wrong")
	act := func(n int, what string, who holds.PersonID, do func() func(context.Context) error) {
		w.look(who, h)
		how := plan{how: whole}
		if n == misfortune {
			how = p
		}
		w.run(w.spawn(rep, fmt.Sprintf("lets %s %s hold %s", who, what, h.ID.Short()), do()), how)
	}
	if kind != holds.Deny {
		act(0, "check", "vera", func() func(context.Context) error { return w.check(rep, "vera", h, holds.HRRecord) })
		act(1, "check", "vera", func() func(context.Context) error { return w.check(rep, "vera", h, holds.InPerson) })
	}
	for n, who := range []holds.PersonID{"adam", drawPerson(r, "who decides, too")}[:max(1, min(2, h.Terms.Approvers))] {
		act(2+n, string(kind), who, func() func(context.Context) error { return w.decide(rep, who, h, kind) })
	}
	if rapid.IntRange(0, 2).Draw(r, "is it carried out at once") > 0 {
		w.quiet(r)
	}
	if kind == holds.Approve && rapid.IntRange(0, 2).Draw(r, "does the owner enrol afterwards") > 0 {
		w.happens(w.clouds[h.Connection], "enrol", h.Subject.ID)
	}
}

// looks is a reviewer who opens a hold, and leaves the page open.
func (w *world) looks(r *rapid.T) {
	h, who := w.drawHold(r, anyHold), drawPerson(r, "who looks")
	w.tell("%s looks at hold %s (version %d, %s)", who, h.ID.Short(), h.Version, h.State)
	w.look(who, h)
	w.h.Read = true
}

// late is a decision on what somebody saw some time ago, whoever they are.
func (w *world) late(r *rapid.T) {
	h := w.drawHold(r, func(h holds.Hold) bool {
		return slices.ContainsFunc([]holds.PersonID{"vera", "adam", "anna", "hank", "olga"}, func(p holds.PersonID) bool { return w.seen[p][h.ID] > 0 })
	})
	who, kind := drawPerson(r, "who decides"), rapid.SampledFrom(kinds).Draw(r, "what")
	if w.seen[who][h.ID] == 0 {
		r.SkipNow()
	}
	rep := w.drawReplica(r)
	w.run(w.spawn(rep, fmt.Sprintf("lets %s %s hold %s, of which they saw version %d (it is %s, version %d)", who, kind, h.ID.Short(), w.seen[who][h.ID], h.State, h.Version),
		w.decide(rep, who, h, kind)), drawPlan(r))
}

// owner is the owner's word through a message that reached them.
func (w *world) owner(r *rapid.T) {
	list := slices.DeleteFunc(slices.Clone(w.h.Now.Notices), func(n holds.Notice) bool { return n.Audience != holds.ToOwner || !w.sent[n.ID] })
	if len(list) == 0 {
		r.SkipNow()
	}
	n := list[rapid.IntRange(0, len(list)-1).Draw(r, "which message")]
	notMe, right := rapid.IntRange(0, 3).Draw(r, "was it them") > 0, rapid.IntRange(0, 3).Draw(r, "which code") > 0
	rep := w.drawReplica(r)
	say := map[bool]string{true: "that it was not them", false: "that it was them"}[notMe]
	with := map[bool]string{true: "the right", false: "a wrong"}[right]
	w.run(w.spawn(rep, fmt.Sprintf("lets the owner of hold %s say %s, with %s code", n.Hold.Short(), say, with), w.answers(rep, n, right, notMe)), drawPlan(r))
}

func (w *world) reviewerChanges(r *rapid.T) {
	who := drawPerson(r, "who")
	w.may[who] = !w.may[who]
	w.tell("%s is a reviewer: %v", who, w.may[who])
}
