package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// organisations is how many tenants the events come from in earnest. The client makes
// at most 25 calls a second to one, whoever asks, and a containment takes several: a
// single organisation would measure that limit.
const organisations = 96

// containment is how long it takes from a delivery of Okta's hook to the first call
// that restrains the account.
func containment(ctx context.Context, b *bench) ([]row, error) {
	events := 0
	for _, rate := range b.rates {
		events += storms(rate, b)
	}
	w, err := b.world(ctx, shape{organisations: b.tenants, accounts: events, told: events})
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.settled(ctx); err != nil {
		return nil, err
	}
	var out []row
	for _, rate := range b.rates {
		took, lost, err := w.contain(ctx, rate, storms(rate, b))
		if err != nil {
			return out, err
		}
		a := aim{unit: "ms"}
		if rate == 50 {
			a = atMost(25, "ms")
		}
		r := plain(fmt.Sprintf("Hook to containment request, p99 at %d/s", rate), a, took.quantile(0.99),
			fmt.Sprintf("median %s ms, %d events of %d organisations", number(took.median()), len(took), b.tenants))
		b.say("  %d/s: median %s ms, p99 %s ms, %d without", rate, number(took.median()), number(took.quantile(0.99)), lost)
		if lost > 0 { // what comes next would stand in line behind these
			r.short = fmt.Sprintf("%d not contained in %s; higher rates were left out", lost, patience)
			return append(out, r), nil
		}
		out = append(out, r)
	}
	return out, nil
}

// storms is how many events there are at a rate.
func storms(rate int, b *bench) int {
	switch {
	case b.short:
		return rate
	case rate < 10:
		return 30 * rate
	case rate < 100:
		return 5 * rate
	}
	return rate * 5 / 2
}

// contain sends events about accounts of their own and waits for the calls. Lost is
// how many there was no call about.
func (w *world) contain(ctx context.Context, rate, events int) (took series, lost int, err error) {
	first := w.next
	w.next += events
	var mu sync.Mutex
	sent := map[string]time.Time{}
	_, err = open(ctx, float64(rate), time.Duration(events)*time.Second/time.Duration(rate), func(c *http.Client, n int) (int, error) {
		account := first + n
		body := w.reset(account)
		mu.Lock()
		sent[accountID(account)] = time.Now()
		mu.Unlock()
		return deliver(c, w.door(w.connectionOf(account)), w.secretOf(w.connectionOf(account)), body)
	})
	if err != nil {
		return nil, 0, err
	}
	var accounts []string
	for account := range sent {
		accounts = append(accounts, account)
	}
	acted := w.watch.all(ctx, accounts)
	for account, at := range acted {
		took = append(took, millis(at.Sub(sent[account])))
	}
	lost = len(sent) - len(acted)
	for range lost { // they took at least as long as anybody waited
		took = append(took, millis(patience))
	}
	return took, lost, ctx.Err()
}

// all waits until there was a call about each of the accounts, or for as long as
// anybody would.
func (w *watch) all(ctx context.Context, accounts []string) map[string]time.Time {
	late := time.After(patience)
	for {
		acted := w.seen(accounts)
		if len(acted) == len(accounts) {
			return acted
		}
		select {
		case <-w.more:
		case <-late:
			return acted
		case <-ctx.Done():
			return acted
		}
	}
}

// settled waits until the service has looked at every account that it guards, as it
// has on any day but the first.
func (w *world) settled(ctx context.Context) error {
	late := time.Now().Add(5 * patience)
	for {
		linked, err := w.db.number(ctx, `SELECT count(*) FROM person_accounts`)
		if err != nil {
			return err
		}
		seen, err := w.db.number(ctx, `SELECT count(DISTINCT (connection_id, account_id)) FROM snapshots`)
		if err != nil {
			return err
		}
		if seen >= linked {
			return nil
		}
		if time.Now().After(late) {
			return fmt.Errorf("the service has looked at %d of %d accounts", seen, linked)
		}
		w.b.say("  before-images: %d of %d", seen, linked)
		if !wait(ctx, 3*time.Second) {
			return ctx.Err()
		}
	}
}
