package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/countersign/countersign/holds/policy"
	"github.com/countersign/countersign/holds/replay"
)

// promised is how many holds a hundred people may have in a week at most.
const promised = 3

// replayPage is what a summary says, for the terminal and for browsers alike.
type replayPage struct {
	Title, About string
	Figures      []figure
	Charts       []chart
	Examples     []replay.Example
	Notes        []string
}

// figure is a number with its name and what belongs to it.
type figure struct{ Name, Value, Note string }

// chart is a few bars under a title.
type chart struct {
	Title string
	Bars  []replay.Count
}

// most is the length of the longest bar.
func (c chart) most() int {
	most := 1
	for _, b := range c.Bars {
		most = max(most, b.N)
	}
	return most
}

// page puts the figures into words.
func (r *replaying) page() replayPage {
	p := r.replay.Report(r.command.People)
	out := replayPage{
		Title: "What would have been held: " + titleOf(r.command.Provider) + ", policy " + policy.Version,
		About: r.about(p), Figures: figures(p), Examples: p.Examples, Notes: r.notes(p),
	}
	if r.command.Policy != "" {
		out.Title += " with the settings of " + r.command.Policy
	}
	out.Charts = []chart{overTime(p), {"Holds by rule", p.Rules}, {"Holds by who made the change", p.Sources}, {"Holds by tier", p.Tiers}}
	out.Charts = slices.DeleteFunc(out.Charts, func(c chart) bool { return len(c.Bars) == 0 })
	return out
}

// about says what was read.
func (r *replaying) about(p replay.Report) string {
	about := plural(int(p.Records), "record") + " of " + plural(len(r.command.Files), "file")
	if p.Days > 0 {
		about += fmt.Sprintf(", from %s to %s (%s, UTC)", p.From.Format(time.DateOnly), p.To.Format(time.DateOnly), plural(p.Days, "day"))
	}
	if p.Malformed > 0 {
		about += fmt.Sprintf("; %s could not be read", plural(int(p.Malformed), "record"))
	}
	if r.unreadable > 0 {
		about += fmt.Sprintf("; %s could not be read", plural(r.unreadable, "file"))
	}
	return about + "."
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return thousands(n) + " " + what
}

func figures(p replay.Report) []figure {
	people := "people seen in these records"
	if p.PeopleGiven {
		people = "people, as told"
	}
	out := []figure{
		{"Holds", thousands(p.Holds), fmt.Sprintf("for %s of %s", thousands(p.Held), plural(p.Changes, "sensitive change"))},
	}
	if p.Days > 0 {
		out = append(out,
			figure{"A day", decimal(p.Mean), fmt.Sprintf("on average; %d at the median, %d at the 95th percentile", p.Median, p.P95)})
		if p.BusiestDay > 0 {
			out = append(out, figure{"Busiest day", thousands(p.BusiestDay), "on " + p.Busiest.Format(time.DateOnly)})
		}
		out = append(out,
			figure{"Per hundred people and week", decimal(p.PerHundredWeek), fmt.Sprintf("promised: at most %d; %s %s", promised, thousands(p.People), people)},
			figure{"Reviewers' work", decimal(p.Hours) + " h", fmt.Sprintf("at %d minutes a hold: %s h a week", replay.MinutesAHold, decimal(p.Hours/(float64(p.Days)/7)))},
		)
	}
	return append(out,
		figure{"Accounts restrained", thousands(p.Restrained), "at least once, until people had decided"},
		figure{"Nobody verified", thousands(p.Held), "changes held: the log shows an identity check for none of them"},
		figure{"Told, not held", thousands(p.Told), "changes of which only the owner of the account is told"},
	)
}

// decimal is a number with one digit behind the point.
func decimal(f float64) string {
	if math.IsNaN(f) {
		return "-"
	}
	return fmt.Sprintf("%.1f", f)
}

// mostBars is how many days are shown one by one; a longer log is shown by weeks,
// months of thirty days, or years.
const mostBars = 31

// overTime is the holds of each day, or of each longer span in a longer log.
func overTime(p replay.Report) chart {
	if p.Holds == 0 {
		return chart{}
	}
	spans := []struct {
		days int
		name string
	}{{1, "day"}, {7, "week"}, {30, "thirty days"}, {365, "year"}}
	i := 0
	for i < len(spans)-1 && len(p.PerDay) > mostBars*spans[i].days {
		i++
	}
	out := chart{Title: "Holds by " + spans[i].name}
	for from := 0; from < len(p.PerDay); from += spans[i].days {
		n := 0
		for _, d := range p.PerDay[from:min(from+spans[i].days, len(p.PerDay))] {
			n += d
		}
		out.Bars = append(out.Bars, replay.Count{Name: p.From.UTC().AddDate(0, 0, from).Format(time.DateOnly), N: n})
	}
	return out
}

// notes are what a reader must know to believe the figures.
func (r *replaying) notes(p replay.Report) []string {
	var out []string
	for _, t := range r.troubles {
		out = append(out, "Not read: "+t)
	}
	if r.backwards() {
		out = append(out, "The newest records came first through a pipe: what went before a change was not known when it was judged. Give the log as a file.")
	}
	if p.Days > 0 && p.Days < 14 {
		out = append(out, "This is a short log: for an account nobody has seen before, every network is a new one, so that the first days show more than later ones.")
	}
	return append(out,
		"A hold takes in whatever else comes to its account before its deadline, as in the service.",
		"A log does not tell departments, vendors and emergency accounts, nor what was before it began; the service knows them and is stricter there.",
		"What is not known counts as if it had happened, and a log shows nobody's identity check: so every held change counts as not verified.",
	)
}
