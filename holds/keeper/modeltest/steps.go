package modeltest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds"
)

// steps is everything that can happen, by name. What a sequence is mostly made of
// stands here twice.
func (w *world) steps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"a change": w.change, "a hook": w.hook, "again, and in another order": w.again, "the log is read": w.polls,
		"a delivery is decided": w.classify, "a job": w.job, "another job": w.job, "one more job": w.job, "work goes on": w.goOn,
		"a replica dies": w.die, "a replica hangs": w.hang, "leases run out": w.leases, "all is quiet": w.quiet,
		"a review": w.review, "a look": w.looks, "a late decision": w.late, "the owner": w.owner,
		"a reviewer more or less": w.reviewerChanges, "minutes": w.minutes, "hours": w.hours, "a sweep": w.sweep, "a restraint undone by hand": w.byHand,
	}
}

func (w *world) drawReplica(r *rapid.T) *replica {
	return w.replicas[rapid.IntRange(0, len(w.replicas)-1).Draw(r, "replica")]
}

// change is something that happens to an account.
func (w *world) change(r *rapid.T) {
	type target struct {
		conn    holds.ConnectionID
		account string
	}
	t := rapid.SampledFrom([]target{
		{okta, olgas}, {okta, olgas}, {okta, olgas}, {entra, "e-olga"}, {other, olgas}, {okta, breaks}, {okta, ours}, {okta, helps},
	}).Draw(r, "whose")
	what := rapid.SampledFrom([]string{"reset", "reset", "role", "enrol"}).Draw(r, "what")
	c := w.clouds[t.conn]
	if rapid.IntRange(0, 2).Draw(r, "is it told and decided at once") > 0 {
		w.happens(c, what, t.account)
		return
	}
	w.changes(c, what, t.account)
}

func (w *world) changes(c *cloud, what, account string) {
	by := c.change(what, account)
	w.tell("at %s, %s: %s of %s, event %s", c.name, by, what, account, c.log[len(c.log)-1].ID)
}

// happens is a change that is told by hook and decided at once.
func (w *world) happens(c *cloud, what, account string) {
	w.changes(c, what, account)
	w.deliver(w.replicas[0], c.id, holds.FromHook, c.log[len(c.log)-1:], plan{how: whole})
	w.run(w.spawn(w.replicas[0], "decides what waits", w.replicas[0].classifyOne), plan{how: whole})
}

// deliver sends events to a replica's door. Only who hears that we have it may
// forget it.
func (w *world) deliver(r *replica, conn holds.ConnectionID, source holds.Source, events []holds.Event, p plan) bool {
	body, err := json.Marshal(events)
	if err != nil {
		w.wrong("a page could not be written: %v", err)
		return false
	}
	tenant := tenantOf(conn)
	sum := w.h.knows(body, events)
	ok := false
	t := w.spawn(r, fmt.Sprintf("takes %s of %s", named(events), conn), func(ctx context.Context) error {
		err := r.Inbox.Receive(ctx, holds.Delivery{Tenant: tenant, Connection: conn, Source: source, Body: body, Digest: sum, Received: w.now})
		if ok = err == nil; ok {
			w.h.Acknowledged[sum] = true
		}
		return err
	})
	if p.how == pauses {
		p.how = whole // a request is short
	}
	p.at = 1
	w.run(t, p)
	return ok
}

func named(events []holds.Event) string {
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return strings.Join(ids, ", ")
}

func (w *world) drawLog(r *rapid.T) (holds.ConnectionID, []holds.Event) {
	id := rapid.SampledFrom([]holds.ConnectionID{okta, okta, entra, other}).Draw(r, "of which platform")
	log := w.clouds[id].log
	if len(log) == 0 {
		r.SkipNow()
	}
	return id, log
}

// hook is the newest event by the platform's hook.
func (w *world) hook(r *rapid.T) {
	id, log := w.drawLog(r)
	w.deliver(w.drawReplica(r), id, holds.FromHook, log[len(log)-1:], drawPlan(r))
}

// again is a batch of events that may have come before, in any order.
func (w *world) again(r *rapid.T) {
	id, log := w.drawLog(r)
	var batch []holds.Event
	for range rapid.IntRange(1, 4).Draw(r, "how many") {
		batch = append(batch, log[rapid.IntRange(0, len(log)-1).Draw(r, "which")])
	}
	w.deliver(w.drawReplica(r), id, holds.FromHook, batch, drawPlan(r))
}

func (w *world) polls(r *rapid.T) {
	id, _ := w.drawLog(r)
	w.pollBy(w.drawReplica(r), id, drawPlan(r))
}

func (w *world) poll(id holds.ConnectionID) { w.pollBy(w.replicas[0], id, plan{how: whole}) }

// pollBy reads the platform's log from where it was read before; only with its
// commit the cursor moves on.
func (w *world) pollBy(r *replica, id holds.ConnectionID, p plan) {
	log := w.clouds[id].log
	if from := w.cursor[id]; from < len(log) && w.deliver(r, id, holds.FromPoller, log[from:], p) {
		w.cursor[id] = len(log)
	}
}

func (w *world) classify(r *rapid.T) {
	if w.undecided() == 0 {
		r.SkipNow()
	}
	rep := w.drawReplica(r)
	w.run(w.spawn(rep, "decides what waits", rep.classifyOne), drawPlan(r))
}

// job gives one waiting job to a replica.
func (w *world) job(r *rapid.T) {
	waiting := w.waiting()
	if len(waiting) == 0 {
		r.SkipNow()
	}
	q := waiting[rapid.IntRange(0, len(waiting)-1).Draw(r, "which job")]
	rep := w.drawReplica(r)
	j, err := w.bench.Claim(context.Background(), q.ID)
	w.must(err)
	t := w.spawn(rep, fmt.Sprintf("runs %s (round %d, attempt %d) of hold %s", j.Kind, j.Round, j.Attempt, j.Key.Hold.Short()), rep.work(j))
	q.Job, t.job = j, &q
	w.run(t, drawPlan(r))
}

func (w *world) goOn(r *rapid.T) {
	if len(w.threads) == 0 {
		r.SkipNow()
	}
	w.run(w.threads[rapid.IntRange(0, len(w.threads)-1).Draw(r, "who")], drawPlan(r))
}

func (w *world) die(r *rapid.T) {
	rep := w.drawReplica(r)
	w.tell("replica %d dies and is started again", rep.n+1)
	w.crash(rep)
}

// hang: a process that stood still too long has lost its job to another, and does
// not know it.
func (w *world) hang(r *rapid.T) {
	var hung []*thread
	for _, t := range w.threads {
		if t.job != nil && t.lease.Err() == nil {
			hung = append(hung, t)
		}
	}
	if len(hung) == 0 {
		r.SkipNow()
	}
	t := hung[rapid.IntRange(0, len(hung)-1).Draw(r, "who")]
	t.lease.end()
	w.must(w.bench.Again(context.Background(), t.job.ID))
	w.tell("replica %d hangs for so long that it loses its lease: it %s, and the job waits for another", t.r.n+1, t.what)
	t.job = nil
}

func (w *world) leases(r *rapid.T) {
	if n := w.rescue(); n == 0 {
		r.SkipNow()
	} else {
		w.tell("%d jobs of processes that died are given to others", n)
	}
}

func (w *world) quiet(*rapid.T) {
	w.tell("all that waits is done, and nothing goes wrong")
	w.rescue()
	w.settle()
}

func (w *world) minutes(*rapid.T) {
	w.tell("eleven minutes pass")
	w.pass(11 * time.Minute)
}

func (w *world) hours(*rapid.T) {
	w.tell("five hours pass")
	w.pass(5 * time.Hour)
}

func (w *world) sweep(r *rapid.T) {
	rep := w.drawReplica(r)
	what := rapid.SampledFrom([]string{"pages about what is late", "reads the restraints back", "looks at its footing"}).Draw(r, "what it looks at")
	look := map[string]func(context.Context){"pages about what is late": rep.Escalate, "reads the restraints back": rep.Drift, "looks at its footing": rep.Health}[what]
	p := drawPlan(r)
	if p.how == pauses {
		p.how = whole
	}
	w.run(w.spawn(rep, what, func(ctx context.Context) error { look(ctx); return nil }), p)
}

// byHand: somebody with rights at the platform undoes our restraint.
func (w *world) byHand(r *rapid.T) {
	c := w.clouds[rapid.SampledFrom([]holds.ConnectionID{okta, entra}).Draw(r, "where")]
	a := c.accounts[c.order[0]]
	key := holds.PersonAccount{Connection: c.id, Account: a.id}
	if !a.restrained() || w.h.ByHand[key] >= 2 {
		r.SkipNow()
	}
	w.h.ByHand[key]++
	a.suspended, a.grouped = false, false
	w.tell("at %s, somebody takes the restraint off %s by hand", c.name, a.id)
}
