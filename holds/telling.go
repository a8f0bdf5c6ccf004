package holds

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Push says what a platform's push tells of a change. The log has them all; a
// push that falls silent shows in what the log alone tells.
type Push string

// What a push tells.
const (
	// NotPushed is a change that only the log tells.
	NotPushed Push = ""
	// PushedWhole is a change of which the push carries the event itself.
	PushedWhole Push = "whole"
	// PushedHint is a change of which the push tells that there was one, and no more.
	PushedHint Push = "hint"
)

// Sighting is one event that the push should tell, and how it reached us.
type Sighting struct {
	Type        string
	Transaction string
	Occurred    time.Time
	// Read is when the delivery that brought it first was received.
	Read time.Time
	// First is who brought it first.
	First Source
	// Both says that the other way brought it, too.
	Both bool
	// Hint is set where the push can only hint at it. First is then the poller.
	Hint bool
}

// TellingCount counts events by the way on which they reached us.
type TellingCount struct {
	// Pushed came by the push and then by the log, Late the other way round.
	Pushed int `json:"pushed"`
	Late   int `json:"late"`
	// OnlyLog and OnlyPush came on one way alone.
	OnlyLog  int `json:"only_log"`
	OnlyPush int `json:"only_push"`
}

// Share is how many of the events that the log has were pushed, too. What the
// push alone told is no part of it: whoever knows the hook's secret can send
// anything.
func (t TellingCount) Share() (pushed, of int) {
	pushed = t.Pushed + t.Late
	return pushed, pushed + t.OnlyLog
}

// Telling is how a connection's changes reached us of late.
type Telling struct {
	At time.Time `json:"at"`
	// Hour is the last hour, Day the twenty-four hours before it.
	Hour TellingCount `json:"hour"`
	Day  TellingCount `json:"day"`
	// Silent is how many of the newest events in a row the log alone told, Changes
	// of how many different changes they are, Since when the first of them occurred
	// and Types what they were, at most five.
	Silent  int       `json:"silent"`
	Changes int       `json:"changes"`
	Since   time.Time `json:"since,omitzero"`
	Types   []string  `json:"types,omitempty"`
}

// When a sighting is counted, and when the counts are trouble.
const (
	// TellingWindow is how far back events are counted.
	TellingWindow = 25 * time.Hour
	// pushHas and hintHas is the time that a push has before it is said not to have
	// told: a hook is called at once, and a second time after a failure; Graph's
	// notifications of accounts and groups take longer.
	pushHas = 3 * time.Minute
	hintHas = 15 * time.Minute
	// hintBefore and hintAfter is how long before the change and after the reading
	// of its record a hint is taken for it. Graph goes on trying for hours when we
	// were away, but it tries soon after we are back.
	hintBefore = 2 * time.Minute
	hintAfter  = 5 * time.Minute
	// An event that was read later than this tells nothing: we were away, so that
	// nobody could have pushed it to us. Entra's records take minutes by themselves.
	pushAway = 10 * time.Minute
	hintAway = time.Hour

	// leastSilent events of at least two changes in a row that only the log told are
	// trouble; so is less than half of the last hour's, of leastHour or more, where
	// half of the day's before it were pushed.
	leastSilent = 5
	leastHour   = 10
)

// CountTold counts the sightings of a connection. hints are when its push told of
// anything, sorted. Neither is changed.
func CountTold(all []Sighting, hints []time.Time, now time.Time) Telling {
	t := Telling{At: now}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Sighting) int { return b.Occurred.Compare(a.Occurred) })
	silent, transactions := true, map[string]bool{}
	for _, s := range all {
		both, ripe := s.told(hints, now)
		if !ripe {
			continue
		}
		to := &t.Day
		if now.Sub(s.Occurred) <= time.Hour {
			to = &t.Hour
		}
		switch {
		case both && s.First == FromHook || both && s.Hint:
			to.Pushed++
		case both:
			to.Late++
		case s.First == FromHook:
			to.OnlyPush++
			continue // not known to the log, so it says nothing of what the push tells of it
		default:
			to.OnlyLog++
		}
		if silent = silent && !both; silent {
			transactions[cmp.Or(s.Transaction, s.Occurred.String())] = true
			t.add(s)
		}
	}
	t.Changes = len(transactions)
	return t
}

// add counts an event of the newest that the log alone told.
func (t *Telling) add(s Sighting) {
	t.Silent++
	t.Since = s.Occurred
	if len(t.Types) < 5 && !slices.Contains(t.Types, s.Type) {
		t.Types = append(t.Types, s.Type)
	}
}

// told says whether both ways told of an event, and whether that is known yet.
func (s Sighting) told(hints []time.Time, now time.Time) (both, ripe bool) {
	age, delay := now.Sub(s.Occurred), s.Read.Sub(s.Occurred)
	if s.Hint {
		i, _ := slices.BinarySearchFunc(hints, s.Occurred.Add(-hintBefore), time.Time.Compare)
		both = i < len(hints) && !hints[i].After(s.Read.Add(hintAfter))
		return both, age >= hintHas && now.Sub(s.Read) >= hintAfter && (both || delay <= hintAway)
	}
	return s.Both, age >= pushHas && (s.Both || s.First == FromHook || delay <= pushAway)
}

// Trouble says in words for people what only the log tells and since when; empty
// when all is well, and when too little happened to know.
func (t Telling) Trouble() string {
	pushed, of := t.Hour.Share()
	before, ofDay := t.Day.Share()
	switch {
	case t.Silent >= leastSilent && t.Changes > 1:
		return fmt.Sprintf("The last %d events that the platform should have pushed to us came by its log alone, the first of them on %s (%s).",
			t.Silent, t.Since.UTC().Format("2 January 15:04 UTC"), strings.Join(t.Types, ", "))
	case of >= leastHour && 2*pushed < of && before > 0 && 2*before >= ofDay:
		return fmt.Sprintf("The platform pushed only %d of the last hour's %d events to us; the others came by its log alone. The day before it pushed %d of %d.",
			pushed, of, before, ofDay)
	}
	return ""
}
