package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// C1: the hook delivers everything three times under fresh envelopes, and the
// poller sees it too: there is one hold, and every event is in it once.
func TestC1HookAndPollerAreOneEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.sim().Switch(func(s *oktasim.Switches) { s.HookDuplicates, s.HookDuplicatesFresh, s.HookReorder = 2, true, false })
	told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.hold(oktasim.Engineer, "the hold", isContained)
	w.settled()
	all := w.holdsOf(oktasim.Engineer)
	if len(all) != 1 || len(all[0].Hold.Events) != len(told.Events) {
		t.Fatalf("%d holds; %s", len(all), stands(all[0]))
	}
	if got := w.column("SELECT DISTINCT source FROM deliveries WHERE source <> 'keeper' ORDER BY source"); !slices.Equal(got, []string{"hook", "poller"}) {
		t.Errorf("deliveries came by %v only, which proves nothing", got)
	}
	if n := w.count("SELECT count(*) FROM deliveries WHERE source = 'hook'"); n < 3 {
		t.Errorf("the hook delivered %d times, which proves nothing", n)
	}
	for _, e := range w.effects(oktasim.Engineer) {
		if e.Applied != 1 {
			t.Errorf("%s %s was done %d times", e.Method, e.Path, e.Applied)
		}
	}
}

// C2: an envelope repeated with one event more, and two that share an event:
// nothing is lost and nothing counts twice.
func TestC2OverlappingEnvelopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, noHook: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	reset := func() oktasim.Event {
		return w.crafted(func(e *oktasim.Event) { asUser(e, oktasim.Engineer, "aiko.tanaka@nordwind.example", "Aiko Tanaka") })
	}
	a, b, c := reset(), reset(), reset()
	for _, events := range [][]any{{a}, {a, b}, {b, c}, {c, a}} {
		w.deliver(w.orgs[0], envelope(w.orgs[0], events...))
	}
	w.settled()
	all := w.holdsOf(oktasim.Engineer)
	if len(all) != 1 {
		t.Fatalf("there are %d holds", len(all))
	}
	var got []string
	for _, e := range all[0].Hold.Events {
		got = append(got, e.ID)
	}
	want := []string{a.UUID, b.UUID, c.UUID}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the hold has %v, not %v", got, want)
	}
}

// C4: what cannot be read in a batch of a hundred harms only itself, wherever it
// stands.
func TestC4PoisonInABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, noHook: true, mode: "notify"})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	poison := map[int]any{
		1:   json.RawMessage(`"not an event"`),
		50:  json.RawMessage(`{"uuid":{"$ne":1},"eventType":["user.mfa.factor.reset_all"],"target":"\u0000\ud800","published":1e999}`),
		100: json.RawMessage(`null`),
	}
	var batch []any
	var accounts []string
	for i := 1; i <= 100; i++ {
		if p, ok := poison[i]; ok {
			batch = append(batch, p)
			continue
		}
		account := fmt.Sprintf("00uBatch%03d000000000", i)
		accounts = append(accounts, account)
		batch = append(batch, w.crafted(func(e *oktasim.Event) { asUser(e, account, "p@nordwind.example", "Somebody") }))
	}
	w.deliver(w.orgs[0], envelope(w.orgs[0], batch...))
	w.until("the delivery to be decided", func() (bool, string) {
		n := w.count("SELECT count(*) FROM deliveries WHERE decided_at IS NULL AND source = 'hook'")
		return n == 0, itoa(n) + " wait"
	})
	if n := w.count("SELECT count(*) FROM holds WHERE subject_id = ANY ($1::text[])", "{"+strings.Join(accounts, ",")+"}"); n != len(accounts) {
		t.Errorf("%d of %d good events are held", n, len(accounts))
	}
	if n := w.count("SELECT count(*) FROM events WHERE class = 'unclassified'"); n != len(poison) {
		t.Errorf("%d of %d poisons are kept as unclassified", n, len(poison))
	}
}

// C4: an event that the database refuses is tried again, then left out in view
// of people; the rest of its batch is held.
func TestC4AnEventTheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, noHook: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	good := w.crafted(func(e *oktasim.Event) { asUser(e, oktasim.Engineer, "aiko.tanaka@nordwind.example", "Aiko Tanaka") })
	bad := w.crafted(func(e *oktasim.Event) { asUser(e, oktasim.EngineerTwo, "luis.ortega@nordwind.example", "Luis Ortega") })
	w.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room for this one'; END $$`)
	w.exec(`CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_id = '` + bad.UUID + `') EXECUTE FUNCTION refuse()`)
	w.deliver(w.orgs[0], envelope(w.orgs[0], bad, good))
	w.until("the delivery to be kept as failed", func() (bool, string) {
		w.exec("UPDATE deliveries SET retry_at = now() - interval '1 second' WHERE retry_at > now()") // not to wait for the back-off
		return w.count("SELECT count(*) FROM deliveries WHERE failed_at IS NOT NULL") == 1, strings.Join(w.column("SELECT attempts || ' ' || trouble FROM deliveries WHERE source = 'hook'"), "; ")
	})
	w.hold(oktasim.Engineer, "the good event's hold", isContained)
	if n := len(w.holdsOf(oktasim.EngineerTwo)); n != 0 {
		t.Errorf("the refused event made %d holds", n)
	}
	w.reviewer(oktasim.Reviewer).get("/").shows("failed")
}

// C5: an event that does not say which account it is about is held as
// unresolved, on the strictest terms, and nothing at all is done at the provider.
func TestC5UnresolvedTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, noHook: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	w.settled()
	w.sim().ForgetJournal()
	group := []oktasim.Entity{{ID: oktasim.FinanceGroup, Type: "UserGroup", AlternateID: "finance", DisplayName: "Finance"}}
	events := []any{
		w.crafted(func(e *oktasim.Event) { e.Target = nil }),
		w.crafted(func(e *oktasim.Event) { e.Target = []oktasim.Entity{} }),
		w.crafted(func(e *oktasim.Event) { e.Target = group }),
		w.crafted(func(e *oktasim.Event) { e.Target = []oktasim.Entity{{ID: oktasim.Engineer, Type: "Mystery"}} }),
	}
	w.deliver(w.orgs[0], envelope(w.orgs[0], events...))
	w.settled()
	ids := w.column("SELECT hold_id::text FROM holds WHERE subject_id LIKE 'unresolved:%'")
	if len(ids) != len(events) {
		t.Fatalf("%d events without an account made %d holds", len(events), len(ids))
	}
	for _, id := range ids {
		v := w.view(holds.HoldID(id))
		if v.Hold.Terms.Tier != holds.TierHigh || v.Hold.Standing != holds.Observed || len(v.Intents) != 0 || len(v.Hold.Doubts) == 0 {
			t.Errorf("tier %s; %s", v.Hold.Terms.Tier, stands(v))
		}
	}
	for _, e := range w.sim().Journal() {
		if e.Applied {
			t.Errorf("something was done at the provider: %s %s", e.Method, e.Path)
		}
	}
}

// C6: a role given to a group reaches every member: each is held by itself, and
// what is done to the group is held as its maker's.
func TestC6ARoleThroughAGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.told(w.sim().GrantsGroupRole(oktasim.ITLead, oktasim.FinanceGroup, "USER_ADMIN", oktasim.From("elsewhere")))
	for _, account := range []string{oktasim.FinanceLead, oktasim.Payroll} {
		v := w.hold(account, "the hold of a member", isContained)
		if v.Hold.Class != holds.RoleActivation {
			t.Errorf("%s is held as %s", account, v.Hold.Class)
		}
		restrained(t, w.sim(), account)
	}
	w.settled()
	if n := w.count("SELECT count(*) FROM holds WHERE subject_id = $1 AND class = 'role_activation'", oktasim.ITLead); n != 1 {
		t.Errorf("the grant to the group made %d holds", n)
	}
	v := w.holdsOf(oktasim.Payroll)[0]
	if p := w.reviewer(oktasim.Reviewer).decide(v, holds.Deny, "Finance administers nobody."); p.status != http.StatusOK {
		t.Fatalf("%d %s", p.status, p.words())
	}
	v = w.hold(oktasim.Payroll, "the end of what can be undone", inState(holds.Reverted))
	if !strings.Contains(strings.Join(v.Hold.Irreversible, " "), "comes from a group") {
		t.Errorf("nobody is told to take the role from the group: %q", v.Hold.Irreversible)
	}
	restrained(t, w.sim(), oktasim.Payroll)
	restrained(t, w.sim(), oktasim.FinanceLead)
}

// B4: a key that is there twice, or in another case, cannot hide a change.
func TestB4KeysThatAreThereTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, noHook: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	for account, c := range map[string][2]string{
		oktasim.Engineer:    {`"eventType":"user.mfa.factor.reset_all"`, `"eventType":"user.mfa.factor.reset_all","eventType":"user.session.start"`},
		oktasim.EngineerTwo: {`"eventType":"user.mfa.factor.reset_all"`, `"eventType":"user.session.start","eventType":"user.mfa.factor.reset_all"`},
		oktasim.Payroll:     {`"eventType":"user.mfa.factor.reset_all"`, `"eventType":"user.mfa.factor.reset_all","EventType":"user.session.start"`},
		oktasim.Contractor:  {`"result":"SUCCESS"`, `"result":"SUCCESS","result":"FAILURE"`},
	} {
		raw, err := json.Marshal(w.crafted(func(e *oktasim.Event) { asUser(e, account, "x@nordwind.example", "X") }))
		w.must(err)
		twice := strings.Replace(string(raw), c[0], c[1], 1)
		if twice == string(raw) {
			t.Fatalf("the event has no %s", c[0])
		}
		w.deliver(w.orgs[0], envelope(w.orgs[0], json.RawMessage(twice)))
		w.settled()
		if n := w.count("SELECT count(*) FROM event_verdicts WHERE verdict = 'hold' AND judged_at > now() - interval '1 minute' AND event_id IN " +
			"(SELECT event_id FROM events WHERE delivery_id = (SELECT max(delivery_id) FROM deliveries WHERE source = 'hook'))"); n != 1 {
			t.Errorf("%s: %d holds", c[1], n)
		}
	}
}

// C7: between event and containment the account was renamed, its old login was
// given to somebody else, or it is gone. We go by the immutable id.
func TestC7RenamedOrDeletedBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, noHook: true})
	told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	gone := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.EngineerTwo))
	was, _ := w.sim().Person(oktasim.Engineer)
	w.told(w.sim().ChangesProfile(oktasim.OrgAdmin, oktasim.Engineer, map[string]any{"login": "renamed@nordwind.example"}))
	w.told(w.sim().ChangesProfile(oktasim.OrgAdmin, oktasim.Contractor, map[string]any{"login": was.Profile.Get("login")}))
	w.api(colleagueToken, http.MethodPost, "/api/v1/users/"+oktasim.EngineerTwo+"/lifecycle/deactivate")
	nobody := w.crafted(func(e *oktasim.Event) { asUser(e, "00uNobody00000000000", "nobody@nordwind.example", "Nobody") })
	w.deliver(w.orgs[0], envelope(w.orgs[0], told.Events[0], gone.Events[0], nobody))
	w.hold(oktasim.Engineer, "the renamed account's restraint", isContained)
	restrained(t, w.sim(), oktasim.Engineer)
	free(t, w.sim(), oktasim.Contractor)
	v := w.hold(oktasim.EngineerTwo, "the word on the deactivated account", func(v holds.View) bool { return v.Hold.Containment != holds.ContainmentRequested })
	if strings.Join(v.Hold.Doubts, " ") == "" {
		t.Errorf("nobody is told that the account is gone; %s", stands(v))
	}
	w.hold("00uNobody00000000000", "the word on the account that never was", func(v holds.View) bool { return v.Hold.Containment != holds.ContainmentRequested })
	if got := w.effects("00uNobody00000000000"); len(got) != 0 {
		t.Errorf("an account that is not there was acted on: %v", got)
	}
}

// C9: whoever made the change, person, program, system, support or nobody, the
// kind of actor is told and none is trusted.
func TestC9KindsOfActor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, noHook: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	for account, c := range map[string]struct {
		want   holds.PartyKind
		change func(map[string]any)
	}{
		oktasim.Engineer: {holds.PartySystem, func(m map[string]any) {
			m["actor"] = map[string]any{"id": "system", "type": "SystemPrincipal", "alternateId": "system@okta.com", "displayName": "Okta System"}
		}},
		oktasim.EngineerTwo: {holds.PartyToken, func(m map[string]any) {
			m["transaction"].(map[string]any)["detail"] = map[string]any{"requestApiTokenId": "00TSomebodysToken000"}
		}},
		oktasim.Payroll: {holds.PartyApp, func(m map[string]any) {
			m["actor"] = map[string]any{"id": "0oaSomeOtherApp00000", "type": "PublicClientAppEntity", "displayName": "Sync"}
		}},
		oktasim.Contractor:  {holds.PartyUnknown, func(m map[string]any) { m["actor"] = nil }},
		oktasim.HelpDeskTwo: {holds.PartyUnknown, func(m map[string]any) { m["actor"] = map[string]any{"id": "x", "type": "ImpersonatedByOkta"} }},
	} {
		e := reshaped(w.crafted(func(e *oktasim.Event) { asUser(e, account, "x@nordwind.example", "X") }), c.change)
		w.deliver(w.orgs[0], envelope(w.orgs[0], e))
		v := w.hold(account, "the hold of "+string(c.want), isContained)
		if v.Hold.Actor.Kind != c.want {
			t.Errorf("the actor %v is told as %s, not %s", e["actor"], v.Hold.Actor.Kind, c.want)
		}
		if got := w.reviewer(oktasim.Reviewer).hold(v.Hold.ID); got.status != http.StatusOK {
			t.Errorf("%d %s", got.status, got.words())
		}
	}
	w.deliver(w.orgs[0], envelope(w.orgs[0], w.crafted(func(e *oktasim.Event) {
		e.EventType, e.Target = "user.session.impersonation.initiate", nil
	})))
	w.settled()
	if got := w.column("SELECT document #>> '{actor,kind}' FROM events WHERE type = 'user.session.impersonation.initiate'"); !slices.Equal(got, []string{string(holds.PartySupport)}) {
		t.Errorf("an impersonation by support is told as %v", got)
	}
}

// C10: what failed is recorded and not held; an outcome we do not know is
// treated as if it had happened.
func TestC10Outcomes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer, oktasim.Failing("INSUFFICIENT_PERMISSION")))
	w.settled()
	if n := len(w.holdsOf(oktasim.Engineer)); n != 0 {
		t.Errorf("a reset that failed made %d holds", n)
	}
	if n := w.count("SELECT count(*) FROM event_verdicts WHERE verdict = 'record' AND event_id = $1", told.Events[0].UUID); n != 1 {
		t.Errorf("the failed reset has %d verdicts", n)
	}
	for account, result := range map[string]string{oktasim.EngineerTwo: "UNKNOWN", oktasim.Payroll: "SOMETHING_NEW", oktasim.Contractor: "ALLOW"} {
		e := w.crafted(func(e *oktasim.Event) {
			asUser(e, account, "x@nordwind.example", "X")
			e.Outcome = oktasim.Outcome{Result: result}
		})
		w.deliver(w.orgs[0], envelope(w.orgs[0], e))
		w.hold(account, "the hold of outcome "+result, isContained)
	}
	for account, result := range map[string]string{oktasim.HelpDeskTwo: "DENY", oktasim.FinanceLead: "SKIPPED"} {
		e := w.crafted(func(e *oktasim.Event) {
			asUser(e, account, "x@nordwind.example", "X")
			e.Outcome = oktasim.Outcome{Result: result}
		})
		w.deliver(w.orgs[0], envelope(w.orgs[0], e))
		w.settled()
		t.Logf("outcome %s makes %d holds", result, len(w.holdsOf(account)))
	}
}

// C11: a name that imitates another is shown with the immutable id and a mark.
func TestC11LookAlikeNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, noHook: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	e := w.crafted(func(e *oktasim.Event) {
		asUser(e, oktasim.Contractor, "mirа.haddad@nordwind.example", "Mirа Haddad<script>alert(1)</script>") // the last letter of the first name is Cyrillic
	})
	w.deliver(w.orgs[0], envelope(w.orgs[0], e))
	v := w.hold(oktasim.Contractor, "the hold", isContained)
	p := w.reviewer(oktasim.Reviewer).hold(v.Hold.ID)
	p.shows(oktasim.Contractor)
	p.shows("mixed script")
	if p.Find("main script").Length() != 0 {
		t.Error("the name became a script")
	}
	if who := v.Hold.Owner; who != person(oktasim.Contractor) {
		t.Errorf("the owner is taken to be %q", who)
	}
}

// B11: a type nobody knows is kept and shown to people when its name looks
// sensitive, and recorded when not.
func TestB11UnknownTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, noHook: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	sensitive := w.crafted(func(e *oktasim.Event) {
		e.EventType = "user.mfa.teleport.begin"
		asUser(e, oktasim.Engineer, "aiko.tanaka@nordwind.example", "Aiko Tanaka")
	})
	dull := w.crafted(func(e *oktasim.Event) {
		e.EventType = "app.weather.changed"
		asUser(e, oktasim.EngineerTwo, "luis.ortega@nordwind.example", "Luis Ortega")
	})
	w.deliver(w.orgs[0], envelope(w.orgs[0], sensitive, dull, reshaped(dull, func(m map[string]any) { delete(m, "uuid"); delete(m, "eventType") })))
	w.settled()
	all := w.holdsOf(oktasim.Engineer)
	if len(all) != 1 || all[0].Hold.Class != holds.Unclassified || len(all[0].Intents) != 0 {
		t.Errorf("a sensitive unknown type: %d holds", len(all))
	}
	if n := w.count("SELECT count(*) FROM events WHERE delivery_id = (SELECT max(delivery_id) FROM deliveries WHERE source = 'hook')"); n != 3 {
		t.Errorf("%d of 3 events are kept", n)
	}
	if n := len(w.holdsOf(oktasim.EngineerTwo)); n > 1 {
		t.Errorf("a dull unknown type is held: %d", n)
	}
}

// C3: an enrolment that arrives before the reset it followed is in the reset's
// hold all the same, and is undone with it.
func TestC3OrderOfArrival(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	w.sim().Switch(func(s *oktasim.Switches) { s.HookReorder = true })
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	tick := time.NewTimer(100 * time.Millisecond) // the simulator's batch of the reset is closed, and shelved
	<-tick.C
	w.told(w.sim().EnrolsFactor(oktasim.Engineer, "webauthn", "a key"))
	v := w.hold(oktasim.Engineer, "both in one hold", func(v holds.View) bool {
		return slices.ContainsFunc(v.Hold.Events, func(e holds.EventRef) bool { return e.Verb == holds.Enrol }) &&
			slices.ContainsFunc(v.Hold.Events, func(e holds.EventRef) bool { return e.Verb == holds.Reset })
	})
	if !slices.IsSortedFunc(v.Hold.Events, func(a, b holds.EventRef) int { return a.Occurred.Compare(b.Occurred) }) {
		t.Errorf("the events are not in their order: %s", stands(v))
	}
	held := slices.DeleteFunc(w.holdsOf(oktasim.Engineer), func(v holds.View) bool { return v.Hold.ToldOnly })
	if len(held) != 1 {
		t.Errorf("there are %d holds", len(held))
	}
	w.hold(oktasim.Engineer, "the restraint", isContained)
	if p := w.reviewer(oktasim.Reviewer).decide(w.view(v.Hold.ID), holds.Deny, "Not Aiko."); p.status != http.StatusOK {
		t.Fatalf("%d %s", p.status, p.words())
	}
	w.hold(oktasim.Engineer, "the revert", inState(holds.Reverted))
	if p, _ := w.sim().Person(oktasim.Engineer); len(p.Factors) != 0 {
		t.Errorf("the factor that arrived first is left: %v", p.Factors)
	}
}
