package console

import (
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// moment is one line of the timeline.
type moment struct {
	At     time.Time
	What   string
	Detail string
	Tone   string
}

// timeline is everything that has a time, oldest first. Moments that fall on
// the same instant keep the order in which one leads to the next.
func (r reader) timeline() []moment {
	h := r.v.Hold
	var out []moment
	add := func(at time.Time, what, detail, tone string) {
		if !at.IsZero() {
			out = append(out, moment{At: at, What: what, Detail: detail, Tone: tone})
		}
	}
	r.happened(add)
	for _, e := range r.refs(h.Children) {
		add(e.At, "Also done by "+e.Actor.Best().Text, e.What+" "+e.Object, "")
	}
	add(h.LookedBack, "Looked back at what else was done", plural(len(h.Children)+h.ChildrenMore, "change"), "")
	add(h.Received, "Received", "", "")
	add(r.v.Durable, "Durable", "the raw event is stored", "")
	if h.ToldOnly {
		add(h.Opened, "Recorded, to be told to the owner", "", "")
	} else {
		add(h.Opened, "Held", "", "")
	}
	r.work(add)
	for _, c := range r.checks() {
		add(c.At, "Identity check recorded", c.Kind+", by "+c.Verifier.short(), "")
	}
	for _, d := range r.decisions() {
		add(d.At, d.Kind, "by "+d.By.short(), d.Tone)
	}
	for _, n := range r.notes() {
		add(n.At, "Note", "by "+n.By, "")
	}
	r.turns(add)
	slices.SortStableFunc(out, func(a, b moment) int { return a.At.Compare(b.At) })
	return out
}

// happened is what the events tell, and when those that came later were heard of.
// What happened to another account of the person is told by that one's hold.
func (r reader) happened(add func(time.Time, string, string, string)) {
	var last time.Time
	for _, e := range r.events() {
		if e.With.Link != "" {
			at := e.Heard
			if at.IsZero() {
				at = r.v.Hold.Received
			}
			add(at, "Another account of this person was held", "hold "+e.With.Short, "")
			continue
		}
		detail := e.Object
		if e.Expected {
			detail = "expected after the release; " + detail
		}
		add(e.At, e.What, detail, "")
		if e.Late != "" && !e.Heard.Equal(last) {
			last = e.Heard
			add(e.Heard, "Received", e.What+", "+e.Late+" after it occurred", "")
		}
	}
}

// work is what we did at the provider and whom we told.
func (r reader) work(add func(time.Time, string, string, string)) {
	for _, i := range r.intents() {
		add(i.At, i.Action, i.Result, i.Tone)
	}
	for _, n := range r.notices() {
		for _, a := range n.Attempts {
			add(a.At, "Message to the "+n.To+": "+a.Status, n.Channel+" "+n.Point, a.Tone)
		}
	}
}

// turns are the turns the hold took.
func (r reader) turns(add func(time.Time, string, string, string)) {
	h := r.v.Hold
	add(h.Restrained, "Restrained, read back from the provider", "", "good")
	add(h.NotMe, "The owner says: this was not me", "frozen; it can only be denied", "bad")
	add(h.WasMe, "The owner says: this was me", "recorded; it releases nothing", "")
	switch h.State {
	case holds.Approved, holds.Released:
		add(h.DecidedAt, "Approved", "enough people approved", "good")
	case holds.Denied, holds.Reverted, holds.Pending:
	}
	add(h.ReleaseBegun, "Release begins", "", "")
	add(h.RestoreBegun, "Giving the account back begins", "", "")
	switch {
	case h.ToldOnly:
	case h.State == holds.Released:
		add(h.ClosedAt, "Released, read back", "", "good")
	case h.State == holds.Reverted:
		add(h.ClosedAt, "Undone, read back", list(h.RevertDone), "good")
	}
}

// short is a name, or the id where there is none.
func (p person) short() string {
	if p.Name.Text != "" {
		return p.Name.Text
	}
	return p.ID
}
