package holds

import (
	"strings"
	"time"
)

// EvidenceKind is a kind of identity check. The list is closed: there is no
// "other" and no "use judgment".
type EvidenceKind string

// The kinds that count. Each rests on one path, and a requirement counts paths.
const (
	// Callback is a call to a number that was on file well before the event.
	Callback EvidenceKind = "callback"
	// LiveSession is the owner confirming in a session opened before the event
	// with a factor that is not part of the change.
	LiveSession EvidenceKind = "live_session"
	// ManagerConfirmed is the manager on record, asked through an internal channel.
	ManagerConfirmed EvidenceKind = "manager"
	// DeviceConfirmed is a confirmation on a device enrolled before the event.
	DeviceConfirmed EvidenceKind = "device"
	// HRRecord is a record that its subject cannot edit.
	HRRecord EvidenceKind = "hr_record"
	// InPerson is meeting face to face or by video, with a witness.
	InPerson EvidenceKind = "in_person"
)

// EvidenceKinds is every kind that counts, in the order a page offers them.
func EvidenceKinds() []EvidenceKind {
	return []EvidenceKind{Callback, ManagerConfirmed, DeviceConfirmed, LiveSession, HRRecord, InPerson}
}

// Path is the way the proof travelled; two items on one path are one proof.
func (k EvidenceKind) Path() string {
	switch k {
	case Callback:
		return "phone"
	case LiveSession, DeviceConfirmed:
		return "provider"
	case ManagerConfirmed:
		return "manager"
	case HRRecord:
		return "record"
	case InPerson:
		return "in person"
	}
	return ""
}

// weak are things people mistake for proof, and why they are not.
var weak = map[string]string{
	"job_title":          "a job title is public",
	"birthday":           "a birthday is public",
	"office":             "an office location is public",
	"manager_name":       "knowing a manager's name is not the manager's confirmation",
	"last_four_phone":    "the last digits of a public number prove nothing",
	"email_signature":    "a signature can be copied from any mail",
	"project_names":      "project names are known to many",
	"company_details":    "company details are known outside the company",
	"email_possession":   "whoever took over the mailbox has it too",
	"knowledge_question": "answers to questions can be found or guessed",
	"urgency":            "urgent does not mean verified",
	"familiarity":        "a familiar voice is not an identity check",
	"chat_approval":      "a chat message is not a named approval",
}

// ParseEvidenceKind reads a kind; a weak one is refused by name, with why.
func ParseEvidenceKind(s string) (EvidenceKind, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, k := range EvidenceKinds() {
		if string(k) == s {
			return k, nil
		}
	}
	if why, ok := weak[s]; ok {
		return "", Refuse(Invalid, "%q does not count as an identity check: %s. Use one of the listed methods.", s, why)
	}
	return "", Refuse(Invalid, "%q is not a method of identity check. Use one of the listed methods.", s)
}

// Evidence is one identity check: who checked, how, and what the record is.
type Evidence struct {
	ID       string
	Kind     EvidenceKind
	Verifier PersonID
	// Requester is the person who asked for the change, as the verifier
	// established it; usually the owner.
	Requester PersonID
	// Reference is where the check is recorded elsewhere: a call's or ticket's
	// number, a record's id. Never free text that counts.
	Reference string
	// Point and OnFile are set for a callback: the number used and since when it
	// is on file.
	Point  string
	OnFile time.Time
	// Confirmer is who confirmed: the manager on record.
	Confirmer PersonID
	// Witness and Place are set for a meeting.
	Witness PersonID
	Place   string
	// Note is for the reader; it never counts.
	Note string
	At   time.Time
	// Round is the round of decisions it belongs to; an identity check made
	// before a deny does not support a restoration after it.
	Round int
	// Version is the version of the hold it was recorded on.
	Version int
	// Unproven is as of a Decision.
	Unproven string
}

// minOnFile is how long before the event a contact point must be on file.
const minOnFile = 7 * 24 * time.Hour

// check refuses evidence that is incomplete or void for this hold.
func (e Evidence) check(h Hold) error {
	switch {
	case e.Verifier == "":
		return Refuse(Invalid, "An identity check needs the name of the person who made it.")
	case e.Requester == "":
		return Refuse(Invalid, "Say who asked for the change. If it is the owner of the account, choose the owner.")
	case h.involves(e.Verifier):
		return Refuse(Forbidden, "You are the actor, the requester or the subject of this hold; somebody else must check identity.")
	case e.Verifier == e.Requester:
		return Refuse(Forbidden, "The person who asked for the change cannot be the one who checks identity.")
	case strings.TrimSpace(e.Reference) == "":
		return Refuse(Invalid, "Give the reference under which the check is recorded (a call's or a ticket's number).")
	}
	return e.checkKind(h)
}

func (e Evidence) checkKind(h Hold) error {
	switch e.Kind {
	case Callback:
		if e.Point == "" || e.OnFile.IsZero() {
			return Refuse(Invalid, "A callback needs a number on file; choose one of the owner's numbers.")
		}
		if h.Occurred.Sub(e.OnFile) < minOnFile {
			return Refuse(Forbidden, "That number has been on file only since %s; it must be on file seven days before the change.", e.OnFile.UTC().Format(time.DateOnly))
		}
	case ManagerConfirmed:
		if e.Confirmer == "" {
			return Refuse(Invalid, "The directory names no manager for this account, so a manager's confirmation cannot be recorded.")
		}
		if h.involves(e.Confirmer) || e.Confirmer == e.Requester {
			return Refuse(Forbidden, "The manager on record is the actor, the requester or the subject of this hold.")
		}
	case DeviceConfirmed, LiveSession:
		if h.touched(MFAChange) {
			return Refuse(Forbidden, "The account's factors are what changed, so a confirmation through them is void here.")
		}
	case InPerson:
		if e.Witness == "" || strings.TrimSpace(e.Place) == "" {
			return Refuse(Invalid, "A meeting needs a witness and a place.")
		}
		if e.Witness == e.Verifier || e.Witness == e.Requester || h.involves(e.Witness) {
			return Refuse(Forbidden, "The witness must be another person than the verifier, the actor, the requester and the subject.")
		}
	case HRRecord:
	default:
		return Refuse(Invalid, "%q is not a method of identity check.", e.Kind)
	}
	return nil
}
