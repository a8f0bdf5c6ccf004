package okta

import (
	"fmt"
	"regexp"
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
func readTime(v providers.JSON, received time.Time) (time.Time, string) {
	received = received.UTC().Truncate(time.Microsecond)
	if v.Kind == providers.Absent || v.Kind == providers.Null || v.Text == "" {
		return received, "The event does not say when it happened; the time of receipt is used."
	}
	t, doubt := parseTime(v.Text)
	if t.IsZero() {
		return received, "The event's time " + quoted(v.Text) + " cannot be read; the time of receipt is used."
	}
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 2000 || t.After(received.Add(farAhead)) {
		return received, "The event's time " + quoted(v.Text) + " cannot be true; the time of receipt is used."
	}
	return t, doubt
}

var (
	leapSecond = regexp.MustCompile(`^(.{17})60`)
	unixMillis = regexp.MustCompile(`^[0-9]{13}$`)
)

// parseTime accepts RFC 3339 of any precision and zone; with a doubt, also the
// zone-less form that exports of the log have, a leap second, and milliseconds
// since 1970. The zero time means that it is none of these.
func parseTime(s string) (time.Time, string) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, ""
	}
	if m := leapSecond.FindStringSubmatch(s); m != nil {
		t, _ := parseTime(m[1] + "59" + s[19:])
		return t, "The event's time is in a leap second and was read as the second before it."
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t, fmt.Sprintf("The event's time %s names no zone and was read as UTC.", quoted(s))
		}
	}
	if unixMillis.MatchString(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err == nil {
			return time.UnixMilli(n), "The event's time is a number and was read as milliseconds since 1970."
		}
	}
	return time.Time{}, ""
}
