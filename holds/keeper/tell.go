package keeper

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
)

// linkLife is how long an owner can raise the alarm through a message.
const linkLife = 7 * 24 * time.Hour

// readBeforeTelling bounds the look at the account that finds out which
// recovery values are in doubt; the owner is told even when it fails.
const readBeforeTelling = 3 * time.Second

// tell plans the messages to the owner: which contact points, each a row of the
// ledger and a job of its own. It runs beside containment, never after it.
func (k *Keeper) tell(ctx context.Context, hj holds.Job) error {
	j, err := k.begin(ctx, hj)
	if err != nil {
		return err
	}
	if j.Round < j.hold.TellVersion {
		return nil // a later message says more
	}
	if j.hold.Owner == "" {
		return j.report(ctx, holds.Untold{Reason: "the account is linked to nobody in the directory of people"})
	}
	owner, err := k.Directory.Person(ctx, j.hold.Tenant, j.hold.Owner)
	if holds.KindOf(err) == holds.NotFound {
		return j.report(ctx, holds.Untold{Reason: "the owner is no longer in the directory of people"})
	}
	if err != nil {
		return err
	}
	points, why := k.Messenger.Plan(j.hold, owner, j.doubtful(ctx))
	if len(points) == 0 {
		return j.report(ctx, holds.Untold{Reason: why})
	}
	return j.planNotices(ctx, holds.ToOwner, "", points)
}

// page plans the messages to the people on duty.
func (k *Keeper) page(ctx context.Context, hj holds.Job) error {
	j, err := k.begin(ctx, hj)
	if err != nil {
		return err
	}
	points := k.Messenger.Duty(j.hold.Tenant)
	if len(points) == 0 {
		k.Logger.Error("nobody is on duty for the tenant; a page reached nobody", "tenant", j.hold.Tenant, "hold", j.hold.ID, "why", j.Why)
		return nil
	}
	return j.planNotices(ctx, holds.ToDuty, j.Why, points)
}

func (j *job) planNotices(ctx context.Context, to holds.Audience, why string, points []holds.ContactPoint) error {
	now := j.Now()
	notices := make([]holds.Notice, 0, len(points))
	for _, p := range points {
		notices = append(notices, holds.Notice{
			ID: holds.NoticeID(j.NewID()), Tenant: j.hold.Tenant, Hold: j.hold.ID, Version: j.Round, Audience: to,
			Channel: string(p.Kind), Point: p, Why: why, Status: holds.NoticeQueued, Created: now, Expires: now.Add(linkLife),
		})
	}
	err := j.report(ctx, holds.Planned{Notices: notices})
	failpoint.Hit(failpoint.TellPlanned)
	return err
}

// doubtful is the recovery values this hold puts in doubt, old and new: those
// that differ between the before-image and the account as it is now, and all
// of them where that cannot be told.
func (j *job) doubtful(ctx context.Context) []string {
	if !slices.ContainsFunc(j.hold.Events, func(e holds.EventRef) bool { return e.Class == holds.RecoveryChange }) {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, readBeforeTelling)
	defer cancel()
	now, nowErr := j.snapshot(short)
	before, known := j.beforeImage(ctx)
	var out []string
	for name, value := range now.Contacts {
		if !known || before.Contacts[name] != value {
			out = append(out, value, before.Contacts[name])
		}
	}
	for name, value := range before.Contacts {
		if nowErr != nil || now.Contacts[name] != value {
			out = append(out, value, now.Contacts[name])
		}
	}
	out = slices.DeleteFunc(out, func(s string) bool { return s == "" })
	slices.Sort(out)
	return slices.Compact(out)
}

// send sends one planned message once and writes the ledger. A digest speaks for
// the messages that were gathered into it, too.
func (k *Keeper) send(ctx context.Context, hj holds.Job) error {
	// Not begin: that a hold's connection is not configured any more keeps nobody
	// from being told, least of all of the other holds in a digest.
	j, err := k.read(ctx, hj)
	if err != nil {
		return err
	}
	n, err := k.Notices.Notice(ctx, j.Key.Tenant, j.Notice)
	if err != nil {
		return err
	}
	all, err := k.spokenFor(ctx, n)
	if err != nil {
		return err
	}
	if n.Status == holds.NoticeAccepted || n.Status == holds.NoticeDelivered {
		return j.told(ctx, all) // an earlier run may have died before the holds said so
	}
	var owner holds.Person
	if n.Audience == holds.ToOwner {
		owner, err = k.Directory.Person(ctx, j.Key.Tenant, j.hold.Owner)
		if holds.KindOf(err) == holds.NotFound {
			return j.untold(ctx, all, "the owner is no longer in the directory of people")
		}
		if err != nil {
			return err
		}
	}
	attempt, err := j.say(ctx, all, owner)
	if err != nil {
		return err
	}
	attempt.Notice, attempt.At = n.ID, k.Now()
	attempt.Again = attempt.Again && j.Attempt < maxSends
	if err := j.attempted(ctx, attempt); err != nil {
		return err
	}
	failpoint.Hit(failpoint.SendRecorded)
	return j.afterAttempt(ctx, all, attempt)
}

func (j *job) afterAttempt(ctx context.Context, all []holds.Notice, a holds.Attempt) error {
	switch {
	case a.Status != holds.NoticeFailed:
		return j.told(ctx, all)
	case a.Again:
		return holds.Refuse(holds.Unavailable, "The message was not accepted: %s", a.Detail)
	case all[0].Audience == holds.ToOwner:
		return j.untoldIfAllFailed(ctx, all)
	}
	j.Logger.Error("a page was not accepted", "hold", j.hold.ID, "notice", all[0].ID, "detail", a.Detail)
	return nil
}

// maxSends is how often one message is tried; with the job runner's back-off
// that is about a day.
const maxSends = 300

func (j *job) untoldIfAllFailed(ctx context.Context, all []holds.Notice) error {
	for _, key := range aboutHolds(all) {
		v, err := j.Holds.View(ctx, key)
		if err != nil {
			return err
		}
		told := slices.ContainsFunc(v.Notices, func(n holds.NoticeView) bool {
			return n.Notice.Audience == holds.ToOwner && n.Notice.Status != holds.NoticeFailed
		})
		if told {
			continue
		}
		if _, err := j.apply(ctx, key, holds.Untold{Reason: "no channel accepted a message for the owner; call them"}); ignoreConflict(err) != nil {
			return err
		}
	}
	return nil
}
