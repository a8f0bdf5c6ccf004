package pgstore_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// wholeFeed has something in every field.
func wholeFeed() holds.Feed {
	return holds.Feed{
		Tenant: acme, Connection: okta, Resource: "users", ID: "7f105c7d-2dc5-4530-97cd-4e7ae6534c07", Nonce: "canary-free",
		Pending: at(1), Secret: [32]byte{1, 2, 3}, Made: at(2), Expires: at(60), Lease: at(3), Trouble: "the address could not be reached",
	}
}

// becomes is a change that leaves nothing of what was there.
func becomes(f holds.Feed) func(holds.Feed) (holds.Feed, error) {
	return func(holds.Feed) (holds.Feed, error) { return f, nil }
}

func TestFeedIsMadeWhenMissing(t *testing.T) {
	w := newWorld(t)
	if none, err := w.Feeds(t.Context(), acme, okta); err != nil || len(none) != 0 {
		t.Fatalf("%v %v", none, err)
	}
	w.must(w.UpdateFeed(t.Context(), acme, okta, "users", func(f holds.Feed) (holds.Feed, error) {
		if diff := cmp.Diff(holds.Feed{Tenant: acme, Connection: okta, Resource: "users"}, f); diff != "" {
			t.Errorf("a new feed (-want +got):\n%s", diff)
		}
		return wholeFeed(), nil
	}))
	w.must(w.UpdateFeed(t.Context(), acme, okta, "groups", func(f holds.Feed) (holds.Feed, error) { return f, nil }))
	got, err := w.Second.Feeds(t.Context(), acme, okta)
	w.must(err)
	if diff := cmp.Diff([]holds.Feed{{Tenant: acme, Connection: okta, Resource: "groups"}, wholeFeed()}, got); diff != "" {
		t.Fatalf("as the other replica sees them (-want +got):\n%s", diff)
	}
	w.must(w.UpdateFeed(t.Context(), acme, okta, "users", func(f holds.Feed) (holds.Feed, error) {
		if diff := cmp.Diff(wholeFeed(), f); diff != "" {
			t.Errorf("what a change is given (-want +got):\n%s", diff)
		}
		return holds.Feed{}, nil
	}))
	got, err = w.Feeds(t.Context(), acme, okta)
	if w.must(err); cmp.Diff(holds.Feed{Tenant: acme, Connection: okta, Resource: "users"}, got[1]) != "" {
		t.Fatalf("an emptied feed keeps its names only: %+v", got[1])
	}
}

func TestFeedChangeThatFailsChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.must(w.UpdateFeed(t.Context(), acme, okta, "users", becomes(wholeFeed())))
	no := errors.New("somebody else looks after it")
	for _, resource := range []string{"users", "groups"} {
		err := w.UpdateFeed(t.Context(), acme, okta, resource, func(f holds.Feed) (holds.Feed, error) {
			f.ID = "another"
			return f, no
		})
		if err != no { //nolint:errorlint // exactly as it was
			t.Fatalf("%s: %v", resource, err)
		}
	}
	got, err := w.Feeds(t.Context(), acme, okta)
	if w.must(err); len(got) != 1 || cmp.Diff(wholeFeed(), got[0]) != "" {
		t.Fatalf("%+v", got)
	}
}

// TestFeedChangesOfReplicasWait: of many that want the lease one gets it, on
// either replica, also when the row is not there yet.
func TestFeedChangesOfReplicasWait(t *testing.T) {
	w := newWorld(t)
	var got sync.Map
	var all sync.WaitGroup
	taken := errors.New("taken")
	for i := range 16 {
		all.Go(func() {
			s := w.Store
			if i%2 == 1 {
				s = w.Second
			}
			err := s.UpdateFeed(t.Context(), acme, okta, "users", func(f holds.Feed) (holds.Feed, error) {
				if f.Lease.After(at(0)) {
					return f, taken
				}
				f.Lease = at(1)
				return f, nil
			})
			switch {
			case err == nil:
				got.Store(i, true)
			case !errors.Is(err, taken):
				t.Error(err)
			}
		})
	}
	all.Wait()
	n := 0
	got.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Fatalf("%d got the lease", n)
	}
}

// TestFeedKeepsToItsNamesAndToText: a change cannot move a feed to another
// tenant, and foreign text is no reason to fail.
func TestFeedKeepsToItsNamesAndToText(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("r", 3000)
	w.must(w.UpdateFeed(t.Context(), acme, okta, long+"\x00", becomes(holds.Feed{
		Tenant: globe, Connection: other, Resource: "users", ID: "a\x00b", Trouble: "\xff", Expires: at(1).Add(time.Nanosecond),
	})))
	got, err := w.Feeds(t.Context(), acme, okta)
	w.must(err)
	if len(got) != 1 || got[0].ID != "a\uFFFDb" || got[0].Trouble != "\uFFFD" || !got[0].Expires.Equal(at(1)) {
		t.Fatalf("%+v", got)
	}
	for tenant, conn := range map[holds.TenantID]holds.ConnectionID{globe: other, acme: other} {
		if none, err := w.Feeds(t.Context(), tenant, conn); err != nil || len(none) != 0 {
			t.Fatalf("%s %s: %v %v", tenant, conn, none, err)
		}
	}
}

// TestHealthTellsOfFeeds: what is wrong with subscriptions reaches people.
func TestHealthTellsOfFeeds(t *testing.T) {
	w := newWorld(t)
	now := w.Now()
	feeds := func() string {
		t.Helper()
		all, err := w.Health(t.Context(), acme)
		if w.must(err); len(all) != 1 {
			t.Fatalf("%+v", all)
		}
		return all[0].Feeds
	}
	say := func(resource, trouble string, expires time.Time) {
		t.Helper()
		w.must(w.UpdateFeed(t.Context(), acme, okta, resource, func(f holds.Feed) (holds.Feed, error) {
			f.Trouble, f.Expires = trouble, expires
			return f, nil
		}))
	}
	say("users", "", now.Add(time.Hour))
	if got := feeds(); got != "" {
		t.Fatalf("all is well, and people read %q", got)
	}
	say("groups", "the subscription was lost", time.Time{})
	say("users", "", time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC))
	want := "groups: the subscription was lost; users: the subscription ended on 3 February 04:05 UTC and was not renewed"
	if got := feeds(); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	say("groups", "", time.Time{})
	say("users", "", time.Time{})
	w.must(w.CountRefused(t.Context(), acme, okta, 7, now.Add(-30*time.Hour)))
	if got := feeds(); got != "" {
		t.Fatalf("what is over is still shown: %q", got)
	}
	w.must(w.CountRefused(t.Context(), acme, okta, 1, now))
	if got := feeds(); !strings.HasPrefix(got, "refused 1 notification without the right client state, the last on ") {
		t.Fatalf("got %q", got)
	}
	w.must(w.CountRefused(t.Context(), acme, okta, 2, now.Add(-time.Second))) // told late by another replica
	w.must(w.SaveHealth(t.Context(), holds.ConnectionHealth{Tenant: acme, Connection: okta, Polled: now}))
	if got := feeds(); !strings.HasPrefix(got, "refused 3 notifications") || !strings.HasSuffix(got, now.UTC().Format("15:04 UTC")) {
		t.Fatalf("got %q", got)
	}
}
