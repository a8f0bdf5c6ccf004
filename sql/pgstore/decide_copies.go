package pgstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// A hook's deliveries are not signed, and whoever has the hook's secret can send
// an event under an id that the provider's log will use a moment later. The first
// copy of an event wins, so that such a forgery would keep the true one from
// being judged. The log is the truth: a copy of it that tells an event differently
// from the hook is judged under an id of its own, and people hear that the secret
// may be in other hands. The other way round nothing changes: a hook tells nothing
// that the log has told already.

// logSuffix ends the id under which the log's copy of an event is kept that a
// hook had told differently. No event of another origin has such an id.
const logSuffix = "#log"

// errMeanwhile says that another transaction stored an event since this one
// looked; run again, this one sees it.
var errMeanwhile = errors.New("the event was stored meanwhile")

const (
	toldDifferently = "The provider's log tells this event differently from the delivery that brought it first; " +
		"the delivery may have been forged."
	usedTwice     = "Another event came under the same id before this one."
	secretInDoubt = toldDifferently + " Somebody may know the secret of the event hook: change it, and look at what the hook brought lately."
)

// fromLog puts the log's copies in the place of events that a hook brought first
// and told differently. Of two events that hooks brought under one id neither is
// truer than the other, so that both are judged, the later one under an id made
// of what it says.
func (d *decider) fromLog(ctx context.Context, delivery holds.Delivery, events []holds.Event) ([]holds.Event, error) {
	if delivery.Source != holds.FromPoller && delivery.Source != holds.FromHook {
		return events, nil
	}
	ids := make([]string, 0, len(events))
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	rows, err := d.HookEvents(ctx, pgdb.HookEventsParams{
		TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), EventIds: ids,
	})
	if err != nil {
		return nil, err
	}
	hooked := make(map[string]holds.Event, len(rows))
	for _, row := range rows {
		var e holds.Event
		if err := decode("an event", row.Document, &e); err != nil {
			return nil, err
		}
		hooked[row.EventID] = e
	}
	out := slices.Clone(events)
	for i, e := range out {
		first, ok := hooked[e.ID]
		switch {
		case !ok && delivery.Source == holds.FromHook:
			hooked[e.ID] = e // for the next one in the same delivery
		case !ok || !differs(first, e):
		case delivery.Source == holds.FromPoller:
			out[i].ID += logSuffix
			out[i].Doubts = append(slices.Clone(e.Doubts), toldDifferently)
		default:
			out[i].ID = safeKey(e.ID + "#" + saying(e))
			out[i].Doubts = append(slices.Clone(e.Doubts), usedTwice)
		}
	}
	return out, nil
}

// differs tells whether the log's copy of an event is another one in anything
// that it is judged by.
func differs(hook, log holds.Event) bool {
	if hook.Class == holds.Unclassified && log.Class == holds.None {
		// A hook's copy is kept as unclassified where its envelope is not as
		// expected. Nothing is lost with a log's copy that changes no account.
		hook.Class = holds.None
	}
	return judged(hook) != judged(log)
}

// judged is everything that an event is judged by.
func judged(e holds.Event) string {
	said := []string{string(e.Class), string(e.Verb), string(e.Outcome), string(e.Echo), e.Actor.ID, strconv.FormatBool(e.Actor.Own)}
	for _, s := range e.Subjects {
		said = append(said, s.ID)
	}
	return fmt.Sprintf("%q", said)
}

// saying is a short digest of what an event is judged by.
func saying(e holds.Event) string {
	sum := sha256.Sum256([]byte(judged(e)))
	return hex.EncodeToString(sum[:8])
}

// told is asked about an event that is stored already. One that was not when this
// transaction looked may be a forgery that came in between.
func (d *decider) told(ctx context.Context, delivery holds.Delivery, e holds.Event) error {
	if d.known[e.ID] {
		return nil
	}
	again, err := d.fromLog(ctx, delivery, []holds.Event{e})
	if err == nil && again[0].ID != e.ID {
		err = errMeanwhile
	}
	return err
}

// raiseForged tells people of an event that a hook and the log tell differently.
func (d *decider) raiseForged(ctx context.Context, delivery holds.Delivery, e holds.Event) error {
	id, ok := strings.CutSuffix(e.ID, logSuffix)
	if !ok {
		return nil
	}
	return d.raise(ctx, d.now, delivery.Connection, "delivery-forged:"+id, "countersign.delivery_forged",
		"Event "+id+" ("+e.Type+"): "+secretInDoubt)
}
