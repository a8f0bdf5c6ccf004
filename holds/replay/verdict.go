package replay

import "github.com/countersign/countersign/holds"

// Record is one record of a log: the events a decoder reads from it, usually one,
// or what is wrong with it.
type Record struct {
	Index  int64
	File   string
	Events []holds.Event
	Err    error
}

// The modes of a verdict: what would be done about a change that is held.
const (
	// Contain: at least one account would be restrained.
	Contain = "contain"
	// Notify: people would be told and asked, and nobody restrained.
	Notify = "notify"
)

// Verdict is what becomes of one record. The keys of its JSON are a promise.
type Verdict struct {
	// Index counts records from 0 across all files; File is the one it is in.
	Index int64  `json:"index"`
	File  string `json:"file"`
	// ID is the provider's id of the event.
	ID    string      `json:"id"`
	Class holds.Class `json:"class"`
	// TakesEffect is the record's own outcome. Where it tells none, or one that is not
	// known, a change counts as having taken effect, and class none does not.
	TakesEffect bool `json:"takes_effect"`
	// Change is shared by the records of one change, and by those of whatever else the
	// hold of that change takes in before its deadline: so there are as many holds as
	// different changes that are held, unless one change comes to several accounts. It
	// is empty for class none.
	Change string `json:"change"`
	// Held tells whether the change would be held, for each of its records.
	Held bool `json:"held"`
	// Tier is the tier of a change that is held, and low for one that is only told
	// to the owner of the account.
	Tier holds.Tier `json:"tier"`
	// Mode is Contain or Notify where the change is held, else empty.
	Mode string `json:"mode"`
	// Subjects are the ids of the accounts that were changed; of a change to the
	// whole organisation, the one of the person who made it.
	Subjects []string `json:"subjects"`
	Actor    string   `json:"actor"`
	// Reason is the rule and what it says.
	Reason string `json:"reason"`
	// Err is what is wrong with a record that cannot be read: then only Index and
	// File stand beside it.
	Err string `json:"-"`
}
