package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/holds"
)

// good approves the hold as the page would.
func (c *client) approve(k holds.Key, more map[string]string) answer {
	c.t.Helper()
	p := c.get("/holds/" + string(k.Hold))
	typed := map[string]string{
		"decision": "approve", "target": "anna.berg@acme.example", "roles_seen": p.rolesSeen(), "reason": "Two checks over two paths.",
	}
	for name, v := range more {
		typed[name] = v
	}
	return c.post("/holds/"+string(k.Hold)+"/decision", p.fill(c.t, "/holds/"+string(k.Hold)+"/decision", typed))
}

// verified is a world with one hold that Sara has checked over two paths.
func verified(t *testing.T) (*site, holds.Key) {
	t.Helper()
	w := newWorld()
	k := w.add(annas())
	s := serve(t, w)
	sara := s.as(t, "p-sara")
	sara.record(k, check("callback", map[string]string{"point": "c-old", "reference": "CALL-1"})).want(t, http.StatusSeeOther)
	sara.record(k, check("manager", map[string]string{"reference": "REC-2"})).want(t, http.StatusSeeOther)
	return s, k
}

// TestWholeWay: two checks, an approval by somebody else, over the forms alone.
func TestWholeWay(t *testing.T) {
	s, k := verified(t)
	h := s.hold(k)
	if len(h.Evidence) != 2 || h.Evidence[0].Verifier != "p-sara" || h.Evidence[0].Point != "c-old" || h.Evidence[1].Confirmer != "p-maja" || h.Requester != "p-anna" {
		t.Fatalf("the checks are %+v", h.Evidence)
	}
	p := s.as(t, "p-tove").approve(k, nil)
	p.want(t, http.StatusSeeOther)
	if got := p.header.Get("Location"); got != "/holds/"+string(k.Hold)+"#decide" {
		t.Errorf("it leads to %q", got)
	}
	if h = s.hold(k); h.State != holds.Approved || h.Decisions[0].Approver != "p-tove" || h.Decisions[0].Reason != "Two checks over two paths." {
		t.Errorf("the hold is %s, decided %+v", h.State, h.Decisions)
	}
}

func TestDenyAndRemove(t *testing.T) {
	for _, kind := range []holds.DecisionKind{holds.Deny, holds.RemoveAccess} {
		w := newWorld()
		k := w.add(annas())
		serve(t, w).as(t, "p-tove").decide(k, map[string]string{"decision": string(kind), "reason": "Not her."}).want(t, http.StatusSeeOther)
		if h := w.hold(k); h.State != holds.Denied || h.Outcome != kind {
			t.Errorf("%s: the hold is %s, %s", kind, h.State, h.Outcome)
		}
	}
}

// TestRestore: what gives an account back needs the same care as an approval.
func TestRestore(t *testing.T) {
	w := gallery()
	k := w.order[6]
	s := serve(t, w)
	sara, tove := s.as(t, "p-sara"), s.as(t, "p-rolf")
	sara.get("/holds/"+string(k.Hold)).want(t, http.StatusOK, "Restore: give the account back to its owner", "2 more identity checks")
	sara.record(k, check("callback", map[string]string{"point": "c-old"})).want(t, http.StatusSeeOther)
	sara.record(k, check("manager", nil)).want(t, http.StatusSeeOther)
	tove.approve(k, map[string]string{"decision": "restore", "target": "anna.berg@acme.example"}).want(t, http.StatusBadRequest, "What you typed is not this account")
	tove.approve(k, map[string]string{"decision": "restore", "target": "kim@acme.example"}).want(t, http.StatusSeeOther)
	if h := w.hold(k); h.RestoreBegun.IsZero() {
		t.Error("nothing was given back")
	}
}

// TestR79: without the tick, and with the tick of other roles, nothing is
// approved.
func TestR79(t *testing.T) {
	s, k := verified(t)
	c := s.as(t, "p-tove")
	c.approve(k, map[string]string{"roles_seen": ""}).want(t, http.StatusBadRequest, "Look at the account's current roles")
	c.approve(k, map[string]string{"roles_seen": "on"}).want(t, http.StatusConflict, "The account's roles are not those you saw")

	stale := c.get("/holds/" + string(k.Hold))
	s.mu.Lock()
	v := s.views[k]
	v.Snapshot.Roles = append(v.Snapshot.Roles, holds.Role{ID: "ra-3", Kind: "SUPER_ADMIN", Name: "Super administrator", Privileged: true})
	s.views[k] = v
	s.mu.Unlock()
	form := stale.fill(t, "/holds/"+string(k.Hold)+"/decision", map[string]string{
		"decision": "approve", "target": "anna.berg@acme.example", "roles_seen": stale.rolesSeen(), "reason": "Fine.",
	})
	c.post("/holds/"+string(k.Hold)+"/decision", form).want(t, http.StatusConflict, "The account's roles are not those you saw")
	if h := s.hold(k); h.State != holds.Pending {
		t.Errorf("the hold is %s", h.State)
	}
	c.approve(k, nil).want(t, http.StatusSeeOther)
}

// TestI13: nothing is chosen beforehand, no button approves by itself, and an
// approval needs the account typed.
func TestI13(t *testing.T) {
	s, k := verified(t)
	c := s.as(t, "p-tove")
	p := c.get("/holds/" + string(k.Hold))
	p.Find("input[name=decision]").Each(func(_ int, in *goquery.Selection) {
		if _, on := in.Attr("checked"); on {
			t.Error("a decision is chosen beforehand")
		}
	})
	p.Find("button, input[type=submit]").Each(func(_ int, b *goquery.Selection) {
		if v, _ := b.Attr("value"); strings.Contains(v, "approve") || strings.Contains(strings.ToLower(b.Text()), "approve") {
			t.Errorf("a button approves: %s", b.Text())
		}
	})
	if first := p.text("input[name=decision]:first-of-type + span"); !strings.HasPrefix(first, "Deny") {
		t.Errorf("the first decision is %q", first)
	}
	if auto := p.Find("[autofocus]").Length(); auto != 0 {
		t.Error("a field of this page has the focus from the start")
	}
	for _, typed := range []string{"", "anna", "dora.desk@acme.example", "00uanna0000000000001", "anna.berg@acme.example.evil"} {
		c.approve(k, map[string]string{"target": typed}).want(t, http.StatusBadRequest, "What you typed is not this account")
	}
	c.approve(k, map[string]string{"decision": ""}).want(t, http.StatusBadRequest, "Choose a decision")
	c.approve(k, map[string]string{"decision": "release"}).want(t, http.StatusBadRequest, "Choose a decision")
	if h := s.hold(k); h.State != holds.Pending {
		t.Fatalf("the hold is %s", h.State)
	}
	c.approve(k, map[string]string{"target": "ANNA.Berg@acme.example"}).want(t, http.StatusSeeOther)
}

// TestI13Labels: every field has a name that is read out with it.
func TestI13Labels(t *testing.T) {
	s, k := verified(t)
	s.as(t, "p-tove").get("/holds/" + string(k.Hold)).Find("input:not([type=hidden]), select, textarea").Each(func(_ int, f *goquery.Selection) {
		fieldID, has := f.Attr("id")
		labelled := f.Closest("label").Length() > 0 || has && f.Closest("body").Find(`label[for="`+fieldID+`"]`).Length() == 1
		if !labelled {
			name, _ := f.Attr("name")
			t.Errorf("the field %q has no label", name)
		}
	})
}

// TestF1: whoever has a part in the hold, and whoever checked, is refused at
// this door as well, and is told why before they try.
func TestF1(t *testing.T) {
	s, k := verified(t)
	for who, says := range map[holds.PersonID]string{
		"p-anna": "You are the owner of this account.",
		"p-dora": "You made this change, by the account it was made with.",
		"p-sara": "You checked identity here; somebody else must approve.",
	} {
		c := s.as(t, who)
		c.get("/holds/"+string(k.Hold)).want(t, http.StatusOK, says)
		form := s.as(t, "p-tove").get("/holds/"+string(k.Hold)).fill(t, "/holds/"+string(k.Hold)+"/decision", map[string]string{
			"decision": "approve", "target": "anna.berg@acme.example", "reason": "Mine.", "roles_seen": s.as(t, "p-tove").get("/holds/" + string(k.Hold)).rolesSeen(),
		})
		c.post("/holds/"+string(k.Hold)+"/decision", form).want(t, http.StatusForbidden, "somebody else must")
		form.Set("decision", "deny")
		if who != "p-sara" {
			c.post("/holds/"+string(k.Hold)+"/decision", form).want(t, http.StatusForbidden)
		}
	}
	if h := s.hold(k); h.State != holds.Pending || len(h.Decisions) != 0 {
		t.Errorf("the hold is %s with %d decisions", h.State, len(h.Decisions))
	}
}

// TestF5: authority is asked about at every request: the session still lives.
func TestF5(t *testing.T) {
	s, k := verified(t)
	c := s.as(t, "p-tove")
	p := c.get("/holds/" + string(k.Hold))
	form := p.fill(t, "/holds/"+string(k.Hold)+"/decision", map[string]string{
		"decision": "approve", "target": "anna.berg@acme.example", "reason": "Fine.", "roles_seen": p.rolesSeen(),
	})
	s.dismiss("p-tove")
	before := s.count()
	c.post("/holds/"+string(k.Hold)+"/decision", form).want(t, http.StatusForbidden)
	c.get("/holds/"+string(k.Hold)).want(t, http.StatusForbidden)
	c.get("/").want(t, http.StatusForbidden)
	if s.count() != before {
		t.Error("something was written")
	}
}

// TestF6: a page that is out of date is answered with what has changed, nothing
// is done, and what was typed is not lost. I14 is the same with two tabs.
func TestF6(t *testing.T) {
	s, k := verified(t)
	path := "/holds/" + string(k.Hold)
	c := s.as(t, "p-tove")
	old := c.get(path)
	approve := old.fill(t, path+"/decision", map[string]string{
		"decision": "approve", "target": "anna.berg@acme.example", "reason": "A long and careful reason.", "roles_seen": old.rolesSeen(),
	})
	deny := old.fill(t, path+"/decision", map[string]string{"decision": "deny", "reason": "No."})
	again := old.fill(t, path+"/evidence", check("hr_record", nil))
	s.tick(time.Minute)
	s.as(t, "p-rolf").record(k, check("in_person", map[string]string{"witness": "p-maja", "place": "Reception"})).want(t, http.StatusSeeOther)
	s.mu.Lock()
	v := s.views[k]
	joined, err := holds.Apply(v.Hold, holds.Joined{Terms: v.Hold.Terms, Event: holds.EventRef{ID: "e-new", Class: holds.RecoveryChange, Verb: holds.Update, Occurred: now}}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	v.Hold = joined.Hold
	s.views[k] = v
	s.mu.Unlock()
	for name, form := range map[string]url.Values{"/decision": approve, "/decision?": deny, "/evidence": again} {
		p := c.post(path+name, form)
		p.want(t, http.StatusConflict, "Nothing was done.", "You saw version 3; it is at version 5.",
			"Rolf Ek recorded an identity check: Met in person or by video.", "A further event: Recovery change: updated")
		if link, _ := p.Find("a.button").Attr("href"); link != path {
			t.Errorf("%s: it leads back to %q", name, link)
		}
	}
	c.post(path+"/decision", approve).want(t, http.StatusConflict, "A long and careful reason.")
	if h := s.hold(k); h.State != holds.Pending || len(h.Decisions) != 0 || len(h.Evidence) != 3 {
		t.Errorf("the hold is %s with %d decisions and %d checks", h.State, len(h.Decisions), len(h.Evidence))
	}
}

// TestF6NotMe: the owner was faster.
func TestF6NotMe(t *testing.T) {
	s, k := verified(t)
	path := "/holds/" + string(k.Hold)
	c := s.as(t, "p-tove")
	old := c.get(path)
	s.tick(time.Second)
	s.owner(k, true)
	form := old.fill(t, path+"/decision", map[string]string{"decision": "approve", "target": "anna.berg@acme.example", "reason": "Fine.", "roles_seen": old.rolesSeen()})
	c.post(path+"/decision", form).want(t, http.StatusConflict, "The owner said: this was not me.")
	c.get(path).want(t, http.StatusOK, "The owner says: this was not me", "can be denied, not approved")
	if n := c.get(path).Find("input[value=approve]").Length(); n != 0 {
		t.Error("approving is still offered")
	}
	c.decide(k, map[string]string{"decision": "deny", "reason": "The owner says so."}).want(t, http.StatusSeeOther)
}

// TestF8: a double click is one decision.
func TestF8(t *testing.T) {
	s, k := verified(t)
	c := s.as(t, "p-tove")
	path := "/holds/" + string(k.Hold)
	p := c.get(path)
	form := p.fill(t, path+"/decision", map[string]string{"decision": "approve", "target": "anna.berg@acme.example", "reason": "Fine.", "roles_seen": p.rolesSeen()})
	c.post(path+"/decision", form).want(t, http.StatusSeeOther)
	c.post(path+"/decision", form).want(t, http.StatusConflict, "The hold is approved already.")
	if n := len(s.hold(k).Decisions); n != 1 {
		t.Errorf("%d decisions", n)
	}
}
