package holds

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// checked records an identity check. It changes what approvers have to see.
func (s *step) checked(e Evidence) error {
	h := s.h()
	switch {
	case h.Leader != "":
		return h.ofLeader()
	case h.State == Pending:
	case h.State == Reverted && !h.Ended() && h.RestoreBegun.IsZero():
	case h.State == Denied:
		return Refuse(Conflict, "The hold is denied. Checks for giving the account back are recorded once the change is undone.")
	default:
		return Refuse(Conflict, "The hold is %s; it takes no more identity checks.", h.State)
	}
	if e.Requester != "" && slices.ContainsFunc(h.Evidence, func(o Evidence) bool { return o.Round == h.Round && o.Unproven == "" && o.Requester != e.Requester }) {
		return Refuse(Conflict, "An earlier check names another person as the one who asked. Settle who asked before going on.")
	}
	if err := e.check(*h); err != nil {
		return err
	}
	s.changed()
	h.Requester = e.Requester
	e.At, e.Round, e.Version = s.now, h.Round, h.Version
	h.Evidence = append(slices.Clone(h.Evidence), e)
	s.c.Evidence = append(s.c.Evidence, e)
	s.entry("evidence.recorded", ByPerson(e.Verifier), map[string]string{
		"kind": string(e.Kind), "path": e.Kind.Path(), "evidence": e.ID,
	})
	return nil
}

// decided takes one person's decision on the version they saw.
func (s *step) decided(d Decision) error {
	h := s.h()
	if s.h().Leader != "" {
		return s.h().ofLeader()
	}
	if d.Approver == "" {
		return Refuse(Invalid, "A decision needs the name of a person.")
	}
	if strings.TrimSpace(d.Reason) == "" {
		return Refuse(Invalid, "Give a reason; it is part of the record.")
	}
	if h.involves(d.Approver) {
		return Refuse(Forbidden, "You are the actor, the requester or the subject of this hold; somebody else must decide.")
	}
	if d.Version != h.Version {
		return Refuse(Conflict, "The hold has changed since you opened it (you saw version %d, it is at %d). Read it again and decide then.", d.Version, h.Version)
	}
	d.At, d.Round = s.now, h.Round
	switch d.Kind {
	case Approve:
		return s.approve(d)
	case Deny, RemoveAccess:
		return s.deny(d)
	case Restore:
		return s.restore(d)
	}
	return Refuse(Invalid, "%q is not a decision. Approve, deny, remove access or restore.", d.Kind)
}

// quorum appends an approval and tells whether it was the last one needed. Its
// floor does not depend on any policy: at least one person who checked identity
// and at least one other who approves.
func (s *step) quorum(d Decision) (bool, error) {
	h := s.h()
	if missing := h.Missing(); len(missing) > 0 {
		return false, Refuse(Forbidden, "Not yet: this hold still needs %s.", strings.Join(missing, " and "))
	}
	if len(h.Verifiers()) == 0 {
		return false, Refuse(Forbidden, "Not yet: nobody has checked identity.")
	}
	if slices.Contains(h.Verifiers(), d.Approver) {
		return false, Refuse(Forbidden, "You checked identity on this hold; somebody else must approve.")
	}
	if slices.Contains(h.Approvals(d.Kind), d.Approver) {
		return false, Refuse(Conflict, "You have approved this already; the next approval must be another person's.")
	}
	s.record(d)
	return len(h.Approvals(d.Kind)) >= max(1, h.Terms.Approvers), nil
}

func (s *step) record(d Decision) {
	h := s.h()
	h.Decisions = append(slices.Clone(h.Decisions), d)
	s.c.Decisions = append(s.c.Decisions, d)
	s.entry("decision.recorded", ByPerson(d.Approver), map[string]string{
		"decision": string(d.Kind), "version": strconv.Itoa(d.Version), "id": d.ID,
	})
}

func (s *step) approve(d Decision) error {
	h := s.h()
	switch {
	case h.Frozen():
		return Refuse(Forbidden, "The owner said that this was not them. The hold is frozen and can only be denied.")
	case h.State != Pending:
		return Refuse(Conflict, "The hold is %s already.", h.State)
	}
	enough, err := s.quorum(d)
	if err != nil || !enough {
		return err
	}
	h.State, h.Outcome, h.DecidedAt = Approved, Approve, s.now
	h.ReleaseAfter = s.now.Add(h.Terms.Wait)
	s.effect(Effect{Kind: EffectLift, At: h.ReleaseAfter, Round: h.Version})
	s.system("hold.approved", map[string]string{"approvers": strconv.Itoa(len(h.Approvals(Approve)))})
	return nil
}

func (s *step) deny(d Decision) error {
	h := s.h()
	switch {
	case h.State == Approved && !h.ReleaseBegun.IsZero():
		return Refuse(Conflict, "The release has begun and cannot be recalled; a new hold must be opened.")
	case h.State == Denied && h.Outcome != "":
		return Refuse(Conflict, "The hold is denied already.")
	case h.State == Released, h.State == Reverted:
		return Refuse(Conflict, "The hold is %s already.", h.State)
	}
	s.record(d)
	if h.State != Denied {
		s.turnDenied()
	}
	h.Outcome = d.Kind
	s.effect(Effect{Kind: EffectRevert, Round: h.Version})
	s.system("hold.denied", map[string]string{"decision": string(d.Kind)})
	return nil
}

// turnDenied ends the round: checks and approvals made so far do not count for
// what follows.
func (s *step) turnDenied() {
	h := s.h()
	h.State, h.DecidedAt, h.ReleaseAfter = Denied, s.now, time.Time{}
	h.Outcome = ""
	h.Round++
}

// restore gives a denied account back to its owner, on the same terms as a
// release.
func (s *step) restore(d Decision) error {
	h := s.h()
	if h.State != Reverted || h.Ended() || !h.RestoreBegun.IsZero() {
		return Refuse(Conflict, "Only an account that is still restrained after a deny can be given back; this hold is %s.", h.State)
	}
	enough, err := s.quorum(d)
	if err != nil || !enough {
		return err
	}
	s.effect(Effect{Kind: EffectLift, Round: h.Version})
	h.RestoreBegun = s.now
	s.system("hold.restoring", nil)
	return nil
}

// ownerSaid takes the owner's word. Not-me beats everything that has not begun.
func (s *step) ownerSaid(f OwnerSaid) error {
	h := s.h()
	if !f.NotMe {
		if h.WasMe.IsZero() {
			h.WasMe = s.now
		}
		s.entry("owner.was_me", f.By, nil)
		return nil
	}
	if h.State == Released || h.State == Approved && !h.ReleaseBegun.IsZero() {
		return Refuse(Conflict, "The release has begun; a linked hold must be opened.")
	}
	if h.NotMe.IsZero() {
		h.NotMe = s.now
	}
	if h.Leader != "" && !h.Ended() {
		s.standAlone(nil)
	}
	if h.State == Pending || h.State == Approved {
		s.changed()
		s.turnDenied()
		if h.Containment != ContainmentConfirmed && h.Containment != ContainmentRequested {
			s.restrain()
		}
		s.link()
	}
	s.page("the owner says that this was not them")
	s.entry("owner.not_me", f.By, nil)
	return nil
}
