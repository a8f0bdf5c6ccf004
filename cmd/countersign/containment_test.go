package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/cmd/idpsim/mailsink"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// once fails when a call that changes an account was applied more than once.
// Ending sessions may be repeated: nobody can see whether it was done.
func (w *world) once(account string) {
	w.Helper()
	n := 0
	for _, e := range w.effects(account) {
		if e.Applied > 1 && !strings.HasSuffix(e.Path, "/sessions") {
			w.Errorf("%s %s was applied %d times", e.Method, e.Path, e.Applied)
		}
		n += e.Applied
	}
	if n == 0 {
		w.Errorf("nothing was done to %s", account)
	}
}

const (
	suspending = "/api/v1/users/" + oktasim.Engineer + "/lifecycle/suspend"
	joining    = "/api/v1/groups/" + oktasim.RestraintGroup + "/users/" + oktasim.Engineer
	clearing   = "/api/v1/users/" + oktasim.Engineer + "/sessions"
)

// G5: while the provider does not work, the containment waits in view of
// people, and once it works, it is done once.
func TestG5TheProviderDoesNotWork(t *testing.T) {
	fault := func(f oktasim.Fault) func(*world) {
		return func(w *world) {
			f.Times = 1000
			w.must(w.sim().Fail(f))
		}
	}
	limit := func(l oktasim.TooMany) func(*world) { return func(w *world) { w.sim().RateLimit(l) } }
	for name, arm := range map[string]func(*world){
		"429 with Retry-After":    limit(oktasim.TooMany{Calls: 2, Reset: 2 * time.Second, RetryAfter: true}),
		"429 with a reset":        limit(oktasim.TooMany{Calls: 2, Reset: 2 * time.Second}),
		"429 that says nothing":   limit(oktasim.TooMany{Calls: 1, NoReset: true}),
		"500":                     fault(oktasim.Fault{Path: "/api/v1/users/**", When: oktasim.FailBefore, How: oktasim.FailStatus, Status: 500}),
		"502 on the change alone": fault(oktasim.Fault{Method: "POST", Path: suspending, When: oktasim.FailBefore, How: oktasim.FailStatus, Status: 502}),
		"it hangs":                fault(oktasim.Fault{Path: "/api/v1/users/**", When: oktasim.FailBefore, How: oktasim.FailHang}),
		"it cuts the line":        fault(oktasim.Fault{Path: "/api/v1/users/**", When: oktasim.FailBefore, How: oktasim.FailCut}),
		"a sign-in page":          fault(oktasim.Fault{Path: "/api/v1/users/**", When: oktasim.FailBefore, How: oktasim.FailHTML}),
		"JSON of another shape":   fault(oktasim.Fault{Path: "/api/v1/users/**", When: oktasim.FailBefore, How: oktasim.FailJSON}),
		"a page to the change":    fault(oktasim.Fault{Method: "PUT", Path: joining, When: oktasim.FailBefore, How: oktasim.FailHTML}),
	} {
		if !slow && name == "429 that says nothing" {
			continue // we wait for ten seconds then
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{slowPoll: true, second: name == "it hangs"})
			w.settled()
			arm(w)
			w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
			w.until("the fault to strike", func() (bool, string) {
				for _, e := range w.sim().Journal() {
					if e.Fault != "" || e.Status == 429 {
						return true, ""
					}
				}
				return false, "it has not"
			})
			v := w.hold(oktasim.Engineer, "the hold", func(holds.View) bool { return true })
			if v.Hold.Standing != holds.Observed || v.Hold.Containment != holds.ContainmentRequested && v.Hold.Containment != holds.ContainmentFailed {
				t.Errorf("labelled more than it is: %s", stands(v))
			}
			w.reviewer(oktasim.Reviewer).hold(v.Hold.ID).shows("not restrained")
			if len(w.orgs) > 1 { // another organisation does not wait for this one
				if _, err := w.orgs[1].HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Payroll); err != nil {
					t.Fatal(err)
				}
				w.hold(oktasim.Payroll, "the other organisation's restraint", isContained)
				if got := w.view(v.Hold.ID); isContained(got) {
					t.Error("the case proves nothing: the first was restrained already")
				}
			}
			if !strings.HasPrefix(name, "429") {
				w.sim().Mend()
			}
			w.hold(oktasim.Engineer, "the restraint after all", isContained)
			restrained(t, w.sim(), oktasim.Engineer)
			w.once(oktasim.Engineer)
		})
	}
}

// G6: sessions cleared, suspension failed: nothing is called contained, and only
// what failed is tried again.
func TestG6PartOfItFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	w.must(w.sim().Fail(oktasim.Fault{Method: "POST", Path: suspending, Times: 3, When: oktasim.FailBefore, How: oktasim.FailStatus, Status: 503}))
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "people to hear of it", func(v holds.View) bool { return v.Hold.Containment == holds.ContainmentFailed })
	if isContained(v) || !strings.Contains(strings.Join(v.Hold.Doubts, " "), "not restrained") {
		t.Errorf("%s", stands(v))
	}
	w.hold(oktasim.Engineer, "the restraint", isContained)
	for _, e := range w.effects(oktasim.Engineer) {
		if e.Applied != 1 {
			t.Errorf("%s %s was applied %d times", e.Method, e.Path, e.Applied)
		}
	}
}

// G7: a call that took effect but whose answer was lost is read back before
// anything is repeated.
func TestG7TheAnswerWasLost(t *testing.T) {
	for name, f := range map[string]oktasim.Fault{
		"join, hang":    {Method: "PUT", Path: joining, How: oktasim.FailHang},
		"suspend, hang": {Method: "POST", Path: suspending, How: oktasim.FailHang},
		"suspend, cut":  {Method: "POST", Path: suspending, How: oktasim.FailCut},
		"clear, 500":    {Method: "DELETE", Path: clearing, How: oktasim.FailStatus, Status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{slowPoll: true})
			f.When = oktasim.FailAfter
			w.must(w.sim().Fail(f))
			w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
			w.hold(oktasim.Engineer, "the restraint", isContained)
			restrained(t, w.sim(), oktasim.Engineer)
			w.once(oktasim.Engineer)
			v := w.released(w.holdsOf(oktasim.Engineer)[0], w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
			free(t, w.sim(), oktasim.Engineer)
			if v.Hold.State != holds.Released {
				t.Error(stands(v))
			}
		})
	}
}

// G9: somebody undoes the restraint while the account is held: it is put back,
// and people are paged.
func TestG9SomebodyUndoesTheRestraint(t *testing.T) {
	undo := func(w *world) {
		w.told(w.sim().Unsuspends(oktasim.OrgAdmin, oktasim.Engineer))
		w.told(w.sim().LeavesGroup(oktasim.OrgAdmin, oktasim.Engineer, oktasim.RestraintGroup))
	}
	again := func(v holds.View) bool { return isContained(v) && v.Hold.ContainRound > 1 }
	t.Run("seen in the log", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{})
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		w.hold(oktasim.Engineer, "the restraint", isContained)
		w.settled()
		undo(w)
		w.hold(oktasim.Engineer, "the restraint to be put back", again)
		w.settled()
		restrained(t, w.sim(), oktasim.Engineer)
	})
	t.Run("seen by reading back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{noHook: true, slowPoll: true})
		told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		w.deliver(w.orgs[0], envelope(w.orgs[0], told.Events[0]))
		w.hold(oktasim.Engineer, "the restraint", isContained)
		w.settled()
		undo(w)
		w.exec("UPDATE holds SET read_back_at = now() - interval '10 minutes'")
		w.svc().keeper.Drift(t.Context())
		v := w.hold(oktasim.Engineer, "the restraint to be put back", again)
		w.settled()
		restrained(t, w.sim(), oktasim.Engineer)
		paged := slices.ContainsFunc(w.mail.Mails(), func(m mailsink.Mail) bool {
			return m.To[0] == "duty@nordwind.example" && strings.Contains(m.Text, "undone by somebody")
		})
		if !paged {
			t.Errorf("nobody was paged; %s", stands(v))
		}
	})
	t.Run("the rules no longer deny", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{noHook: true, slowPoll: true})
		w.told(w.sim().AdminResetsPassword(oktasim.OrgAdmin, oktasim.Engineer)) // RECOVERY: cannot be suspended, only the group restrains
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		w.deliver(w.orgs[0], envelope(w.orgs[0], w.seen[len(w.seen)-1]))
		w.hold(oktasim.Engineer, "the restraint by the group alone", isContained)
		w.settled()
		w.told(w.sim().DeactivatesRule(oktasim.ITLead, oktasim.SignOnPolicy, oktasim.SignOnRule))
		w.exec("UPDATE holds SET read_back_at = now() - interval '10 minutes'")
		w.svc().keeper.Drift(t.Context())
		v := w.hold(oktasim.Engineer, "the label to be taken back", func(v holds.View) bool {
			return v.Hold.Standing == holds.Observed && v.Hold.Containment == holds.ContainmentFailed
		})
		if len(v.Hold.Doubts) == 0 {
			t.Error("nobody is told why")
		}
	})
}

// G11: a release undoes what we did and nothing else.
func TestG11ReleaseRestoresWhatWasBefore(t *testing.T) {
	t.Run("suspended before", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{slowPoll: true})
		w.told(w.sim().Suspends(oktasim.OrgAdmin, oktasim.Engineer))
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		v := w.hold(oktasim.Engineer, "the restraint", isContained)
		v = w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
		p, _ := w.sim().Person(oktasim.Engineer)
		if p.Status != oktasim.Suspended || inGroup(w.sim(), oktasim.Engineer, oktasim.RestraintGroup) {
			t.Errorf("after the release the account is %s, in the group: %v", p.Status, inGroup(w.sim(), oktasim.Engineer, oktasim.RestraintGroup))
		}
		if !strings.Contains(strings.Join(v.Hold.Doubts, " "), "still restrained by something") {
			t.Errorf("nobody is told that it is suspended still: %q", v.Hold.Doubts)
		}
	})
	t.Run("taken out of the group by somebody", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{slowPoll: true, noHook: true})
		told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		w.deliver(w.orgs[0], envelope(w.orgs[0], told.Events[0]))
		v := w.hold(oktasim.Engineer, "the restraint", isContained)
		w.told(w.sim().LeavesGroup(oktasim.OrgAdmin, oktasim.Engineer, oktasim.RestraintGroup))
		w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
		free(t, w.sim(), oktasim.Engineer)
		for _, e := range w.effects(oktasim.Engineer) {
			if e.Method == "DELETE" && strings.Contains(e.Path, "/groups/") && e.Applied > 0 && e.Applied != 1 {
				t.Errorf("%s %s %d", e.Method, e.Path, e.Applied)
			}
		}
	})
	t.Run("G12 gone meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{slowPoll: true})
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		v := w.hold(oktasim.Engineer, "the restraint", isContained)
		w.api(colleagueToken, http.MethodPost, "/api/v1/users/"+oktasim.Engineer+"/lifecycle/deactivate")
		v = w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
		if !strings.Contains(strings.Join(v.Hold.Doubts, " "), "no longer exists") {
			t.Errorf("nobody is told: %q", v.Hold.Doubts)
		}
	})
}

// G13: when our credential is refused, people hear of it within a minute as
// tamper, and what happens meanwhile is held and says that nobody is restrained.
func TestG13TheCredentialIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	w.settled()
	w.must(w.sim().Fail(oktasim.Fault{Path: "/api/v1/**", Times: 10000, When: oktasim.FailBefore, How: oktasim.FailStatus, Status: 401}))
	w.svc().keeper.Health(t.Context())
	v := w.tampers("countersign.credential_refused")
	if v.Hold.Terms.Tier != holds.TierHigh {
		t.Errorf("tier %s", v.Hold.Terms.Tier)
	}
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v = w.hold(oktasim.Engineer, "the hold to say that nobody is restrained", func(v holds.View) bool { return v.Hold.Containment == holds.ContainmentFailed })
	if !strings.Contains(strings.Join(v.Hold.Doubts, " "), "401") {
		t.Errorf("the doubt does not name the credential: %q", v.Hold.Doubts)
	}
	if got := w.reviewer(oktasim.Reviewer).get("/").words(); !strings.Contains(got, "credential") {
		t.Errorf("the queue does not show it: %s", got)
	}
	w.sim().Mend()
	w.hold(oktasim.Engineer, "the restraint once the credential works", isContained)
}

// G13, D6: a log that cannot be read is shown with when it was read last, and
// leaves what is known of the restraint's rules alone.
func TestG13TheLogCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{noHook: true})
	w.svc().keeper.Health(t.Context())
	w.settled()
	health := func() holds.ConnectionHealth {
		all, err := w.svc().store.Health(t.Context(), tenant)
		w.must(err)
		return all[0]
	}
	w.must(w.sim().Fail(oktasim.Fault{Path: "/api/v1/logs", Times: 1000, When: oktasim.FailBefore, How: oktasim.FailStatus, Status: 403}))
	w.until("the trouble to be shown", func() (bool, string) { return health().Trouble != "", fmt.Sprintf("%+v", health()) })
	if h := health(); !h.Enforcement.InForce || h.Polled.IsZero() {
		t.Errorf("what was known is gone: %+v", h)
	}
	w.svc().keeper.Health(t.Context()) // the rules can be read, which says nothing of the log
	if h := health(); h.Trouble == "" || !h.Enforcement.InForce {
		t.Errorf("reading the rules hides the trouble with the log: %+v", h)
	}
	w.reviewer(oktasim.Reviewer).get("/").shows("does not let Countersign")
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.sim().Mend()
	w.hold(oktasim.Engineer, "what happened meanwhile", isContained)
	w.until("the trouble to be over", func() (bool, string) { return health().Trouble == "", health().Trouble })
}

// G14, G15: what an event says is never an address we call, nor a piece of one.
func TestG14G15NothingFromAnEventIsDereferenced(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	t.Cleanup(canary.Close)
	w := newWorld(t, options{slowPoll: true, noHook: true, seams: func(s *seams) { s.transport = nil }})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	w.settled()
	w.sim().ForgetJournal()
	ids := []string{
		"../../apps", canary.URL + "/x", "00u/../../../groups/" + oktasim.RestraintGroup, oktasim.Engineer[:10] + "/../apps", "%2e%2e%2fapps",
		oktasim.Engineer + "\r\nX: y", "http://169.254.169.254/", "file:///etc/passwd", strings.Repeat("a", 5000), "me", "admin@nordwind.example",
	}
	for _, id := range ids {
		e := reshaped(w.crafted(func(e *oktasim.Event) { asUser(e, id, canary.URL, canary.URL) }), func(m map[string]any) {
			m["displayMessage"] = canary.URL
			m["_links"] = map[string]any{"self": map[string]string{"href": canary.URL}}
			m["debugContext"] = map[string]any{"debugData": map[string]string{"url": canary.URL, "requestUri": canary.URL + "/api/v1/users"}}
			m["client"] = map[string]any{"ipAddress": canary.URL, "userAgent": map[string]string{"rawUserAgent": canary.URL}}
			m["request"] = map[string]any{"ipChain": []any{map[string]string{"ip": canary.URL}}}
		})
		w.deliver(w.orgs[0], envelope(w.orgs[0], e))
	}
	w.settled()
	if n := w.count("SELECT count(*) FROM holds WHERE state = 'pending'"); n < len(ids) {
		t.Errorf("%d changes of odd accounts made %d holds", len(ids), n)
	}
	for _, e := range w.sim().Journal() {
		if e.Applied {
			t.Errorf("something was changed: %s %s", e.Method, e.Path)
		}
		if e.Pattern == "" || strings.Contains(e.Path, "apps") || strings.Contains(e.Path, "..") {
			t.Errorf("an odd address was called: %s %q", e.Method, e.Path)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("an address from an event was called %d times", n)
	}
}
