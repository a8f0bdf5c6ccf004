package directory

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

var occurred = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// good is a point nothing can be said against.
func good() holds.ContactPoint {
	return holds.ContactPoint{
		ID: "p1", Person: "anna", Kind: holds.EmailPoint, Value: "anna.berg+alerts@private.example",
		Source: "csv", Recorded: occurred.AddDate(-1, 0, 0),
	}
}

func situation() Situation {
	return Situation{Occurred: occurred, Connection: "acme-okta"}
}

// TestEligible is every rule alone and at its edge: R77 (never the changed
// path), R100 (independent), R124 (never a shared inbox), E7 (age), E8 (the
// owner's mailbox inside the compromised tenant).
func TestEligible(t *testing.T) {
	for _, c := range []struct {
		name  string
		point func(*holds.ContactPoint)
		hold  func(*Situation)
		want  string // part of the objection, empty when eligible
	}{
		{name: "R100 an old independent mailbox is chosen"},
		{name: "R100 a telephone is chosen", point: func(p *holds.ContactPoint) { p.Kind, p.Value = holds.PhonePoint, "+442079460018" }},
		{
			name: "E7 exactly seven days old is old enough", point: func(p *holds.ContactPoint) { p.Recorded = occurred.Add(-OnFile) },
		},
		{
			name: "E7 a moment younger is not", point: func(p *holds.ContactPoint) { p.Recorded = occurred.Add(-OnFile + time.Second) },
			want: "only since 2026-11-13",
		},
		{name: "E7 recorded after the change", point: func(p *holds.ContactPoint) { p.Recorded = occurred.Add(time.Hour) }, want: "only since"},
		{name: "E7 no date on file", point: func(p *holds.ContactPoint) { p.Recorded = time.Time{} }, want: "not known since when"},
		{name: "E7 no time of the change", hold: func(s *Situation) { s.Occurred = time.Time{} }, want: "not known when the change"},
		{name: "R77 the changed value itself", hold: changed("anna.berg+alerts@private.example"), want: "recovery values"},
		{name: "R77 in another case, with space", hold: changed("x@y.example", " Anna.Berg+Alerts@PRIVATE.example. "), want: "recovery values"},
		{name: "R77 the Kelvin sign is a k", point: value("kim@private.example"), hold: changed("\u212aim@private.example"), want: "recovery values"},
		{name: "R77 a plus part is another mailbox", hold: changed("anna.berg@private.example")},
		{name: "R77 dots are another mailbox", hold: changed("annaberg+alerts@private.example")},
		{name: "R77 an empty changed value is nobody's", hold: changed("", " ")},
		{name: "R77 the changed number", point: number, hold: changed("+44 (0)20 7946-0018"), want: "recovery values"},
		{name: "R77 the changed number in plain", point: number, hold: changed("tel:+44 20 7946-0018"), want: "recovery values"},
		{name: "R77 the changed number without its country", point: number, hold: changed("020 7946 0018"), want: "recovery values"},
		{name: "R77 few digits are no number", point: number, hold: changed("0018")},
		{name: "E8 inside the held account's connection", point: within("acme-okta"), want: "inside acme-okta"},
		{name: "E8 inside another connection", point: within("acme-entra")},
		{
			name: "E8 inside another connection where the owner has an account", point: within("acme-entra"),
			hold: func(s *Situation) { s.Linked = []holds.ConnectionID{"acme-okta", "acme-entra"} }, want: "inside acme-entra, where the owner has another",
		},
		{name: "E8 outside of them all", hold: func(s *Situation) { s.Linked = []holds.ConnectionID{"acme-okta", "acme-entra"} }},
		{name: "R124 a shared mailbox", point: func(p *holds.ContactPoint) { p.Shared = true }, want: "more than one person"},
		{
			name: "R124 shared wins over everything", point: func(p *holds.ContactPoint) { p.Shared, p.Recorded = true, time.Time{} },
			want: "more than one person",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, s := good(), situation()
			if c.point != nil {
				c.point(&p)
			}
			if c.hold != nil {
				c.hold(&s)
			}
			chosen, refused := Eligible([]holds.ContactPoint{p}, s)
			if c.want == "" {
				if len(chosen) != 1 || len(refused) != 0 {
					t.Fatalf("refused: %v", refused)
				}
				return
			}
			if len(chosen) != 0 || len(refused) != 1 || !strings.Contains(refused[0].Why, c.want) {
				t.Fatalf("chosen %d, refused %v; want refused for %q", len(chosen), refused, c.want)
			}
			if strings.Contains(refused[0].Why, p.Value) {
				t.Errorf("the reason %q tells the value", refused[0].Why)
			}
		})
	}
}

func changed(values ...string) func(*Situation) {
	return func(s *Situation) { s.Changed = values }
}

func value(v string) func(*holds.ContactPoint) {
	return func(p *holds.ContactPoint) { p.Value = v }
}

func number(p *holds.ContactPoint) { p.Kind, p.Value = holds.PhonePoint, "+442079460018" }

func within(c holds.ConnectionID) func(*holds.ContactPoint) {
	return func(p *holds.ContactPoint) { p.Within = c }
}

// TestEligibleEveryCombination crosses the four rules: a point is chosen exactly
// when none of them speaks against it, whatever the others say.
func TestEligibleEveryCombination(t *testing.T) {
	for mask := range 16 {
		p, s := good(), situation()
		if mask&1 != 0 {
			p.Recorded = occurred.Add(-time.Hour)
		}
		if mask&2 != 0 {
			s.Changed = []string{p.Value}
		}
		if mask&4 != 0 {
			p.Within = s.Connection
		}
		if mask&8 != 0 {
			p.Shared = true
		}
		chosen, refused := Eligible([]holds.ContactPoint{p}, s)
		if (len(chosen) == 1) != (mask == 0) || len(chosen)+len(refused) != 1 {
			t.Errorf("mask %04b: %d chosen, %d refused", mask, len(chosen), len(refused))
		}
	}
}

// TestR100AllEligiblePoints: every eligible point is told, in the order of the
// file, and the others are accounted for.
func TestR100AllEligiblePoints(t *testing.T) {
	a, b, c := good(), good(), good()
	a.ID, b.ID, c.ID = "a", "b", "c"
	b.Within = "acme-okta"
	chosen, refused := Eligible([]holds.ContactPoint{a, b, c}, situation())
	if diff := cmp.Diff([]holds.ContactPoint{a, c}, chosen); diff != "" {
		t.Error(diff)
	}
	if len(refused) != 1 || refused[0].Point.ID != "b" {
		t.Errorf("refused %v, want b", refused)
	}
}
