package holds

import (
	"time"
)

// logFindings: reading the log is what everything else rests on. A reading that
// succeeds is also our canary: it is an authenticated question that the provider
// answered a moment ago, so that nothing in it means that nothing happened.
func (h ConnectionHealth) logFindings(t FeedTerms, now time.Time) []Finding {
	since := h.Polled
	if since.IsZero() {
		since = h.Configured
	}
	silent := now.Sub(since)
	if since.IsZero() || silent < h.readWithin(t) {
		return nil
	}
	f := Finding{
		Kind: LogUnread, Wrong: true, Page: silent >= max(pageAfter, h.readWithin(t)), Since: since,
		What: "The provider's log was last read " + Ago(silent) + " ago; changes that no push tells of are not seen meanwhile.",
		Do:   "Check that `countersign serve` runs and reaches the provider, and that its credential may read the log.",
	}
	if h.Polled.IsZero() {
		f.What = "The provider's log was never read since the connection was configured " + Ago(silent) + " ago."
	}
	f.What += further(h.LogTrouble)
	out := []Finding{f}
	if t.Kept > 0 && silent > t.Kept && !h.Polled.IsZero() {
		out = append(out, Finding{
			Kind: LogGap, Wrong: true, Page: true, Since: h.Polled,
			What: "The log was not read for longer than the provider keeps it (" + Ago(t.Kept) + "); changes in between may never be seen here.",
			Do:   "Look at another copy of the log, if there is one: `countersign replay` judges an export of it.",
		})
	}
	return out
}

// readWithin is how old a reading may be.
func (h ConnectionHealth) readWithin(t FeedTerms) time.Duration { return max(sayAfter, 3*t.PollEvery) }

// hookFindings are what the provider's own description of our hook says.
func (h ConnectionHealth) hookFindings(t FeedTerms, now time.Time) []Finding {
	var out []Finding
	if h.Push.Trouble != "" {
		out = append(out, Finding{Kind: PushOff, Wrong: true, Since: h.Push.Since, What: h.Push.Trouble, Do: "Put it right at the provider; nobody but you should have changed it."})
	}
	unseen := Finding{Kind: PushUnseen, Since: h.Push.At, What: "Whether somebody switched our hook off cannot be seen: " + h.Push.Unseen}
	switch {
	case t.HookID == "":
		unseen.Since, unseen.What = time.Time{}, "Whether somebody switched our hook off cannot be seen: hook.id is not configured."
		unseen.Do = "Give the hook's id as hook.id in the configuration."
	case h.Push.Unseen != "":
		unseen.Do = "Let the credential read event hooks."
	case h.Push.At.IsZero() && now.Sub(h.Configured) >= sayAfter, !h.Push.At.IsZero() && now.Sub(h.Push.At) >= staleLook:
		unseen.What = "Our hook's own description was not looked at of late."
		unseen.Do = "Check that `countersign serve` runs."
	default:
		return out
	}
	return append(out, unseen)
}

// subscriptionFindings: Graph tells nobody when a subscription to accounts or groups
// is lost, so that each must be seen to be renewed.
func (h ConnectionHealth) subscriptionFindings(now time.Time) []Finding {
	var out []Finding
	for _, f := range h.Subscriptions {
		what, since := f.wrong(now)
		if what == "" {
			continue
		}
		out = append(out, Finding{
			Kind: SubscriptionLost, Wrong: true, Page: !since.IsZero() && now.Sub(since) >= pageAfter, Since: since,
			What: "The subscription to " + f.Resource + " " + what,
			Do:   "Countersign makes it anew by itself every few minutes. If it cannot, check that Microsoft reaches the notification address from outside.",
		})
	}
	if len(h.Subscriptions) == 0 && !h.Configured.IsZero() && now.Sub(h.Configured) >= sayAfter {
		out = append(out, Finding{
			Kind: SubscriptionLost, Wrong: true, Page: now.Sub(h.Configured) >= pageAfter, Since: h.Configured,
			What: "There is no subscription through which the provider could call us.", Do: "Check that `countersign serve` runs.",
		})
	}
	return out
}

// wrong says what is wrong with a subscription, and since when.
func (f Feed) wrong(now time.Time) (what string, since time.Time) {
	renewed := f.Made.Add(f.Expires.Sub(f.Made) * 3 / 4) // it is renewed at half of its life
	switch {
	case f.ID == "" && f.Trouble != "":
		return "is missing: " + f.Trouble, f.Expires
	case f.ID == "" && !f.Pending.After(now):
		return "is missing.", f.Expires
	case f.ID != "" && !f.Expires.IsZero() && !f.Expires.After(now):
		return "ended " + Ago(now.Sub(f.Expires)) + " ago and was not renewed." + further(f.Trouble), f.Expires
	case f.Trouble != "":
		return "is in trouble: " + f.Trouble, time.Time{}
	case f.ID != "" && !f.Expires.IsZero() && !f.Made.IsZero() && now.After(renewed):
		return "ends in " + Ago(f.Expires.Sub(now)) + " and should have been renewed before.", renewed
	}
	return "", time.Time{}
}

// silence is what the push should have told and did not. With the hook's own
// description in order its daily allowance is used up, or it does not reach us.
func (h ConnectionHealth) silence(t FeedTerms, now time.Time) []Finding {
	what := h.Telling.Trouble()
	if what == "" || now.Sub(h.Telling.At) >= staleLook {
		return nil
	}
	if t.Hook && h.Push.Trouble == "" && h.Push.Unseen == "" && now.Sub(h.Push.At) < staleLook {
		what += " The hook itself is in order at the provider, so that its allowance is used up or its calls do not reach us in time."
	}
	return []Finding{{Kind: PushSilent, Wrong: true, Since: h.Telling.Since, What: what, Do: t.Advice}}
}

// further is a further sentence behind another one.
func further(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}
