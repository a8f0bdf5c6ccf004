package holds

import (
	"slices"
	"time"
)

// Messages to one contact point are few enough to be read. Whoever can cause
// changes can cause messages, and the one that matters must not drown in the
// rest: above a number within an hour they are gathered into digests.
const (
	// TellWindow is how long a message counts.
	TellWindow = time.Hour
	// MostToOwner and MostToDuty are how many messages of one gravity or a graver one
	// go to a contact point by themselves within the window.
	MostToOwner = 6
	MostToDuty  = 20
	// MostGathered is how many messages one digest stands for.
	MostGathered = 200
)

// Spoken is a message that went to a contact point of late, or is about to.
type Spoken struct {
	Notice NoticeID
	// Gravity is its urgency, UrgencyFirst to UrgencyLow.
	Gravity int
	// Due is when a digest goes out; zero for a message that was no digest.
	Due time.Time
	// Open says that nobody has begun to write the digest, and Carries how many
	// other messages it stands for.
	Open    bool
	Carries int
}

// Urgency is how much a hold matters among others: what the owner repudiated and
// what is privileged comes before the rest of its tier.
func (h Hold) Urgency() int {
	privileged := slices.ContainsFunc(h.Events, func(e EventRef) bool { return e.Rank == RankTop || e.Rank == RankPrivileged })
	switch {
	case !h.NotMe.IsZero(), h.Terms.Tier == TierHigh && privileged:
		return UrgencyFirst
	case h.Terms.Tier == TierHigh, privileged:
		return UrgencyHigh
	case h.Terms.Tier == TierMedium:
		return UrgencyMedium
	}
	return UrgencyLow
}

// Gravity is how much a message about a hold matters. What was done to
// Countersign itself is as grave as can be for those who look after it.
func (n Notice) Gravity(h Hold) int {
	if n.Audience == ToDuty && h.Class == Tamper {
		return UrgencyFirst
	}
	return h.Urgency()
}

// Gather decides how a new message goes to its contact point. By itself, at once
// (bearer is the message, due zero), as long as few enough went there within the
// window that matter as much or more: so one that is graver than all that was told
// waits for nothing. Else in a digest: in the one of its gravity that waits
// already (bearer is that one), or as the first of a new one (bearer is the
// message, due is when it goes). Lesser messages never delay a graver one.
func Gather(n Notice, gravity int, recent []Spoken, now time.Time) (bearer NoticeID, due time.Time) {
	alike, most := 0, MostToOwner
	if n.Audience == ToDuty {
		most = MostToDuty
	}
	for _, s := range recent {
		if s.Gravity <= gravity {
			alike++
		}
	}
	if alike < most {
		return n.ID, time.Time{}
	}
	for _, s := range recent {
		if s.Gravity == gravity && s.Open && s.Due.After(now) && s.Carries+1 < MostGathered {
			return s.Notice, time.Time{}
		}
	}
	return n.ID, now.Add(gatherFor(n.Audience, gravity))
}

// gatherFor is how long a digest is gathered. The gravest pages wait a minute,
// which is no wait for people who have had twenty within the hour.
func gatherFor(to Audience, gravity int) time.Duration {
	switch {
	case to == ToDuty && gravity == UrgencyFirst:
		return time.Minute
	case to == ToDuty && gravity == UrgencyHigh, gravity == UrgencyFirst:
		return 5 * time.Minute
	}
	return 15 * time.Minute
}

// Gathered is one thing that a digest tells: the newest message about it, with
// the hold where there is room to say more than its name.
type Gathered struct {
	Notice Notice
	Hold   Hold
}
