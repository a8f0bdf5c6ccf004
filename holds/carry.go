package holds

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Whoever can write to the database could write an approval into it. So whatever
// gives an account back, or undoes a change, looks again before its first call
// whether the decisions and checks it rests on were made through Countersign: the
// store says so of each row by its seal (Decision.Unproven, Evidence.Unproven),
// and here is what must be left when all others are taken away.

// Unproven refuses to act on decisions that do not carry what would be done.
type Unproven struct{ Why string }

// Error is the sentence.
func (u *Unproven) Error() string { return u.Why }

// Unwrap gives it the kind of what may not be done.
func (u *Unproven) Unwrap() error { return &Error{Kind: Forbidden, Detail: u.Why} }

// DecisionsUnproven says that a hold's decisions do not carry what it was about to
// do: somebody may have written them past Countersign.
type DecisionsUnproven struct{ Why string }

func (DecisionsUnproven) fact() {}

// DecisionRefused says that somebody decided about a hold that can take no more
// decisions. It changes nothing, and is on record.
type DecisionRefused struct{ Decision Decision }

func (DecisionRefused) fact() {}

// decisionRefused appends the audit entry alone.
func (s *step) decisionRefused(f DecisionRefused) error {
	h := s.h()
	if !h.Over() || f.Decision.Approver == "" {
		return Refuse(Conflict, "The hold is %s; a decision about it is taken or shown to be wrong.", h.State)
	}
	s.entry("decision.refused", ByPerson(f.Decision.Approver), map[string]string{"decision": string(f.Decision.Kind), "state": string(h.State)})
	return nil
}

// Over tells whether nothing is left to decide: the hold has ended, or its release
// has begun and cannot be recalled.
func (h Hold) Over() bool { return h.Ended() || h.liftBegun() }

// Repeats tells whether a decision is one that its person made already: a button
// pressed twice is no second decision.
func (h Hold) Repeats(d Decision) bool {
	return slices.ContainsFunc(h.Decisions, func(o Decision) bool {
		return o.Approver == d.Approver && o.Kind == d.Kind && o.Version == d.Version
	})
}

// Bound is what a decision is bound to besides itself: what was demanded, of
// whom, and who must not decide. A denial binds the account alone: what joins the
// hold afterwards makes it stricter, and takes nothing from the denial.
func (h Hold) Bound(k DecisionKind) []byte {
	b := struct {
		Connection                ConnectionID
		Subject                   string
		Owner, ActorOf, Requester PersonID `json:",omitempty"`
		Terms                     *Terms   `json:",omitempty"`
	}{Connection: h.Connection, Subject: h.Subject.ID}
	if k == Approve || k == Restore {
		b.Owner, b.ActorOf, b.Requester, b.Terms = h.Owner, h.ActorOf, h.Requester, &h.Terms
	}
	out, err := json.Marshal(b)
	if err != nil {
		return nil // strings and numbers are always written
	}
	return out
}

// Carried tells whether what people decided lets the account be given back, by
// decisions and checks that are proven; nil if so. It counts anew what was counted
// when they were made.
func (h Hold) Carried() error {
	kind, begun := Approve, h.ReleaseBegun
	if h.State == Reverted {
		kind, begun = Restore, h.RestoreBegun
	}
	who, version := h.carriers(kind)
	items, paths := h.proof()
	checkers := h.Verifiers()
	apart := func(p PersonID) bool { return !slices.Contains(checkers, p) && !h.involves(p) }
	switch {
	case begun.IsZero() && version != h.Version && len(who) > 0:
		return h.unproven("its approvals are of version %d and it is at %d", version, h.Version)
	case len(who) < max(1, h.Terms.Approvers):
		return h.unproven("%d of the %d approvals it needs are proven", len(who), max(1, h.Terms.Approvers))
	case len(checkers) == 0 || items < h.Terms.Items || paths < h.Terms.Paths:
		return h.unproven("%d of the %d identity checks it needs are proven", items, max(1, h.Terms.Items))
	case slices.ContainsFunc(who, func(p PersonID) bool { return !apart(p) }):
		return h.unproven("somebody approved who is a part of it or checked identity")
	}
	return nil
}

// EndedCarried tells whether a hold has ended by proven decisions: an approval, a
// restoration, or the deny of one that restrained nothing.
func (h Hold) EndedCarried() bool {
	switch {
	case !h.Ended() || h.Leader != "":
		return false
	case h.State == Reverted && h.RestoreBegun.IsZero():
		return h.denied() == nil
	}
	return h.Carried() == nil
}

// carriers are the people whose proven approvals of this round are of the newest
// version that any of them is of.
func (h Hold) carriers(kind DecisionKind) (who []PersonID, version int) {
	for _, d := range h.Decisions {
		if d.counts() && d.Kind == kind && d.Round == h.Round {
			version = max(version, d.Version)
		}
	}
	for _, d := range h.Decisions {
		if d.counts() && d.Kind == kind && d.Round == h.Round && d.Version == version && !slices.Contains(who, d.Approver) {
			who = append(who, d.Approver)
		}
	}
	return who, version
}

func (d Decision) counts() bool { return !d.Void && d.Unproven == "" }

// denied tells whether a reviewer's proven deny lets the change be undone.
func (h Hold) denied() error {
	if slices.ContainsFunc(h.Decisions, func(d Decision) bool {
		return d.Kind == h.Outcome && d.Unproven == "" && (d.Round == h.Round || d.Round == h.Round-1)
	}) {
		return nil
	}
	return h.unproven("nobody's deny is proven")
}

func (h Hold) unproven(format string, args ...any) error {
	return &Unproven{Why: fmt.Sprintf(format, args...) + "; decisions that were not made through this installation count for nothing"}
}

// decisionsUnproven takes a hold back to people, in view of them: whatever was
// decided must be decided again. Nothing of ours is lifted and nothing is undone.
func (s *step) decisionsUnproven(f DecisionsUnproven) error {
	h := s.h()
	h.Class = Tamper
	switch {
	case h.Leader != "" && (h.State == Approved || h.State == Pending):
		s.standAlone(nil)
		h.State, h.ReleaseBegun = Approved, time.Time{}
		s.changed()
	case h.State == Approved:
		h.ReleaseBegun = time.Time{}
		s.changed()
	case h.State == Reverted && !h.RestoreBegun.IsZero():
		h.RestoreBegun = time.Time{}
		s.changed()
	case h.State == Denied && h.Outcome != "":
		h.Outcome = ""
		s.changed()
	case h.State == Released: // what restrains it stays until somebody looks
	default:
		return Refuse(Conflict, "The hold is %s; nothing rests on its decisions.", h.State)
	}
	h.Due = s.now.Add(deadline(h.Terms))
	s.doubt("tamper: " + f.Why)
	s.page("tamper: " + f.Why + ". The account stays as it is; look at who can write to the database, and decide anew")
	s.system("decisions.unproven", nil)
	return nil
}
