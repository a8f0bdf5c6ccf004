package okta

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// logged is a page of the System Log, or a hook's envelope, with one event.
func logged(t *testing.T, source holds.Source, eventType string) holds.Delivery {
	t.Helper()
	events := []any{map[string]any{
		"uuid": "1f0e98f5-3161-4c6b-9b50-d488572f2bb7", "published": "2026-11-20T11:00:00.123Z", "eventType": eventType,
		"outcome": map[string]any{"result": "SUCCESS"}, "actor": map[string]any{"id": "00uadmin", "type": "User"},
	}}
	var doc any = events
	if source == holds.FromHook {
		doc = map[string]any{"eventType": hookType, "eventTypeVersion": "1.0", "data": map[string]any{"events": events}}
	}
	body, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return holds.Delivery{Source: source, Body: body}
}

// TestD7WhatTheHookTells: both ways agree on which events the hook should tell, and
// those that Okta's catalogue has for the log alone are not among them.
func TestD7WhatTheHookTells(t *testing.T) {
	x := offline()
	eligible := strings.Fields(string(published(t, "specs", "okta-event-hook-eligible.txt")))
	for _, name := range hookEvents() {
		if !slices.Contains(eligible, name) {
			t.Errorf("Okta never sends %s by a hook", name)
		}
	}
	for name, want := range map[string]holds.Push{
		"user.mfa.factor.reset_all": holds.PushedWhole, "user.account.privilege.grant": holds.PushedWhole, "policy.rule.delete": holds.PushedWhole,
		"user.account.update_primary_email": holds.NotPushed, "zone.update": holds.NotPushed, "event_hook.deactivated": holds.NotPushed,
		"user.session.start": holds.NotPushed, "of.no.kind": holds.NotPushed,
	} {
		for _, source := range []holds.Source{holds.FromHook, holds.FromPoller} {
			got := x.Decode(logged(t, source, name))
			if len(got) != 1 || got[0].Type != name || got[0].Push != want {
				t.Errorf("%s by the %s: %+v", name, source, got)
			}
		}
	}
}

// TestD7ThePushChangesNoMeaning: what the hook tells was in the table before.
func TestD7ThePushChangesNoMeaning(t *testing.T) {
	for name, k := range offline().kinds {
		if k.class == "" || k.verb == "" {
			t.Errorf("%s has no meaning", name)
		}
	}
}
