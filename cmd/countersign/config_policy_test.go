package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// A tenant's settings of the policy are read by check-config and by serve, and a
// mistake in them is told with its line.
func TestConfigPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{notYet: true})
	w.write("policy.yaml", "networks: [198.51.100.0/24]\njoiner_days: 7\n")
	w.good("check-config")
	for name, c := range map[string]struct{ text, want string }{
		"an unknown key":       {"networks: [198.51.100.0/24]\ntrusted: [me]\n", "policy.yaml:2:1: unknown field"},
		"a network that is no": {"networks:\n  - 198.51.100.0/24\n  - office\n", "policy.yaml:3:5: networks: \"office\" is not a network"},
	} {
		t.Run(name, func(t *testing.T) {
			w.write("policy.yaml", c.text)
			for _, command := range []string{"check-config", "serve"} {
				if _, errs, code := w.command(command); code != 1 || !strings.Contains(errs, c.want) {
					t.Errorf("%s: exit %d: %s", command, code, errs)
				}
			}
		})
	}
}

// An own factor from a network that nobody knows is held: by the running service,
// with the organisation's networks as they are configured.
func TestEnrolmentFromAnUnknownNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{mode: "notify"})
	w.told(w.sim().EnrolsFactor(oktasim.Engineer, "webauthn", "a new key", oktasim.From("elsewhere")))
	v := w.hold(oktasim.Engineer, "the hold", func(v holds.View) bool { return !v.Hold.ToldOnly })
	if v.Hold.Terms.Rule != "mfa" {
		t.Errorf("held by rule %q", v.Hold.Terms.Rule)
	}
}

// The settings decide in the running service: being added to a group is recorded,
// and held once the organisation watches that group.
func TestConfigPolicyDecides(t *testing.T) {
	t.Parallel()
	s := service{config: &Config{Tenants: []Tenant{{ID: "a"}, {ID: "b", Policy: "policy.yaml"}}, dir: t.TempDir()}}
	if err := writeOnce(s.config.path("policy.yaml"), "watched_groups: ["+oktasim.FinanceGroup+"]\n", 0o600); err != nil {
		t.Fatal(err)
	}
	judges, err := s.judges()
	if err != nil {
		t.Fatal(err)
	}
	e := holds.Event{
		Class: holds.RemoteAccess, Verb: holds.Grant, Outcome: holds.Succeeded, Actor: holds.Party{ID: oktasim.ITLead, Kind: holds.PartyPerson},
		Subjects: []holds.Account{{ID: oktasim.Engineer}}, Objects: []holds.Object{{Type: "UserGroup", ID: oktasim.FinanceGroup}},
	}
	f := holds.Facts{Mode: holds.ModeContain, Known: true}
	if a, b := judges["a"].Judge(e, f), judges["b"].Judge(e, f); a.Verdict != holds.Record || b.Verdict != holds.HoldIt {
		t.Errorf("%s without, %s with the group watched", a.Verdict, b.Verdict)
	}
}
