package policy

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds"
)

func classes() []holds.Class {
	return []holds.Class{
		holds.PasswordReset, holds.MFAChange, holds.RecoveryChange, holds.RoleActivation, holds.MailboxDelegation, holds.VaultRecovery,
		holds.RemoteAccess, holds.DeviceRegistration, holds.EmergencyAccess, holds.OtherTakeover, holds.Tamper, holds.Unclassified, holds.None, "new_kind",
	}
}

func verbs() []holds.Verb {
	return []holds.Verb{holds.Reset, holds.Remove, holds.Enrol, holds.Suspend, holds.Update, holds.Grant, holds.Revoke, holds.Other, ""}
}

func parties() []holds.PartyKind {
	return []holds.PartyKind{holds.PartyPerson, holds.PartySystem, holds.PartyToken, holds.PartyApp, holds.PartySupport, holds.PartyPlatform, holds.PartyUnknown, ""}
}

// anyEvent draws an event and what is known of it.
func anyEvent(t *rapid.T) (holds.Event, holds.Facts) {
	pick := func(list []string) string { return rapid.SampledFrom(list).Draw(t, "of") }
	e := holds.Event{
		ID: "e", Occurred: noon, Class: rapid.SampledFrom(classes()).Draw(t, "class"), Verb: rapid.SampledFrom(verbs()).Draw(t, "verb"),
		Outcome: rapid.SampledFrom([]holds.Outcome{holds.Succeeded, holds.Failed, holds.Unknown}).Draw(t, "outcome"),
		Actor:   holds.Party{ID: pick([]string{"", "a", "b"}), Kind: rapid.SampledFrom(parties()).Draw(t, "actor")},
		Rank:    rapid.SampledFrom([]holds.Rank{"", holds.RankTop, holds.RankPrivileged, holds.RankOrdinary}).Draw(t, "rank"),
		Way:     rapid.SampledFrom([]holds.Way{"", holds.WayActivation, holds.WayEligibility, holds.WayOutside}).Draw(t, "way"),
		Type:    pick([]string{"", "Update user", "Invite external user", "application.lifecycle.update", "Read BitLocker key"}),
		IP:      pick([]string{"", strange, office}),
	}
	for _, id := range []string{"a", "b"}[:rapid.IntRange(0, 2).Draw(t, "subjects")] {
		e.Subjects = append(e.Subjects, holds.Account{ID: id, Login: id + "@acme.example"})
	}
	f := holds.Facts{
		At: noon, Mode: holds.ModeContain, Known: rapid.Bool().Draw(t, "known"), SeenNetwork: rapid.Bool().Draw(t, "seen"),
		BreakGlass: rapid.Bool().Draw(t, "break-glass"),
	}
	if rapid.Bool().Draw(t, "joiner") {
		f.Joined = noon.Add(-time.Duration(rapid.IntRange(0, 40).Draw(t, "days")) * day)
	}
	for range rapid.IntRange(0, 2).Draw(t, "before") {
		f.Chain = append(f.Chain, holds.Past{
			Class: rapid.SampledFrom(classes()).Draw(t, "before"), Verb: rapid.SampledFrom(verbs()).Draw(t, "did"),
			By: rapid.SampledFrom(parties()).Draw(t, "by"), Own: rapid.Bool().Draw(t, "own"), Occurred: noon.Add(-time.Hour),
		})
	}
	return e, f
}

// strength orders rulings by how much they ask.
func strength(r holds.Ruling) int {
	order := []holds.Verdict{holds.Ignore, holds.Record, holds.Notify, holds.HoldIt}
	s := 10 * slices.Index(order, r.Verdict)
	if r.Verdict == holds.HoldIt && r.Terms.Tier == holds.TierHigh {
		s++
	}
	return s
}

// TestR68WordsNeverLoosen: nothing that somebody could word as they like makes a
// ruling milder: no name, no summary, no doubt, and nothing that sounds urgent.
func TestR68WordsNeverLoosen(t *testing.T) {
	p := NewStarter(Settings{})
	rapid.Check(t, func(t *rapid.T) {
		e, f := anyEvent(t)
		before := p.Judge(e, f)
		said := rapid.SampledFrom([]string{"URGENT, the CEO is waiting", "MS-PIM", "automation", "approved by IT", "office"}).Draw(t, "words")
		e.Summary, e.Actor.Name, e.Actor.Login, e.Role.Name = said, said, said, said
		e.Doubts = append(e.Doubts, said)
		for i := range e.Subjects {
			e.Subjects[i].Name = said
		}
		if after := p.Judge(e, f); strength(after) < strength(before) {
			t.Fatalf("%q made %s by %s of %s by %s", said, after.Verdict, after.Terms.Rule, before.Verdict, before.Terms.Rule)
		}
	})
}

// TestUnknownIsTheWorst: to know less of an account, of its network or of its age
// never makes a ruling milder.
func TestUnknownIsTheWorst(t *testing.T) {
	p := NewStarter(Settings{})
	for name, forget := range map[string]func(*holds.Facts){
		"the account": func(f *holds.Facts) { f.Known, f.Snapshot, f.Owner = false, holds.Snapshot{}, holds.Person{} },
		"the network": func(f *holds.Facts) { f.SeenNetwork = false },
		"the age":     func(f *holds.Facts) { f.Joined = time.Time{} },
		"what went before, but for its classes": func(f *holds.Facts) {
			for _, past := range f.Chain {
				f.Recent = append(f.Recent, past.Class)
			}
			f.Chain = nil
		},
	} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			e, f := anyEvent(t)
			more := p.Judge(e, f)
			forget(&f)
			if less := p.Judge(e, f); strength(less) < strength(more) {
				t.Fatalf("%s by %s, and with less known %s by %s: %+v", more.Verdict, more.Terms.Rule, less.Verdict, less.Terms.Rule, e)
			}
		}))
	}
}

// TestEveryKindHasItsLine: whatever comes, a line of the policy decides, says why,
// and restrains nobody who is not named.
func TestEveryKindHasItsLine(t *testing.T) {
	p := NewStarter(Settings{})
	rapid.Check(t, func(t *rapid.T) {
		e, f := anyEvent(t)
		r := p.Judge(e, f)
		if r.Terms.Rule == "none" || r.Reason == "" || r.Terms.Policy != Version {
			t.Fatalf("%+v", r)
		}
		if len(r.Terms.Contain) > 0 && len(e.Held()) == 0 {
			t.Fatalf("rule %s restrains, and nobody is there", r.Terms.Rule)
		}
		if r.Verdict == holds.Notify && len(e.Held()) == 0 {
			t.Fatalf("rule %s tells, and nobody is there", r.Terms.Rule)
		}
		if again := p.Judge(e, f); again.Verdict != r.Verdict || again.Terms.Rule != r.Terms.Rule {
			t.Fatal("the same question got two answers")
		}
		if r.Verdict == holds.HoldIt && (r.Terms.Items < 2 || r.Terms.Paths < 2 || r.Terms.Approvers < 1 || r.Terms.Deadline <= 0) {
			t.Fatalf("held on terms that anybody meets: %+v", r.Terms)
		}
	})
}
