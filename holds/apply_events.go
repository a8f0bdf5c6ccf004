package holds

import (
	"slices"
	"time"
)

// oneChange is how far apart the events of one enrolment may lie: an
// authenticator app enrols as several factors.
const oneChange = 2 * time.Minute

// joined adds an event to the hold. The result does not depend on the order in
// which events arrive: events are kept in order of time, then id.
func (s *step) joined(f Joined) error {
	h := s.h()
	if h.Has(f.Event.ID) {
		return Refuse(Conflict, "The event is already part of this hold.")
	}
	switch {
	case h.State == Released, h.State == Approved && !h.ReleaseBegun.IsZero():
		return s.followUp(f)
	case h.State == Reverted:
		return Refuse(Conflict, "The hold is over; the event opens another one.")
	}
	s.append(f.Event)
	h.Terms = h.Terms.Stricter(f.Terms)
	if f.Event.Occurred.Before(h.Occurred) {
		h.Occurred = f.Event.Occurred
	}
	h.Class = classOf(*h)
	s.changed()
	switch {
	case h.Containment == NotContained, h.Containment == ContainmentFailed:
		s.restrain()
	case h.Containment == ContainmentConfirmed && f.Event.Occurred.After(h.Restrained):
		// Somebody still acts on the account: end what access they have again.
		s.restrain()
	}
	if h.State == Denied && h.Outcome != "" {
		s.effect(Effect{Kind: EffectRevert, Round: h.Version})
	}
	s.tell()
	s.system("hold.joined", map[string]string{"event": f.Event.ID, "class": string(f.Event.Class), "tier": string(h.Terms.Tier)})
	return nil
}

// followUp lets the one expected change through, or says that the event is
// something new.
func (s *step) followUp(f Joined) error {
	h := s.h()
	late := f.Event.Transaction != "" && f.Event.Occurred.Before(h.ReleaseBegun) &&
		slices.ContainsFunc(h.Events, func(e EventRef) bool { return e.Transaction == f.Event.Transaction })
	if !late && !h.Expectation.fits(f.Event, h.ReleaseBegun) {
		return Refuse(Conflict, "The hold was released; the event opens another one.")
	}
	if !late {
		f.Event.Expected = true
		if h.Expectation.Met.IsZero() || f.Event.Occurred.Before(h.Expectation.Met) {
			h.Expectation.Met = f.Event.Occurred
		}
		h.Expectation.Used = append(slices.Clone(h.Expectation.Used), f.Event.ID)
	}
	s.append(f.Event)
	h.Version++
	s.tell()
	s.system("hold.followed", map[string]string{"event": f.Event.ID, "class": string(f.Event.Class)})
	return nil
}

// fits tells whether an event is the expected follow-up: of the named kind,
// in time, and part of the same single enrolment.
func (x Expectation) fits(e EventRef, begun time.Time) bool {
	if x.Class == "" || e.Class != x.Class || e.Verb != x.Verb {
		return false
	}
	if e.Occurred.Before(begun) || e.Occurred.After(x.Until) {
		return false
	}
	return x.Met.IsZero() || e.Occurred.Sub(x.Met).Abs() <= oneChange
}

func (s *step) append(e EventRef) {
	h := s.h()
	h.Events = append(slices.Clone(h.Events), e)
	slices.SortFunc(h.Events, func(a, b EventRef) int {
		if c := a.Occurred.Compare(b.Occurred); c != 0 {
			return c
		}
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	s.c.Events = append(s.c.Events, e)
}

// severity orders classes for the label of a hold of several; later is worse.
var severity = []Class{
	None, Unclassified, DeviceRegistration, MailboxDelegation, RemoteAccess, VaultRecovery, PasswordReset,
	RecoveryChange, MFAChange, EmergencyAccess, RoleActivation, OtherTakeover, Tamper,
}

// classOf is the gravest class among a hold's events.
func classOf(h Hold) Class {
	worst := h.Class
	for _, e := range h.Events {
		if slices.Index(severity, e.Class) > slices.Index(severity, worst) {
			worst = e.Class
		}
	}
	return worst
}
