package main

import (
	"fmt"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/pgstore"
)

// diagnosis is what the doctor found. Its JSON is for programs; fields are added to
// it, and none changes its meaning.
type diagnosis struct {
	At          time.Time         `json:"at"`
	Version     string            `json:"version"`
	Well        bool              `json:"well"`
	Database    pgstore.Condition `json:"database"`
	Inbox       inboxLook         `json:"inbox"`
	Jobs        []jobs.Backlog    `json:"jobs"`
	Findings    []holds.Finding   `json:"findings"`
	Connections []patient         `json:"connections"`
}

// inboxLook is how the inbox is, over all tenants.
type inboxLook struct {
	Waiting int64     `json:"waiting"`
	Failed  int64     `json:"failed"`
	Oldest  time.Time `json:"oldest,omitzero"`
}

// patient is one connection.
type patient struct {
	Tenant        holds.TenantID     `json:"tenant"`
	Connection    holds.ConnectionID `json:"connection"`
	Provider      string             `json:"provider"`
	Mode          holds.Mode         `json:"mode"`
	Hearing       holds.Hearing      `json:"hearing"`
	Polled        time.Time          `json:"polled,omitzero"`
	CursorMoved   time.Time          `json:"cursor_moved,omitzero"`
	Hook          *hookLook          `json:"hook,omitempty"`
	Subscriptions []subscription     `json:"subscriptions,omitempty"`
	Telling       holds.Telling      `json:"telling"`
	Restraint     restraint          `json:"restraint"`
	Findings      []holds.Finding    `json:"findings"`
}

type hookLook struct {
	At      time.Time `json:"at,omitzero"`
	InOrder bool      `json:"in_order"`
}

type subscription struct {
	Resource string    `json:"resource"`
	There    bool      `json:"there"`
	Expires  time.Time `json:"expires,omitzero"`
}

type restraint struct {
	At      time.Time `json:"at,omitzero"`
	InForce bool      `json:"in_force"`
}

// What belongs to no connection.
const (
	databaseUnsafe holds.FindingKind = "database_unsafe"
	clocksApart    holds.FindingKind = "clocks_apart"
	inboxWaits     holds.FindingKind = "inbox_waits"
	inboxFailed    holds.FindingKind = "inbox_failed"
	jobsWait       holds.FindingKind = "jobs_wait"
	jobsGivenUp    holds.FindingKind = "jobs_given_up"
)

// How long a delivery or a job may wait before that is wrong: both take seconds.
const (
	deliveryMayWait = time.Minute
	jobMayWait      = 2 * time.Minute
	clocksMayDiffer = 500 * time.Millisecond
)

// judge says what is wrong with what all connections share.
func (d *diagnosis) judge() {
	add := func(f holds.Finding) { d.Findings = append(d.Findings, f) }
	for _, name := range sortedKeys(d.Database.Settings) {
		if d.Database.Settings[name] == "off" {
			add(holds.Finding{Kind: databaseUnsafe, Wrong: true, What: "The database runs with " + name + " = off and can lose what it has confirmed.", Do: "Set it to on."})
		}
	}
	if off := d.Database.Offset.Abs(); off > clocksMayDiffer {
		add(holds.Finding{Kind: clocksApart, What: "The database's clock is " + off.Round(time.Millisecond).String() + " away from this machine's.", Do: "Set both by NTP; above 2s the service does not start."})
	}
	if wait := d.At.Sub(d.Inbox.Oldest); !d.Inbox.Oldest.IsZero() && wait > deliveryMayWait {
		add(holds.Finding{
			Kind: inboxWaits, Wrong: true, Since: d.Inbox.Oldest, What: fmt.Sprintf("%s undecided, the oldest for %s.", soMany(d.Inbox.Waiting, "delivery is", "deliveries are"), holds.Ago(wait)),
			Do: "Check that `countersign serve` runs, and its log for what keeps it.",
		})
	}
	if d.Inbox.Failed > 0 {
		add(holds.Finding{
			Kind: inboxFailed, Wrong: true, What: soMany(d.Inbox.Failed, "delivery", "deliveries") + " could not be decided; changes they tell of may be held nowhere.",
			Do: "Compare the provider's log with the holds; each was paged with its reason.",
		})
	}
	for _, b := range d.Jobs {
		if wait := d.At.Sub(b.Oldest); !b.Oldest.IsZero() && wait > jobMayWait {
			add(holds.Finding{
				Kind: jobsWait, Wrong: true, Since: b.Oldest, What: fmt.Sprintf("Jobs of the kind %s wait, the oldest for %s.", b.Kind, holds.Ago(wait)),
				Do: "Check that `countersign serve` runs, and its log for what keeps it.",
			})
		}
		if b.GivenUp > 0 {
			add(holds.Finding{
				Kind: jobsGivenUp, What: soMany(int64(b.GivenUp), "job", "jobs") + " of the kind " + string(b.Kind) + " given up.", Do: "Their holds say so; they need a person.",
			})
		}
	}
	d.Well = d.wrong() == 0
}

// wrong counts what is wrong.
func (d diagnosis) wrong() (n int) {
	lists := [][]holds.Finding{d.Findings}
	for _, p := range d.Connections {
		lists = append(lists, p.Findings)
	}
	for _, list := range lists {
		for _, f := range list {
			if f.Wrong {
				n++
			}
		}
	}
	return n
}

func soMany(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
