package holds

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// FindingKind says what a finding is about. There are few of them, so that they
// can be a label of a metric.
type FindingKind string

// What can be wrong with a connection.
const (
	// LogUnread: the provider's log is not read any more.
	LogUnread FindingKind = "log_unread"
	// LogGap: it was not read for longer than the provider keeps it.
	LogGap FindingKind = "log_gap"
	// PushOff: the provider's own description of our hook says that it does not tell
	// us of every change.
	PushOff FindingKind = "push_off"
	// PushUnseen: that description cannot be read.
	PushUnseen FindingKind = "push_unseen"
	// PushSilent: what the push should tell comes by the log alone.
	PushSilent FindingKind = "push_silent"
	// SubscriptionLost: a subscription is gone, at its end, or in trouble.
	SubscriptionLost FindingKind = "subscription_lost"
	// StrangersCall: notifications came that were not the provider's.
	StrangersCall FindingKind = "strangers_call"
	// RestraintOff: what restrains would not.
	RestraintOff FindingKind = "restraint_off"
	// RestraintShort: it restrains, and something is short of perfect.
	RestraintShort FindingKind = "restraint_short"
	// CallsFail: the provider refuses our calls or cannot be reached.
	CallsFail FindingKind = "calls_fail"
)

// FindingKinds are all of them.
func FindingKinds() []FindingKind {
	return []FindingKind{
		LogUnread, LogGap, PushOff, PushUnseen, PushSilent, SubscriptionLost, StrangersCall, RestraintOff, RestraintShort, CallsFail,
	}
}

// Finding is something about a connection that people should know.
type Finding struct {
	Kind FindingKind `json:"kind"`
	// Wrong is false for what deserves a look but keeps nothing from working.
	Wrong bool `json:"wrong"`
	// Page is set for what people are paged for.
	Page bool `json:"page"`
	// What is wrong, Since when where that is known, and what to Do, in sentences.
	What  string    `json:"what"`
	Since time.Time `json:"since,omitzero"`
	Do    string    `json:"do,omitempty"`
}

// FeedTerms are what is expected of a connection's feeds.
type FeedTerms struct {
	// PollEvery is between two readings of the log when nothing is new.
	PollEvery time.Duration
	// Kept is for how long the provider keeps its log.
	Kept time.Duration
	// Hook says that the provider pushes by a hook whose description can be read;
	// otherwise it pushes through subscriptions of ours.
	Hook bool
	// HookID is empty when it is not configured which hook is ours.
	HookID string
	// Advice says what to check when the push is silent.
	Advice string
}

// How long something may be as it should not be before it is said: everything is
// found within five minutes. People are paged when it has not gone by itself.
const (
	sayAfter  = 4 * time.Minute
	pageAfter = 15 * time.Minute
	// lookEvery is how often the keeper looks; what is much older tells nothing.
	staleLook = 15 * time.Minute
)

// Findings judges what is known of a connection: silence is told from quiet, and
// for each thing that is wrong people read what, since when, and what to do. What is
// wrong comes first.
func (h ConnectionHealth) Findings(t FeedTerms, now time.Time) []Finding {
	var out []Finding
	out = append(out, h.logFindings(t, now)...)
	if t.Hook {
		out = append(out, h.hookFindings(t, now)...)
	} else {
		out = append(out, h.subscriptionFindings(now)...)
	}
	out = append(out, h.silence(t, now)...)
	if h.Refused > 0 {
		out = append(out, Finding{
			Kind: StrangersCall, Since: h.RefusedAt,
			What: fmt.Sprintf("%d notifications came without the right client state, the last of them %s ago.", h.Refused, Ago(now.Sub(h.RefusedAt))),
			Do:   "They were refused and did nothing. If they go on, find out who knows the address.",
		})
	}
	out = append(out, h.restraintFindings(now)...)
	slices.SortStableFunc(out, wrongFirst)
	return out
}

// wrongFirst keeps what is wrong before what is only worth a look.
func wrongFirst(a, b Finding) int {
	rank := map[bool]int{true: 0, false: 1}
	return cmp.Compare(rank[a.Wrong], rank[b.Wrong])
}

// restraintFindings are about what a containment stands on.
func (h ConnectionHealth) restraintFindings(now time.Time) []Finding {
	var out []Finding
	if h.RulesTrouble != "" {
		out = append(out, Finding{
			Kind: CallsFail, Wrong: true, Since: h.Enforcement.At, What: "Calls to the provider fail: " + h.RulesTrouble,
			Do: "Check the credential and what it may do.",
		})
	}
	if h.Mode != ModeContain {
		return out
	}
	e := h.Enforcement
	switch {
	case e.At.IsZero() && now.Sub(h.Configured) >= sayAfter:
		out = append(out, Finding{Kind: RestraintOff, Wrong: true, Since: h.Configured, What: "Whether the restraint is enforced was never checked, so holds are only observed.", Do: "Check that `countersign serve` runs."})
	case e.At.IsZero():
	case !e.InForce:
		out = append(out, Finding{
			Kind: RestraintOff, Wrong: true, Since: e.At, What: "The restraint is not enforced, so holds are only observed: " + strings.Join(e.Problems, "; "),
			Do: "Set the deny rules of the restraint group right; README says how they must be.",
		})
	case now.Sub(e.At) >= staleLook:
		out = append(out, Finding{Kind: RestraintOff, Wrong: true, Since: e.At, What: "Whether the restraint is enforced was last checked " + Ago(now.Sub(e.At)) + " ago.", Do: "Check that `countersign serve` runs."})
	case len(e.Problems) > 0:
		out = append(out, Finding{Kind: RestraintShort, Since: e.At, What: "The restraint is in force, and short of perfect: " + strings.Join(e.Problems, "; ")})
	}
	return out
}
