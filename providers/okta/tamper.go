package okta

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// tamper recognises changes to what Countersign itself stands on. It goes by
// ids alone. What our own account does is only marked: whether we meant it is
// decided by the intents.
func (x *Decoder) tamper(e *holds.Event, l *logEvent) {
	if e.Actor.Own && len(x.tokens) > 0 && !slices.Contains(x.tokens, l.token) && e.Actor.Kind != holds.PartyApp {
		e.Doubts = append(e.Doubts, "Countersign's own account acted, but not with Countersign's token.")
	}
	switch {
	case strings.HasPrefix(l.kind, "event_hook.") && e.Class == holds.Tamper:
		x.ourHook(e, l)
	case strings.HasPrefix(l.kind, "inline_hook.") && e.Class == holds.Tamper:
		e.Doubts = append(e.Doubts, "It is not known what the inline hook guards.")
	case strings.HasPrefix(l.kind, "group.user_membership."):
		x.membership(e, l)
	case strings.HasPrefix(l.kind, "policy.") && e.Class == holds.RemoteAccess:
		x.policy(e, l)
	case x.group != "" && l.names(x.group) && hasPrefix(l.kind, []string{"group."}):
		e.Class = holds.Tamper
	}
	if l.names(x.ours...) && hasPrefix(l.kind, about()) {
		e.Class = holds.Tamper
	}
	if e.Class == holds.Tamper && e.Verb == "" {
		e.Verb = holds.Other
	}
}

// ourHook lets go of changes to other hooks, when it is known which is ours.
func (x *Decoder) ourHook(e *holds.Event, l *logEvent) {
	hooks := slices.DeleteFunc(slices.Clone(l.targets), func(t entity) bool { return !strings.HasPrefix(t.id, "who") && !isID(t.id) })
	switch {
	case x.hook == "":
		e.Doubts = append(e.Doubts, "It is not configured which event hook is ours, so every change to one counts.")
	case l.names(x.hook):
	case len(hooks) == 0:
		e.Doubts = append(e.Doubts, "The event does not say which event hook changed.")
	default:
		e.Class = holds.None
	}
}

// membership of the restraint group is ours to change.
func (x *Decoder) membership(e *holds.Event, l *logEvent) {
	if x.group == "" || !l.names(x.group) {
		return
	}
	e.Echo = holds.JoinRestraintGroup
	if strings.HasSuffix(l.kind, ".remove") {
		e.Echo = holds.LeaveRestraintGroup
	}
	e.Class = holds.Tamper
	if e.Actor.Own {
		e.Class = holds.None
	}
}

// policy changes count when they can be tied to the restraint group: they
// mention it, or they are made to the rules that were read back as restraining.
// Until those have been read, a change that could be one of them is kept as
// unclassified.
func (x *Decoder) policy(e *holds.Event, l *logEvent) {
	switch {
	case l.mentions(x.group) || l.names(x.rules...):
		e.Class = holds.Tamper
	case x.group != "" && len(x.rules) == 0:
		e.Class = holds.Unclassified
		e.Doubts = append(e.Doubts, "A policy changed; it is not known yet whether it is one that restrains.")
	}
}
