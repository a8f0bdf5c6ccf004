package oktasim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// links reads the Link headers by relation.
func links(h http.Header) map[string]string {
	out := map[string]string{}
	for _, l := range h.Values("Link") {
		url, rel, _ := strings.Cut(l, ">; ")
		out[strings.Trim(strings.TrimPrefix(rel, "rel="), `"`)] = strings.TrimPrefix(url, "<")
	}
	return out
}

// logPage reads one page and returns the event types and the links.
func (r *rig) logPage(path string) ([]string, map[string]string) {
	r.t.Helper()
	got := r.call(200, "GET", strings.TrimPrefix(path, r.url), nil)
	var events []struct{ EventType string }
	got.decode(r.t, &events)
	types := []string{}
	for _, e := range events {
		types = append(types, e.EventType)
	}
	return types, links(got.header)
}

// TestLogPolling: the next link is there even when nothing is, each link is a
// header of its own, and following it misses and repeats nothing.
func TestLogPolling(t *testing.T) {
	r := newRig(t, Options{})
	types, l := r.logPage("/api/v1/logs?sortOrder=ASCENDING&limit=2")
	if len(types) != 0 || l["next"] == "" || l["self"] == "" {
		t.Fatalf("empty log: %v %v", types, l)
	}
	if _, err := r.ChangesRecoveryEmail(Engineer, Engineer, "a@b.example"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SignsOut(Engineer); err != nil {
		t.Fatal(err)
	}
	var all []string
	for range 3 {
		types, l = r.logPage(l["next"])
		all = append(all, types...)
	}
	want := []string{"user.account.update_profile", "user.account.update_secondary_email", "user.session.end"}
	if !slices.Equal(all, want) || l["next"] == "" {
		t.Errorf("polled %v, want %v; next %q", all, want, l["next"])
	}
}

// TestLogPollingIsInPersistenceOrder: a late event comes after younger ones and
// is not missed; by published time it would be.
func TestLogPollingIsInPersistenceOrder(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	_, l := r.logPage("/api/v1/logs")
	r.Switch(func(s *Switches) { s.LogDelay = Duration(time.Minute) })
	if _, err := r.SignsOut(Engineer); err != nil {
		t.Fatal(err)
	}
	r.Switch(func(s *Switches) { s.LogDelay = 0 })
	c.pass(time.Second)
	if _, err := r.SignsIn(Engineer); err != nil {
		t.Fatal(err)
	}
	types, l := r.logPage(l["next"])
	if !slices.Equal(types, []string{"user.session.start"}) {
		t.Fatalf("first poll %v", types)
	}
	c.pass(time.Minute)
	if types, _ = r.logPage(l["next"]); !slices.Equal(types, []string{"user.session.end"}) {
		t.Errorf("the late event: %v", types)
	}
	types, l = r.logPage("/api/v1/logs?since=2026-02-03T00:00:00Z&until=2026-02-04T00:00:00Z")
	if !slices.Equal(types, []string{"user.session.end", "user.session.start"}) || l["next"] != "" {
		t.Errorf("bounded by published: %v, next %q", types, l["next"])
	}
	if types, _ = r.logPage("/api/v1/logs?sortOrder=DESCENDING"); !slices.Equal(types, []string{"user.session.start", "user.session.end"}) {
		t.Errorf("descending: %v", types)
	}
}

func TestLogParameters(t *testing.T) {
	r := newRig(t, Options{})
	if _, err := r.ChangesRecoveryEmail(Engineer, Engineer, "a@b.example"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.HelpDeskResetsFactors(HelpDesk, Payroll); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		query string
		want  int
	}{
		{`filter=eventType eq "user.mfa.factor.reset_all" or eventType eq "user.account.update_profile"`, 2},
		{`filter=eventType sw "user.mfa."`, 4},
		{`filter=eventType sw "user.mfa." and target.id eq "` + Payroll + `"`, 4},
		{`filter=actor.id eq "` + HelpDesk + `" and not (eventType eq "user.mfa.factor.reset_all")`, 3},
		{`filter=target.type eq "AuthenticatorEnrollment"`, 3},
		{`limit=0`, 0},
		{`limit=1`, 1},
		{`q=secondEmail`, 1},
	} {
		if types, _ := r.logPage("/api/v1/logs?" + strings.ReplaceAll(strings.ReplaceAll(c.query, " ", "%20"), `"`, "%22")); len(types) != c.want {
			t.Errorf("%s: %v, want %d", c.query, types, c.want)
		}
	}
	for _, bad := range []string{
		"limit=1001", "limit=-1", "limit=x", "sortOrder=UP", "since=yesterday", "after=12", "after=MTIz",
		`filter=published%20gt%20%22x%22`, `filter=eventType%20like%20%22x%22`, `filter=eventType%20eq`, `filter=(eventType%20pr`, `filter=eventType%20eq%20%22x`,
	} {
		if got := r.call(400, "GET", "/api/v1/logs?"+bad, nil).code(); got != "E0000001" {
			t.Errorf("%s: code %s", bad, got)
		}
	}
}

// TestLogBoundedPaging ends: no next link on the last page.
func TestLogBoundedPaging(t *testing.T) {
	r := newRig(t, Options{})
	if _, err := r.HelpDeskResetsFactors(HelpDesk, Payroll); err != nil {
		t.Fatal(err)
	}
	next, pages, total := "/api/v1/logs?limit=3&since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z", 0, 0
	for next != "" && pages < 5 {
		types, l := r.logPage(next)
		total += len(types)
		pages++
		next = l["next"]
	}
	if pages != 2 || total != 4 {
		t.Errorf("%d pages, %d events", pages, total)
	}
}

// TestPeoplePaging follows next links through all people, by search too.
func TestPeoplePaging(t *testing.T) {
	r := newRig(t, Options{})
	next, seen := "/api/v1/users?limit=5", 0
	for next != "" {
		got := r.call(200, "GET", strings.TrimPrefix(next, r.url), nil)
		var people []struct{ ID string }
		got.decode(t, &people)
		seen += len(people)
		if len(got.header.Values("Link")) > 2 {
			t.Errorf("links %v", got.header.Values("Link"))
		}
		next = links(got.header)["next"]
	}
	if seen != len(SmallCompany().People) {
		t.Errorf("saw %d people", seen)
	}
	for query, want := range map[string]int{
		"search=profile.department%20eq%20%22Finance%22":                                    2,
		"search=status%20eq%20%22ACTIVE%22%20and%20profile.userType%20eq%20%22emergency%22": 2,
		"search=profile.login%20sw%20%22mira%22":                                            1,
		"q=ing":                                                                             1,
		"filter=status%20eq%20%22SUSPENDED%22":                                              0,
	} {
		var people []any
		r.call(200, "GET", "/api/v1/users?"+query, nil).decode(t, &people)
		if len(people) != want {
			t.Errorf("%s: %d people, want %d", query, len(people), want)
		}
	}
	if got := r.call(400, "GET", "/api/v1/users?search=nonsense", nil).code(); got != "E0000031" {
		t.Errorf("code %s", got)
	}
	r.call(400, "GET", "/api/v1/users?limit=0", nil)
	r.call(400, "GET", "/api/v1/users?after=none", nil)
}

func TestRateLimits(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now, LogsPerMinute: 2})
	first := r.call(200, "GET", "/api/v1/logs", nil)
	if first.header.Get("X-Rate-Limit-Limit") != "2" || first.header.Get("X-Rate-Limit-Remaining") != "1" {
		t.Errorf("headers %v", first.header)
	}
	r.call(200, "GET", "/api/v1/logs", nil)
	refused := r.call(429, "GET", "/api/v1/logs", nil)
	reset, err := strconv.ParseInt(refused.header.Get("X-Rate-Limit-Reset"), 10, 64)
	date, err2 := http.ParseTime(refused.header.Get("Date"))
	if err != nil || err2 != nil || reset-date.Unix() != 60 || refused.code() != "E0000047" {
		t.Errorf("reset %d, date %v, code %s", reset, date, refused.code())
	}
	r.call(200, "GET", "/api/v1/users/"+Engineer, nil) // another bucket
	c.pass(time.Minute)
	r.call(200, "GET", "/api/v1/logs", nil)
}
