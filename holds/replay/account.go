package replay

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// addPast keeps the newest events first, and of those only the ones that still
// belong to a chain, unless all are wanted. Where there are too many, one goes that
// another of its kind, soon after it, stands for.
func (a *account) addPast(all bool, p past) {
	at, _ := slices.BinarySearchFunc(a.past, p.Occurred, func(q past, t time.Time) int { return t.Compare(q.Occurred) })
	a.past = slices.Insert(a.past, at, p)
	for n := len(a.past) - 1; !all && a.past[0].Occurred.Sub(a.past[n].Occurred) > 2*chainWithin; n-- {
		a.past = a.past[:n]
	}
	if len(a.past) > mostPast {
		n := a.spare()
		a.past = slices.Delete(a.past, n, n+1)
	}
}

// spare is the place of the event that is missed least: the one with the next of its
// kind closest behind it, else the oldest.
func (a *account) spare() int {
	best, closest := len(a.past)-1, time.Duration(-1)
	for i, p := range a.past {
		for j := i - 1; j >= 0; j-- {
			if q := a.past[j]; q.alike(p) {
				if gap := q.Occurred.Sub(p.Occurred); closest < 0 || gap <= closest {
					best, closest = i, gap
				}
				break
			}
		}
	}
	return best
}

// alike tells whether two events are the same to a chain but for their time.
func (p past) alike(q past) bool {
	return p.Class == q.Class && p.Verb == q.Verb && p.By == q.By && p.Own == q.Own && p.failed == q.failed
}

// change follows what an event does to the roles and factors of an account.
func (a *account) change(e holds.Event) {
	switch e.Class {
	case holds.RoleActivation:
		if e.Verb == holds.Revoke || e.Verb == holds.Remove {
			a.endRole(e)
			return
		}
		if len(e.Subjects) == 0 {
			return // what somebody changed about roles is none of their own
		}
		r := role{Role: holds.Role{ID: e.Role.ID, Kind: e.Role.Type, Name: e.Role.Name, Privileged: e.Rank != holds.RankOrdinary}, since: e.Occurred}
		if e.Way == holds.WayActivation {
			r.until = e.Occurred.Add(activated)
		}
		a.addRole(r)
	case holds.MFAChange:
		a.changeFactor(e)
	default: // says nothing about roles and factors
	}
}

func sameRole(r role, e holds.Object) bool {
	return r.ID == e.ID && r.Kind == e.Type && strings.EqualFold(r.Name, e.Name)
}

// addRole remembers a role from the first time it is seen; one that lasts wins over
// one for a time.
func (a *account) addRole(r role) {
	i := slices.IndexFunc(a.roles, func(o role) bool {
		return sameRole(o, holds.Object{ID: r.ID, Type: r.Kind, Name: r.Name}) && o.until.IsZero() == r.until.IsZero()
	})
	switch {
	case i < 0:
		a.roles = append(a.roles, r)
		if len(a.roles) > mostRoles {
			a.roles = slices.Delete(a.roles, 1, 2)
		}
	case !r.until.IsZero():
		a.roles[i] = r // taken up again
	case r.since.Before(a.roles[i].since):
		a.roles[i].since = r.since
	}
}

// endRole takes a role away that is told by its id or name.
func (a *account) endRole(e holds.Event) {
	for i, r := range a.roles {
		named := e.Role.ID != "" && r.ID == e.Role.ID || e.Role.Name != "" && strings.EqualFold(r.Name, e.Role.Name)
		if named && r.since.Before(e.Occurred) && (r.until.IsZero() || e.Occurred.Before(r.until)) {
			a.roles[i].until = e.Occurred
		}
	}
}

// rolesAt are the roles the account had just before a moment.
func (a *account) rolesAt(t time.Time) []holds.Role {
	var out []holds.Role
	for _, r := range a.roles {
		if r.since.Before(t) && (r.until.IsZero() || t.Before(r.until)) {
			out = append(out, r.Role)
		}
	}
	return out
}

func (a *account) changeFactor(e holds.Event) {
	if len(e.Subjects) == 0 {
		return
	}
	switch e.Verb {
	case holds.Reset:
		a.factors = slices.DeleteFunc(a.factors, func(f holds.Factor) bool { return f.Created.Before(e.Occurred) })
	case holds.Remove:
		if i := slices.IndexFunc(a.factors, func(f holds.Factor) bool { return f.Kind == e.Factor.Type && f.Name == e.Factor.Name }); i >= 0 {
			a.factors = slices.Delete(a.factors, i, i+1)
		}
	case holds.Enrol:
		a.factors = append(a.factors, holds.Factor{ID: e.Factor.ID, Kind: e.Factor.Type, Name: e.Factor.Name, Created: e.Occurred})
		if len(a.factors) > mostFactors {
			a.factors = slices.Delete(a.factors, 0, 1)
		}
	default: // the factors stay what they are
	}
}

// factorsAt are the factors that were enrolled before a moment.
func (a *account) factorsAt(t time.Time) []holds.Factor {
	var out []holds.Factor
	for _, f := range a.factors {
		if f.Created.Before(t) {
			out = append(out, f)
		}
	}
	return out
}
