package notify

import (
	"cmp"

	"github.com/countersign/countersign/holds"
)

// dutyPage is everything a page to the people on duty says: no names, no
// accounts, no addresses.
type dutyPage struct {
	Organisation, Why, Name, Tier string
	Standing                      holds.Standing
	Word                          string
	Connection                    string
	Events                        int
	Opened, Due                   string
	Frozen                        string
	Link, Reference               string
}

func (m *Messenger) composeDuty(n holds.Notice, h holds.Hold, link string) (letter, error) {
	w := words(h.Class, verb(h))
	p := dutyPage{
		Organisation: m.organisation(n.Tenant),
		Why:          foreign(cmp.Or(n.Why, "a hold needs people"), longText),
		Name:         w.name,
		Tier:         string(h.Terms.Tier),
		Standing:     h.Standing,
		Word:         dutyWord(h),
		Connection:   foreign(string(h.Connection), longName),
		Events:       len(h.Events),
		Opened:       moment(h.Opened),
		Link:         link,
		Reference:    h.ID.Short(),
	}
	if !h.Due.IsZero() {
		p.Due = stamp(h.Due)
	}
	if h.Frozen() {
		p.Frozen = stamp(h.NotMe)
	}
	word := string(p.Standing)
	if h.Containment == holds.ContainmentRequested {
		word = "being restrained" // observed until it is read back, which is a second away
	}
	subject := p.Organisation + ": " + p.Name + ", " + word + ", tier " + p.Tier + " [" + p.Reference + "]"
	return render("duty", subject, p)
}

// dutyWord is what the standing means for the people who must act.
func dutyWord(h holds.Hold) string {
	switch {
	case h.ToldOnly:
		return "the change took effect and was only told to the owner"
	case h.Standing == holds.Gated:
		return "the change has not been made and waits for a decision"
	case h.Standing == holds.Contained && h.Containment == holds.ContainmentConfirmed:
		return "the change took effect; the account is restrained, read back"
	case h.Containment == holds.ContainmentRequested:
		return "the change took effect; the restraint is under way and not confirmed"
	case h.Containment == holds.ContainmentFailed:
		return "the change took effect; restraining the account FAILED"
	case h.Containment == holds.ContainmentLifted:
		return "the change took effect; the restraint has been lifted"
	}
	return "the change took effect; the account is NOT restrained"
}
