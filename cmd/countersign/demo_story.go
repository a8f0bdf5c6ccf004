package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// globalAdministrator is the same in every directory, see
// https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
const globalAdministrator = "62e90394-69f5-4237-9190-012177145e10"

// story is what happened to one person: a hold of each account, the first one's
// account being where it began.
type story struct {
	name  string
	views []holds.View
}

// delayed is how late the simulated directory showed a record.
type delayed time.Duration

func (d delayed) String() string {
	return fmt.Sprintf("The simulated directory showed its audit record of the role %.1f s after it was given;\n"+
		"a real Microsoft Entra tenant takes 2 to 15 minutes.", time.Duration(d).Seconds())
}

// cast is a person of the company with an account on each platform.
type cast struct{ okta, entra string }

// part is the n-th person with a duty.
func (w *demoWorld) part(duty string, n int) (cast, error) {
	all := w.withDuty(duty)
	if len(all) <= n {
		return cast{}, fmt.Errorf("the simulated company has only %d people with the duty %q", len(all), duty)
	}
	c := cast{okta: all[n].ID, entra: w.sim.ready.Entra.Account(all[n])}
	if c.entra == "" {
		return c, fmt.Errorf("the person with the duty %q has no account in the simulated directory", duty)
	}
	return c, nil
}

// lostPhone: the help desk believes a caller and resets all factors at Okta. The
// account at Entra is held with it.
func (w *demoWorld) lostPhone(ctx context.Context) (s story, err error) {
	agent, err1 := w.part("help desk", 0)
	owner, err2 := w.part("engineer", 0)
	if err := errors.Join(err1, err2); err != nil {
		return s, err
	}
	_, err = w.sim.play(ctx, simAct{"okta", "reset-factors", map[string]any{"actor": agent.okta, "subject": owner.okta}})
	if err != nil {
		return s, err
	}
	return w.both(ctx, "A lost phone", owner, contained, func(v holds.View) bool { return v.Hold.Standing == holds.Contained })
}

// chain: another agent believes somebody else. They are quick: before Okta's hook
// has told anybody, a phone of theirs is enrolled, and with it they are in the
// directory and give the account they took its highest role.
func (w *demoWorld) chain(ctx context.Context) (s story, late delayed, err error) {
	agent, err1 := w.part("help desk", 1)
	owner, err2 := w.part("identity engineer", 0)
	if err := errors.Join(err1, err2); err != nil {
		return s, 0, err
	}
	told, err := w.sim.play(ctx,
		simAct{"okta", "reset-factors", map[string]any{"actor": agent.okta, "subject": owner.okta}},
		simAct{"okta", "enrol-factor", map[string]any{"subject": owner.okta, "kind": "push", "device": "an unknown phone", "from": "elsewhere"}},
		simAct{"entra", "sign-in", map[string]any{"subject": owner.entra, "from": "elsewhere"}},
		simAct{"entra", "grant-role", map[string]any{"actor": owner.entra, "subject": owner.entra, "role": globalAdministrator, "from": "elsewhere"}},
	)
	if err != nil {
		return s, 0, err
	}
	if len(told) != 4 || len(told[3]) == 0 {
		return s, 0, errors.New("the simulated directory wrote no record of the role")
	}
	if late, err = w.visible(ctx, told[3][0]); err != nil {
		return s, 0, err
	}
	s, err = w.both(ctx, "A takeover across both", owner,
		func(v holds.View) bool { return contained(v) && enrolled(v) },
		func(v holds.View) bool {
			return contained(v) && v.Hold.Class == holds.RoleActivation && v.Hold.Leader == ""
		})
	return s, late, err
}

// visible waits until a record can be read, and says how long that took.
func (w *demoWorld) visible(ctx context.Context, r simRecord) (delayed, error) {
	err := w.until(ctx, "the audit record of the role", func(ctx context.Context) (bool, string, error) {
		var log []simRecord
		err := w.sim.get(ctx, "/entra/sim/log", &log)
		shown := slices.ContainsFunc(log, func(x simRecord) bool { return x.ID == r.ID })
		return shown, fmt.Sprintf("the log shows %d others", len(log)), err
	})
	return delayed(time.Since(r.At)), err
}

// both waits for the holds of a person's two accounts.
func (w *demoWorld) both(ctx context.Context, name string, of cast, okta, entra func(holds.View) bool) (story, error) {
	first, err := w.holdOf(ctx, of.okta, "the account at Okta to be held", okta)
	if err != nil {
		return story{}, err
	}
	second, err := w.holdOf(ctx, of.entra, "the same person's account at Entra to be held", entra)
	return story{name, []holds.View{first, second}}, err
}

// again reads the story as it stands now, when its holds have got there.
func (w *demoWorld) again(ctx context.Context, s story, what string, ready func(holds.View) bool) (story, error) {
	out := story{name: s.name}
	for _, v := range s.views {
		v, err := w.holdOf(ctx, v.Hold.Subject.ID, what+" of the account at "+string(v.Hold.Connection), ready)
		if err != nil {
			return s, err
		}
		out.views = append(out.views, v)
	}
	return out, nil
}

// contained: restrained as read back, and the owner told.
func contained(v holds.View) bool {
	return v.Hold.Standing == holds.Contained && !v.Hold.ToldAt.IsZero()
}

// enrolled: the hold has a new factor in it.
func enrolled(v holds.View) bool {
	return slices.ContainsFunc(v.Hold.Events, func(e holds.EventRef) bool { return e.Verb == holds.Enrol })
}

func hasState(s holds.State) func(holds.View) bool {
	return func(v holds.View) bool { return v.Hold.State == s }
}

// releaseStory: the caller was who they said; two people release, both accounts are
// free again, and the new phone joins the hold that was released.
func (w *demoWorld) releaseStory(ctx context.Context) (story, error) {
	s, err := w.lostPhone(ctx)
	if err != nil {
		return s, err
	}
	verifier, approver, err := w.browsers(ctx)
	if err != nil {
		return s, err
	}
	hold := s.views[0].Hold
	if err := verifier.checkByCallback(ctx, hold.ID, "call 2291"); err != nil {
		return s, err
	}
	if err := verifier.checkByManager(ctx, hold.ID, "thread 88"); err != nil {
		return s, err
	}
	if err := approver.decide(ctx, hold.ID, holds.Approve, "Verified by callback and by the manager."); err != nil {
		return s, err
	}
	if s, err = w.again(ctx, s, "the release", hasState(holds.Released)); err != nil {
		return s, err
	}
	_, err = w.sim.play(ctx, simAct{"okta", "enrol-factor", map[string]any{"subject": hold.Subject.ID, "kind": "push", "device": "a new phone"}})
	if err != nil {
		return s, err
	}
	s.views[0], err = w.holdOf(ctx, hold.Subject.ID, "the expected enrolment to join", func(v holds.View) bool { return !v.Hold.Expectation.Met.IsZero() })
	if err != nil {
		return s, err
	}
	return s, w.free(ctx, cast{hold.Subject.ID, s.views[1].Hold.Subject.ID})
}

// revertStory: the owner knows of nothing. Both holds are denied: the attacker's
// phone is removed at Okta, the role at Entra.
func (w *demoWorld) revertStory(ctx context.Context) (story, delayed, error) {
	s, late, err := w.chain(ctx)
	if err != nil {
		return s, late, err
	}
	_, approver, err := w.browsers(ctx)
	if err != nil {
		return s, late, err
	}
	for _, v := range s.views {
		if err := approver.decide(ctx, v.Hold.ID, holds.Deny, s.owner()+" sits here and called nobody."); err != nil {
			return s, late, err
		}
	}
	if s, err = w.again(ctx, s, "the revert", hasState(holds.Reverted)); err != nil {
		return s, late, err
	}
	return s, late, w.undone(ctx, cast{s.views[0].Hold.Subject.ID, s.views[1].Hold.Subject.ID})
}
