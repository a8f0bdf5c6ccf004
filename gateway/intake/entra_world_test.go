package intake_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
)

// What the tests' two connections to Entra have. The states are canaries: none
// may ever turn up in a log or answer.
const (
	acmeTenant = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
	boltTenant = "0d5ab1c2-8f0e-4e57-a8fb-0b9f1b3c1f6e"
	usersID    = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
	groupsID   = "aaaaaaaa-0000-4000-8000-00000000c0de"
	boltID     = "bbbbbbbb-0000-4000-8000-00000000c0de"
	usersState = "canary-users-0123456789abcdef"
	groupState = "canary-groups-0123456789abcde"
	boltState  = "canary-bolt-0123456789abcdef0"
	usersNonce = "USERSNONCE2345"
	newNonce   = "NEWNONCE234567"
)

// fakeFeeds are the feeds by connection. They can fail, and wait.
type fakeFeeds struct {
	mu      sync.Mutex
	feeds   map[holds.ConnectionID][]holds.Feed
	calls   int
	fail    error
	entered chan struct{}
	release chan struct{}
}

func (f *fakeFeeds) Feeds(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID) ([]holds.Feed, error) {
	f.mu.Lock()
	f.calls++
	entered, release := f.entered, f.release
	f.mu.Unlock()
	if entered != nil {
		entered <- struct{}{}
	}
	if release != nil {
		select {
		case <-release:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []holds.Feed
	for _, feed := range f.feeds[conn] {
		if feed.Tenant == tenant {
			out = append(out, feed)
		}
	}
	return out, f.fail
}

func (f *fakeFeeds) set(conn holds.ConnectionID, feeds ...holds.Feed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.feeds[conn] = feeds
}

func (f *fakeFeeds) called() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// usersFeed is a subscription in force; newFeed one that is being made, for the
// next ten minutes.
func usersFeed() holds.Feed {
	return holds.Feed{
		Tenant: "acme", Connection: "acme-entra", Resource: "users", ID: usersID, Nonce: usersNonce,
		Secret: sha256.Sum256([]byte(usersState)), Pending: noon().Add(-time.Minute), Expires: noon().Add(time.Hour),
	}
}

func groupsFeed() holds.Feed {
	return holds.Feed{
		Tenant: "acme", Connection: "acme-entra", Resource: "groups", ID: groupsID, Nonce: "GROUPSNONCE234",
		Secret: sha256.Sum256([]byte(groupState)), Expires: noon().Add(time.Hour),
	}
}

func newFeed() holds.Feed {
	return holds.Feed{
		Tenant: "acme", Connection: "acme-entra", Resource: "users", Nonce: newNonce,
		Secret: sha256.Sum256([]byte(usersState)), Pending: noon().Add(10 * time.Minute),
	}
}

// fakeWaker notes what it is told, and how much was stored by then.
type fakeWaker struct {
	mu     sync.Mutex
	store  *fakeStore
	told   []string
	stored []int
}

func (w *fakeWaker) note(what string) {
	n := len(w.store.all())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told, w.stored = append(w.told, what), append(w.stored, n)
}

func (w *fakeWaker) Wake(conn holds.ConnectionID) { w.note("wake " + string(conn)) }

func (w *fakeWaker) Lifecycle(conn holds.ConnectionID, subscription, event string) {
	w.note(strings.Join([]string{string(conn), subscription, event}, " "))
}

func (w *fakeWaker) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.told, "; ")
}

// graphEdge is an intake with two Okta orgs and two Entra directories.
type graphEdge struct {
	*edge
	feeds   *fakeFeeds
	waker   *fakeWaker
	mu      sync.Mutex
	refused map[holds.ConnectionID]int
}

func openGraph(t testing.TB, change func(*intake.Options)) *graphEdge {
	t.Helper()
	g := &graphEdge{feeds: &fakeFeeds{feeds: map[holds.ConnectionID][]holds.Feed{}}, waker: &fakeWaker{}, refused: map[holds.ConnectionID]int{}}
	g.feeds.set("acme-entra", usersFeed(), groupsFeed())
	g.feeds.set("bolt-entra", holds.Feed{
		Tenant: "bolt", Connection: "bolt-entra", Resource: "users", ID: boltID, Nonce: "BOLTNONCE23456", Secret: sha256.Sum256([]byte(boltState)),
	})
	g.edge = open(t, func(o *intake.Options) {
		g.waker.store = o.Store.(*fakeStore) //nolint:forcetypeassert // open sets it
		o.Connections = append(o.Connections, directories()...)
		o.Feeds, o.Waker, o.Refused = g.feeds, g.waker, g.countRefused
		if change != nil {
			change(o)
		}
	})
	return g
}

func directories() []intake.Connection {
	return []intake.Connection{
		{Tenant: "acme", ID: "acme-entra", Provider: intake.Entra, DirectoryTenant: strings.ToUpper(acmeTenant)},
		{Tenant: "bolt", ID: "bolt-entra", Provider: intake.Entra, DirectoryTenant: boltTenant},
	}
}

func (g *graphEdge) countRefused(conn holds.ConnectionID, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused[conn] += n
}

func (g *graphEdge) refusedAt(conn holds.ConnectionID) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refused[conn]
}

// notify posts a body to a path below /hooks/entra/.
func (g *graphEdge) notify(t testing.TB, path, body string, headers ...string) reply {
	t.Helper()
	return g.say(t, graphScript(path, body, headers...), []byte(body)...)
}

// graphScript is the head of a POST as Microsoft Graph makes one.
func graphScript(path, body string, headers ...string) string {
	return fmt.Sprintf("POST /hooks/entra/%s HTTP/1.1\nHost: gate.example\nConnection: close\nContent-Type: application/json\nContent-Length: %d\n%s\n",
		path, len(body), strings.Join(append(headers, ""), "\n"))
}

// item is one notification; a value of nil takes a member away.
type item map[string]any

// told is a notification of the users' subscription, with members changed.
func told(change item) item {
	n := item{
		"id": "d9d6f8a0-0000-4000-8000-000000000001", "subscriptionId": usersID, "subscriptionExpirationDateTime": "2026-11-30T11:00:00.0000000Z",
		"clientState": usersState, "changeType": "updated", "resource": "Users/1a2b", "tenantId": acmeTenant,
		"resourceData": map[string]any{"@odata.type": "#Microsoft.Graph.User", "@odata.id": "Users/1a2b", "id": "1a2b"},
	}
	for k, v := range change {
		n[k] = v
		if v == nil {
			delete(n, k)
		}
	}
	return n
}

func notifications(items ...any) string {
	b, err := json.Marshal(map[string]any{"value": items})
	if err != nil {
		panic(err) // plain values only
	}
	return string(b)
}
