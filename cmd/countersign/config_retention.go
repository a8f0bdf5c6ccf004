package main

import (
	"cmp"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// Retention says for how many days is kept what no hold rests on. What belongs to
// a hold, and the audit log, are kept for ever.
type Retention struct {
	// Bodies are the raw bodies of deliveries: 35 by default, at least 7.
	Bodies int `yaml:"bodies"`
	// Events are changes that were not held, with the key by which a repetition is
	// recognised: 100 by default, at least 91, since Okta's log reaches back 90.
	Events int `yaml:"events"`
	// Snapshots are what accounts looked like: 35 by default, at least 7. The
	// newest three of an account stay whatever their age.
	Snapshots int `yaml:"snapshots"`
	// SignIn are sign-in links and sessions that are over: 30 by default, at least 1.
	SignIn int `yaml:"sign_in"`
}

// retention is the configured one, with the defaults for what was left out.
func (c *Config) retention() pgstore.Retention {
	const day = 24 * time.Hour
	r, d := c.Retention, pgstore.DefaultRetention()
	return pgstore.Retention{
		Bodies: cmp.Or(time.Duration(r.Bodies)*day, d.Bodies), Events: cmp.Or(time.Duration(r.Events)*day, d.Events),
		Snapshots: cmp.Or(time.Duration(r.Snapshots)*day, d.Snapshots), SignIn: cmp.Or(time.Duration(r.SignIn)*day, d.SignIn),
		KeepSnapshots: d.KeepSnapshots, Checkpoints: d.Checkpoints,
	}
}

func (c *Config) checkRetention(p *problems) {
	const most = 36500 // a century, so that no number of days overflows
	for key, days := range map[string]int{"bodies": c.Retention.Bodies, "events": c.Retention.Events, "snapshots": c.Retention.Snapshots, "sign_in": c.Retention.SignIn} {
		if days < 0 || days > most {
			p.add("retention."+key, "%d is not a number of days between 1 and %d", days, most)
			return
		}
	}
	if err := c.retention().Check(); err != nil {
		p.add("retention", "%s", strings.TrimSuffix(holds.Say(err), "."))
	}
}
