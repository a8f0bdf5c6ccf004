package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
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

// ripe is how far behind the world of the tests below an organisation's clock is:
// what happens there is old enough that its hook had its time.
const ripe = 5 * time.Minute

func behind() oktasim.Options {
	return oktasim.Options{Now: func() time.Time { return time.Now().Add(-ripe) }}
}

// looked is a look at the connections' footing, after everything has come to rest.
func (w *world) looked() holds.Telling {
	w.Helper()
	w.settled()
	w.svc().keeper.Health(w.Context())
	all, err := w.svc().store.Health(w.Context(), tenant)
	w.must(err)
	return all[0].Telling
}

const toldByLogAlone = "countersign.told_by_log_alone"

// D3: a hook that fell silent, as when its daily allowance is burnt, is noticed by
// what comes by the log alone. The log carries every hold meanwhile, and people are
// paged and told what to check.
func TestD3TheSilentHookIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{sim: behind()})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Payroll))
	w.settled()
	w.sim().Switch(func(s *oktasim.Switches) { s.HookDrop = -1 })
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.Contractor, "SUPER_ADMIN"))
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Reviewer))
	for _, account := range []string{oktasim.Payroll, oktasim.Engineer, oktasim.Contractor, oktasim.Reviewer} {
		w.hold(account, "a hold of everybody", isContained)
	}
	got := w.looked()
	if got.Silent < 5 || got.Changes < 3 || got.Hour.Pushed+got.Hour.Late == 0 {
		t.Errorf("counted %+v", got)
	}
	v := w.tampers(toldByLogAlone)
	for _, want := range []string{"by its log alone", "user.mfa.factor.reset_all", "400,000"} {
		if !strings.Contains(strings.Join(v.Hold.Doubts, " "), want) {
			t.Errorf("people are not told of %q: %q", want, v.Hold.Doubts)
		}
	}
	w.until("people to be paged", func() (bool, string) {
		for _, m := range w.mail.Mails() {
			if m.To[0] == "duty@nordwind.example" && strings.Contains(m.Text, string(v.Hold.ID)) {
				return true, ""
			}
		}
		return false, itoa(len(w.mail.Mails())) + " mails"
	})
	w.sim().Switch(func(s *oktasim.Switches) { s.HookDrop = 0 })
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.EngineerTwo))
	if got := w.looked(); got.Silent != 0 || got.Trouble() != "" {
		t.Errorf("it tells again, but %q: %+v", got.Trouble(), got)
	}
	if !strings.Contains(w.log.String(), "tells of changes again") {
		t.Error("that it tells again is not noted")
	}
}

// D3, D9: a hook that is well raises no alarm, nor does an organisation in which
// nothing happens.
func TestD3D9NoAlarm(t *testing.T) {
	t.Run("the hook is well", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{sim: behind()})
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Payroll))
		got := w.looked()
		if pushed, of := got.Hour.Share(); pushed < 4 || pushed != of || got.Hour.OnlyPush != 0 {
			t.Errorf("counted %+v", got)
		}
		w.noAlarm()
	})
	t.Run("a quiet tenant", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{sim: behind()})
		if got := w.looked(); got.Hour != (holds.TellingCount{}) || got.At.IsZero() {
			t.Errorf("counted %+v", got)
		}
		w.noAlarm()
	})
}

func (w *world) noAlarm() {
	w.Helper()
	w.settled()
	if got := w.column("SELECT event_id FROM events WHERE type = $1", toldByLogAlone); len(got) > 0 {
		w.Errorf("an alarm was raised: %v", got)
	}
}
