package directory

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// parser merges rows into people and remembers which line said what.
type parser struct {
	now      time.Time
	people   map[holds.PersonID]*found
	problems []Problem
}

// found is a person with the lines they were read from.
type found struct {
	person   holds.Person
	line     int // the first row
	manager  int // the row that named the manager
	accounts []int
	points   []int
}

func newParser(now time.Time) *parser {
	return &parser{now: now, people: map[holds.PersonID]*found{}}
}

func (p *parser) report(line int, column, format string, args ...any) {
	p.problems = append(p.problems, Problem{Line: line, Column: column, What: fmt.Sprintf(format, args...)})
}

// row takes one row in whole, or reports it and leaves it out.
func (p *parser) row(r row) {
	if r.empty() {
		return
	}
	if err := p.take(r); err != nil {
		w := wrong{what: err.Error()}
		_ = errors.As(err, &w)
		p.report(r.line, w.column, "%s; the row is left out", w.what)
	}
}

func (p *parser) take(r row) error {
	said, err := r.person()
	if err != nil {
		return err
	}
	accounts, err := r.accounts()
	if err != nil {
		return err
	}
	point, hasPoint, err := r.point(p.now)
	if err != nil {
		return err
	}
	f, err := p.merge(said, r.line)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if !slices.Contains(f.person.Accounts, a) {
			f.person.Accounts = append(f.person.Accounts, a)
			f.accounts = append(f.accounts, r.line)
		}
	}
	if hasPoint {
		return f.add(point, r.line)
	}
	return nil
}

// merge finds or begins the person and takes over what the row says of them.
func (p *parser) merge(said holds.Person, line int) (*found, error) {
	f, known := p.people[said.ID]
	if !known {
		switch {
		case said.Name == "":
			return nil, bad("name", "it is empty; the first row of a person gives their name")
		case said.Belonging == "":
			return nil, bad("belonging", "it is empty; the first row of a person says employee, contractor or vendor")
		}
		f = &found{person: said, line: line, manager: line}
		p.people[said.ID] = f
		return f, nil
	}
	have := &f.person
	for _, c := range []struct{ column, have, said string }{
		{"name", have.Name, said.Name},
		{"belonging", string(have.Belonging), string(said.Belonging)},
		{"department", have.Department, said.Department},
		{"manager", string(have.Manager), string(said.Manager)},
	} {
		if c.have != "" && c.said != "" && c.have != c.said {
			return nil, bad(c.column, "it contradicts line %d, where the same person has another %s", f.line, c.column)
		}
	}
	have.Department = cmp.Or(have.Department, said.Department)
	if have.Manager == "" && said.Manager != "" {
		have.Manager, f.manager = said.Manager, line
	}
	return f, nil
}

// add puts a contact point on the person, once. The same value twice with
// different dates or places is a contradiction.
func (f *found) add(point holds.ContactPoint, line int) error {
	for i, have := range f.person.Points {
		if have.Kind != point.Kind || !Same(have.Value, point.Value) {
			continue
		}
		if !have.Recorded.Equal(point.Recorded) || have.Within != point.Within {
			return bad("contact", "line %d has the same contact of the same person with another date or place", f.points[i])
		}
		return nil
	}
	f.person.Points = append(f.person.Points, point)
	f.points = append(f.points, line)
	return nil
}

// finish checks what only shows over the whole file, and sorts.
func (p *parser) finish() ([]holds.Person, []Problem) {
	ids := make([]holds.PersonID, 0, len(p.people))
	for id := range p.people {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	p.managers(ids)
	p.disputed(ids)
	p.shared(ids)
	people := make([]holds.Person, 0, len(ids))
	for _, id := range ids {
		people = append(people, p.people[id].person)
	}
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return people, p.problems
}

// managers drops a manager who is nobody of the file: a confirmation by them
// could not be told from anybody else's.
func (p *parser) managers(ids []holds.PersonID) {
	for _, id := range ids {
		f := p.people[id]
		if f.person.Manager != "" && p.people[f.person.Manager] == nil {
			p.report(f.manager, "manager", "%q is not a person of this file; %s is kept without a manager", f.person.Manager, id)
			f.person.Manager = ""
		}
	}
}

// claim is one person's line about something that should be theirs alone.
type claim struct {
	person holds.PersonID
	line   int
	index  int
}

// disputed takes accounts that several people claim from all of them: telling
// the wrong one would hand over what the notice says.
func (p *parser) disputed(ids []holds.PersonID) {
	claims := map[holds.PersonAccount][]claim{}
	for _, id := range ids {
		for i, a := range p.people[id].person.Accounts {
			claims[a] = append(claims[a], claim{person: id, line: p.people[id].accounts[i], index: i})
		}
	}
	lost := func(a holds.PersonAccount) bool { return len(claims[a]) > 1 }
	for a, c := range claims {
		if !lost(a) {
			continue
		}
		for _, one := range c {
			p.report(one.line, "account", "%s:%s is claimed by several people (%s); it is kept for none of them", a.Connection, a.Account, names(c))
		}
	}
	for _, id := range ids {
		f := p.people[id]
		f.person.Accounts = slices.DeleteFunc(f.person.Accounts, lost)
	}
}

// shared marks contact points that several people have (R124). Two spellings of
// one address or number meet in the same key.
func (p *parser) shared(ids []holds.PersonID) {
	claims := map[string][]claim{}
	for _, id := range ids {
		for i, point := range p.people[id].person.Points {
			key := string(point.Kind) + " " + fold(point.Value)
			claims[key] = append(claims[key], claim{person: id, line: p.people[id].points[i], index: i})
		}
	}
	for _, c := range claims {
		if len(c) < 2 {
			continue
		}
		for _, one := range c {
			p.people[one.person].person.Points[one.index].Shared = true
			p.report(one.line, "contact", "several people have it (%s); it is kept, but nobody will be told anything there", names(c))
		}
	}
}

// names lists the people of claims in order.
func names(c []claim) string {
	var out []string
	for _, one := range c {
		if len(out) == 5 {
			return strings.Join(out, ", ") + " and others"
		}
		out = append(out, string(one.person))
	}
	return strings.Join(out, ", ")
}
