package keeper

import (
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestA13WhatNoLogCanConfirmIsTold: a webhook that tells of something longer after
// it happened than the log reaches restrains nobody; the log itself does, and so
// does a webhook within that time.
func TestA13WhatNoLogCanConfirmIsTold(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		source holds.Source
		age    time.Duration
		want   holds.Verdict
	}{
		"a hook, at once":            {holds.FromHook, 0, holds.HoldIt},
		"a hook, ninety days late":   {holds.FromHook, 90 * day, holds.HoldIt},
		"a hook, later than that":    {holds.FromHook, 90*day + time.Second, holds.Notify},
		"a hook, a year late":        {holds.FromHook, 365 * day, holds.Notify},
		"the log, a year late":       {holds.FromPoller, 365 * day, holds.HoldIt},
		"ourselves, after a year":    {holds.FromKeeper, 365 * day, holds.HoldIt},
		"a hook, of what is to come": {holds.FromHook, -365 * day, holds.HoldIt},
		"a hook, of 1970":            {holds.FromHook, 20757 * day, holds.HoldIt},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			e := resetAll("e")
			q := w.ask(holds.Delivery{Tenant: "acme", Connection: "acme-okta", Source: c.source, Received: w.now}, e, 0)
			q.Event.Occurred = w.now.Add(-c.age)
			a, err := w.fold(q)
			if err != nil || a.Ruling.Verdict != c.want || a.Change == nil {
				t.Fatalf("%v, %+v", err, a.Ruling)
			}
			if h := a.Change.Hold; (h.ContainRound > 0) != (c.want == holds.HoldIt) || h.ToldOnly != (c.want == holds.Notify) {
				t.Errorf("containment round %d, told only %v", h.ContainRound, h.ToldOnly)
			}
			if strings.Contains(a.Ruling.Reason, "ninety days") != (c.want == holds.Notify) {
				t.Errorf("the reason is %q", a.Ruling.Reason)
			}
		})
	}
}
