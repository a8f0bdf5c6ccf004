package holds_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// told makes sightings of one way, a minute apart, the newest so many minutes old;
// every two of them are one change.
func told(way string, n, newest int, now time.Time) []holds.Sighting {
	out := make([]holds.Sighting, 0, n)
	for i := range n {
		at := now.Add(-time.Duration(newest+i) * time.Minute)
		s := holds.Sighting{Type: "type." + way, Transaction: fmt.Sprint(way, newest, i/2), Occurred: at, Read: at.Add(7 * time.Second), First: holds.FromPoller}
		switch way {
		case "pushed":
			s.First, s.Both = holds.FromHook, true
		case "late":
			s.Both = true
		case "only push":
			s.First = holds.FromHook
		case "away":
			s.Read = at.Add(11 * time.Minute)
		case "one change":
			s.Transaction = "one"
		}
		out = append(out, s)
	}
	return out
}

func join(all ...[]holds.Sighting) (out []holds.Sighting) {
	for _, s := range all {
		out = append(out, s...)
	}
	return out
}

// TestD3AFallingRatioIsTrouble: a push that no longer tells what the log does is
// trouble, and quiet, an outage of ours, a push that is only slow or a single lost
// delivery is none.
func TestD3AFallingRatioIsTrouble(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		all  []holds.Sighting
		want string
	}{
		"a quiet tenant":                       {nil, ""},
		"the hook tells":                       {told("pushed", 40, 4, now), ""},
		"the log was faster":                   {told("late", 40, 4, now), ""},
		"D3 nothing since the allowance burnt": {join(told("log", 5, 4, now), told("pushed", 30, 20, now)), "The last 5 events"},
		"a hook that never told":               {told("log", 6, 30, now), "The last 6 events"},
		"four are too few":                     {join(told("log", 4, 4, now), told("pushed", 30, 20, now)), ""},
		"a single lost delivery":               {join(told("one change", 9, 4, now), told("pushed", 30, 20, now)), ""},
		"too young to know":                    {join(told("log", 3, 0, now), told("log", 4, 3, now), told("pushed", 10, 20, now)), ""},
		"it tells again":                       {join(told("pushed", 1, 4, now), told("log", 9, 10, now), told("pushed", 20, 62, now)), "only 1 of the last hour's 10"},
		"it told better than half":             {join(told("pushed", 6, 4, now), told("log", 5, 10, now), told("pushed", 20, 62, now)), ""},
		"nine in an hour are too few":          {join(told("pushed", 1, 4, now), told("log", 8, 10, now), told("pushed", 20, 62, now)), ""},
		"it was no better the day before":      {join(told("pushed", 1, 4, now), told("log", 9, 10, now), told("log", 20, 62, now)), ""},
		"we were away":                         {join(told("away", 20, 11, now), told("pushed", 10, 40, now)), ""},
		"a forger cannot hide it":              {join(told("only push", 50, 4, now), told("log", 5, 20, now)), "The last 5 events"},
	} {
		t.Run(name, func(t *testing.T) {
			got := holds.CountTold(tc.all, nil, now).Trouble()
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Fatalf("got %q", got)
			}
		})
	}
}

// TestD3WhatIsSaid: what comes by the log alone, and since when.
func TestD3WhatIsSaid(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	got := holds.CountTold(join(told("pushed", 3, 20, now), told("log", 6, 4, now)), nil, now)
	const want = "The last 6 events that the platform should have pushed to us came by its log alone, " +
		"the first of them on 23 November 11:51 UTC (type.log)."
	if got.Trouble() != want {
		t.Errorf("%q", got.Trouble())
	}
}

// TestD7TheWaysAreCounted: every event once, by the way it came, in the hour or the
// day before it.
func TestD7TheWaysAreCounted(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	got := holds.CountTold(join(
		told("pushed", 2, 4, now), told("late", 3, 10, now), told("log", 1, 20, now), told("only push", 4, 30, now), told("away", 5, 40, now),
		told("pushed", 6, 61, now), told("log", 7, 100, now), told("only push", 8, 200, now),
	), nil, now)
	want := holds.Telling{
		At:   now,
		Hour: holds.TellingCount{Pushed: 2, Late: 3, OnlyLog: 1, OnlyPush: 4},
		Day:  holds.TellingCount{Pushed: 6, OnlyLog: 7, OnlyPush: 8},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestD7HintsAround: where the push only hints, a change counts as pushed when any
// hint came around it, up to the reading of its record, which may be late.
func TestD7HintsAround(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		age, delay int   // minutes
		hints      []int // minutes after the change
		want       holds.TellingCount
	}{
		"a hint at once":                       {40, 10, []int{0}, holds.TellingCount{Pushed: 1}},
		"clocks differ":                        {40, 10, []int{-2}, holds.TellingCount{Pushed: 1}},
		"the hint was of something before":     {40, 10, []int{-3}, holds.TellingCount{OnlyLog: 1}},
		"sent again when we were back":         {59, 40, []int{44}, holds.TellingCount{Pushed: 1}},
		"the hint was of something after":      {40, 10, []int{16}, holds.TellingCount{OnlyLog: 1}},
		"the first that is late enough counts": {40, 10, []int{-9, -5, 3, 20}, holds.TellingCount{Pushed: 1}},
		"none":                                 {40, 10, nil, holds.TellingCount{OnlyLog: 1}},
		"the change is young":                  {14, 5, nil, holds.TellingCount{}},
		"its record was read just now":         {40, 36, nil, holds.TellingCount{}},
	} {
		t.Run(name, func(t *testing.T) {
			at := now.Add(-time.Duration(tc.age) * time.Minute)
			var hints []time.Time
			for _, h := range tc.hints {
				hints = append(hints, at.Add(time.Duration(h)*time.Minute))
			}
			s := holds.Sighting{Type: "Add user", Occurred: at, Read: at.Add(time.Duration(tc.delay) * time.Minute), First: holds.FromPoller, Hint: true}
			if diff := cmp.Diff(tc.want, holds.CountTold([]holds.Sighting{s}, hints, now).Hour); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
