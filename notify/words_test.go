package notify

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// R101–R106: an owner is told what was done to their account, and of what was done
// with it that it was done with it.
func TestToldWhatWasDoneWithTheAccount(t *testing.T) {
	h := holds.Hold{Subject: holds.Account{ID: "own"}, Standing: holds.Contained}
	for _, c := range []holds.Class{holds.RemoteAccess, holds.EmergencyAccess, holds.OtherTakeover} {
		with, to := told(h, c, holds.Update, holds.Party{ID: "own"}), told(h, c, holds.Update, holds.Party{ID: "somebody"})
		if !strings.HasPrefix(with, "With your account") || strings.HasPrefix(to, "With your account") {
			t.Errorf("%s: done with it %q, done to it %q", c, with, to)
		}
	}
	// What somebody does to their own account is done to it all the same.
	if got := told(h, holds.MFAChange, holds.Enrol, holds.Party{ID: "own"}); strings.HasPrefix(got, "With") {
		t.Errorf("an own factor: %q", got)
	}
	h.Standing = holds.Gated
	if got := told(h, holds.OtherTakeover, holds.Grant, holds.Party{ID: "own"}); !strings.HasPrefix(got, "Somebody asked with your account") {
		t.Errorf("not done yet: %q", got)
	}
	h.Standing, h.Class, h.Actor = holds.Contained, holds.EmergencyAccess, holds.Party{ID: "own"}
	h.Events = []holds.EventRef{{Class: holds.EmergencyAccess, Actor: h.Actor}}
	if got := headline(h); !strings.HasPrefix(got, "With your account") {
		t.Errorf("headline %q", got)
	}
	h.Events = append(h.Events, holds.EventRef{Class: holds.EmergencyAccess, Actor: holds.Party{ID: "somebody"}})
	if got := headline(h); !strings.HasPrefix(got, "Several changes") {
		t.Errorf("headline of two kinds %q", got)
	}
}
