package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// pagedWith waits until the people on duty are mailed something about a hold.
func (w *world) pagedWith(v holds.View, text string) {
	w.Helper()
	w.until("people to be paged with "+text, func() (bool, string) {
		for _, m := range w.mail.Mails() {
			if m.To[0] == "duty@nordwind.example" && strings.Contains(m.Text, string(v.Hold.ID)) && strings.Contains(m.Text, text) {
				return true, ""
			}
		}
		return false, itoa(len(w.mail.Mails())) + " mails"
	})
}

// TestJ11ForgedApproval: somebody with the database, and not the keys, writes
// checks and an approval and has the release begin. Nothing is called, the hold is
// tamper and back with people, and what they then decide themselves works.
func TestJ11ForgedApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "the hold", isContained)
	w.settled()
	w.sim().ForgetJournal()
	for _, forge := range []string{
		`INSERT INTO evidence (tenant_id, hold_id, evidence_id, kind, verifier_id, requester_id, reference, at, round, version)
		 SELECT tenant_id, hold_id, k, k, 'ruth', owner_id, 'call 1', now(), round, version FROM holds, unnest(ARRAY['hr_record', 'callback']) k WHERE hold_id = $1`,
		`INSERT INTO decisions (tenant_id, hold_id, decision_id, kind, approver_id, reason, version, round, at)
		 SELECT tenant_id, hold_id, 'forged', 'approve', 'omar', 'verified', version, round, now() FROM holds WHERE hold_id = $1`,
		`UPDATE holds SET state = 'approved', outcome = 'approve', release_after = now() - interval '1 minute', due_at = now() - interval '1 second' WHERE hold_id = $1`,
	} {
		_, err := w.super().ExecContext(t.Context(), forge, string(v.Hold.ID))
		w.must(err)
	}
	w.svc().keeper.Escalate(t.Context()) // an approved hold that is late is released again
	v = w.hold(oktasim.Engineer, "the forgery to be seen", func(v holds.View) bool { return v.Hold.Class == holds.Tamper })
	if v.Hold.State != holds.Pending || !v.Hold.ReleaseBegun.IsZero() || !strings.Contains(strings.Join(v.Hold.Doubts, " "), "tamper: 0 of the 1 approvals it needs are proven") {
		t.Errorf("J11 %s", stands(v))
	}
	w.pagedWith(v, "tamper: 0 of the 1 approvals")
	w.settled()
	if n := w.acted(); n != 0 {
		t.Fatalf("J11 we changed something %d times", n)
	}
	restrained(t, w.sim(), oktasim.Engineer)
	w.reviewer(oktasim.Reviewer).hold(v.Hold.ID).shows("counts for nothing")
	v = w.view(v.Hold.ID)
	w.reviewer(oktasim.Reviewer).verified(v)
	v = w.view(v.Hold.ID)
	w.reviewer(oktasim.ReviewerTwo).decision(v, holds.Approve, "Verified by ourselves.").post()
	w.hold(oktasim.Engineer, "the release that people decided", inState(holds.Released))
}

// TestJ11ForgedDeny: nor is anything undone because of a row.
func TestJ11ForgedDeny(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.Contractor, "APP_ADMIN", oktasim.From("elsewhere")))
	v := w.hold(oktasim.Contractor, "the hold", isContained)
	w.settled()
	w.sim().ForgetJournal()
	key := holds.Key{Tenant: tenant, Hold: v.Hold.ID}
	for _, forge := range []string{
		`INSERT INTO decisions (tenant_id, hold_id, decision_id, kind, approver_id, reason, version, round, at)
		 SELECT tenant_id, hold_id, 'forged', 'deny', 'omar', 'not her', version, round, now() FROM holds WHERE hold_id = $1`,
		`UPDATE holds SET state = 'denied', outcome = 'deny', round = round + 1 WHERE hold_id = $1`,
	} {
		_, err := w.super().ExecContext(t.Context(), forge, string(v.Hold.ID))
		w.must(err)
	}
	w.must(w.svc().keeper.Handlers()[holds.EffectRevert](t.Context(), holds.Job{Effect: holds.Effect{Kind: holds.EffectRevert}, Key: key, Connection: connection, Epoch: 1, Attempt: 1}))
	v = w.view(v.Hold.ID)
	if v.Hold.Class != holds.Tamper || v.Hold.Outcome != "" || v.Hold.State != holds.Denied {
		t.Errorf("J11 %s, outcome %q", stands(v), v.Hold.Outcome)
	}
	w.settled()
	if n := w.acted(); n != 0 {
		t.Fatalf("J11 we changed something %d times", n)
	}
}
