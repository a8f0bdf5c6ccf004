package holds

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Timeline tells a hold's story in order of time, from the change at the
// provider to its end. Addresses in it are masked; every line that a person
// caused names who.
func (v View) Timeline() []Moment {
	var out []Moment
	add := func(at time.Time, what string, by By, format string, args ...any) {
		if !at.IsZero() {
			out = append(out, Moment{At: at, What: what, By: by, Detail: fmt.Sprintf(format, args...)})
		}
	}
	h := v.Hold
	v.events(add)
	for _, e := range h.Children {
		add(e.Occurred, "also done", "", "%s", eventLine(e))
	}
	add(h.LookedBack, "looked back", "", "at what else was done since, %s", plural(len(h.Children)+h.ChildrenMore, "change"))
	switch {
	case h.ToldOnly:
		add(h.Opened, "recorded", "", "not held under rule %s of %s; the owner is told", h.Terms.Rule, h.Terms.Policy)
	case v.followed():
		add(h.Opened, "held", "", "with the other account, under rule %s", FollowRule)
	default:
		add(h.Opened, "held", "", "under rule %s of %s, tier %s", h.Terms.Rule, h.Terms.Policy, h.Terms.Tier)
	}
	add(h.Restrained, "restrained", "", "read back from the provider")
	add(h.EffectiveBy, "effective by", "", "access issued before ends")
	v.notices(add)
	add(h.NotMe, "not me", ByOwner(h.Owner), "the owner says that this was not them")
	add(h.WasMe, "was me", ByOwner(h.Owner), "the owner says that this was them; it releases nothing")
	for _, e := range h.Evidence {
		add(e.At, "identity checked", ByPerson(e.Verifier), "%s, reference %s", strings.ReplaceAll(string(e.Kind), "_", " "), e.Reference)
	}
	for _, d := range h.Decisions {
		void := ""
		if d.Void {
			void = " (void: the hold changed afterwards)"
		}
		add(d.At, strings.ReplaceAll(string(d.Kind), "_", " "), ByPerson(d.Approver), "%s%s", d.Reason, void)
	}
	for _, i := range v.Intents {
		if i.Done() && i.Purpose != ToContain {
			add(i.Result.At, string(i.Purpose), "", "%s: %s", strings.ReplaceAll(string(i.Action.Kind), "_", " "), i.Result.Status)
		}
	}
	for _, n := range v.Notes {
		add(n.At, "note", n.By, "%s", n.Text)
	}
	if !h.ToldOnly {
		add(h.ClosedAt, string(h.State), "", "%s", ending(h))
	}
	slices.SortStableFunc(out, func(a, b Moment) int { return a.At.Compare(b.At) })
	return out
}

// events tells what happened, and when we heard of it: of the first event at once,
// of one that came later by itself. What happened to another account of the person
// is told by the hold of that one.
func (v View) events(add func(time.Time, string, By, string, ...any)) {
	h := v.Hold
	heard := []time.Time{h.Received, {}}
	for _, e := range h.Events {
		if e.Leader != "" {
			add(e.Received, "linked", "", "another account of the same person is held, hold %s", e.Leader.Short())
			continue
		}
		what := "occurred"
		if e.Expected {
			what = "expected follow-up"
		}
		add(e.Occurred, what, "", "%s", eventLine(e))
		if !slices.ContainsFunc(heard, e.Received.Equal) {
			heard = append(heard, e.Received)
			add(e.Received, "received", "", "%s, %s after it occurred", e.Type, e.Received.Sub(e.Occurred).Round(time.Millisecond))
		}
	}
	if !v.followed() {
		add(h.Received, "received", "", "by Countersign")
		add(v.Durable, "durable", "", "in the inbox")
	}
}

// followed tells whether the hold was opened because another account of the person
// is held.
func (v View) followed() bool {
	return slices.ContainsFunc(v.Hold.Events, func(e EventRef) bool { return e.Leader != "" && e.Received.Equal(v.Hold.Received) })
}

func (v View) notices(add func(time.Time, string, By, string, ...any)) {
	for _, n := range v.Notices {
		what := "owner told"
		if n.Notice.Audience == ToDuty {
			what = "duty paged"
		}
		for _, a := range n.Attempts {
			switch a.Status {
			case NoticeAccepted, NoticeDelivered:
				add(a.At, what, "", "%s to %s: %s", n.Notice.Channel, n.Masked, a.Status)
			case NoticeFailed:
				add(a.At, "message failed", "", "%s to %s: %s", n.Notice.Channel, n.Masked, a.Detail)
			case NoticeQueued, NoticeSending:
			}
		}
	}
}

func eventLine(e EventRef) string {
	line := e.Type
	if e.Role.Name != "" {
		line += " (" + e.Role.Name + ")"
	}
	if e.Factor.Name != "" {
		line += " (" + e.Factor.Name + ")"
	}
	if e.Actor.Name != "" || e.Actor.Login != "" {
		line += " by " + first(e.Actor.Name, e.Actor.Login)
	}
	return line
}

func ending(h Hold) string {
	if h.State == Reverted {
		parts := append(slices.Clone(h.RevertDone), h.Irreversible...)
		for i := range parts {
			parts[i] = strings.TrimSuffix(parts[i], ".")
		}
		return strings.Join(parts, "; ")
	}
	return "our restraint is lifted, read back from the provider"
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
