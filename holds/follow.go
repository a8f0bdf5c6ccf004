package holds

import (
	"slices"
	"time"
)

// A person has accounts in several places, and whoever took one of them over may
// have the others. When an account is restrained, the person's other accounts are
// held, too, each by a hold of its own that follows the first one, its leader: it
// is restrained, read back and watched like every other, but people decide on the
// leader alone, and the follower is let go when its last leader has ended. An
// event of its own makes a follower a hold that people decide.

// Lead is what a follower is told of its leader.
type Lead struct {
	Hold HoldID `json:"hold"`
	// Terms are the leader's; the follower is restrained in the same way.
	Terms Terms `json:"terms"`
	// ActorOf is the person behind the leader's actor, who decides nothing here.
	ActorOf PersonID `json:"actor_of,omitempty"`
}

// FollowRule is the name in the terms of a hold that follows another one.
const FollowRule = "linked-account"

// followEvery is how often a follower looks to its leader by itself, in case that
// the leader's word got lost.
const followEvery = time.Hour

// far is a deadline that no policy's is later than: nobody decides a follower.
const far = 30 * 24 * time.Hour

// Following are the terms on which an account is held with its leader. The owner
// is told of the leader, and people are paged about it.
func (l Lead) Following() Terms {
	t := l.Terms
	t.Rule, t.Tell, t.Deadline, t.Expect = FollowRule, false, far, 0
	return t
}

// Leads tells whether the person's other accounts are to be held with this one: it
// restrains its account, and follows no other. A break-glass account leads
// nobody, or touching it in an emergency would lock its keeper out everywhere.
func (h Hold) Leads() bool {
	return len(h.Terms.Contain) > 0 && !h.ToldOnly && h.Exempt == "" && h.Leader == "" && h.Subject.Resolved()
}

// OpenFollower starts a hold that follows the one of Event.Lead.
func OpenFollower(o Opening, now time.Time) Change {
	o.Terms = o.Event.Lead.Following()
	h := newHold(o, now)
	h.Leader, h.ActorOf, h.Due = o.Event.Lead.Hold, o.Event.Lead.ActorOf, now.Add(followEvery)
	ref := Ref(o.Event)
	ref.Received = o.Delivery.Received
	h.Events = []EventRef{ref}
	s := step{now: now, c: Change{Hold: h, Events: h.Events}}
	s.restrain()
	s.follow() // the leader may have ended while this was on its way
	s.entry("hold.opened", BySystem("keeper"), map[string]string{
		"class": string(h.Class), "tier": string(h.Terms.Tier), "rule": h.Terms.Rule, "policy": h.Terms.Policy,
		"event": o.Event.ID, "leader": string(h.Leader),
	})
	return s.c
}

// link has the person's other accounts looked for, once.
func (s *step) link() {
	if h := s.h(); h.Leads() && !h.Linking {
		h.Linking = true
		s.effect(Effect{Kind: EffectLink, Round: h.Version})
	}
}

// follow has a follower look whether its leaders have ended.
func (s *step) follow() { s.effect(Effect{Kind: EffectFollow, Round: s.h().Version}) }

// lookToLeader is what a follower does when its time is up: nobody is late here.
func (s *step) lookToLeader() {
	s.h().Due = s.now.Add(followEvery)
	s.follow()
}

// ofLeader refuses what belongs to the leader.
func (h Hold) ofLeader() error {
	return Refuse(Forbidden, "This account is held with hold %s of the same person. Check and decide there; this one follows.", h.Leader.Short())
}

// led adds a leader. A follower that was about to be let go stays.
func (s *step) led(f Led) error {
	h := s.h()
	switch {
	case h.Leader == "", !h.Open():
		return Refuse(Conflict, "The hold follows no other one.")
	case h.Leader == f.Leader, slices.Contains(h.Leaders, f.Leader):
		return Refuse(Conflict, "The hold follows that one already.")
	case h.State == Approved:
		h.State, h.ReleaseAfter, h.Outcome, h.DecidedAt = Pending, time.Time{}, "", time.Time{}
		h.Leader, h.Leaders = f.Leader, nil
	default:
		h.Leaders = append(slices.Clone(h.Leaders), f.Leader)
	}
	s.follow()
	s.system("leader.added", map[string]string{"leader": string(f.Leader)})
	return nil
}

// leaderEnded lets a follower go with its last leader. It is the only release
// without approvals of its own: those of the leader were given for the person.
func (s *step) leaderEnded(f LeaderEnded) error {
	h := s.h()
	further := slices.Index(h.Leaders, f.Leader)
	switch {
	case h.Leader == "", h.Leader != f.Leader && further < 0:
		return Refuse(Conflict, "The hold does not follow that one.")
	case h.State != Pending:
		return Refuse(Conflict, "The hold is %s already.", h.State)
	case further >= 0:
		h.Leaders = slices.Delete(slices.Clone(h.Leaders), further, further+1)
	case len(h.Leaders) > 0:
		h.Leader, h.Leaders = h.Leaders[0], slices.Clone(h.Leaders[1:])
	default:
		h.State, h.Outcome, h.DecidedAt, h.ReleaseAfter = Approved, f.Outcome, s.now, s.now
		s.effect(Effect{Kind: EffectLift, Round: h.Version})
	}
	s.system("leader.ended", map[string]string{"leader": string(f.Leader), "state": string(h.State)})
	return nil
}

// standAlone makes a follower a hold that people decide, because of an event of
// its own or the owner's word. The end of its leader no longer touches it.
func (s *step) standAlone(e *EventRef) {
	h := s.h()
	s.system("leader.left", map[string]string{"leader": string(h.Leader)})
	h.Leader, h.Leaders = "", nil
	if h.Terms.Deadline >= far {
		h.Terms.Deadline = 0
	}
	h.Due = s.now.Add(deadline(h.Terms))
	if e == nil {
		return
	}
	h.Class, h.Actor, h.ActorOf = e.Class, e.Actor, e.ActorOf
	if e.Actor.ID != "" && e.Actor.ID == h.Subject.ID {
		h.Requester = h.Owner
	}
	s.page("an account that was held with another one of the same person was changed itself")
}

// All is what the hold shows.
func (f LinksSought) All() []string { return append(slices.Clone(f.Named), f.Known...) }

// linksSought says which accounts are not restrained with this one.
func (s *step) linksSought(f LinksSought) error {
	h := s.h()
	if h.Ended() {
		return Refuse(Conflict, "The hold is over.")
	}
	news := slices.ContainsFunc(f.Named, func(what string) bool { return !slices.Contains(h.Unlinked, what) })
	h.Unlinked = f.All()
	if news {
		s.page("an account of the same sign-in name is linked to nobody, or to somebody else, and is not restrained; the hold names it")
	}
	s.system("links.sought", map[string]string{"unrestrained": plural(len(h.Unlinked), "account")})
	return nil
}
