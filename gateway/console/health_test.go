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

// TestD7TheWaysShow: how many changes came by the push is a number for people, and
// a push that fell silent is a problem of the connection.
func TestD7TheWaysShow(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		telling holds.Telling
		told    string
		hot     bool
	}{
		"a quiet tenant": {holds.Telling{At: now}, "", false},
		"all is well": {holds.Telling{
			At: now, Hour: holds.TellingCount{Pushed: 3, OnlyPush: 2}, Day: holds.TellingCount{Pushed: 38, Late: 1, OnlyLog: 1},
		}, "42 of 43 changes pushed in a day", false},
		"the hook is silent": {holds.Telling{
			At: now, Hour: holds.TellingCount{OnlyLog: 7}, Silent: 7, Changes: 3, Since: now.Add(-time.Hour), Types: []string{"user.mfa.factor.update"},
		}, "0 of 7 changes pushed in a day", true},
	} {
		c := connectionOf(holds.ConnectionHealth{Connection: "acme-okta", Mode: holds.ModeWatch, Polled: now, Telling: tc.telling}, now)
		if c.Told != tc.told || len(c.Problems) > 0 != tc.hot {
			t.Errorf("%s: %q, %q", name, c.Told, c.Problems)
		}
		if tc.hot && !strings.Contains(c.Problems[0], "user.mfa.factor.update") {
			t.Errorf("%s: %q does not say what came by the log alone", name, c.Problems[0])
		}
	}
}
