package audit

import "fmt"

// A Fault is what is wrong with the log where it first goes wrong.
type Fault string

// The faults, each with what it takes to cause it.
const (
	// FaultAltered: the body is not the one whose hash was stored with it.
	FaultAltered Fault = "altered"
	// FaultUnreadable: the hashes agree, but the body is no entry.
	FaultUnreadable Fault = "unreadable"
	// FaultMissing: an entry was removed; later ones are there.
	FaultMissing Fault = "missing"
	// FaultReordered: the body is a different entry's, or was filed elsewhere.
	FaultReordered Fault = "reordered"
	// FaultTruncated: the end of the log was cut off.
	FaultTruncated Fault = "truncated"
	// FaultHashDiffers: a stored inner hash does not follow from the entries
	// under it.
	FaultHashDiffers Fault = "stored hash differs"
	// FaultHashMissing: a stored hash was removed, or the entry was put in by
	// something else than the log.
	FaultHashMissing Fault = "stored hash missing"
	// FaultRewritten: entries and hashes agree with each other, but not with
	// the checkpoint that left the database earlier.
	FaultRewritten Fault = "rewritten"
)

// A Finding is the first place at which the log is not what it was.
type Finding struct {
	Fault Fault `json:"fault"`
	// Seq is the first entry that is bad, and Last the last one that may be
	// the bad one: the same, unless the fault can only be placed in a range.
	Seq  int64 `json:"seq"`
	Last int64 `json:"last"`
	// Detail says in words what was compared with what.
	Detail string `json:"detail"`
}

// String reads, for a person: entry 7 altered: …
func (f Finding) String() string {
	where := fmt.Sprintf("entry %d", f.Seq)
	if f.Last > f.Seq {
		where = fmt.Sprintf("entries %d to %d", f.Seq, f.Last)
	}
	return fmt.Sprintf("%s: %s: %s", where, f.Fault, f.Detail)
}

// A Report is the outcome of [Verify].
type Report struct {
	// Size is how many entries were found good, from the first on.
	Size int64 `json:"size"`
	// Root is the root of the whole log, when nothing is wrong.
	Root Hash `json:"root"`
	// Checkpoints is how many of those given were compared and agreed. With
	// none, a consistent rewrite of everything would not have been seen.
	Checkpoints int `json:"checkpoints"`
	// Finding is nil if nothing is wrong.
	Finding *Finding `json:"finding,omitempty"`
}

// OK reports whether the whole log was read and nothing is wrong with it.
func (r Report) OK() bool { return r.Finding == nil }

// String is one line for a person.
func (r Report) String() string {
	if r.Finding != nil {
		return fmt.Sprintf("audit log NOT intact: %s (the %d entries before are good)", r.Finding, r.Size)
	}
	if r.Checkpoints == 0 {
		return fmt.Sprintf("audit log consistent in itself: %d entries, root %s; without a checkpoint a full rewrite would not show", r.Size, r.Root)
	}
	return fmt.Sprintf("audit log intact: %d entries, root %s, %d checkpoint(s) agree", r.Size, r.Root, r.Checkpoints)
}
