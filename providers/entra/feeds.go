package entra

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// FeedStore is where the state of subscriptions is kept, for every replica.
type FeedStore interface {
	// Feeds are the connection's rows.
	Feeds(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID) ([]holds.Feed, error)
	// UpdateFeed locks the row of a resource (made if there is none), calls change
	// and commits what it returns; nothing when change fails. It may call change more
	// than once.
	UpdateFeed(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, resource string, change func(holds.Feed) (holds.Feed, error)) error
}

// FeedsOptions configure Feeds.
type FeedsOptions struct {
	Store FeedStore
	// NotificationURL is the public https address of the connection's door, without
	// a trailing slash; a nonce of each subscription follows it.
	NotificationURL string
	// Backfill is called when notifications may have been lost; optional.
	Backfill func()
	// Report is told after every look what is wrong with each resource's
	// subscription, "" when all is well; optional.
	Report func(trouble string)
	// Every is between two looks; zero is three minutes.
	Every time.Duration
	// Life is how long a subscription is asked for; zero is seven days, at most the
	// 41,760 minutes that Graph allows for accounts and groups.
	Life time.Duration
}

// resources are what is subscribed to. Nothing that Graph can push tells of
// methods, roles or resets; both of these tell that something about an account
// may have changed
// (https://learn.microsoft.com/graph/change-notifications-overview).
func resources() []string { return []string{"users", "groups"} }

// FeedAdvice is what to check when the audit log tells of changes to accounts and
// groups and no notification came
// (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks).
const FeedAdvice = "Check that Microsoft reaches the notification address from outside and is answered within three seconds (of an endpoint that is " +
	"often slow, notifications are dropped for good), and that the application's subscriptions to users and groups are there and name that address."

const (
	longestLife = 41_760 * time.Minute
	// handshakeFor is how long the handshake of a new subscription is answered. Graph
	// makes it while it is being asked.
	handshakeFor = 2 * time.Minute
	// leaseFor is how long one replica alone looks after a feed.
	leaseFor = time.Minute
	// leaseEnds is how long before that it stops calling, so that the next replica
	// does not meet its work half done.
	leaseEnds = 15 * time.Second
)

// Feeds keeps the subscriptions of a connection alive: it makes them, renews
// them at half of their life, notices when one is gone (Graph tells nobody when
// a subscription to accounts or groups is lost) and makes it anew.
type Feeds struct {
	c    *Client
	opt  FeedsOptions
	kick chan struct{}

	mu   sync.Mutex
	asks map[string]bool // ids that Graph wants to be authorised again
}

// NewFeeds prepares the feeds; Run starts them.
func (c *Client) NewFeeds(o FeedsOptions) (*Feeds, error) {
	u, err := url.Parse(o.NotificationURL)
	secure := err == nil && (u.Scheme == "https" || c.opt.Loopback && u.Scheme == "http")
	if err != nil || !secure || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, holds.Refuse(holds.Invalid, "The notification address of the connection %s must be a public https address without a query.", c.opt.Connection)
	}
	o.NotificationURL = strings.TrimRight(o.NotificationURL, "/")
	if o.Every <= 0 {
		o.Every = 3 * time.Minute
	}
	if o.Life <= 0 {
		o.Life = 7 * 24 * time.Hour
	}
	o.Life = min(o.Life, longestLife-time.Hour)
	if o.Backfill == nil {
		o.Backfill = func() {}
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	return &Feeds{c: c, opt: o, kick: make(chan struct{}, 1), asks: map[string]bool{}}, nil
}

// Kick makes the feeds be looked at now; it never blocks.
func (f *Feeds) Kick() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// Reauthorize renews a subscription at once, as Graph asks for in a lifecycle
// notification. An id that is none of ours changes nothing.
func (f *Feeds) Reauthorize(subscription string) {
	if !isGUID(subscription) {
		return
	}
	f.mu.Lock()
	if len(f.asks) < 100 {
		f.asks[strings.ToLower(subscription)] = true
	}
	f.mu.Unlock()
	f.Kick()
}

func (f *Feeds) asked(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asks[strings.ToLower(id)]
}

func (f *Feeds) answered(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.asks, strings.ToLower(id))
}

// Run looks after the feeds until the context ends: at once, then every few
// minutes, sooner when kicked or when a look failed.
func (f *Feeds) Run(ctx context.Context) error {
	failures := 0
	for {
		err := f.Look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wait := f.opt.Every
		if err != nil {
			failures++
			d := min(5*time.Second<<min(failures-1, 10), f.opt.Every)
			wait = max(d+rand.N(d/4), holds.RetryAfter(err))
			f.c.log.Warn("the subscriptions are not in order", "error", err, "again_in", wait)
		} else {
			failures = 0
		}
		if !sleep(ctx, wait, f.kick) {
			return nil
		}
	}
}

// Look looks after each feed once. Its error is the first of them; the others
// are looked after all the same.
func (f *Feeds) Look(ctx context.Context) error {
	var first error
	var troubles []string
	for _, resource := range resources() {
		err := f.tend(ctx, resource)
		if err == nil {
			continue
		}
		if first == nil {
			first = err
		}
		troubles = append(troubles, "subscription to "+resource+": "+holds.Say(err))
	}
	if ctx.Err() == nil {
		f.opt.Report(strings.Join(troubles, " "))
	}
	return first
}

// tend does what one feed needs, alone among the replicas.
func (f *Feeds) tend(ctx context.Context, resource string) error {
	feed, ours, err := f.lease(ctx, resource)
	if err != nil || !ours {
		return err
	}
	work, stop := context.WithTimeout(ctx, leaseFor-leaseEnds)
	trouble := f.keep(work, feed)
	stop()
	said := ""
	if trouble != nil {
		said = holds.Say(trouble)
	}
	// The lease is given back even when the caller is leaving.
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = f.update(short, resource, func(w holds.Feed) holds.Feed {
		w.Lease, w.Trouble = time.Time{}, said
		return w
	})
	if trouble != nil {
		return trouble
	}
	return err
}

// lease takes the feed for a while, unless another replica has it.
func (f *Feeds) lease(ctx context.Context, resource string) (feed holds.Feed, ours bool, err error) {
	now := f.c.opt.Now().UTC()
	err = f.update(ctx, resource, func(w holds.Feed) holds.Feed {
		if ours = !w.Lease.After(now); ours {
			w.Lease = now.Add(leaseFor)
		}
		feed = w
		return w
	})
	return feed, ours, err
}

func (f *Feeds) update(ctx context.Context, resource string, change func(holds.Feed) holds.Feed) error {
	o := f.c.opt
	return f.opt.Store.UpdateFeed(ctx, o.Tenant, o.Connection, resource, func(w holds.Feed) (holds.Feed, error) { return change(w), nil })
}

// keep brings a feed in order: it takes away what is in the way, notices a loss,
// makes or renews.
func (f *Feeds) keep(ctx context.Context, feed holds.Feed) error {
	all, err := f.c.subscriptions(ctx)
	if err != nil {
		return err
	}
	mine, err := f.sort(ctx, feed, all)
	if err != nil {
		return err
	}
	log := f.c.log.With("resource", feed.Resource)
	switch {
	case mine == nil && feed.ID != "":
		log.Warn("a subscription was lost; it is made anew and the log read again", "subscription", feed.ID)
		f.opt.Backfill()
		return f.make(ctx, feed, log)
	case mine == nil:
		return f.make(ctx, feed, log)
	case f.due(feed, *mine):
		return f.renew(ctx, feed, log)
	}
	return nil
}

// sort finds the feed's subscription among all of ours at Graph, and deletes the
// others of its resource that call this connection's door: left behind by a
// lost answer, or by an address from before.
func (f *Feeds) sort(ctx context.Context, feed holds.Feed, all []subscription) (*subscription, error) {
	var mine *subscription
	for _, s := range all {
		known := feed.ID != "" && strings.EqualFold(s.id, feed.ID)
		right := s.resource == feed.Resource && s.url == f.opt.NotificationURL+"/"+feed.Nonce
		switch {
		case known && right:
			mine = &s
		case known, s.resource == feed.Resource && strings.HasPrefix(s.url, f.opt.NotificationURL+"/"):
			if err := f.c.unsubscribe(ctx, s.id); err != nil {
				return nil, err
			}
			f.c.log.Info("a subscription of ours that nobody knew was deleted", "subscription", s.id, "resource", s.resource)
		}
	}
	if mine != nil || feed.ID == "" {
		return mine, nil
	}
	// A list may be older than what is in it: ask for the one.
	s, err := f.c.subscription(ctx, feed.ID)
	if isNotFound(err) || err == nil && s.url != f.opt.NotificationURL+"/"+feed.Nonce {
		return nil, nil
	}
	return &s, err
}

// due tells whether a subscription is to be renewed: at half of its life, or
// when Graph asks.
func (f *Feeds) due(feed holds.Feed, s subscription) bool {
	now := f.c.opt.Now()
	life := s.expires.Sub(feed.Made)
	if feed.Made.IsZero() || life > longestLife {
		life = f.opt.Life
	}
	return f.asked(feed.ID) || s.expires.Sub(now) <= life/2
}

func (f *Feeds) renew(ctx context.Context, feed holds.Feed, log *slog.Logger) error {
	now := f.c.opt.Now().UTC()
	expires, err := f.c.renewSubscription(ctx, feed.ID, now.Add(f.opt.Life))
	if isNotFound(err) {
		log.Warn("a subscription was lost; it is made anew and the log read again", "subscription", feed.ID)
		f.opt.Backfill()
		return f.make(ctx, feed, log)
	}
	if err != nil {
		return err
	}
	f.answered(feed.ID)
	log.Info("a subscription was renewed", "subscription", feed.ID, "until", expires)
	return f.update(ctx, feed.Resource, func(w holds.Feed) holds.Feed {
		w.Made, w.Expires = now, expires
		return w
	})
}
