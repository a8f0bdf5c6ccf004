package pgstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// shallow is a world in which few deliveries may wait.
func shallow(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.opts.Depth = pgstore.Depth{PerConnection: 3, Total: 5, Pages: 2}
	w.Store = w.open()
	return w
}

func (w *world) saturated(where string, ofOkta, ofOther bool) {
	w.Helper()
	if got := w.Saturated(acme, okta); got != ofOkta {
		w.Fatalf("%s: %s is saturated: %v", where, okta, got)
	}
	if got := w.Saturated(globe, other); got != ofOther {
		w.Fatalf("%s: %s is saturated: %v", where, other, got)
	}
}

// TestB10SaturationHasADepth: a connection is saturated by its own deliveries at
// one depth, and all of them at another; what is decided makes room again.
func TestB10SaturationHasADepth(t *testing.T) {
	w := shallow(t)
	d := delivery("x")
	for range 4 {
		w.must(w.Receive(t.Context(), d))
	}
	w.saturated("nobody counts", false, false)
	w.must(w.Second.Receive(t.Context(), d)) // by another replica
	w.decideOne()
	w.decideOne()
	w.decideOne()
	w.must(w.Count(t.Context()))
	w.saturated("two wait", false, false)
	w.must(w.Receive(t.Context(), d))
	w.saturated("three wait, one of them since it was counted", true, false)
	w.decideOne()
	w.must(w.Count(t.Context()))
	w.saturated("one was decided", false, false)
	w.must(w.Receive(t.Context(), d))
	d.Tenant, d.Connection = globe, other
	w.must(w.Receive(t.Context(), d))
	w.saturated("three and one wait", true, false)
	w.must(w.Receive(t.Context(), d))
	w.saturated("three and two wait", true, true)
	w.must(w.Count(t.Context()))
	w.saturated("counted", true, true)
}

func (w *world) decideOne() {
	w.Helper()
	worked, err := w.Decide(w.Context(), at(2), returns(), openOrJoin)
	if w.must(err); !worked {
		w.Fatal("nothing was waiting")
	}
}

// TestB10PeopleSeeTheSaturation: beside the connection, with the numbers.
func TestB10PeopleSeeTheSaturation(t *testing.T) {
	w := shallow(t)
	for range 3 {
		w.must(w.Receive(t.Context(), delivery("x")))
	}
	w.must(w.Count(t.Context()))
	for tenant, want := range map[holds.TenantID]bool{acme: true, globe: false, "": true} {
		stats, err := w.Stats(t.Context(), tenant)
		if w.must(err); stats.Saturated != want {
			t.Errorf("tenant %q: %+v", tenant, stats)
		}
		if tenant == "" {
			continue
		}
		health, err := w.Health(t.Context(), tenant)
		w.must(err)
		if says := strings.HasPrefix(health[0].Feeds, "intake saturated: 3 deliveries of this connection wait"); says != want {
			t.Errorf("tenant %s is told %q", tenant, health[0].Feeds)
		}
	}
	d := delivery("x")
	d.Tenant, d.Connection = globe, other
	w.must(w.Receive(t.Context(), d))
	w.must(w.Receive(t.Context(), d))
	health, err := w.Health(t.Context(), globe)
	if w.must(err); !strings.HasPrefix(health[0].Feeds, "intake saturated: 5 deliveries of all connections wait") {
		t.Errorf("told %q", health[0].Feeds)
	}
}

// TestB10WhatNobodyWillDecideIsNotCounted: neither failed deliveries nor those
// of a connection that was taken out of the configuration keep others away.
func TestB10WhatNobodyWillDecideIsNotCounted(t *testing.T) {
	w := shallow(t)
	for range 4 {
		w.must(w.Receive(t.Context(), delivery("x")))
	}
	w.exec(`UPDATE deliveries SET failed_at = now() WHERE delivery_id IN (SELECT delivery_id FROM deliveries LIMIT 2)`)
	w.must(w.Count(t.Context()))
	w.saturated("two of four have failed", false, false)
	for range 4 {
		w.must(w.Receive(t.Context(), delivery("x")))
	}
	w.must(w.Sync(t.Context(), "test", tenantConfigs(), connectionConfigs()[1:]))
	w.must(w.Count(t.Context()))
	w.saturated("the connection is gone", false, false)
}

// TestB10PagesOfTheLogWait: a poller is not refused, it waits for room; and
// whoever floods the hook does not take the room of the log.
func TestB10PagesOfTheLogWait(t *testing.T) {
	w := shallow(t)
	page := delivery("[]")
	page.Source = holds.FromPoller
	w.must(w.Count(t.Context()))
	for range 5 {
		w.must(w.Receive(t.Context(), delivery("x")))
	}
	w.saturated("the hook is flooded", true, true)
	for i := range 2 {
		w.must(w.AppendPage(t.Context(), page, fmt.Sprint("next-", i), at(1)))
	}
	stored := make(chan error, 1)
	go func() { stored <- w.AppendPage(context.Background(), page, "next-2", at(1)) }()
	short, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- w.AppendPage(short, page, "never", at(1)) }()
	leave()
	w.kind(holds.Unavailable, <-left)
	only := page
	only.Body = nil
	w.must(w.AppendPage(t.Context(), only, "next-3", at(1))) // nothing to decide
	for range 7 {
		w.decideOne()
	}
	select {
	case err := <-stored:
		t.Fatalf("the page did not wait: %v", err)
	default:
	}
	w.must(w.Count(t.Context()))
	w.must(<-stored)
	if n := w.count("deliveries WHERE source = 'poller'"); n != 3 {
		t.Errorf("%d pages are stored, want 3", n)
	}
}

// TestMeasureCountsUntilItIsStopped: by itself, again and again.
func TestMeasureCountsUntilItIsStopped(t *testing.T) {
	w := shallow(t)
	for range 3 {
		w.must(w.Receive(t.Context(), delivery("x")))
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Measure(ctx) }()
	w.until("three are counted", func() bool { return w.Saturated(acme, okta) })
	for range 3 {
		w.decideOne()
	}
	w.until("it was counted again", func() bool { return !w.Saturated(acme, okta) })
	stop()
	w.must(<-done)
}
