package console

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// demand is what the policy asks of this hold, and what is still missing.
type demand struct {
	Rule, Policy string
	Items        []string
	// Missing are the checks and approvals still asked for; empty when there is
	// nothing left to ask for.
	Missing []string
	// Verifiers and Approvers are those who count already.
	Verifiers, Approvers []person
	Need                 int
}

func (r reader) demand() demand {
	h := r.v.Hold
	t := h.Terms
	d := demand{Rule: page.Line(t.Rule, 120), Policy: page.Line(t.Policy, 120), Need: max(1, t.Approvers)}
	d.Items = append(d.Items,
		plural(t.Items, "identity check")+" over "+plural(t.Paths, "path")+" that the requester does not control",
		plural(d.Need, "approver")+" beside those who checked, none of them actor, requester or subject")
	if t.Wait > 0 {
		d.Items = append(d.Items, "a wait of "+page.Span(t.Wait)+" between the last approval and the release")
	}
	if len(t.Contain) > 0 {
		var do []string
		for _, a := range t.Contain {
			do = append(do, lowerFirst(actionName(a)))
		}
		d.Items = append(d.Items, "meanwhile: "+list(do))
	}
	kind := approvalKind(h)
	for _, p := range h.Verifiers() {
		d.Verifiers = append(d.Verifiers, r.person(p))
	}
	for _, p := range h.Approvals(kind) {
		d.Approvers = append(d.Approvers, r.person(p))
	}
	if !asksForChecks(h) {
		return d
	}
	d.Missing = slices.Clone(h.Missing())
	if len(d.Missing) == 0 && len(d.Verifiers) == 0 {
		d.Missing = append(d.Missing, "1 identity check")
	}
	if left := d.Need - len(d.Approvers); left > 0 {
		d.Missing = append(d.Missing, plural(left, "approval"))
	}
	return d
}

// approvalKind is the decision that lets the account go in this state.
func approvalKind(h holds.Hold) holds.DecisionKind {
	if h.State == holds.Reverted {
		return holds.Restore
	}
	return holds.Approve
}

// asksForChecks tells whether identity checks are recorded in this state: before
// a decision, and before an account that was denied is given back.
func asksForChecks(h holds.Hold) bool {
	restorable := h.State == holds.Reverted && !h.Ended() && h.RestoreBegun.IsZero()
	return h.State == holds.Pending || restorable
}

// rolesDigest names the roles of a view, so that an acknowledgement is of these
// and no others. The time of the reading is left out: a newer reading that
// found the same changes nothing a reviewer has to see.
func rolesDigest(v holds.View) string {
	if !v.Known {
		return "not-known"
	}
	var lines []string
	for _, r := range v.Snapshot.Roles {
		lines = append(lines, fmt.Sprintf("%q %q %q %t %t", r.ID, r.Kind, r.Name, r.ViaGroup, r.Privileged))
	}
	slices.Sort(lines)
	sum := sha256.Sum256(fmt.Append(nil, lines))
	return hex.EncodeToString(sum[:8])
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}
