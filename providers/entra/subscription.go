package entra

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
	"strings"
	"time"

	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"
	sdksubs "github.com/microsoftgraph/msgraph-sdk-go/subscriptions"

	"github.com/countersign/countersign/holds"
)

// subscription is one at Graph, as far as it matters here
// (https://learn.microsoft.com/graph/api/resources/subscription).
type subscription struct {
	id, resource, url string
	expires           time.Time
}

func (c *Client) subs() *sdksubs.SubscriptionsRequestBuilder {
	return sdksubs.NewSubscriptionsRequestBuilderInternal(c.base(), c.graph)
}

// subscribing is the permission for a resource; a right to write does not stand
// in for it.
func subscribing(doing string) need {
	return need{doing, "User.Read.All and Group.Read.All"}
}

func subscriptionOf(s sdkmodels.Subscriptionable) (subscription, error) {
	if s == nil || !isGUID(text(s.GetId())) || s.GetExpirationDateTime() == nil {
		return subscription{}, odd("a subscription")
	}
	return subscription{
		strings.ToLower(text(s.GetId())), strings.Trim(text(s.GetResource()), "/"), text(s.GetNotificationUrl()), s.GetExpirationDateTime().UTC(),
	}, nil
}

// subscriptions are all that our app registration has in this tenant.
func (c *Client) subscriptions(ctx context.Context) ([]subscription, error) {
	all, err := list(ctx, c, subscribing("list subscriptions"), func(ctx context.Context, next string) (sdkmodels.SubscriptionCollectionResponseable, error) {
		if next != "" {
			return c.subs().WithUrl(next).Get(ctx, nil)
		}
		return c.subs().Get(ctx, nil)
	})
	var out []subscription
	for _, raw := range all {
		s, err := subscriptionOf(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, err
}

func (c *Client) subscription(ctx context.Context, id string) (subscription, error) {
	if err := checkID("subscription", id); err != nil {
		return subscription{}, err
	}
	s, err := read(ctx, c, subscribing("read a subscription"), func(ctx context.Context) (sdkmodels.Subscriptionable, error) {
		return c.subs().BySubscriptionId(id).Get(ctx, nil)
	})
	if err != nil {
		return subscription{}, err
	}
	return subscriptionOf(s)
}

func (c *Client) unsubscribe(ctx context.Context, id string) error {
	err := c.change(ctx, subscribing("delete a subscription"), noContent, func(ctx context.Context) error {
		return c.subs().BySubscriptionId(id).Delete(ctx, nil)
	})
	if isNotFound(err) {
		return nil
	}
	return err
}

// renewSubscription gives a subscription a longer life, which also authorises it
// anew.
func (c *Client) renewSubscription(ctx context.Context, id string, until time.Time) (time.Time, error) {
	if err := checkID("subscription", id); err != nil {
		return time.Time{}, err
	}
	patch := sdkmodels.NewSubscription()
	patch.SetExpirationDateTime(&until)
	s, err := read(ctx, c, subscribing("renew a subscription"), func(ctx context.Context) (sdkmodels.Subscriptionable, error) {
		return c.subs().BySubscriptionId(id).Patch(ctx, patch, nil)
	})
	if err != nil {
		return time.Time{}, err
	}
	got, err := subscriptionOf(s)
	return got.expires, err
}

// make asks for a new subscription. Before the call the row says that one is
// pending, under a nonce and a secret of its own: Graph calls our door before it
// answers, and the door answers nobody else.
func (f *Feeds) make(ctx context.Context, feed holds.Feed, log *slog.Logger) error {
	nonce, secret := rand.Text(), rand.Text()
	now := f.c.opt.Now().UTC()
	err := f.update(ctx, feed.Resource, func(w holds.Feed) holds.Feed {
		w.ID, w.Nonce, w.Pending, w.Secret = "", nonce, now.Add(handshakeFor), sha256.Sum256([]byte(secret))
		w.Made, w.Expires = time.Time{}, time.Time{}
		return w
	})
	if err != nil {
		return err
	}
	made, err := f.c.subscribe(ctx, feed.Resource, f.opt.NotificationURL+"/"+nonce, secret, now.Add(f.opt.Life))
	uerr := f.made(ctx, feed.Resource, nonce, made, now)
	if err != nil {
		return f.notMade(err)
	}
	if uerr == nil {
		f.answered(feed.ID)
		log.Info("a subscription was made", "subscription", made.id, "until", made.expires)
	}
	return uerr
}

// made records what became of it. The door is closed either way; without an
// answer the subscription may exist, and the next look deletes it.
func (f *Feeds) made(ctx context.Context, resource, nonce string, s subscription, now time.Time) error {
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return f.update(short, resource, func(w holds.Feed) holds.Feed {
		if w.Nonce != nonce {
			return w // another replica is at it, after our lease ended
		}
		w.Pending = time.Time{}
		if w.ID = s.id; s.id != "" {
			w.Made, w.Expires = now, s.expires
		}
		return w
	})
}

// notMade says in words why Graph made no subscription.
func (f *Feeds) notMade(err error) error {
	fault := faultOf(err)
	switch {
	case fault == nil || fault.status == 401 || fault.status >= 500:
		return err
	case fault.says("validation"):
		return holds.Because(holds.Unavailable, err, "Microsoft Graph could not reach the notification address of the connection %s, or was not answered as it asks: changes are found by reading the log alone. Check that the address is reachable from the internet with a valid certificate.", f.c.opt.Connection)
	case fault.status == 403 && fault.says("limit", "quota", "maximum"):
		return holds.Because(holds.Unavailable, err, "Microsoft Graph allows no more subscriptions in this tenant: changes are found by reading the log alone. Delete subscriptions that nobody uses.")
	}
	return err
}

func (c *Client) subscribe(ctx context.Context, resource, address, secret string, until time.Time) (subscription, error) {
	body := sdkmodels.NewSubscription()
	body.SetChangeType(ptr("updated,deleted"))
	body.SetNotificationUrl(&address)
	body.SetLifecycleNotificationUrl(&address)
	body.SetResource(&resource)
	body.SetExpirationDateTime(&until)
	body.SetClientState(&secret)
	s, err := read(ctx, c, subscribing("subscribe to "+resource), func(ctx context.Context) (sdkmodels.Subscriptionable, error) {
		return c.subs().Post(ctx, body, nil)
	})
	if err != nil {
		return subscription{}, err
	}
	return subscriptionOf(s)
}
