package entra

import (
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra/entrasim"
	"github.com/countersign/countersign/providers/entra/entrasim/entraspec"
)

// Every request we make, and every answer the simulator gives to it, is held
// against Graph's own description.
func TestEveryCallFitsGraphsDescription(t *testing.T) {
	spec := entraspec.Load(t)
	o := newTenant(t, entrasim.Options{}, func(_ *tenant, opt *Options) { opt.Base = spec.Transport(t, nil) })
	id := entrasim.Engineer
	a := o.account(t, id)
	told, err := o.Sim().MakesEligible(entrasim.ITLead, id, entrasim.ExchangeAdministrator, 0)
	story(t, told, err)
	told, err = o.Sim().AssignsRole(entrasim.ITLead, id, entrasim.HelpdeskAdministrator, time.Hour)
	story(t, told, err)
	told, err = o.Sim().GrantsAppRole(entrasim.ITLead, entrasim.StrangeApp, "User.Read.All")
	consent := story(t, told, err).Made
	told, err = o.Sim().AddsPrincipalSecret(entrasim.ITLead, entrasim.PayrollApp, "another")
	secret := story(t, told, err).Made
	told, err = o.Sim().AdminIssuesPass(entrasim.ITLead, id, 60)
	story(t, told, err)
	told, err = o.Sim().AdminRegistersMethod(entrasim.ITLead, id, "mobile", "+1 5550321")
	story(t, told, err)
	told, err = o.Sim().AdminRegistersMethod(entrasim.ITLead, id, "email", "x@evil.example")
	story(t, told, err)
	do := func(a holds.Action) {
		t.Helper()
		if r, err := o.Do(t.Context(), a); err != nil || r.Status != holds.Applied {
			t.Errorf("%s %s: %+v, %v", a.Kind, a.Object, r, err)
		}
		if !a.Kind.Shown() {
			if in, err := o.Observe(t.Context(), a); err != nil || !in {
				t.Errorf("%s %s is in force: %v, %v", a.Kind, a.Object, in, err)
			}
		}
	}
	before := o.snapshot(t, id)
	for _, k := range []holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount, holds.UnsuspendAccount, holds.LeaveRestraintGroup} {
		do(holds.Action{Kind: k, Account: id})
	}
	for _, r := range before.Roles {
		if !r.ViaGroup {
			do(holds.Action{Kind: holds.RemoveRole, Account: id, Object: r.ID})
		}
	}
	do(holds.Action{Kind: holds.RestoreProfile, Account: id, Object: "mobilePhone,otherMails", Before: a.Before})
	was := *a.Before
	was.Contacts = map[string]string{"phone.mobile": "+1 5550999", "email": "", "phone.office": "+1 5550888"}
	do(holds.Action{Kind: holds.RestoreProfile, Account: id, Object: "email,phone.mobile,phone.office", Before: &was})
	for _, f := range o.snapshot(t, id).Factors {
		r, err := o.Do(t.Context(), holds.Action{Kind: holds.RemoveFactor, Account: id, Object: f.ID})
		if err != nil || r.Status != holds.Applied && !strings.Contains(r.Detail, "default method") {
			t.Errorf("%s: %+v, %v", f.ID, r, err)
		}
	}
	for k, object := range a.Objects {
		if k != holds.RestoreProfile {
			do(holds.Action{Kind: k, Account: id, Object: object})
		}
	}
	do(holds.Action{Kind: holds.RevokeConsent, Object: "approle:" + entrasim.GraphPrincipal + "/" + consent})
	do(holds.Action{Kind: holds.RemoveCredential, Object: "servicePrincipal:" + entrasim.PayrollService + "/" + secret})
	if e, err := o.Enforcement(t.Context(), id); err != nil || !e.InForce {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := o.Find(t.Context(), before.Account.Login); err != nil {
		t.Error(err)
	}
	if _, _, err := o.Activity(t.Context(), id, time.Now().Add(-time.Hour)); err != nil {
		t.Error(err)
	}
	drain(t, o.NewPoller(PollerOptions{Pages: &pages{}}))
}

// The same for subscriptions, which call back while they are made.
func TestEverySubscriptionCallFitsGraphsDescription(t *testing.T) {
	spec := entraspec.Load(t)
	r := newFeedRig(t, func(opt *Options) { opt.Base = spec.Transport(t, nil) })
	for range 3 {
		if err := r.look(t); err != nil {
			t.Fatal(err)
		}
		r.pass(4 * 24 * time.Hour) // makes, renews
	}
	r.Sim().LoseSubscription(r.store.row("users").ID)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	r.store.set("users", func(w *holds.Feed) { w.ID = "" })
	if err := r.look(t); err != nil { // deletes what nobody knows
		t.Fatal(err)
	}
}

// What people do in the tenant is polled, decoded and told apart, whatever order
// it becomes visible in.
func TestPollerSeesWhatHappens(t *testing.T) {
	o := newTenant(t, entrasim.Options{AuditDelay: 20 * time.Millisecond}, nil)
	store := &pages{}
	p := o.NewPoller(PollerOptions{Pages: store})
	told, err := o.Sim().HelpDeskResetsMethods(entrasim.HelpDesk, entrasim.Manager)
	story(t, told, err)
	told, err = o.Sim().GrantsRole(entrasim.ITLead, entrasim.Manager, entrasim.GlobalAdministrator)
	story(t, told, err)
	told, err = o.Sim().JoinsGroup(entrasim.ITLead, entrasim.Contractor, entrasim.RestraintGroup)
	story(t, told, err)
	drain(t, p)
	if err := o.Sim().Visible(t.Context()); err != nil {
		t.Fatal(err)
	}
	drain(t, p)
	drain(t, p)
	if got, want := len(store.ids(t)), len(o.Sim().Written()); got != want {
		t.Errorf("stored %d records, %d were written", got, want)
	}
	classes := map[holds.Class]bool{}
	for _, b := range store.bodies {
		for _, e := range o.Decode(holds.Delivery{Source: holds.FromPoller, Body: b, Received: time.Now()}) {
			classes[e.Class] = true
		}
	}
	for _, want := range []holds.Class{holds.MFAChange, holds.RoleActivation, holds.Tamper} {
		if !classes[want] {
			t.Errorf("%s is missing from %v", want, classes)
		}
	}
}
