package main

import (
	"slices"
	"testing"

	"github.com/countersign/countersign/providers/okta/oktasim"
)

// D3, D7: the hook delivers nothing, as when Okta's daily allowance of it is burnt:
// the poller carries everything, and what comes by the log alone is held, restrained
// and told as ever.
func TestD3D7TheLogAloneCarriesEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.sim().Switch(func(s *oktasim.Switches) { s.HookDrop = -1 })
	told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "a hold without any hook", isContained)
	w.settled()
	if v = w.holdsOf(oktasim.Engineer)[0]; len(v.Hold.Events) != len(told.Events) {
		t.Errorf("%d of %d events; %s", len(v.Hold.Events), len(told.Events), stands(v))
	}
	if got := w.column("SELECT DISTINCT source FROM deliveries WHERE source <> 'keeper' ORDER BY source"); !slices.Equal(got, []string{"poller"}) {
		t.Errorf("deliveries came by %v, which proves nothing", got)
	}
}

// D7: what comes by the hook alone, because the log is not read in time, is held,
// restrained and told as well.
func TestD7TheHookAloneCarriesWhatItTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.hold(oktasim.Engineer, "a hold without the log", isContained)
	if got := w.column("SELECT DISTINCT source FROM deliveries WHERE source <> 'keeper' ORDER BY source"); !slices.Contains(got, "hook") {
		t.Errorf("deliveries came by %v, which proves nothing", got)
	}
}
