package providertest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

func (r *rig) once(k holds.ActionKind) {
	a := r.prepare(k)
	r.inForce(a, false)
	start := time.Now().Add(-time.Minute)
	res := r.must(a, holds.Applied)
	r.effects(a, 1)
	r.inForce(a, true)
	if res.At.IsZero() || res.Detail == "" {
		r.Errorf("the result does not say when or what: %+v", res)
	}
	if restrains := slices.Contains([]holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount}, k); restrains != !res.EffectiveBy.IsZero() {
		r.Errorf("effective by %v", res.EffectiveBy)
	} else if restrains && !res.EffectiveBy.After(res.At) && start.Before(res.At) {
		r.Errorf("effective by %v, done at %v: tokens that were issued live on", res.EffectiveBy, res.At)
	}
}

func (r *rig) already(k holds.ActionKind) {
	if repeatable(k) {
		return
	}
	a := r.prepare(k)
	r.must(a, holds.Applied)
	r.must(a, holds.Already)
	r.effects(a, 1)
}

// gone is about an account or object that is not there. Of an object nothing is
// left to be done, which may also be said as already.
func (r *rig) gone(k holds.ActionKind) {
	a := r.account.action(k)
	if !k.Shown() {
		a.Object = r.Missing[k]
		if res, err := r.do(a); err != nil || res.Status != holds.Gone && res.Status != holds.Already {
			r.Errorf("%s of nothing: %s, %v", k, res.Status, err)
		}
		if inForce, err := r.Objects.Observe(r.Context(), a); !inForce || err != nil {
			r.Errorf("%s of nothing is in force: %v, %v", k, inForce, err)
		}
		return
	}
	a.Account = r.Nobody
	r.must(a, holds.Gone)
	if _, err := r.Provider.Snapshot(r.Context(), r.Nobody); holds.KindOf(err) != holds.NotFound {
		r.Errorf("a snapshot of nobody: %v", err)
	}
}

func (r *rig) lostAfter(k holds.ActionKind) {
	for _, f := range []Fault{FailAfter, CutAfter} {
		r.account = r.Account(r.T)
		a := r.prepare(k)
		r.Fail(r.T, a, f)
		r.fails(a, holds.Unavailable)
		r.effects(a, 1)
		r.inForce(a, true)
		if repeatable(k) {
			continue
		}
		// A caller that did not read back and asks again must not do it again.
		r.must(a, holds.Already)
		r.effects(a, 1)
	}
}

func (r *rig) oddAnswer(k holds.ActionKind) {
	a := r.prepare(k)
	r.Fail(r.T, a, OddAfter)
	r.fails(a, holds.Unavailable)
	r.inForce(a, true)
}

func (r *rig) failsBefore(k holds.ActionKind) {
	a := r.prepare(k)
	for _, f := range []Fault{FailBefore, CutBefore, Page} {
		r.Fail(r.T, a, f)
		r.fails(a, holds.Unavailable)
		r.effects(a, 0)
		r.inForce(a, false)
	}
	r.must(a, holds.Applied)
	r.effects(a, 1)
}

func (r *rig) hangs(k holds.ActionKind) {
	a := r.prepare(k)
	r.Fail(r.T, a, Hang)
	start := time.Now()
	r.fails(a, holds.Unavailable)
	if took := time.Since(start); took > 4*r.Harness.Deadline+time.Second {
		r.Errorf("it took %v, with a deadline of %v", took, r.Harness.Deadline)
	}
	r.effects(a, 0)
}

func (r *rig) limited(k holds.ActionKind) {
	a := r.prepare(k)
	r.Limit(r.T, 30*time.Second)
	start := time.Now()
	err := r.fails(a, holds.Unavailable)
	if after := holds.RetryAfter(err); after < 25*time.Second || after > 35*time.Second {
		r.Errorf("try again after %v, but the limit is 30 s", after)
	}
	if time.Since(start) > r.Harness.Deadline+time.Second {
		r.Errorf("the worker slept for %v", time.Since(start))
	}
	r.effects(a, 0)
}

func (r *rig) refusedCredential(k holds.ActionKind) {
	a := r.prepare(k)
	r.Revoke(r.T)
	err := r.fails(a, holds.Forbidden)
	if len(err.Error()) < 40 {
		r.Errorf("%q does not say what is missing", err)
	}
	r.effects(a, 0)
}

// badIDs must be refused before anything is called: an id ends up in a path.
func (r *rig) badIDs(k holds.ActionKind) {
	good := r.account.action(k)
	bad := append([]string{
		"", ".", "..", "../../apps", good.Account + "/../../apps", good.Account + "?x=y", good.Account + "#", "%2e%2e", good.Account + "\n",
		" " + good.Account, good.Account + "\x00", "me", "someone@example.com", strings.Repeat("a", 4096),
	}, r.BadIDs...)
	was := r.Calls()
	for _, id := range bad {
		a := good
		a.Account = id
		if k.Shown() {
			r.fails(a, holds.Invalid)
		}
		if k == holds.JoinRestraintGroup {
			if _, err := r.Provider.Snapshot(r.Context(), id); holds.KindOf(err) != holds.Invalid {
				r.Errorf("a snapshot of %.40q: %v", id, err)
			}
			if id == "" {
				continue
			}
			if _, err := r.Provider.Enforcement(r.Context(), id); holds.KindOf(err) != holds.Invalid {
				r.Errorf("the enforcement on %.40q: %v", id, err)
			}
		}
		if good.Object != "" {
			a = good
			a.Object = id
			r.fails(a, holds.Invalid)
			if !k.Shown() {
				if _, err := r.Objects.Observe(r.Context(), a); holds.KindOf(err) != holds.Invalid {
					r.Errorf("observing %.40q: %v", id, err)
				}
			}
		}
		if k == holds.JoinRestraintGroup && r.Records != nil {
			if _, _, err := r.Records.Activity(r.Context(), id, time.Now()); holds.KindOf(err) != holds.Invalid {
				r.Errorf("the activity of %.40q: %v", id, err)
			}
		}
	}
	if now := r.Calls(); now != was {
		r.Errorf("%d calls were made with ids that are none", now-was)
	}
}

func (r *rig) cancelled(k holds.ActionKind) {
	a := r.prepare(k)
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	_, err := r.Provider.Do(ctx, a)
	r.noSecret(err)
	if holds.KindOf(err) != holds.Unavailable {
		r.Errorf("a call that was stopped: %v", err)
	}
	r.effects(a, 0)
}

func (r *rig) refused() {
	a := r.account.action(holds.RemoveRole)
	a.Object = r.account.GroupRole
	if res := r.must(a, holds.Refused); !strings.Contains(res.Detail, "group") {
		r.Errorf("the refusal does not say why: %s", res.Detail)
	}
	r.effects(a, 0)
	r.Inactive(r.T, r.account.ID)
	a = r.account.action(holds.SuspendAccount)
	r.must(a, holds.Refused)
	r.effects(a, 0)
	// The restraint group works in every status.
	r.must(r.account.action(holds.JoinRestraintGroup), holds.Applied)
}

func (r *rig) unknownAction() {
	was := r.Calls()
	r.fails(holds.Action{Kind: "grant_everything", Account: r.account.ID}, holds.Invalid)
	if r.Calls() != was {
		r.Error("an unknown action was called")
	}
}

func (r *rig) snapshots() {
	s, err := r.Provider.Snapshot(r.Context(), r.account.ID)
	if err != nil {
		r.Fatal(err)
	}
	if s.Account.ID != r.account.ID || s.Account.Login == "" || s.Status != holds.StatusActive || s.VendorStatus == "" || s.At.IsZero() || s.Restrained {
		r.Errorf("snapshot %+v", s)
	}
	role := func(id string, via bool) bool {
		return slices.ContainsFunc(s.Roles, func(x holds.Role) bool { return x.ID == id && x.ViaGroup == via && x.Kind != "" })
	}
	if !role(r.account.Role, false) || !role(r.account.GroupRole, true) || !s.Privileged() {
		r.Errorf("roles %+v", s.Roles)
	}
	if !slices.ContainsFunc(s.Factors, func(f holds.Factor) bool { return f.ID == r.account.Factor && f.Kind != "" && !f.Created.IsZero() }) || len(s.Factors) < 2 {
		r.Errorf("factors %+v", s.Factors)
	}
	if len(s.Contacts) == 0 || len(s.Groups) == 0 {
		r.Errorf("contacts %v, groups %v", s.Contacts, s.Groups)
	}
	r.must(r.account.action(holds.JoinRestraintGroup), holds.Applied)
	r.must(r.account.action(holds.SuspendAccount), holds.Applied)
	// Nothing may be answered from memory.
	again, err := r.Provider.Snapshot(r.Context(), r.account.ID)
	if err != nil || !again.Restrained || again.Status != holds.StatusSuspended {
		r.Errorf("after joining and suspending: restrained %v, %s, %v", again.Restrained, again.Status, err)
	}
}

func (r *rig) enforcement() {
	for _, id := range []string{"", r.account.ID} {
		e, err := r.Provider.Enforcement(r.Context(), id)
		if err != nil || !e.InForce || len(e.Problems) > 0 || e.At.IsZero() {
			r.Errorf("enforcement on %q: %+v, %v", id, e, err)
		}
	}
	r.Loosen(r.T)
	for _, id := range []string{"", r.account.ID} {
		e, err := r.Provider.Enforcement(r.Context(), id)
		if err != nil || e.InForce || len(e.Problems) == 0 {
			r.Errorf("loosened, enforcement on %q: %+v, %v", id, e, err)
		}
	}
}

// objects must not answer for what a snapshot tells, and must tell an outage
// from an answer.
func (r *rig) objects() {
	if r.Objects == nil {
		r.Skip("this platform's actions all show in a snapshot")
	}
	for _, k := range kinds() {
		if _, err := r.Objects.Observe(r.Context(), r.account.action(k)); holds.KindOf(err) != holds.Invalid {
			r.Errorf("observing %s: %v", k, err)
		}
	}
	r.Revoke(r.T)
	for _, k := range r.Kinds {
		if k.Shown() {
			continue
		}
		inForce, err := r.Objects.Observe(r.Context(), r.account.action(k))
		r.noSecret(err)
		if inForce || err == nil || holds.KindOf(err) != holds.Forbidden {
			r.Errorf("observing %s without a credential: %v, %v", k, inForce, err)
		}
	}
}

// activity is everything the account did or suffered, as the poller reads it.
func (r *rig) activity() {
	if r.Records == nil {
		r.Skip("this platform's log cannot be asked about one account")
	}
	since := time.Now().Add(-time.Minute)
	r.Busy(r.T, r.account.ID)
	pages, complete, err := r.Records.Activity(r.Context(), r.account.ID, since)
	if err != nil || !complete {
		r.Fatalf("activity: complete %v, %v", complete, err)
	}
	ids := map[string]int{}
	did, suffered := false, false
	for _, p := range pages {
		for _, e := range r.Provider.Decode(holds.Delivery{Source: holds.FromPoller, Body: p, Received: time.Now()}) {
			ids[e.ID]++
			mine := slices.ContainsFunc(e.Subjects, func(a holds.Account) bool { return a.ID == r.account.ID })
			acted := e.Actor.ID == r.account.ID
			if e.Occurred.Before(since) || !mine && !acted && e.Class != holds.None {
				r.Errorf("%s of %v is not of this account, or not of this time", e.Type, e.Occurred)
			}
			did, suffered = did || acted, suffered || mine && !acted
		}
	}
	if !did || !suffered {
		r.Errorf("of %d events: did %v, suffered %v", len(ids), did, suffered)
	}
	for id, n := range ids {
		if n > 1 {
			r.Errorf("%s is told %d times", id, n)
		}
	}
	if pages, _, err := r.Records.Activity(r.Context(), r.account.ID, time.Now().Add(time.Hour)); err != nil || len(pages) > 0 {
		r.Errorf("the future has %d pages, %v", len(pages), err)
	}
}

// find goes by the sign-in name alone.
func (r *rig) find() {
	if r.Records == nil {
		r.Skip("this platform cannot be asked")
	}
	s, err := r.Provider.Snapshot(r.Context(), r.account.ID)
	if err != nil {
		r.Fatal(err)
	}
	for _, login := range []string{s.Account.Login, strings.ToUpper(s.Account.Login)} {
		if got, err := r.Records.Find(r.Context(), login); err != nil || got.ID != s.Account.ID || got.Login == "" {
			r.Errorf("%s is found as %+v, %v", login, got, err)
		}
	}
	for _, login := range []string{"nobody@nowhere.example", "o'brien' or 1 eq 1", s.Account.ID[:8], `x" or status eq "ACTIVE`} {
		if got, err := r.Records.Find(r.Context(), login); holds.KindOf(err) != holds.NotFound && holds.KindOf(err) != holds.Invalid {
			r.Errorf("%q is found as %+v, %v", login, got, err)
		}
	}
	was := r.Calls()
	for _, login := range []string{"", "a\nb", "\x00", strings.Repeat("x", 5000)} {
		if _, err := r.Records.Find(r.Context(), login); holds.KindOf(err) != holds.Invalid {
			r.Errorf("%.20q: %v", login, err)
		}
	}
	if r.Calls() != was {
		r.Error("what is no sign-in name was asked for")
	}
}

func (r *rig) decodes() {
	for _, src := range []holds.Source{holds.FromHook, holds.FromPoller, ""} {
		for _, body := range []string{"", "x", "{}", "\xff\xfe", `{"a":`, "null", `[null]`, `[[]]`, strings.Repeat("[", 100_000)} {
			events := r.Provider.Decode(holds.Delivery{Source: src, Body: []byte(body), Received: time.Now()})
			for _, e := range events {
				if e.ID == "" || e.Class != holds.Unclassified || e.Occurred.IsZero() {
					r.Errorf("%q from %q: %+v", body, src, e)
				}
			}
			if len(events) != 1 {
				r.Errorf("%q from %q gave %d events", body, src, len(events))
			}
		}
	}
}
