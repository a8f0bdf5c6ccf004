package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// print writes the diagnosis for people: what is wrong stands under what it is
// wrong with, and the last line says how much there is.
func (d diagnosis) print(out io.Writer) error {
	p := &bedside{now: d.At}
	p.database(d)
	p.findings(d.Findings)
	for _, c := range d.Connections {
		p.connection(c)
	}
	p.line("")
	switch n := d.wrong(); n {
	case 0:
		p.line("Nothing is wrong.")
	case 1:
		p.line("One thing is wrong.")
	default:
		p.line("%d things are wrong.", n)
	}
	_, err := io.WriteString(out, p.text.String())
	return err
}

// bedside is what is being written.
type bedside struct {
	text strings.Builder
	now  time.Time
}

func (p *bedside) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

// about is a line of one subject.
func (p *bedside) about(what, format string, args ...any) {
	p.line("  %-14s"+format, append([]any{what}, args...)...)
}

func (p *bedside) database(d diagnosis) {
	p.line("This installation, at %s", stamp(d.At))
	p.about("database", "PostgreSQL %s, tables at version %d, its clock %+d ms from ours", d.Database.Server, d.Database.Schema, d.Database.Offset.Milliseconds())
	var settings []string
	for _, name := range sortedKeys(d.Database.Settings) {
		settings = append(settings, name+" "+d.Database.Settings[name])
	}
	p.about("durability", "%s", strings.Join(settings, ", "))
	waits := "nothing waits"
	if d.Inbox.Waiting > 0 {
		waits = fmt.Sprintf("%d undecided, the oldest for %s", d.Inbox.Waiting, p.since(d.Inbox.Oldest))
	}
	if d.Inbox.Failed > 0 {
		waits += fmt.Sprintf(", %d failed", d.Inbox.Failed)
	}
	p.about("inbox", "%s", waits)
	var work []string
	for _, b := range d.Jobs {
		if b.Waiting > 0 {
			work = append(work, fmt.Sprintf("%d %s (%d failing)", b.Waiting, b.Kind, b.Failing))
		}
	}
	p.about("jobs", "%s", oneOf(strings.Join(work, ", "), "nothing waits"))
}

func (p *bedside) connection(c patient) {
	p.line("")
	p.line("%s/%s: %s, mode %s: %s", c.Tenant, c.Connection, c.Provider, c.Mode, c.Hearing)
	if c.Polled.IsZero() {
		p.about("log", "never read")
	} else {
		p.about("log", "read %s ago%s", p.since(c.Polled), p.moved(c.CursorMoved))
	}
	if h := c.Hook; h != nil {
		switch {
		case h.At.IsZero():
			p.about("hook", "never looked at")
		case h.InOrder:
			p.about("hook", "in order, looked at %s ago", p.since(h.At))
		default:
			p.about("hook", "NOT in order, looked at %s ago", p.since(h.At))
		}
	}
	for _, s := range c.Subscriptions {
		p.about("subscription", "%s: %s", s.Resource, p.ends(s))
	}
	p.told(c.Telling)
	p.restraint(c)
	p.findings(c.Findings)
}

func (p *bedside) moved(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return ", its place moved " + p.since(at) + " ago"
}

func (p *bedside) ends(s subscription) string {
	switch {
	case !s.There:
		return "missing"
	case s.Expires.After(p.now):
		return "there, ends in " + holds.Ago(s.Expires.Sub(p.now))
	}
	return "ended " + p.since(s.Expires) + " ago"
}

// told is how many changes the push told of those that it should.
func (p *bedside) told(t holds.Telling) {
	hour, ofHour := t.Hour.Share()
	day, ofDay := t.Day.Share()
	if ofHour+ofDay == 0 {
		p.about("pushed", "nothing to push in a day")
		return
	}
	p.about("pushed", "%d of %d in the last hour, %d of %d in the day before", hour, ofHour, day, ofDay)
}

func (p *bedside) restraint(c patient) {
	switch {
	case c.Mode != holds.ModeContain:
		p.about("restraint", "not used in mode %s", c.Mode)
	case c.Restraint.At.IsZero():
		p.about("restraint", "never checked")
	case c.Restraint.InForce:
		p.about("restraint", "in force, checked %s ago", p.since(c.Restraint.At))
	default:
		p.about("restraint", "NOT in force, checked %s ago", p.since(c.Restraint.At))
	}
}

// findings are what is wrong and what deserves a look, each with what to do.
func (p *bedside) findings(all []holds.Finding) {
	for _, f := range all {
		head := "note"
		if f.Wrong {
			head = "WRONG"
		}
		since := ""
		if !f.Since.IsZero() && f.Wrong {
			since = " (since " + stamp(f.Since) + ")"
		}
		p.line("  %-5s %s%s", head, f.What, since)
		if f.Do != "" {
			p.line("        %s", f.Do)
		}
	}
}

func (p *bedside) since(at time.Time) string { return holds.Ago(p.now.Sub(at)) }
