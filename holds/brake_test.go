package holds

import (
	"strings"
	"testing"
	"time"
)

// TestG16Stop: what a stop needs, how long it lasts, and who resumes it.
func TestG16Stop(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		brake  Brake
		by     PersonID
		reason string
		want   Kind
	}{
		"nobody":       {BrakeContainment, "", "x", Invalid},
		"no reason":    {BrakeRelease, "tove", " \n", Invalid},
		"nothing else": {"polling", "tove", "x", Invalid},
		"endless":      {BrakeRelease, "tove", strings.Repeat("x", 501), Invalid},
	} {
		if _, err := NewStop("s", "acme", c.brake, c.by, DoorShell, c.reason, now); err == nil || KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := NewStop("s", "acme", BrakeContainment, "tove", DoorShell, " wrong people ", now)
	if err != nil || c.Reason != "wrong people" {
		t.Fatal(c, err)
	}
	// F16: to the microsecond of its end, and not beyond it.
	if end := now.Add(time.Hour); !c.InForce(end.Add(-time.Microsecond)) || c.InForce(end) {
		t.Error("containment does not go on after an hour")
	}
	r, err := NewStop("s", "acme", BrakeRelease, "tove", DoorConsole, "forged approvals", now)
	if err != nil || !r.InForce(now.AddDate(1, 0, 0)) {
		t.Error("a stop of release lapsed", err)
	}
	type word struct {
		by   PersonID
		door Door
		want Kind // Internal for none
	}
	for name, words := range map[string][]word{
		"two in the console":          {{"rolf", DoorConsole, Internal}, {"sara", DoorConsole, Internal}},
		"one at the shell":            {{"rolf", DoorShell, Internal}, {"sara", DoorConsole, Internal}},
		"whoever stopped is one":      {{"tove", DoorConsole, Internal}, {"sara", DoorConsole, Internal}},
		"nobody twice":                {{"rolf", DoorConsole, Internal}, {"rolf", DoorShell, Conflict}},
		"the shell is nobody's two":   {{"rolf", DoorShell, Internal}, {"sara", DoorShell, Forbidden}},
		"without a name nothing":      {{"", DoorConsole, Invalid}},
		"it is over after the second": {{"rolf", DoorConsole, Internal}, {"sara", DoorConsole, Internal}, {"maja", DoorConsole, Conflict}},
	} {
		s := r
		for n, w := range words {
			next, err := s.Resumed(Resume{By: w.by, Door: w.door, Reason: "mended", At: now.Add(time.Minute)})
			if (err == nil) != (w.want == Internal) || err != nil && KindOf(err) != w.want {
				t.Errorf("%s, word %d: %v", name, n, err)
			}
			s = next
			if over := n > 0 && words[1].want == Internal; s.InForce(now.Add(time.Hour)) == over {
				t.Errorf("%s, word %d: in force is %v", name, n, !over)
			}
		}
	}
}

// TestG16WhatABrakeStops: calls that take something away are containment's,
// giving back is release's; both together are everything.
func TestG16WhatABrakeStops(t *testing.T) {
	for p, want := range map[Purpose]Brake{ToContain: BrakeContainment, ToRevert: BrakeContainment, ToLift: BrakeRelease} {
		if got := p.Brake(); got != want {
			t.Errorf("%s is under %s, want %s", p, got, want)
		}
	}
}

// TestG16AHoldWaits: it says why, is observed, forgets nothing, and queues again
// exactly what it is due for.
func TestG16AHoldWaits(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	why := Braked{Brake: BrakeContainment, Why: "all containment is stopped by tove"}
	for name, c := range map[string]struct {
		hold  Hold
		brake Braked
		want  EffectKind
	}{
		"a restraint":             {Hold{State: Pending, Containment: ContainmentRequested, ContainRound: 1}, why, EffectContain},
		"a restraint that failed": {Hold{State: Pending, Containment: ContainmentFailed, ContainRound: 2}, why, EffectContain},
		"an undoing":              {Hold{State: Denied, Outcome: Deny, Containment: ContainmentConfirmed, Standing: Contained}, why, EffectRevert},
		"a release":               {Hold{State: Approved, Containment: ContainmentConfirmed, Standing: Contained}, Braked{Brake: BrakeRelease, Why: "stopped"}, EffectLift},
		"a restoration":           {Hold{State: Reverted, RestoreBegun: now, Containment: ContainmentConfirmed}, Braked{Brake: BrakeRelease, Why: "stopped"}, EffectLift},
	} {
		t.Run("G16 "+name, func(t *testing.T) {
			hit, err := Apply(c.hold, BrakeHit{Braked: c.brake}, now)
			if err != nil || hit.Hold.State != c.hold.State || len(hit.Effects) != 0 {
				t.Fatalf("%+v %v", hit, err)
			}
			if h := hit.Hold; len(h.Doubts) != 1 || !strings.Contains(h.Doubts[0], c.brake.Why) || h.Waits.Brake != c.brake.Brake {
				t.Fatalf("%+v", h)
			}
			if c.hold.Containment != ContainmentConfirmed && hit.Hold.Standing != Observed {
				t.Errorf("called %s", hit.Hold.Standing)
			}
			if again, err := Apply(hit.Hold, BrakeHit{Braked: c.brake}, now.Add(time.Minute)); err != nil || len(again.Entries) != 0 {
				t.Errorf("said twice: %+v %v", again.Entries, err)
			}
			freed, err := Apply(hit.Hold, BrakeFreed{}, now)
			if err != nil || len(freed.Effects) != 1 || freed.Effects[0].Kind != c.want || len(freed.Hold.Doubts) != 0 || freed.Hold.Waits != (Waits{}) {
				t.Fatalf("%+v %v", freed, err)
			}
		})
	}
	if _, err := Apply(Hold{State: Reverted, Containment: NotContained}, BrakeHit{Braked: why}, now); KindOf(err) != Conflict {
		t.Errorf("a hold that is over waits: %v", err)
	}
	if _, err := Apply(Hold{State: Pending}, BrakeFreed{}, now); KindOf(err) != Conflict {
		t.Errorf("a hold that does not wait went on: %v", err)
	}
}

// TestG3OncePerOpening: a cap opens its circuit, the last administrator pages by
// itself.
func TestG3OncePerOpening(t *testing.T) {
	h := Hold{State: Pending, Containment: ContainmentRequested}
	c, err := Apply(h, BrakeHit{Braked: Braked{Brake: BrakeContainment, Cap: CapActor, Scope: "00u1", Why: "x"}}, time.Now())
	if err != nil || c.Circuit.Cap != CapActor || c.Circuit.Scope != "00u1" || len(c.Effects) != 0 {
		t.Fatalf("%+v %v", c, err)
	}
	c, err = Apply(h, BrakeHit{Braked: Braked{Brake: BrakeContainment, Cap: CapLast, Why: "x"}}, time.Now())
	if err != nil || c.Circuit.Cap != "" || len(c.Effects) != 1 || c.Effects[0].Kind != EffectPage {
		t.Fatalf("%+v %v", c, err)
	}
}
