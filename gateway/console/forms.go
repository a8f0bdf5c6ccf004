package console

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// longest is how many characters of a reason or a note are kept.
const longest = 2000

// minOnFile is how long before the change a number must be on file; the state
// machine has the last word.
const minOnFile = 7 * 24 * time.Hour

// typed is what a reviewer had typed when the form came back with a problem.
type typed struct {
	Kind, Point, Requester, Other, Reference, Witness, Place, Remark string
	Decision, Reason, Target                                         string
	Text                                                             string
}

// forms says which forms a page shows, and why one is left out.
type forms struct {
	// Open is false when the hold takes only notes.
	Open bool
	// Checked is true when no more identity checks are asked for, so that the
	// decision comes first.
	Checked   bool
	Check     bool
	NoCheck   string
	Kinds     []kind
	Numbers   []number
	Manager   person
	Owner     person
	ActorOf   person
	Settled   person
	Weak      []string
	Decide    []choice
	NoDecide  string
	Lets      bool // approve or restore is among the choices
	TypedHint string
	LoginHint string
}

// kind is a method of identity check.
type kind struct {
	Value, Name string
	// Void says why it does not count on this hold.
	Void string
}

// number is one of the owner's phone numbers.
type number struct {
	ID, Masked, Source string
	Since              time.Time
	Void               string
}

// choice is a decision.
type choice struct{ Value, Name, Means, Not string }

func (r reader) forms() forms {
	h := r.v.Hold
	owner := r.v.People[h.Owner]
	f := forms{
		Owner: r.person(h.Owner), ActorOf: r.person(h.ActorOf), Manager: r.person(owner.Manager), Weak: weak(),
		TypedHint: page.Line(h.Subject.ID, 120), LoginHint: page.Line(h.Subject.Login, 120),
	}
	if f.TypedHint == "" && f.LoginHint == "" {
		f.TypedHint = string(h.ID)
	}
	if len(h.Evidence) > 0 {
		f.Settled = r.person(h.Requester)
	}
	f.Kinds, f.Numbers = r.kinds(), r.numbers()
	f.Check, f.NoCheck = r.mayCheck()
	f.Decide, f.NoDecide = r.choices()
	f.Open, f.Checked = !h.Ended() && h.Leader == "", !asksForChecks(h) || len(h.Missing()) == 0 && len(h.Verifiers()) > 0
	f.Lets = slices.ContainsFunc(f.Decide, func(c choice) bool {
		return c.Not == "" && (c.Value == string(holds.Approve) || c.Value == string(holds.Restore))
	})
	return f
}

// part is how the reviewer is part of the hold, empty when not at all.
func (r reader) part() string {
	switch h := r.v.Hold; {
	case r.by == h.Owner:
		return "You are the owner of this account."
	case r.by == h.ActorOf:
		return "You made this change, by the account it was made with."
	case r.by == h.Requester:
		return "You asked for this change."
	}
	return ""
}

func (r reader) mayCheck() (bool, string) {
	h := r.v.Hold
	switch {
	case !asksForChecks(h) && h.State == holds.Denied:
		return false, "Checks for giving the account back are recorded once the change is undone."
	case !asksForChecks(h):
		return false, "The hold takes no more identity checks."
	case r.part() != "":
		return false, r.part() + " Somebody else must check identity."
	}
	return true, ""
}

func (r reader) choices() ([]choice, string) {
	h := r.v.Hold
	deny := choice{string(holds.Deny), "Deny", "undo the change", ""}
	remove := choice{string(holds.RemoveAccess), "Remove access", "undo the change, and say that the access should not exist at all", ""}
	var out []choice
	switch {
	case h.State == holds.Pending && h.Frozen():
		out = []choice{deny, remove}
	case h.State == holds.Pending:
		out = []choice{deny, remove, {string(holds.Approve), "Approve", "let the change stand and lift our restraint", r.notYet()}}
	case h.State == holds.Approved && h.ReleaseBegun.IsZero(), h.State == holds.Denied && h.Outcome == "":
		out = []choice{deny, remove}
	case h.State == holds.Reverted && asksForChecks(h):
		out = []choice{{string(holds.Restore), "Restore", "give the account back to its owner and lift our restraint", r.notYet()}}
	default:
		return nil, "There is nothing left to decide."
	}
	if part := r.part(); part != "" {
		return nil, part + " Somebody else must decide."
	}
	return out, ""
}

// notYet says why this reviewer cannot let the account go at this moment.
func (r reader) notYet() string {
	h := r.v.Hold
	missing := h.Missing()
	switch {
	case len(missing) > 0:
		return "Not yet: " + list(missing) + " still missing."
	case len(h.Verifiers()) == 0:
		return "Not yet: nobody has checked identity."
	case slices.Contains(h.Verifiers(), r.by):
		return "You checked identity here; somebody else must approve."
	case slices.Contains(h.Approvals(approvalKind(h)), r.by):
		return "You have approved already; the next approval must be another person's."
	}
	return ""
}

func (r reader) kinds() []kind {
	void := map[holds.EvidenceKind]string{}
	if touched(r.v.Hold, holds.MFAChange) {
		void[holds.DeviceConfirmed] = "void here: the account's factors are what changed"
		void[holds.LiveSession] = void[holds.DeviceConfirmed]
	}
	if r.v.People[r.v.Hold.Owner].Manager == "" {
		void[holds.ManagerConfirmed] = "the directory names no manager"
	}
	usable := slices.ContainsFunc(r.numbers(), func(n number) bool { return n.Void == "" })
	if !usable {
		void[holds.Callback] = "no number has been on file long enough"
	}
	var out []kind
	for _, k := range holds.EvidenceKinds() {
		out = append(out, kind{Value: string(k), Name: kindName(k), Void: void[k]})
	}
	return out
}

func (r reader) numbers() []number {
	var out []number
	for _, p := range r.v.People[r.v.Hold.Owner].Points {
		if p.Kind != holds.PhonePoint {
			continue
		}
		n := number{ID: p.ID, Masked: masked(p.Kind, p.Value), Source: page.Line(p.Source, 40), Since: p.Recorded}
		if r.v.Hold.Occurred.Sub(p.Recorded) < minOnFile {
			n.Void = "too new: not on file seven days before the change"
		}
		out = append(out, n)
	}
	return out
}

// weak are the things that people mistake for a check, each with the reason why
// it is none, in the words of the refusal.
func weak() []string {
	var out []string
	for _, name := range []string{
		"job_title", "birthday", "office", "manager_name", "last_four_phone", "email_signature", "project_names",
		"company_details", "email_possession", "knowledge_question", "urgency", "familiarity", "chat_approval",
	} {
		if _, err := holds.ParseEvidenceKind(name); err != nil {
			_, why, _ := strings.Cut(detail(err), ": ")
			why, _, _ = strings.Cut(why, ". ")
			out = append(out, upperFirst(strings.ReplaceAll(name, "_", " "))+": "+why)
		}
	}
	return out
}
