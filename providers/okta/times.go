package okta

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/providers"
)

// farAhead is how far an event may lie in our future before its time is not
// believed; clocks differ, but not by days.
const farAhead = 24 * time.Hour

// readTime reads an event's published time as UTC, to the microsecond. Where
// it cannot be read or believed the time of receipt stands in: a wrong time
// would make contact points look older, or snapshots newer, than they are. The
// doubt says what was done; it is empty for a plain RFC 3339 time.
func readTime(v value, received time.Time) (time.Time, string) {
	received = received.UTC().Truncate(time.Microsecond)
	text := v.text()
	if k := v.kind(); k == providers.Absent || k == providers.Null || text == "" {
		return received, "The event does not say when it happened; the time of receipt is used."
	}
	t, doubt := parseTime(text)
	if t.IsZero() {
		return received, "The event's time " + quoted(text) + " cannot be read; the time of receipt is used."
	}
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 2000 || t.After(received.Add(farAhead)) {
		return received, "The event's time " + quoted(text) + " cannot be true; the time of receipt is used."
	}
	return t, doubt
}

// parseTime accepts RFC 3339 of any precision and zone; with a doubt, also the
// zone-less form that exports of the log have, a leap second, and milliseconds
// since 1970. The zero time means that it is none of these.
func parseTime(s string) (time.Time, string) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, ""
	}
	if len(s) > 19 && s[16:19] == ":60" {
		t, _ := parseTime(s[:17] + "59" + s[19:])
		return t, "The event's time is in a leap second and was read as the second before it."
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t, fmt.Sprintf("The event's time %s names no zone and was read as UTC.", quoted(s))
		}
	}
	if n, err := strconv.ParseUint(s, 10, 63); err == nil && len(s) == 13 {
		return time.UnixMilli(int64(n)), "The event's time is a number and was read as milliseconds since 1970."
	}
	return time.Time{}, ""
}
