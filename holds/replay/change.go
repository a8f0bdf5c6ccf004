package replay

import (
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/holds"
)

const (
	// twinWithin is how far apart the records may be that several services write of
	// one change. Further apart even those of one request are not one change: what
	// somebody does in one session may all have the same request's id.
	twinWithin = 5 * time.Minute
	// approvalWithin is how long after it was asked for a role may be given.
	approvalWithin = 24 * time.Hour
	// mostChanges is how many changes, and ids of records, are remembered.
	mostChanges = 20_000
	// mostOfRequest is how many changes are told apart within one request.
	mostOfRequest = 16
)

// change is what several records tell of.
type change struct {
	id          string
	first, last time.Time
	family      holds.Class
	takesEffect bool
	// asked says that one of its records only asks for a role: an approval may come
	// hours later.
	asked    bool
	accounts []string
	// What the strictest of its records asks for.
	held, restrains bool
	terms           holds.Terms
	reason          string
	told, counted   bool
	// into is the change whose hold took this one in.
	into *change
}

// record names a record by what makes it the same one in two exports.
type record struct{ id, kind string }

// near is where the twin of a record is looked for.
type near struct {
	account     string
	family      holds.Class
	takesEffect bool
}

// changes groups records.
type changes struct {
	records  *cache[record, *change]
	requests *cache[string, []*change]
	accounts *cache[near, *change]
	ids      *cache[string, int]
}

func newChanges() *changes {
	return &changes{
		records: newCache[record, *change](mostChanges), requests: newCache[string, []*change](mostChanges),
		accounts: newCache[near, *change](mostChanges), ids: newCache[string, int](mostChanges),
	}
}

// family is the class for which others may stand in the twin of a record: a phone
// that is registered as a factor is also one to recover the account by.
func family(c holds.Class) holds.Class {
	if c == holds.RecoveryChange {
		return holds.MFAChange
	}
	return c
}

// of finds the change that an event tells of, or begins one. Repeated says that
// this very record has been there before.
func (x *changes) of(e holds.Event) (c *change, repeated bool) {
	accounts := accountsOf(e)
	key := record{e.ID, e.Type}
	if c, known := x.records.get(key); known && c.family == family(e.Class) && slices.Equal(c.accounts, union(c.accounts, accounts)) {
		return c, true
	}
	c = x.match(e, accounts)
	if c == nil {
		c = &change{id: x.name(e.ID), first: e.Occurred, last: e.Occurred, family: family(e.Class), takesEffect: effective(e)}
	}
	c.accounts = union(c.accounts, accounts)
	if e.Occurred.Before(c.first) {
		c.first = e.Occurred
	}
	if e.Occurred.After(c.last) {
		c.last = e.Occurred
	}
	c.takesEffect = c.takesEffect || effective(e)
	c.asked = c.asked || !effective(e) && e.Transaction != "" && e.Class == holds.RoleActivation
	x.remember(c, e, key, accounts)
	return c, false
}

func effective(e holds.Event) bool { return e.Outcome != holds.Failed }

// accountsOf are the accounts by which an event is found again: those it is judged
// for, or whoever did it where there are none.
func accountsOf(e holds.Event) []string {
	out := withSubjects(nil, e.Held())
	if len(out) == 0 && e.Actor.ID != "" {
		out = append(out, "actor:"+e.Actor.ID)
	}
	return out
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// match looks for the change by its request first, then by what was done to the
// same account at the same time. Within a request, asking for a thing and getting it
// is one change; else what failed is never one with what did not.
func (x *changes) match(e holds.Event, accounts []string) *change {
	if e.Transaction != "" {
		known, _ := x.requests.get(e.Transaction)
		for _, c := range known {
			if !c.complete(e.Occurred) && (c.family == family(e.Class) || c.shares(accounts)) {
				return c
			}
		}
	}
	for _, a := range accounts {
		c, known := x.accounts.get(near{a, family(e.Class), effective(e)})
		if known && c.within(e.Occurred, twinWithin) && c.last.Sub(c.first) < approvalWithin {
			return c
		}
	}
	return nil
}

// within tells whether a moment is near enough to the change.
func (c *change) within(t time.Time, d time.Duration) bool {
	return !t.Before(c.first.Add(-d)) && !t.After(c.last.Add(d))
}

func (c *change) shares(accounts []string) bool {
	return slices.ContainsFunc(accounts, func(a string) bool { return slices.Contains(c.accounts, a) })
}

func (x *changes) remember(c *change, e holds.Event, key record, accounts []string) {
	x.records.put(key, c)
	for _, a := range accounts {
		if c.takesEffect == effective(e) {
			x.accounts.put(near{a, c.family, c.takesEffect}, c)
		}
	}
	if e.Transaction == "" {
		return
	}
	if known, _ := x.requests.get(e.Transaction); !slices.Contains(known, c) && len(known) < mostOfRequest {
		x.requests.put(e.Transaction, append(known, c))
	}
}

// name gives a change the id of its first record. Anonymised logs have records that
// share theirs.
func (x *changes) name(id string) string {
	n, _ := x.ids.get(id)
	x.ids.put(id, n+1)
	if n == 0 {
		return id
	}
	return id + "#" + strconv.Itoa(n+1)
}

// name is the id that verdicts give: of the change, or of the one whose hold took it
// in.
func (c *change) name() string {
	if c.into != nil {
		return c.into.id
	}
	return c.id
}

// join says that the hold of another change took this one in.
func (c *change) join(other *change) {
	if other.into != nil {
		other = other.into
	}
	if c.into == nil && other != c {
		c.into = other
	}
}

// complete tells whether no other record can be expected any more at a moment.
func (c *change) complete(now time.Time) bool {
	if c.asked && !c.takesEffect {
		return !c.within(now, approvalWithin)
	}
	return !c.within(now, twinWithin)
}

// judge takes in what the policy says of one of its records for one account.
func (c *change) judge(r holds.Ruling) {
	switch r.Verdict {
	case holds.HoldIt:
		if !c.held {
			c.terms, c.reason = r.Terms, r.Reason
		} else {
			c.terms = c.terms.Stricter(r.Terms)
		}
		c.held = true
		c.restrains = c.restrains || len(r.Terms.Contain) > 0
	case holds.Notify:
		c.told = true
	case holds.Ignore, holds.Record:
	}
}
