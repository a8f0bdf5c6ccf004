package holds

import "time"

// Facts about our own work at the provider.

func (s *step) announce(intents []Intent) {
	for _, i := range intents {
		i.Created = s.now
		s.c.Intents = append(s.c.Intents, i)
		s.system("intent.recorded", map[string]string{
			"intent": string(i.ID), "purpose": string(i.Purpose), "action": string(i.Action.Kind),
		})
	}
}

func (s *step) restraintBegun(f RestraintBegun) error {
	h := s.h()
	switch {
	case h.Ended() || h.liftBegun():
		return Refuse(Conflict, "The account is being given back; nothing more is restrained.")
	case h.Containment != ContainmentRequested && h.Containment != ContainmentFailed:
		return Refuse(Conflict, "No restraint is asked for: containment is %s.", h.Containment)
	}
	for _, i := range f.Intents {
		if i.Round != h.ContainRound {
			return Refuse(Conflict, "The containment of round %d is asked for, not that of round %d.", h.ContainRound, i.Round)
		}
	}
	if len(f.Intents) > 0 {
		s.c.Under, s.c.Restraint = BrakeContainment, f.Restraint
		s.freed()
	}
	s.announce(f.Intents)
	return nil
}

// restraintInherited takes over what restrains the account, so that lifting it is
// this hold's decision alone.
func (s *step) restraintInherited(f RestraintInherited) error {
	h := s.h()
	if h.Ended() || h.liftBegun() {
		return Refuse(Conflict, "The hold is %s and cannot take a restraint over.", h.State)
	}
	s.announce(f.Intents)
	s.system("restraint.inherited", map[string]string{"from": string(f.From)})
	return nil
}

// restraintConfirmed is the only way to the label "contained".
func (s *step) restraintConfirmed(f RestraintConfirmed) {
	h := s.h()
	if h.Ended() || h.liftBegun() {
		// It was released while we were still restraining: undo that, too.
		s.effect(Effect{Kind: EffectLift, Round: h.Version})
		return
	}
	if h.Containment != ContainmentConfirmed {
		h.Restrained, h.EffectiveBy, h.Waits = s.now, f.EffectiveBy, Waits{}
		s.lookBack()
	}
	h.Containment, h.Standing, h.ReadBack = ContainmentConfirmed, Contained, s.now
	s.settled(f.Remarks)
	s.system("restraint.confirmed", nil)
}

func (s *step) restraintFailed(f RestraintFailed) {
	h := s.h()
	if h.Ended() || h.Containment == ContainmentFailed {
		return
	}
	h.Containment, h.Standing = ContainmentFailed, Observed
	s.failed("restraint.failed", "not restrained: "+f.Reason)
}

func (s *step) restraintDrifted(f RestraintDrifted) {
	h := s.h()
	if h.Containment != ContainmentConfirmed || h.liftBegun() {
		return
	}
	h.Standing = Observed
	s.doubt("the restraint was undone by somebody: " + f.Reason)
	s.restrain()
	s.page("the restraint was undone by somebody: " + f.Reason)
	s.system("restraint.drifted", nil)
}

// liftBegun tells whether undoing our restraint has begun.
func (h Hold) liftBegun() bool {
	return !h.ReleaseBegun.IsZero() || !h.RestoreBegun.IsZero()
}

// Lifting tells whether our restraint is being undone and not yet read back as
// undone.
func (h Hold) Lifting() bool {
	return h.liftBegun() && (h.State == Approved || h.State == Reverted && h.Containment != ContainmentLifted)
}

func (s *step) liftBegun(f LiftBegun) error {
	h := s.h()
	switch {
	case h.State == Approved:
		if h.Frozen() && h.ReleaseBegun.IsZero() {
			return Refuse(Forbidden, "The owner said that this was not them.")
		}
		if s.now.Before(h.ReleaseAfter) {
			return Refuse(Conflict, "The waiting period is not over.")
		}
	case h.State == Reverted && !h.RestoreBegun.IsZero(), h.State == Released:
	default:
		return Refuse(Conflict, "The hold is %s; nothing may be lifted.", h.State)
	}
	if err := h.mayLift(f); err != nil {
		return err
	}
	if h.State == Approved && h.ReleaseBegun.IsZero() {
		h.ReleaseBegun = s.now
		h.expect(s.now)
		s.system("release.begun", nil)
	}
	s.c.Under = BrakeRelease
	s.freed()
	s.announce(f.Intents)
	return nil
}

// mayLift looks again at what the lift rests on: the hold's own decisions, or for
// one that follows another those of its leader, which only the keeper can see.
func (h Hold) mayLift(f LiftBegun) error {
	if h.Leader == "" {
		return h.Carried()
	}
	if !f.LeaderCarried {
		return h.unproven("the hold that it follows has not ended by proven decisions")
	}
	return nil
}

// expect announces the one follow-up a release lets through: after factors
// were taken away, one enrolment.
//
// It is one enrolment: what followed before the lift was read back has used it.
func (h *Hold) expect(now time.Time) {
	if h.Expectation.Class != "" {
		h.Expectation.Until = now.Add(h.Terms.Expect)
		return
	}
	for _, e := range h.Events {
		if e.Leader == "" && e.Class == MFAChange && (e.Verb == Reset || e.Verb == Remove) && h.Terms.Expect > 0 {
			h.Expectation = Expectation{Class: MFAChange, Verb: Enrol, Until: now.Add(h.Terms.Expect)}
			return
		}
	}
}

func (s *step) liftConfirmed(f LiftConfirmed) error {
	h := s.h()
	switch {
	case h.State == Approved && !h.ReleaseBegun.IsZero():
		h.State, h.ClosedAt = Released, s.now
		h.expect(s.now)
	case h.State == Reverted && !h.RestoreBegun.IsZero():
		h.ClosedAt = s.now
	case h.State == Released:
	default:
		return Refuse(Conflict, "The hold is %s; no lift had begun.", h.State)
	}
	if h.Containment != NotContained {
		h.Containment, h.Standing = ContainmentLifted, Observed
	}
	s.settled(f.Remarks)
	s.system("lift.confirmed", map[string]string{"state": string(h.State)})
	return nil
}

func (s *step) revertBegun(f RevertBegun) error {
	if h := s.h(); h.State != Denied || h.Outcome == "" {
		return Refuse(Conflict, "The hold is %s; nothing may be undone without a reviewer's deny.", h.State)
	}
	if err := s.h().denied(); err != nil {
		return err
	}
	s.c.Under = BrakeContainment
	if s.h().Waits.Cap == "" {
		s.freed()
	}
	s.announce(f.Intents)
	return nil
}

func (s *step) revertConfirmed(f RevertConfirmed) error {
	h := s.h()
	if h.State != Denied || h.Outcome == "" {
		return Refuse(Conflict, "The hold is %s; no undoing had begun.", h.State)
	}
	h.State, h.ClosedAt = Reverted, s.now
	h.RevertDone, h.Irreversible = f.Done, f.Irreversible
	h.Version++
	s.tell()
	s.system("hold.reverted", map[string]string{
		"undone": plural(len(f.Done), "change"), "irreversible": plural(len(f.Irreversible), "change"),
	})
	return nil
}
