package policy

import (
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

func event(mend func(*holds.Event)) holds.Event {
	e := holds.Event{
		ID: "e", Class: holds.MFAChange, Verb: holds.Reset, Outcome: holds.Succeeded,
		Actor: holds.Party{ID: "00uhelp", Kind: holds.PartyPerson}, Subjects: []holds.Account{{ID: "00uvictim"}},
	}
	if mend != nil {
		mend(&e)
	}
	return e
}

func facts(mend func(*holds.Facts)) holds.Facts {
	f := holds.Facts{At: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), Mode: holds.ModeContain, Known: true}
	f.Owner = holds.Person{ID: "olga", Belonging: holds.Employee, Department: "Engineering"}
	if mend != nil {
		mend(&f)
	}
	return f
}

func self(e *holds.Event) { e.Verb, e.Actor.ID = holds.Enrol, "00uvictim" }

func TestStarterRulings(t *testing.T) {
	admin := func(f *holds.Facts) {
		f.Snapshot.Roles = []holds.Role{{ID: "r", Kind: "SUPER_ADMIN", Privileged: true}}
	}
	for _, tc := range []struct {
		name  string
		event func(*holds.Event)
		facts func(*holds.Facts)
		want  holds.Verdict
		tier  holds.Tier
	}{
		{"R27 admin resets factors", nil, nil, holds.HoldIt, holds.TierMedium},
		{"R49 of a privileged account", nil, admin, holds.HoldIt, holds.TierHigh},
		{"R49 of somebody in finance", nil, func(f *holds.Facts) { f.Owner.Department = "Finance" }, holds.HoldIt, holds.TierHigh},
		{"R49 by the provider's department", nil, func(f *holds.Facts) { f.Snapshot.Attributes = map[string]string{"department": "Payroll EU"} }, holds.HoldIt, holds.TierHigh},
		{"R91 of a vendor", nil, func(f *holds.Facts) { f.Owner.Belonging = holds.Vendor }, holds.HoldIt, holds.TierHigh},
		{"I10 of an unknown account", nil, func(f *holds.Facts) { f.Known = false }, holds.HoldIt, holds.TierHigh},
		{"C10 a failed change", func(e *holds.Event) { e.Outcome = holds.Failed }, nil, holds.Record, ""},
		{"C10 an unknown outcome", func(e *holds.Event) { e.Outcome = holds.Unknown }, nil, holds.HoldIt, holds.TierMedium},
		{"own factor, quiet", self, nil, holds.Notify, holds.TierMedium},
		{"own factor after a reset", self, func(f *holds.Facts) { f.Recent = []holds.Class{holds.PasswordReset} }, holds.HoldIt, holds.TierMedium},
		{"own factor of an admin", self, admin, holds.HoldIt, holds.TierHigh},
		{"own factor, account unknown", self, func(f *holds.Facts) { f.Known = false }, holds.HoldIt, holds.TierHigh},
		{"C9 own id but not a person", func(e *holds.Event) { self(e); e.Actor.Kind = holds.PartyToken }, nil, holds.HoldIt, holds.TierMedium},
		{"resetting all of one's own factors", func(e *holds.Event) { self(e); e.Verb = holds.Reset }, nil, holds.HoldIt, holds.TierMedium},
		{"R28 recovery e-mail", func(e *holds.Event) { e.Class, e.Verb = holds.RecoveryChange, holds.Update }, nil, holds.HoldIt, holds.TierMedium},
		{"R29 role granted", func(e *holds.Event) { e.Class, e.Verb = holds.RoleActivation, holds.Grant }, nil, holds.HoldIt, holds.TierHigh},
		{"role taken away", func(e *holds.Event) { e.Class, e.Verb = holds.RoleActivation, holds.Revoke }, nil, holds.Record, ""},
		{"C5 no account named", func(e *holds.Event) { e.Subjects = nil }, nil, holds.HoldIt, holds.TierHigh},
		{"C12 tamper", func(e *holds.Event) { e.Class = holds.Tamper }, nil, holds.HoldIt, holds.TierHigh},
		{"R25 unclassified", func(e *holds.Event) { e.Class = holds.Unclassified }, nil, holds.HoldIt, holds.TierMedium},
		{"nothing", func(e *holds.Event) { e.Class = holds.None }, nil, holds.Ignore, ""},
		{"watch mode", nil, func(f *holds.Facts) { f.Mode = holds.ModeWatch }, holds.Record, holds.TierMedium},
		{"no mode", nil, func(f *holds.Facts) { f.Mode = "" }, holds.Record, holds.TierMedium},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := NewStarter(Settings{}).Judge(event(tc.event), facts(tc.facts))
			if r.Verdict != tc.want || r.Terms.Tier != tc.tier {
				t.Fatalf("%s, tier %q (%s); want %s, tier %q", r.Verdict, r.Terms.Tier, r.Reason, tc.want, tc.tier)
			}
			if r.Reason == "" || r.Terms.Rule == "" || r.Terms.Policy != Version {
				t.Fatalf("R99: a ruling without reason, rule or policy: %+v", r)
			}
		})
	}
}

// TestModesOnlyLower: notify restrains nobody, and nothing else changes.
func TestModesOnlyLower(t *testing.T) {
	p := NewStarter(Settings{})
	strict := p.Judge(event(nil), facts(nil))
	lower := p.Judge(event(nil), facts(func(f *holds.Facts) { f.Mode = holds.ModeNotify }))
	if len(strict.Terms.Contain) == 0 || lower.Terms.Contain != nil || lower.Verdict != holds.HoldIt {
		t.Fatalf("contain %v, notify %v", strict.Terms, lower.Terms)
	}
	if lower.Terms.Items != strict.Terms.Items || lower.Terms.Approvers != strict.Terms.Approvers {
		t.Fatal("notify mode lowered what people must prove")
	}
}

// TestC5UnresolvedAndTamperRestrainNobody: never the wrong object.
func TestC5UnresolvedAndTamperRestrainNobody(t *testing.T) {
	for _, mend := range []func(*holds.Event){
		func(e *holds.Event) { e.Subjects = nil },
		func(e *holds.Event) { e.Class = holds.Tamper },
		func(e *holds.Event) { e.Class = holds.Unclassified },
	} {
		if r := NewStarter(Settings{}).Judge(event(mend), facts(nil)); r.Terms.Contain != nil {
			t.Errorf("restrains under rule %s", r.Terms.Rule)
		}
	}
}
