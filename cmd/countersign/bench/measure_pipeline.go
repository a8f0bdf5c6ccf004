package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// pipeline is how many events a second go all the way: received, held, contained and
// told, beside a plain service for which an event is a job, a call and a mail.
func pipeline(ctx context.Context, b *bench) ([]row, error) {
	// Each side has accounts of its own: what is restrained cannot be restrained again.
	all := b.storm * b.rounds
	w, err := b.world(ctx, shape{organisations: b.tenants, accounts: 3 * all, told: all})
	if err != nil {
		return nil, err
	}
	defer w.close()
	w.spare = all
	if err := w.settled(ctx); err != nil {
		return nil, err
	}
	var ours, usual, tuned, together series
	for round := range b.rounds {
		for _, side := range []struct {
			into *series
			run  func(context.Context) (float64, error)
		}{
			{&usual, func(ctx context.Context) (float64, error) { return w.plainStorm(ctx, false) }},
			{&tuned, func(ctx context.Context) (float64, error) { return w.plainStorm(ctx, true) }},
			{&ours, w.storm},
		} {
			rate, err := side.run(ctx)
			if err != nil {
				return nil, err
			}
			*side.into = append(*side.into, rate)
		}
		entries, commits, err := w.logged(ctx)
		if err != nil {
			return nil, err
		}
		together = append(together, float64(entries)/float64(commits))
		b.say("  round %d/%d: %s events/s; plain %s, tuned %s", round+1, b.rounds, number(ours[round]), number(usual[round]), number(tuned[round]))
	}
	return []row{
		quotient("Whole pipeline ÷ plain service on River, tuned", atLeast(1, ""), ours, tuned, "events/s"),
		quotient("Whole pipeline ÷ plain service on River, as it comes", aim{}, ours, usual, "events/s"),
		plain("Entries of the audit log in one of its commits", aim{}, together.median(), "the log has one lock, held until the disk has them"),
	}, nil
}

// logged is how many entries the audit log has, and by how many commits it grew.
func (w *world) logged(ctx context.Context) (entries, commits int, err error) {
	if entries, err = w.db.number(ctx, `SELECT count(*) FROM audit_leaves`); err != nil {
		return 0, 0, err
	}
	commits, err = w.db.number(ctx, `SELECT greatest(count(DISTINCT xmin::text), 1) FROM audit_leaves`)
	return entries, commits, err
}

// deliverers is how many clients deliver the events.
const deliverers = 8

// storm sends as many events as fast as they are taken and is how many a second had
// been contained, read back and told to their owners when the last one was.
func (w *world) storm(ctx context.Context) (float64, error) {
	first := w.next
	w.next += w.b.storm
	return w.race(ctx, func(c *http.Client, n int) (int, error) {
		account := first + n
		return deliver(c, w.door(w.connectionOf(account)), w.secretOf(w.connectionOf(account)), w.reset(account))
	}, func() (int, error) {
		return w.db.number(ctx, `SELECT count(*) FROM holds h WHERE subject_id >= $1 AND subject_id LIKE '00uBench%' AND containment = 'confirmed'
			AND EXISTS (SELECT FROM notices n WHERE n.hold_id = h.hold_id AND n.audience = 'owner' AND n.status IN ('accepted', 'delivered'))`, accountID(first))
	})
}

// race delivers the events of a storm and asks how many are done until all are.
func (w *world) race(ctx context.Context, send func(c *http.Client, n int) (int, error), done func() (int, error)) (float64, error) {
	var n atomic.Int64
	c := newClient(deliverers)
	defer c.CloseIdleConnections()
	began := time.Now()
	errs := make(chan error, deliverers)
	for range deliverers {
		go func() {
			for i := int(n.Add(1)) - 1; i < w.b.storm; i = int(n.Add(1)) - 1 {
				status, err := send(c, i)
				if err == nil && status >= 300 {
					err = fmt.Errorf("a delivery was answered %d", status)
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range deliverers {
		if err := <-errs; err != nil {
			return 0, err
		}
	}
	for {
		count, err := done()
		switch {
		case err != nil:
			return 0, err
		case count >= w.b.storm:
			return float64(w.b.storm) / time.Since(began).Seconds(), nil
		case time.Since(began) > 5*patience:
			return 0, fmt.Errorf("%d of %d events came to their end within %s", count, w.b.storm, 5*patience)
		}
		if !wait(ctx, 20*time.Millisecond) {
			return 0, ctx.Err()
		}
	}
}
