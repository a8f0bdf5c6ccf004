package console

import "github.com/countersign/countersign/gateway/page"

// other is another hold of the same person, with a standing of its own.
type other struct {
	Link, Short string
	Connection  string
	Change      string
	Subject     account
	Label       label
	Stage       string
	// Follows tells that it follows this hold, and Leads that this one follows it.
	Follows, Leads bool
	// Same tells that it is of this very account.
	Same bool
}

// others are the person's other holds, as they stand now.
func (r reader) others() []other {
	h := r.v.Hold
	out := make([]other, 0, len(r.v.Siblings))
	for _, s := range r.v.Siblings {
		out = append(out, other{
			Link: link(s.Key.Hold), Short: s.Key.Hold.Short(), Connection: page.Line(string(s.Connection), 60),
			Change: className(s.Class), Subject: accountOf(s.Subject), Label: labelOfSummary(s, r.now), Stage: stageWord(s),
			Follows: s.Leader == h.ID, Leads: h.Leader != "" && s.Key.Hold == h.Leader,
			Same: s.Connection == h.Connection && s.Subject.ID == h.Subject.ID,
		})
	}
	return out
}
