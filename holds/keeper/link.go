package keeper

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/countersign/countersign/holds"
)

// linkedType is our own event about another account of a person who is held.
const linkedType = "countersign.linked_account"

// link has the person's other accounts held, too: each by an observation of ours
// in the inbox of its own connection, so that it is durable, decided under that
// account's lock, and has a hold and a standing of its own. An account that is not
// linked to the person, but has the same sign-in name, is named to people and
// never touched: names are not identities.
func (k *Keeper) link(ctx context.Context, hj holds.Job) error {
	j, err := k.begin(ctx, hj)
	if err != nil {
		return err
	}
	if !j.hold.Leads() || j.hold.Ended() || j.hold.Lifting() {
		return nil
	}
	found, failed := j.seekLinked(ctx)
	// What one connection cannot say now is asked again before people are told.
	if (failed == nil || j.Attempt >= 3) && !slices.Equal(found.All(), j.hold.Unlinked) {
		if err := j.report(ctx, found); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// seekLinked goes through the tenant's connections. The failure of one keeps none
// of the others from being asked.
func (j *job) seekLinked(ctx context.Context) (found holds.LinksSought, failed error) {
	owner, err := j.owner(ctx)
	if err != nil {
		return found, err
	}
	login := j.login(ctx)
	for _, c := range j.Connections {
		if c.Tenant != j.hold.Tenant {
			continue
		}
		linked := accountsOf([]holds.Person{owner}, c.ID)
		if len(linked) == 0 && c.ID != j.conn.ID && c.Mode == holds.ModeContain && c.Records != nil && login != "" {
			if linked, err = j.sameName(ctx, c, login, owner, &found); err != nil {
				failed = errors.Join(failed, err)
			}
		}
		for _, account := range linked {
			left := leftOut(c, account)
			switch {
			case c.ID == j.conn.ID && account == j.hold.Subject.ID:
			case left != "":
				found.Known = append(found.Known, fmt.Sprintf("the person's account %s at %s is not restrained: %s", account, c.ID, left))
			default:
				failed = errors.Join(failed, j.have(ctx, c, account))
			}
		}
	}
	return found, failed
}

// leftOut says why an account of a connection is not restrained whatever happens,
// empty when it is.
func leftOut(c Connection, account string) string {
	switch {
	case c.Mode != holds.ModeContain:
		return "the connection is in " + string(c.Mode) + " mode"
	case isOf(c.BreakGlass, account):
		return "it is a break-glass account"
	case slices.Contains(c.OwnAccounts, account):
		return "it is an account of Countersign itself"
	}
	return ""
}

// owner is the person of the account, empty when it is linked to nobody.
func (j *job) owner(ctx context.Context) (holds.Person, error) {
	if j.hold.Owner == "" {
		return holds.Person{}, nil
	}
	p, err := j.Directory.Person(ctx, j.hold.Tenant, j.hold.Owner)
	if holds.KindOf(err) == holds.NotFound {
		return holds.Person{}, nil
	}
	return p, err
}

// login is the account's sign-in name, as the provider gave it.
func (j *job) login(ctx context.Context) string {
	if j.hold.Subject.Login != "" {
		return j.hold.Subject.Login
	}
	s, err := j.Snapshots.SnapshotBefore(ctx, j.hold.Tenant, j.hold.Connection, j.hold.Subject.ID, j.Now())
	if err != nil {
		return ""
	}
	return s.Account.Login
}

// sameName looks for an account with the same sign-in name. It is the person's
// only when the directory says so, which it may since the hold opened.
func (j *job) sameName(ctx context.Context, c Connection, login string, owner holds.Person, out *holds.LinksSought) (linked []string, err error) {
	found, err := c.Records.Find(ctx, login)
	switch kind := holds.KindOf(err); {
	case err == nil:
	case kind == holds.NotFound:
		return nil, nil
	default:
		out.Known = append(out.Known, fmt.Sprintf("whether the person has an account at %s is not known: %s", c.ID, holds.Say(err)))
		if kind == holds.Unavailable || kind == holds.Internal {
			return nil, err
		}
		return nil, nil // trying again does not help
	}
	of, err := j.Directory.PersonOf(ctx, c.Tenant, c.ID, found.ID)
	whose := "another person"
	switch {
	case holds.KindOf(err) == holds.NotFound && err != nil:
		whose = "nobody"
	case err != nil:
		return nil, err
	case of.ID == owner.ID && owner.ID != "":
		return []string{found.ID}, nil
	}
	out.Named = append(out.Named, fmt.Sprintf("an account with the same sign-in name exists at %s (%s) and is linked to %s: it is not restrained", c.ID, found.ID, whose))
	return nil, nil
}

// have puts the observation into the inbox. Repeating it changes nothing: one
// account is held once for one leader.
func (j *job) have(ctx context.Context, c Connection, account string) error {
	first, now := j.hold.Events[0], j.Now()
	subject := holds.Account{ID: account}
	if s, err := j.Snapshots.SnapshotBefore(ctx, c.Tenant, c.ID, account, now); err == nil {
		subject.Login, subject.Name = s.Account.Login, s.Account.Name
	}
	// The actor's ids belong to the leader's connection and would name somebody
	// else, or nobody, in this one.
	actor := holds.Party{Kind: first.Actor.Kind, Login: first.Actor.Login, Name: first.Actor.Name}
	body, err := json.Marshal(holds.Event{
		ID: "linked:" + string(j.hold.ID) + ":" + account, Type: linkedType, Class: j.hold.Class, Verb: first.Verb,
		Occurred: first.Occurred, Outcome: holds.Succeeded, Actor: actor, Subjects: []holds.Account{subject},
		Summary: "Another account of the same person is held: hold " + j.hold.ID.Short() + " at " + string(j.conn.ID),
		Lead:    &holds.Lead{Hold: j.hold.ID, Terms: j.hold.Terms, ActorOf: cmp.Or(first.ActorOf, j.hold.ActorOf)},
	})
	if err != nil {
		return err
	}
	return j.Inbox.Receive(ctx, holds.Delivery{
		Tenant: c.Tenant, Connection: c.ID, Source: holds.FromKeeper, Body: body, Digest: sha256.Sum256(body), Received: now,
	})
}
