package entrasim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// postSubscription validates both addresses before it answers; two when they
// are equal as well. It takes the lock itself, for the listener may call us.
func (s *Sim) postSubscription(c *call) (answer, *Error) {
	var body subscriptionBody
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	err := body.check(s.now())
	if err == nil {
		err = c.mayWatch(body.Resource)
	}
	if err == nil && len(s.ownSubscriptions(c.caller)) >= 100 {
		err = graphError(http.StatusForbidden, "ExtensionError", "The application has reached its limit of 100 subscriptions in this tenant.")
	}
	s.mu.Unlock()
	if err != nil {
		return answer{}, err
	}
	for _, address := range []string{body.NotificationURL, body.LifecycleURL} {
		if address == "" {
			continue
		}
		if err := s.handshake(address); err != nil {
			return answer{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &subscription{
		id: newGUID(), app: c.caller, resource: body.Resource, state: body.ClientState,
		notifyURL: body.NotificationURL, lifecycleURL: body.LifecycleURL, expires: body.Expiration.UTC(),
	}
	for _, t := range strings.Split(body.ChangeType, ",") {
		b.changeTypes = append(b.changeTypes, strings.TrimSpace(t))
	}
	s.subs = append(s.subs, b)
	c.subject, c.changed = b.id, true
	out := b.wire()
	out["@odata.context"] = c.root + "/$metadata#subscriptions/$entity"
	return answer{status: http.StatusCreated, body: out}, nil
}

// mayWatch demands the one permission Graph asks for; a wider one does not
// stand in for it.
func (c *call) mayWatch(resource string) *Error {
	if strings.HasPrefix(strings.Trim(resource, "/"), "users") {
		return c.needs("User.Read.All")
	}
	return c.needs("Group.Read.All")
}

func (s *Sim) ownSubscriptions(app string) []*subscription {
	s.dropExpired()
	return slices.DeleteFunc(slices.Clone(s.subs), func(b *subscription) bool { return b.app != app })
}

func (s *Sim) listSubscriptions(c *call) (answer, *Error) {
	l := collection{context: "subscriptions", kind: "microsoft.graph.subscription"}
	for _, b := range s.ownSubscriptions(c.caller) {
		l.items = append(l.items, b.wire())
	}
	return c.list(l)
}

// subscriptionOf finds the subscription of the path.
func (s *Sim) subscriptionOf(c *call) (*subscription, *Error) {
	id := c.r.PathValue("subscription")
	b := s.subscription(c.caller, id)
	if b == nil {
		return nil, errGone("The object was not found.")
	}
	c.subject = b.id
	return b, nil
}

func (s *Sim) getSubscription(c *call) (answer, *Error) {
	b, err := s.subscriptionOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.one("subscriptions", "microsoft.graph.subscription", b.wire(), nil)
}

// patchSubscription renews a subscription; nothing else can be changed here.
func (s *Sim) patchSubscription(c *call) (answer, *Error) {
	b, err := s.subscriptionOf(c)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Expiration *time.Time `json:"expirationDateTime"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if err := checkExpiration(body.Expiration, s.now()); err != nil {
		return answer{}, err
	}
	c.changed = !b.expires.Equal(*body.Expiration) || b.needsReauthorization
	b.expires, b.needsReauthorization = body.Expiration.UTC(), false
	return c.one("subscriptions", "microsoft.graph.subscription", b.wire(), nil)
}

func (s *Sim) deleteSubscriptionCall(c *call) (answer, *Error) {
	b, err := s.subscriptionOf(c)
	if err != nil {
		return answer{}, err
	}
	s.deleteSubscription(b)
	c.changed = true
	return answer{status: http.StatusNoContent}, nil
}

func (s *Sim) postReauthorize(c *call) (answer, *Error) {
	b, err := s.subscriptionOf(c)
	if err != nil {
		return answer{}, err
	}
	c.changed = b.needsReauthorization
	b.needsReauthorization = false
	return answer{status: http.StatusNoContent}, nil
}
