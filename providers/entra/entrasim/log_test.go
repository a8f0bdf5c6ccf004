package entrasim

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// audits asks for a page of the log.
func (r *rig) audits(query string) heard {
	r.t.Helper()
	return r.call(200, "GET", "/auditLogs/directoryAudits?"+query, nil)
}

func ids(values []map[string]any) []string {
	out := []string{}
	for _, v := range values {
		out = append(out, v["id"].(string))
	}
	return out
}

// TestLateRecordsStandWhereTheyHappened: a record that becomes visible late is
// before younger ones that were read already, and no page shows it to a reader
// who only goes forward.
func TestLateRecordsStandWhereTheyHappened(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	tell := func(person string, delay time.Duration) string {
		r.Switch(func(x *Switches) { x.AuditDelay, x.AuditDelayFixed = Duration(delay), true })
		r.call(204, "PATCH", "/users/"+person, map[string]any{"jobTitle": newGUID()})
		log := r.Written()
		c.pass(time.Minute)
		return log[len(log)-1].ID
	}
	late := tell(Engineer, 5*time.Minute)
	early, last := tell(Manager, 0), tell(Contractor, 0)
	const asc = "$orderby=activityDateTime asc"
	if got := ids(r.audits(asc).values()); !slices.Equal(got, []string{early, last}) {
		t.Errorf("at first %v", got)
	}
	page := r.audits(asc + "&$top=1")
	next, _ := page.body()["@odata.nextLink"].(string)
	if !strings.HasPrefix(next, r.url+"/v1.0/auditLogs/directoryAudits?") {
		t.Fatalf("next link %q", next)
	}
	c.pass(3 * time.Minute)
	if got := ids(r.send(200, "GET", strings.TrimPrefix(next, r.url), nil).values()); !slices.Equal(got, []string{last}) {
		t.Errorf("the next page has %v", got)
	}
	if got := ids(r.audits(asc).values()); !slices.Equal(got, []string{late, early, last}) {
		t.Errorf("in the end %v", got)
	}
	if got := ids(r.audits("").values()); !slices.Equal(got, []string{last, early, late}) {
		t.Errorf("the youngest come first without $orderby: %v", got)
	}
}

// TestRecordsComeOutOfOrder: each draws its own delay.
func TestRecordsComeOutOfOrder(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now, AuditDelay: time.Minute})
	for range 30 {
		if _, err := r.RevokesSessions(HelpDesk, Engineer); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.Log()); n != 0 {
		t.Errorf("%d are visible at once", n)
	}
	c.pass(30 * time.Second)
	seen := r.Log()
	if len(seen) == 0 || len(seen) == 30 {
		t.Fatalf("%d of 30 after half the time", len(seen))
	}
	written := r.Written()
	if slices.EqualFunc(seen, written[:len(seen)], func(a, b Record) bool { return a.ID == b.ID }) {
		t.Error("they became visible in the order of writing")
	}
	c.pass(31 * time.Second)
	if n := len(r.Log()); n != 30 {
		t.Errorf("%d in the end", n)
	}
}

// TestVisibleWaits with a clock that moves by itself.
func TestVisibleWaits(t *testing.T) {
	r := newRig(t, Options{AuditDelay: 40 * time.Millisecond})
	r.Switch(func(x *Switches) { x.AuditDelayFixed = true })
	if _, err := r.RevokesSessions(HelpDesk, Engineer); err != nil {
		t.Fatal(err)
	}
	if len(r.Log()) != 0 {
		t.Error("visible at once")
	}
	if err := r.Visible(t.Context()); err != nil || len(r.Log()) != 1 {
		t.Errorf("%v, %d records", err, len(r.Log()))
	}
	r.Switch(func(x *Switches) { x.AuditDelay = Duration(time.Hour) })
	if _, err := r.RevokesSessions(HelpDesk, Engineer); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Visible(ctx); err == nil {
		t.Error("it did not wait")
	}
}

// TestLogQueries: filters by time, actor, target, and what Graph refuses.
func TestLogQueries(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	r.Switch(func(x *Switches) { x.AuditUnlimited = true })
	if _, err := r.AdminResetsPassword(HelpDesk, Engineer); err != nil {
		t.Fatal(err)
	}
	c.pass(time.Minute)
	r.call(204, "PATCH", "/users/"+Manager, map[string]any{"jobTitle": "x"})
	for filter, want := range map[string]int{
		"activityDateTime ge 2026-02-03T10:00:30Z":                                              1,
		"activityDateTime ge 2026-02-03T10:00:00Z and activityDateTime le 2026-02-03T10:00:30Z": 5,
		"initiatedBy/user/id eq '" + HelpDesk + "'":                                             5,
		"initiatedBy/app/servicePrincipalId eq '" + OwnPrincipal + "'":                          1,
		"initiatedBy/app/appId eq '" + OwnApp + "'":                                             0, // null on every record
		"targetResources/any(t: t/id eq '" + Engineer + "')":                                    5,
		"targetResources/any(t:t/id eq '" + Manager + "')":                                      1,
		"startswith(activityDisplayName,'reset')":                                               2,
		"loggedByService eq 'Core Directory'":                                                   4,
	} {
		if got := r.audits("$filter=" + url.QueryEscape(filter)).values(); len(got) != want {
			t.Errorf("%s: %d records, want %d", filter, len(got), want)
		}
	}
	for _, query := range []string{
		"$filter=nonsense eq 'x'", "$filter=targetResources/any(t:t/nonsense eq 'x')", "$orderby=category", "$top=1001", "$top=x", "$skiptoken=x", "$skip=1",
		"$filter=activityDateTime ge yesterday and", "$select=nonsense",
	} {
		r.call(400, "GET", "/auditLogs/directoryAudits?"+query, nil)
	}
	one := r.audits("$select=id,activityDisplayName&$top=1").values()[0]
	if len(one) != 2 {
		t.Errorf("selected %v", one)
	}
	r.call(404, "GET", "/auditLogs/directoryAudits/Directory_nothing", nil)
	r.call(405, "POST", "/auditLogs/directoryAudits", map[string]any{})
}

// TestFiveInTenSeconds: the sixth is refused, without saying how long to wait
// unless the switch is on.
func TestFiveInTenSeconds(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	for range auditCalls {
		r.audits("")
	}
	got := r.call(429, "GET", "/auditLogs/directoryAudits", nil)
	if got.code() != "TooManyRequests" || got.header.Get("Retry-After") != "" {
		t.Errorf("%s %v", got.raw, got.header)
	}
	r.call(200, "GET", "/users", nil) // elsewhere there is room
	r.Switch(func(x *Switches) { x.RetryAfter = true })
	c.pass(4 * time.Second)
	if got := r.call(429, "GET", "/auditLogs/directoryAudits", nil); got.header.Get("Retry-After") != "6" {
		t.Errorf("wait %q", got.header.Get("Retry-After"))
	}
	c.pass(6 * time.Second)
	r.audits("")
	r.Switch(func(x *Switches) { x.AuditUnlimited = true })
	for range 20 {
		r.audits("")
	}
}
