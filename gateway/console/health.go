package console

import (
	"fmt"
	"time"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// How old a reading may be before a page says so.
const (
	staleLog   = 5 * time.Minute
	staleRules = 15 * time.Minute
)

// connection is how one identity platform is, in words.
type connection struct {
	ID   string
	Mode string
	// Acts is false while holds of it restrain nobody.
	Acts bool
	// Log is when the provider's log was read; Rules whether the restraint
	// group's rules are in force.
	Log, Rules string
	// Told is how many changes the platform pushed to us of those it should, empty
	// when there were none of late.
	Told string
	// Problems are sentences people have to do something about.
	Problems []string
}

func connectionOf(h holds.ConnectionHealth, now time.Time) connection {
	c := connection{
		ID: page.Line(string(h.Connection), 60), Mode: modeName(h.Mode), Acts: h.Mode == holds.ModeContain,
		Log: "log read " + page.Ago(h.Polled, now),
	}
	switch {
	case h.Polled.IsZero():
		c.Log = "log not read yet"
	case now.Sub(h.Polled) > staleLog:
		c.Problems = append(c.Problems, "The provider's log was last read "+page.Ago(h.Polled, now)+"; changes that no webhook tells of are not seen meanwhile.")
	}
	if h.Trouble != "" {
		c.Problems = append(c.Problems, "Calls to the provider fail: "+page.Line(h.Trouble, 300))
	}
	if h.Feeds != "" {
		c.Problems = append(c.Problems, "Notifications from the provider: "+page.Line(h.Feeds, 300))
	}
	c.told(h.Telling)
	if c.Acts {
		c.rules(h.Enforcement, now)
	}
	return c
}

// told says how many changes came by the push and not by the log alone.
func (c *connection) told(t holds.Telling) {
	pushed, of := t.Hour.Share()
	before, ofDay := t.Day.Share()
	if of+ofDay > 0 {
		c.Told = fmt.Sprintf("%d of %d changes pushed in a day", pushed+before, of+ofDay)
	}
	if why := t.Trouble(); why != "" {
		c.Problems = append(c.Problems, page.Line(why, 300))
	}
}

// rules says whether a restraint would restrain anybody.
func (c *connection) rules(e holds.Enforcement, now time.Time) {
	switch {
	case e.At.IsZero():
		c.Rules = "restraint not checked yet"
	case !e.InForce:
		c.Rules = "restraint NOT enforced"
		c.Problems = append(c.Problems, "The restraint is not enforced, so holds of this connection are only observed.")
	case now.Sub(e.At) > staleRules:
		c.Rules = "restraint in force, checked " + page.Ago(e.At, now)
		c.Problems = append(c.Problems, "Whether the restraint is enforced was last checked "+page.Ago(e.At, now)+".")
	default:
		c.Rules = "restraint in force"
	}
	for _, p := range e.Problems { // also what is short of perfect while it restrains
		c.Problems = append(c.Problems, page.Line(p, 300))
	}
}
