package holds

import (
	"slices"
	"time"
)

// maxRounds is how often one hold restrains its account again; beyond it
// somebody is undoing our work and people take over.
const maxRounds = 5

// maxEventRounds is how many of them further events may use up, so that nobody
// makes events until a restraint that is undone is not put back.
const maxEventRounds = 3

// Apply says what a fact makes of a hold. It changes nothing by itself and
// never looks at a clock. A refusal is an *Error whose detail may be shown to
// the person who caused it.
func Apply(h Hold, f Fact, now time.Time) (Change, error) {
	s, ended := &step{now: now, c: Change{Hold: h}}, h.Ended()
	var err error
	switch f := f.(type) {
	case Joined:
		err = s.joined(f)
	case Checked:
		err = s.checked(f.Evidence)
	case Decided:
		err = s.decided(f.Decision)
	case OwnerSaid:
		err = s.ownerSaid(f)
	case Noted:
		s.noted(f.Note)
	case RestraintBegun:
		err = s.restraintBegun(f)
	case RestraintConfirmed:
		s.restraintConfirmed(f)
	case RestraintInherited:
		err = s.restraintInherited(f)
	case RestraintUnread:
		s.doubt("the restraint could not be read back: " + f.Reason)
	case BrakeHit:
		err = s.brakeHit(f)
	case BrakeFreed:
		err = s.brakeFreed()
	case DecisionsUnproven:
		err = s.decisionsUnproven(f)
	case DecisionRefused:
		err = s.decisionRefused(f)
	case GivenUp:
		s.failed("job.given_up", "Countersign gave up on the job \""+string(f.Effect)+"\": "+f.Reason)
	case RestraintFailed:
		s.restraintFailed(f)
	case RestraintDrifted:
		s.restraintDrifted(f)
	case LiftBegun:
		err = s.liftBegun(f)
	case LiftConfirmed:
		err = s.liftConfirmed(f)
	case LiftFailed:
		s.failed("lift.failed", "our restraint could not be lifted: "+f.Reason)
	case RevertBegun:
		err = s.revertBegun(f)
	case RevertConfirmed:
		err = s.revertConfirmed(f)
	case RevertFailed:
		s.failed("revert.failed", "the change could not be undone: "+f.Reason)
	case DeadlinePassed:
		s.deadlinePassed()
	case Told:
		s.told()
	case Untold:
		s.untold(f)
	case Planned:
		s.planned(f)
	case Led:
		err = s.led(f)
	case LeaderEnded:
		err = s.leaderEnded(f)
	case LinksSought:
		err = s.linksSought(f)
	case LookedBack:
		err = s.lookedBack(f)
	default:
		err = Refuse(Invalid, "unknown fact %T", f)
	}
	if err != nil {
		return Change{}, err
	}
	if h := s.h(); h.Ended() && !ended && h.Linking {
		s.effect(Effect{Kind: EffectFollow, Round: h.Version})
	}
	return s.c, nil
}

// step is one application of a fact: the change as it grows.
type step struct {
	now time.Time
	c   Change
}

func (s *step) h() *Hold { return &s.c.Hold }

// entry adds an audit entry.
func (s *step) entry(kind string, by By, facts map[string]string) {
	s.c.Entries = append(s.c.Entries, Entry{Kind: kind, By: by, Facts: facts})
}

// system adds an audit entry of the keeper's own.
func (s *step) system(kind string, facts map[string]string) {
	s.entry(kind, BySystem("keeper"), facts)
}

// effect queues a job.
func (s *step) effect(e Effect) { s.c.Effects = append(s.c.Effects, e) }

func (s *step) page(why string) {
	s.effect(Effect{Kind: EffectPage, Why: why, Round: s.h().Version})
}

func (s *step) tell() {
	if h := s.h(); h.Terms.Tell {
		h.TellVersion = h.Version
		s.effect(Effect{Kind: EffectTell, Round: s.h().Version})
	}
}

// doubt adds a reason for people, once.
func (s *step) doubt(why string) {
	if h := s.h(); !slices.Contains(h.Doubts, why) {
		h.Doubts = append(slices.Clone(h.Doubts), why)
	}
}

// eventDoubts adds what the hold's events leave open. It outlives every
// read-back, which settles only how the account stands.
func (s *step) eventDoubts() {
	for _, e := range s.h().Events {
		for _, d := range e.Doubts {
			s.doubt(d)
		}
	}
}

// settled forgets the doubts about the account's standing after a read-back, but
// for those of the events and of what could not be looked up, and what the
// read-back remarks.
func (s *step) settled(remarks []string) {
	s.h().Doubts = nil
	if w := s.h().Waits; w.Brake != "" {
		s.doubt(w.doubt())
	}
	s.eventDoubts()
	s.unseen()
	for _, r := range remarks {
		s.doubt(r)
	}
}

// changed notes that what a reviewer saw is no longer what there is: the
// version moves on and decisions made on the old one are void.
func (s *step) changed() {
	h := s.h()
	h.Version++
	h.Decisions = slices.Clone(h.Decisions)
	for i := range h.Decisions {
		d := &h.Decisions[i]
		if d.Kind == Approve || d.Kind == Restore {
			d.Void = true
		}
	}
	if h.State == Approved && h.ReleaseBegun.IsZero() {
		h.State, h.ReleaseAfter, h.Outcome, h.DecidedAt = Pending, time.Time{}, "", time.Time{}
	}
}

// restrain asks for a containment where the terms demand one and the account
// may be restrained.
func (s *step) restrain() {
	h := s.h()
	switch {
	case len(h.Terms.Contain) == 0:
	case h.Exempt != "":
		s.doubt("not restrained: this is a " + h.Exempt)
	case h.ContainRound >= maxRounds:
		h.Containment, h.Standing = ContainmentFailed, Observed
		s.doubt("our restraint was undone again and again; it is not repeated")
	default:
		h.ContainRound++
		h.Containment = ContainmentRequested
		s.effect(Effect{Kind: EffectContain, Round: h.ContainRound})
	}
}

func (s *step) noted(n Note) {
	n.At = s.now
	s.c.Notes = append(s.c.Notes, n)
	s.entry("note.recorded", n.By, nil)
}

// failed records that an attempt of ours did not work; the job goes on trying.
func (s *step) failed(kind, why string) {
	s.doubt(why)
	s.page(why)
	s.system(kind, nil)
}

// deadlinePassed escalates: it pages people and queues again what they decided.
// Time never decides anything.
func (s *step) deadlinePassed() {
	h := s.h()
	if h.Ended() {
		return
	}
	if h.Leader != "" && h.State == Pending {
		s.lookToLeader()
		return
	}
	h.Escalations++
	h.Due = s.now.Add(deadline(h.Terms))
	switch {
	case h.State == Reverted && h.RestoreBegun.IsZero():
		s.page("the account is still restrained after the deny; give it back to its owner")
	case h.State == Reverted, h.State == Approved && !s.now.Before(h.ReleaseAfter):
		s.page("giving the account back is not finished")
		s.effect(Effect{Kind: EffectLift, Round: h.Version})
	default:
		s.page("nobody has decided in time")
	}
	s.system("hold.escalated", map[string]string{"times": plural(h.Escalations, "time")})
}

func (s *step) told() {
	if h := s.h(); h.ToldAt.IsZero() {
		h.ToldAt, h.Untold = s.now, ""
	}
}

func (s *step) untold(f Untold) {
	h := s.h()
	if !h.ToldAt.IsZero() || h.Untold == f.Reason {
		return
	}
	h.Untold = f.Reason
	s.page("the owner cannot be told: " + f.Reason)
	s.system("owner.untold", nil)
}

func (s *step) planned(f Planned) {
	for _, n := range f.Notices {
		s.c.Notices = append(s.c.Notices, n)
		s.effect(Effect{Kind: EffectSend, Notice: n.ID})
		s.system("notice.planned", map[string]string{"notice": string(n.ID), "audience": string(n.Audience), "channel": n.Channel})
	}
}
