package keepertest

import (
	"context"
	"time"

	"github.com/countersign/countersign/holds"
)

// Store is the keeper's store ports in one (keeper.Inbox, Holds, Intents,
// Snapshots, Notices and Directory, where their promises stand).
type Store interface {
	Receive(ctx context.Context, d holds.Delivery) error
	Decide(ctx context.Context, now time.Time, decode func(holds.Delivery) ([]holds.Event, error), fold func(holds.Question) (holds.Answer, error)) (bool, error)

	Update(ctx context.Context, key holds.Key, now time.Time, change func(holds.Hold) (*holds.Change, error)) (holds.Hold, error)
	OpenHold(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string) (holds.Key, error)
	Start(ctx context.Context, key holds.Key) (holds.Start, error)
	View(ctx context.Context, key holds.Key) (holds.View, error)
	Due(ctx context.Context, now time.Time, limit int) ([]holds.Key, error)
	Restrained(ctx context.Context, before time.Time, limit int) ([]holds.Key, error)

	Intents(ctx context.Context, key holds.Key) ([]holds.Intent, error)
	Tried(ctx context.Context, key holds.Key, intent holds.IntentID, at time.Time) error
	Outcome(ctx context.Context, key holds.Key, intent holds.IntentID, result holds.Result) error

	SaveSnapshot(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, s holds.Snapshot) error
	SnapshotBefore(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string, before time.Time) (holds.Snapshot, error)
	SaveHealth(ctx context.Context, h holds.ConnectionHealth) error

	Notice(ctx context.Context, tenant holds.TenantID, id holds.NoticeID) (holds.Notice, error)
	Gathered(ctx context.Context, tenant holds.TenantID, id holds.NoticeID) ([]holds.Notice, error)
	Attempted(ctx context.Context, tenant holds.TenantID, a holds.Attempt) error
	CodeTry(ctx context.Context, tenant holds.TenantID, id holds.NoticeID, right bool, now time.Time) (bool, error)

	Person(ctx context.Context, tenant holds.TenantID, id holds.PersonID) (holds.Person, error)
	PersonOf(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string) (holds.Person, error)
	People(ctx context.Context, tenant holds.TenantID) ([]holds.Person, error)
}

// Setup is what a store starts with: the organisations' connections and people.
// The first synchronisation of the configuration and the first import of people
// would have made it so.
type Setup struct {
	Places []Place
	People []holds.Person
}

// Place is one connection of one tenant.
type Place struct {
	Tenant     holds.TenantID
	Connection holds.ConnectionID
	Mode       holds.Mode
}

// State is everything a store has, as of one moment.
type State struct {
	Holds   []holds.Hold // in the order of their opening
	Intents []holds.Intent
	Notices []holds.Notice
	Inbox   []Received
	Rulings []Ruled
	Jobs    []Queued // that have not ended
	// Log is the audit log's entries by hold, and Size how many there are of all.
	Log  map[holds.HoldID]int
	Size int64
}

// Received is a delivery and how far it has come.
type Received struct {
	ID       int64
	Tenant   holds.TenantID
	Digest   [32]byte
	Decided  bool
	Failed   bool
	Attempts int
}

// Ruled is what was said of one event for one of its subjects.
type Ruled struct {
	Tenant     holds.TenantID
	Connection holds.ConnectionID
	Event      string
	Subject    string
	Verdict    holds.Verdict
	Reason     string
	Hold       holds.HoldID
}

// Queued is a job that has not ended.
type Queued struct {
	ID      int64
	Job     holds.Job // Attempt counts the runs that were begun
	Running bool
}

// Bench is a store with the handles that a test turns beside the ports.
type Bench interface {
	// Replica is the store as one more process has it.
	Replica(n int) Store
	// State reads everything.
	State(ctx context.Context) (State, error)
	// Jobs are those that have not ended, and Undecided counts the deliveries that wait.
	Jobs(ctx context.Context) ([]Queued, error)
	Undecided(ctx context.Context) (int, error)
	// Claim marks a waiting job as running and counts the attempt.
	Claim(ctx context.Context, id int64) (holds.Job, error)
	// End ends a job for good; Again lets it wait for its next attempt.
	End(ctx context.Context, id int64) error
	Again(ctx context.Context, id int64) error
	// Verify computes the audit log again from its entries and says what is wrong
	// with it; a head is its size and root as somebody outside remembers them.
	Verify(ctx context.Context, heads []Head) error
	// Leaves are the bodies of the log's entries from a number on.
	Leaves(ctx context.Context, from int64) ([][]byte, error)
	// Head is the log's size and root now.
	Head(ctx context.Context) (Head, error)
}

// Head is what a checkpoint says of the audit log.
type Head struct {
	Size int64
	Root [32]byte
}
