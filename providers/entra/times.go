package entra

import (
	"fmt"
	"strings"
	"time"
)

// farAhead is how far a record may lie in our future before its time is not
// believed; clocks differ, but not by days.
const farAhead = 24 * time.Hour

// readTime reads a record's time as UTC, to the microsecond (Microsoft writes
// seven digits). Where it cannot be read or believed the time of receipt stands
// in: a wrong time would make contact points look older, or snapshots newer, than
// they are. The doubt says what was done; it is empty for RFC 3339, and for a time
// without a zone where utc says that the shape writes those in UTC.
func readTime(s string, utc bool, received time.Time) (time.Time, string) {
	received = received.UTC().Truncate(time.Microsecond)
	if s == "" {
		return received, "The record does not say when it happened; the time of receipt is used."
	}
	t, zone := parseTime(s)
	if t.IsZero() {
		return received, "The record's time " + quoted(s) + " cannot be read; the time of receipt is used."
	}
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 2000 || t.After(received.Add(farAhead)) {
		return received, "The record's time " + quoted(s) + " cannot be true; the time of receipt is used."
	}
	if !zone && !utc {
		return t, fmt.Sprintf("The record's time %s names no zone and was read as UTC.", quoted(s))
	}
	return t, ""
}

// parseTime accepts RFC 3339 of any precision and zone, and the same without a
// zone, as the unified audit log and many exports write it. The zero time means
// that it is neither.
func parseTime(s string) (t time.Time, zone bool) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t, false
		}
	}
	return time.Time{}, false
}
