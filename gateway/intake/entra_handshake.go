package intake

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
)

// tokenName is the parameter with which Microsoft asks whether an address is
// ours
// (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation).
const tokenName = "validationToken"

// maxToken is the longest token that is echoed; Microsoft's have about 120
// bytes.
const maxToken = 512

// handshake reads the token from a query, decoded once. It is "" when there is
// none to be echoed: the parameter is empty, too long or there more than once,
// or the query has two readings.
func handshake(query string) (echoed string, asked bool) {
	all, err := url.ParseQuery(query)
	if err != nil {
		return "", true // a notification's query is empty: this is no notification
	}
	given, asked := all[tokenName]
	if len(given) != 1 || len(given[0]) > maxToken {
		return "", asked
	}
	return given[0], true
}

// shake answers the handshake of a subscription that we are making, and nobody
// else's: a stranger must not bind a subscription of theirs to our address. The
// body, whatever it is, is not read. Browsers must not take the answer for a
// page: its type, nosniff and the policy of every answer see to that.
func (in *Intake) shake(c echo.Context, d *directory, echoed string) (Outcome, error) {
	feeds, err := d.feeds.get(c.Request().Context())
	if err != nil {
		return NotStored, again("The subscriptions could not be looked up. Send it again.", err)
	}
	if !in.pending(c.Param("nonce"), feeds) {
		in.warn(c, d.door, "handshake refused: no subscription with this address is being made")
		return Unexpected, echo.ErrNotFound
	}
	if echoed == "" {
		return BadChallenge, gateway.Refuse(gateway.TypeInvalid, "A handshake needs the parameter %s once, with at most %d bytes.", tokenName, maxToken)
	}
	return Verified, c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(echoed))
}

// pending tells whether a subscription with this nonce is being made.
func (in *Intake) pending(nonce string, feeds []holds.Feed) bool {
	given, now, found := digestOf(nonce), in.o.Now(), false
	for _, f := range feeds {
		same := given.same(digestOf(f.Nonce))
		found = found || same && f.Nonce != "" && f.Pending.After(now)
	}
	return found
}

// knows tells whether a nonce is part of a subscription's address. It opens
// nothing: whoever knows it waits in a queue of its own.
func knows(nonce string, feeds []holds.Feed) bool {
	given, found := digestOf(nonce), false
	for _, f := range feeds {
		same := given.same(digestOf(f.Nonce))
		found = found || same && f.Nonce != ""
	}
	return found
}
