package keeper

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// Judge rules on events; holds/policy implements it.
type Judge interface {
	Judge(holds.Event, holds.Facts) holds.Ruling
}

// Connection is one identity platform and what the configuration says of it.
type Connection struct {
	Tenant   holds.TenantID
	ID       holds.ConnectionID
	Mode     holds.Mode
	Provider Provider
	// Objects and Records are what else the platform can do; nil when it cannot.
	Objects Objects
	Records Records
	// Listening looks after what the platform tells us through; nil when nothing of
	// it can be read back.
	Listening Listening
	// Feeds is what is expected of the ways on which its changes reach us.
	Feeds holds.FeedTerms
	// Judge is the policy of the connection's tenant; nil means the keeper's own.
	Judge Judge
	// BreakGlass and OwnAccounts are immutable account ids that are never
	// restrained, whatever an event says.
	BreakGlass  []string
	OwnAccounts []string
	// NeverSuspended are immutable account ids whose sessions are ended, and who are
	// restrained no further: without some accounts an organisation stands still.
	NeverSuspended []string
	// Caps bound how much is restrained; the zero value bounds nothing.
	Caps holds.Caps
	// TopRoles are the kinds of the roles whose last active member is never suspended:
	// those that can undo whatever Countersign did.
	TopRoles []string
}

// Options is everything a keeper is made of. All fields but Brakes, Classifiers, Tellings and
// Footing are required.
type Options struct {
	Inbox     Inbox
	Holds     Holds
	Intents   Intents
	Snapshots Snapshots
	Notices   Notices
	Directory Directory
	Messenger Messenger
	Codes     Codes
	Judge     Judge
	// Brakes lets go on what waited for one; nil where nothing ever waits.
	Brakes      Brakes
	Connections []Connection
	// Classifiers is how many deliveries Classify decides at a time, one if zero.
	Classifiers int
	// Tellings counts by which way changes reach us; nil counts nothing.
	Tellings Tellings
	// Footing keeps what connections stand on; nil keeps nothing, and nobody is told of
	// a log that is not read.
	Footing Footing
	// Now is the business clock, corrected by the database's.
	Now func() time.Time
	// NewID makes UUIDs (version 7).
	NewID  func() string
	Logger *slog.Logger
}

// Codes derives the short code of a notice and checks a typed one in constant
// time.
type Codes interface {
	Matches(n holds.NoticeID, typed string) bool
}

// Keeper carries out the use cases. It is safe for concurrent use and holds no
// state of its own but the configuration.
type Keeper struct {
	Options
	connections map[holds.ConnectionID]Connection
	// said spares the inbox from repeating itself; losing it costs a duplicate
	// that the store recognises.
	said sync.Map
	// silent are the connections whose push was found silent at the last look.
	silent sync.Map
	// armed is whether each connection's emergency accounts were there when they were
	// looked up last; losing it costs another look.
	armed sync.Map
}

// New makes a keeper.
func New(o Options) *Keeper {
	k := &Keeper{Options: o, connections: map[holds.ConnectionID]Connection{}}
	for _, c := range o.Connections {
		k.connections[c.ID] = c
	}
	return k
}

// connection finds a hold's connection; one that was taken out of the
// configuration makes its holds wait, not vanish.
func (k *Keeper) connection(id holds.ConnectionID) (Connection, error) {
	c, ok := k.connections[id]
	if !ok {
		return Connection{}, holds.Refuse(holds.Unavailable, "The connection %q is not configured; the hold waits until it is.", id)
	}
	return c, nil
}

// judge is the policy of a connection.
func (k *Keeper) judge(c Connection) Judge {
	if c.Judge != nil {
		return c.Judge
	}
	return k.Judge
}

// Handlers are the jobs by effect, for the job runner.
func (k *Keeper) Handlers() map[holds.EffectKind]func(context.Context, holds.Job) error {
	return map[holds.EffectKind]func(context.Context, holds.Job) error{
		holds.EffectContain:  k.contain,
		holds.EffectLift:     k.lift,
		holds.EffectRevert:   k.revert,
		holds.EffectTell:     k.tell,
		holds.EffectPage:     k.page,
		holds.EffectSend:     k.send,
		holds.EffectLink:     k.link,
		holds.EffectFollow:   k.follow,
		holds.EffectLookBack: k.lookBack,
	}
}

// apply is Update with one fact.
func (k *Keeper) apply(ctx context.Context, key holds.Key, f holds.Fact) (holds.Hold, error) {
	now := k.Now()
	return k.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, f, now)
		if err != nil {
			return nil, err
		}
		return &c, nil
	})
}
