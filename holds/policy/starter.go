package policy

import (
	"github.com/countersign/countersign/holds"
)

// Version names the starter policy in every ruling it makes.
const Version = "starter/3"

// question is what a rule is asked about: one event for one subject.
type question struct {
	event    holds.Event
	facts    holds.Facts
	settings Settings
}

// rule is one line of the policy: the first that fits decides.
type rule struct {
	name string
	fits predicate
	says func(question) holds.Ruling
}

// Starter is the embedded policy with an organisation's settings.
type Starter struct {
	settings Settings
	rules    []rule
}

// NewStarter builds the starter policy. The zero settings are the policy as it is
// shipped.
func NewStarter(s Settings) *Starter { return &Starter{settings: s.ready(), rules: rules()} }

// Judge rules on one event for one subject. A rule's terms are lowered by the
// connection's mode afterwards: watch records what would be held, notify holds
// without restraining.
func (p *Starter) Judge(e holds.Event, f holds.Facts) holds.Ruling {
	q := question{event: e, facts: f, settings: p.settings}
	for _, r := range p.rules {
		if !r.fits(q) {
			continue
		}
		out := r.says(q)
		out.Terms.Rule, out.Terms.Policy = r.name, Version
		return inMode(f.Mode, out)
	}
	return holds.Ruling{Verdict: holds.Record, Reason: "no rule fits", Terms: holds.Terms{Rule: "none", Policy: Version}}
}

// inMode applies the connection's mode. An unknown mode restrains nobody.
func inMode(m holds.Mode, r holds.Ruling) holds.Ruling {
	if r.Verdict != holds.HoldIt && r.Verdict != holds.Notify {
		return r
	}
	switch m {
	case holds.ModeContain:
	case holds.ModeNotify:
		r.Terms.Contain = nil
	case holds.ModeWatch:
		return holds.Ruling{Verdict: holds.Record, Terms: r.Terms, Reason: "watching only: would " + string(r.Verdict) + " under rule " + r.Terms.Rule}
	default:
		return holds.Ruling{Verdict: holds.Record, Terms: r.Terms, Reason: "the connection has no mode; would " + string(r.Verdict)}
	}
	return r
}
