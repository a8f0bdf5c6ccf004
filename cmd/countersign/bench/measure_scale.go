package main

import (
	"context"
	"fmt"
	"time"
)

// scale is what things cost with many holds, of which nearly all are closed, beside
// what they cost with few. The two installations take turns on one server.
func scale(ctx context.Context, b *bench) ([]row, error) {
	var sides [2]*world
	for i, holds := range []int{b.few, b.many} {
		w, err := b.world(ctx, shape{idle: true})
		if err != nil {
			return nil, err
		}
		defer w.close()
		if err := w.serve(ctx); err != nil { // which makes the connections that the holds are of
			return nil, err
		}
		w.service.kill()
		if err := w.seed(ctx, holds); err != nil {
			return nil, err
		}
		if err := w.serve(ctx); err != nil {
			return nil, err
		}
		sides[i] = w
	}
	memory, err := growth(ctx, b, sides)
	if err != nil {
		return nil, err
	}
	out := []row{memory}
	taken, err := turns(ctx, b, sides, "intake", func(w *world) (float64, error) {
		l, err := w.take(ctx, 8)
		if err != nil {
			return 0, err
		}
		return 1 / l.rate, w.db.setAside(ctx)
	})
	if err != nil {
		return out, err
	}
	names := fmt.Sprintf("%s ÷ %s holds", thousands(b.many), thousands(b.few))
	out = append(out, quotient("Intake: cost at "+names, atMost(1.3, ""), scaled(taken[1], 1000), scaled(taken[0], 1000), "ms each, 8 clients"))
	for i, w := range sides {
		w.service.kill()
		if err := w.waiting(ctx); err != nil {
			return out, err
		}
		sides[i] = w
	}
	for _, q := range []struct {
		name   string
		aim    aim
		script func(*world) string
	}{
		{"Inbox claim", atMost(1.5, ""), (*world).claim},
		{"Open hold of an account", atMost(1.5, ""), (*world).lookup},
	} {
		cost, err := turns(ctx, b, sides, q.name, func(w *world) (float64, error) {
			p, err := b.pgbench(ctx, w.db, drive{script: q.script(w), clients: 1, span: b.span})
			return p.latency.median(), err
		})
		if err != nil {
			return out, err
		}
		out = append(out, quotient(q.name+": cost at "+names, q.aim, cost[1], cost[0], "ms"))
	}
	bloat, err := sides[1].bloated(ctx)
	return append(out, bloat...), err
}

// turns measures few and many, one after the other, round by round.
func turns(ctx context.Context, b *bench, sides [2]*world, name string, cost func(*world) (float64, error)) (out [2]series, err error) {
	for round := range b.rounds {
		for i, w := range sides {
			v, err := cost(w)
			if err != nil {
				return out, err
			}
			out[i] = append(out[i], v)
		}
		b.say("  %s, round %d/%d: %.4g and %.4g", name, round+1, b.rounds, out[0][round], out[1][round])
	}
	return out, ctx.Err()
}

func scaled(s series, by float64) series {
	out := series{}
	for _, v := range s {
		out = append(out, v*by)
	}
	return out
}

// growth is how much more memory the service has with many open holds.
func growth(ctx context.Context, b *bench, sides [2]*world) (row, error) {
	settle := 15 * time.Second
	if b.short {
		settle = time.Second
	}
	if !wait(ctx, settle) {
		return row{}, ctx.Err()
	}
	var mb [2]float64
	for i, w := range sides {
		var err error
		if mb[i], err = w.service.resident(); err != nil {
			return row{}, err
		}
	}
	open := float64((b.many - b.few) / 50)
	r := plain("Resident memory, growth for each open hold", aim{unit: "B"}, (mb[1]-mb[0])*(1<<20)/open, fmt.Sprintf("%s MB with %s holds, %s MB with %s, 2 %% of them open", number(mb[1]), thousands(b.many), number(mb[0]), thousands(b.few)))
	return r, nil
}

// batch is how many holds are seeded at a time.
const batch = 100_000

// seed puts holds into the database as an installation has them after years: nearly
// all released, one in fifty open; each with the delivery that it came from.
func (w *world) seed(ctx context.Context, holds int) error {
	for from := 0; from < holds; from += batch {
		to := min(holds, from+batch)
		err := w.db.exec(ctx, fmt.Sprintf(`INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at, decided_at)
			SELECT '%s', '%s', 'hook', decode(repeat(md5(n::text), 4), 'hex'), decode(repeat(md5(n::text), 2), 'hex'), now() - n * interval '1 minute', now() - n * interval '1 minute'
			FROM generate_series(%d, %d) n`, tenantID(0), connectionID(0), from+1, to),
			fmt.Sprintf(`INSERT INTO holds (tenant_id, hold_id, connection_id, revision, version, round, contain_round, class, tier, subject_id, subject_login, owner_id,
				state, containment, standing, outcome, occurred_at, received_at, opened_at, closed_at, document)
			SELECT '%s', gen_random_uuid(), '%s', 3, 1, 0, 1, 'mfa_change', 'medium', '00uSeed' || lpad(n::text, 13, '0'), 'seed' || n || '@nordwind.example', 'seed' || n,
				CASE WHEN n %% 50 = 0 THEN 'pending' ELSE 'released' END, CASE WHEN n %% 50 = 0 THEN 'none' ELSE 'lifted' END, 'observed',
				CASE WHEN n %% 50 = 0 THEN '' ELSE 'approve' END, at, at, at, CASE WHEN n %% 50 = 0 THEN NULL ELSE at + interval '1 hour' END,
				jsonb_build_object('seeded', repeat('x', 1500))
			FROM (SELECT n, now() - n * interval '1 minute' AS at FROM generate_series(%d, %d) n) s`, tenantID(0), connectionID(0), from+1, to))
		if err != nil {
			return err
		}
		w.b.say("  seeded %s of %s holds", thousands(to), thousands(holds))
	}
	return w.db.exec(ctx, `ANALYZE holds`, `ANALYZE deliveries`)
}

// waiting leaves a hundred deliveries that nobody decides: the service is gone.
func (w *world) waiting(ctx context.Context) error {
	if err := w.db.setAside(ctx); err != nil {
		return err
	}
	return w.db.exec(ctx, fmt.Sprintf(`INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at)
		SELECT '%s', '%s', 'hook', '\x00', decode(repeat(md5(n::text), 2), 'hex'), now() FROM generate_series(1, 100) n`, tenantID(0), connectionID(0)), `VACUUM ANALYZE deliveries`)
}

// claim takes the next delivery as the service does, and gives it back. The service
// remembers behind which delivery it has to look, and looks from the beginning once
// in ten seconds only, which is less than one claim in a hundred.
func (w *world) claim() string {
	decided, err := w.db.number(context.Background(), `SELECT coalesce(max(delivery_id), 0) FROM deliveries WHERE decided_at IS NOT NULL`)
	if err != nil {
		decided = 0
	}
	return fmt.Sprintf(`BEGIN;
SELECT * FROM claim_waiting(now(), '', '', '{%s/hook}', '{%d}', false);
ROLLBACK;
`, connectionID(0), decided)
}

// lookup finds the open hold of some account, which one in fifty has.
func (w *world) lookup() string {
	most := w.b.few
	if n, err := w.db.number(context.Background(), `SELECT count(*) FROM holds`); err == nil {
		most = n
	}
	return fmt.Sprintf(`\set n random(1, %d)
SELECT hold_id FROM holds WHERE tenant_id = '%s' AND connection_id = '%s' AND subject_id = '00uSeed' || lpad(:n, 13, '0') AND open;
`, most, tenantID(0), connectionID(0))
}

// bloated is the claim while somebody has an old snapshot open and many jobs have
// come and gone, which cannot be cleaned up as long.
func (w *world) bloated(ctx context.Context) ([]row, error) {
	b := w.b
	p99 := func() (float64, error) {
		p, err := b.pgbench(ctx, w.db, drive{script: w.claim(), clients: 1, span: b.span})
		return p.latency.quantile(0.99), err
	}
	var idle, bloat series
	for range b.rounds {
		v, err := p99()
		if err != nil {
			return nil, err
		}
		idle = append(idle, v)
	}
	held, err := w.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer held.Close()
	for _, s := range []string{`BEGIN ISOLATION LEVEL REPEATABLE READ`, `SELECT count(*) FROM installation`} {
		if _, err := held.ExecContext(ctx, s); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	if err := w.churned(ctx); err != nil {
		return nil, err
	}
	for left := b.snapshot - time.Since(began); left > 0; left = b.snapshot - time.Since(began) {
		b.say("  the snapshot is open for another %s", left.Round(time.Second))
		if !wait(ctx, min(left, 30*time.Second)) {
			return nil, ctx.Err()
		}
	}
	for range b.rounds {
		v, err := p99()
		if err != nil {
			return nil, err
		}
		bloat = append(bloat, v)
	}
	name := fmt.Sprintf("Claim p99 after %s jobs under an open snapshot ÷ idle", thousands(b.churn))
	r := quotient(name, atMost(5, ""), bloat, idle, "ms")
	r.detail += fmt.Sprintf("; the snapshot was open for %s", time.Since(began).Round(time.Second))
	return []row{r}, nil
}

// churned has deliveries come and be decided, a thousand at a time, before those that
// wait.
func (w *world) churned(ctx context.Context) error {
	if err := w.db.setAside(ctx); err != nil {
		return err
	}
	for done := 0; done < w.b.churn; done += 1000 {
		err := w.db.exec(ctx, fmt.Sprintf(`INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at)
			SELECT '%s', '%s', 'hook', '\x00', decode(repeat(md5(n::text), 2), 'hex'), now() FROM generate_series(1, 1000) n`, tenantID(0), connectionID(0)),
			`UPDATE deliveries SET decided_at = now() WHERE decided_at IS NULL AND failed_at IS NULL`)
		if err != nil {
			return err
		}
		if done%20_000 == 0 {
			w.b.say("  churned %s of %s jobs", thousands(done), thousands(w.b.churn))
		}
	}
	return w.db.exec(ctx, fmt.Sprintf(`INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at)
		SELECT '%s', '%s', 'hook', '\x00', decode(repeat(md5(n::text), 2), 'hex'), now() FROM generate_series(1, 100) n`, tenantID(0), connectionID(0)))
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
