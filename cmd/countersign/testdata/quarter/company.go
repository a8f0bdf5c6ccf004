package quarter

import (
	"fmt"
	"time"
)

const (
	domain  = "quarterdeck.example"
	company = "Quarterdeck Instruments"
	tenant  = "b1f0c2de-6c07-4a52-9d3e-0f6a2c9d7e11"
)

// administrators are IT: two help desks and six who run the platforms.
const administrators = 8

// person is somebody with an account at both platforms.
type person struct {
	name, login   string
	okta, entra   string
	home, carrier string // the first three numbers of an address
	// joins and leaves are days of the quarter; a person who was there before has
	// joins -1.
	joins, leaves int
	admin         bool
	phone         string
	// places is where they work on each day, hotels the network of a trip's days.
	places []byte
	hotels []string
}

// The places of a day.
const (
	away = iota
	atHome
	inOffice
	onTrip
)

// world is the company while its quarter is made.
type world struct {
	Options
	chance
	start     time.Time
	people    []*person
	system    []Record
	directory []Record
	signins   []Record
	truth     Truth
}

func newWorld(o Options) *world {
	w := &world{Options: o, chance: newChance(o.Seed), start: time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)}
	w.truth.Expected = map[string]int{}
	for i := range o.People {
		w.add(i, -1)
	}
	for _, p := range w.people[:administrators] {
		p.admin = true
	}
	return w
}

// add makes a person who is there from a day on.
func (w *world) add(i, joins int) *person {
	first := []string{"Ada", "Ben", "Cem", "Dana", "Eli", "Fay", "Gus", "Hana", "Ivo", "Jun", "Kim", "Lea", "Max", "Nia", "Oda", "Pia", "Rui", "Sam", "Tess", "Uma"}
	last := []string{"Adler", "Brandt", "Costa", "Duarte", "Eriksen", "Ferrer", "Gruber", "Haas", "Ibsen", "Jansen", "Keller", "Lindt", "Moreau", "Novak", "Olsen", "Petit", "Quist", "Rossi"}
	name := first[i%len(first)] + " " + last[i/len(first)%len(last)]
	if n := i / len(first) / len(last); n > 0 {
		name += fmt.Sprint(n + 1)
	}
	p := &person{
		name: name, login: login(name), okta: w.oktaID("00u"), entra: w.guid(),
		home: fmt.Sprintf("100.%d.%d", 64+i/250, i%250), carrier: fmt.Sprintf("100.%d.%d", 100+i/250, i%250),
		joins: joins, leaves: 7 * w.Weeks, phone: w.number(),
	}
	for d := 0; d < 7*w.Weeks; d++ {
		p.places = append(p.places, w.place(p, d))
		p.hotels = append(p.hotels, "")
	}
	w.travels(p)
	w.people = append(w.people, p)
	return p
}

// place decides where a person works on a day.
func (w *world) place(p *person, d int) byte {
	switch {
	case d%7 > 4 || d < p.joins:
		return away
	case w.often(atOffice):
		return inOffice
	}
	return atHome
}

// travels sends a person away for some days at a time, to one hotel each time.
func (w *world) travels(p *person) {
	for range w.count(trips / tripDays * float64(5*w.Weeks)) { // most people have none
		first, network := w.workday(), w.strange()
		for d := first; d < min(first+tripDays, len(p.places)); d++ {
			if p.places[d] != away {
				p.places[d], p.hotels[d] = onTrip, network
			}
		}
	}
}

func (w *world) day(d int) time.Time { return w.start.AddDate(0, 0, d) }

// address is where a person is at a moment: the office, their home, or on the way.
func (w *world) address(p *person, t time.Time) string {
	d := int(t.Sub(w.start).Hours() / 24)
	switch {
	case d >= 0 && d < len(p.places) && p.places[d] == inOffice:
		return fmt.Sprintf("198.51.100.%d", 10+w.IntN(4))
	case d >= 0 && d < len(p.places) && p.places[d] == onTrip:
		return p.hotels[d]
	}
	return p.home + ".23"
}

// strange is an address in a network where nobody was before.
func (w *world) strange() string {
	return fmt.Sprintf("198.%d.%d.%d", 18+w.IntN(2), w.IntN(256), 2+w.IntN(250))
}

// some is how many times something happens in the quarter that happens so often to
// a hundred people in a year.
func (w *world) some(name string, rate float64) int {
	return w.noted(name, rate*float64(w.People)/100)
}

// times is the same of what the company does, scaled by its size.
func (w *world) times(name string, rate float64) int {
	return w.noted(name, rate*float64(w.People)/300)
}

func (w *world) noted(name string, year float64) int {
	n := w.count(year * float64(w.Weeks) / 52)
	w.truth.Expected[name] += n
	return n
}

// workday is a working day of the quarter.
func (w *world) workday() int { return w.IntN(w.Weeks)*7 + w.IntN(5) }

// hour is a moment of a day's working hours.
func (w *world) hour(d int) time.Time {
	return w.day(d).Add(8*time.Hour + time.Duration(w.Float64()*float64(9*time.Hour)))
}

// moment is a moment of any working day.
func (w *world) moment() time.Time { return w.hour(w.workday()) }

// somebody is a person who is there at a moment, has been for a while, and does
// not leave that day. They are no administrator.
func (w *world) somebody(t time.Time) *person {
	d := int(t.Sub(w.start).Hours() / 24)
	for {
		p := one(w.chance, w.people)
		if !p.admin && (p.joins < 0 || d > p.joins+21) && d < p.leaves {
			return p
		}
	}
}

// desk is one of the two people of the help desk; admin one of those who run the
// platforms.
func (w *world) desk() *person  { return w.people[w.IntN(2)] }
func (w *world) admin() *person { return w.people[2+w.IntN(administrators-2)] }
