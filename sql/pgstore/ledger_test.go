package pgstore_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// intend records intents of a hold.
func (w *world) intend(h holds.Hold, round int, actions ...holds.Action) []holds.Intent {
	w.Helper()
	intents := make([]holds.Intent, 0, len(actions))
	for _, a := range actions {
		intents = append(intents, holds.Intent{
			ID: holds.IntentID(newID()), Hold: h.ID, Tenant: h.Tenant, Connection: h.Connection, Purpose: holds.ToContain,
			Round: round, Action: a, Created: at(5),
		})
	}
	w.change(keyOf(h), func(c *holds.Change) { c.Intents = intents })
	return intents
}

func TestIntentsAndOutcomes(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	join := holds.Action{Kind: holds.JoinRestraintGroup, Account: "00u1"}
	role := holds.Action{Kind: holds.RemoveRole, Account: "00u1", Object: "role-1"}
	want := w.intend(h, 1, join, role)
	result := holds.Result{Status: holds.Applied, Detail: "done", At: at(6), EffectiveBy: at(66)}
	w.must(w.Outcome(t.Context(), keyOf(h), want[0].ID, result))
	want[0].Result = result
	got, err := w.Intents(t.Context(), keyOf(h))
	if w.must(err); cmp.Diff(want, got) != "" {
		t.Fatal(cmp.Diff(want, got))
	}
	t.Run("a second outcome is a conflict", func(t *testing.T) {
		w.kind(holds.Conflict, w.Outcome(t.Context(), keyOf(h), want[0].ID, result))
	})
	t.Run("of another hold it is not found", func(t *testing.T) {
		h2 := w.held("00u2")
		w.kind(holds.NotFound, w.Outcome(t.Context(), keyOf(h2), want[1].ID, result))
		w.kind(holds.NotFound, w.Outcome(t.Context(), keyOf(h), "no-uuid", result))
	})
	again := func(round int, a holds.Action) error {
		_, err := w.Update(t.Context(), keyOf(h), at(7), func(h holds.Hold) (*holds.Change, error) {
			return &holds.Change{Hold: h, Intents: []holds.Intent{{
				ID: holds.IntentID(newID()), Connection: h.Connection, Purpose: holds.ToContain, Round: round, Action: a, Created: at(7),
			}}}, nil
		})
		return err
	}
	t.Run("the same call is announced once in a round", func(t *testing.T) {
		w.kind(holds.Conflict, again(1, join))
		w.must(again(2, join))
	})
	t.Run("a call that failed may be announced again", func(t *testing.T) {
		w.kind(holds.Conflict, again(1, role))
		w.must(w.Outcome(t.Context(), keyOf(h), want[1].ID, holds.Result{Status: holds.Broken, At: at(8)}))
		w.must(again(1, role))
		w.kind(holds.Conflict, again(1, role))
	})
	if n := w.count(`audit_leaves WHERE body LIKE '%"kind":"intent.outcome"%'`); n != 2 {
		t.Fatalf("%d audit entries of outcomes, want 2", n)
	}
}

// TestTriedIsTheNewestAttempt: the newest attempt is what counts, and it is durable by
// itself.
func TestTriedIsTheNewestAttempt(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	list := w.intend(h, 1, holds.Action{Kind: holds.ClearSessions, Account: "00u1"}, holds.Action{Kind: holds.SuspendAccount, Account: "00u1"})
	w.must(w.Tried(t.Context(), keyOf(h), list[0].ID, at(6)))
	w.must(w.Second.Tried(t.Context(), keyOf(h), list[0].ID, at(7)))
	got, err := w.Second.Intents(t.Context(), keyOf(h))
	if w.must(err); !got[0].Tried.Equal(at(7)) || !got[1].Tried.IsZero() || got[0].Done() {
		t.Fatalf("%+v", got)
	}
	h2 := w.held("00u2")
	for name, err := range map[string]error{
		"another hold":   w.Tried(t.Context(), keyOf(h2), list[1].ID, at(8)),
		"another tenant": w.Tried(t.Context(), holds.Key{Tenant: globe, Hold: h.ID}, list[1].ID, at(8)),
		"unknown":        w.Tried(t.Context(), keyOf(h), holds.IntentID(newID()), at(8)),
		"no UUID":        w.Tried(t.Context(), keyOf(h), "x", at(8)),
	} {
		t.Run(name, func(*testing.T) { w.kind(holds.NotFound, err) })
	}
	if n := w.count("intents WHERE tried_at IS NOT NULL"); n != 1 {
		t.Fatalf("%d intents are marked", n)
	}
}

// TestEchoNeedsItsIntent (C13): an event of our own account is explained by an
// intent of ours, for the same account, action and time, and by nothing else.
func TestEchoNeedsItsIntent(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	intent := w.intend(h, 1, holds.Action{Kind: holds.ClearSessions, Account: "00u1"})[0]
	w.must(w.Tried(t.Context(), keyOf(h), intent.ID, at(5)))
	w.must(w.Outcome(t.Context(), keyOf(h), intent.ID, holds.Result{Status: holds.Applied, At: at(6)}))
	echo := func(name string, edit func(*holds.Event)) holds.Event {
		e := event(name, "00u1")
		e.Actor.Own, e.Echo, e.Occurred = true, holds.ClearSessions, at(6)
		edit(&e)
		return e
	}
	events := map[string]holds.Event{
		"ours":               echo("ours", func(*holds.Event) {}),
		"clock behind":       echo("clock behind", func(e *holds.Event) { e.Occurred = at(1) }),
		"clock far behind":   echo("clock far behind", func(e *holds.Event) { e.Occurred = at(-1) }),
		"long after":         echo("long after", func(e *holds.Event) { e.Occurred = at(12) }),
		"not our account":    echo("not our account", func(e *holds.Event) { e.Actor.Own = false }),
		"another action":     echo("another action", func(e *holds.Event) { e.Echo = holds.SuspendAccount }),
		"somebody else":      echo("somebody else", func(e *holds.Event) { e.Subjects[0].ID = "00u2" }),
		"nothing of ours is": echo("nothing of ours is", func(e *holds.Event) { e.Echo = "" }),
	}
	explained := map[string]bool{"ours": true, "clock behind": true}
	var list []holds.Event
	for _, e := range events {
		list = append(list, e)
	}
	w.must(w.Receive(t.Context(), delivery("x")))
	w.drain(at(20), list, func(q holds.Question) (holds.Answer, error) {
		if got := q.Facts.Intent == intent.ID; got != explained[q.Event.ID] {
			t.Errorf("%s: intent %q", q.Event.ID, q.Facts.Intent)
		}
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Ignore}}, nil
	})
}

// TestEchoOfACallWithoutAnOutcome: it explains what happens for a while after it
// was tried, nothing before, and nothing at all when it never was.
func TestEchoOfACallWithoutAnOutcome(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	list := w.intend(h, 1, holds.Action{Kind: holds.ClearSessions, Account: "00u1"}, holds.Action{Kind: holds.SuspendAccount, Account: "00u1"})
	w.must(w.Tried(t.Context(), keyOf(h), list[0].ID, at(30)))
	for _, c := range []struct {
		name  string
		echo  holds.ActionKind
		after int
		want  bool
	}{
		{"before it was tried", holds.ClearSessions, 24, false},
		{"at once", holds.ClearSessions, 30, true},
		{"a while later", holds.ClearSessions, 44, true},
		{"an hour later", holds.ClearSessions, 90, false},
		{"never tried", holds.SuspendAccount, 6, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := event(c.name, "00u1")
			e.Actor.Own, e.Echo, e.Occurred = true, c.echo, at(c.after)
			if got := w.explained(e); (got != "") != c.want {
				t.Fatalf("explained by %q", got)
			}
		})
	}
}

// TestEchoOfTheSameObject: removing one role does not explain that another one
// goes, unless the event names it by an id we cannot know it by.
func TestEchoOfTheSameObject(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	w.must(w.SaveSnapshot(t.Context(), acme, okta, holds.Snapshot{
		Account: holds.Account{ID: "00u1"}, At: at(0), Roles: []holds.Role{{ID: "role-seen"}}, Factors: []holds.Factor{{ID: "factor-seen"}},
	}))
	role, old, factor := holds.Action{Kind: holds.RemoveRole, Account: "00u1", Object: "role"},
		holds.Action{Kind: holds.RemoveRole, Account: "00u1", Object: "role-old"},
		holds.Action{Kind: holds.RemoveFactor, Account: "00u1", Object: "factor"}
	intents := w.intend(h, 1, old, role, factor)
	w.must(w.Tried(t.Context(), keyOf(h), intents[0].ID, at(-60)))
	w.must(w.Outcome(t.Context(), keyOf(h), intents[0].ID, holds.Result{Status: holds.Applied, At: at(-59)}))
	w.must(w.Tried(t.Context(), keyOf(h), intents[1].ID, at(5)))
	w.must(w.Tried(t.Context(), keyOf(h), intents[2].ID, at(5)))
	for _, c := range []struct {
		name   string
		echo   holds.ActionKind
		object string
		want   holds.IntentID
	}{
		{"the same role", holds.RemoveRole, "role", intents[1].ID},
		{"a role not named", holds.RemoveRole, "", intents[1].ID},
		{"a role named otherwise", holds.RemoveRole, "ROLE_NAME", intents[1].ID},
		{"the role of an older intent", holds.RemoveRole, "role-old", ""},
		{"another role we have seen", holds.RemoveRole, "role-seen", ""},
		{"the same factor", holds.RemoveFactor, "factor", intents[2].ID},
		{"an enrolment", holds.RemoveFactor, "enrolment", intents[2].ID},
		{"another factor we have seen", holds.RemoveFactor, "factor-seen", ""},
		{"an id of another kind", holds.RemoveFactor, "role-seen", intents[2].ID},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := event(c.name, "00u1")
			e.Actor.Own, e.Echo, e.Occurred = true, c.echo, at(6)
			e.Role.ID, e.Factor.ID = c.object, c.object
			if got := w.explained(e); got != c.want {
				t.Fatalf("explained by %q, want %q", got, c.want)
			}
		})
	}
}

// TestEchoOfLeavingAGroup: whoever leaves a group loses the roles that came through
// it. Okta writes events of its own for that, which mostly name no role; they are
// ours as leaving the group is. A role of the account's own is not among them, and
// nobody else's is.
func TestEchoOfLeavingAGroup(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	w.must(w.SaveSnapshot(t.Context(), acme, okta, holds.Snapshot{
		Account: holds.Account{ID: "00u1"}, At: at(0), Roles: []holds.Role{{ID: "role-own"}, {ID: "role-group", ViaGroup: true}},
	}))
	w.must(w.SaveSnapshot(t.Context(), acme, okta, holds.Snapshot{Account: holds.Account{ID: "00u2"}, At: at(0)}))
	list := w.intend(h, 1, holds.Action{Kind: holds.LeaveGroup, Account: "00u1", Object: "00gdesk"},
		holds.Action{Kind: holds.RemoveRole, Account: "00u1", Object: "role-own"})
	leave, remove := list[0].ID, list[1].ID
	w.must(w.Tried(t.Context(), keyOf(h), leave, at(5)))
	w.must(w.Outcome(t.Context(), keyOf(h), leave, holds.Result{Status: holds.Applied, At: at(6)}))
	for _, c := range []struct {
		name, account string
		echo          holds.ActionKind
		role          string
		after         int
		want          holds.IntentID
	}{
		{"no role named", "00u1", holds.RemoveRole, "", 6, leave},
		{"a role we do not know", "00u1", holds.RemoveRole, "ROLE_NAME", 6, leave},
		{"the group's role", "00u1", holds.RemoveRole, "role-group", 6, leave},
		{"a role of its own", "00u1", holds.RemoveRole, "role-own", 6, ""},
		{"another account", "00u2", holds.RemoveRole, "", 6, ""},
		{"another action", "00u1", holds.RemoveFactor, "", 6, ""},
		{"long after", "00u1", holds.RemoveRole, "", 20, ""},
		{"the leaving itself", "00u1", holds.LeaveGroup, "", 6, leave},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := event(c.name, c.account)
			e.Actor.Own, e.Echo, e.Role.ID, e.Occurred = true, c.echo, c.role, at(c.after)
			if got := w.explained(e); got != c.want {
				t.Fatalf("explained by %q, want %q", got, c.want)
			}
		})
	}
	w.must(w.Tried(t.Context(), keyOf(h), remove, at(5)))
	e := event("both", "00u1")
	e.Actor.Own, e.Echo, e.Occurred = true, holds.RemoveRole, at(6)
	if got := w.explained(e); got != remove {
		t.Fatalf("explained by %q, where %q removed a role", got, remove)
	}
	e = event("the other way round", "00u1")
	e.Actor.Own, e.Echo, e.Occurred = true, holds.LeaveGroup, at(20)
	if got := w.explained(e); got != "" {
		t.Fatalf("removing a role explains that a group was left: %q", got)
	}
}

// TestEchoOfAPhone: at Entra a phone is a factor and a recovery contact in one, and
// its record says one of the two whichever of our actions it was.
func TestEchoOfAPhone(t *testing.T) {
	for intended, told := range map[holds.ActionKind]holds.ActionKind{holds.RemoveFactor: holds.RestoreProfile, holds.RestoreProfile: holds.RemoveFactor} {
		w := newWorld(t)
		h := w.held("00u1")
		w.must(w.SaveSnapshot(t.Context(), acme, okta, holds.Snapshot{Account: holds.Account{ID: "00u1"}, At: at(0), Factors: []holds.Factor{{ID: "phone:1"}}}))
		intent := w.intend(h, 1, holds.Action{Kind: intended, Account: "00u1", Object: "mobilePhone"})[0].ID
		w.must(w.Tried(t.Context(), keyOf(h), intent, at(5)))
		w.must(w.Outcome(t.Context(), keyOf(h), intent, holds.Result{Status: holds.Applied, At: at(6)}))
		for account, want := range map[string]holds.IntentID{"00u1": intent, "00u2": ""} {
			e := event("phone of "+account, account)
			e.Actor.Own, e.Echo, e.Factor.ID, e.Occurred = true, told, "phone:1", at(6)
			if got := w.explained(e); got != want {
				t.Errorf("%s told as %s of %s: explained by %q, want %q", intended, told, account, got, want)
			}
		}
	}
}

// TestEchoApart: what we did to a thing beside an account is explained by the
// intent of that thing, whatever account the event names; another thing of the
// kind that an intent names is not.
func TestEchoApart(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	revoke := func(object string) holds.Action {
		return holds.Action{Kind: holds.RevokeConsent, Account: "00u1", Object: object}
	}
	list := w.intend(h, 1, revoke("approle:sp-old/1"), revoke("approle:sp-new/2"))
	w.must(w.Tried(t.Context(), keyOf(h), list[0].ID, at(-60)))
	w.must(w.Outcome(t.Context(), keyOf(h), list[0].ID, holds.Result{Status: holds.Applied, At: at(-59)}))
	w.must(w.Tried(t.Context(), keyOf(h), list[1].ID, at(5)))
	for _, c := range []struct {
		name, object string
		after        int
		want         holds.IntentID
	}{
		{"the same application", "sp-new", 6, list[1].ID},
		{"no application named", "", 6, list[1].ID},
		{"named by an id we do not know it by", "display-name", 6, list[1].ID},
		{"the application of an older intent", "sp-old", 6, ""},
		{"another day", "sp-new", 1440, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := event(c.name)
			e.Class, e.Actor.Own, e.Echo, e.Occurred = holds.OtherTakeover, true, holds.RevokeConsent, at(c.after)
			e.Objects = []holds.Object{{Type: "ServicePrincipal", ID: c.object}}
			if got := w.explained(e); got != c.want {
				t.Fatalf("explained by %q, want %q", got, c.want)
			}
		})
	}
}

// explained is the intent that the fold is told explains an event.
func (w *world) explained(e holds.Event) (intent holds.IntentID) {
	w.Helper()
	w.must(w.Receive(w.Context(), delivery(e.ID)))
	w.drain(at(100), []holds.Event{e}, func(q holds.Question) (holds.Answer, error) {
		intent = q.Facts.Intent
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Ignore}}, nil
	})
	return intent
}

func TestEpochGoesWithTheJobs(t *testing.T) {
	w := newWorld(t)
	w.held("00u1")
	w.exec("UPDATE installation SET epoch = 7")
	w.held("00u2")
	if w.count(`river.river_job WHERE args->>'epoch' = '1'`) == 0 || w.count(`river.river_job WHERE args->>'epoch' = '7'`) == 0 {
		t.Fatal("jobs do not carry the epoch of their commit")
	}
}

// plan plans notices as the keeper does.
func (w *world) plan(h holds.Hold, audience holds.Audience, why string, values ...string) []holds.Notice {
	w.Helper()
	var out []holds.Notice
	for _, v := range values {
		out = append(out, holds.Notice{
			ID: holds.NoticeID(newID()), Tenant: acme, Hold: h.ID, Version: h.Version, Audience: audience, Channel: "smtp",
			Point: holds.ContactPoint{ID: "pt", Person: "p1", Kind: holds.EmailPoint, Value: v, Source: "csv", Recorded: at(-9000), Within: okta},
			Why:   why, Status: holds.NoticeQueued, Created: at(5), Expires: at(500),
		})
	}
	_, err := w.Update(w.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, holds.Planned{Notices: out}, at(5))
		return &c, err
	})
	w.must(err)
	return out
}

func TestNoticeIsPlannedOnce(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	first := w.plan(h, holds.ToOwner, "", "anna@private.example", "b@private.example")
	got, err := w.Notice(t.Context(), acme, first[0].ID)
	if w.must(err); cmp.Diff(first[0], got) != "" {
		t.Fatal(cmp.Diff(first[0], got))
	}
	planned := w.count(`audit_leaves WHERE body LIKE '%notice.planned%'`)
	again := w.plan(h, holds.ToOwner, "", "Anna@private.example", "c@private.example")
	_, err = w.Notice(t.Context(), acme, again[0].ID)
	w.kind(holds.NotFound, err)
	if n := w.count(`river.river_job WHERE args->>'notice' = $1`, string(again[0].ID)); n != 0 {
		t.Fatal("a job was queued for a notice that was left out")
	}
	if n := w.count(`audit_leaves WHERE body LIKE '%notice.planned%'`); n != planned+1 {
		t.Fatalf("%d entries, want one more than %d", n, planned)
	}
	t.Run("people on duty hear of each reason, escalation and containment", func(t *testing.T) {
		w.plan(h, holds.ToDuty, "nobody has decided in time", "duty@acme.example")
		w.plan(h, holds.ToDuty, "nobody has decided in time", "duty@acme.example") // the same again
		w.plan(h, holds.ToDuty, "not restrained", "duty@acme.example")
		w.change(keyOf(h), func(c *holds.Change) { c.Hold.Escalations++ })
		w.plan(h, holds.ToDuty, "nobody has decided in time", "duty@acme.example")
		if n := w.count("notices WHERE audience = 'duty'"); n != 3 {
			t.Fatalf("%d pages, want 3", n)
		}
		w.plan(h, holds.ToDuty, "somebody undid the restraint", "duty@acme.example")
		w.change(keyOf(h), func(c *holds.Change) { c.Hold.ContainRound++ }) // restrained again, and again
		w.plan(h, holds.ToDuty, "somebody undid the restraint", "duty@acme.example")
		w.plan(h, holds.ToDuty, "somebody undid the restraint", "duty@acme.example")
		if n := w.count("notices WHERE why = 'somebody undid the restraint'"); n != 2 {
			t.Fatalf("%d pages about a restraint that was undone twice, want 2", n)
		}
	})
}

func TestAttemptsAreALedger(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	n := w.plan(h, holds.ToOwner, "", "anna@private.example")[0]
	failed := holds.Attempt{Notice: n.ID, Status: holds.NoticeFailed, Detail: "451 later\x00", At: at(6), Again: true}
	sent := holds.Attempt{Notice: n.ID, Status: holds.NoticeAccepted, Reference: "250 id", At: at(7)}
	w.must(w.Attempted(t.Context(), acme, failed))
	w.must(w.Attempted(t.Context(), acme, sent))
	w.kind(holds.NotFound, w.Attempted(t.Context(), acme, holds.Attempt{Notice: holds.NoticeID(newID()), Status: holds.NoticeFailed, At: at(7)}))
	v, err := w.View(t.Context(), keyOf(h))
	w.must(err)
	failed.Detail = "451 later\uFFFD"
	if diff := cmp.Diff([]holds.Attempt{failed, sent}, v.Notices[0].Attempts); diff != "" {
		t.Fatal(diff)
	}
	if v.Notices[0].Notice.Status != holds.NoticeAccepted || v.Notices[0].Masked != "a…@p….example" || v.Notices[0].Notice.Point.Value != "a…@p….example" {
		t.Fatalf("%+v", v.Notices[0])
	}
}

func TestCodeIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	list := w.plan(h, holds.ToOwner, "", "a@x.example", "b@x.example", "c@x.example")
	t.Run("fifty at once", func(t *testing.T) {
		var won atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				ok, err := w.CodeTry(t.Context(), acme, list[0].ID, true, at(6))
				if err != nil {
					t.Error(err)
				}
				if ok {
					won.Add(1)
				}
			})
		}
		if all.Wait(); won.Load() != 1 {
			t.Fatalf("the code was used %d times", won.Load())
		}
	})
	t.Run("five wrong ones void it", func(t *testing.T) {
		for i := range 5 {
			if ok, err := w.CodeTry(t.Context(), acme, list[1].ID, false, at(6)); !ok || err != nil {
				t.Fatalf("try %d: %v %v", i, ok, err)
			}
		}
		if ok, err := w.CodeTry(t.Context(), acme, list[1].ID, true, at(6)); ok || err != nil {
			t.Fatalf("the right one after too many: %v %v", ok, err)
		}
		n, err := w.Notice(t.Context(), acme, list[1].ID)
		if w.must(err); n.Tries != 5 || !n.Used.IsZero() {
			t.Fatalf("%+v", n)
		}
	})
	t.Run("not after it expired", func(t *testing.T) {
		if ok, err := w.CodeTry(t.Context(), acme, list[2].ID, true, at(500)); ok || err != nil {
			t.Fatalf("%v %v", ok, err)
		}
	})
}

func TestSnapshots(t *testing.T) {
	w := newWorld(t)
	snap := holds.Snapshot{
		Account: holds.Account{ID: "00u1", Login: "a\x00"}, At: at(-10), Status: holds.StatusActive, Restrained: true,
		Factors:  []holds.Factor{{ID: "f1", Kind: "totp", Created: at(-100)}},
		Roles:    []holds.Role{{ID: "r1", Privileged: true}},
		Contacts: map[string]string{"secondEmail": "anna@private.example"}, Attributes: map[string]string{"title": "CFO"},
	}
	_, err := w.SnapshotBefore(t.Context(), acme, okta, "00u1", at(0))
	w.kind(holds.NotFound, err)
	w.must(w.SaveSnapshot(t.Context(), acme, okta, snap))
	w.must(w.SaveSnapshot(t.Context(), acme, okta, snap)) // harmless
	later := snap
	later.At, later.Contacts = at(10), map[string]string{"secondEmail": "evil@x.example"}
	w.must(w.SaveSnapshot(t.Context(), acme, okta, later))
	got, err := w.SnapshotBefore(t.Context(), acme, okta, "00u1", at(10))
	w.must(err)
	snap.Account.Login = "a\uFFFD"
	if diff := cmp.Diff(snap, got); diff != "" {
		t.Fatal(diff)
	}
	w.must(w.Receive(t.Context(), delivery("x")))
	w.drain(at(20), []holds.Event{event("a", "00u1", "00u2")}, func(q holds.Question) (holds.Answer, error) {
		switch {
		case q.Subject.ID == "00u1" && (!q.Facts.Known || !q.Facts.Snapshot.At.Equal(at(10))):
			t.Errorf("the newest snapshot is not among the facts: %+v", q.Facts)
		case q.Subject.ID == "00u2" && q.Facts.Known:
			t.Error("somebody else's snapshot is among the facts")
		}
		return openOrJoin(q)
	})
}

func TestHealthKeepsWhatAReportDoesNotSay(t *testing.T) {
	w := newWorld(t)
	save := func(h holds.ConnectionHealth) holds.ConnectionHealth {
		t.Helper()
		h.Tenant, h.Connection = acme, okta
		w.must(w.SaveHealth(t.Context(), h))
		all, err := w.Health(t.Context(), acme)
		if w.must(err); len(all) != 1 || all[0].Mode != holds.ModeContain {
			t.Fatalf("%+v", all)
		}
		return all[0]
	}
	save(holds.ConnectionHealth{Polled: at(1)})
	save(holds.ConnectionHealth{Enforcement: holds.Enforcement{At: at(2), InForce: true}})
	if got := save(holds.ConnectionHealth{Polled: at(1), Trouble: "429"}); !got.Enforcement.InForce || got.Trouble != "429" {
		t.Fatalf("%+v", got)
	}
	if got := save(holds.ConnectionHealth{Trouble: "no scope"}); !got.Polled.Equal(at(1)) || !got.Enforcement.InForce || got.Trouble != "no scope; 429" {
		t.Fatalf("%+v", got)
	}
	if got := save(holds.ConnectionHealth{Enforcement: holds.Enforcement{At: at(3)}}); got.Trouble != "429" || got.Enforcement.InForce {
		t.Fatalf("the rules were read well, which says nothing about the log: %+v", got)
	}
	if got := save(holds.ConnectionHealth{Polled: at(3)}); got.Trouble != "" || !got.Polled.Equal(at(3)) {
		t.Fatalf("%+v", got)
	}
}

// TestMaskedInViews is the words of a screen for a contact point.
func TestMaskedInViews(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	w.plan(h, holds.ToOwner, "", "anna.smith@mail.example.com", "ä@b", "nonsense")
	v, err := w.View(t.Context(), keyOf(h))
	w.must(err)
	var got []string
	for _, n := range v.Notices {
		got = append(got, n.Masked)
	}
	if want := "a…@m….com ä…@b… …"; strings.Join(got, " ") != want {
		t.Fatalf("%v, want %s", got, want)
	}
}
