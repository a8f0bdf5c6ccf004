package entra

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra/entrasim"
)

// feedRows are a store of feeds in memory; closures run twice, as a database
// may make them.
type feedRows struct {
	mu    sync.Mutex
	rows  map[string]holds.Feed
	fails error
}

func (s *feedRows) Feeds(context.Context, holds.TenantID, holds.ConnectionID) ([]holds.Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []holds.Feed
	for _, f := range s.rows {
		out = append(out, f)
	}
	return out, s.fails
}

func (s *feedRows) UpdateFeed(_ context.Context, tenant holds.TenantID, conn holds.ConnectionID, resource string, change func(holds.Feed) (holds.Feed, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return s.fails
	}
	row, ok := s.rows[resource]
	if !ok {
		row = holds.Feed{Tenant: tenant, Connection: conn, Resource: resource}
	}
	if _, err := change(row); err != nil {
		return err
	}
	row, err := change(row)
	if err == nil {
		s.rows[resource] = row
	}
	return err
}

func (s *feedRows) row(resource string) holds.Feed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[resource]
}

func (s *feedRows) set(resource string, change func(*holds.Feed)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.rows[resource]
	change(&f)
	s.rows[resource] = f
}

// feedRig is a tenant, a door as the intake has one, and the feeds between.
type feedRig struct {
	*tenant
	*Feeds
	store  *feedRows
	door   *httptest.Server
	now    atomic.Pointer[time.Time]
	backed atomic.Int64 // back-fills asked for
	closed atomic.Bool  // the door answers no handshake
	said   []string

	mu            sync.Mutex
	notifications []map[string]any
}

func (r *feedRig) clock() time.Time     { return *r.now.Load() }
func (r *feedRig) pass(d time.Duration) { at := r.clock().Add(d); r.now.Store(&at) }
func (r *feedRig) heard() []map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]map[string]any{}, r.notifications...)
}
func (r *feedRig) look(t *testing.T) error { t.Helper(); return r.Look(t.Context()) }
func (r *feedRig) count(t *testing.T, want int) {
	t.Helper()
	if got := r.Sim().Subscriptions(); len(got) != want {
		t.Errorf("%d subscriptions at Graph, want %d: %+v", len(got), want, got)
	}
}

// changes counts the calls that changed something at Graph.
func (r *feedRig) changes() int {
	n := 0
	for _, e := range r.Sim().Journal() {
		if e.Applied && strings.HasPrefix(e.Path, "/v1.0/") {
			n++
		}
	}
	return n
}

func newFeedRig(t *testing.T, change ...func(*Options)) *feedRig {
	t.Helper()
	r := &feedRig{store: &feedRows{rows: map[string]holds.Feed{}}}
	start := time.Now().UTC().Truncate(time.Second)
	r.now.Store(&start)
	r.door = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.door.Close)
	r.tenant = newTenant(t, entrasim.Options{Now: r.clock}, func(_ *tenant, o *Options) {
		o.Now = r.clock
		for _, f := range change {
			f(o)
		}
	})
	r.Feeds = r.newFeeds(t)
	return r
}

func (r *feedRig) newFeeds(t *testing.T) *Feeds {
	t.Helper()
	f, err := r.NewFeeds(FeedsOptions{
		Store: r.store, NotificationURL: r.door.URL + "/hooks/entra/entra-main/", Backfill: func() { r.backed.Add(1) },
		Report: func(s string) { r.said = append(r.said, s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// serve answers a handshake only while a subscription with its nonce is pending.
func (r *feedRig) serve(w http.ResponseWriter, q *http.Request) {
	nonce := q.URL.Path[strings.LastIndex(q.URL.Path, "/")+1:]
	if token := q.URL.Query().Get("validationToken"); token != "" {
		for _, resource := range resources() {
			if f := r.store.row(resource); !r.closed.Load() && f.Nonce == nonce && f.Pending.After(r.clock()) {
				w.Header().Set("Content-Type", "text/plain; charset=utf-8")
				_, _ = io.WriteString(w, token)
				return
			}
		}
		http.NotFound(w, q)
		return
	}
	var in struct{ Value []map[string]any }
	_ = json.NewDecoder(q.Body).Decode(&in)
	r.mu.Lock()
	r.notifications = append(r.notifications, in.Value...)
	r.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}

func TestFeedsSubscribeThroughARealHandshake(t *testing.T) {
	r := newFeedRig(t)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	r.count(t, 2)
	for _, resource := range resources() {
		f := r.store.row(resource)
		if f.ID == "" || f.Nonce == "" || !f.Pending.IsZero() || !f.Lease.IsZero() || f.Trouble != "" || f.Secret == [32]byte{} || !f.Expires.Equal(f.Made.Add(7*24*time.Hour)) {
			t.Errorf("%s: %+v", resource, f)
		}
	}
	told, err := r.Sim().AdminChangesRecoveryPhone(entrasim.ITLead, entrasim.Engineer, "+1 5550123")
	story(t, told, err)
	if err := r.Sim().Delivered(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := r.heard()
	if len(got) == 0 {
		t.Fatal("nothing was delivered")
	}
	f := r.store.row("users")
	state, _ := got[0]["clientState"].(string)
	if got[0]["subscriptionId"] != f.ID || sha256.Sum256([]byte(state)) != f.Secret || len(state) < 26 {
		t.Errorf("delivered %v, row %+v", got[0], f)
	}
	// The next look finds all in order and changes nothing.
	before := r.changes()
	if err := r.look(t); err != nil || r.changes() != before || r.said[len(r.said)-1] != "" {
		t.Errorf("%v, %d changes, said %q", err, r.changes()-before, r.said)
	}
}

// D4: Graph tells nobody that a subscription to accounts is gone.
func TestD4ALostSubscriptionIsNoticed(t *testing.T) {
	r := newFeedRig(t)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	old := r.store.row("users")
	r.Sim().LoseSubscription(old.ID)
	r.count(t, 1)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	r.count(t, 2)
	now := r.store.row("users")
	if now.ID == old.ID || now.Nonce == old.Nonce || now.Secret == old.Secret {
		t.Error("the old nonce or secret is used again")
	}
	if r.backed.Load() != 1 {
		t.Errorf("%d back-fills asked for", r.backed.Load())
	}
	// So it is when it ended while we were down.
	r.pass(8 * 24 * time.Hour)
	r.count(t, 0)
	if err := r.look(t); err != nil || r.backed.Load() != 3 {
		t.Errorf("%v, %d back-fills", err, r.backed.Load())
	}
	r.count(t, 2)
}

func TestD4RenewedAtHalfOfItsLife(t *testing.T) {
	r := newFeedRig(t)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	first := r.store.row("users")
	r.pass(3 * 24 * time.Hour)
	if err := r.look(t); err != nil || !r.store.row("users").Expires.Equal(first.Expires) {
		t.Errorf("renewed before half of its life, %v", err)
	}
	r.pass(13 * time.Hour)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	f := r.store.row("users")
	if f.ID != first.ID || !f.Expires.Equal(r.clock().Add(7*24*time.Hour)) || !f.Made.Equal(r.clock()) || f.Nonce != first.Nonce {
		t.Errorf("after half of its life: %+v", f)
	}
	r.pass(4 * 24 * time.Hour) // past the first end
	r.count(t, 2)
	if r.backed.Load() != 0 {
		t.Error("a renewal asked for a back-fill")
	}
}

// D4: reauthorizationRequired is answered at once.
func TestD4Reauthorize(t *testing.T) {
	r := newFeedRig(t)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	id := r.store.row("groups").ID
	if !r.Sim().RequireReauthorization(id) {
		t.Fatal("there is no address for what concerns the subscription's own life")
	}
	r.Reauthorize(strings.ToUpper(id))
	r.Reauthorize("../../users")
	select {
	case <-r.kick:
	default:
		t.Error("it waits for the next look")
	}
	r.pass(time.Minute)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Sim().Subscriptions() {
		if s.NeedsReauthorization || s.ID == id && !s.Expires.Equal(r.clock().Add(7*24*time.Hour).Truncate(100*time.Nanosecond)) {
			t.Errorf("%+v", s)
		}
	}
	changes := r.changes()
	if err := r.look(t); err != nil || r.changes() != changes {
		t.Errorf("it is renewed again, %v", err)
	}
}

// A handshake that fails is told in words, the door is closed again, and the
// next look makes it.
func TestADoorThatCannotBeReached(t *testing.T) {
	r := newFeedRig(t)
	r.closed.Store(true)
	err := r.look(t)
	wantKind(t, err, holds.Unavailable, "could not reach the notification address")
	for _, resource := range resources() {
		if f := r.store.row(resource); f.ID != "" || !f.Pending.IsZero() || !strings.Contains(f.Trouble, "reachable from the internet") || !f.Lease.IsZero() {
			t.Errorf("%s: %+v", resource, f)
		}
	}
	if s := r.said[0]; !strings.Contains(s, "subscription to users:") || !strings.Contains(s, "subscription to groups:") {
		t.Errorf("reported %q", s)
	}
	r.closed.Store(false)
	if err := r.look(t); err != nil || r.store.row("users").Trouble != "" {
		t.Errorf("%v, %+v", err, r.store.row("users"))
	}
	r.count(t, 2)
}

// G7: a creation whose answer was lost leaves a subscription that nobody knows;
// the next look deletes it, and no other's.
func TestG7ALostAnswerLeavesNoStrayBehind(t *testing.T) {
	r := newFeedRig(t)
	if err := r.Sim().Fail(entrasim.Fault{Method: "POST", Path: "/v1.0/subscriptions", When: entrasim.FailAfter, How: entrasim.FailCut}); err != nil {
		t.Fatal(err)
	}
	if err := r.look(t); err == nil {
		t.Fatal("a lost answer counts as made")
	}
	r.count(t, 2) // the stray one, and groups
	stray := r.Sim().Subscriptions()[0].ID
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	r.count(t, 2)
	for _, s := range r.Sim().Subscriptions() {
		if s.ID == stray {
			t.Error("the stray one is still there")
		}
	}
	if r.store.row("users").ID == "" {
		t.Error("the feed has no subscription")
	}
}

// A subscription that calls another connection's door is not ours to delete.
func TestAnotherConnectionsSubscriptionsStay(t *testing.T) {
	r := newFeedRig(t)
	second := &feedRows{rows: map[string]holds.Feed{}}
	other, err := r.NewFeeds(FeedsOptions{Store: second, NotificationURL: r.door.URL + "/hooks/entra/entra-main-2"})
	if err != nil {
		t.Fatal(err)
	}
	first := r.store
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	r.store = second // the door now answers for the other
	if err := other.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.count(t, 4)
	r.store = first
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	r.count(t, 4)
}

// An address that changed in the configuration moves the subscription.
func TestAnotherAddressMovesTheSubscription(t *testing.T) {
	r := newFeedRig(t)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	moved, err := r.NewFeeds(FeedsOptions{Store: r.store, NotificationURL: r.door.URL + "/elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	old := r.store.row("users").ID
	if err := moved.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.count(t, 2)
	if r.store.row("users").ID == old {
		t.Error("the subscription still calls the old address")
	}
}

// One replica at a time looks after a feed; a lease whose holder died ends.
func TestOneReplicaAtATime(t *testing.T) {
	r := newFeedRig(t)
	held := r.clock().Add(30 * time.Second)
	for _, resource := range resources() {
		r.store.set(resource, func(f *holds.Feed) { f.Resource, f.Lease = resource, held })
	}
	if err := r.look(t); err != nil || len(r.Sim().Journal()) != 0 || !r.store.row("users").Lease.Equal(held) {
		t.Errorf("%v, %d calls beside the holder of the lease", err, len(r.Sim().Journal()))
	}
	r.pass(31 * time.Second)
	if err := r.look(t); err != nil {
		t.Fatal(err)
	}
	r.count(t, 2)
}

func TestFeedsRunUntilTheContextEnds(t *testing.T) {
	r := newFeedRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	looked := make(chan string, 10)
	f, err := r.NewFeeds(FeedsOptions{Store: r.store, NotificationURL: r.door.URL + "/hooks/entra/entra-main", Report: func(s string) { looked <- s }})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- f.Run(ctx) }()
	if s := <-looked; s != "" {
		t.Errorf("said %q", s)
	}
	r.Sim().LoseSubscription(r.store.row("users").ID)
	f.Kick()
	<-looked
	r.count(t, 2)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTheStoreIsDown(t *testing.T) {
	r := newFeedRig(t)
	r.store.fails = errors.New("no database")
	if err := r.look(t); err == nil || len(r.Sim().Journal()) != 0 {
		t.Errorf("%v, %d calls without a row for them", err, len(r.Sim().Journal()))
	}
}

func TestNotificationAddressIsChecked(t *testing.T) {
	c, _ := newScripted(t, nil, nil)
	for address, ok := range map[string]bool{
		"https://countersign.example/hooks/entra/main": true, "https://countersign.example/hooks/entra/main/": true,
		"http://countersign.example/x": false, "https://countersign.example/x?a=b": false, "https://u:p@countersign.example/x": false, "": false, "/x": false,
	} {
		if _, err := c.NewFeeds(FeedsOptions{NotificationURL: address}); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
