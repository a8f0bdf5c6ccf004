package pgstore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/migrations"
)

// health is what the other replica reads of the connection.
func (w *world) health() holds.ConnectionHealth {
	w.Helper()
	all, err := w.Second.Health(w.Context(), acme)
	w.must(err)
	if len(all) != 1 {
		w.Fatalf("%d connections", len(all))
	}
	return all[0]
}

// TestD2LooksAreKept: what was last seen of the push, since when it has been so, and
// that it cannot be looked at, which changes nothing of what was seen.
func TestD2LooksAreKept(t *testing.T) {
	w := newWorld(t)
	for i, step := range []struct{ look, want holds.PushLook }{
		{holds.PushLook{Unseen: "no scope"}, holds.PushLook{Unseen: "no scope"}},
		{holds.PushLook{At: at(1)}, holds.PushLook{At: at(1)}},
		{holds.PushLook{At: at(2), Trouble: "off"}, holds.PushLook{At: at(2), Trouble: "off", Since: at(2)}},
		{holds.PushLook{At: at(3), Trouble: "off and moved"}, holds.PushLook{At: at(3), Trouble: "off and moved", Since: at(2)}},
		{holds.PushLook{Unseen: "down"}, holds.PushLook{At: at(3), Trouble: "off and moved", Since: at(2), Unseen: "down"}},
		{holds.PushLook{At: at(5)}, holds.PushLook{At: at(5)}},
		{holds.PushLook{At: at(6), Trouble: "off"}, holds.PushLook{At: at(6), Trouble: "off", Since: at(6)}},
	} {
		w.must(w.SavePushLook(t.Context(), acme, okta, step.look))
		if diff := cmp.Diff(step.want, w.health().Push); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
	w.kind(holds.NotFound, w.SavePushLook(t.Context(), globe, okta, holds.PushLook{At: at(1)}))
}

// TestD6WhatTheFeedsStandOn: everything a connection is judged by is in its health.
func TestD6WhatTheFeedsStandOn(t *testing.T) {
	w := newWorld(t)
	h := w.health()
	if h.Provider != "okta" || h.Configured.IsZero() || !h.CursorMoved.IsZero() || h.Subscriptions != nil || h.Push != (holds.PushLook{}) {
		t.Errorf("of a new connection: %+v", h)
	}
	d := delivery("[]")
	d.Source, d.Received = holds.FromPoller, at(7)
	w.must(w.AppendPage(t.Context(), d, "here", at(7)))
	w.must(w.Receive(t.Context(), delivery("{}"))) // received at(1)
	w.must(w.SaveHealth(t.Context(), holds.ConnectionHealth{Tenant: acme, Connection: okta, Polled: at(8), Trouble: "the log is slow"}))
	w.must(w.SaveHealth(t.Context(), holds.ConnectionHealth{Tenant: acme, Connection: okta, Trouble: "no scope"}))
	w.must(w.UpdateFeed(t.Context(), acme, okta, "users", becomes(wholeFeed())))
	w.must(w.CountRefused(t.Context(), acme, okta, 3, w.Now()))
	_, err := w.CountTold(t.Context(), acme, okta, at(10))
	w.must(err)
	h = w.health()
	if h.LogTrouble != "the log is slow" || h.RulesTrouble != "no scope" || !h.CursorMoved.Equal(at(7)) || h.Refused != 3 || h.RefusedAt.IsZero() {
		t.Errorf("%+v", h)
	}
	if !h.Telling.Log.Equal(at(7)) || !h.Telling.Push.Equal(at(1)) {
		t.Errorf("last heard: by the log %s, by the push %s", h.Telling.Log, h.Telling.Push)
	}
	if diff := cmp.Diff([]holds.Feed{wholeFeed()}, h.Subscriptions); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
}

// TestH1TheInboxAndTheHoldsAreCounted, each tenant's own.
func TestH1TheInboxAndTheHoldsAreCounted(t *testing.T) {
	w := newWorld(t)
	oldest := func(tenant holds.TenantID, want time.Time) {
		t.Helper()
		got, err := w.OldestUndecided(t.Context(), tenant)
		w.must(err)
		if !got.Equal(want) {
			t.Errorf("the oldest of %s is of %s, want %s", tenant, got, want)
		}
	}
	oldest(acme, time.Time{})
	w.held("00u1")
	oldest(acme, time.Time{})
	w.must(w.Receive(t.Context(), delivery("first")))
	later := delivery("second")
	later.Received = at(5)
	w.must(w.Receive(t.Context(), later))
	oldest(acme, at(1))
	oldest(globe, time.Time{})
	open, err := w.OpenHolds(t.Context(), acme)
	w.must(err)
	if diff := cmp.Diff(map[holds.ConnectionID]map[holds.Standing]int{okta: {holds.Observed: 1}}, open); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if open, err = w.OpenHolds(t.Context(), globe); err != nil || len(open) != 0 {
		t.Errorf("%v %v", open, err)
	}
}

// TestG16TheConditionOfTheDatabase is what people read of it.
func TestG16TheConditionOfTheDatabase(t *testing.T) {
	w := newWorld(t)
	got, err := w.Condition(t.Context())
	w.must(err)
	if got.Schema != migrations.Version() || got.Server == "" || got.Offset.Abs() > 2*time.Second || len(got.Settings) != 3 || got.Settings["full_page_writes"] == "" {
		t.Errorf("%+v", got)
	}
	w.must(w.Ping(t.Context()))
	w.must(w.Close())
	if w.Ping(t.Context()) == nil {
		t.Error("a database that is gone answers")
	}
	if _, err := w.Condition(t.Context()); err == nil {
		t.Error("a database that is gone has a condition")
	}
}
