package page

import (
	"fmt"
	"time"
)

// Stamp is a moment to the second, in UTC; a dash for none.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// Minute is a moment to the minute, in UTC, as people say it.
func Minute(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

// Exact is the time of day to the millisecond, in UTC.
func Exact(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// Fine is a moment to the millisecond, in UTC.
func Fine(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }

// ISO is a moment for programs.
func ISO(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Span is a duration in the largest two units people use: 45 s, 12 min,
// 3 h 5 min, 2 d 4 h.
func Span(d time.Duration) string {
	d = d.Abs()
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 24*time.Hour:
		return two(int(d/time.Hour), "h", int(d%time.Hour/time.Minute), "min")
	}
	return two(int(d/(24*time.Hour)), "d", int(d%(24*time.Hour)/time.Hour), "h")
}

func two(a int, unitA string, b int, unitB string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unitA)
	}
	return fmt.Sprintf("%d %s %d %s", a, unitA, b, unitB)
}

// Ago is how long before now something was: "just now", "12 min ago", and "in
// 5 min" when it is still to come; "never" for no time.
func Ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "never"
	case d <= -time.Second:
		return "in " + Span(d)
	case d < time.Second:
		return "just now"
	default:
		return Span(d) + " ago"
	}
}
