package replay

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

var day = time.Date(2026, 9, 7, 0, 0, 0, 0, time.UTC) // a Monday

func at(clock string) time.Time {
	d, err := time.Parse("15:04:05", clock)
	if err != nil {
		panic(err)
	}
	return day.Add(d.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// event is a reset of ada's factors by the help desk, mended.
func event(id, clock string, mend ...func(*holds.Event)) holds.Event {
	e := holds.Event{
		ID: id, Type: "user.mfa.factor.reset_all", Class: holds.MFAChange, Verb: holds.Reset, Occurred: at(clock), Outcome: holds.Succeeded,
		Actor: holds.Party{ID: "help", Kind: holds.PartyPerson, Login: "help@example.com"}, Subjects: []holds.Account{{ID: "ada", Login: "ada@example.com"}},
	}
	for _, m := range mend {
		m(&e)
	}
	return e
}

func by(id string, k holds.PartyKind) func(*holds.Event) {
	return func(e *holds.Event) { e.Actor = holds.Party{ID: id, Kind: k} }
}

func of(ids ...string) func(*holds.Event) {
	return func(e *holds.Event) {
		e.Subjects = nil
		for _, id := range ids {
			e.Subjects = append(e.Subjects, holds.Account{ID: id})
		}
	}
}

func kind(c holds.Class, v holds.Verb) func(*holds.Event) {
	return func(e *holds.Event) { e.Class, e.Verb, e.Type = c, v, string(c)+" "+string(v) }
}

func request(id string) func(*holds.Event) { return func(e *holds.Event) { e.Transaction = id } }

func failed(e *holds.Event) { e.Outcome = holds.Failed }

func none(e *holds.Event) { e.Class, e.Verb, e.Type = holds.None, holds.Other, "user.session.start" }

// rules is a policy for tests: twins of the platform are recorded, what people do to
// themselves is told, and everything else that took effect is held.
type rules struct {
	asked func(holds.Event, holds.Facts)
}

func (r rules) Judge(e holds.Event, f holds.Facts) holds.Ruling {
	if r.asked != nil {
		r.asked(e, f)
	}
	t := holds.Terms{Rule: string(e.Class), Tier: holds.TierMedium, Deadline: 4 * time.Hour, Contain: []holds.ActionKind{holds.SuspendAccount}}
	switch {
	case e.Outcome == holds.Failed:
		return holds.Ruling{Verdict: holds.Record, Reason: "failed", Terms: holds.Terms{Rule: "no-effect"}}
	case e.Actor.Kind == holds.PartyPlatform:
		return holds.Ruling{Verdict: holds.Record, Reason: "a twin", Terms: holds.Terms{Rule: "platform"}}
	case len(e.Subjects) == 1 && e.Subjects[0].ID == e.Actor.ID:
		return holds.Ruling{Verdict: holds.Notify, Reason: "one's own", Terms: t}
	case e.Class == holds.RemoteAccess:
		t.Contain = nil
	case e.Class == holds.RoleActivation:
		t.Tier, t.Deadline = holds.TierHigh, time.Hour
	}
	return holds.Ruling{Verdict: holds.HoldIt, Reason: "not verified", Terms: t}
}

// play runs events, one for each record, and gives their verdicts by id.
func play(t testing.TB, o Options, events ...holds.Event) (map[string]Verdict, *Replay) {
	t.Helper()
	if o.Judge == nil {
		o.Judge = rules{}
	}
	out := map[string]Verdict{}
	next := int64(0)
	o.Emit = func(v Verdict) error {
		if v.Index != next {
			t.Fatalf("verdict %d comes where %d belongs", v.Index, next)
		}
		next++
		out[v.ID] = v
		return nil
	}
	r := New(o)
	for i, e := range events {
		if err := r.Add(Record{Index: int64(i), File: "f", Events: []holds.Event{e}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if int(next) != len(events) {
		t.Fatalf("%d verdicts of %d records", next, len(events))
	}
	return out, r
}

// TestRecordsOfOneChange: C16, C17: which records share a change, and that each of
// them says whether it is held.
func TestRecordsOfOneChange(t *testing.T) {
	platform, self := by("svc", holds.PartyPlatform), by("ada", holds.PartyPerson)
	for _, tc := range []struct {
		name   string
		events []holds.Event
		// want groups the ids of records that share a change; a "+" marks one that is
		// held.
		want string
	}{
		{"one request", []holds.Event{event("a", "09:00:00", request("t")), event("b", "09:04:00", request("t"), kind(holds.MFAChange, holds.Remove)), event("c", "09:04:01")}, "+a,b,c"},
		{"one session, minutes later", []holds.Event{event("a", "09:00:00", request("t"), self), event("b", "09:05:01", request("t"), self)}, "a b"},
		{"one request of another kind for the same account", []holds.Event{event("a", "09:00:00", request("t")), event("b", "09:00:02", request("t"), kind(holds.PasswordReset, holds.Reset))}, "+a,b"},
		{"one request of another kind for somebody else", []holds.Event{event("a", "09:00:00", request("t")), event("b", "09:00:00", request("t"), kind(holds.RoleActivation, holds.Grant), of("bob"))}, "+a +b"},
		{"one request for several accounts", []holds.Event{event("a", "09:00:00", request("t")), event("b", "09:00:00", request("t"), of("bob"))}, "+a,b"},
		{"a twin of the platform behind it", []holds.Event{event("a", "09:00:00"), event("b", "09:00:06", platform)}, "+a,b"},
		{"a twin of the platform before it", []holds.Event{event("b", "09:00:00", platform), event("a", "09:00:06")}, "+b,a"},
		{"a twin alone", []holds.Event{event("a", "09:00:00", platform)}, "a"},
		{"a factor that is also a recovery phone", []holds.Event{event("a", "09:00:00"), event("b", "09:00:02", platform, kind(holds.RecoveryChange, holds.Update))}, "+a,b"},
		{"minutes later", []holds.Event{event("a", "09:00:00", self), event("b", "09:05:00", self), event("c", "09:10:00", self), event("d", "09:15:01", self)}, "a,b,c d"},
		{"another account", []holds.Event{event("a", "09:00:00"), event("b", "09:00:01", of("bob"))}, "+a +b"},
		{"another kind, told only", []holds.Event{event("a", "09:00:00"), event("b", "09:00:01", kind(holds.PasswordReset, holds.Reset), self)}, "+a b"},
		{"another kind, while the hold is open", []holds.Event{event("a", "09:00:00"), event("b", "12:59:00", kind(holds.PasswordReset, holds.Reset)), event("c", "13:00:01", kind(holds.PasswordReset, holds.Reset))}, "+a,b,c"},
		{"another kind, after its deadline", []holds.Event{event("a", "09:00:00"), event("b", "13:00:01", kind(holds.PasswordReset, holds.Reset))}, "+a +b"},
		{"one that did not take effect", []holds.Event{event("a", "09:00:00", request("t")), event("b", "09:00:01", failed, request("t")), event("c", "09:00:02", failed)}, "+a,b c"},
		{"C16 asked for, and given hours later", []holds.Event{event("a", "09:00:00", request("t"), kind(holds.RoleActivation, holds.Grant), failed), event("x", "10:00:00", none), event("b", "12:00:00", request("t"), kind(holds.RoleActivation, holds.Grant)), event("c", "12:00:40", platform, kind(holds.RoleActivation, holds.Grant))}, "+a,b,c"},
		{"C16 asked for, and not given", []holds.Event{event("a", "09:00:00", request("t"), kind(holds.RoleActivation, holds.Grant), failed), event("b", "12:00:00", request("t"), kind(holds.RoleActivation, holds.Grant), failed)}, "a,b"},
		{"two accounts in one record", []holds.Event{event("a", "09:00:00", of("ada", "bob")), event("b", "09:01:00", of("bob")), event("c", "09:01:00", of("ada"))}, "+a,b,c"},
		{"told only", []holds.Event{event("a", "09:00:00", self), event("b", "09:00:01", platform)}, "a,b"},
		{"told, then held", []holds.Event{event("a", "09:00:00", self), event("b", "09:01:00")}, "+a,b"},
		{"made to the organisation", []holds.Event{event("a", "09:00:00", of(), kind(holds.OtherTakeover, holds.Other)), event("b", "09:01:00", of(), kind(holds.OtherTakeover, holds.Other)), event("c", "09:01:00", of(), kind(holds.OtherTakeover, holds.Other), by("eve", holds.PartyPerson))}, "+a,b +c"},
		{"made by an application", []holds.Event{event("a", "09:00:00", of(), by("app", holds.PartyApp)), event("b", "09:01:00", of(), by("app", holds.PartyApp)), event("c", "09:01:00", of(), by("", holds.PartyUnknown)), event("d", "09:01:00", of(), by("", holds.PartyUnknown))}, "+a,b +c +d"},
		{"nothing", []holds.Event{event("a", "09:00:00", none, request("t")), event("b", "09:00:00", none, request("t"))}, ""},
		{"the same records again", []holds.Event{event("a", "09:00:00"), event("b", "09:30:00"), event("x", "18:00:00", of("bob")), event("c", "09:00:00", func(e *holds.Event) { e.ID = "a" })}, "+a,b +x"},
		{"newest first", []holds.Event{event("c", "09:15:01"), event("b", "09:10:00"), event("a", "09:05:00", platform), event("d", "08:00:00", platform)}, "+c,b,a d"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, _ := play(t, Options{}, tc.events...)
			for _, group := range strings.Fields(tc.want) {
				group, held := strings.CutPrefix(group, "+")
				ids := strings.Split(group, ",")
				for _, id := range ids {
					if v := got[id]; v.Change != ids[0] || v.Held != held || (v.Mode == Contain) != held {
						t.Errorf("%s is of change %q, held %v, mode %q; want %q, %v", id, v.Change, v.Held, v.Mode, ids[0], held)
					}
				}
			}
			if tc.want == "" && (got["a"].Change != "" || got["a"].Held || got["b"].Change != "") {
				t.Errorf("records of no change: %+v", got)
			}
		})
	}
}

// TestVerdict: R99: what a line says of a change, for each way it can end.
func TestVerdict(t *testing.T) {
	got, _ := play(t, Options{},
		event("held", "09:00:00"),
		event("twin", "09:00:01", by("svc", holds.PartyPlatform)),
		event("told", "10:00:00", by("bob", holds.PartyPerson), of("bob")),
		event("open", "11:00:00", of(), kind(holds.RemoteAccess, holds.Update)),
		event("failed", "12:00:00", failed, of("eve")),
		event("unknown", "13:00:00", of("eve"), func(e *holds.Event) { e.Outcome = holds.Unknown }),
		event("none", "14:00:00", none),
		event("no word", "14:00:00", none, func(e *holds.Event) { e.Outcome = holds.Unknown }),
	)
	for id, want := range map[string]string{
		"held":    "mfa_change true held true medium contain [ada] help mfa_change: not verified",
		"twin":    "mfa_change true held true medium contain [ada] svc mfa_change: part of a change that is held: not verified",
		"told":    "mfa_change true held false low  [bob] bob mfa_change: one's own",
		"open":    "remote_access true held true medium notify [help] help remote_access: not verified",
		"failed":  "mfa_change false held false   [eve] help no-effect: failed",
		"unknown": "mfa_change true held true medium contain [eve] help mfa_change: not verified",
		"none":    "none true held false   [ada] help no-change: cannot hand an account to somebody else",
		"no word": "none false held false   [ada] help no-change: cannot hand an account to somebody else",
	} {
		v := got[id]
		if s := fmt.Sprintf("%s %v held %v %s %s %v %s %s", v.Class, v.TakesEffect, v.Held, v.Tier, v.Mode, v.Subjects, v.Actor, v.Reason); s != want {
			t.Errorf("%s:\n got %s\nwant %s", id, s, want)
		}
	}
}

// TestARecordOfSeveralEvents: the first event of a record that matters gives it its
// face, and no account is left out.
func TestARecordOfSeveralEvents(t *testing.T) {
	var got []Verdict
	r := New(Options{Judge: rules{}, Emit: func(v Verdict) error { got = append(got, v); return nil }})
	for i, rec := range []Record{
		{Events: []holds.Event{event("a", "09:00:00", none), event("b", "09:00:00", of("bob"), by("bob", holds.PartyPerson)), event("c", "09:00:00", kind(holds.RoleActivation, holds.Grant))}},
		{Err: errors.New("line 7: a colon is missing")},
		{},
	} {
		rec.Index, rec.File = int64(i), "f"
		if err := r.Add(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].ID != "b" || got[0].Class != holds.MFAChange || !slices.Equal(got[0].Subjects, []string{"ada", "bob"}) {
		t.Fatalf("%+v", got)
	}
	if got[1].Err != "line 7: a colon is missing" || got[1].Index != 1 || got[2].Class != holds.None || got[2].Held {
		t.Fatalf("%+v", got)
	}
	if rep := r.Report(0); rep.Records != 3 || rep.Malformed != 1 {
		t.Fatalf("%d records, %d malformed", rep.Records, rep.Malformed)
	}
}

// TestTimeThatIsNotKnown: an event without a time happens when the one before it
// did.
func TestTimeThatIsNotKnown(t *testing.T) {
	now := at("23:00:00")
	_, r := play(t, Options{Unknown: now}, event("a", "09:00:00"), event("b", "23:00:00"), event("c", "09:30:00", func(e *holds.Event) { e.Occurred = time.Time{} }))
	if rep := r.Report(0); !rep.To.Equal(at("09:00:00")) {
		t.Fatalf("the log ends at %s", rep.To)
	}
}

// TestWaitingIsBounded: verdicts come in order, as soon as nothing more can be
// expected, and at once when too many wait.
func TestWaitingIsBounded(t *testing.T) {
	emitted := 0
	r := New(Options{Judge: rules{}, Emit: func(Verdict) error { emitted++; return nil }})
	add := func(e holds.Event) {
		if err := r.Add(Record{Index: r.tally.records, Events: []holds.Event{e}}); err != nil {
			t.Fatal(err)
		}
	}
	add(event("x", "08:00:00", none))
	if emitted != 1 {
		t.Fatal("a record waits for nothing")
	}
	add(event("a", "09:00:00"))
	add(event("y", "09:05:00", none))
	if emitted != 1 {
		t.Fatal("a change is told before its twins can have come")
	}
	add(event("z", "09:05:01", none))
	if emitted != 4 {
		t.Fatalf("%d records are told once the change is complete, want all 4", emitted)
	}
	add(event("b", "10:00:00"))
	for i := range 3 * mostWaiting {
		add(event(fmt.Sprint("n", i), "10:00:00", none))
	}
	if waits := 4 + 1 + 3*mostWaiting - emitted; waits >= mostWaiting {
		t.Fatalf("%d records wait", waits)
	}
	stop := errors.New("the pipe is closed")
	r = New(Options{Judge: rules{}, Emit: func(Verdict) error { return stop }})
	if err := r.Add(Record{Events: []holds.Event{event("x", "08:00:00", none)}}); !errors.Is(err, stop) {
		t.Fatalf("the error of the output is %v", err)
	}
}

// TestMemoryIsBounded: hundreds of thousands of events of as many accounts, networks and requests
// take no more memory than the caches have room for.
func TestMemoryIsBounded(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	r := New(Options{Judge: rules{}, Emit: func(Verdict) error { return nil }})
	run := func(from, to int) {
		for i := from; i < to; i++ {
			id := fmt.Sprintf("account-%07d", i)
			e := event(id, "09:00:00", of(id), request(id), func(e *holds.Event) {
				e.Occurred, e.IP = day.Add(time.Duration(i)*time.Second), fmt.Sprintf("10.%d.%d.1", i>>8&255, i&255)
				e.Actor.ID = "actor-" + id
			})
			if i%4 > 0 {
				none(&e)
			}
			if err := r.Add(Record{Index: int64(i), File: "f", Events: []holds.Event{e}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := heap()
	for n := 0; n < 360_000; n += 60_000 {
		run(n, n+60_000)
		// Of everything kept it would be hundreds of megabytes.
		if now := heap(); now > before+100<<20 {
			t.Fatalf("after %d events the heap has grown by %d bytes", n+60_000, now-before)
		}
	}
	if got := r.Report(0).People; got < 700_000 || got > 740_000 {
		t.Errorf("%d people are counted of 720,000", got)
	}
}
