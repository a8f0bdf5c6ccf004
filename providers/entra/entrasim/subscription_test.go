package entrasim

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// settled waits for all notifications.
func (r *rig) settled() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	if err := r.Delivered(ctx); err != nil {
		r.t.Fatal("notifications are still under way")
	}
}

// subscribed makes a subscription to a resource at the listener.
func (r *rig) subscribed(l *listener, resource string) string {
	r.t.Helper()
	var made object
	r.call(201, "POST", "/subscriptions", r.subscribe(resource, l.URL+"/hooks", l.URL+"/life")).decode(r.t, &made)
	return made.ID
}

// TestHandshake: whatever is not the decoded token as plain text with 200, in
// time, refuses the subscription.
func TestHandshake(t *testing.T) {
	say := func(status int, kind string, body func(string) string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body(r.URL.Query().Get("validationToken")))
			return true
		}
	}
	same := func(s string) string { return s }
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		want   int
		says   string
	}{
		"right":              {nil, 201, ""},
		"a charset":          {say(200, "text/plain;charset=UTF-8", same), 201, ""},
		"accepted":           {say(202, "text/plain", same), 400, "200 OK"},
		"an error":           {say(500, "text/plain", same), 400, "200 OK"},
		"as HTML":            {say(200, "text/html", same), 400, "text/plain"},
		"a line too much":    {say(200, "text/plain", func(s string) string { return s + "\n" }), 400, "decoded validation token"},
		"in quotation marks": {say(200, "text/plain", func(s string) string { return `"` + s + `"` }), 400, "decoded validation token"},
		"not decoded":        {say(200, "text/plain", func(s string) string { return strings.ReplaceAll(s, " ", "+") }), 400, "decoded validation token"},
		"too late":           {func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }, 400, "timed out"},
		"cut off":            {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, 400, "could not be reached"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/other", http.StatusFound)
			return true
		}, 400, "200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{HandshakeTimeout: 300 * time.Millisecond})
			l := newListener(t)
			l.answer = c.answer
			got := r.call(c.want, "POST", "/subscriptions", r.subscribe("users", l.URL, ""))
			if c.want != 201 && (got.code() != "ValidationError" || !strings.Contains(got.message(), c.says)) {
				t.Errorf("%s", got.raw)
			}
			if n := len(r.Subscriptions()); (n == 1) != (c.want == 201) {
				t.Errorf("%d subscriptions", n)
			}
		})
	}
}

// TestBothAddressesAreAsked before the answer, and twice when they are equal.
func TestBothAddressesAreAsked(t *testing.T) {
	r := newRig(t, Options{})
	l := newListener(t)
	r.call(201, "POST", "/subscriptions", r.subscribe("users", l.URL+"/hooks?tenant=7", l.URL+"/life"))
	r.call(201, "POST", "/subscriptions", r.subscribe("groups", l.URL+"/same", l.URL+"/same"))
	if !slices.Equal(l.handshakes, []string{"/hooks", "/life", "/same", "/same"}) {
		t.Errorf("handshakes %v", l.handshakes)
	}
	l.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/life" {
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	}
	r.call(400, "POST", "/subscriptions", r.subscribe("users", l.URL+"/hooks", l.URL+"/life"))
}

// TestTheListenerMayCallGraph during the handshake: nothing is locked meanwhile.
func TestTheListenerMayCallGraph(t *testing.T) {
	r := newRig(t, Options{})
	l := newListener(t)
	var status atomic.Int64
	l.answer = func(http.ResponseWriter, *http.Request) bool {
		if got, err := r.try("GET", "/v1.0/subscriptions", nil); err == nil {
			status.Store(int64(got.status))
		}
		return false
	}
	r.subscribed(l, "users")
	if status.Load() != 200 {
		t.Errorf("status %d", status.Load())
	}
}

// TestSubscriptionsThatAreRefused without asking anybody.
func TestSubscriptionsThatAreRefused(t *testing.T) {
	r := newRig(t, Options{})
	l := newListener(t)
	for name, change := range map[string]func(map[string]any){
		"audit logs are not notified": func(m map[string]any) { m["resource"] = "auditLogs/directoryAudits" },
		"nor are methods":             func(m map[string]any) { m["resource"] = "users/" + Engineer + "/authentication/methods" },
		"a life too long":             func(m map[string]any) { m["expirationDateTime"] = r.now().Add(maxLife + time.Hour) },
		"a life in the past":          func(m map[string]any) { m["expirationDateTime"] = r.now().Add(-time.Hour) },
		"no life":                     func(m map[string]any) { delete(m, "expirationDateTime") },
		"an unknown change":           func(m map[string]any) { m["changeType"] = "updated,renamed" },
		"http elsewhere":              func(m map[string]any) { m["notificationUrl"] = "http://hooks.example/entra" },
		"no address":                  func(m map[string]any) { m["notificationUrl"] = "" },
		"http for its life":           func(m map[string]any) { m["lifecycleNotificationUrl"] = "http://hooks.example/entra" },
		"a secret too long":           func(m map[string]any) { m["clientState"] = strings.Repeat("x", 129) },
		"resource data":               func(m map[string]any) { m["includeResourceData"] = true },
	} {
		body := r.subscribe("users", l.URL, "")
		change(body)
		if got, _ := r.try("POST", "/v1.0/subscriptions", body); got.status != 400 {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	r.call(201, "POST", "/subscriptions", func() map[string]any {
		m := r.subscribe("users", l.URL, "")
		m["expirationDateTime"] = r.now().Add(maxLife)
		return m
	}())
	if len(l.handshakes) != 1 {
		t.Errorf("%d handshakes", len(l.handshakes))
	}
	r.TakePermission(OwnApp, "Group.Read.All") // Directory.Read.All does not stand in for it
	r.call(403, "POST", "/subscriptions", r.subscribe("groups", l.URL, ""))
	r.TakePermission(OwnApp, "User.Read.All")
	r.call(403, "POST", "/subscriptions", r.subscribe("/users/"+Engineer, l.URL, ""))
}

// TestNotificationTellsTheIDAlone, with the shared secret, for changes made by
// anybody; what is not about users or groups is not told.
func TestNotificationTellsTheIDAlone(t *testing.T) {
	r := newRig(t, Options{})
	l := newListener(t)
	id := r.subscribed(l, "users")
	if _, err := r.AdminResetsPassword(HelpDesk, Engineer); err != nil {
		t.Fatal(err)
	}
	r.settled()
	items := l.heard()
	if len(items) != 1 {
		t.Fatalf("%d items: the changes of one account within the window are one", len(items))
	}
	x := items[0]
	if x["subscriptionId"] != id || x["clientState"] != "a shared secret" || x["changeType"] != "updated" || x["resource"] != "Users/"+Engineer ||
		x["tenantId"] != Tenant || lookup(x, "resourceData/id") != Engineer || lookup(x, "resourceData/@odata.type") != "#Microsoft.Graph.User" {
		t.Errorf("item %v", x)
	}
	if strings.Contains(jsonText(x), "aiko") {
		t.Errorf("it tells more than the id: %v", x)
	}
	if _, err := r.GrantsRole(ITLead, Payroll, SecurityReader); err != nil { // roles are not notified
		t.Fatal(err)
	}
	if _, err := r.JoinsGroup(ITLead, Payroll, VPNGroup); err != nil { // nobody subscribed to groups
		t.Fatal(err)
	}
	if _, err := r.AdminResetsPassword(HelpDesk, Engineer, Failing("no")); err != nil { // nothing changed
		t.Fatal(err)
	}
	r.settled()
	if n := len(l.heard()); n != 1 {
		t.Errorf("%d items", n)
	}
}

// TestSubscriptionsToGroupsAndToOne: each hears its own, several in one POST.
func TestSubscriptionsToGroupsAndToOne(t *testing.T) {
	r := newRig(t, Options{BatchWindow: time.Second})
	l := newListener(t)
	users, groups, one := r.subscribed(l, "users"), r.subscribed(l, "groups"), r.subscribed(l, "users/"+Payroll)
	r.call(204, "PATCH", "/users/"+Engineer, map[string]any{"jobTitle": "x"})
	r.call(204, "PATCH", "/users/"+Payroll, map[string]any{"otherMails": []string{}})
	restrain(r, Engineer)
	r.settled()
	got := map[string][]string{}
	for _, x := range l.heard() {
		id := x["subscriptionId"].(string)
		got[id] = append(got[id], lookup(x, "resourceData/id").(string))
	}
	if len(got[users]) != 2 || !slices.Equal(got[groups], []string{RestraintGroup}) || !slices.Equal(got[one], []string{Payroll}) {
		t.Errorf("heard %v", got)
	}
	if l.posts != 1 || len(r.Deliveries()) != 1 || len(r.Deliveries()[0].Subscriptions) != 3 {
		t.Errorf("%d posts, deliveries %+v", l.posts, r.Deliveries())
	}
}

// TestNotificationsAreTriedAgain until a 2xx, and then given up.
func TestNotificationsAreTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(n int64, w http.ResponseWriter, r *http.Request) bool
		tries  int
		failed string
	}{
		"at once": {func(int64, http.ResponseWriter, *http.Request) bool { return false }, 1, ""},
		"500, then good": {func(n int64, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusInternalServerError)
			return n < 3
		}, 3, ""},
		"404 for ever": {func(_ int64, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusNotFound)
			return true
		}, 4, "Not Found"},
		"too slow": {func(_ int64, _ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }, 4, "timeout"},
		"cut off":  {func(int64, http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, 4, "connection failed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{RetryAfter: time.Millisecond, Tries: 4, NotifyTimeout: 100 * time.Millisecond})
			l := newListener(t)
			r.subscribed(l, "users")
			var n atomic.Int64
			l.answer = func(w http.ResponseWriter, q *http.Request) bool {
				k := n.Add(1)
				if name == "500, then good" && k >= 3 {
					return false
				}
				return c.answer(k, w, q)
			}
			r.call(204, "PATCH", "/users/"+Engineer, map[string]any{"jobTitle": "x"})
			r.settled()
			d := r.Deliveries()
			if len(d) != 1 || d[0].Tries != c.tries || d[0].Failure != c.failed || (len(l.heard()) == 1) != (c.failed == "") {
				t.Errorf("deliveries %+v, heard %d", d, len(l.heard()))
			}
		})
	}
}

// TestNotificationSwitches: copies, losses and another order, on demand.
func TestNotificationSwitches(t *testing.T) {
	r := newRig(t, Options{BatchWindow: 40 * time.Millisecond})
	l := newListener(t)
	r.subscribed(l, "users")
	touch := func(people ...string) []map[string]any {
		before := len(l.heard())
		for _, p := range people {
			r.call(204, "PATCH", "/users/"+p, map[string]any{"jobTitle": newGUID()})
		}
		r.settled()
		return l.heard()[before:]
	}
	r.Switch(func(x *Switches) { x.NotifyDuplicates = 2 })
	if got := touch(Engineer); len(got) != 3 || got[0]["id"] != got[2]["id"] {
		t.Errorf("copies: %v", got)
	}
	r.Switch(func(x *Switches) { x.NotifyDuplicates, x.NotifyReorder = 0, true })
	if got := touch(Engineer, Manager); len(got) != 2 || lookup(got[0], "resourceData/id") != Manager {
		t.Errorf("order: %v", got)
	}
	r.Switch(func(x *Switches) { x.NotifyDrop = 1 })
	if got := touch(Engineer); len(got) != 0 || !r.Deliveries()[len(r.Deliveries())-1].Dropped {
		t.Errorf("lost: %v", got)
	}
	if got := touch(Engineer); len(got) != 1 {
		t.Errorf("after the loss: %v", got)
	}
	r.Switch(func(x *Switches) { x.NotifyDrop = -1 })
	if touch(Engineer); len(touch(Engineer)) != 0 {
		t.Error("everything is lost, but something came")
	}
}

// TestSubscriptionsEnd: by time, by loss and by deletion, silently each time;
// renewing keeps them.
func TestSubscriptionsEnd(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	l := newListener(t)
	renewed, expiring, lost, deleted := r.subscribed(l, "users"), r.subscribed(l, "users"), r.subscribed(l, "groups"), r.subscribed(l, "groups")
	r.call(200, "PATCH", "/subscriptions/"+renewed, map[string]any{"expirationDateTime": c.now().Add(72 * time.Hour)})
	for _, bad := range []map[string]any{{"expirationDateTime": c.now()}, {"expirationDateTime": c.now().Add(maxLife + time.Hour)}, {}} {
		r.call(400, "PATCH", "/subscriptions/"+renewed, bad)
	}
	r.call(204, "DELETE", "/subscriptions/"+deleted, nil)
	if !r.LoseSubscription(lost) || r.LoseSubscription(lost) {
		t.Error("it was not lost once")
	}
	r.later(c, 25*time.Hour)
	for _, id := range []string{expiring, lost, deleted} {
		r.call(404, "GET", "/subscriptions/"+id, nil)
		r.call(404, "PATCH", "/subscriptions/"+id, map[string]any{"expirationDateTime": c.now().Add(time.Hour)})
	}
	list := r.call(200, "GET", "/subscriptions", nil).values()
	if len(list) != 1 || list[0]["id"] != renewed || list[0]["expirationDateTime"] != "2026-02-06T10:00:00Z" {
		t.Errorf("left %v", list)
	}
	if len(l.heard()) != 0 {
		t.Errorf("somebody was told: %v", l.heard())
	}
	r.token = "Bearer " + r.AccessToken(PayrollApp)
	if got := r.call(200, "GET", "/subscriptions", nil).values(); len(got) != 0 {
		t.Errorf("another application sees %v", got)
	}
	r.call(404, "DELETE", "/subscriptions/"+renewed, nil)
}

// TestReauthorization: asked for at the other address; until then changes are lost.
func TestReauthorization(t *testing.T) {
	r := newRig(t, Options{})
	l := newListener(t)
	id := r.subscribed(l, "users")
	touch := func() { r.call(204, "PATCH", "/users/"+Engineer, map[string]any{"jobTitle": newGUID()}) }
	if !r.RequireReauthorization(id) || r.RequireReauthorization("nothing") {
		t.Error("it was not asked")
	}
	r.settled()
	x := l.heard()[0]
	if x["lifecycleEvent"] != "reauthorizationRequired" || x["subscriptionId"] != id || x["clientState"] != "a shared secret" || x["tenantId"] != Tenant {
		t.Errorf("item %v", x)
	}
	touch()
	r.settled()
	if len(l.heard()) != 1 {
		t.Error("a change was told")
	}
	r.call(204, "POST", "/subscriptions/"+id+"/reauthorize", nil)
	touch()
	r.settled()
	if len(l.heard()) != 2 {
		t.Error("a change was not told afterwards")
	}
	if !r.SilenceSubscription(id, true) || r.SilenceSubscription("nothing", true) {
		t.Error("it was not silenced")
	}
	touch()
	r.settled()
	if len(l.heard()) != 2 || len(r.call(200, "GET", "/subscriptions", nil).values()) != 1 {
		t.Error("a silent subscription is listed and delivers nothing")
	}
}

// TestCloseEndsEverything: nothing outlives the test.
func TestCloseEndsEverything(t *testing.T) {
	r := newRig(t, Options{RetryAfter: time.Hour, NotifyTimeout: time.Hour})
	l := newListener(t)
	r.subscribed(l, "users")
	reached := make(chan struct{}, 1)
	l.answer = func(_ http.ResponseWriter, q *http.Request) bool {
		reached <- struct{}{}
		<-q.Context().Done()
		return true
	}
	r.call(204, "PATCH", "/users/"+Engineer, map[string]any{"jobTitle": "x"})
	<-reached
	r.Close() // returns although the listener never answers
}
