package keeper

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// counts is what a store counts at each look, the last one again and again.
type counts struct {
	looks []holds.Telling
	err   error
}

func (c *counts) CountTold(_ context.Context, _ holds.TenantID, _ holds.ConnectionID, now time.Time) (holds.Telling, error) {
	t := c.looks[0]
	if len(c.looks) > 1 {
		c.looks = c.looks[1:]
	}
	t.At = now
	return t, c.err
}

// TestD3ASilentPushIsTamper: that a push tells nothing any more pages people once a
// day; quiet, a few events too few and a store that does not answer tell nothing.
func TestD3ASilentPushIsTamper(t *testing.T) {
	silent := holds.Telling{Silent: 6, Changes: 2, Since: start, Types: []string{"user.mfa.factor.update"}, Hour: holds.TellingCount{OnlyLog: 6}}
	well := holds.Telling{Hour: holds.TellingCount{Pushed: 1, OnlyLog: 6}}
	for name, tc := range map[string]struct {
		counts counts
		want   int
	}{
		"silent":                    {counts{looks: []holds.Telling{silent}}, 1},
		"well, then silent":         {counts{looks: []holds.Telling{well, silent}}, 1},
		"silent, well and again":    {counts{looks: []holds.Telling{silent, well, silent}}, 1},
		"well":                      {counts{looks: []holds.Telling{well}}, 0},
		"quiet":                     {counts{looks: []holds.Telling{{}}}, 0},
		"it could not be looked at": {counts{looks: []holds.Telling{silent}, err: holds.Refuse(holds.Unavailable, "down")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Tellings = &tc.counts
			w.Connections[0].PushAdvice = "Look at the hook."
			for range 4 {
				w.Health(t.Context())
				w.now = w.now.Add(time.Minute)
			}
			if len(w.received) != tc.want {
				t.Fatalf("raised %d times", len(w.received))
			}
			if tc.want == 0 {
				return
			}
			first, err := w.decode(w.received[0])
			if err != nil || first[0].Type != "countersign.told_by_log_alone" || first[0].Class != holds.Tamper ||
				!strings.HasSuffix(first[0].Summary, "Look at the hook.") || !strings.Contains(first[0].Summary, "user.mfa.factor.update") {
				t.Fatalf("%v %v", first, err)
			}
			w.happens(t, first[0])
			w.run(holds.EffectPage, holds.EffectSend, holds.EffectContain)
			if h := w.the(t); h.Class != holds.Tamper || len(w.provider.calls) != 0 || len(w.mail.sent) != 1 {
				t.Fatalf("%s, %d calls, %d pages", h.Class, len(w.provider.calls), len(w.mail.sent))
			}
		})
	}
}

// TestD3TheNextDayIsSaidAgain, while it lasts.
func TestD3TheNextDayIsSaidAgain(t *testing.T) {
	w := newWorld(t)
	w.Tellings = &counts{looks: []holds.Telling{{Silent: 6, Changes: 2, Since: start}}}
	for range 3 {
		w.Health(t.Context())
		w.now = w.now.Add(24 * time.Hour)
	}
	if len(w.received) != 3 {
		t.Fatalf("raised %d times on three days", len(w.received))
	}
}
