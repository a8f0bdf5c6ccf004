package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// A14: somebody has the hook's secret and tells of a reset that never was. Until the
// organisation's own log shows it nothing is done that people cannot take back, and
// nothing is undone; half an hour later the hold says that it is unconfirmed, people
// are paged, and a release gives the account back as it was.
func TestA14AForgedEventCanBeTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Payroll)) // its shape is known to everybody
	w.hold(oktasim.Payroll, "the real hold", isContained)
	w.settled()
	was, _ := w.sim().Person(oktasim.Engineer)
	w.sim().ForgetJournal()
	forged := w.crafted(func(e *oktasim.Event) { asUser(e, oktasim.Engineer, was.Profile.Get("login"), "Aiko Tanaka") })
	w.deliver(w.orgs[0], envelope(w.orgs[0], forged))
	v := w.hold(oktasim.Engineer, "the forged hold", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
	w.settled()
	for _, e := range w.effects(oktasim.Engineer) {
		cheap := e.Path == "/api/v1/users/"+oktasim.Engineer+"/lifecycle/suspend" || strings.HasSuffix(e.Path, "/sessions") ||
			e.Path == "/api/v1/groups/"+oktasim.RestraintGroup+"/users/"+oktasim.Engineer
		if !cheap {
			t.Errorf("%s %s was done on nobody's word", e.Method, e.Path)
		}
	}
	if len(v.Notes) != 0 {
		t.Errorf("it is doubted at once: %v", v.Notes)
	}
	w.exec("UPDATE deliveries SET received_at = received_at - interval '40 min' WHERE source = 'hook'")
	v = w.becomes(v, "the hold to be called unconfirmed", func(v holds.View) bool {
		_, err := w.svc().store.Doubt(t.Context(), w.svc().store.Now()) // as it does every minute
		w.must(err)
		return len(v.Notes) > 0
	})
	if !strings.HasPrefix(v.Notes[0].Text, "Unconfirmed: ") || !strings.Contains(v.Notes[0].Text, forged.UUID) || !isContained(v) {
		t.Errorf("%+v; %s", v.Notes, stands(v))
	}
	w.reviewer(oktasim.Reviewer).hold(v.Hold.ID).shows("Unconfirmed: ")
	w.until("people to be paged", func() (bool, string) {
		for _, m := range w.mail.Mails() {
			if m.To[0] == "duty@nordwind.example" && strings.Contains(m.Text, "does not show") {
				return true, ""
			}
		}
		return false, itoa(len(w.mail.Mails())) + " mails"
	})
	w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
	free(t, w.sim(), oktasim.Engineer)
	if is, _ := w.sim().Person(oktasim.Engineer); len(is.Factors) != len(was.Factors) || len(is.Roles) != len(was.Roles) || is.Status != was.Status {
		t.Errorf("the account is not as it was: %s, %d factors, %d roles", is.Status, len(is.Factors), len(is.Roles))
	}
}

// becomes waits for a hold to satisfy a condition and returns it.
func (w *world) becomes(v holds.View, what string, ready func(holds.View) bool) holds.View {
	w.Helper()
	w.until(what, func() (bool, string) {
		v = w.view(v.Hold.ID)
		return ready(v), stands(v)
	})
	return v
}

// A13: the bytes of a delivery that was captured are sent again while its hold is
// open, after it was released, and a year later: no hold, no call and no message comes
// of them, at whatever address of ours they arrive.
func TestA13ACapturedDeliveryIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	var events []any
	for _, e := range told.Events {
		events = append(events, e)
	}
	captured := envelope(w.orgs[0], events...)
	w.deliver(w.orgs[0], captured)
	v := w.hold(oktasim.Engineer, "the hold", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
	w.settled()
	quiet := func(when string) {
		t.Helper()
		calls, mails, version := len(w.sim().Effects()), len(w.mail.Mails()), w.view(v.Hold.ID).Hold.Version
		for range 3 {
			w.deliver(w.orgs[0], captured)
		}
		w.settled()
		if n := len(w.holdsOf(oktasim.Engineer)); n != 1 {
			t.Errorf("%s: %d holds", when, n)
		}
		if c, m, is := len(w.sim().Effects()), len(w.mail.Mails()), w.view(v.Hold.ID).Hold.Version; c != calls || m != mails || is != version {
			t.Errorf("%s: %d calls and %d messages more, version %d and then %d", when, c-calls, m-mails, version, is)
		}
	}
	quiet("while it is open")
	w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
	w.settled()
	quiet("after the release")
	for _, moved := range []string{
		"UPDATE holds SET opened_at = opened_at - interval '1 year', closed_at = closed_at - interval '1 year', received_at = received_at - interval '1 year'",
		"UPDATE deliveries SET received_at = received_at - interval '1 year', decided_at = decided_at - interval '1 year'",
		"UPDATE events SET occurred_at = occurred_at - interval '1 year'",
		"UPDATE event_verdicts SET occurred_at = occurred_at - interval '1 year', judged_at = judged_at - interval '1 year'",
	} {
		w.exec(moved)
	}
	_, err := w.svc().store.Prune(t.Context(), w.svc().store.Now(), w.svc().config.retention())
	w.must(err)
	quiet("a year later, after what is old was deleted")
	if w.view(v.Hold.ID).Hold.State != holds.Released {
		t.Error("the hold is open again")
	}
	free(t, w.sim(), oktasim.Engineer)
}
