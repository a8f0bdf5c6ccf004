package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway/page/pagetest"
	"github.com/countersign/countersign/holds"
)

// TestG16Console: one reviewer stops, alone and at once; every page says who, why
// and until when; two different people resume.
func TestG16Console(t *testing.T) {
	s := serve(t, gallery())
	rolf, sara := s.as(t, "p-rolf"), s.as(t, "p-sara")
	free := rolf.get("/brakes")
	free.want(t, http.StatusOK, "Stop all containment now", "Stop all release now")
	pagetest.Golden(t, "brakes", free.html)
	pull := func(c *client, brake, reason string) answer {
		return c.post("/brakes/stop", url.Values{"brake": {brake}, "reason": {reason}})
	}
	pull(rolf, "containment", "  ").want(t, http.StatusBadRequest, "Not done. Give a reason")
	pull(rolf, "polling", "x").want(t, http.StatusBadRequest, "cannot be stopped")
	pull(rolf, "release", strings.Repeat("x", 241)).want(t, http.StatusBadRequest, "The reason has 241 characters")
	if s.count() != 0 {
		t.Fatal("a refused form stopped something")
	}
	pull(rolf, "containment", `We restrain <b>everybody</b> of "sales"`).want(t, http.StatusSeeOther)
	pull(rolf, "release", "The approvals of this morning look forged").want(t, http.StatusSeeOther)

	k := s.order[0]
	stale := sara.get("/holds/"+string(k.Hold)).fill(t, "/holds/"+string(k.Hold)+"/decision", map[string]string{"decision": "deny", "reason": "No."})
	stale.Set("version", "9")
	for name, p := range map[string]answer{
		"queue": sara.get("/"), "history": sara.get("/holds"), "hold": sara.get("/holds/" + string(k.Hold)), "brakes": sara.get("/brakes"),
		"stale": sara.post("/holds/"+string(k.Hold)+"/decision", stale),
	} {
		banners := strings.Join(strings.Fields(p.Find(".banner.stopped").Text()), " ")
		for _, want := range []string{
			"All containment is stopped by Rolf Ek p-rolf", `We restrain <b>everybody</b> of "sales"`, "until 2026-11-02 10:30:00 UTC",
			"All release is stopped by Rolf Ek p-rolf", "look forged",
		} {
			if !strings.Contains(banners, want) {
				t.Errorf("G16 the page %s does not say %q: %s", name, want, banners)
			}
		}
		pagetest.Harmless(t, p.html)
		if name == "queue" || name == "brakes" {
			pagetest.Golden(t, name+"-stopped", p.html)
		}
	}
	if p := s.in(t, globex, "p-tove").get("/"); p.Find(".banner.stopped").Length() != 0 {
		t.Error("G16 another tenant is shown it")
	}

	resume := func(c *client) answer {
		return c.post("/brakes/resume", c.get("/brakes").fill2(t, "stop-1", map[string]string{"reason": "The rule is mended"}))
	}
	resume(rolf).want(t, http.StatusSeeOther)
	rolf.get("/brakes").want(t, http.StatusOK, "Rolf Ek p-rolf says that it may go on", "Another reviewer must say so, too.")
	again := url.Values{"stop": {"stop-1"}, "reason": {"once more"}}
	rolf.post("/brakes/resume", again).want(t, http.StatusConflict, "You have said so already")
	if stops, _ := s.Stops(t.Context(), tenant, s.clock()); len(stops) != 2 {
		t.Fatal("G16 one person resumed")
	}
	resume(sara).want(t, http.StatusSeeOther)
	sara.post("/brakes/resume", again).want(t, http.StatusConflict, "Nothing is stopped here any more")
	p := sara.get("/")
	if got := p.text(".banner.stopped"); strings.Contains(got, "containment") || !strings.Contains(got, "release") {
		t.Errorf("G16 it says %q", got)
	}
	s.tick(400 * 24 * time.Hour)
	if stops, _ := s.Stops(t.Context(), tenant, s.clock()); len(stops) != 1 || stops[0].Brake != holds.BrakeRelease {
		t.Errorf("G16 a stop of release lapsed: %v", stops)
	}
}

// fill2 fills the form about one stop.
func (p answer) fill2(t *testing.T, stop string, typed map[string]string) url.Values {
	t.Helper()
	if n := p.Find(`form[action="/brakes/resume"] input[name=stop][value="` + stop + `"]`).Length(); n != 1 {
		t.Fatalf("%d forms resume %s:\n%s", n, stop, p.text("main"))
	}
	out := url.Values{"stop": {stop}}
	for k, v := range typed {
		out.Set(k, v)
	}
	return out
}

// TestG16OnlyReviewersOfTheTenant pull its brakes, and no other site for them.
func TestG16OnlyReviewersOfTheTenant(t *testing.T) {
	s := serve(t, gallery())
	c := s.as(t, "p-rolf")
	form := url.Values{"brake": {"release"}, "reason": {"x"}}.Encode()
	if p := c.do(http.MethodPost, "/brakes/stop", form, map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example",
	}); p.status != http.StatusForbidden {
		t.Errorf("another site: %d", p.status)
	}
	s.dismiss("p-rolf")
	c.post("/brakes/stop", url.Values{"brake": {"release"}, "reason": {"x"}}).want(t, http.StatusForbidden)
	if s.count() != 0 {
		t.Error("something was stopped")
	}
	other := s.in(t, globex, "p-tove")
	s.stops = []holds.Stop{{ID: "stop-1", Tenant: tenant, Brake: holds.BrakeRelease, By: "p-rolf", Reason: "x", At: s.clock()}}
	other.post("/brakes/resume", url.Values{"stop": {"stop-1"}, "reason": {"x"}}).want(t, http.StatusNotFound)
}
