package entra

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// group reads membership, ownership and assignments: which group or application,
// and for a member that was added the way back.
func group(e *holds.Event, r *record) {
	if id := r.changed("Group.ObjectID"); id != "" {
		object(e, "Group", id, r.changed("Group.DisplayName"))
	}
	if e.Class != holds.RemoteAccess || !strings.Contains(strings.ToLower(e.Type), "member") {
		return
	}
	var ids []string
	for _, o := range e.Objects {
		if o.Type == "Group" && guid(o.ID) != "" {
			ids = append(ids, o.ID)
		}
	}
	if len(slices.Compact(ids)) == 1 && len(e.Subjects) > 0 {
		e.Undo = holds.Action{Kind: holds.LeaveGroup, Object: ids[0]}
	}
}

// device reads a registration: whose device it is, and which. Only Core Directory
// names devices by the id that they can be disabled by; the registration service
// names them by the id they have for themselves.
func device(e *holds.Event, r *record) {
	object(e, "Device", r.changed("Device.ObjectID"), r.changed("Device.DisplayName"))
	if strings.HasPrefix(r.id, "Directory_") || strings.EqualFold(r.service, "Core Directory") {
		var ids []string
		for _, o := range e.Objects {
			if o.Type == "Device" && guid(o.ID) != "" {
				ids = append(ids, o.ID)
			}
		}
		if len(ids) == 1 {
			e.Undo = holds.Action{Kind: holds.DisableDevice, Object: ids[0]}
		}
	}
	self(e)
}

// policyDoubt notes that the rules which restrain have not been read yet, so that
// this may be one of them.
func (x *Decoder) policyDoubt(r *record) {
	if x.group != "" && len(x.policies.get()) == 0 {
		r.doubt("A policy changed; it is not known yet whether it is one that restrains.")
	}
}

// tamper recognises changes to what Countersign itself stands on, by ids alone.
// What our own account does is only marked: whether we meant it is decided by the
// intents.
func (x *Decoder) tamper(e *holds.Event, r *record) {
	switch {
	case x.ourGroup(e):
		x.membership(e, r)
	case x.ourPolicy(e, r), x.ourApplication(e, r):
		e.Class = holds.Tamper
	}
	if e.Class == holds.Tamper {
		e.Undo = holds.Action{}
	}
}

func (x *Decoder) ourGroup(e *holds.Event) bool {
	return x.group != "" && slices.ContainsFunc(e.Objects, func(o holds.Object) bool { return strings.EqualFold(o.Type, "Group") && o.ID == x.group })
}

// membership of the restraint group is ours to change, and nothing else of it is
// anybody's while holds rest on it.
func (x *Decoder) membership(e *holds.Event, r *record) {
	key := nameOf(r.activity)
	switch string(key.bytes()) {
	case "add member to group", "group_addmember":
		e.Echo = holds.JoinRestraintGroup
	case "remove member from group", "group_removemember":
		e.Echo = holds.LeaveRestraintGroup
	default:
		e.Class = holds.Tamper
		return
	}
	e.Class, e.Undo = holds.Tamper, holds.Action{}
	if e.Actor.Own {
		e.Class = holds.None
	}
}

// ourPolicy tells of a change to a policy that restrains: it is one of those read
// back, or it mentions the restraint group, before or after.
func (x *Decoder) ourPolicy(e *holds.Event, r *record) bool {
	if e.Class != holds.RemoteAccess || e.Verb == holds.Grant {
		return false
	}
	restrains := x.policies.get()
	for _, t := range r.targets {
		if t.id != "" && slices.Contains(restrains, t.id) {
			return true
		}
		for _, c := range t.changes {
			if x.group != "" && (mentions(c.old(), x.group) || mentions(c.new(), x.group)) {
				return true
			}
		}
	}
	return false
}

// ourApplication tells of a change to our own application or service principal:
// its credentials, its permissions, its owners, its being there.
func (x *Decoder) ourApplication(e *holds.Event, r *record) bool {
	own := x.own.get()
	if len(own) == 0 {
		return false
	}
	for _, t := range r.targets {
		if x.isOwn(t.id) && !strings.EqualFold(t.kind, "User") {
			return true
		}
		for _, c := range t.changes {
			switch c.key {
			case "serviceprincipal.objectid", "serviceprincipal.appid", "targetid.serviceprincipalnames", "application.objectid", "application.appid":
				if slices.ContainsFunc(own, func(id string) bool { return mentions(c.old(), id) || mentions(c.new(), id) }) {
					return true
				}
			}
		}
	}
	return false
}

// mentions looks for an id, in lower case, anywhere in a text.
func mentions(text, id string) bool { return strings.Contains(strings.ToLower(text), id) }
