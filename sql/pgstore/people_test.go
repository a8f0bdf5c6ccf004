package pgstore_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/countersign/countersign/holds"
)

func email(value string, recorded int) holds.ContactPoint {
	return holds.ContactPoint{Kind: holds.EmailPoint, Value: value, Recorded: at(recorded)}
}

func anna() holds.Person {
	return holds.Person{
		ID: "p1", Name: "Anna", Belonging: holds.Employee, Manager: "p2", Department: "finance",
		Accounts: []holds.PersonAccount{{Connection: okta, Account: "00u1"}},
		Points:   []holds.ContactPoint{email("anna@private.example", -9000), {Kind: holds.PhonePoint, Value: "+49 170 1234567", Recorded: at(-8000), Within: okta}},
	}
}

func boris() holds.Person {
	return holds.Person{ID: "p2", Name: "Boris", Belonging: holds.Contractor, Accounts: []holds.PersonAccount{{Connection: okta, Account: "00u2"}}}
}

func (w *world) imports(people ...holds.Person) [3]int {
	w.Helper()
	added, changed, removed, err := w.ImportPeople(w.Context(), acme, holds.ByPerson("p9"), people)
	w.must(err)
	return [3]int{added, changed, removed}
}

func TestImportAndReadPeople(t *testing.T) {
	w := newWorld(t)
	if got := w.imports(anna(), boris()); got != [3]int{2, 0, 0} {
		t.Fatalf("%v", got)
	}
	got, err := w.Person(t.Context(), acme, "p1")
	w.must(err)
	want := anna()
	want.Tenant = acme
	for i := range want.Points {
		want.Points[i].Person, want.Points[i].Source = "p1", "csv"
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(holds.ContactPoint{}, "ID")); diff != "" {
		t.Fatal(diff)
	}
	of, err := w.PersonOf(t.Context(), acme, okta, "00u2")
	if w.must(err); of.ID != "p2" {
		t.Fatalf("%+v", of)
	}
	_, err = w.PersonOf(t.Context(), acme, okta, "00u9")
	w.kind(holds.NotFound, err)
	_, err = w.Person(t.Context(), acme, "p9")
	w.kind(holds.NotFound, err)
	if n := w.count(`audit_leaves WHERE body LIKE '%"kind":"people.imported"%' AND body LIKE '%"added":"2"%'`); n != 1 {
		t.Fatal("no audit entry")
	}
}

func TestImportReplaces(t *testing.T) {
	w := newWorld(t)
	w.imports(anna(), boris())
	points := func(id holds.PersonID) []holds.ContactPoint {
		p, err := w.Person(t.Context(), acme, id)
		w.must(err)
		return p.Points
	}
	t.Run("the same file changes nothing", func(t *testing.T) {
		if got := w.imports(anna(), boris()); got != [3]int{0, 0, 0} {
			t.Fatalf("%v", got)
		}
	})
	t.Run("an old point keeps its first date", func(t *testing.T) {
		a := anna()
		a.Points[0].Recorded, a.Points[0].Value = at(-99999), " ANNA@private.example" // the same address
		w.imports(a, boris())
		if got := points("p1"); !got[0].Recorded.Equal(at(-9000)) || got[0].Value != "anna@private.example" {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("what is new, changed and gone is counted once per person", func(t *testing.T) {
		a := anna()
		a.Name, a.Points = "Anna B.", append(a.Points[1:], email("new@private.example", -1))
		if got := w.imports(a, holds.Person{ID: "p3", Name: "Carla"}); got != [3]int{1, 1, 1} {
			t.Fatalf("%v", got)
		}
		_, err := w.Person(t.Context(), acme, "p2")
		w.kind(holds.NotFound, err)
		_, err = w.PersonOf(t.Context(), acme, okta, "00u2")
		w.kind(holds.NotFound, err)
	})
	t.Run("a point that comes back is as old as its return", func(t *testing.T) {
		w.imports(anna())
		for _, p := range points("p1") {
			if p.Value == "anna@private.example" && p.Recorded.Before(w.Now().AddDate(0, 0, -1)) {
				t.Fatalf("a point that was taken off counts as old again: %v", p.Recorded)
			}
		}
		if n := w.count("contact_points WHERE person_id = 'p1'"); n != 4 {
			t.Fatalf("%d rows, want the history of 4", n)
		}
	})
	t.Run("R124 what makes a point unusable is kept", func(t *testing.T) {
		a := anna()
		a.Points = append(a.Points[:1:1], holds.ContactPoint{Kind: holds.EmailPoint, Value: "undated@private.example"})
		a.Points[0].Shared = true
		w.imports(a, boris())
		got := map[string]holds.ContactPoint{}
		for _, p := range points("p1") {
			got[p.Value] = p
		}
		if !got["anna@private.example"].Shared || !got["undated@private.example"].Recorded.IsZero() {
			t.Fatalf("%+v", got)
		}
		a.Points[0].Shared = false
		w.imports(a, boris())
		if p := points("p1"); p[0].Shared {
			t.Fatal("a point that is no longer shared stays unusable")
		}
	})
	t.Run("an account moves to another person", func(t *testing.T) {
		a, b := anna(), boris()
		a.Accounts, b.Accounts = b.Accounts, a.Accounts
		w.imports(a, b)
		p, err := w.PersonOf(t.Context(), acme, okta, "00u1")
		if w.must(err); p.ID != "p2" {
			t.Fatalf("%s", p.ID)
		}
	})
}

func TestImportRefuses(t *testing.T) {
	w := newWorld(t)
	w.imports(anna())
	edit := func(edit func(*holds.Person)) []holds.Person {
		p := boris()
		edit(&p)
		return []holds.Person{anna(), p}
	}
	for name, people := range map[string][]holds.Person{
		"the same id twice":        edit(func(p *holds.Person) { p.ID = "p1" }),
		"an address as an id":      edit(func(p *holds.Person) { p.ID = "b@acme.example" }),
		"one account, two people":  edit(func(p *holds.Person) { p.Accounts = anna().Accounts }),
		"an unknown connection":    edit(func(p *holds.Person) { p.Accounts[0].Connection = "nowhere" }),
		"another tenant's":         edit(func(p *holds.Person) { p.Accounts[0].Connection = other }),
		"an empty account":         edit(func(p *holds.Person) { p.Accounts[0].Account = "" }),
		"an empty address":         edit(func(p *holds.Person) { p.Points = []holds.ContactPoint{email(" ", 0)} }),
		"a point of unknown kind":  edit(func(p *holds.Person) { p.Points = []holds.ContactPoint{{Kind: "pigeon", Value: "x"}} }),
		"a phone without a number": edit(func(p *holds.Person) { p.Points = []holds.ContactPoint{{Kind: holds.PhonePoint, Value: "call me"}} }),
	} {
		t.Run(name, func(t *testing.T) {
			_, _, _, err := w.ImportPeople(t.Context(), acme, holds.ByPerson("p9"), people)
			w.kind(holds.Invalid, err)
		})
	}
	if all, err := w.People(t.Context(), acme); err != nil || len(all) != 1 {
		t.Fatalf("%v %v: a refused import left something", all, err)
	}
	t.Run("people from elsewhere", func(t *testing.T) {
		w.exec("UPDATE people SET source = 'hr'")
		_, _, _, err := w.ImportPeople(t.Context(), acme, holds.ByPerson("p9"), []holds.Person{anna()})
		w.kind(holds.Invalid, err)
		if got := w.imports(boris()); got != [3]int{1, 0, 0} {
			t.Fatalf("%v: people from elsewhere are not the file's to remove", got)
		}
	})
}

func TestNamesComeBackSanitised(t *testing.T) {
	w := newWorld(t)
	p := boris()
	p.Name = "B\x00\xff"
	w.imports(p)
	got, err := w.Person(t.Context(), acme, "p2")
	if w.must(err); got.Name != "B\uFFFD\uFFFD" && got.Name != "B\uFFFD" {
		t.Fatalf("%q", got.Name)
	}
}

// TestFactsKnowThePeople: owner and actor come from the directory, and the
// chain of recent events spans all accounts of the owner.
func TestFactsKnowThePeople(t *testing.T) {
	w := newWorld(t)
	a, b := anna(), boris()
	a.Accounts = append(a.Accounts, holds.PersonAccount{Connection: okta, Account: "00uadmin"}, holds.PersonAccount{Connection: okta, Account: "00u9"})
	w.imports(a, b)
	earlier, old, quiet := event("earlier", "00u9"), event("old", "00u9"), event("quiet", "00u9")
	earlier.Class, earlier.Verb, earlier.Occurred = holds.PasswordReset, holds.Reset, at(-30)
	mine, tried := event("mine", "00u9"), event("tried", "00u9")
	mine.Verb, mine.Occurred, mine.Actor = holds.Enrol, at(-25), holds.Party{ID: "00u9", Kind: holds.PartyPerson}
	tried.Occurred, tried.Outcome = at(-22), holds.Failed
	old.Class, old.Occurred = holds.RoleActivation, at(-30*60)
	quiet.Class, quiet.Occurred = holds.None, at(-20)
	w.must(w.Receive(t.Context(), delivery("x")))
	asked := 0
	w.drain(at(2), []holds.Event{event("a", "00u1"), earlier, mine, tried, old, quiet}, func(q holds.Question) (holds.Answer, error) {
		if q.Event.ID == "a" {
			asked++
			f := q.Facts
			if f.Owner.ID != "p1" || f.ActorPerson.ID != "p1" || len(f.Owner.Points) != 2 || f.Mode != holds.ModeContain || !f.At.Equal(at(2)) {
				t.Errorf("%+v", f)
			}
			if diff := cmp.Diff([]holds.Class{holds.MFAChange, holds.MFAChange, holds.PasswordReset}, f.Recent); diff != "" {
				t.Error(diff)
			}
			chain := []holds.Past{
				{Class: holds.MFAChange, Verb: holds.Enrol, Occurred: at(-25), By: holds.PartyPerson, Own: true},
				{Class: holds.PasswordReset, Verb: holds.Reset, Occurred: at(-30), By: earlier.Actor.Kind},
			}
			if diff := cmp.Diff(chain, f.Chain); diff != "" {
				t.Error(diff)
			}
		}
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Record}}, nil
	})
	if asked != 1 {
		t.Fatal("not asked")
	}
}

func TestViewNamesPeopleWithMaskedPoints(t *testing.T) {
	w := newWorld(t)
	w.imports(anna(), boris())
	h := w.held("00u1")
	w.change(keyOf(h), func(c *holds.Change) { c.Notes = []holds.Note{{By: "person:p2", Text: "x", At: at(5)}} })
	w.imports(anna()) // Boris has left
	v, err := w.View(t.Context(), keyOf(h))
	w.must(err)
	if v.People["p2"].Name != "Boris" || v.People["p1"].Points[0].Value != "a…@p….example" || v.People["p1"].Points[1].Value != "…67" {
		t.Fatalf("%+v", v.People)
	}
}

func TestLinkIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	w.imports(anna(), boris())
	token := [32]byte{1, 2, 3}
	w.must(w.CreateLink(t.Context(), acme, "p1", token, at(10), holds.BySystem("cli")))
	w.kind(holds.NotFound, w.CreateLink(t.Context(), acme, "p9", [32]byte{9}, at(10), holds.BySystem("cli")))
	use := func(token [32]byte, now int) error {
		_, err := w.UseLink(t.Context(), acme, token, at(now))
		return err
	}
	w.kind(holds.NotFound, use([32]byte{7}, 5))
	w.kind(holds.NotFound, use(token, 10)) // expired
	var won atomic.Int32
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			p, err := w.UseLink(t.Context(), acme, token, at(5))
			if err == nil && p == "p1" {
				won.Add(1)
			} else if holds.KindOf(err) != holds.NotFound {
				t.Error(err)
			}
		})
	}
	if all.Wait(); won.Load() != 1 {
		t.Fatalf("used %d times", won.Load())
	}
	w.must(w.CreateLink(t.Context(), acme, "p2", [32]byte{4}, at(10), holds.BySystem("cli")))
	w.imports(anna())
	w.kind(holds.NotFound, use([32]byte{4}, 5)) // Boris has left
}

func TestSessions(t *testing.T) {
	w := newWorld(t)
	w.imports(anna(), boris())
	open := func(n byte, p holds.PersonID) holds.Session {
		s := holds.Session{Token: [32]byte{n}, Tenant: acme, Person: p, Created: at(0), Expires: at(60)}
		w.must(w.CreateSession(t.Context(), s))
		return s
	}
	s, theirs := open(1, "p1"), open(2, "p2")
	got, err := w.Session(t.Context(), acme, s.Token, at(59))
	if w.must(err); got != s {
		t.Fatalf("%+v", got)
	}
	gone := func(s holds.Session, now int) {
		t.Helper()
		_, err := w.Session(t.Context(), acme, s.Token, at(now))
		w.kind(holds.NotFound, err)
	}
	gone(s, 60)
	w.must(w.EndSession(t.Context(), acme, s.Token, at(5)))
	w.must(w.EndSession(t.Context(), acme, s.Token, at(6)))
	gone(s, 5)
	w.imports(anna())
	gone(theirs, 5)
	w.kind(holds.NotFound, w.CreateSession(t.Context(), holds.Session{Token: [32]byte{3}, Tenant: acme, Person: "p9"}))
}
