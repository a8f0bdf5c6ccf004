package entrasim

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxLife is the longest life of a subscription to users or groups.
// See https://learn.microsoft.com/graph/api/resources/subscription.
const maxLife = 41760 * time.Minute

// subscription is one registration for change notifications.
type subscription struct {
	id, app, resource, state    string
	notifyURL, lifecycleURL     string
	changeTypes                 []string
	expires                     time.Time
	needsReauthorization, quiet bool

	batch []change
	timer *time.Timer
}

// change is one item of a notification.
type change struct{ id, kind, path, typeName, object, tag string }

// subscriptionBody is what a caller sends.
type subscriptionBody struct {
	ChangeType      string     `json:"changeType"`
	NotificationURL string     `json:"notificationUrl"`
	LifecycleURL    string     `json:"lifecycleNotificationUrl"`
	Resource        string     `json:"resource"`
	Expiration      *time.Time `json:"expirationDateTime"`
	ClientState     string     `json:"clientState"`
	WithData        bool       `json:"includeResourceData"`
}

func errSubscription(format string, args ...any) *Error {
	return graphError(http.StatusBadRequest, "InvalidRequest", fmt.Sprintf(format, args...))
}

// check refuses what Graph refuses: an unknown resource or change type, an
// address that is not https (but for a loopback host, which only this simulator
// allows), a secret too long, a life too long.
func (b *subscriptionBody) check(now time.Time) *Error {
	if !resourcePattern.MatchString(b.Resource) {
		return graphError(http.StatusBadRequest, "ExtensionError", "Operation: Create; Exception: [Status Code: BadRequest; Reason: Resource '"+b.Resource+"' is not supported.]")
	}
	for _, t := range strings.Split(b.ChangeType, ",") {
		if !slices.Contains([]string{"created", "updated", "deleted"}, strings.TrimSpace(t)) {
			return errSubscription("Invalid 'changeType' attribute: '%s'.", b.ChangeType)
		}
	}
	if err := checkListener("notificationUrl", b.NotificationURL); err != nil {
		return err
	}
	if b.LifecycleURL != "" {
		if err := checkListener("lifecycleNotificationUrl", b.LifecycleURL); err != nil {
			return err
		}
	}
	if len(b.ClientState) > 128 {
		return errSubscription("The 'clientState' attribute is longer than 128 characters.")
	}
	if b.WithData {
		return errSubscription("Resource data cannot be included in notifications about this resource.")
	}
	return checkExpiration(b.Expiration, now)
}

var resourcePattern = regexp.MustCompile(`^/?(users|groups)(/[0-9a-fA-F-]{36}(/(members|owners))?)?$`)

func checkExpiration(at *time.Time, now time.Time) *Error {
	switch {
	case at == nil:
		return errSubscription("The 'expirationDateTime' attribute is required.")
	case !at.After(now):
		return errSubscription("Subscription expiration must be in the future.")
	case at.Sub(now) > maxLife+time.Minute:
		return errSubscription("Subscription expiration can only be %d minutes in the future.", int(maxLife.Minutes()))
	}
	return nil
}

func checkListener(name, address string) *Error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return errSubscription("The '%s' attribute must be a valid https address.", name)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (b *subscription) close() {
	if b.timer != nil {
		b.timer.Stop()
	}
}

// resourceKind is users or groups, and the object when it is about one.
func (b *subscription) about() (kind, object string) {
	parts := strings.Split(strings.Trim(b.resource, "/"), "/")
	if len(parts) > 1 {
		return parts[0], parts[1]
	}
	return parts[0], ""
}

// subscription finds one of an application's own that has not expired.
func (s *Sim) subscription(app, id string) *subscription {
	s.dropExpired()
	i := slices.IndexFunc(s.subs, func(b *subscription) bool { return b.id == id && (app == "" || b.app == app) })
	if i < 0 {
		return nil
	}
	return s.subs[i]
}

// dropExpired removes what has expired, without telling anybody.
func (s *Sim) dropExpired() {
	s.subs = slices.DeleteFunc(s.subs, func(b *subscription) bool {
		if b.expires.After(s.now()) {
			return false
		}
		b.close()
		s.abandon(b)
		return true
	})
}

// abandon forgets the changes gathered for a subscription.
func (s *Sim) abandon(b *subscription) {
	if len(b.batch) > 0 {
		b.batch = nil
		s.settle()
	}
}

func (b *subscription) wire() map[string]any {
	return map[string]any{
		"id": b.id, "resource": b.resource, "applicationId": b.app, "changeType": strings.Join(b.changeTypes, ","), "clientState": orNull(b.state),
		"notificationUrl": b.notifyURL, "lifecycleNotificationUrl": orNull(b.lifecycleURL), "notificationQueryOptions": nil, "expirationDateTime": stamp(b.expires),
		"creatorId": namedGUID("creator", b.app), "includeResourceData": nil, "latestSupportedTlsVersion": "v1_2", "encryptionCertificate": nil,
		"encryptionCertificateId": nil, "notificationUrlAppId": nil,
	}
}

// SubscriptionState is what the simulator knows of a subscription.
type SubscriptionState struct {
	ID                   string    `json:"id"`
	App                  string    `json:"app"`
	Resource             string    `json:"resource"`
	Expires              time.Time `json:"expires"`
	NeedsReauthorization bool      `json:"needsReauthorization,omitempty"`
	Silent               bool      `json:"silent,omitempty"`
}

// Subscriptions lists the subscriptions there are, without their secrets.
func (s *Sim) Subscriptions() []SubscriptionState {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropExpired()
	out := []SubscriptionState{}
	for _, b := range s.subs {
		out = append(out, SubscriptionState{b.id, b.app, b.resource, b.expires, b.needsReauthorization, b.quiet})
	}
	return out
}

// LoseSubscription makes a subscription disappear, as it happens to those of
// users and groups: nobody is told. It reports whether there was one.
func (s *Sim) LoseSubscription(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.subscription("", id)
	if b == nil {
		return false
	}
	s.deleteSubscription(b)
	return true
}

// SilenceSubscription makes a subscription deliver nothing any more although
// it is still listed; silent false makes it deliver again.
func (s *Sim) SilenceSubscription(id string, silent bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.subscription("", id)
	if b != nil {
		b.quiet = silent
	}
	return b != nil
}

func (s *Sim) deleteSubscription(b *subscription) {
	b.close()
	s.abandon(b)
	s.subs = slices.DeleteFunc(s.subs, func(x *subscription) bool { return x == b })
}
