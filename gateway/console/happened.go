package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// step is one of the moments that must not be taken for one another.
type step struct {
	Name string
	At   time.Time
	// Since is the time since we received the change.
	Since string
	// Missing says why there is no moment.
	Missing string
}

// steps are occurred → received → durable → held → restrained (read back) →
// effective by.
func (r reader) steps() []step {
	h := r.v.Hold
	out := []step{
		{Name: "Occurred", At: h.Occurred},
		{Name: "Received", At: h.Received},
		{Name: "Durable", At: r.v.Durable, Missing: "not known"},
		{Name: "Held", At: h.Opened},
	}
	switch {
	case h.ToldOnly:
		out[3] = step{Name: "Held", Missing: "not held"}
	case h.Standing == holds.Gated:
	default:
		out = append(out, restrained(h), effective(h))
	}
	for i := range out {
		if !out[i].At.IsZero() && !h.Received.IsZero() && out[i].Name != "Received" {
			out[i].Since = since(out[i].At.Sub(h.Received))
		}
	}
	return out
}

func restrained(h holds.Hold) step {
	s := step{Name: "Restrained (read back)", At: h.Restrained}
	switch {
	case !h.Restrained.IsZero():
	case h.Containment == holds.ContainmentRequested:
		s.Missing = "not confirmed yet"
	case h.Containment == holds.ContainmentFailed:
		s.Missing = "failed"
	default:
		s.Missing = "not restrained"
	}
	return s
}

func effective(h holds.Hold) step {
	switch {
	case h.Restrained.IsZero():
		return step{Name: "Effective by", Missing: "–"}
	case h.EffectiveBy.IsZero():
		return step{Name: "Effective by", Missing: "at once"}
	}
	return step{Name: "Effective by", At: h.EffectiveBy}
}

// since is a distance from the moment of receipt.
func since(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "−", -d
	}
	switch {
	case d < time.Second:
		return fmt.Sprintf("%s%d ms", sign, d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%s%.2f s", sign, d.Seconds())
	}
	return sign + page.Span(d)
}

// event is one change as the provider tells it.
type event struct {
	What, Object string
	ObjectID     string
	Type, ID     string
	At           time.Time
	Actor        party
	Self         bool
	IP           string
	Summary      page.Name
	Expected     bool
	// With is the hold of the account it happened to, when that is another account of
	// the person.
	With leader
	// Heard is when we were told of it, and Late how long after it occurred; both are
	// empty for what came with the hold's first event.
	Heard time.Time
	Late  string
}

func (r reader) events() []event { return r.refs(r.v.Hold.Events) }

func (r reader) refs(list []holds.EventRef) []event {
	out := make([]event, 0, len(list))
	for _, e := range list {
		o := e.Role
		if o == (holds.Object{}) {
			o = e.Factor
		}
		if o == (holds.Object{}) && len(e.Objects) > 0 {
			o = e.Objects[0]
		}
		heard, late := r.heard(e)
		out = append(out, event{
			What: className(e.Class) + ": " + verbName(e.Verb), Object: objectName(o), ObjectID: page.Line(o.ID, 120),
			Type: page.Line(e.Type, 120), ID: page.Line(e.ID, 120), At: e.Occurred, Actor: partyOf(e.Actor),
			Self: e.Actor.ID != "" && e.Actor.ID == r.v.Hold.Subject.ID,
			IP:   page.Line(e.IP, 60), Summary: page.Named(e.Summary), Expected: e.Expected, With: leaderOf(e.Leader),
			Heard: heard, Late: late,
		})
	}
	return out
}

// heard is when we were told of an event that came later than the hold's first.
func (r reader) heard(e holds.EventRef) (at time.Time, late string) {
	if !e.Received.After(r.v.Hold.Received) {
		return time.Time{}, ""
	}
	if e.Leader == "" && e.Received.After(e.Occurred) {
		late = strings.TrimPrefix(since(e.Received.Sub(e.Occurred)), "+")
	}
	return e.Received, late
}

func objectName(o holds.Object) string {
	name, kind := page.Line(o.Name, 120), page.Line(o.Type, 60)
	switch {
	case name == "":
		return kind
	case kind == "" || kind == name:
		return name
	}
	return name + " (" + kind + ")"
}

// snapshot is the account as it was read last.
type snapshot struct {
	Known  bool
	At     time.Time
	Age    string
	Status string
	// Roles are sorted, the privileged ones first.
	Roles      []role
	Privileged bool
	Factors    []string
	Groups     int
	// Digest names exactly these roles; whoever acknowledges them sends it back.
	Digest string
}

type role struct {
	Name, Kind, ID string
	Privileged     bool
	ViaGroup       bool
}

func (r reader) snapshot() snapshot {
	s := snapshot{Known: r.v.Known, Digest: rolesDigest(r.v)}
	if !s.Known {
		return s
	}
	from := r.v.Snapshot
	s.At, s.Age, s.Groups, s.Privileged = from.At, page.Ago(from.At, r.now), len(from.Groups), from.Privileged()
	s.Status = page.Line(string(from.Status), 60)
	if v := page.Line(from.VendorStatus, 60); v != "" {
		s.Status += " (" + v + ")"
	}
	for _, f := range from.Factors {
		s.Factors = append(s.Factors, objectName(holds.Object{Type: f.Kind, Name: f.Name})+", "+page.Line(f.Status, 40))
	}
	for _, privileged := range []bool{true, false} {
		for _, x := range from.Roles {
			if x.Privileged == privileged {
				s.Roles = append(s.Roles, role{
					Name: page.Line(x.Name, 120), Kind: page.Line(x.Kind, 60), ID: page.Line(x.ID, 120),
					Privileged: x.Privileged, ViaGroup: x.ViaGroup,
				})
			}
		}
	}
	return s
}
