package notify

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

func point(id string, change func(*holds.ContactPoint)) holds.ContactPoint {
	p := private()
	p.ID, p.Value = id, id+"@private.example"
	if change != nil {
		change(&p)
	}
	return p
}

// TestPlan: R77 and R100 from the hold's side; who is told, and why nobody is.
func TestPlan(t *testing.T) {
	inside := point("inside", func(p *holds.ContactPoint) { p.Within = "acme-okta" })
	young := point("young", func(p *holds.ContactPoint) { p.Recorded = occurred.Add(-time.Hour) })
	phone := point("phone", func(p *holds.ContactPoint) { p.Kind, p.Value = holds.PhonePoint, "+442079460018" })
	for _, c := range []struct {
		name    string
		points  []holds.ContactPoint
		hold    func(*holds.Hold)
		owner   func(*holds.Person)
		changed []string
		want    []string
		why     string
	}{
		{name: "R100 all eligible points", points: []holds.ContactPoint{point("a", nil), inside, point("b", nil), young}, want: []string{"a", "b"}},
		{name: "R77 not the changed one", points: []holds.ContactPoint{point("a", nil), point("b", nil)}, changed: []string{"A@private.example"}, want: []string{"b"}},
		{name: "E10 the same place once", points: []holds.ContactPoint{point("a", nil), point("c", func(p *holds.ContactPoint) { p.Value = "A@Private.example" })}, want: []string{"a"}},
		{
			name: "E7 older than the first event, not only the last", points: []holds.ContactPoint{point("a", func(p *holds.ContactPoint) { p.Recorded = occurred.Add(-7*24*time.Hour - time.Minute) })},
			hold: func(h *holds.Hold) { h.Events[0].Occurred = occurred.Add(-time.Hour) }, why: "a…@p….example: it is on file only since",
		},
		{
			name: "E9 nobody, with every reason, masked", points: []holds.ContactPoint{inside, young, phone}, changed: []string{"x"},
			why: "none of the owner's contact points is independent of the change (i…@p….example: it is a mailbox inside acme-okta, where the held account is; y…@p….example: it is on file only since 2026-11-20, less than seven days before the change; …18: no channel is set up that reaches it)",
		},
		{
			name:   "E8 not a mailbox inside another connection where the owner has an account",
			points: []holds.ContactPoint{point("a", nil), point("entra", func(p *holds.ContactPoint) { p.Within = "acme-entra" })},
			owner: func(p *holds.Person) {
				p.Accounts = append(p.Accounts, holds.PersonAccount{Connection: "acme-entra", Account: "e-anna"})
			},
			want: []string{"a"},
		},
		{name: "E16 no contact", why: "no contact point"},
		{name: "E16 no owner", owner: func(p *holds.Person) { p.ID = "" }, why: "linked to nobody"},
		{name: "E4 another owner", points: []holds.ContactPoint{point("a", nil)}, hold: func(h *holds.Hold) { h.Owner = "bo" }, why: "not the owner"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, p := hold(reset()), anna()
			p.Points = c.points
			if c.hold != nil {
				c.hold(&h)
			}
			if c.owner != nil {
				c.owner(&p)
			}
			chosen, why := messenger(t, options(&sink{})).Plan(h, p, c.changed)
			var got []string
			for _, p := range chosen {
				got = append(got, p.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(why, c.why) || (why == "") != (c.why == "") {
				t.Errorf("why %q, want %q", why, c.why)
			}
		})
	}
}

// TestDuty: each customer has people of its own.
func TestDuty(t *testing.T) {
	o := options(&sink{})
	duty := holds.ContactPoint{Kind: holds.EmailPoint, Value: "duty@acme.example"}
	o.Duty = map[holds.TenantID][]holds.ContactPoint{"acme": {duty}}
	m := messenger(t, o)
	got := m.Duty("acme")
	if len(got) != 1 || got[0] != duty || m.Duty("globex") != nil {
		t.Errorf("duty %v, of another %v", got, m.Duty("globex"))
	}
	got[0].Value = "changed"
	if m.Duty("acme")[0] != duty {
		t.Error("the caller can change the list")
	}
}
