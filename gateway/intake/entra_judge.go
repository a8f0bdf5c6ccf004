package intake

import (
	"encoding/hex"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/holds"
)

// flaw is why a notification is not the provider's.
type flaw string

const (
	unreadable          flaw = "unreadable"
	unknownSubscription flaw = "unknown subscription"
	wrongClientState    flaw = "wrong client state"
	otherDirectory      flaw = "another directory"
)

// sort separates the notifications that are the provider's from the others,
// which are counted by what is wrong with them.
func (d *directory) sort(feeds []holds.Feed, list []notification, now time.Time) (good []notification, flaws map[flaw]int) {
	flaws = map[flaw]int{}
	for _, n := range list {
		if f := d.flawOf(feeds, n, now); f != "" {
			flaws[f]++
			continue
		}
		good = append(good, n)
	}
	return good, flaws
}

// flawOf does all of its work before it decides: how near a wrong notification
// came does not show in the time it takes. The client state is compared, as a
// digest and in constant time, with that of every feed. The id of a subscription
// that is being made is not known yet, and Microsoft may notify before it has
// answered us: what carries its client state is its own.
func (d *directory) flawOf(feeds []holds.Feed, n notification, now time.Time) flaw {
	given, none := digestOf(n.clientState), digest{}
	named, authentic := false, false
	for _, f := range feeds {
		same := given.same(f.Secret) && !none.same(f.Secret)
		is := f.ID != "" && strings.EqualFold(f.ID, n.subscription)
		is = is || same && n.subscription != "" && f.Pending.After(now)
		named = named || is
		authentic = authentic || is && same
	}
	at := strings.EqualFold(n.tenant, d.DirectoryTenant) && d.DirectoryTenant != ""
	switch {
	case n.bad:
		return unreadable
	case !named:
		return unknownSubscription
	case !authentic:
		return wrongClientState
	case !at:
		return otherDirectory
	}
	return ""
}

// reportFlaws tells people: a line in the security log, at a bounded rate and
// with nothing of what the caller sent, and the connection's health.
func (in *Intake) reportFlaws(c echo.Context, d *directory, flaws map[flaw]int, of int, sum [32]byte) {
	n := 0
	attrs := []any{"of", of, "digest", hex.EncodeToString(sum[:])}
	for _, f := range []flaw{unreadable, unknownSubscription, wrongClientState, otherDirectory} {
		if flaws[f] > 0 {
			attrs = append(attrs, string(f), flaws[f])
			n += flaws[f]
		}
	}
	in.warn(c, d.door, "notifications refused: they are not of this connection's subscriptions", attrs...)
	if d.known {
		in.o.Refused(d.ID, n)
	}
}
