package intake_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
)

func TestNotificationIsStoredAndThenWakes(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"acme-entra/" + usersNonce, "acme-entra", "acme-entra/AnotherNonce"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			g := openGraph(t, nil)
			body := notifications(told(nil), told(item{"subscriptionId": groupsID, "clientState": groupState}), told(nil))
			r := g.notify(t, path, body, "X-Forwarded-For: 203.0.113.9")
			if r.status != http.StatusAccepted || r.body != "" {
				t.Fatalf("got %d %q, want an empty 202", r.status, r.body)
			}
			want := holds.Delivery{
				Tenant: "acme", Connection: "acme-entra", Source: holds.FromHook,
				Body: []byte(body), Digest: sha256.Sum256([]byte(body)), Received: noon(), Peer: "127.0.0.1",
			}
			if diff := cmp.Diff(want, g.store.only(t)); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
			if g.waker.all() != "wake acme-entra" || g.waker.stored[0] != 1 {
				t.Errorf("woken: %q, after %v were stored", g.waker.all(), g.waker.stored)
			}
			if g.count(intake.Accepted) != 1 || g.refusedAt("acme-entra") != 0 {
				t.Error("not counted as accepted, or counted as refused")
			}
		})
	}
}

func TestI9No202WithoutACommit(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(*graphEdge){
		"the store is down":              func(g *graphEdge) { g.store.failBefore = errDown },
		"stored, but the reply lost":     func(g *graphEdge) { g.store.failAfter = errDown },
		"not found, says the store":      func(g *graphEdge) { g.store.failBefore = holds.Refuse(holds.NotFound, "no") },
		"slower than Graph would wait":   func(g *graphEdge) { g.store.release = make(chan struct{}) },
		"the feeds cannot be read":       func(g *graphEdge) { g.feeds.fail = errDown },
		"the feeds are slower than that": func(g *graphEdge) { g.feeds.release = make(chan struct{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := openGraph(t, func(o *intake.Options) { o.StoreTimeout = 100 * time.Millisecond })
			breakIt(g)
			r := g.notify(t, "acme-entra/"+usersNonce, notifications(told(nil)))
			problem(t, r, http.StatusServiceUnavailable)
			if r.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if g.waker.all() != "" {
				t.Errorf("woken for what may not be durable: %s", g.waker.all())
			}
			if strings.Contains(name, "feeds") {
				problem(t, g.say(t, graphScript("acme-entra/"+newNonce+"?validationToken=x", "")), http.StatusServiceUnavailable)
			}
		})
	}
}

// forgery is an item that no subscription of acme's sent, and what the security
// log says is wrong with it.
type forgery struct {
	item any
	why  string
}

func forgeries() map[string]forgery {
	const unread, unknown, state, elsewhere = "unreadable", "unknown subscription", "wrong client state", "another directory"
	return map[string]forgery{
		"wrong client state":              {told(item{"clientState": usersState + "x"}), state},
		"a prefix of it":                  {told(item{"clientState": usersState[:len(usersState)-1]}), state},
		"in another case":                 {told(item{"clientState": strings.ToUpper(usersState)}), state},
		"its digest instead":              {told(item{"clientState": hexDigest(usersState)}), state},
		"no client state":                 {told(item{"clientState": nil}), state},
		"an empty one":                    {told(item{"clientState": ""}), state},
		"a number as one":                 {told(item{"clientState": 7}), unread},
		"another subscription's":          {told(item{"clientState": groupState}), state},
		"another connection's":            {told(item{"subscriptionId": boltID, "clientState": boltState, "tenantId": boltTenant}), unknown},
		"another connection's, our state": {told(item{"subscriptionId": boltID}), unknown},
		"unknown subscription":            {told(item{"subscriptionId": "cccccccc-0000-4000-8000-000000000000"}), unknown},
		"no subscription":                 {told(item{"subscriptionId": nil}), unknown},
		"another directory":               {told(item{"tenantId": boltTenant}), elsewhere},
		"no directory":                    {told(item{"tenantId": nil}), elsewhere},
		"client state in other case too":  {told(item{"ClientState": "x"}), unread},
		"client state misspelt":           {told(item{"clientState": nil, "clientstate": usersState}), unread},
		"lifecycle event misspelt":        {told(item{"LifecycleEvent": "missed"}), unread},
		"a text":                          {usersState, unread},
		"a list":                          {[]any{told(nil)}, unread},
		"nothing":                         {nil, unread},
		"an empty object":                 {item{}, unknown},
		"a forged lifecycle event":        {told(item{"lifecycleEvent": "missed", "clientState": "guess"}), state},
	}
}

func hexDigest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// TestA8ForgedNotifications: nothing happens, nobody learns anything, and people
// hear of it.
func TestA8ForgedNotifications(t *testing.T) {
	t.Parallel()
	for name, forged := range forgeries() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := openGraph(t, nil)
			body := notifications(forged.item, forged.item)
			r := g.notify(t, "acme-entra/"+usersNonce, body)
			if r.status != http.StatusAccepted || r.body != "" {
				t.Fatalf("got %d %q, want the same 202 as for a good one", r.status, r.body)
			}
			if g.store.calls != 0 || g.waker.all() != "" {
				t.Errorf("stored %d times, woken %q", g.store.calls, g.waker.all())
			}
			if g.count(intake.Refused) != 1 || g.refusedAt("acme-entra") != 2 {
				t.Errorf("counted %d, told %d", g.count(intake.Refused), g.refusedAt("acme-entra"))
			}
			why := strings.Replace(fmt.Sprintf("%q=2", forged.why), `"unreadable"`, "unreadable", 1)
			if log := g.log.String(); !strings.Contains(log, why) {
				t.Errorf("the security log does not say %s:\n%s", why, log)
			}
			if log := g.log.String(); !strings.Contains(log, "notifications refused") || !strings.Contains(log, "digest="+hexDigest(body)) || !strings.Contains(log, "connection=acme-entra") {
				t.Errorf("the security log does not say so:\n%s", log)
			}
		})
	}
}

// TestA8MixedBatch: good items count beside bad ones, in any order.
func TestA8MixedBatch(t *testing.T) {
	t.Parallel()
	for name, forged := range forgeries() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := openGraph(t, nil)
			for i, body := range []string{notifications(forged.item, told(nil)), notifications(told(nil), forged.item), notifications(told(nil), forged.item, told(nil))} {
				if r := g.notify(t, "acme-entra/"+usersNonce, body); r.status != http.StatusAccepted {
					t.Fatalf("got %d", r.status)
				}
				all := g.store.all()
				if len(all) != i+1 || string(all[i].Body) != body {
					t.Fatalf("%d deliveries are stored, want the whole body, once", len(all))
				}
			}
			if g.waker.all() != "wake acme-entra; wake acme-entra; wake acme-entra" || g.refusedAt("acme-entra") != 3 || g.count(intake.Accepted) != 3 {
				t.Errorf("woken %q, refused %d", g.waker.all(), g.refusedAt("acme-entra"))
			}
		})
	}
}

// TestA8AnswersTellNothing: what is wrong with an item, or that there is no such
// connection, shows neither in the answer nor in what was done for it.
func TestA8AnswersTellNothing(t *testing.T) {
	t.Parallel()
	g := openGraph(t, nil)
	text := func(r reply) string {
		r.header.Del("Date")
		id := r.header.Get("X-Request-Id")
		r.header.Del("X-Request-Id")
		return strings.ReplaceAll(fmt.Sprintf("%d %v %q", r.status, r.header, r.body), id, "ID")
	}
	want := text(g.notify(t, "acme-entra/"+usersNonce, notifications(told(nil))))
	for path, forged := range map[string]item{
		"acme-entra/" + usersNonce: told(item{"clientState": "guess"}),
		"acme-entra/nonce":         told(item{"subscriptionId": "guess"}),
		"acme-entra":               told(item{"tenantId": "guess"}),
		"nobody":                   told(nil),
		"nobody/nonce":             told(nil),
		"acme-okta":                told(nil),
	} {
		before := g.feeds.called()
		if got := text(g.notify(t, path, notifications(forged))); got != want {
			t.Errorf("%s: got %s\nwant %s", path, got, want)
		}
		if g.feeds.called() != before+1 {
			t.Errorf("%s: %d lookups, want one as for everybody", path, g.feeds.called()-before)
		}
	}
	if n := len(g.store.all()); n != 1 || g.refusedAt("") != 0 {
		t.Errorf("%d are stored", n)
	}
}

// TestA8LogIsBounded: whoever sends forgeries at will does not write our log at
// will.
func TestA8LogIsBounded(t *testing.T) {
	t.Parallel()
	g := openGraph(t, nil)
	for range 100 {
		g.notify(t, "acme-entra", notifications(told(item{"clientState": "guess"})))
	}
	if lines := strings.Count(g.log.String(), "notifications refused"); lines == 0 || lines > 10 {
		t.Errorf("%d lines", lines)
	}
	if g.refusedAt("acme-entra") != 100 {
		t.Errorf("people are told of %d", g.refusedAt("acme-entra"))
	}
}

// TestNotificationBeforeTheSubscriptionIsKnown: Microsoft may notify before it
// has answered our request for the subscription.
func TestNotificationBeforeTheSubscriptionIsKnown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		feed   func(*holds.Feed)
		change item
		good   bool
	}{
		"while it is made":           {func(*holds.Feed) {}, nil, true},
		"in place of an older one":   {func(f *holds.Feed) { f.ID = groupsID }, nil, true},
		"with another client state":  {func(*holds.Feed) {}, item{"clientState": "guess"}, false},
		"when nothing is made":       {func(f *holds.Feed) { f.Pending = noon() }, nil, false},
		"without an id":              {func(*holds.Feed) {}, item{"subscriptionId": ""}, false},
		"by a feed without a secret": {func(f *holds.Feed) { f.Secret = [32]byte{} }, item{"clientState": ""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := openGraph(t, nil)
			f := newFeed()
			tc.feed(&f)
			g.feeds.set("acme-entra", f)
			g.notify(t, "acme-entra/"+newNonce, notifications(told(tc.change)))
			if got := len(g.store.all()) == 1; got != tc.good {
				t.Errorf("counts: %v, want %v", got, tc.good)
			}
		})
	}
}

// TestD4LifecycleEvents reach whoever looks after the subscriptions, after the
// commit.
func TestD4LifecycleEvents(t *testing.T) {
	t.Parallel()
	g := openGraph(t, nil)
	body := notifications(
		told(item{"lifecycleEvent": "reauthorizationRequired", "resourceData": nil, "changeType": nil}),
		told(item{"subscriptionId": groupsID, "clientState": groupState, "lifecycleEvent": "subscriptionRemoved"}),
		told(item{"lifecycleEvent": "missed"}), told(item{"lifecycleEvent": "renamed"}), told(item{"lifecycleEvent": nil}),
		told(item{"subscriptionId": groupsID, "lifecycleEvent": "subscriptionRemoved"}), // with the users' state
	)
	if r := g.notify(t, "acme-entra/"+usersNonce, body); r.status != http.StatusAccepted {
		t.Fatalf("got %d", r.status)
	}
	want := "acme-entra " + usersID + " reauthorizationRequired; acme-entra " + groupsID + " subscriptionRemoved; acme-entra " + usersID + " missed; wake acme-entra"
	if got := g.waker.all(); got != want {
		t.Errorf("told %q\nwant %q", got, want)
	}
	for _, n := range g.waker.stored {
		if n != 1 {
			t.Errorf("told before the commit: %v", g.waker.stored)
		}
	}
	if !strings.Contains(g.log.String(), "event=renamed") {
		t.Errorf("a new word of Microsoft's is passed over in silence:\n%s", g.log.String())
	}
}
