package console_test

import (
	"time"

	"github.com/countersign/countersign/holds"
)

// gallery is a world with a hold in every stage, for looking at.
func gallery() *world {
	w := newWorld()
	w.failed = 2
	w.health = []holds.ConnectionHealth{
		{Tenant: tenant, Connection: "okta-main", Mode: holds.ModeContain, Polled: now.Add(-8 * time.Second), Enforcement: holds.Enforcement{At: now.Add(-time.Minute), InForce: true}},
		{
			Tenant: tenant, Connection: "okta-lab", Mode: holds.ModeContain, Polled: now.Add(-9 * time.Minute), Trouble: "the provider answers 401; the token may have been revoked",
			Feeds:       "users: the subscription was lost and is being made again; refused 3 notifications without the right client state, the last on 4 May 08:58 UTC",
			Enforcement: holds.Enforcement{At: now.Add(-time.Minute), Problems: []string{"The global session policy \"Countersign\" is not first in order; \"Default\" stands before it."}},
		},
		{Tenant: tenant, Connection: "okta-new", Mode: holds.ModeWatch, Polled: now.Add(-8 * time.Second)},
	}
	w.add(annas())
	w.add(another(2, notMe))
	w.add(another(3, ready))
	w.add(another(4, observed))
	w.add(another(5, told))
	w.add(another(6, released))
	w.add(another(7, reverted))
	w.add(another(8, gated))
	w.add(another(9, live))
	w.add(another(10, approved))
	w.add(another(11, leads))
	w.add(another(12, follows))
	return w
}

// leads is a hold with another account of the person beside it, one that nobody
// linked, and more that was done.
func leads(v *holds.View) {
	subject(v, "00uLina0000000000011", "lina.vik@acme.example", "Lina Vik")
	h := &v.Hold
	h.Owner, h.EffectiveBy = "p-anna", now.Add(40*time.Minute)
	h.Unlinked = []string{"an account with the same sign-in name exists at okta-lab (00uOther0000000000001) and is linked to nobody: it is not restrained"}
	h.LookedBack, h.ChildrenMore = now.Add(-10*time.Minute), 3
	h.Children = []holds.EventRef{
		{
			ID: "c1", Class: holds.OtherTakeover, Verb: holds.Grant, Type: "system.api_token.create", Occurred: now.Add(-11 * time.Minute),
			Objects: []holds.Object{{Type: "Token", ID: "00Tnew", Name: "backup script"}}, Actor: h.Actor, IP: "203.0.113.7",
		},
		{
			ID: "c2", Class: holds.MFAChange, Verb: holds.Enrol, Type: "user.mfa.factor.activate", Occurred: now.Add(-10 * time.Minute),
			Factor: holds.Object{Type: "push", Name: "Okta Verify"}, Actor: holds.Party{ID: h.Subject.ID, Kind: holds.PartyPerson, Name: "Lina Vik"},
		},
	}
	v.Siblings = []holds.Summary{
		{
			Key: holds.Key{Tenant: tenant, Hold: holds.HoldID(id(12))}, Connection: "entra-main", Class: holds.MFAChange, Tier: holds.TierHigh,
			Subject: holds.Account{ID: "5f0c2a44-0000-4000-8000-000000000012", Login: "lina.vik@acme.example", Name: "Lina Vik"},
			State:   holds.Pending, Containment: holds.ContainmentFailed, Standing: holds.Observed, Leader: h.ID,
		},
		{
			Key: holds.Key{Tenant: tenant, Hold: holds.HoldID(id(6))}, Connection: "okta-main", Class: holds.MFAChange, Tier: holds.TierHigh,
			Subject: h.Subject, State: holds.Released, Containment: holds.ContainmentLifted, Standing: holds.Observed,
		},
	}
}

// follows is the hold of the same person's account at another platform.
func follows(v *holds.View) {
	subject(v, "5f0c2a44-0000-4000-8000-000000000012", "lina.vik@acme.example", "Lina Vik")
	h := &v.Hold
	h.Connection, h.Leader, h.Owner = "entra-main", holds.HoldID(id(11)), "p-anna"
	h.Standing, h.Containment, h.Restrained, h.ReadBack = holds.Observed, holds.ContainmentFailed, time.Time{}, time.Time{}
	h.Doubts = []string{"not restrained: Microsoft Graph does not answer"}
	h.Terms.Rule, h.Terms.Tell = holds.FollowRule, false
	h.Actor = holds.Party{Kind: holds.PartyPerson, Name: "Dora Desk", Login: "dora.desk@acme.example"}
	h.Events = []holds.EventRef{{
		ID: "linked:" + id(11) + ":5f0c2a44-0000-4000-8000-000000000012", Class: holds.MFAChange, Verb: holds.Reset, Type: "countersign.linked_account",
		Occurred: h.Occurred, Summary: "Another account of the same person is held: hold 00000011 at okta-main", Actor: h.Actor, Leader: h.Leader,
	}}
	v.Notices = nil
	v.Siblings = []holds.Summary{{
		Key: holds.Key{Tenant: tenant, Hold: h.Leader}, Connection: "okta-main", Class: holds.MFAChange, Tier: holds.TierHigh,
		Subject: holds.Account{ID: "00uLina0000000000011", Login: "lina.vik@acme.example", Name: "Lina Vik"},
		State:   holds.Pending, Containment: holds.ContainmentConfirmed, Standing: holds.Contained, EffectiveBy: now.Add(40 * time.Minute),
	}}
}

// subject makes a view another account's.
func subject(v *holds.View, id, login, name string) {
	v.Hold.Subject = holds.Account{ID: id, Login: login, Name: name}
	v.Snapshot.Account = v.Hold.Subject
}

func notMe(v *holds.View) {
	subject(v, "00uOlle0000000000003", "olle.strand@acme.example", "Olle Strand")
	h := &v.Hold
	h.Class, h.State, h.NotMe, h.Round, h.DecidedAt, h.Version = holds.RecoveryChange, holds.Denied, now.Add(-time.Minute), 1, now.Add(-time.Minute), 2
	h.Events[0].Class, h.Events[0].Verb, h.Events[0].Type = holds.RecoveryChange, holds.Update, "user.account.update_secondary_email"
	h.Events[0].Summary = "Update secondary email for user"
	h.Actor, h.ActorOf, h.Events[0].Actor = holds.Party{ID: h.Subject.ID, Kind: holds.PartyPerson, Login: h.Subject.Login, Name: h.Subject.Name}, "p-anna", holds.Party{ID: h.Subject.ID, Kind: holds.PartyPerson}
	h.Due = now.Add(-5 * time.Minute)
	h.Escalations = 1
	v.Notices[0].Notice.Used, v.Notices[0].Notice.Tries = now.Add(-time.Minute), 1
}

// ready has every check it needs and waits for an approval.
func ready(v *holds.View) {
	h := &v.Hold
	h.Version, h.Requester = 3, "p-anna"
	h.Evidence = []holds.Evidence{
		{ID: "e1", Kind: holds.Callback, Verifier: "p-sara", Requester: "p-anna", Reference: "CALL-20261102-11", Point: "c-old", OnFile: now.AddDate(-3, 0, 0), At: now.Add(-4 * time.Minute), Version: 2, Note: "She was at the airport and described her team."},
		{ID: "e2", Kind: holds.ManagerConfirmed, Verifier: "p-sara", Requester: "p-anna", Reference: "REC-77", Confirmer: "p-maja", At: now.Add(-3 * time.Minute), Version: 3},
	}
	subject(v, "00uAnna0000000000004", "anna.berg.two@acme.example", "Анна Berg")
}

func observed(v *holds.View) {
	subject(v, "00uBreak000000000005", "break.glass@acme.example", "Break Glass")
	h := &v.Hold
	h.Class, h.Standing, h.Containment, h.Restrained, h.ReadBack, h.Exempt = holds.RoleActivation, holds.Observed, holds.NotContained, time.Time{}, time.Time{}, "break-glass account"
	h.Events[0].Class, h.Events[0].Verb, h.Events[0].Role = holds.RoleActivation, holds.Grant, holds.Object{Type: "SUPER_ADMIN", ID: "ra-9", Name: "Super administrator"}
	h.Doubts = []string{"not restrained: this is a break-glass account"}
	h.Owner, h.Untold, h.ToldAt = "", "the account is linked to nobody in the directory of people", time.Time{}
	h.Actor = holds.Party{ID: "00Ttoken", Kind: holds.PartyToken, Name: "deploy token", Credential: "00Txyz"}
	v.Known, v.Snapshot, v.Intents, v.Notices = false, holds.Snapshot{}, nil, nil
}

func told(v *holds.View) {
	h := &v.Hold
	h.State, h.ToldOnly, h.Containment, h.Standing, h.Restrained, h.ReadBack, h.ClosedAt = holds.Released, true, holds.NotContained, holds.Observed, time.Time{}, time.Time{}, h.Opened
	h.Events[0].Verb, h.Events[0].Factor = holds.Enrol, holds.Object{Type: "push", ID: "opf1", Name: "Okta Verify"}
	h.Actor, h.Events[0].Actor = holds.Party{ID: h.Subject.ID, Kind: holds.PartyPerson, Name: h.Subject.Name, Login: h.Subject.Login}, holds.Party{ID: h.Subject.ID, Kind: holds.PartyPerson}
	v.Intents = nil
}

func released(v *holds.View) {
	ready(v)
	h := &v.Hold
	h.Decisions = []holds.Decision{{ID: "d1", Kind: holds.Approve, Approver: "p-tove", Reason: "Two checks over two paths, both good.", Version: 3, At: now.Add(-2 * time.Minute)}}
	h.State, h.Outcome, h.DecidedAt, h.ReleaseBegun, h.ClosedAt = holds.Released, holds.Approve, now.Add(-2*time.Minute), now.Add(-119*time.Second), now.Add(-118*time.Second)
	h.Containment = holds.ContainmentLifted
	v.Intents = append(v.Intents, holds.Intent{ID: "i4", Purpose: holds.ToLift, Action: holds.Action{Kind: holds.LeaveRestraintGroup}, Created: now.Add(-119 * time.Second), Result: holds.Result{Status: holds.Applied, At: now.Add(-118 * time.Second)}})
}

// reverted is denied and undone; the account waits to be given back.
func reverted(v *holds.View) {
	ready(v)
	subject(v, "00uKim00000000000007", "kim@acme.example", "Kim Roos")
	h := &v.Hold
	h.Decisions = []holds.Decision{{ID: "d1", Kind: holds.Deny, Approver: "p-tove", Reason: "The caller could not be the owner.", Version: 3, At: now.Add(-2 * time.Minute)}}
	h.State, h.Outcome, h.DecidedAt, h.ClosedAt, h.Round, h.Version = holds.Reverted, holds.Deny, now.Add(-2*time.Minute), now.Add(-118*time.Second), 1, 4
	h.RevertDone, h.Irreversible = []string{"the enrolled factor was removed"}, []string{"The factors that were reset cannot be brought back; the owner enrols anew."}
}

func gated(v *holds.View) {
	subject(v, "00uPim00000000000008", "pim@acme.example", "Pim Dahl")
	h := &v.Hold
	h.Class, h.Standing, h.Containment, h.Restrained, h.ReadBack = holds.RoleActivation, holds.Gated, holds.NotContained, time.Time{}, time.Time{}
	h.Events[0].Class, h.Events[0].Verb = holds.RoleActivation, holds.Grant
	h.Terms.Contain, h.Terms.Tier = nil, holds.TierMedium
	v.Intents = nil
}

// live is contained, and access given out before lives on.
func live(v *holds.View) {
	subject(v, "00uLive0000000000009", "liv@acme.example", "")
	v.Hold.EffectiveBy = now.Add(20 * time.Minute)
	v.Hold.Doubts = []string{"the account could not be suspended; it is in the restraint group"}
}

// approved waits for the end of its waiting period.
func approved(v *holds.View) {
	released(v)
	subject(v, "00uWait0000000000010", "wai@acme.example", "Wai Ting")
	h := &v.Hold
	h.State, h.Containment, h.ReleaseBegun, h.ClosedAt, h.ReleaseAfter = holds.Approved, holds.ContainmentConfirmed, time.Time{}, time.Time{}, now.Add(3*time.Hour)
	h.Terms.Wait = 4 * time.Hour
	v.Intents = v.Intents[:3]
}
