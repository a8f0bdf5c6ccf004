package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra/entrasim"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// R2 at Entra: an administrator removes somebody's methods; the notification wakes
// the reading of the audit log, which holds the change within seconds; the account
// is disabled and in the group, as the provider itself says; and a release gives
// back what was taken. (People are the same as in the simulated org.)
func TestResetAtEntraIsHeldAndReleased(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, "24h") // only a notification makes us read
	d.told(d.HelpDeskResetsMethods(entrasim.HelpDesk, entrasim.Engineer))
	v := d.hold(entrasim.Engineer, "the hold of the reset", isContained)
	d.restrained(entrasim.Engineer)
	h := v.Hold
	if h.Connection != directoryConnection || h.Class != holds.MFAChange || h.Owner != "aiko" || h.Events[0].Actor.ID != entrasim.HelpDesk {
		t.Errorf("the hold is of %s, class %s, owner %q, actor %+v", h.Connection, h.Class, h.Owner, h.Events[0].Actor)
	}
	if n := d.count("SELECT count(*) FROM deliveries WHERE connection_id = $1 AND source = 'hook'", directoryConnection); n == 0 {
		t.Error("no notification was stored")
	}
	if n := d.count("SELECT count(*) FROM events e JOIN deliveries USING (tenant_id, delivery_id) WHERE source = 'hook'"); n != 0 {
		t.Errorf("%d events were read from notifications, which are hints", n)
	}
	d.lettersTo(oktasim.Engineer, 1)
	d.released(v, d.reviewer(oktasim.Reviewer), d.reviewer(oktasim.ReviewerTwo))
	d.free(entrasim.Engineer)
	d.idle()
	if all := d.holdsOf(entrasim.Engineer); len(all) != 1 {
		t.Errorf("what we did ourselves made %d more holds; %s", len(all)-1, stands(all[len(all)-1]))
	}
}

// TestA11AndA8AtEntra: through the whole program a stranger finds no address to
// bind a subscription to, and a forged notification does nothing but show.
func TestA11AndA8AtEntra(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, "24h")
	feeds := d.subscribed()
	for _, path := range []string{"", "/" + feeds[0].Nonce, "/" + feeds[1].Nonce, "/STRANGER"} {
		if status, kind := d.post(path+"?validationToken=mine", ""); status != http.StatusNotFound || kind != "application/problem+json" {
			t.Errorf("%s: a stranger's handshake is answered %d %s", path, status, kind)
		}
	}
	forged, err := json.Marshal(map[string]any{"value": []any{map[string]any{
		"subscriptionId": feeds[0].ID, "clientState": "guess", "tenantId": entrasim.Tenant, "changeType": "updated", "resource": "Users/x",
	}}})
	d.must(err)
	before := d.count("SELECT count(*) FROM deliveries WHERE source = 'hook'")
	for range 3 {
		if status, _ := d.post("/"+feeds[0].Nonce, string(forged)); status != http.StatusAccepted {
			t.Errorf("a forgery is answered %d", status)
		}
	}
	if n := d.count("SELECT count(*) FROM deliveries WHERE source = 'hook'"); n != before {
		t.Errorf("%d forgeries are stored", n-before)
	}
	d.until("people to be shown the forgeries", func() (bool, string) {
		said := d.health().Feeds
		return strings.Contains(said, "refused") && strings.Contains(said, "without the right client state"), said
	})
	page := d.reviewer(oktasim.Reviewer).get("/")
	if text := page.Text(); !strings.Contains(text, "without the right client state") {
		t.Errorf("the console does not show it: %s", text)
	}
}

// TestD4LostSubscriptionAtEntra: Graph tells nobody that a subscription is gone.
// It is noticed, made anew with another address, and what changed in between is
// found.
func TestD4LostSubscriptionAtEntra(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, "24h")
	before := d.subscribed()
	d.Switch(func(s *entrasim.Switches) { s.NotifyDrop = -1 }) // nothing is notified from here on
	for _, f := range before {
		if !d.LoseSubscription(f.ID) {
			t.Fatalf("there is no subscription %s", f.ID)
		}
	}
	d.told(d.HelpDeskResetsMethods(entrasim.HelpDesk, entrasim.EngineerTwo))
	d.hold(entrasim.EngineerTwo, "the hold of what was not notified", isContained)
	d.restrained(entrasim.EngineerTwo)
	after := d.subscribed()
	for i, f := range after {
		if f.ID == before[i].ID || f.Nonce == before[i].Nonce || f.Secret == before[i].Secret {
			t.Errorf("%s was not made anew: %+v", f.Resource, f)
		}
	}
	d.Switch(func(s *entrasim.Switches) { s.NotifyDrop = 0 })
	d.told(d.HelpDeskResetsMethods(entrasim.HelpDesk, entrasim.Engineer))
	d.hold(entrasim.Engineer, "the hold of what the new subscription notified", isContained)
}

// TestD4SubscriptionThatCannotBeMadeAtEntra: people are shown what is wrong for as long as
// it is; and when only the answers were lost, what nobody knew of is taken away.
func TestD4SubscriptionThatCannotBeMadeAtEntra(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]entrasim.Fault{
		"Graph does not work":  {When: entrasim.FailBefore, How: entrasim.FailStatus, Status: 503},
		"the answers are lost": {When: entrasim.FailAfter, How: entrasim.FailCut},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDirectory(t, "24h")
			fault.Method, fault.Path, fault.Times = http.MethodPost, "/v1.0/subscriptions", 1000
			d.must(d.Sim.Fail(fault))
			for _, f := range d.subscribed() {
				d.LoseSubscription(f.ID)
			}
			d.until("people to be shown it", func() (bool, string) { return strings.Contains(d.health().Feeds, "users: "), d.health().Feeds })
			d.Mend()
			d.subscribed()
			d.until("people to be shown no more", func() (bool, string) { return d.health().Feeds == "", d.health().Feeds })
			d.until("what nobody knew of to be gone", func() (bool, string) {
				n := len(d.Subscriptions())
				return n == 2, itoa(n) + " subscriptions"
			})
		})
	}
}

// TestD4ReauthorizationAtEntra: what Microsoft says of a subscription reaches who
// looks after it.
func TestD4ReauthorizationAtEntra(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, "24h")
	f := d.subscribed()[0]
	if !d.RequireReauthorization(f.ID) {
		t.Fatal("there is no such subscription")
	}
	d.until("the subscription to be renewed", func() (bool, string) {
		now := d.subscribed()[0]
		return now.ID == f.ID && now.Made.After(f.Made), "it was made or renewed last on " + now.Made.String()
	})
}

// TestSyncedAccountAtEntra: an account mastered on-premises cannot be disabled
// here; the group restrains it.
func TestSyncedAccountAtEntra(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, "24h")
	d.told(d.HelpDeskResetsMethods(entrasim.HelpDesk, entrasim.FinanceLead))
	v := d.hold(entrasim.FinanceLead, "the hold", isContained)
	d.restrained(entrasim.FinanceLead)
	d.released(v, d.reviewer(oktasim.Reviewer), d.reviewer(oktasim.ReviewerTwo))
	d.free(entrasim.FinanceLead)
}
