package modeltest

import (
	"context"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// ports is a replica's way to its store: every call passes the gate.
type ports struct {
	keepertest.Store
	w *world
	r *replica
}

// through makes a call through the gate. A call that was lost returns that it was,
// whatever it did.
func through(ctx context.Context, what string, call func() error) error {
	var err error
	if lost := gate(ctx, what, func() { err = call() }); lost != nil {
		return lost
	}
	return err
}

func (p *ports) Receive(ctx context.Context, d holds.Delivery) error {
	return through(ctx, "stores a delivery", func() error { return p.Store.Receive(ctx, d) })
}

// Decide ends the look into the inbox after one delivery.
func (p *ports) Decide(ctx context.Context, now time.Time, decode func(holds.Delivery) ([]holds.Event, error), fold func(holds.Question) (holds.Answer, error)) (worked bool, err error) {
	lost := gate(ctx, "decides a delivery", func() { worked, err = p.Store.Decide(ctx, now, decode, fold) })
	if stop, ok := ctx.Value(oneKey{}).(context.CancelFunc); ok {
		stop()
	}
	if lost != nil {
		return false, lost
	}
	return worked, err
}

type oneKey struct{}

// classifyOne takes one delivery out of the inbox.
func (r *replica) classifyOne(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	return r.Classify(context.WithValue(ctx, oneKey{}, cancel), nil)
}

func (p *ports) Update(ctx context.Context, key holds.Key, now time.Time, change func(holds.Hold) (*holds.Change, error)) (h holds.Hold, err error) {
	err = through(ctx, "changes the hold", func() error {
		h, err = p.Store.Update(ctx, key, now, change)
		return err
	})
	return h, err
}

func (p *ports) OpenHold(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string) (k holds.Key, err error) {
	err = through(ctx, "looks for an open hold", func() error {
		k, err = p.Store.OpenHold(ctx, tenant, conn, account)
		return err
	})
	return k, err
}

func (p *ports) View(ctx context.Context, key holds.Key) (v holds.View, err error) {
	err = through(ctx, "reads the hold", func() error {
		v, err = p.Store.View(ctx, key)
		return err
	})
	return v, err
}

func (p *ports) Due(ctx context.Context, now time.Time, limit int) (keys []holds.Key, err error) {
	err = through(ctx, "reads what is due", func() error {
		keys, err = p.Store.Due(ctx, now, limit)
		return err
	})
	return keys, err
}

func (p *ports) Restrained(ctx context.Context, before time.Time, limit int) (keys []holds.Key, err error) {
	err = through(ctx, "reads which restraints to look at", func() error {
		keys, err = p.Store.Restrained(ctx, before, limit)
		return err
	})
	return keys, err
}

func (p *ports) Intents(ctx context.Context, key holds.Key) (list []holds.Intent, err error) {
	err = through(ctx, "reads its intents", func() error {
		list, err = p.Store.Intents(ctx, key)
		return err
	})
	return list, err
}

func (p *ports) Tried(ctx context.Context, key holds.Key, id holds.IntentID, at time.Time) error {
	if t, _ := ctx.Value(threadKey{}).(*thread); t != nil {
		t.tried = mark{key, id}
	} else {
		p.w.h.mark = mark{key, id}
	}
	return through(ctx, "marks a call as tried", func() error { return p.Store.Tried(ctx, key, id, at) })
}

func (p *ports) Outcome(ctx context.Context, key holds.Key, id holds.IntentID, result holds.Result) error {
	return through(ctx, "writes the outcome", func() error { return p.Store.Outcome(ctx, key, id, result) })
}

func (p *ports) Start(ctx context.Context, key holds.Key) (start holds.Start, err error) {
	err = through(ctx, "reads what it starts from", func() error {
		start, err = p.Store.Start(ctx, key)
		return err
	})
	return start, err
}

func (p *ports) SaveSnapshot(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, s holds.Snapshot) error {
	return through(ctx, "keeps what it read", func() error { return p.Store.SaveSnapshot(ctx, tenant, conn, s) })
}

func (p *ports) SnapshotBefore(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string, before time.Time) (s holds.Snapshot, err error) {
	err = through(ctx, "reads the before-image", func() error {
		s, err = p.Store.SnapshotBefore(ctx, tenant, conn, account, before)
		return err
	})
	return s, err
}

func (p *ports) SaveHealth(ctx context.Context, h holds.ConnectionHealth) error {
	return through(ctx, "notes the connection's health", func() error { return p.Store.SaveHealth(ctx, h) })
}

func (p *ports) Notice(ctx context.Context, tenant holds.TenantID, id holds.NoticeID) (n holds.Notice, err error) {
	err = through(ctx, "reads a message", func() error {
		n, err = p.Store.Notice(ctx, tenant, id)
		return err
	})
	return n, err
}

func (p *ports) Gathered(ctx context.Context, tenant holds.TenantID, id holds.NoticeID) (out []holds.Notice, err error) {
	err = through(ctx, "closes a digest", func() error {
		out, err = p.Store.Gathered(ctx, tenant, id)
		return err
	})
	return out, err
}

func (p *ports) Attempted(ctx context.Context, tenant holds.TenantID, a holds.Attempt) error {
	return through(ctx, "notes the attempt", func() error { return p.Store.Attempted(ctx, tenant, a) })
}

func (p *ports) CodeTry(ctx context.Context, tenant holds.TenantID, id holds.NoticeID, right bool, now time.Time) (ok bool, err error) {
	err = through(ctx, "tries the code", func() error {
		ok, err = p.Store.CodeTry(ctx, tenant, id, right, now)
		return err
	})
	return ok, err
}
