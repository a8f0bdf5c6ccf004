package notify

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// TestHonestStanding crosses every state, containment and standing: a message
// says contained only when the restraint was read back and counts, says that
// nothing was made only of a gated hold, and never leaves the question open.
func TestHonestStanding(t *testing.T) {
	containments := []holds.Containment{
		holds.NotContained, holds.ContainmentRequested, holds.ContainmentConfirmed, holds.ContainmentFailed, holds.ContainmentLifted,
	}
	for _, state := range holds.States() {
		for _, containment := range containments {
			for _, standing := range []holds.Standing{holds.Gated, holds.Contained, holds.Observed} {
				for _, toldOnly := range []bool{false, true} {
					h := hold(reset())
					h.State, h.Containment, h.Standing, h.ToldOnly = state, containment, standing, toldOnly
					honest(t, h)
				}
			}
		}
	}
}

func honest(t *testing.T, h holds.Hold) {
	t.Helper()
	l, err := compose(t, h)
	if err != nil {
		t.Fatal(err)
	}
	over := h.ToldOnly || h.State == holds.Released
	inForce := !over && h.Standing == holds.Contained && h.Containment == holds.ContainmentConfirmed
	for _, c := range []struct {
		words string
		want  bool
	}{
		{"account is contained", inForce},
		{"has NOT been made", !over && h.Standing == holds.Gated},
		{"It waits until people", !over && h.Standing == holds.Gated && (h.State == holds.Pending || h.State == holds.Approved)},
		{"undone", !over && h.Standing != holds.Gated && (h.State == holds.Denied || h.State == holds.Reverted)},
		{"NOT restrained, only observed", !over && h.Standing != holds.Gated && !inForce &&
			(h.Containment == holds.NotContained || h.Containment == holds.ContainmentConfirmed)},
		{"could NOT", !over && h.Standing != holds.Gated && h.Containment == holds.ContainmentFailed},
		{"not confirmed yet", !over && h.Standing != holds.Gated && h.Containment == holds.ContainmentRequested},
		{"WHAT HAPPENS NEXT", h.State.Undecided()},
	} {
		if got := strings.Contains(l.text, c.words); got != c.want {
			t.Errorf("%s, %s, %s, told only %v: says %q: %v, want %v", h.State, h.Containment, h.Standing, h.ToldOnly, c.words, got, c.want)
		}
	}
	if _, did, _ := strings.Cut(l.text, "WHAT WE DID"); strings.HasPrefix(strings.TrimSpace(did), "IF THIS") {
		t.Errorf("%s, %s, %s: says nothing about what was done", h.State, h.Containment, h.Standing)
	}
}

func compose(t *testing.T, h holds.Hold) (letter, error) {
	t.Helper()
	return messenger(t, options(&sink{})).compose(notice(), h, anna())
}
