package holds

import "slices"

// MainEvents are the hold's events as people are told of them, in order: the
// single factors that went with a reset of all factors are left out, since the
// reset says so, and so is what happened to another account of the person, unless
// there is nothing else.
func (h Hold) MainEvents() []EventRef {
	out := make([]EventRef, 0, len(h.Events))
	for _, e := range h.Events {
		elsewhere := e.Leader != "" && slices.ContainsFunc(h.Events, func(o EventRef) bool { return o.Leader == "" })
		if !elsewhere && !slices.ContainsFunc(h.Events, func(all EventRef) bool { return all.covers(e) }) {
			out = append(out, e)
		}
	}
	return out
}

// covers tells whether an event says all that another one says: a reset of all
// factors covers those of the same request that took one factor each.
func (e EventRef) covers(one EventRef) bool {
	return e.ID != one.ID && e.Transaction != "" && e.Transaction == one.Transaction &&
		e.Class == MFAChange && one.Class == MFAChange && e.Verb == Reset && e.Factor == (Object{}) &&
		(one.Verb == Reset || one.Verb == Remove) && one.Factor != (Object{})
}
