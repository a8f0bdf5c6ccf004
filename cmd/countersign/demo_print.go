package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/countersign/countersign/holds"
)

// line is one moment of a story, and which of the person's holds it belongs to.
type line struct {
	holds.Moment
	hold holds.Hold
}

// lines are the moments of all holds of the person, in the order they happened.
func (s story) lines() []line {
	var out []line
	for _, v := range s.views {
		for _, m := range v.Timeline() {
			out = append(out, line{m, v.Hold})
		}
	}
	slices.SortStableFunc(out, func(a, b line) int { return a.At.Compare(b.At) })
	return out
}

// received is when we first heard of any of it.
func (s story) received() time.Time {
	at := s.views[0].Hold.Received
	for _, v := range s.views {
		if v.Hold.Received.Before(at) {
			at = v.Hold.Received
		}
	}
	return at
}

// owner is whose accounts these are.
func (s story) owner() string {
	h := s.views[0].Hold
	if p, ok := s.views[0].People[h.Owner]; ok && p.Name != "" {
		return p.Name
	}
	return oneOf(h.Subject.Name, h.Subject.Login)
}

// print tells the story to people: where each account stands, then everything in
// order, with the time since we first heard of it.
func (s story) print(w io.Writer) error {
	say(w, "\n%s: %s", s.name, s.owner())
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, v := range s.views {
		h := v.Hold
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\thold %s\n", h.Connection, oneOf(h.Subject.Login, h.Subject.ID), h.Class, label(h), h.ID)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, v := range s.views {
		for _, d := range append(slices.Clone(v.Hold.Doubts), v.Hold.Unlinked...) {
			say(w, "  ! %s: %s", v.Hold.Connection, d)
		}
	}
	for _, l := range s.lines() {
		by := ""
		if l.By != "" {
			by = " (" + string(l.By) + ")"
		}
		for i, part := range l.parts() {
			if i == 0 {
				fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s%s\n", l.At.UTC().Format("15:04:05.000"), distance(l.At.Sub(s.received())), l.hold.Connection, l.What, part, by)
			} else {
				fmt.Fprintf(t, "\t\t\t\t%s\n", part)
			}
		}
	}
	return t.Flush()
}

// parts are the lines of a moment: what was undone and what was not are many
// sentences.
func (l line) parts() []string {
	if l.What != string(holds.Reverted) {
		return []string{l.Detail}
	}
	parts := strings.SplitAfter(l.Detail, ";")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// json tells it to programs, one line for each moment.
func (s story) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	for _, l := range s.lines() {
		out := map[string]any{
			"story": s.name, "connection": l.hold.Connection, "hold": l.hold.ID, "subject": l.hold.Subject.Login, "state": l.hold.State,
			"at": l.At, "what": l.What, "since_received_ms": l.At.Sub(s.received()).Milliseconds(), "detail": l.Detail,
		}
		if l.By != "" {
			out["by"] = l.By
		}
		if err := enc.Encode(out); err != nil {
			return err
		}
	}
	return nil
}

// distance is a time that passed, as exactly as people want it.
func distance(d time.Duration) string {
	switch size := d.Abs(); {
	case size < 10*time.Second:
		return fmt.Sprintf("%+d ms", d.Milliseconds())
	case size < 10*time.Minute:
		return fmt.Sprintf("%+.1f s", d.Seconds())
	}
	return fmt.Sprintf("%+.0f min", d.Minutes())
}
