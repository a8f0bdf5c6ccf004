package keeper

import (
	"context"
	"errors"

	"github.com/countersign/countersign/holds"
)

// Check records an identity check on the version of the hold the verifier saw.
// What the directory knows is taken from there, never from the form: since when
// a number is on file, and who the manager is.
func (k *Keeper) Check(ctx context.Context, key holds.Key, by holds.PersonID, version int, e holds.Evidence) (holds.Hold, error) {
	e.ID, e.Verifier = k.NewID(), by
	now := k.Now()
	owner, err := k.ownerOf(ctx, key)
	if err != nil {
		return holds.Hold{}, err
	}
	if err := fill(&e, owner); err != nil {
		return holds.Hold{}, err
	}
	return k.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		if h.Version != version {
			return nil, stale(version, h.Version)
		}
		c, err := holds.Apply(h, holds.Checked{Evidence: e}, now)
		return &c, err
	})
}

func stale(saw, is int) error {
	return holds.Refuse(holds.Conflict, "The hold has changed since you opened it (you saw version %d, it is at %d). Read it again before you go on.", saw, is)
}

func (k *Keeper) ownerOf(ctx context.Context, key holds.Key) (holds.Person, error) {
	v, err := k.Holds.View(ctx, key)
	if err != nil || v.Hold.Owner == "" {
		return holds.Person{}, err
	}
	p, err := k.Directory.Person(ctx, key.Tenant, v.Hold.Owner)
	if holds.KindOf(err) == holds.NotFound {
		return holds.Person{}, nil
	}
	return p, err
}

// fill takes from the directory what a form could lie about.
func fill(e *holds.Evidence, owner holds.Person) error {
	switch e.Kind {
	case holds.Callback:
		for _, p := range owner.Points {
			if p.ID == e.Point && p.Kind == holds.PhonePoint {
				e.OnFile = p.Recorded
				return nil
			}
		}
		return holds.Refuse(holds.Invalid, "Choose one of the owner's numbers on file; a number learnt from the request does not count.")
	case holds.ManagerConfirmed:
		e.Confirmer = owner.Manager
	default:
	}
	return nil
}

// Decide takes a reviewer's decision on the version they saw. One about a hold that
// is over is refused, and the attempt is on record.
func (k *Keeper) Decide(ctx context.Context, key holds.Key, by holds.PersonID, kind holds.DecisionKind, version int, reason string) (holds.Hold, error) {
	d := holds.Decision{ID: k.NewID(), Kind: kind, Approver: by, Reason: reason, Version: version}
	h, err := k.apply(ctx, key, holds.Decided{Decision: d})
	if err != nil && holds.KindOf(err) == holds.Conflict && h.Over() && !h.Repeats(d) {
		if _, rerr := k.apply(ctx, key, holds.DecisionRefused{Decision: d}); rerr != nil && holds.KindOf(rerr) != holds.Conflict {
			k.Logger.Error("a decision that was refused could not be recorded", "hold", key.Hold, "error", rerr)
		}
	}
	return h, err
}

// GivenUp tells a hold, and the people on duty, of a job that will not be tried
// again; of a digest each hold that it was to tell of.
func (k *Keeper) GivenUp(ctx context.Context, j holds.Job, why error) error {
	keys := []holds.Key{j.Key}
	var errs []error
	if j.Kind == holds.EffectSend {
		n, err := k.Notices.Notice(ctx, j.Key.Tenant, j.Notice)
		if err == nil {
			var all []holds.Notice
			all, err = k.spokenFor(ctx, n)
			keys = append(keys, aboutHolds(all)...)
		}
		errs = append(errs, err)
	}
	told := map[holds.Key]bool{}
	for _, key := range keys {
		if told[key] {
			continue
		}
		told[key] = true
		_, err := k.apply(ctx, key, holds.GivenUp{Effect: j.Kind, Reason: holds.Say(why)})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Note adds a remark.
func (k *Keeper) Note(ctx context.Context, key holds.Key, by holds.By, text string) error {
	_, err := k.apply(ctx, key, holds.Noted{Note: holds.Note{By: by, Text: text}})
	return err
}
