package intake

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
)

// directory is one connection to Entra as a caller meets it.
type directory struct {
	*door
	feeds *lookup
	// strangers are the places of callers that do not know an address of a
	// subscription: they must not keep Microsoft out.
	strangers places
}

// addEntra takes a connection that was checked.
func (in *Intake) addEntra(c Connection) error {
	if in.o.Feeds == nil || in.o.Waker == nil {
		return errors.New("a connection to Entra needs its feeds and somebody to wake")
	}
	c.DirectoryTenant = strings.ToLower(c.DirectoryTenant)
	if in.stray == nil {
		in.stray = in.directory(Connection{Tenant: c.Tenant})
	}
	d := in.directory(c)
	d.known = true
	in.entra[string(c.ID)] = d
	return nil
}

func (in *Intake) directory(c Connection) *directory {
	d := &directory{door: in.door(c, decoy()), strangers: make(places, max(1, in.o.MaxInFlight/8))}
	d.feeds = &lookup{most: in.o.StoreTimeout / 2, read: func(ctx context.Context) ([]holds.Feed, error) {
		return in.o.Feeds.Feeds(ctx, c.Tenant, c.ID)
	}}
	return d
}

// serveEntra answers a handshake or takes notifications. A connection that is
// not there takes the same way to the same answers.
func (in *Intake) serveEntra(c echo.Context) error {
	began := time.Now()
	d := in.entra[c.Param("connection")]
	if d == nil {
		d = in.stray
	}
	do := in.notifyEntra
	token, shaking := handshake(c.Request().URL.RawQuery)
	if shaking {
		do = func(c echo.Context, d *directory) (Outcome, error) { return in.shake(c, d, token) }
	}
	what, err := do(c, d)
	in.o.Seen(d.ID, what, time.Since(began))
	return err
}

// notifyEntra takes the notifications of one request. Whether any of them is
// the provider's makes no difference to the answer.
func (in *Intake) notifyEntra(c echo.Context, d *directory) (Outcome, error) {
	r := c.Request()
	if err := checkMedia(r.Header); err != nil {
		return Unsupported, err
	}
	feeds, err := d.feeds.get(r.Context())
	if err != nil {
		return NotStored, again("The subscriptions could not be looked up. Send it again.", err)
	}
	at := d.strangers
	if knows(c.Param("nonce"), feeds) {
		at = d.slots
	}
	if !at.enter(r.Context()) {
		return Busy, again("Too many deliveries of this connection are under way. Send it again.", nil)
	}
	defer at.leave()
	body, err := readBody(c.Response(), r, in.o.MaxBody)
	if err != nil {
		return outcomeOf(err), err
	}
	list, err := readNotifications(body)
	if err != nil {
		return outcomeOfShape(err), err
	}
	return in.judge(c, d, feeds, body, list)
}

// judge stores a body in which at least one notification is the provider's, and
// only then wakes whoever looks.
func (in *Intake) judge(c echo.Context, d *directory, feeds []holds.Feed, body []byte, list []notification) (Outcome, error) {
	now, sum := in.o.Now(), sha256.Sum256(body)
	good, flaws := d.sort(feeds, list, now)
	if len(flaws) > 0 {
		in.reportFlaws(c, d, flaws, len(list), sum)
	}
	if len(good) == 0 {
		return Refused, c.NoContent(http.StatusAccepted)
	}
	if in.o.Saturated(d.Tenant, d.ID) {
		in.wake(c, d, good) // it is only a hint, and the directory's log is read all the same
		return Saturated, in.later(c, d.door)
	}
	err := in.store(c, in.o.StoreTimeout/2, holds.Delivery{
		Tenant: d.Tenant, Connection: d.ID, Source: holds.FromHook,
		Body: body, Digest: sum, Received: now, Peer: c.RealIP(),
	})
	if err != nil {
		return NotStored, err
	}
	err = c.NoContent(http.StatusAccepted)
	in.wake(c, d, good)
	return Accepted, err
}

// wake tells of what is durable by now.
func (in *Intake) wake(c echo.Context, d *directory, good []notification) {
	for _, n := range good {
		switch n.lifecycle {
		case "":
		case "reauthorizationRequired", "subscriptionRemoved", "missed":
			in.o.Waker.Lifecycle(d.ID, n.subscription, n.lifecycle)
		default:
			in.warn(c, d.door, "Microsoft tells of a subscription in a word that is not known here", "event", shorten(n.lifecycle))
		}
	}
	in.o.Waker.Wake(d.ID)
}

func outcomeOfShape(err error) Outcome {
	if gateway.Describe(err).Status == http.StatusRequestEntityTooLarge {
		return TooLarge
	}
	return Malformed
}
