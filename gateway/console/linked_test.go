package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/holds"
)

// TestG10 is that access given out before a restraint is never passed over: until
// it has ended, the queue, the history of an account and the hold's page say when
// it does, and afterwards they do not.
func TestG10(t *testing.T) {
	w := newWorld()
	w.add(another(9, live)) // effective by 09:50
	c := serve(t, w).as(t, "p-rolf")
	pages := map[string]string{"/": ".holds tbody tr", "/holds?q=00uLive0000000000009": ".holds tbody tr", "/holds/" + id(9): ".badges"}
	for path, where := range pages {
		if got := c.get(path).text(where); !strings.Contains(got, "contained") || !strings.Contains(got, "effective by 09:50 UTC") {
			t.Errorf("%s calls it %q", path, got)
		}
	}
	c.get("/holds/"+id(9)).want(t, http.StatusOK, "Access given out before lives on until 2026-11-02 09:50:00 UTC at the latest.")
	w.tick(21 * time.Minute)
	for path, where := range pages {
		if got := c.get(path).text(where); strings.Contains(got, "effective by") {
			t.Errorf("%s still says so: %q", path, got)
		}
	}
}

// TestC15NoNegativeAges: our clock was set back an hour, and the provider's is
// ahead or behind; no page shows an age below nothing or a due time that passed.
func TestC15NoNegativeAges(t *testing.T) {
	w := newWorld()
	w.add(another(1, func(v *holds.View) { v.Hold.Occurred = v.Hold.Received.Add(10 * time.Minute) }))
	w.add(another(2, func(v *holds.View) { v.Hold.Occurred = v.Hold.Received.Add(-2 * time.Hour) }))
	w.tick(-time.Hour)
	c := serve(t, w).as(t, "p-rolf")
	c.get("/").Find(`td[data-label="Age"]`).Each(func(_ int, td *goquery.Selection) {
		if got := strings.TrimSpace(td.Text()); got != "0 s" {
			t.Errorf("an age of %q", got)
		}
	})
	for _, path := range []string{"/", "/holds/" + id(1), "/holds/" + id(2)} {
		p := c.get(path)
		p.want(t, http.StatusOK)
		if strings.Contains(p.html, "overdue by") || strings.Contains(p.html, "overdue since") {
			t.Errorf("%s: something is overdue before its time", path)
		}
	}
}

// TestLinkedAccounts: the leader's page names the person's other accounts with the
// standing of each, and those that are not restrained; the follower's page says
// where it is decided, and offers nothing.
func TestLinkedAccounts(t *testing.T) {
	s := serve(t, gallery())
	c := s.as(t, "p-rolf")
	p := c.get("/holds/" + id(11))
	p.want(t, http.StatusOK, "Not restrained with this account:", "is linked to nobody: it is not restrained", "Also done by the same people", "And 3 more")
	others := p.Find(`section[aria-labelledby="h-others"] li`)
	if others.Length() != 2 || !strings.Contains(others.First().Text(), "observed") || !strings.Contains(others.First().Text(), "decided here") {
		t.Errorf("the other accounts: %s", others.Text())
	}
	if to, _ := others.First().Find("a.go").Attr("href"); to != "/holds/"+id(12) {
		t.Errorf("the first of them is at %q", to)
	}
	f := c.get("/holds/" + id(12))
	f.want(t, http.StatusOK, "Nothing is decided here", "This account is not restrained: restraint failed", "to another account of the person")
	if f.Find(`form[action$="/decision"], form[action$="/evidence"]`).Length() != 0 {
		t.Error("the follower's page offers a decision or a check")
	}
	if text := f.text("main"); strings.Contains(text, "Nobody has checked") || strings.Contains(text, "Nobody has decided") || !strings.Contains(text, "told of the other account's hold") {
		t.Errorf("the follower's page waits for checks, decisions or messages of its own: %s", text)
	}
	if f.Find(`form[action$="/note"]`).Length() != 1 {
		t.Error("the follower's page takes no note")
	}
	if to, _ := f.Find(".banner a").First().Attr("href"); to != "/holds/"+id(11) {
		t.Errorf("its leader is at %q", to)
	}
	// And whoever posts all the same is told where to go.
	k := holds.Key{Tenant: tenant, Hold: holds.HoldID(id(12))}
	c.post("/holds/"+id(12)+"/decision", f.fill(t, "/holds/"+id(12)+"/note", map[string]string{"decision": "deny", "reason": "x", "text": ""})).
		want(t, http.StatusForbidden, "held with hold 00000011 of the same person")
	if h := s.hold(k); h.State != holds.Pending {
		t.Errorf("the follower is %s", h.State)
	}
}

// TestFollowerWithAnEventOfItsOwn: the other account's change is not told as this
// one's, and a change that the provider told of late says how late.
func TestFollowerWithAnEventOfItsOwn(t *testing.T) {
	w := newWorld()
	w.add(another(12, func(v *holds.View) {
		follows(v)
		h := &v.Hold
		h.Leader, h.Class, h.Events[0].Received = "", holds.RoleActivation, h.Received
		self := holds.Party{ID: h.Subject.ID, Kind: holds.PartyPerson, Login: h.Subject.Login}
		h.Actor = self
		for _, name := range []string{"Add member to role", "Add member to role outside of PIM"} {
			h.Events = append(h.Events, holds.EventRef{
				ID: name, Class: holds.RoleActivation, Verb: holds.Grant, Type: name, Occurred: h.Occurred.Add(time.Second), Actor: self,
				Received: h.Occurred.Add(time.Second + 4*time.Minute), Role: holds.Object{Name: "Global Administrator"},
			})
		}
	}))
	c := serve(t, w).as(t, "p-rolf")
	p := c.get("/holds/" + id(12))
	p.want(t, http.StatusOK, "to another account of the person", "received 4 min later")
	told := p.text(".timeline")
	for _, want := range []string{"Another account of this person was held hold 00000011", "Admin role: granted Global Administrator", "Received Admin role: granted, 4 min after it occurred"} {
		if strings.Count(told, want) == 0 {
			t.Errorf("the timeline does not say %q: %s", want, told)
		}
	}
	if strings.Contains(told, "MFA change") || strings.Count(told, "Received Admin role") != 1 {
		t.Errorf("the timeline tells the other account's change, or one receipt twice: %s", told)
	}
	if got := c.get("/").text(".holds tbody"); !strings.Contains(got, "the account itself") {
		t.Errorf("who changed it: %s", got)
	}
}

// TestFollowersStandBelowTheirLeader in the queue, wherever the store puts them,
// and by themselves when the leader is not listed.
func TestFollowersStandBelowTheirLeader(t *testing.T) {
	w := newWorld()
	w.add(another(12, follows))
	w.add(another(1, func(*holds.View) {}))
	w.add(another(11, leads))
	order := func() (out []string) {
		serve(t, w).as(t, "p-rolf").get("/").Find(".holds tbody tr").Each(func(_ int, tr *goquery.Selection) {
			to, _ := tr.Find("a.go").Attr("href")
			out = append(out, to[len(to)-2:])
			if under := tr.HasClass("under"); under != (strings.HasSuffix(to, "12") && len(w.order) == 3) {
				t.Errorf("%s stands below another: %v", to, under)
			}
		})
		return out
	}
	if got := strings.Join(order(), " "); got != "01 11 12" {
		t.Errorf("the order is %s", got)
	}
	w.order = w.order[:2]
	if got := strings.Join(order(), " "); got != "12 01" {
		t.Errorf("without the leader the order is %s", got)
	}
}

// TestStaleAfterALookBack: a decision on a page from before says what was found.
func TestStaleAfterALookBack(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	s := serve(t, w)
	c := s.as(t, "p-tove")
	p := c.get("/holds/" + string(k.Hold))
	w.tick(time.Second)
	if _, err := w.apply(k, 0, func(string) holds.Fact {
		return holds.LookedBack{Children: []holds.EventRef{{ID: "c1", Class: holds.OtherTakeover, Type: "system.api_token.create", Occurred: now}}}
	}); err != nil {
		t.Fatal(err)
	}
	form := p.fill(t, "/holds/"+string(k.Hold)+"/decision", map[string]string{"decision": "deny", "reason": "x"})
	c.post("/holds/"+string(k.Hold)+"/decision", form).want(t, http.StatusConflict, "What else the same people did was looked up: 1 change.")
}
