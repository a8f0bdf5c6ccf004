package modeltest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// cloud is one identity platform: accounts with a state, and a log of its own that
// is the truth about what happened there.
type cloud struct {
	w        *world
	name     string
	id       holds.ConnectionID
	accounts map[string]*account
	order    []string
	log      []holds.Event
}

// account is an account as it is at the platform.
type account struct {
	id        string
	suspended bool
	grouped   bool
	sessions  int
	factors   []holds.Factor
	roles     []holds.Role
	// restrainedAt is the last moment at which it was restrained.
	restrainedAt time.Time
}

func newCloud(w *world, name string, id holds.ConnectionID, accounts ...string) *cloud {
	c := &cloud{w: w, name: name, id: id, accounts: map[string]*account{}, order: accounts}
	for _, a := range accounts {
		c.accounts[a] = &account{id: a, sessions: 1, factors: []holds.Factor{{ID: "f-old", Kind: "push"}}}
	}
	return c
}

func (a *account) restrained() bool { return a.suspended || a.grouped }

// settle notes which accounts are restrained at this moment.
func (c *cloud) settle() {
	for _, a := range c.accounts {
		if a.restrained() {
			a.restrainedAt = c.w.now
		}
	}
}

// happened puts an event into the platform's log.
func (c *cloud) happened(e holds.Event) {
	e.ID = fmt.Sprintf("%s-%d", c.id, len(c.log)+1)
	e.Occurred, e.Outcome, e.Transaction = c.w.now, holds.Succeeded, "tx-"+e.ID
	c.log = append(c.log, e)
}

// change is something that somebody does to an account.
func (c *cloud) change(what, id string) string {
	a := c.accounts[id]
	by := helps
	if c.id == entra {
		by = "e-hank"
	}
	e := holds.Event{
		Actor:    holds.Party{ID: by, Kind: holds.PartyPerson},
		Subjects: []holds.Account{{ID: id, Login: id + "@acme.example"}},
	}
	switch what {
	case "reset":
		a.factors = nil
		e.Type, e.Class, e.Verb = "user.mfa.factor.reset_all", holds.MFAChange, holds.Reset
	case "role":
		r := holds.Role{ID: fmt.Sprintf("r-%d", len(c.log)+1), Kind: "SUPER_ADMIN", Privileged: true}
		a.roles = append(slices.Clone(a.roles), r)
		e.Type, e.Class, e.Verb, e.Rank = "user.account.privilege.grant", holds.RoleActivation, holds.Grant, holds.RankTop
		e.Role = holds.Object{Type: "role", ID: r.ID, Name: r.Kind}
	case "enrol":
		f := holds.Factor{ID: fmt.Sprintf("f-%d", len(c.log)+1), Kind: "push"}
		a.factors = append(slices.Clone(a.factors), f)
		e.Actor.ID, e.IP = id, usual
		e.Type, e.Class, e.Verb = "user.mfa.factor.activate", holds.MFAChange, holds.Enrol
		e.Factor = holds.Object{Type: "push", ID: f.ID}
	}
	a.sessions++
	c.happened(e)
	return e.Actor.ID
}

// do is one call of ours; it reports whether it changed anything.
func (c *cloud) do(act holds.Action) bool {
	a := c.accounts[act.Account]
	if a == nil {
		return false
	}
	changed := false
	flip := func(to *bool, v bool) { changed, *to = *to != v, v }
	e := holds.Event{Class: holds.None}
	switch act.Kind {
	case holds.JoinRestraintGroup:
		flip(&a.grouped, true)
	case holds.LeaveRestraintGroup:
		flip(&a.grouped, false)
	case holds.SuspendAccount:
		flip(&a.suspended, true)
	case holds.UnsuspendAccount:
		flip(&a.suspended, false)
	case holds.ClearSessions:
		changed, a.sessions = a.sessions > 0, 0
	case holds.RemoveRole:
		n := len(a.roles)
		a.roles = slices.DeleteFunc(slices.Clone(a.roles), func(r holds.Role) bool { return r.ID == act.Object })
		changed, e.Class, e.Verb, e.Role = len(a.roles) < n, holds.RoleActivation, holds.Revoke, holds.Object{ID: act.Object}
	case holds.RemoveFactor:
		n := len(a.factors)
		a.factors = slices.DeleteFunc(slices.Clone(a.factors), func(f holds.Factor) bool { return f.ID == act.Object })
		changed, e.Class, e.Verb, e.Factor = len(a.factors) < n, holds.MFAChange, holds.Remove, holds.Object{ID: act.Object}
	default: // the platform has nothing else
	}
	if changed {
		e.Type, e.Echo, e.Actor = "own."+string(act.Kind), act.Kind, holds.Party{ID: "0oacountersign", Kind: holds.PartyApp, Own: true}
		e.Subjects = []holds.Account{{ID: act.Account}}
		c.happened(e)
	}
	c.settle()
	return changed
}

// platform is a replica's way to a cloud: every call passes the gate.
type platform struct {
	*cloud
	w *world
}

// Decode reads a page of the log.
func (*platform) Decode(d holds.Delivery) (out []holds.Event) {
	if err := json.Unmarshal(d.Body, &out); err != nil {
		return []holds.Event{{Class: holds.Unclassified, Summary: "a body that is no page"}}
	}
	return out
}

func (p *platform) Snapshot(ctx context.Context, id string) (s holds.Snapshot, err error) {
	err = through(ctx, "reads the account at "+p.name, func() error {
		a := p.accounts[id]
		if a == nil {
			return holds.Refuse(holds.NotFound, "there is no such account")
		}
		s = holds.Snapshot{
			Account: holds.Account{ID: id, Login: id + "@acme.example"}, At: p.w.now, Status: holds.StatusActive, Created: start.AddDate(-2, 0, 0),
			Factors: slices.Clone(a.factors), Roles: slices.Clone(a.roles), Restrained: a.grouped,
		}
		if a.suspended {
			s.Status = holds.StatusSuspended
		}
		return nil
	})
	return s, err
}

func (p *platform) Do(ctx context.Context, a holds.Action) (r holds.Result, err error) {
	err = through(ctx, "has "+p.name+" "+verbOf(a.Kind), func() error {
		p.w.called(ctx, p.cloud, a)
		r = holds.Result{Status: holds.Applied}
		return nil
	})
	return r, err
}

func (p *platform) Enforcement(ctx context.Context, _ string) (e holds.Enforcement, err error) {
	err = through(ctx, "reads the restraint rules at "+p.name, func() error {
		e = holds.Enforcement{At: p.w.now, InForce: true}
		return nil
	})
	return e, err
}

func verbOf(k holds.ActionKind) string {
	switch k {
	case holds.JoinRestraintGroup:
		return "put the account into the restraint group"
	case holds.LeaveRestraintGroup:
		return "take the account out of the restraint group"
	case holds.SuspendAccount:
		return "suspend the account"
	case holds.UnsuspendAccount:
		return "let the account in again"
	case holds.ClearSessions:
		return "end its sessions"
	case holds.RemoveRole:
		return "take a role away"
	case holds.RemoveFactor:
		return "remove a factor"
	default:
		return string(k)
	}
}
