package entra

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// tell makes the event of a record: who did what to whom, and what it means.
func (x *Decoder) tell(r *record, key name, received time.Time) holds.Event {
	k, spelling := x.kindOf(r, key)
	e := holds.Event{
		ID: r.id, Type: summary(r.activity), Class: k.class, Verb: k.verb, Echo: k.echo, Outcome: outcome(r.result), Way: k.way,
		Actor: x.who(r), Transaction: r.transaction, IP: r.ip, Summary: summary(r.activity),
	}
	var doubt string
	if e.Occurred, doubt = r.time(received); doubt != "" {
		r.doubt(doubt)
	}
	if k.push && e.Outcome == holds.Succeeded {
		e.Push = holds.PushedHint
	}
	if k.pending {
		e.Outcome = holds.Failed
		e.Summary += " (this grants nothing; what comes of it is a record of its own)"
	}
	r.order()
	x.subjects(&e, r)
	x.more(&e, r, k)
	x.tamper(&e, r)
	if k.more == policyDetail && e.Class == holds.RemoteAccess {
		x.policyDoubt(r)
	}
	x.disagreement(&e, r)
	if e.Class != holds.None && spelling != "" {
		r.doubt(spelling)
	}
	missing(&e, r, k)
	if e.Class == holds.None {
		e.Doubts = nil // nothing is decided by it
	} else {
		e.Doubts = r.doubts
	}
	return e
}

// kindOf looks an activity up by its name. What is not known but looks sensitive
// is unclassified.
func (x *Decoder) kindOf(r *record, n name) (kind, string) {
	if k, ok := x.kinds[string(n.bytes())]; ok {
		return k, ""
	}
	r.key = string(n.bytes())
	if present := presentTense(r.key); present != "" {
		if k, ok := x.kinds[present]; ok {
			return k, "The activity " + quoted(r.activity) + " was read as " + quoted(present) + "."
		}
	}
	k := kind{class: holds.None, verb: holds.Other}
	if looksSensitive(r.key) || strings.EqualFold(r.category, "Policy") && r.service == "Conditional Access" {
		k.class = holds.Unclassified
		return k, "The activity is not known to this program, but its name looks sensitive."
	}
	return k, ""
}

// more reads what an activity's name does not tell.
func (x *Decoder) more(e *holds.Event, r *record, k kind) {
	switch k.more {
	case userDetail:
		user(e, r)
	case methodDetail:
		securityInfo(e, r)
	case roleDetail:
		roleOf(e, r, k)
	case groupDetail:
		group(e, r)
	case credentialDetail:
		credential(e, r)
	case consentDetail:
		consent(e, r)
	case deviceDetail:
		device(e, r)
	case methodPolicyDetail:
		methodPolicy(e, r)
	case policyDetail, nothingMore:
	}
}

// disagreement keeps what a reader of the wrapping alone would have to take for a
// change, although the record inside is none.
func (x *Decoder) disagreement(e *holds.Event, r *record) {
	if e.Class != holds.None || r.outer == "" {
		return
	}
	if k, ok := x.kinds[r.outer]; ok && k.class != holds.None {
		e.Class = holds.Unclassified
	}
}

// missing says what a change that is decided leaves open.
func missing(e *holds.Event, r *record, k kind) {
	if e.Class == holds.None || len(e.Subjects) > 0 {
		return
	}
	if k.wide {
		if e.Class != holds.Tamper {
			r.doubt("The change is made to the organisation, a group or an application; the accounts it reaches are not named.")
		}
		return
	}
	r.doubt("The record names no account, so nobody can be restrained for it.")
}

// subjects finds the accounts and the other things the record names, by their
// type. The order and repetition of targets changes nothing.
func (x *Decoder) subjects(e *holds.Event, r *record) {
	for _, t := range r.targets {
		if t.badID {
			r.doubt("One target of the record has no usable id and cannot be told: " + quoted(cmp.Or(t.login, t.name)) + ".")
			continue
		}
		if !strings.EqualFold(t.kind, "User") {
			if t.kind != "" && t.id != "" {
				e.Objects = append(e.Objects, holds.Object{Type: t.kind, ID: t.id, Name: t.name})
			}
			continue
		}
		if t.id == "" {
			r.doubt("One account of the record has no id and cannot be told: " + quoted(t.login) + ".")
			continue
		}
		e.Subjects = append(e.Subjects, holds.Account{ID: t.id, Login: t.login, Name: t.name})
		if guid(t.id) == "" {
			r.doubt("The account's id " + quoted(t.id) + " is not a GUID, so nothing can be done to it.")
		}
	}
	tidy(e)
}

// tidy puts subjects and objects in order, each once.
func tidy(e *holds.Event) {
	if len(e.Subjects) > 1 {
		slices.SortFunc(e.Subjects, func(a, b holds.Account) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(b.Login, a.Login), cmp.Compare(b.Name, a.Name))
		})
		e.Subjects = slices.CompactFunc(e.Subjects, func(a, b holds.Account) bool { return a.ID == b.ID })
	}
	if len(e.Objects) > 1 {
		slices.SortFunc(e.Objects, compareObjects)
		e.Objects = slices.Compact(e.Objects)
	}
}

func compareObjects(a, b holds.Object) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name))
}

// object adds something that a property names rather than a target.
func object(e *holds.Event, kind, id, name string) {
	if id = objectID(id); id == "" || slices.ContainsFunc(e.Objects, func(o holds.Object) bool { return o.ID == id && o.Type == kind }) {
		return
	}
	e.Objects = append(e.Objects, holds.Object{Type: kind, ID: id, Name: providers.Plain(name, most)})
	tidy(e)
}

// self makes the actor the subject, where an activity is by its nature done to
// one's own account or device.
func self(e *holds.Event) {
	if len(e.Subjects) == 0 && e.Actor.Kind == holds.PartyPerson && e.Actor.ID != "" {
		e.Subjects = []holds.Account{{ID: e.Actor.ID, Login: e.Actor.Login, Name: e.Actor.Name}}
	}
}

// tidyFields puts fields in order, each once.
func tidyFields(e *holds.Event) {
	slices.SortFunc(e.Fields, func(a, b holds.FieldChange) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
	e.Fields = slices.Compact(e.Fields)
}
