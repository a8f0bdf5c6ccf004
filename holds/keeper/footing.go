package keeper

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// Our own footing at a provider: a credential that is refused, or restraint
// rules that do not restrain, may be somebody's work and make every hold of the
// connection less than it says. People must hear of it within a minute or two.

// footing raises what is wrong with a connection as an event of class tamper,
// once a day for each thing.
func (k *Keeper) footing(ctx context.Context, c Connection, e holds.Enforcement, err error) {
	kind, why := "", ""
	switch {
	case holds.KindOf(err) == holds.Forbidden && err != nil:
		kind, why = "countersign.credential_refused", holds.Say(err)
	case err == nil && !e.InForce:
		kind, why = "countersign.restraint_not_in_force", strings.Join(e.Problems, "; ")
	default:
		return // in order, or an outage that tells nothing
	}
	k.Logger.Warn("a connection's footing is in doubt", "connection", c.ID, "what", kind, "why", why)
	if rerr := k.raise(ctx, c, kind, why); rerr != nil {
		k.Logger.Error("people could not be told of it", "connection", c.ID, "error", rerr)
	}
}

// listening raises that a platform no longer tells us of changes. Where our
// credential may not look, nothing is known and nothing is said.
func (k *Keeper) listening(ctx context.Context, c Connection) {
	if c.Listening == nil {
		return
	}
	short, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	why, err := c.Listening.Listening(short)
	if err != nil || why == "" {
		return
	}
	k.Logger.Warn("a connection's notifications are in doubt", "connection", c.ID, "why", why)
	if err := k.raise(ctx, c, "countersign.not_listening", why); err != nil {
		k.failed(ctx, "people could not be told that a connection's notifications are in doubt", err, "connection", c.ID)
	}
}

// telling raises that what a platform's push should tell comes by its log alone.
// Somebody may have burnt its allowance or made our address slow, so that what they
// do next is seen later. That it tells again is written down, too.
func (k *Keeper) telling(ctx context.Context, c Connection) {
	if k.Tellings == nil {
		return
	}
	short, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	t, err := k.Tellings.CountTold(short, c.Tenant, c.ID, k.Now())
	if err != nil {
		k.failed(ctx, "what a connection's push tells could not be counted", err, "connection", c.ID)
		return
	}
	why := t.Trouble()
	if why == "" {
		if _, was := k.silent.LoadAndDelete(c.ID); was {
			k.Logger.Info("a connection's push tells of changes again", "connection", c.ID)
		}
		return
	}
	k.silent.Store(c.ID, true)
	k.Logger.Warn("what a connection's push should tell comes by its log alone", "connection", c.ID, "why", why)
	why += " Nothing is lost by it, but changes are held later. " + c.PushAdvice
	if err := k.raise(ctx, c, "countersign.told_by_log_alone", why); err != nil {
		k.failed(ctx, "people could not be told that a connection's push is silent", err, "connection", c.ID)
	}
}

// raise puts an observation of ours into the inbox. The same observation of the
// same day has the same id, so that repeating it changes nothing.
func (k *Keeper) raise(ctx context.Context, c Connection, kind, why string) error {
	now := k.Now()
	id := kind + ":" + now.UTC().Format(time.DateOnly)
	if _, said := k.said.LoadOrStore(string(c.ID)+" "+id, true); said {
		return nil
	}
	body, err := json.Marshal(holds.Event{
		ID: id, Type: kind, Class: holds.Tamper, Verb: holds.Other, Occurred: now,
		Outcome: holds.Succeeded, Actor: holds.Party{Kind: holds.PartyUnknown}, Subjects: []holds.Account{holds.FootingOf(c.ID)},
		Summary: why, Doubts: []string{why},
	})
	if err != nil {
		return err
	}
	err = k.Inbox.Receive(ctx, holds.Delivery{
		Tenant: c.Tenant, Connection: c.ID, Source: holds.FromKeeper, Body: body, Digest: sha256.Sum256(body), Received: now,
	})
	if err != nil {
		k.said.Delete(string(c.ID) + " " + id) // try again at the next look
	}
	return err
}

// decodeOwn reads an observation of ours back.
func decodeOwn(d holds.Delivery) ([]holds.Event, error) {
	var e holds.Event
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return nil, holds.Because(holds.Internal, err, "an observation of our own cannot be read")
	}
	return []holds.Event{e}, nil
}
