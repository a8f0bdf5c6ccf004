package holds

import "time"

// Summary is one line of the queue.
type Summary struct {
	Key         Key          `json:"key"`
	Connection  ConnectionID `json:"connection"`
	Class       Class        `json:"class"`
	Tier        Tier         `json:"tier"`
	Subject     Account      `json:"subject"`
	Actor       Party        `json:"actor"`
	State       State        `json:"state"`
	Containment Containment  `json:"containment"`
	Standing    Standing     `json:"standing"`
	Occurred    time.Time    `json:"occurred,omitzero"`
	Opened      time.Time    `json:"opened,omitzero"`
	Due         time.Time    `json:"due,omitzero"`
	Escalations int          `json:"escalations"`
	Frozen      bool         `json:"frozen"`
	Events      int          `json:"events"`
	// ToldOnly and EffectiveBy are as on the hold.
	ToldOnly    bool      `json:"told_only"`
	EffectiveBy time.Time `json:"effective_by,omitzero"`
	// Leader is the hold that this one follows.
	Leader HoldID `json:"leader,omitempty"`
}

// Start is what a job on a hold starts from.
type Start struct {
	Hold Hold
	// Siblings are the other holds of the person and those that this one follows or
	// is followed by.
	Siblings []Summary
	// Epoch is the installation's, which a restore raises.
	Epoch int64
}

// Filter selects holds for a queue. The zero value is the open holds, most
// urgent first: not-me, then tier, then age.
type Filter struct {
	// Ended lists the ended holds instead, newest first.
	Ended bool
	// Subject matches the account's id or login exactly.
	Subject string
	// Limit is at most 200; zero is 50.
	Limit int
}

// Moment is one line of a hold's timeline.
type Moment struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	// Detail is a sentence for people; contact points in it are masked.
	Detail string `json:"detail,omitempty"`
	By     By     `json:"by,omitempty"`
}

// NoticeView is a notice with its ledger, its point masked.
type NoticeView struct {
	Notice   Notice
	Masked   string
	Attempts []Attempt
}

// View is everything a reviewer sees of one hold.
type View struct {
	Hold     Hold
	Snapshot Snapshot // the newest before-image
	Known    bool
	Intents  []Intent
	Notices  []NoticeView
	Notes    []Note
	// People are the names of everybody the hold mentions.
	People map[PersonID]Person
	// Siblings are the other holds of this account that are not over, and of the
	// owner's other accounts: those that are open, and those that were opened within
	// a day of this one.
	Siblings []Summary
	// Durable is when the delivery that opened the hold was committed.
	Durable time.Time
}

// ConnectionHealth is what is known of a connection's footing.
type ConnectionHealth struct {
	Tenant     TenantID
	Connection ConnectionID
	Mode       Mode
	// Enforcement is the last reading of the restraint group's rules.
	Enforcement Enforcement
	// Polled is the last successful reading of the provider's log; Trouble is
	// the last error since, in words for people.
	Polled  time.Time
	Trouble string
	// Feeds is what is wrong with the subscriptions through which the provider
	// calls us, in words for people; empty when all is well or there are none.
	Feeds string
	// Telling is how the connection's changes reached us of late.
	Telling Telling
	// Provider is "okta" or "entra", Configured since when the connection is there.
	Provider   string
	Configured time.Time
	// LogTrouble and RulesTrouble are the two parts of Trouble: what keeps the log
	// from being read, and the restraint group's rules.
	LogTrouble   string
	RulesTrouble string
	// CursorMoved is when the place where the log is read on last moved.
	CursorMoved time.Time
	// Subscriptions are those through which the provider calls us.
	Subscriptions []Feed
	// Push is the last look at the push's own configuration.
	Push PushLook
	// Refused is how many notifications were not the provider's of late, RefusedAt
	// when the last of them came.
	Refused   int
	RefusedAt time.Time
}

// PushLook is what was seen of a connection's push at its provider.
type PushLook struct {
	// At is when it was last seen.
	At time.Time
	// Trouble is what was wrong with it then, in words for people, and Since since
	// when something has been.
	Trouble string
	Since   time.Time
	// Unseen is why it could not be looked at last time.
	Unseen string
}
