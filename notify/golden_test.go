package notify

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (run the test with -update to accept):\n%s", file, diff)
	}
}

// with changes a hold.
func with(h holds.Hold, change func(*holds.Hold)) holds.Hold {
	change(&h)
	return h
}

// TestGoldenOwner is what owners read: the kinds of change (R101 to R106) and
// each standing in its honest words.
func TestGoldenOwner(t *testing.T) {
	for name, h := range map[string]holds.Hold{
		"R102-mfa-reset-contained":   hold(reset()),
		"R104-factor-enrolled":       hold(enrol()),
		"R103-recovery-change":       hold(recovery()),
		"R106-admin-role-grant":      hold(grant()),
		"several-events":             hold(enrol(), reset(), grant()),
		"R101-password-reset":        hold(event(holds.PasswordReset, holds.Reset)),
		"R105-mailbox-delegation":    hold(event(holds.MailboxDelegation, holds.Grant)),
		"tokens-live-on":             with(hold(reset()), func(h *holds.Hold) { h.EffectiveBy = occurred.Add(15 * time.Minute) }),
		"restraint-under-way":        with(hold(reset()), func(h *holds.Hold) { h.Standing, h.Containment = holds.Observed, holds.ContainmentRequested }),
		"restraint-failed":           with(hold(reset()), func(h *holds.Hold) { h.Standing, h.Containment = holds.Observed, holds.ContainmentFailed }),
		"observed":                   with(hold(grant()), func(h *holds.Hold) { h.Standing, h.Containment = holds.Observed, holds.NotContained }),
		"restraint-not-enforced":     with(hold(grant()), func(h *holds.Hold) { h.Standing = holds.Observed }),
		"gated":                      with(hold(grant()), func(h *holds.Hold) { h.Standing, h.Containment = holds.Gated, holds.NotContained }),
		"told-only":                  with(hold(enrol()), func(h *holds.Hold) { h.State, h.Containment, h.ToldOnly = holds.Released, holds.NotContained, true }),
		"released-before-it-went":    with(hold(reset()), func(h *holds.Hold) { h.State, h.Containment = holds.Released, holds.ContainmentLifted }),
		"denied-and-frozen":          with(hold(reset()), func(h *holds.Hold) { h.State, h.NotMe = holds.Denied, now.Add(-time.Minute) }),
		"reverted":                   with(hold(grant()), func(h *holds.Hold) { h.State = holds.Reverted }),
		"E16-nothing-known-about-it": with(hold(holds.EventRef{Class: holds.Unclassified}), func(h *holds.Hold) { h.Subject, h.Due = holds.Account{}, time.Time{} }),
	} {
		t.Run(name, func(t *testing.T) {
			owner := anna()
			if strings.HasPrefix(name, "E16") {
				owner.Name = ""
			}
			l, err := messenger(t, options(&sink{})).compose(notice(), h, owner)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "owner-"+name+".txt", "Subject: "+l.subject+"\n\n"+l.text)
			golden(t, "owner-"+name+".html", l.html)
		})
	}
}

// TestGoldenDuty is what people on duty read.
func TestGoldenDuty(t *testing.T) {
	for name, h := range map[string]holds.Hold{
		"contained": hold(reset(), enrol()),
		"observed":  with(hold(grant()), func(h *holds.Hold) { h.Standing, h.Containment = holds.Observed, holds.ContainmentFailed }),
		"frozen":    with(hold(recovery()), func(h *holds.Hold) { h.NotMe = now; h.Due = time.Time{} }),
		"gated":     with(hold(grant()), func(h *holds.Hold) { h.Standing, h.Containment = holds.Gated, holds.NotContained }),
	} {
		t.Run(name, func(t *testing.T) {
			n := notice()
			n.Audience, n.Why = holds.ToDuty, "the owner cannot be told: nobody is eligible"
			l, err := messenger(t, options(&sink{})).compose(n, h, holds.Person{})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "duty-"+name+".txt", "Subject: "+l.subject+"\n\n"+l.text)
			golden(t, "duty-"+name+".html", l.html)
		})
	}
}
