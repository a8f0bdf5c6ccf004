package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/gateway/console"
	"github.com/countersign/countersign/gateway/page/pagetest"
	"github.com/countersign/countersign/holds"
)

// TestGolden is what reviewers see: the lists, and a hold in every stage.
func TestGolden(t *testing.T) {
	s := serve(t, gallery())
	c := s.as(t, "p-rolf")
	for name, path := range map[string]string{
		"queue": "/", "history": "/holds", "found": "/holds?q=00uAnna0000000000001",
		"hold-contained": "/holds/" + id(1), "hold-not-me": "/holds/" + id(2), "hold-ready": "/holds/" + id(3),
		"hold-observed": "/holds/" + id(4), "hold-told": "/holds/" + id(5), "hold-released": "/holds/" + id(6),
		"hold-reverted": "/holds/" + id(7), "hold-gated": "/holds/" + id(8), "hold-effective-by": "/holds/" + id(9),
		"hold-approved": "/holds/" + id(10), "hold-leads": "/holds/" + id(11), "hold-follows": "/holds/" + id(12),
	} {
		t.Run(name, func(t *testing.T) {
			p := c.get(path)
			p.want(t, http.StatusOK)
			pagetest.Golden(t, name, p.html)
			pagetest.Harmless(t, p.html)
		})
	}
	empty := serve(t, newWorld()).as(t, "p-rolf")
	pagetest.Golden(t, "queue-empty", empty.get("/").html)
	pagetest.Golden(t, "history-empty", empty.get("/holds").html)
}

func id(n int) string { return string(another(n, func(*holds.View) {}).Hold.ID) }

// TestStanding: the label is the honest one, and the moments are told apart.
func TestStanding(t *testing.T) {
	s := serve(t, gallery())
	c := s.as(t, "p-rolf")
	for n, want := range map[int]struct{ badge, says string }{
		1:  {"contained", "The account is restrained, as the provider's own answer showed"},
		3:  {"contained", "Waits for a decision"},
		4:  {"observed", "the account is not restrained"},
		5:  {"told", "Not held: recorded and told to the owner."},
		6:  {"released", "our restraint is lifted"},
		7:  {"contained", "The account stays restrained until it is given back"},
		8:  {"gated", "The change has not happened"},
		9:  {"contained", "effective by 09:50 UTC"},
		10: {"contained", "The waiting period ends 2026-11-02 12:30:00 UTC"},
	} {
		p := c.get("/holds/" + id(n))
		p.want(t, http.StatusOK, want.says)
		if got := p.text(".hold-head .badge:not(.bad):not(.warn)"); got != want.badge {
			t.Errorf("hold %d is labelled %q, want %q", n, got, want.badge)
		}
	}
	var steps []string
	c.get("/holds/" + id(9)).Find(".steps li").Each(func(_ int, li *goquery.Selection) {
		steps = append(steps, strings.Join(strings.Fields(li.Text()), " "))
	})
	if diff := strings.Join(steps, "; "); diff != "Occurred 09:18:00.000 −640 ms; Received 09:18:00.640; Durable 09:18:00.648 +8 ms; "+
		"Held 09:18:00.900 +260 ms; Restrained (read back) 09:18:02.100 +1.46 s; Effective by 09:50:00.000 +31 min" {
		t.Errorf("the moments are %s", diff)
	}
}

// TestRestraintUnderWay: what is asked for and not read back is not contained.
func TestRestraintUnderWay(t *testing.T) {
	for _, of := range []struct {
		containment holds.Containment
		says        string
	}{
		{holds.ContainmentRequested, "restraining, not confirmed"},
		{holds.ContainmentFailed, "restraint failed"},
		{holds.ContainmentConfirmed, "the restraint was undone"},
	} {
		w := newWorld()
		w.add(another(1, func(v *holds.View) {
			v.Hold.Containment, v.Hold.Standing, v.Hold.Restrained = of.containment, holds.Observed, time.Time{}
		}))
		c := serve(t, w).as(t, "p-rolf")
		for _, path := range []string{"/", "/holds/" + id(1)} {
			p := c.get(path)
			p.want(t, http.StatusOK, "observed", of.says)
			if strings.Contains(p.text(".badge.contained"), "contained") {
				t.Errorf("%s calls it contained", path)
			}
		}
	}
}

func TestR98(t *testing.T) {
	const line = "I can help with this, but I need to complete the identity check through the approved process before I change access."
	w := newWorld()
	k := w.add(annas())
	p := serve(t, w).as(t, "p-rolf").get("/holds/" + string(k.Hold))
	if got := p.text("blockquote"); got != line || console.Line != line {
		t.Errorf("the line reads %q", got)
	}
}

// TestR99: the rule and the policy's version stand on the page and beside every
// refusal.
func TestR99(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	c := serve(t, w).as(t, "p-rolf")
	p := c.get("/holds/" + string(k.Hold))
	p.want(t, http.StatusOK, "rule mfa, policy starter/1", "2 identity checks over 2 paths", "2 more identity checks", "1 approval")
	p = c.decide(k, map[string]string{"decision": "approve", "target": "anna.berg@acme.example", "roles_seen": seenBy(c, k), "reason": "She is fine."})
	p.want(t, http.StatusForbidden, "Not yet: this hold still needs 2 more identity checks", "rule mfa, policy starter/1")
}

// seenBy is the acknowledgement that the page would send, also where the form
// is not offered.
func seenBy(c *client, k holds.Key) string {
	w := newWorld()
	v := c.site.views[k]
	v.Hold.Evidence = []holds.Evidence{{Kind: holds.Callback, Verifier: "p-x"}, {Kind: holds.InPerson, Verifier: "p-x"}}
	v.Hold.Requester, v.Hold.State, v.Hold.NotMe = "p-anna", holds.Pending, time.Time{}
	v.Hold.Round = 0
	w.add(v)
	return serve(c.t, w).as(c.t, "p-rolf").get("/holds/" + string(k.Hold)).rolesSeen()
}

// TestRecord: the six fields of a record (R81 to R86): requester, verifier,
// method, approver, when, what changed.
func TestRecord(t *testing.T) {
	s := serve(t, gallery())
	p := s.as(t, "p-rolf").get("/holds/" + id(6))
	for field, want := range map[string]string{
		"R81 requester": "Asked for by Anna Berg p-anna",
		"R82 verifier":  "Checked by Sara Lind p-sara",
		"R83 method":    "Call back to a number on file path: phone",
		"R85 when":      "When 2026-11-02 09:26:00 UTC",
	} {
		if got := spaced(p.Find("#checks .entries > li").First()); !strings.Contains(got, want) {
			t.Errorf("%s: %q is not in %q", field, want, got)
		}
	}
	for _, want := range []string{"Approve", "Tove Falk p-tove", "2026-11-02 09:28:00 UTC"} {
		if got := spaced(p.Find(`section[aria-labelledby="h-decisions"]`)); !strings.Contains(got, want) {
			t.Errorf("R84 approver: %q is not in %q", want, got)
		}
	}
	if got := spaced(p.Find(".events li").First()); !strings.Contains(got, "MFA change: reset") || !strings.Contains(got, "user.mfa.factor.reset_all") {
		t.Errorf("R86 what changed: %q", got)
	}
}

// spaced is the text of a selection with a space between elements.
func spaced(s *goquery.Selection) string {
	var out []string
	s.Find("*").AddSelection(s).Contents().Each(func(_ int, n *goquery.Selection) {
		if goquery.NodeName(n) == "#text" {
			out = append(out, strings.Fields(n.Text())...)
		}
	})
	return strings.Join(out, " ")
}

// TestMasked: contact points are masked although the store of this test gives
// them in clear, and the ledger never shows one.
func TestMasked(t *testing.T) {
	w := newWorld()
	v := annas()
	v.Notices[0].Masked = "anna@home.example" // a store that forgot
	k := w.add(v)
	c := serve(t, w).as(t, "p-rolf")
	c.record(k, check("callback", map[string]string{"point": "c-old"})).want(t, http.StatusSeeOther)
	p := c.get("/holds/" + string(k.Hold))
	p.want(t, http.StatusOK, "…67", "a…@h….example")
	for _, clear := range []string{"123", "45 67", "999 99", "anna@home", "home.example"} {
		if strings.Contains(p.html, clear) {
			t.Errorf("the page shows %q of a contact point", clear)
		}
	}
}

// TestR55 to R61 and others: what does not count is said, with why, and refused
// by name when it is sent all the same.
func TestR55(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	c := serve(t, w).as(t, "p-rolf")
	p := c.get("/holds/" + string(k.Hold))
	for kind, shown := range map[string]string{
		"job_title": "Job title: a job title is public", "birthday": "Birthday: a birthday is public", "office": "Office: an office location is public",
		"manager_name": "Manager name: knowing", "last_four_phone": "Last four phone: the last digits", "email_signature": "Email signature: a signature",
		"project_names": "Project names: project names", "urgency": "Urgency: urgent does not mean verified",
	} {
		if !strings.Contains(p.text(".weak"), shown) {
			t.Errorf("%q is not said in %q", shown, p.text(".weak"))
		}
		c.record(k, check(kind, nil)).want(t, http.StatusBadRequest, kind, "does not count as an identity check")
	}
	if n := len(w.hold(k).Evidence); n != 0 {
		t.Errorf("%d checks were recorded", n)
	}
}

// TestOrder: the account's privileged roles come first (R79).
func TestOrder(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	p := serve(t, w).as(t, "p-rolf").get("/holds/" + string(k.Hold))
	if got := p.text(".roles li:first-child"); got != "privileged Organisation administrator ra-1" {
		t.Errorf("the first role is %q", got)
	}
	p.want(t, http.StatusOK, "Current roles as of 2026-11-02 09:29:20 UTC")
	var times []string
	p.Find(".timeline time").Each(func(_ int, m *goquery.Selection) {
		at, _ := m.Attr("datetime")
		when, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, when.Format("20060102150405.000000"))
	})
	if len(times) < 10 || !slices.IsSorted(times) {
		t.Errorf("the timeline is not in order: %v", times)
	}
}

// TestC11: names in two scripts are marked, and the immutable id is always
// there.
func TestC11(t *testing.T) {
	s := serve(t, gallery())
	c := s.as(t, "p-rolf")
	for _, path := range []string{"/", "/holds/" + id(3)} {
		p := c.get(path)
		p.want(t, http.StatusOK, "mixed script", "00uAnna0000000000004")
	}
	c.get("/holds/" + id(1)).Find(".mark").Each(func(_ int, m *goquery.Selection) {
		t.Errorf("a plain name is marked: %s", m.Parent().Text())
	})
	c.get("/").Find(".holds tbody tr").Each(func(_ int, tr *goquery.Selection) {
		ids := 2
		if tr.HasClass("under") {
			ids = 1 // the actor's id is another platform's
		}
		if tr.Find("code.id").Length() < ids {
			t.Errorf("a line without its ids: %s", tr.Text())
		}
		if tr.Find("a.go bdi").Length() != 1 {
			t.Errorf("a name that is not kept apart: %s", tr.Text())
		}
	})
}

// TestI1 puts every hostile value wherever a stranger can put one, and looks at
// what a browser would make of the pages.
func TestI1(t *testing.T) {
	for i, bad := range pagetest.Hostile() {
		t.Run(strings.ToValidUTF8(bad[:min(len(bad), 24)], "?"), func(t *testing.T) {
			w := newWorld()
			p := w.people["p-anna"]
			p.Name = bad
			w.people["p-anna"] = p
			w.health = []holds.ConnectionHealth{{Tenant: tenant, Connection: holds.ConnectionID(bad), Mode: holds.ModeContain, Trouble: bad, Feeds: bad, Enforcement: holds.Enforcement{At: now, Problems: []string{bad}}}}
			v := another(1, func(v *holds.View) { leads(v); poison(v, bad) })
			k := w.add(v)
			w.add(another(2, func(v *holds.View) { poison(v, bad); told(v) }))
			c := serve(t, w).as(t, "p-rolf")
			for _, path := range []string{"/", "/holds", "/holds/" + string(k.Hold), "/holds/" + id(2)} {
				got := c.get(path)
				got.want(t, http.StatusOK)
				pagetest.Harmless(t, got.html)
			}
			got := c.decide(k, map[string]string{"decision": bad, "reason": bad[:min(len(bad), 1500)], "target": bad[:min(len(bad), 1500)]})
			got.want(t, http.StatusBadRequest)
			pagetest.Harmless(t, got.html)
			got = c.record(k, check("in_person", map[string]string{"place": bad[:min(len(bad), 100)], "witness": bad[:min(len(bad), 100)], "remark": bad[:min(len(bad), 1000)]}))
			pagetest.Harmless(t, got.html)
			if got.status/100 != 4 {
				t.Errorf("a witness called %d was taken: %d", i, got.status)
			}
		})
	}
}

// poison is a view in which everything others can choose is hostile.
func poison(v *holds.View, bad string) {
	h := &v.Hold
	party := holds.Party{ID: bad, Kind: holds.PartyPerson, Name: bad, Login: bad, Credential: bad}
	h.Subject = holds.Account{ID: bad, Login: bad, Name: bad}
	h.Actor, h.Connection, h.Doubts, h.Exempt, h.Untold = party, holds.ConnectionID(bad), []string{bad}, bad, bad
	h.Events = append(h.Events, holds.EventRef{
		ID: bad, Class: holds.RoleActivation, Verb: holds.Grant, Type: bad, Occurred: h.Occurred, Summary: bad, Actor: party, IP: bad,
		Role: holds.Object{Type: bad, ID: bad, Name: bad}, Factor: holds.Object{Type: bad, ID: bad, Name: bad},
	})
	h.Terms.Rule, h.Terms.Policy = bad, bad
	h.Evidence = []holds.Evidence{{Kind: holds.EvidenceKind(bad), Verifier: "p-sara", Requester: "p-anna", Reference: bad, Place: bad, Note: bad, Point: bad, At: now}}
	h.Requester = "p-anna"
	h.Decisions = []holds.Decision{{Kind: holds.Deny, Approver: "p-tove", Reason: bad, Void: true, At: now}}
	h.Irreversible, h.Unlinked = []string{bad}, []string{bad}
	h.Children = append(h.Children, h.Events[len(h.Events)-1], holds.EventRef{Class: holds.OtherTakeover, Objects: []holds.Object{{Type: bad, ID: bad, Name: bad}}, Occurred: now})
	for i := range v.Siblings {
		v.Siblings[i].Subject, v.Siblings[i].Connection, v.Siblings[i].Class = h.Subject, h.Connection, holds.Class(bad)
	}
	v.Notes = []holds.Note{{By: holds.By("person:" + bad), Text: bad, At: now}}
	v.Snapshot.Roles = []holds.Role{{ID: bad, Kind: bad, Name: bad, Privileged: true}}
	v.Snapshot.Factors = []holds.Factor{{ID: bad, Kind: bad, Name: bad, Status: bad}}
	v.Snapshot.VendorStatus = bad
	v.Intents[0].Result.Detail, v.Intents[0].Action.Object = bad, bad
	v.Notices[0].Notice.Channel, v.Notices[0].Masked, v.Notices[0].Notice.Why = bad, bad, bad
	v.Notices[0].Attempts[0].Detail = bad
}
