package intake

import (
	"context"
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
)

// slotWait is how long a delivery waits for one of its connection's places.
const slotWait = time.Second

// deliverOkta takes one delivery.
func (in *Intake) deliverOkta(c echo.Context, d *door) (Outcome, error) {
	r := c.Request()
	if err := checkMedia(r.Header); err != nil {
		return Unsupported, err
	}
	secret, err := in.authenticate(c, d)
	if err != nil {
		return Unauthenticated, err
	}
	if in.o.Saturated(d.Tenant, d.ID) {
		return Saturated, in.later(c, d)
	}
	if !d.slots.enter(r.Context()) {
		return Busy, again("Too many deliveries of this connection are under way. Send it again.", nil)
	}
	defer d.slots.leave()
	body, err := readBody(c.Response(), r, in.o.MaxBody)
	if err != nil {
		return outcomeOf(err), err
	}
	seen := peekOkta(body)
	if source, ok := seen.foreign(d.SourceHost); ok {
		in.warn(c, d, "hook refused: the delivery comes from another organisation; if the configured host is wrong, correct it",
			"configured", d.SourceHost, "source", shorten(source))
		return ForeignSource, gateway.Refuse(gateway.TypeForbidden, "This delivery is another organisation's. Its source must be the host that this connection is configured with.")
	}
	err = in.store(c, in.o.StoreTimeout, holds.Delivery{
		Tenant: d.Tenant, Connection: d.ID, Source: holds.FromHook, Envelope: seen.id(),
		Body: body, Digest: sha256.Sum256(body), Received: in.o.Now(), Peer: c.RealIP(), Secret: secret,
	})
	if err != nil {
		return NotStored, err
	}
	return Accepted, c.NoContent(http.StatusNoContent)
}

// store returns nil only after the commit, which is not given up when the
// caller hangs up: it will call again, and a repetition is harmless. Whatever
// kind the store's error has, it is ours and so a 503.
func (in *Intake) store(c echo.Context, most time.Duration, d holds.Delivery) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), most)
	defer cancel()
	if err := in.o.Store.Receive(ctx, d); err != nil {
		return again("The delivery was not stored. Send it again.", err)
	}
	failpoint.Hit(failpoint.IntakeStored)
	return nil
}

// places bound how many deliveries are worked on at a time.
type places chan struct{}

func (p places) enter(ctx context.Context) bool {
	select {
	case p <- struct{}{}:
		return true
	default:
	}
	late := time.NewTimer(slotWait)
	defer late.Stop()
	select {
	case p <- struct{}{}:
		return true
	case <-late.C:
	case <-ctx.Done():
	}
	return false
}

func (p places) leave() { <-p }

func outcomeOf(err error) Outcome {
	if gateway.Describe(err).Status == http.StatusRequestEntityTooLarge {
		return TooLarge
	}
	return Broken
}

// maxChallenge is the longest challenge that is answered; Okta's are a few
// dozen characters.
const maxChallenge = 512

// verifyOkta answers Okta's one-time verification, which carries the secret
// like a delivery does
// (https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request).
func (in *Intake) verifyOkta(c echo.Context, d *door) (Outcome, error) {
	if _, err := in.authenticate(c, d); err != nil {
		return Unauthenticated, err
	}
	if d.Verifying != nil && !d.Verifying() {
		return Unexpected, gateway.Refuse(gateway.TypeConflict, "No verification of this hook is expected now.")
	}
	given := c.Request().Header.Values(challengeHeader)
	if len(given) != 1 || given[0] == "" || len(given[0]) > maxChallenge || !printable(given[0]) {
		return BadChallenge, gateway.Refuse(gateway.TypeInvalid, "A verification needs the header %s once, with at most %d printable characters.", challengeHeader, maxChallenge)
	}
	return Verified, c.JSON(http.StatusOK, map[string]string{"verification": given[0]})
}
