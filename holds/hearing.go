package holds

import (
	"fmt"
	"slices"
	"time"
)

// Hearing is whether changes reach us.
type Hearing string

// Whether changes reach us.
const (
	// Heard: changes arrived within a day.
	Heard Hearing = "changes arrive"
	// Quiet: nothing arrived for a day, and we would know: the log was read moments
	// ago and had nothing, and what pushes is in order as far as it can be seen.
	Quiet Hearing = "nothing happens"
	// Deaf: what happens may not arrive, or not in time.
	Deaf Hearing = "not everything arrives"
)

// Hearing tells quiet from silence.
func (h ConnectionHealth) Hearing(t FeedTerms, now time.Time) Hearing {
	deaf := []FindingKind{LogUnread, LogGap, PushOff, PushSilent, SubscriptionLost}
	for _, f := range h.Findings(t, now) {
		if slices.Contains(deaf, f.Kind) {
			return Deaf
		}
	}
	if h.Polled.IsZero() {
		return Deaf // it has only just begun
	}
	last := h.Telling.Log
	if h.Telling.Push.After(last) {
		last = h.Telling.Push
	}
	if now.Sub(last) > 24*time.Hour {
		return Quiet
	}
	return Heard
}

// Ago is a duration for people, in one unit that is fine enough.
func Ago(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
