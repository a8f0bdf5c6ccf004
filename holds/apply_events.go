package holds

import (
	"cmp"
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
	if h.Leader != "" {
		h.Terms.Rule, h.Terms.Policy = f.Terms.Rule, f.Terms.Policy
		s.standAlone(&f.Event)
	}
	if f.Event.Occurred.Before(h.Occurred) {
		h.Occurred = f.Event.Occurred
	}
	h.Class = classOf(*h)
	s.changed()
	switch {
	case h.Containment == NotContained, h.Containment == ContainmentFailed:
		s.restrain()
	case h.Containment == ContainmentConfirmed && f.Event.Occurred.After(h.Restrained) && h.ContainRound < maxEventRounds:
		// Somebody still acts on the account: end what access they have again.
		s.restrain()
	}
	s.link()
	if h.State == Denied && h.Outcome != "" {
		s.effect(Effect{Kind: EffectRevert, Round: h.Version})
	}
	if f.Event.Class == Tamper {
		s.page(h.further(f.Event))
	}
	s.tell()
	s.system("hold.joined", map[string]string{"event": f.Event.ID, "class": string(f.Event.Class), "tier": string(h.Terms.Tier)})
	return nil
}

// further is what people are paged with when something else was done to what
// Countersign stands on. Only our own observations are in our own words.
func (h Hold) further(e EventRef) string {
	if h.Subject.ID == FootingOf(h.Connection).ID && e.Summary != "" {
		return e.Summary
	}
	return "a further change to what Countersign stands on"
}

// followUp lets the one expected change through, or says that the event is
// something new.
func (s *step) followUp(f Joined) error {
	h := s.h()
	late := f.Event.Transaction != "" && f.Event.Occurred.Before(h.ReleaseBegun) && f.Terms.Tier.rank() <= h.Terms.Tier.rank() &&
		slices.ContainsFunc(h.Events, func(e EventRef) bool {
			return e.Transaction == f.Event.Transaction && e.Class == f.Event.Class
		})
	if !late && !h.expects(f.Event) {
		return Refuse(Conflict, "The hold was released; the event opens another one.")
	}
	if !late {
		f.Event.Expected = true
		if met := h.Expectation.Met; f.Event.Class == h.Expectation.Class && (met.IsZero() || f.Event.Occurred.Before(met)) {
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

// expects tells whether an event is the expected follow-up: of the named kind,
// in time, and part of one single enrolment.
func (h Hold) expects(e EventRef) bool {
	x := h.Expectation
	if x.Class == "" || e.Verb != x.Verb || e.Class != x.Class && !x.withDevice(e) {
		return false
	}
	if e.Occurred.Before(h.ReleaseBegun) || e.Occurred.After(x.Until) || e.Actor.ID != h.enroller() {
		return false
	}
	if e.Class != x.Class {
		return !slices.ContainsFunc(h.Events, func(o EventRef) bool { return o.Expected && o.Class == e.Class && !o.together(e) })
	}
	if x.Met.IsZero() {
		return true
	}
	with := false
	for _, o := range h.Events {
		if o.Class != x.Class || o.Verb != x.Verb || !o.Expected && !h.ToldOnly {
			continue
		}
		if o.repeats(e) {
			return false
		}
		with = with || o.together(e)
	}
	return with
}

// withDevice tells whether an event is the one device that an authenticator app
// is enrolled on: the platform tells of it apart from the app's factors, before or
// after them.
func (x Expectation) withDevice(e EventRef) bool {
	return x.Class == MFAChange && x.Verb == Enrol && e.Class == DeviceRegistration
}

// enroller is whose enrolment is expected: the account's own after a release,
// and that of whoever made the change where it was only told.
func (h Hold) enroller() string {
	if h.ToldOnly {
		return h.Actor.ID
	}
	return h.Subject.ID
}

// together tells whether two events are of one enrolment: of one request at the
// provider, or different factors of an authenticator app shortly after each
// other. Where the provider does not name requests, time alone tells.
func (e EventRef) together(o EventRef) bool {
	if e.Transaction != "" && e.Transaction == o.Transaction {
		return true
	}
	if e.Occurred.Sub(o.Occurred).Abs() > oneChange {
		return false
	}
	return e.Transaction == "" || o.Transaction == "" || ofApp(e.Factor) && ofApp(o.Factor)
}

// repeats tells whether two requests enrolled the same kind of factor: that
// makes two devices.
func (e EventRef) repeats(o EventRef) bool {
	apart := e.Transaction != "" && o.Transaction != "" && e.Transaction != o.Transaction
	return apart && e.Factor.Type == o.Factor.Type
}

// ofApp tells whether a factor is one of those that an authenticator app enrols
// together.
func ofApp(f Object) bool {
	return slices.Contains([]string{"push", "signed_nonce", "token:software:totp"}, f.Type)
}

func (s *step) append(e EventRef) {
	h := s.h()
	h.Events = sorted(append(slices.Clone(h.Events), e))
	h.Children = slices.DeleteFunc(slices.Clone(h.Children), func(c EventRef) bool { return c.ID == e.ID })
	s.c.Events = append(s.c.Events, e)
	s.eventDoubts()
}

// sorted puts events into the order in which they happened.
func sorted(events []EventRef) []EventRef {
	slices.SortFunc(events, func(a, b EventRef) int {
		return cmp.Or(a.Occurred.Compare(b.Occurred), cmp.Compare(a.ID, b.ID))
	})
	return events
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
		if e.Leader == "" && slices.Index(severity, e.Class) > slices.Index(severity, worst) {
			worst = e.Class
		}
	}
	return worst
}
