package keeper

import (
	"time"

	"github.com/countersign/countersign/holds"
)

// logReach is how far back the longest of the providers' logs reaches: Okta keeps
// ninety days (https://developer.okta.com/docs/reference/api/system-log/). The keys
// of events are kept for longer, so that whatever the log can still tell is
// recognised when it is told again.
const logReach = 90 * 24 * time.Hour

// firstYear is when the first of the providers began.
const firstYear = 2009

// beyondTheLog takes the hold out of a ruling on what a webhook tells longer after
// it happened than any log could confirm it. Providers deliver within minutes, so
// it is a repetition by somebody, of something that may have been forgotten here:
// it is recorded and told, and restrains nobody. What a log itself tells is
// believed, however old; and a time at which there was no such provider is no time
// but a fault, behind which the change may be of today.
func beyondTheLog(q holds.Question, r holds.Ruling) holds.Ruling {
	age := q.Facts.At.Sub(q.Event.Occurred)
	if r.Verdict != holds.HoldIt || q.Delivery.Source != holds.FromHook || age <= logReach || q.Event.Occurred.Year() < firstYear {
		return r
	}
	r.Verdict = holds.Notify
	r.Reason += "; but a webhook told of it more than ninety days after it happened, which no provider does, so that it is told and not held"
	return r
}
