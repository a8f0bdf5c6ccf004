package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// insertOne is what taking a delivery is at least: one row in the same table, of the
// same length, and its commit. Its keys are checked like ours.
func insertOne() string {
	return fmt.Sprintf(`INSERT INTO deliveries (tenant_id, connection_id, source, envelope, body, digest, received_at, peer, secret)
VALUES ('%s', '%s', 'hook', '%s', '\x%s', '\x%s', now(), '127.0.0.1', 'current') ON CONFLICT DO NOTHING;
`, tenantID(0), connectionID(0), uuid(), hex.EncodeToString([]byte(strings.Repeat("b", bodySize))), strings.Repeat("ab", 32))
}

// intakeAims are the aims of the quotient by the number of clients.
func intakeAims() map[int]aim {
	return map[int]aim{1: atLeast(0.7, ""), 8: atLeast(0.65, ""), 32: atLeast(1, ""), 128: atLeast(1.3, "")}
}

// intake is how many deliveries a second the service makes durable and answers, beside
// how many rows pgbench inserts one by one.
func intake(ctx context.Context, b *bench) ([]row, error) {
	w, err := b.world(ctx, shape{})
	if err != nil {
		return nil, err
	}
	defer w.close()
	var out []row
	for _, clients := range b.clients {
		var ours, bare series
		refused := int64(0)
		for round := range b.rounds {
			p, err := b.pgbench(ctx, w.db, drive{script: insertOne(), clients: clients, span: b.span})
			if err != nil {
				return out, err
			}
			bare = append(bare, p.tps)
			if err := w.db.setAside(ctx); err != nil {
				return out, err
			}
			l, err := w.take(ctx, clients)
			if err != nil {
				return out, err
			}
			ours = append(ours, l.rate)
			refused += l.refused
			b.say("  %d clients, round %d/%d: %s deliveries/s, pgbench %s", clients, round+1, b.rounds, number(l.rate), number(p.tps))
			if err := w.db.setAside(ctx); err != nil {
				return out, err
			}
		}
		r := quotient(fmt.Sprintf("Durable 2xx/s ÷ pgbench, %d clients", clients), intakeAims()[clients], ours, bare, "per s")
		out = append(out, r.refusing(refused))
	}
	return out, nil
}

// refusing adds how many requests were not accepted.
func (r row) refusing(n int64) row {
	if n > 0 {
		r.detail += fmt.Sprintf("; %d asked to wait", n)
	}
	return r
}

// take has clients deliver as fast as they are answered.
func (w *world) take(ctx context.Context, clients int) (loaded, error) {
	return closed(ctx, clients, w.b.span, func(c *http.Client) (int, error) {
		return deliver(c, w.door(0), w.secretOf(0), w.signIn())
	})
}

// acknowledgement is how long the slowest of a hundred deliveries waits for its answer
// at half of what the service can take, beside the slowest of a hundred inserts.
func acknowledgement(ctx context.Context, b *bench) ([]row, error) {
	w, err := b.world(ctx, shape{})
	if err != nil {
		return nil, err
	}
	defer w.close()
	most, err := w.take(ctx, b.clients[len(b.clients)/2])
	if err != nil {
		return nil, err
	}
	rate := max(1, int(most.rate/2))
	var ours, bare series
	refused := int64(0)
	for round := range b.rounds {
		if err := w.db.setAside(ctx); err != nil {
			return nil, err
		}
		p, err := b.pgbench(ctx, w.db, drive{script: insertOne(), clients: 32, span: 2 * b.span, rate: rate})
		if err != nil {
			return nil, err
		}
		if err := w.db.setAside(ctx); err != nil {
			return nil, err
		}
		l, err := open(ctx, float64(rate), 2*b.span, func(c *http.Client, _ int) (int, error) {
			return deliver(c, w.door(0), w.secretOf(0), w.signIn())
		})
		if err != nil {
			return nil, err
		}
		bare, ours = append(bare, p.latency.quantile(0.99)), append(ours, l.latency.quantile(0.99))
		refused += l.refused
		b.say("  %d/s, round %d/%d: p99 %s ms, pgbench %s ms", rate, round+1, b.rounds, number(ours[round]), number(bare[round]))
	}
	r := quotient("Acknowledgement p99 ÷ pgbench's at half of capacity", atMost(1.5, ""), ours, bare, "ms")
	r.detail += fmt.Sprintf(", at %d/s", rate)
	return []row{r.refusing(refused)}, nil
}
