package keeper

import (
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestE9AnUntoldHoldIsNeverLetGo: the mail server takes nothing until the last try;
// then the hold says that its owner was not told and people are paged. However many
// deadlines pass after that, each pages and none lets go.
func TestE9AnUntoldHoldIsNeverLetGo(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectContain, holds.EffectTell, holds.EffectPage)
	w.mail.answer = holds.Attempt{Status: holds.NoticeFailed, Again: true, Detail: "451"}
	j := take(t, w, holds.EffectSend)
	if err := w.send(t.Context(), j); holds.KindOf(err) != holds.Unavailable {
		t.Fatalf("it is not tried again: %v", err)
	}
	if h := w.the(t); h.Untold != "" {
		t.Fatalf("given up after one try: %q", h.Untold)
	}
	w.queue = nil
	j.Attempt = maxSends
	if err := w.send(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	take(t, w, holds.EffectPage)
	for week := range 8 {
		w.queue = nil
		w.now = w.now.Add(7 * 24 * time.Hour)
		w.Escalate(t.Context())
		take(t, w, holds.EffectPage)
		w.run(holds.EffectLift)
		h := w.the(t)
		if h.State != holds.Pending || h.Standing != holds.Contained || h.Untold == "" || !h.ToldAt.IsZero() || h.Escalations != week+1 || !w.provider.account.Restrained {
			t.Fatalf("week %d: %s, %s, untold %q, told %v, escalated %d times, restrained %v",
				week+1, h.State, h.Standing, h.Untold, h.ToldAt, h.Escalations, w.provider.account.Restrained)
		}
	}
}
