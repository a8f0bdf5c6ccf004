package replay

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// MinutesAHold is how long two identity checks and a decision take people.
const MinutesAHold = 10

// Count is how often something was counted.
type Count struct {
	Name string
	N    int
}

// Example is a hold, to look at.
type Example struct {
	Occurred time.Time
	Class    holds.Class
	// Type is the provider's own name of the event.
	Type           string
	Rule, Reason   string
	Tier           holds.Tier
	Account, Actor string
}

// Report is what a log comes to.
type Report struct {
	// Records counts all records, Malformed those of them that could not be read.
	Records, Malformed int64
	// From and To are the first and last moment of any event, zero when there is none;
	// Days counts the calendar days (UTC) from the one to the other.
	From, To time.Time
	Days     int
	// People is how many there are: as given, or as many different people as were
	// seen.
	People      int
	PeopleGiven bool
	// Changes are those that could hand an account to somebody else and took effect.
	// Of them some are held and some only told to the owner of the account.
	Changes, Held, Told int
	// Holds are fewer than held changes where several come to one account before the
	// deadline of its hold, and more where one change comes to several accounts.
	Holds int
	// PerDay are the holds of each day from the first one on.
	PerDay []int
	// Mean, Median and P95 are of PerDay; P95 by nearest rank.
	Mean        float64
	Median, P95 int
	// Busiest is the day with most holds.
	Busiest    time.Time
	BusiestDay int
	// PerHundredWeek is holds for each hundred people and week; it is NaN where nobody
	// was seen.
	PerHundredWeek float64
	// Rules, Sources and Tiers say of the holds what opened them, most frequent first.
	Rules, Sources, Tiers []Count
	// Hours is reviewers' work, at MinutesAHold for each hold.
	Hours float64
	// Restrained counts the accounts that would have been restrained at least once.
	Restrained int
	Examples   []Example
}

// Report tells what was counted so far. People is how many people the organisation
// has; 0 means those that were seen.
func (r *Replay) Report(people int) Report {
	t := r.tally
	out := Report{
		Records: t.records, Malformed: t.malformed, From: t.from, To: t.to, People: people, PeopleGiven: people > 0,
		Changes: t.changes, Held: t.held, Told: t.told, Holds: t.holds,
		Rules: counts(t.rules), Sources: counts(t.sources), Tiers: counts(t.tier),
		Hours: float64(t.holds) * MinutesAHold / 60, Restrained: t.restrained.count(), Examples: t.examples.list(),
	}
	if !out.PeopleGiven {
		out.People = t.people.count()
	}
	out.PerHundredWeek = math.NaN()
	if !t.from.IsZero() {
		out.days(t)
	}
	return out
}

// days fills in what is told by the day.
func (p *Report) days(t *tally) {
	first := dayOf(t.from)
	p.Days = int(dayOf(t.to)-first) + 1
	p.PerDay = make([]int, min(p.Days, mostDays))
	for day, n := range t.days {
		if i := int(day - first); i >= 0 && i < len(p.PerDay) {
			p.PerDay[i] += n
		}
	}
	for i, n := range p.PerDay {
		if n > p.BusiestDay {
			p.BusiestDay, p.Busiest = n, time.Unix((first+int64(i))*24*60*60, 0).UTC()
		}
	}
	sorted := slices.Sorted(slices.Values(p.PerDay))
	p.Median, p.P95 = rank(sorted, 0.50), rank(sorted, 0.95)
	p.Mean = float64(p.Holds) / float64(p.Days)
	if p.People > 0 {
		p.PerHundredWeek = float64(p.Holds) / (float64(p.People) / 100) / (float64(p.Days) / 7)
	}
}

// rank is the smallest number that at least a share of them do not exceed.
func rank(sorted []int, share float64) int {
	i := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[max(i, 0)]
}

// counts puts the most frequent first.
func counts(m map[string]int) []Count {
	var out []Count
	for name, n := range m {
		out = append(out, Count{name, n})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name)) })
	return out
}

// mostExamples is how many holds of each tier are kept to look at.
const mostExamples = 10

// examples keeps the first holds of each tier.
type examples struct{ high, other []Example }

func (x *examples) add(e Example) {
	list := &x.other
	if e.Tier == holds.TierHigh {
		list = &x.high
	}
	if len(*list) < mostExamples {
		*list = append(*list, e)
	}
}

// list is the holds of the high tier first, and in each tier the order of time.
func (x *examples) list() []Example {
	byTime := func(a, b Example) int { return a.Occurred.Compare(b.Occurred) }
	high, other := slices.Clone(x.high), slices.Clone(x.other)
	slices.SortStableFunc(high, byTime)
	slices.SortStableFunc(other, byTime)
	out := append(high, other...)
	return out[:min(len(out), mostExamples)]
}
