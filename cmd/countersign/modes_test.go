package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// The three modes: watch records what would be held, notify holds and tells but
// restrains nobody, contain does everything (and is what every other test uses).
func TestModes(t *testing.T) {
	t.Run("watch", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{mode: "watch"})
		told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.Contractor, "SUPER_ADMIN"))
		w.settled()
		if n := w.count("SELECT count(*) FROM holds WHERE class <> 'tamper'"); n != 0 {
			t.Errorf("watching made %d holds", n)
		}
		if n := w.count("SELECT count(*) FROM event_verdicts WHERE reason LIKE 'watching only: would hold%'"); n < len(told.Events) {
			t.Errorf("%d of %d events are recorded as what would be held", n, len(told.Events)+1)
		}
		w.untouched(oktasim.Engineer, oktasim.Contractor)
		if len(w.mail.Mails()) != 0 {
			t.Errorf("watching sent %d mails", len(w.mail.Mails()))
		}
	})
	t.Run("notify", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{mode: "notify"})
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		v := w.hold(oktasim.Engineer, "the hold, and the owner told", func(v holds.View) bool { return !v.Hold.ToldAt.IsZero() })
		w.settled()
		v = w.view(v.Hold.ID)
		if v.Hold.Standing != holds.Observed || !strings.Contains(strings.Join(v.Hold.Doubts, " "), "notify mode") {
			t.Errorf("%s", stands(v))
		}
		w.untouched(oktasim.Engineer)
		w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
		w.untouched(oktasim.Engineer)
	})
}

// untouched fails when any call of ours changed one of these accounts.
func (w *world) untouched(accounts ...string) {
	w.Helper()
	for _, account := range accounts {
		for _, e := range w.effects(account) {
			w.Errorf("%s %s was done %d times", e.Method, e.Path, e.Applied)
		}
	}
}

// I4, G2: emergency accounts and our own are never restrained, whatever
// happens to them; the hold says so, and people are paged.
func TestI4NeverRestrained(t *testing.T) {
	for name, account := range map[string]string{"an emergency account": oktasim.BreakGlass, "our own account": oktasim.ServiceAccount} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.settled()
			w.told(w.sim().HelpDeskResetsFactors(oktasim.ITLead, account))
			w.told(w.sim().ChangesRecoveryEmail(oktasim.ITLead, account, "attacker@mail.example"))
			w.told(w.sim().GrantsRole(oktasim.ITLead, account, "READ_ONLY_ADMIN"))
			v := w.hold(account, "the hold", func(v holds.View) bool { return len(v.Hold.Events) >= 3 })
			w.settled()
			v = w.view(v.Hold.ID)
			if v.Hold.Exempt == "" || v.Hold.Standing != holds.Observed || len(v.Intents) != 0 {
				t.Errorf("exempt %q; %s", v.Hold.Exempt, stands(v))
			}
			w.untouched(account)
			p, _ := w.sim().Person(account)
			if p.Status != oktasim.Active {
				t.Errorf("the account is %s", p.Status)
			}
			w.until("people to be paged", func() (bool, string) {
				for _, m := range w.mail.Mails() {
					if m.To[0] == "duty@nordwind.example" && strings.Contains(m.Text, string(v.Hold.ID)) {
						return true, ""
					}
				}
				return false, itoa(len(w.mail.Mails())) + " mails"
			})
		})
	}
}

// C1: two replicas on one database get the same delivery at the same moment:
// one event, one hold, one containment, one message to each address.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{noHook: true})
	other := w.svc()
	w.start()
	told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	var events []any
	for _, e := range told.Events {
		events = append(events, e)
	}
	body := envelope(w.orgs[0], events...)
	var both sync.WaitGroup
	for _, s := range []*service{other, w.svc()} {
		url := "http://" + s.public.Addr() + "/hooks/okta/" + string(connection)
		both.Go(func() {
			if status, answer := w.knock(url, bytes.Clone(body), header("Authorization", w.orgs[0].secret)); status != 204 {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
	both.Wait()
	w.hold(oktasim.Engineer, "the restraint", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
	w.settled()
	if all := w.holdsOf(oktasim.Engineer); len(all) != 1 || len(all[0].Hold.Events) != len(told.Events) || all[0].Hold.ContainRound != 1 {
		t.Errorf("%d holds; %s", len(all), stands(all[0]))
	}
	for _, e := range w.effects(oktasim.Engineer) {
		if e.Applied != 1 {
			t.Errorf("%s %s was applied %d times", e.Method, e.Path, e.Applied)
		}
	}
	to := map[string]int{}
	for _, m := range w.mail.Mails() {
		to[m.To[0]+" "+m.Subject]++
	}
	for who, n := range to {
		if n > 1 {
			t.Errorf("%d times: %s", n, who)
		}
	}
}
