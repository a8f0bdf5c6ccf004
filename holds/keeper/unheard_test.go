package keeper

import (
	"context"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// ground is what a store knows of what the connection stands on.
type ground struct {
	health holds.ConnectionHealth
	looks  []holds.PushLook
	err    error
}

func (g *ground) SavePushLook(_ context.Context, _ holds.TenantID, _ holds.ConnectionID, look holds.PushLook) error {
	g.looks = append(g.looks, look)
	return g.err
}

func (g *ground) Health(context.Context, holds.TenantID) ([]holds.ConnectionHealth, error) {
	return []holds.ConnectionHealth{{Connection: "another", Configured: start.AddDate(-1, 0, 0)}, g.health}, g.err
}

// TestD1ALogThatIsNotReadIsTamper: a poller that stands still and a subscription that
// does not come back page people once a day, and only for the connection itself.
func TestD1ALogThatIsNotReadIsTamper(t *testing.T) {
	for name, tc := range map[string]struct {
		entra  bool
		health holds.ConnectionHealth
		err    error
		want   string
	}{
		"D1 the log is not read":       {health: holds.ConnectionHealth{Polled: start.Add(-20 * time.Minute)}, want: "countersign.log_unread"},
		"D1 it may come back":          {health: holds.ConnectionHealth{Polled: start.Add(-10 * time.Minute)}},
		"D1 it is read":                {health: holds.ConnectionHealth{Polled: start}},
		"D1 nothing is known":          {health: holds.ConnectionHealth{Polled: start.Add(-20 * time.Minute)}, err: holds.Refuse(holds.Unavailable, "down")},
		"D4 a subscription is lost":    {entra: true, health: holds.ConnectionHealth{Polled: start, Subscriptions: []holds.Feed{{Resource: "users", Expires: start.Add(-time.Hour)}}}, want: "countersign.subscription_lost"},
		"D4 it is lost since a moment": {entra: true, health: holds.ConnectionHealth{Polled: start, Subscriptions: []holds.Feed{{Resource: "users", Expires: start.Add(-time.Minute)}}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			tc.health.Connection = "acme-okta"
			w.Footing = &ground{health: tc.health, err: tc.err}
			w.Connections[0].Feeds = holds.FeedTerms{PollEvery: 10 * time.Second, Hook: !tc.entra, HookID: "who"}
			w.Health(t.Context())
			w.now = w.now.Add(time.Second)
			w.Health(t.Context())
			if tc.want == "" {
				if len(w.received) != 0 {
					t.Fatalf("raised %s", w.received[0].Body)
				}
				return
			}
			if len(w.received) != 1 {
				t.Fatalf("raised %d times", len(w.received))
			}
			first, err := w.decode(w.received[0])
			if err != nil || first[0].Type != tc.want || first[0].Class != holds.Tamper {
				t.Fatalf("%v %v", first, err)
			}
		})
	}
}

// TestD2WhatIsSeenIsKept: what the provider says of our hook is kept for people, and
// that it could not be read.
func TestD2WhatIsSeenIsKept(t *testing.T) {
	for name, tc := range map[string]struct {
		listener listener
		want     holds.PushLook
	}{
		"in order":        {listener{}, holds.PushLook{At: start}},
		"switched off":    {listener{trouble: "off"}, holds.PushLook{At: start, Trouble: "off"}},
		"we may not look": {listener{err: holds.Refuse(holds.Forbidden, "no scope")}, holds.PushLook{Unseen: "no scope"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			g := &ground{health: holds.ConnectionHealth{Connection: "acme-okta", Polled: start}}
			w.Footing, w.Connections[0].Listening = g, tc.listener
			w.Health(t.Context())
			if len(g.looks) != 1 || g.looks[0] != tc.want {
				t.Errorf("%+v", g.looks)
			}
		})
	}
}
