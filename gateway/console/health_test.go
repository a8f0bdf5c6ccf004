package console

import (
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestRemarksShowWhileTheRestraintIsInForce: what is short of perfect is for people
// to mend, before an account slips through it.
func TestRemarksShowWhileTheRestraintIsInForce(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	remark := "No policy keeps members from registering security information."
	for name, inForce := range map[string]bool{"in force": true, "not in force": false} {
		c := connectionOf(holds.ConnectionHealth{
			Connection: "acme-entra", Mode: holds.ModeContain, Polled: now,
			Enforcement: holds.Enforcement{At: now, InForce: inForce, Problems: []string{remark}},
		}, now)
		if !strings.Contains(strings.Join(c.Problems, "\n"), remark) || strings.Contains(c.Rules, "NOT") == inForce {
			t.Errorf("%s: %q, %q", name, c.Rules, c.Problems)
		}
	}
}
