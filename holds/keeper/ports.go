package keeper

import (
	"context"
	"time"

	"github.com/countersign/countersign/holds"
)

// Inbox is the durable inbox of deliveries.
type Inbox interface {
	// Receive makes a delivery durable before it returns.
	Receive(ctx context.Context, d holds.Delivery) error
	// Decide claims the oldest undecided delivery of any tenant that no other
	// replica works on and commits what becomes of it in one transaction: it
	// decodes the body, stores each event under its own id, and for every event
	// that is new asks fold about every subject, in sorted order of subjects with
	// their open hold locked, and commits the answers. An event that was stored
	// before is not asked about again. It reports false when nothing is waiting.
	// When it returns an error, nothing was committed and the delivery's attempts
	// were counted, so that a delivery that always fails ends in view of people
	// and holds up nobody.
	Decide(ctx context.Context, now time.Time,
		decode func(holds.Delivery) ([]holds.Event, error),
		fold func(holds.Question) (holds.Answer, error)) (bool, error)
}

// Holds is the store of holds.
type Holds interface {
	// Update is the one write door: it locks the hold, calls change (perhaps more
	// than once, so it must be free of side effects), and commits the new hold,
	// its new rows, intents, notices, jobs and audit entries in one transaction.
	// A nil change commits nothing. The error of change is returned as it is.
	Update(ctx context.Context, key holds.Key, now time.Time, change func(holds.Hold) (*holds.Change, error)) (holds.Hold, error)
	// OpenHold finds an account's open hold; not found when there is none.
	OpenHold(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string) (holds.Key, error)
	// Start reads what a job on a hold starts from, as of one moment. It refuses
	// (Unavailable) while nothing may act because the database was restored.
	Start(ctx context.Context, key holds.Key) (holds.Start, error)
	// View reads everything a reviewer sees of one hold.
	View(ctx context.Context, key holds.Key) (holds.View, error)
	// Due lists the open holds whose deadline or waiting period has passed.
	Due(ctx context.Context, now time.Time, limit int) ([]holds.Key, error)
	// Restrained lists the holds whose containment should be in force and was
	// last read back before the given time.
	Restrained(ctx context.Context, before time.Time, limit int) ([]holds.Key, error)
}

// Intents is the ledger of calls to providers.
type Intents interface {
	// Intents lists a hold's intents with their outcomes, oldest first.
	Intents(ctx context.Context, key holds.Key) ([]holds.Intent, error)
	// Tried marks, before a call is made, that it is about to be: only then may
	// what is found in force later be taken for ours.
	Tried(ctx context.Context, key holds.Key, intent holds.IntentID, at time.Time) error
	// Outcome records what became of an intent, once: a second outcome of the
	// same intent is a conflict. The audit entry is appended with it.
	Outcome(ctx context.Context, key holds.Key, intent holds.IntentID, result holds.Result) error
}

// Snapshots keeps before-images and the health of connections.
type Snapshots interface {
	SaveSnapshot(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, s holds.Snapshot) error
	// SnapshotBefore is the newest snapshot taken before a moment; not found when
	// there is none.
	SnapshotBefore(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string, before time.Time) (holds.Snapshot, error)
	SaveHealth(ctx context.Context, h holds.ConnectionHealth) error
}

// Footing keeps what is known of what connections stand on.
type Footing interface {
	// SavePushLook records what was seen of a connection's push at its provider. One
	// that could not be looked at stays as it was last seen.
	SavePushLook(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, look holds.PushLook) error
	// Health lists what is known of a tenant's connections.
	Health(ctx context.Context, tenant holds.TenantID) ([]holds.ConnectionHealth, error)
}

// Tellings is what is known of the ways on which changes reached us.
type Tellings interface {
	// CountTold counts a connection's events of the last day by the way on which
	// they came, and keeps the count in its health.
	CountTold(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, now time.Time) (holds.Telling, error)
}

// Notices is the ledger of messages.
type Notices interface {
	// Notice reads one notice.
	Notice(ctx context.Context, tenant holds.TenantID, id holds.NoticeID) (holds.Notice, error)
	// Gathered lists the messages that a digest stands for beside itself, oldest
	// first. From then on it takes no more.
	Gathered(ctx context.Context, tenant holds.TenantID, id holds.NoticeID) ([]holds.Notice, error)
	// Attempted appends an attempt and moves the notice's status. An attempt that is
	// the last one counts for every message that a digest stands for.
	Attempted(ctx context.Context, tenant holds.TenantID, a holds.Attempt) error
	// CodeTry counts a try at the notice's code and, when right is true, uses the
	// code up; both in one statement that succeeds only while the code is unused,
	// unexpired and has tries left. It reports whether it succeeded.
	CodeTry(ctx context.Context, tenant holds.TenantID, id holds.NoticeID, right bool, now time.Time) (bool, error)
}

// Directory knows people.
type Directory interface {
	// Person reads one person with accounts and contact points; not found if
	// there is none.
	Person(ctx context.Context, tenant holds.TenantID, id holds.PersonID) (holds.Person, error)
	// PersonOf finds the person an account belongs to; not found if none.
	PersonOf(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string) (holds.Person, error)
	// People lists everybody.
	People(ctx context.Context, tenant holds.TenantID) ([]holds.Person, error)
}

// Provider is one connection's identity platform. Every call has a deadline of
// its own and never follows an address taken from an event. Errors are of kind
// Unavailable when trying again can help (with After when the provider said how
// long), Forbidden when our credential or its scope is refused, NotFound when
// the account is gone.
type Provider interface {
	// Decode never fails: what cannot be read becomes an unclassified event.
	Decode(holds.Delivery) []holds.Event
	// Snapshot reads an account with its factors, roles and groups.
	Snapshot(ctx context.Context, account string) (holds.Snapshot, error)
	// Do makes one change. It is called once per intent.
	Do(ctx context.Context, a holds.Action) (holds.Result, error)
	// Enforcement reads back whether the restraint group really restrains this
	// account (any account when empty).
	Enforcement(ctx context.Context, account string) (holds.Enforcement, error)
}

// Objects reads back what was done to a thing beside an account, which no
// snapshot of the account shows: a device, an API token, a consent, a credential,
// an identity provider.
type Objects interface {
	// Observe tells whether the action's effect is there. A thing that no longer
	// exists can do no more: the effect is there, or the error is NotFound.
	Observe(ctx context.Context, a holds.Action) (inForce bool, err error)
}

// Records looks things up in a provider's records.
type Records interface {
	// Activity is everything that the account did, or that was done to it, since
	// then, in pages that Decode reads as the poller's. complete is false when
	// there was more than could be read.
	Activity(ctx context.Context, account string, since time.Time) (pages [][]byte, complete bool, err error)
	// Find finds an account by its sign-in name; not found when there is none.
	Find(ctx context.Context, login string) (holds.Account, error)
}

// Messenger plans and sends messages.
type Messenger interface {
	// Plan chooses, without sending anything, the contact points a hold's owner
	// is told at. changed are the recovery values this hold's events put in
	// doubt, old and new. The second result says, when nobody is eligible, why.
	Plan(h holds.Hold, owner holds.Person, changed []string) ([]holds.ContactPoint, string)
	// Duty is the contact points of the people on duty for a tenant.
	Duty(tenant holds.TenantID) []holds.ContactPoint
	// Send sends one notice once and says what became of it. It never returns
	// the other side's text unredacted.
	Send(ctx context.Context, n holds.Notice, h holds.Hold, owner holds.Person) holds.Attempt
	// Digest sends one message that says what several would have said, and says what
	// became of it. Every hold is named in it.
	Digest(ctx context.Context, n holds.Notice, all []holds.Gathered, owner holds.Person) holds.Attempt
}

// Listening is the way on which a platform tells us of changes.
type Listening interface {
	// Listening says what keeps the platform from telling us, in words for people;
	// empty when all is well. The error is of kind Forbidden when our credential may
	// not look.
	Listening(ctx context.Context) (trouble string, err error)
}
